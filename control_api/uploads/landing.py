"""The file that an upload lands in: one writer, bytes in order, nothing told of that is not on the disk.

Laws. Whoever writes holds a lock of the operating system on the file, which ends with its process. What lies behind
the offset at which a writer begins is cut off first. `sync` returns once everything written is on the disk.

All calls block.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections import OrderedDict
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

FOLDER: Final = ".uploads"
"""The folder of uploads in `sources/`. Its dot keeps it from the watched folder, which would package what is there."""
_REMEMBERED: Final = 256


class InUse(Exception):
    """Somebody else writes to the file."""


class Short(Exception):
    """There are fewer bytes in the file than there should be."""

    def __init__(self, size: int) -> None:
        super().__init__(f"only {size} bytes are there")
        self.size = size


def folder(media: Path) -> Path:
    """Where all uploads of a store lie."""
    return media / "sources" / FOLDER


def place(media: Path, upload: str) -> Path:
    """Where the bytes of an upload lie; `upload` is its id, and never anything that a client said."""
    return folder(media) / upload


class Digests:
    """SHA-256 of what has come so far, for uploads whose bytes this process saw from the first one on.

    May be used by several threads. What is forgotten is computed from the file once it is whole.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[int, hashlib._Hash]] = OrderedDict()

    def keep(self, name: str, offset: int, digest: hashlib._Hash | None) -> None:
        """Remember what the first `offset` bytes come to."""
        with self._lock:
            self._known.pop(name, None)
            if digest is not None:
                self._known[name] = offset, digest
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def take(self, name: str, offset: int) -> hashlib._Hash | None:
        """What the first `offset` bytes come to, if it is known; it is whose who takes it."""
        with self._lock:
            at, digest = self._known.pop(name, (-1, None))
        if at == offset:
            return digest
        return hashlib.sha256() if offset == 0 else None


class Landing:
    """The file, open for one writer."""

    def __init__(self, path: Path) -> None:
        """Lock the file, which is made where there is none. Raises `InUse`, and `OSError`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        try:
            self._hold(path)
        except BaseException:
            os.close(self._descriptor)
            raise
        self.path = path
        self.offset = 0
        """How many bytes there are."""
        self.digest: hashlib._Hash | None = None
        """Of all of them; None where this process has not seen all."""

    def _hold(self, path: Path) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino != os.fstat(self._descriptor).st_ino:
                raise InUse(path.name)
        except (BlockingIOError, FileNotFoundError):
            raise InUse(path.name) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write."""
        os.close(self._descriptor)

    def begin(self, offset: int, digest: hashlib._Hash | None) -> None:
        """Go on at `offset`, `digest` being that of what comes before. Raises `Short`."""
        size = os.fstat(self._descriptor).st_size
        if size < offset:
            raise Short(size)
        if size > offset:
            os.ftruncate(self._descriptor, offset)
        if offset == 0:
            _sync_folder(self.path.parent)  # a new file has a name only then
        self.offset, self.digest = offset, digest

    def write(self, data: bytes) -> None:
        """Add bytes at the end. Raises `OSError`; then some of them may be there, and what all come to is unknown."""
        digest, self.digest = self.digest, None
        view = memoryview(data)
        while view:
            done = os.pwrite(self._descriptor, view, self.offset)
            self.offset += done
            view = view[done:]
        if digest is not None:
            digest.update(data)
            self.digest = digest

    def sync(self) -> int:
        """Have everything on the disk; how many bytes that are."""
        os.fdatasync(self._descriptor)
        return self.offset

    def remove(self) -> None:
        """Let nothing stay of the file."""
        with suppress(FileNotFoundError):
            self.path.unlink()
        _sync_folder(self.path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> bool:
    """Remove a file, unless somebody writes to it: then False."""
    if not path.exists():
        return True
    try:
        with Landing(path) as landing:
            landing.remove()
    except InUse:
        return False
    return True


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def free_bytes(media: Path) -> int:
    """How many bytes the disk of the store has left."""
    media.mkdir(parents=True, exist_ok=True)
    found = os.statvfs(media)
    return found.f_bavail * found.f_frsize
