"""Cards: still pictures with a few words, for slates and for sources without pictures. Pure but for the font."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from playout.core.house import Rung

_TOP: Final = (13, 17, 28)
_BOTTOM: Final = (27, 36, 58)
_ACCENT: Final = (240, 163, 60)
_HEADING: Final = (240, 243, 248)
_LINE: Final = (150, 162, 184)
_WIDEST: Final = 80
"""The widest a line of text may be, in percent of the card."""


def card(rung: Rung, heading: str, line: str = "") -> bytes:
    """A PNG as large as `rung`: a heading, an accent, and a smaller line, on a dark ground that grows lighter."""
    width, height = rung.width, rung.height
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        colour = tuple(top + (bottom - top) * y // height for top, bottom in zip(_TOP, _BOTTOM, strict=True))
        draw.line([(0, y), (width, y)], fill=colour)
    middle = height * 46 // 100
    _centred(draw, rung, heading, middle, height // 11, _HEADING)
    bar = height // 10
    y = middle + height // 10
    draw.rectangle([(width // 2 - bar, y), (width // 2 + bar, y + max(2, height // 180))], fill=_ACCENT)
    if line:
        _centred(draw, rung, line, y + height // 11, height // 24, _LINE)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _centred(draw: ImageDraw.ImageDraw, rung: Rung, text: str, y: int, size: int, colour: tuple[int, int, int]) -> None:
    """Write `text` in the middle, as large as `size` or as fits; nothing in scripts that the font lacks."""
    widest = rung.width * _WIDEST // 100
    font = ImageFont.load_default(size)
    if not _has_all(font, text):
        return
    wide = draw.textlength(text, font)
    if wide > widest:
        font = ImageFont.load_default(max(8, int(size * widest / wide)))
    draw.text((rung.width // 2, y), text, fill=colour, font=font, anchor="mm")


def _has_all(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, text: str) -> bool:
    """Whether the font has a shape for every letter; one that it lacks looks like a character that is none."""
    lacking = bytes(font.getmask("\uffff"))
    return all(letter == " " or bytes(font.getmask(letter)) != lacking for letter in set(text))
