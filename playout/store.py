"""The store: immutable objects by key; here in a directory, in `playout.s3` in a bucket.

Law: nothing is overwritten. An object appears whole or not at all, and of two writers of one key the
first wins and the other is told.

All calls block; the shell makes them in a worker thread.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from playout.keys import key as checked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class StoreDown(Exception):
    """The store cannot answer now: an outage, not an answer."""


class Store(Protocol):
    """What the engine and the packager need of a store."""

    pace: int
    """What seldom changes is looked for so many times more rarely than in a folder, where a look costs nothing."""

    def read(self, key: str) -> bytes | None:
        """The object at `key`; None when there is none. Raises `StoreDown`."""

    def read_range(self, key: str, start: int, stop: int) -> bytes | None:
        """Bytes `start` to `stop` of the object; None when it is absent or shorter. Raises `StoreDown`."""

    def put_new(self, key: str, data: bytes) -> bool:
        """Create the object; False when it was there already. Raises `StoreDown`."""

    def adopt(self, key: str, path: Path) -> bool:
        """Create the object from a local file, which is used up; False when it was there already.

        Raises `StoreDown`.
        """

    def restore(self, key: str, path: Path) -> None:
        """Put a local file, which is used up, in the place of an object of the same content that came to harm.

        Nothing else is ever overwritten. Raises `StoreDown`.
        """

    def remove(self, key: str) -> None:
        """Remove what lies at `key` and below it, if anything does: nothing of it is named any more.

        Raises `StoreDown`.
        """

    def names(self, key: str) -> list[str]:
        """The names just below `key`, sorted; empty when there are none. Raises `StoreDown`."""


class DirStore:
    """A store in a directory of a local or shared file system."""

    pace = 1

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Where the object at `key` lies; raises `BadKey` for anything that is not a key."""
        return self.root / checked(*key.split("/"))

    def read(self, key: str) -> bytes | None:
        """The file's content, or None."""
        with _outage(key):
            try:
                return self.path(key).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def read_range(self, key: str, start: int, stop: int) -> bytes | None:
        """One `pread` of the file, or None."""
        with _outage(key):
            try:
                descriptor = os.open(self.path(key), os.O_RDONLY | os.O_CLOEXEC)
            except (FileNotFoundError, NotADirectoryError):
                return None
            try:
                data = os.pread(descriptor, stop - start, start)
            finally:
                os.close(descriptor)
        return data if len(data) == stop - start else None

    def put_new(self, key: str, data: bytes) -> bool:
        """Write and sync a draft, then link it to its name: the link is what fails for the second writer."""
        final = self.path(key)
        with _outage(key):
            final.parent.mkdir(parents=True, exist_ok=True)
            draft = final.with_name(f".{final.name}.{secrets.token_hex(6)}")
            try:
                with draft.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                return _link(draft, final)
            finally:
                draft.unlink(missing_ok=True)

    def adopt(self, key: str, path: Path) -> bool:
        """Sync and link a file that lies on the same file system."""
        final = self.path(key)
        with _outage(key):
            final.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as file:
                os.fsync(file.fileno())
            created = _link(path, final)
            path.unlink()
            return created

    def restore(self, key: str, path: Path) -> None:
        """Sync a file and give it the name; whoever reads what had it before goes on reading that."""
        final = self.path(key)
        with _outage(key):
            final.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.replace(final)

    def remove(self, key: str) -> None:
        """Remove the file, or the folder with all that is in it."""
        path = self.path(key)
        with _outage(key):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def names(self, key: str) -> list[str]:
        """The entries of the folder, drafts left out."""
        with _outage(key):
            try:
                return sorted(entry.name for entry in self.path(key).iterdir() if not entry.name.startswith("."))
            except (FileNotFoundError, NotADirectoryError):
                return []


def _link(draft: Path, final: Path) -> bool:
    """Give the finished file its name, unless the name is taken."""
    try:
        os.link(draft, final)
    except FileExistsError:
        return False
    folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True


@contextmanager
def _outage(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{key}: {error.strerror or error}"
        raise StoreDown(message) from error
