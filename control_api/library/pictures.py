"""Pictures: decoded and encoded anew, so that what is kept is a picture and nothing else, and of one of four shapes.

Law: what somebody sent is never served. What it is, its bytes decide, and not its name or what was said of it.
All calls block: decoding takes up to a second.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageOps, UnidentifiedImageError

from playout import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playout.store import Store

LARGEST: Final = 15 << 20
"""Bytes of a picture that somebody sends, at most."""
PIXELS: Final = 16_000_000
"""Of a picture, at most: what is decoded takes four bytes for each, and that several times."""
_READ: Final = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
_LONGEST: Final = 3840
_QUALITY: Final = 86
FOLDER: Final = "artwork"
"""The folder of the store in which pictures lie."""


class Shape(StrEnum):
    """The shapes in which pictures of titles are shown."""

    BANNER = "banner"
    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    SQUARE = "square"


SHAPES: Final = {
    Shape.BANNER: (16, 4),
    Shape.LANDSCAPE: (16, 9),
    Shape.PORTRAIT: (2, 3),
    Shape.SQUARE: (1, 1),
}
"""Width to height."""
_LEAST: Final = 64
"""Pixels of the shorter side, at least."""


class NoPicture(ValueError):
    """It is no picture that can be shown: it says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept."""

    body: bytes
    digest: str
    """SHA-256 of the body, in hexadecimal digits."""
    media_type: str
    width: int
    height: int


def drawn(sent: bytes, shape: Shape | None) -> Picture:
    """The picture that these bytes are, cut to a shape around its middle; None: as it is. Raises `NoPicture`.

    What is transparent stays so, as WebP; everything else becomes JPEG.
    """
    if len(sent) > LARGEST:
        message = f"the picture has {len(sent)} bytes, and may have {LARGEST}"
        raise NoPicture(message)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _encoded(_cut(_opened(sent), shape))  # no name keeps what the next step needs no more
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = "these bytes are no picture: JPEG, PNG, WebP, AVIF and GIF are taken"
        raise NoPicture(message) from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        if isinstance(error, NoPicture):
            raise
        message = f"the picture is damaged: {str(error)[:200]}"
        raise NoPicture(message) from error


def kept(store: Store, picture: Picture) -> None:
    """Put the picture into the store, under its digest. Raises `StoreDown`."""
    store.put_new(key(f"{picture.digest}.{picture.media_type.rpartition('/')[2]}"), picture.body)


def key(name: str) -> str:
    """Where the picture of this name lies in the store; raises `BadKey` for what is none."""
    return keys.key(FOLDER, name)


def forget(store: Store, digests: Iterable[str]) -> None:
    """Remove pictures that nothing shows any more."""
    for digest in digests:
        for kind in ("jpeg", "webp"):
            store.remove(key(f"{digest}.{kind}"))


def _opened(sent: bytes) -> Image.Image:
    with Image.open(BytesIO(sent), formats=_READ) as found:
        _check(*found.size)
        return _upright(found)


def _check(width: int, height: int) -> None:
    """Refuse what would take too much to decode, before it is decoded."""
    if width * height > PIXELS:
        message = f"the picture has {width} × {height} pixels, and may have {PIXELS // 1_000_000} million"
        raise NoPicture(message)
    if min(width, height) < _LEAST:
        message = f"the picture has {width} × {height} pixels; its shorter side needs {_LEAST}"
        raise NoPicture(message)


def _upright(found: Image.Image) -> Image.Image:
    """Decoded, in sRGB's channels, no larger than it is shown, turned as its camera was held.

    In this order, and each in place where it can be: a copy is as large as all that was sent may become.
    """
    found.draft("RGB", (_LONGEST, _LONGEST))  # of a JPEG, no more is decoded than is needed
    mode = "RGBA" if "A" in found.getbands() or "transparency" in found.info else "RGB"
    exif = found.getexif()
    whole = found if found.mode == mode else found.convert(mode)
    whole.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
    whole.getexif().update(exif)
    ImageOps.exif_transpose(whole, in_place=True)
    whole.load()
    return whole


def _cut(whole: Image.Image, shape: Shape | None) -> Image.Image:
    if shape is None:
        whole.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
        return whole
    across, down = SHAPES[shape]
    unit = min(whole.width / across, whole.height / down, _LONGEST / across)
    size = max(round(unit * across), 1), max(round(unit * down), 1)
    return whole if size == whole.size else ImageOps.fit(whole, size, Image.Resampling.LANCZOS)


def _encoded(whole: Image.Image) -> Picture:
    """Written anew: nothing of what was sent is in it but what can be seen."""
    out = BytesIO()
    if whole.mode == "RGBA":
        whole.save(out, "WEBP", quality=_QUALITY, method=4)
        media_type = "image/webp"
    else:
        whole.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
        media_type = "image/jpeg"
    body = out.getvalue()
    return Picture(body, hashlib.sha256(body).hexdigest(), media_type, whole.width, whole.height)
