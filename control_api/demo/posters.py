"""Pictures of the demo, drawn by us: hills, a sun and a name, in colours that follow from the name."""

from __future__ import annotations

import math
from hashlib import blake2b
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SIZES: Final = {"portrait": (400, 600), "landscape": (960, 540)}
"""In pixels, by shape."""
_HILLS: Final = 4


def poster(name: str, shape: str) -> bytes:
    """The picture, as PNG. Blocks for some hundredths of a second."""
    wide, high = SIZES[shape]
    marks = blake2b(name.encode(), digest_size=16).digest()
    sky, ground = _colour(marks[0], 0.35, 0.85), _colour(marks[0] + 110, 0.5, 0.35)
    image = Image.new("RGB", (wide, high), sky)
    pen = ImageDraw.Draw(image)
    radius, middle = wide // 6 + marks[1] % (wide // 12), (wide * (marks[2] % 60 + 20) // 100, high // 3)
    edges = [middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius]
    pen.ellipse(edges, fill=_colour(marks[3], 0.5, 0.98))
    for hill in range(_HILLS):
        base, swing = high * (5 + hill) // 9, high // (9 + marks[4 + hill] % 9)
        turns = 1 + marks[8 + hill] % 3
        wave = [math.sin(2 * math.pi * turns * x / wide + marks[12 + hill]) for x in range(0, wide + 8, 8)]
        line = [(8 * step, base + swing * up) for step, up in enumerate(wave)]
        pen.polygon([*line, (wide, high), (0, high)], fill=_darker(ground, 1 - hill * 0.18))
    _write(pen, name, wide, high)
    found = BytesIO()
    image.save(found, "PNG")
    return found.getvalue()


def _write(pen: ImageDraw.ImageDraw, name: str, wide: int, high: int) -> None:
    """The name, a few words a line, above the lower edge."""
    font = ImageFont.load_default(size=wide // 11)
    lines, room = [""], wide * 9 // 10
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if pen.textlength(longer, font=font) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    text = "\n".join(lines)
    pen.multiline_text((wide // 2, high * 19 // 20), text, fill="white", font=font, anchor="md", align="center",
                       stroke_width=2, stroke_fill="black")  # fmt: skip


def _colour(mark: int, saturation: float, value: float) -> tuple[int, int, int]:
    """A colour of the circle of 256 hues."""
    turn = mark % 256 / 256 * 6
    chroma = value * saturation
    second = chroma * (1 - abs(turn % 2 - 1))
    order = ((chroma, second, 0.0), (second, chroma, 0.0), (0.0, chroma, second), (0.0, second, chroma),
             (second, 0.0, chroma), (chroma, 0.0, second))  # fmt: skip
    red, green, blue = (round(255 * (part + value - chroma)) for part in order[int(turn)])
    return red, green, blue


def _darker(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(part * share) for part in colour)
    return red, green, blue
