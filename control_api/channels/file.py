"""channels.yaml on disk: read whole, and exchanged whole.

Laws. Who reads it finds what was there before an edit or what is there after it, never a part. Of two edits
through here, in one process or in several, the second sees the first one's text. What a program that knows nothing
of our lock writes is seen, too, unless it does so in the instant between our last look and the exchange.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE: Final = 5.0
"""Seconds that an edit waits for another one to end."""
_LOOK: Final = 0.02
_MARK: Final = "\ufeff"


class Unreadable(Exception):
    """The file cannot be read or written: it says why, and what to do."""


class Unwritable(Exception):
    """The file can be read, and this process cannot write it: it says why, and what to do."""


class Busy(Exception):
    """Somebody else edits the file, for longer than an edit takes."""


@dataclass(frozen=True, slots=True)
class Content:
    """The file as it was at one moment."""

    text: str
    """Without a byte order mark."""
    marked: bool = False
    """Whether it had one."""
    there: bool = True

    @property
    def data(self) -> bytes:
        """The bytes on disk."""
        return ((_MARK if self.marked else "") + self.text).encode()

    @property
    def digest(self) -> str:
        """What names this content."""
        return sha256(self.data).hexdigest()


class ChannelsFile:
    """The file at one path. All calls block."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path

    @property
    def where(self) -> str:
        """What people call it."""
        return self.path.name

    def read(self) -> Content:
        """What is in it; nothing where there is no file. Raises `Unreadable`."""
        try:
            return _content(self.path.read_bytes(), self.where)
        except FileNotFoundError:
            return Content("", there=False)
        except OSError as error:
            message = f"{self.where} cannot be read: {error.strerror or error}"
            raise Unreadable(message) from error

    def change(self, make: Callable[[Content], str]) -> tuple[Content, Content]:
        """Write what `make` makes of the present content; what was there, and what is.

        When `make` raises, nothing is written. Raises `Unreadable`, `Unwritable` and `Busy`.
        """
        real = Path(os.path.realpath(self.path))  # a link stays a link
        with _alone(real.parent, self.where):
            while True:
                before = self.read()
                after = Content(make(before), before.marked)
                if before.there and after.data == before.data:
                    return before, before
                if self._exchange(real, before, after):
                    return before, after

    def _exchange(self, real: Path, before: Content, after: Content) -> bool:
        """Put `after` in the place of `before`; False when something else stands there by now."""
        draft = real.with_name(f".{real.name}.{secrets.token_hex(6)}")
        try:
            with draft.open("xb") as file:
                file.write(after.data)
                _like(file.fileno(), real)
                file.flush()
                os.fsync(file.fileno())
            if self.read() != before:
                return False
            draft.replace(real)
            _sync(real.parent)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        return True


_OCTAL: Final = re.compile(rb"\\(\d{3})")
_ADVICE: Final = {
    errno.EBUSY: "it is a mount of its own, as containers have it: mount the folder that it lies in instead, or keep "
    "the file beside the media",
    errno.EROFS: "its file system is read-only: keep the file beside the media, and let FASTLINE_CHANNELS name it",
    errno.EACCES: "let the user of this process write to the file and to its folder",
    errno.EPERM: "let the user of this process write to the file and to its folder",
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the quota of the disk is used up: make room",
}


def _unwritable(path: Path, error: OSError) -> Unwritable:
    """What to do about it."""
    advice = _ADVICE.get(error.errno or 0, "see the disk that it lies on")
    return Unwritable(f"{path} cannot be written ({error.strerror or error}): {advice}")


def trouble(path: Path) -> str:
    """Why nobody could edit the file at `path`, and what to do; empty where an edit would succeed."""
    real = Path(os.path.realpath(path))
    if real in _mounts():
        return str(_unwritable(path, OSError(errno.EBUSY, os.strerror(errno.EBUSY))))
    draft = real.with_name(f".{real.name}.{secrets.token_hex(6)}")
    try:
        draft.touch(exist_ok=False)
    except OSError as error:
        return str(_unwritable(path, error))
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return ""


def _mounts() -> frozenset[Path]:
    """What is mounted by itself, as far as this system tells (proc(5), mountinfo)."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return frozenset()
    places = (line.split()[4] for line in lines)  # in which blanks are written in octal
    return frozenset(Path(os.fsdecode(_OCTAL.sub(lambda found: bytes([int(found[1], 8)]), place))) for place in places)


def _content(data: bytes, where: str) -> Content:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{where}, line {line}: this is not UTF-8 text: save the file as UTF-8"
        raise Unreadable(message) from error
    return Content(text.removeprefix(_MARK), text.startswith(_MARK))


def _like(descriptor: int, real: Path) -> None:
    """Give a new file the rights and, as far as we may, the owner of the one that it replaces."""
    try:
        known = real.stat()
    except FileNotFoundError:
        return
    os.fchmod(descriptor, known.st_mode & 0o7777)
    with suppress(PermissionError):
        os.fchown(descriptor, known.st_uid, known.st_gid)
        os.fchmod(descriptor, known.st_mode & 0o7777)  # a change of owner takes some of them away


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(folder: Path, where: str) -> Iterator[None]:
    """Hold the lock of the folder: the file itself is another one after each edit."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unwritable(folder / where, error) from error
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    message = f"{where} is being edited by another process"
                    raise Busy(message) from None
                time.sleep(_LOOK)
        yield
    finally:
        os.close(descriptor)  # which ends the lock
