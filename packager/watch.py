"""The watched folder: what is dropped into `media/sources/` is packaged.

A file counts when neither it nor what lies beside it has changed for a while, so a copy that is still
going on is left alone. What has been answered is remembered beside the folder, by size and time of
change, and is not looked at again until it changes.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from packager.batch import Batch, package
from packager.job import Interrupted, Outcome
from packager.sidecar import SUBTITLES, SUFFIXES
from packager.source import legible
from playout import documents
from playout.documents import Corrupt

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from packager.progress import Tell

FOLDER: Final = "sources"
"""The watched folder, in the folder of the store."""
SETTLED: Final = timedelta(seconds=2)
"""How long a file must have been still."""
REST: Final = timedelta(minutes=1)
"""How long a source rests when the machine failed on it: a disk that is full stays so for a while."""

_LEDGER: Final = ".packaged.json"
_BESIDE: Final = (*SUFFIXES, *SUBTITLES)
NO_SOURCES: Final = frozenset(
    {*_BESIDE, ".txt", ".md", ".nfo", ".jpg", ".jpeg", ".png", ".webp", ".part", ".tmp", ".crdownload"}
)
"""Endings of files that are no sources."""

Signature = tuple[tuple[str, int, int], ...]
"""Name, size and time of change of a source and of what lies beside it."""


@dataclass(slots=True)
class Sightings:
    """What has been seen in the folder, and since when it has been as it is. Pure: it is told the time."""

    settled: float
    """Seconds that a file must have been still."""
    answered: dict[str, Signature] = field(default_factory=dict)
    """Sources that need no work, by name, as they were then."""
    _since: dict[str, tuple[Signature, float]] = field(default_factory=dict)

    def due(self, seen: dict[str, Signature], now: float) -> list[str]:
        """The sources in `seen` that are still and not answered, by name; `now` is in seconds of any clock."""
        before = self._since
        self._since = {
            name: before[name] if name in before and before[name][0] == signature else (signature, now)
            for name, signature in seen.items()
        }
        return sorted(
            name
            for name, (signature, since) in self._since.items()
            if now - since >= self.settled and self.answered.get(name) != signature
        )

    def rest(self, name: str, until: float) -> None:
        """Leave a source alone until then, unless it changes."""
        if name in self._since:
            self._since[name] = (self._since[name][0], until - self.settled)


async def watch(
    batch: Batch,
    *,
    tell: Tell,
    clock: Callable[[], datetime],
    done: Callable[[Outcome], None],
    stop: asyncio.Event,
    settled: timedelta = SETTLED,
) -> None:
    """Package whatever comes to lie in the watched folder, until `stop` is set.

    A source that was refused is tried again when it or its side-car changes; one that was interrupted, after
    a rest. The folder, the ledger or the store may be out of order meanwhile: then the next look is another try.
    """
    folder = batch.media / FOLDER
    ledger = batch.media / _LEDGER
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    sightings = Sightings(settled.total_seconds(), await asyncio.to_thread(_remembered, ledger))
    while not await _stopped(stop, sightings.settled / 2):
        seen = await asyncio.to_thread(_look, folder)
        due = sightings.due(seen, asyncio.get_running_loop().time())
        if not due:
            continue
        outcomes = await package([folder / name for name in due], batch, tell=tell, clock=clock, done=done)
        now = asyncio.get_running_loop().time()
        for name, outcome in zip(due, outcomes, strict=True):
            if isinstance(outcome, Interrupted):
                sightings.rest(name, now + REST.total_seconds())
            else:
                sightings.answered[name] = seen[name]
        await asyncio.to_thread(_remember, ledger, sightings.answered)


async def _stopped(stop: asyncio.Event, pause: float) -> bool:
    """Whether `stop` is set, at the latest after the pause, in seconds.

    The folder is looked at again and again, because not every file system says when something changes.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(pause):
            await stop.wait()
    return stop.is_set()


def _look(folder: Path) -> dict[str, Signature]:
    """Every source below the folder, by its path in it."""
    files: dict[Path, tuple[int, int]] = {}
    for path in folder.rglob("*"):
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or not path.is_file():
            continue
        with suppress(OSError):  # it may go at any moment
            state = path.stat()
            files[path] = (state.st_size, state.st_mtime_ns)
    beside: dict[Path, list[Path]] = {}
    for path in files:
        if path.suffix.lower() in _BESIDE:
            words = path.name.split(".")
            for count in range(1, len(words)):
                beside.setdefault(path.with_name(".".join(words[:count])), []).append(path)
    return {
        str(path.relative_to(folder)): tuple(
            (near.name, *files[near]) for near in (path, *sorted(beside.get(path.with_suffix(""), [])))
        )
        for path in files
        if path.suffix.lower() not in NO_SOURCES
    }


def _remembered(ledger: Path) -> dict[str, Signature]:
    """The ledger of an earlier run; an unreadable one only costs a second look."""
    try:
        return documents.decode(ledger.read_bytes(), dict[str, Signature], ledger.name)
    except (FileNotFoundError, Corrupt):
        return {}


def _remember(ledger: Path, answered: dict[str, Signature]) -> None:
    """Write the ledger; without it, as on a full disk, the next run looks at every source once more.

    Names that are no text cannot stand in it.
    """
    kept = {name: signature for name, signature in answered.items() if name == legible(name)}
    draft = ledger.with_name(f"{ledger.name}.draft")
    with suppress(OSError):
        draft.write_bytes(documents.encode(kept))
        draft.replace(ledger)
