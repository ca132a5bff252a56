"""Choosing: which of the files of a creative is fetched to be packaged for a house. Pure.

Law: the order of the files changes nothing but which of two equals is taken, and a file that cannot be packaged never
is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_api.advertising.vast import MediaFile
    from playout.core.house import House

_MOST_PIXELS: Final = 4320
"""Lines of a picture; whatever says it has more is wrong, or nothing that is worth its bytes."""


def is_usable(file: MediaFile) -> bool:
    """Whether it is one file of pictures that can be fetched and packaged."""
    if file.api or file.delivery == "streaming" or file.height > _MOST_PIXELS:
        return False
    # a mezzanine may leave its type out; what is in a file, the probe says
    return file.type.startswith("video/") or (file.is_mezzanine and not file.type)


def best(files: Sequence[MediaFile], house: House) -> MediaFile | None:
    """The file for a house: a mezzanine; else the smallest with as many lines as its best rung, else the largest."""
    usable = [file for file in files if is_usable(file)]
    return max(usable, key=lambda file: _merit(file, house.rungs[0].height), default=None)


def _merit(file: MediaFile, lines: int) -> tuple[bool, bool, int, int]:
    enough = file.height >= lines
    return file.is_mezzanine, enough, -file.height if enough else file.height, file.bitrate
