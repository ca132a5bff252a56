"""The keys by which addresses are signed, in a file that nothing serves.

Law: only who signs or rotates makes the file, and it is there whole or not at all. Nobody but its owner may read what
we write. Its name begins with a dot, so it can be no key of a store: no origin serves it, and no backup has it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playout.core.token import SECRET, Key, rotated, sign, signing
from playout.documents import Corrupt, decode, encode_readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from playout.core.networks import Address
    from playout.core.token import Pass

NAME: Final = ".stream-keys.json"
"""The file, in the folder of the media, unless `VARIABLE` names another one."""
VARIABLE: Final = "FASTLINE_STREAM_KEYS"
_LARGEST: Final = 1 << 20
_SHORTEST: Final = 16
"""Bytes of a secret that somebody else has made."""


class NoKeys(Exception):
    """The keys cannot be read or written: it says why, and what to do. It never says what they are."""


@dataclass(frozen=True, slots=True)
class _File:
    """What is in the file."""

    keys: tuple[Key, ...] = ()


def keys_file(media: Path, environment: Mapping[str, str]) -> Path:
    """Where the keys are: where the environment says, else in the folder of the media."""
    return Path(environment.get(VARIABLE) or media / NAME)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys in one file. All calls block."""

    path: Path

    def mark(self) -> tuple[int, int, int] | None:
        """What is another one whenever the file was written; None where there is none. Raises `NoKeys`."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error
        return found.st_mtime_ns, found.st_size, found.st_ino

    def all(self) -> tuple[Key, ...]:
        """All keys, the oldest first; none where there is no file. Raises `NoKeys`."""
        try:
            with self.path.open("rb") as file:
                data = file.read(_LARGEST)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._unusable(error) from error
        try:
            found = decode(data, _File, str(self.path)).keys
        except Corrupt:  # its words may quote what is in the file
            message = (
                f"{self.path} is not a file of keys for addresses: put it back, or remove it to have new ones made"
            )
            raise NoKeys(message) from None
        if not all(map(_sound, found)):
            message = (
                f"{self.path}: each key has a number from 1, a secret of at least {_SHORTEST} bytes in base64, and "
                "instants with a zone"
            )
            raise NoKeys(message)
        return tuple(sorted(found, key=lambda key: key.number))

    def sign(self, said: Pass, now: datetime, viewer: Address | None = None) -> str:
        """A token, by the key that signs now; the first key is made for it. Raises `NoKeys`.

        `viewer` is who may come with it, where it says so.
        """
        key = signing(self.all(), now)
        if key is None:
            with self._held():
                found = self.all()  # somebody else may have been faster
                if signing(found, now) is None:
                    found = self._put(rotated(found, secrets.token_bytes(SECRET), now))
            key = signing(found, now) or found[-1]
        return sign(said, key, viewer)

    def rotate(self, now: datetime, *, forget: bool = False) -> tuple[Key, ...]:
        """Add a key, which signs as soon as it has settled; `forget` drops the others now. Raises `NoKeys`."""
        with self._held():
            return self._put(rotated(self.all(), secrets.token_bytes(SECRET), now, forget=forget))

    def _put(self, keys: tuple[Key, ...]) -> tuple[Key, ...]:
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(6)}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(encode_readable(_File(keys)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise self._unusable(error) from error
        return keys

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep other processes of this machine from writing the file meanwhile."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _unusable(self, error: OSError) -> NoKeys:
        return NoKeys(f"the keys for signed addresses, {self.path}: {error.strerror or error}")


def _sound(key: Key) -> bool:
    zoned = key.since.tzinfo is not None and (key.until is None or key.until.tzinfo is not None)
    return zoned and len(key.secret) >= _SHORTEST and 0 < key.number < 1 << 32
