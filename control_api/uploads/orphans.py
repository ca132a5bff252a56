"""Files that nobody knows of: reported, and never removed by themselves.

What a crash leaves between the commit of a row and the removal of its file, and what people copy into the folders of
the station, looks the same from here. So people decide.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from control_api.uploads.landing import folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

MOST: Final = 1000
"""How many are told of at once."""
YOUNG: Final = timedelta(hours=1)
"""What is younger may be on its way to being known."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A file or a folder that nobody knows of."""

    path: str
    """In the folder of the store."""
    size: int
    """Bytes, of a folder those of all files in it."""
    changed: datetime
    """When it was last changed, in UTC."""


def strays(media: Path, uploads: Collection[str], assets: Collection[str], now: datetime) -> list[Stray]:
    """What is in the folders of uploads and assets beside these, the largest first. Blocks."""
    found = [*_unknown(media, folder(media), uploads, now), *_unknown(media, media / "assets", assets, now)]
    return sorted(found, key=lambda stray: (-stray.size, stray.path))[:MOST]


def _unknown(media: Path, place: Path, known: Collection[str], now: datetime) -> Iterator[Stray]:
    with suppress(FileNotFoundError, NotADirectoryError):
        for entry in place.iterdir():
            if entry.name in known:
                continue
            with suppress(OSError):  # it may go at any moment
                files = [entry, *entry.rglob("*")] if entry.is_dir() and not entry.is_symlink() else [entry]
                states = [file.lstat() for file in files]
                changed = datetime.fromtimestamp(max(state.st_mtime for state in states), UTC)
                if now - changed >= YOUNG:
                    yield Stray(str(entry.relative_to(media)), sum(state.st_size for state in states), changed)
