"""The files of the store that belong into a backup, listed so that what is there fits together.

The engine adds to its logs and lists while they are read. So they are listed twice: of what is numbered nothing is
taken that was not there the first time, and all that was there before it is there the second time.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEDIA: Final = ("assets", "houses")
"""Folders of what is packaged; large, and made anew from the sources where they are left out."""
LEFT: Final = frozenset(("sources", "imports", "backups"))
"""Folders that belong into no backup."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_NUMBERED: Final = re.compile(r"\d+(\.[a-z]+)?")


def listed(root: Path, *, media: bool) -> list[str]:
    """The paths of all files, from the folder of the store, in order. Blocks."""
    first = set(_files(root, media=media))
    return sorted(name for name in _files(root, media=media) if name in first or not _is_numbered(name))


def folders(root: Path) -> list[str]:
    """The folders of the store in which there is anything."""
    if not root.is_dir():
        return []
    return sorted(
        entry.name for entry in root.iterdir()
        if entry.is_dir() and _NAME.fullmatch(entry.name) and entry.name not in LEFT and any(entry.iterdir())
    )  # fmt: skip


def _is_numbered(path: str) -> bool:
    return _NUMBERED.fullmatch(path.rpartition("/")[2]) is not None


def _files(root: Path, *, media: bool) -> Iterator[str]:
    for name in folders(root):
        if media or name not in MEDIA:
            yield from _beneath(root / name, name)


def _beneath(folder: Path, path: str) -> Iterator[str]:
    """Plain files alone: a link could lead anywhere."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not _NAME.fullmatch(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _beneath(folder / entry.name, f"{path}/{entry.name}")
            elif entry.is_file(follow_symlinks=False):
                yield f"{path}/{entry.name}"
