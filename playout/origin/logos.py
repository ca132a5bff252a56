"""Logos for channels that have none: the name on a colour of the channel's own."""

from __future__ import annotations

from colorsys import hls_to_rgb
from hashlib import sha256
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 400
HEIGHT: Final = 225
_MARGIN: Final = 28
_LONGEST: Final = 28


def draw(name: str, number: str, key: str) -> bytes:
    """The logo as PNG; its colour depends on `key` alone. Blocks."""
    hue = sha256(key.encode()).digest()[0] / 256
    red, green, blue = (round(255 * part) for part in hls_to_rgb(hue, 0.3, 0.6))
    picture = Image.new("RGB", (WIDTH, HEIGHT), (red, green, blue))
    canvas = ImageDraw.Draw(picture)
    text = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    size = 72
    while size > 12 and canvas.textlength(text, ImageFont.load_default(size)) > WIDTH - 2 * _MARGIN:  # noqa: PLR2004 — the least that can be read
        size -= 4
    middle = (WIDTH / 2, HEIGHT / 2)
    canvas.text(middle, text, fill="white", anchor="mm", font=ImageFont.load_default(size))
    canvas.text((WIDTH - 16, HEIGHT - 12), number[:8], fill="white", anchor="rs", font=ImageFont.load_default(28))
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
