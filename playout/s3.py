"""The store in a bucket of an S3-compatible service.

Law: that of every store. Creating is a conditional put (`If-None-Match: *`), so of two writers of one key the first
wins, wherever they run. What a service refuses, answers late or not at all is an outage (`StoreDown`), never an
absent object; it is told in our own words, for those of a service can name keys and signatures.

The key and its secret, the region and the endpoint are taken from the environment as every S3 client takes them
(AWS_ACCESS_KEY_ID ...), or from the role of the machine.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store as Bucket

from playout.keys import key as checked
from playout.store import StoreDown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from obstore.store import ClientConfig, RetryConfig

SILENCE: Final = timedelta(seconds=2.5)
"""How long a service may say nothing to a reader before it is asked once more: a player waits for few seconds."""
PATIENCE: Final = timedelta(seconds=4)
"""How long after the first try a request is still tried again."""
PART: Final = 8 << 20
"""Bytes: a larger file is sent in parts of this size, some at a time."""
FEW: Final = 3
"""So many requests in a row without an answer, and the service rests."""
REST: Final = 2.0
"""Seconds from one try to the next while it rests; whoever else asks is told at once that it is down."""

_UPLOAD: Final = timedelta(minutes=5)
_LARGE: Final = 1 << 18
_PARTS: Final = 4
_PAGE: Final = 1000
_CONNECT: Final = timedelta(seconds=2)
_WHOLE: Final = timedelta(seconds=30)
_RETRIES: Final[RetryConfig] = {
    "max_retries": 2,
    "retry_timeout": PATIENCE,
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
}
_STATUS: Final = re.compile(r"status code: (\d{3})")
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
_BEYOND: Final = "416"
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


class S3Store:
    """A store in a bucket, below a prefix; safe to use from many threads at a time."""

    pace = 3

    def __init__(self, bucket: str, prefix: str = "", *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bucket = bucket
        self._documents = _client(bucket, prefix, SILENCE, _WHOLE)
        self._uploads = _client(bucket, prefix, _UPLOAD, _UPLOAD)
        self._answering = _Answering(monotonic)

    def read(self, key: str) -> bytes | None:
        """The object's content, or None."""
        where = _checked(key)
        with self._asked(key):
            try:
                return bytes(obstore.get(self._documents, where).bytes())
            except FileNotFoundError as error:
                return self._absent(error)

    def read_range(self, key: str, start: int, stop: int) -> bytes | None:
        """One ranged request, or None."""
        where = _checked(key)
        if stop <= start:
            return b"" if self._size(key) is not None else None
        with self._asked(key):
            try:
                data = bytes(obstore.get_range(self._documents, where, start=start, end=stop))
            except FileNotFoundError as error:
                return self._absent(error)
            except BaseError as error:
                if _status(error) == _BEYOND:
                    return None
                raise
        return data if len(data) == stop - start else None

    def put_new(self, key: str, data: bytes) -> bool:
        """One conditional put. After an outage in the middle of it nobody knows whether the object is there."""
        where = _checked(key)
        client = self._documents if len(data) < _LARGE else self._uploads
        with self._asked(key):
            try:
                obstore.put(client, where, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def adopt(self, key: str, path: Path) -> bool:
        """Send a file: a small one by a conditional put, a large one in parts, and then it appears whole at the end.

        Parts cannot be put together on a condition. So of two who send large files to one key at the same time
        the last wins: whoever sends such files names them by their content.
        """
        small = path.stat().st_size <= PART
        created = self.put_new(key, path.read_bytes()) if small else self._size(key) is None
        if created and not small:
            self._send(key, path)
        path.unlink()
        return created

    def restore(self, key: str, path: Path) -> None:
        """Send a file, whatever lies there."""
        self._send(key, path)
        path.unlink()

    def remove(self, key: str) -> None:
        """Remove the object, and those below it; a thousand at a time."""
        where = _checked(key)
        with self._asked(key):
            obstore.delete(self._documents, where)
            for page in obstore.list(self._documents, f"{where}/", chunk_size=_PAGE):
                obstore.delete(self._documents, [entry["path"] for entry in page])

    def names(self, key: str) -> list[str]:
        """The names just below `key`: a request for every thousand of them."""
        where = _checked(key)
        with self._asked(key):
            found = obstore.list_with_delimiter(self._documents, where)
        paths = [*found["common_prefixes"], *(entry["path"] for entry in found["objects"])]
        names = {path.rstrip("/").rpartition("/")[2] for path in paths}
        return sorted(name for name in names if name and not name.startswith("."))

    def _size(self, key: str) -> int | None:
        where = _checked(key)
        with self._asked(key):
            try:
                return obstore.head(self._documents, where)["size"]
            except FileNotFoundError as error:
                return self._absent(error)

    def _send(self, key: str, path: Path) -> None:
        where = _checked(key)
        with self._asked(key):
            obstore.put(self._uploads, where, path, use_multipart=True, chunk_size=PART, max_concurrency=_PARTS)

    @staticmethod
    def _absent(error: FileNotFoundError) -> None:
        """There is no such object; raises `error` where there is not even the bucket."""
        if "NoSuchBucket" in str(error):
            raise error

    @contextmanager
    def _asked(self, key: str) -> Iterator[None]:
        """Turn what a request raises into an outage, and remember whether the service answers at all."""
        self._answering.check(key)
        try:
            yield
        except (BaseError, OSError) as error:
            words, answered = _words(error, self._bucket)
            message = f"{key}: {words}"
            self._answering.told(None if answered else words)
            raise StoreDown(message) from None  # the cause may quote what the service said
        self._answering.told(None)


@dataclass(slots=True)
class _Answering:
    """Whether a service answers at all: one that is dead must not hold up everybody for as long as it takes to see.

    After a few requests in a row without an answer one at a time tries again, and the others fail at once.
    """

    monotonic: Callable[[], float]
    """Seconds of any clock that never goes back."""
    _silent: int = 0
    _until: float = 0
    _words: str = ""
    _lock: Lock = field(default_factory=Lock)

    def check(self, key: str) -> None:
        """Raise `StoreDown` while the service rests, unless this request is the one that tries again."""
        with self._lock:
            if self._silent < FEW:
                return
            now = self.monotonic()
            if now < self._until:
                message = f"{key}: {self._words}"
                raise StoreDown(message)
            self._until = now + REST

    def told(self, silence: str | None) -> None:
        """Take note of an answer, or of silence and what it was like."""
        with self._lock:
            self._silent = 0 if silence is None else self._silent + 1
            if silence is not None:
                self._words, self._until = silence, self.monotonic() + REST


def _client(bucket: str, prefix: str, silence: timedelta, whole: timedelta) -> Bucket:
    """A client that gives up in time. An endpoint without TLS is one that somebody has written down as such."""
    plain = any(os.environ.get(name, "").startswith("http://") for name in _ENDPOINTS)
    options: ClientConfig = {"connect_timeout": _CONNECT, "read_timeout": silence, "timeout": whole}
    if plain:
        options["allow_http"] = True
    return Bucket(
        bucket,
        prefix=prefix or None,
        client_options=options,
        retry_config=_RETRIES,
    )


def _checked(key: str) -> str:
    """The key; raises `BadKey` for anything that is not one."""
    return checked(*key.split("/"))


def _status(error: Exception) -> str:
    found = _STATUS.search(str(error))
    return found[1] if found else ""


def _words(error: Exception, bucket: str) -> tuple[str, bool]:
    """What is wrong, and whether the service has answered at all."""
    text = str(error)
    if "NoSuchBucket" in text:
        return f"there is no bucket {bucket!r} at this endpoint", True
    if _METADATA in text:
        advice = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role"
        return f"there is no key for the bucket; {advice}", True
    status = _status(error)
    if status or isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
        return _answer(status or "403", _CODE.search(text)), not status.startswith("5")
    words = next((words for kind, words in _SILENCES if kind in text), "its answer makes no sense, or broke off")
    return f"the bucket cannot be used: {words}", False


def _answer(status: str, code: re.Match[str] | None) -> str:
    """What a service has answered instead of what it was asked for."""
    said = f"{status} {code[1]}" if code else status
    if status in {"401", "403"}:
        return f"the bucket refuses our key ({said}); it must be allowed to read, to list and to create"
    return f"the bucket answers {said}"


_METADATA: Final = "//169.254."
"""Where a machine without a key of its own asks for one."""
_SILENCES: Final = (("Timeout", "it does not answer in time"), ("Connect", "it cannot be reached"))
