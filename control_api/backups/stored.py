"""The files of the store that belong into a backup, listed so that what is there fits together, and put back.

The engine adds to its logs and lists while they are read. So they are listed twice: of what is numbered nothing is
taken that was not there the first time, and all that was there before it is there the second time.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from typing import TYPE_CHECKING, Final, Protocol

from control_api.backups.archive import BadArchive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from control_api.backups.archive import Writer
    from playout.media import Place
    from playout.store import Store

MEDIA: Final = ("assets", "houses")
"""Folders of what is packaged; large, and made anew from the sources where they are left out."""
DOCUMENTS: Final = ("amendments", "artwork", "catalogs", "channels", "library")
"""The other folders of a store."""
LEFT: Final = frozenset(("sources", "imports", "backups"))
"""Folders that belong into no backup."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_NUMBERED: Final = re.compile(r"\d+(\.[a-z]+)?")
_LAST: Final = "asset.json"
"""What makes an asset exist; it comes behind its files."""


class Content(Protocol):
    """What is in a store, as backups see it. All calls block, and raise `OSError` or `StoreDown`."""

    def check(self, *, media: bool) -> None:
        """Raise `BadArchive` where it cannot be copied so."""

    def folders(self) -> list[str]:
        """The folders in which there is anything."""

    def files(self, *, media: bool) -> Iterator[str]:
        """The paths of all files."""

    def add(self, writer: Writer, name: str, path: str) -> None:
        """Write a file into an archive, as `name`."""

    def bring(self, staged: Path, moved: list[str]) -> None:
        """Put in all that lies in a folder of this disk, which is used up; `moved` tells what was put there."""

    def take_back(self, moved: list[str]) -> None:
        """Remove what was put there."""


def content(place: Place) -> Content:
    """What is in the store of that place."""
    return _Bucket(place.store()) if place.bucket else _Folder(place.folder)


def listed(content_: Content, *, media: bool) -> list[str]:
    """The paths of all files, in order. Blocks."""
    first = set(content_.files(media=media))
    return sorted(name for name in content_.files(media=media) if name in first or not _is_numbered(name))


def _is_numbered(path: str) -> bool:
    return _NUMBERED.fullmatch(path.rpartition("/")[2]) is not None


class _Folder:
    """A store in a folder: its files are copied by themselves, however large."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def check(self, *, media: bool) -> None:
        """Everything in it can be copied."""

    def folders(self) -> list[str]:
        if not self._root.is_dir():
            return []
        return sorted(
            entry.name for entry in self._root.iterdir()
            if entry.is_dir() and _NAME.fullmatch(entry.name) and entry.name not in LEFT and any(entry.iterdir())
        )  # fmt: skip

    def files(self, *, media: bool) -> Iterator[str]:
        for name in self.folders():
            if media or name not in MEDIA:
                yield from _beneath(self._root / name, name)

    def add(self, writer: Writer, name: str, path: str) -> None:
        descriptor = os.open(self._root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            writer.add(name, file, os.fstat(descriptor).st_size)

    def bring(self, staged: Path, moved: list[str]) -> None:
        for folder in sorted(staged.iterdir()):
            there = self._root / folder.name
            if there.is_dir():
                there.rmdir()  # it is empty, or is not removed
            folder.rename(there)
            moved.append(folder.name)

    def take_back(self, moved: list[str]) -> None:
        for name in reversed(moved):
            shutil.rmtree(self._root / name, ignore_errors=True)


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


class _Bucket:
    """A store in a bucket: its documents are copied; what is packaged is too large to go through one machine."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, *, media: bool) -> None:
        if media:
            message = (
                "what is packaged lies in a bucket, and is not copied from there: copy the bucket by its own means, "
                "and back up without media"
            )
            raise BadArchive(message)

    def folders(self) -> list[str]:
        return sorted(name for name in (*MEDIA, *DOCUMENTS) if self._store.names(name))

    def files(self, *, media: bool) -> Iterator[str]:
        self.check(media=media)
        for name in DOCUMENTS:
            yield from self._beneath(name)

    def _beneath(self, path: str) -> Iterator[str]:
        """A bucket has no folders, only names with something below them. Names with a dot are files."""
        for name in self._store.names(path):
            here = f"{path}/{name}"
            if not _NAME.fullmatch(name):
                continue
            below = [] if "." in name else list(self._beneath(here))
            yield from below or [here]

    def add(self, writer: Writer, name: str, path: str) -> None:
        data = self._store.read(path)
        if data is None:
            message = f"{path} was removed while the store was read"
            raise BadArchive(message)
        writer.add(name, io.BytesIO(data), len(data))

    def bring(self, staged: Path, moved: list[str]) -> None:
        files = sorted((path.name == _LAST, str(path.relative_to(staged)), path) for path in _plain(staged))
        for _, key, path in files:
            moved.append(key)  # of one that broke off nobody knows whether it came
            if not self._store.adopt(key, path):
                moved.pop()
                message = f"{key} is in the bucket meanwhile: somebody else writes there"
                raise BadArchive(message)

    def take_back(self, moved: list[str]) -> None:
        for key in reversed(moved):
            self._store.remove(key)


def _plain(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
