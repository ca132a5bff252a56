"""Where the media of a station are: a folder, or a bucket with a folder beside it for what must be local.

`--media` takes either. The watched folder, the work files of the packager and a database in a file are always in
the folder; the store is the folder itself, or the bucket.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playout.keys import NAME
from playout.refusals import Unanswered
from playout.store import DirStore

if TYPE_CHECKING:
    from playout.store import Store

FOLDER: Final = Path("media")
"""Where everything is unless somebody says otherwise."""
SCHEME: Final = "s3://"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Nowhere(Unanswered, ValueError):
    """What was typed is no place for media: it says why, and what to write."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place for media."""

    folder: Path = FOLDER
    bucket: str = ""
    """`s3://bucket/prefix` where the store is there; empty where it is the folder."""

    def __str__(self) -> str:
        return self.bucket or str(self.folder)

    def store(self) -> Store:
        """The store. Raises `Nowhere` where the library that speaks to buckets is not installed."""
        if not self.bucket:
            return DirStore(self.folder)
        return _store(self.bucket)


@lru_cache(maxsize=8)
def _store(place: str) -> Store:
    """The store in a bucket; one for all of a process, which share its connections and what they know of outages."""
    name, _, prefix = bucket(place).removeprefix(SCHEME).partition("/")
    try:
        from playout.s3 import S3Store  # noqa: PLC0415 — an extra; and 16 MB that a folder does without
    except ModuleNotFoundError as missing:
        message = f"{place}: for buckets install the extra s3: pip install 'fastline[s3]'"
        raise Nowhere(message) from missing
    return S3Store(name, prefix)


def place(text: str) -> Place:
    """The place that was typed: a folder, or `s3://bucket/prefix`; raises `Nowhere`.

    With a bucket the folder is the one that FASTLINE_MEDIA names, or `media`.
    """
    if "://" not in text:
        return Place(Path(text))
    return Place(Path(os.environ.get("FASTLINE_MEDIA") or FOLDER), bucket(text))


def bucket(text: str) -> str:
    """A bucket as it is written, without a slash at its end; raises `Nowhere`."""
    name, _, prefix = text.removeprefix(SCHEME).partition("/")
    prefix = prefix.rstrip("/")
    named = not prefix or all(NAME.fullmatch(part) for part in prefix.split("/"))
    if not text.startswith(SCHEME) or not _BUCKET.fullmatch(name) or not named:
        message = f"{text[:200]!r} is no place for media: write a folder, or s3://bucket/prefix"
        raise Nowhere(message)
    return f"{SCHEME}{name}/{prefix}" if prefix else f"{SCHEME}{name}"
