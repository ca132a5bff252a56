"""What whoever does a job is given: its settings, and ways to tell how far it is and to hear that it must stop."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from control_api.database import Database
from control_api.jobs.legible import legible
from control_api.outgoing import Outgoing
from control_api.settings import Settings
from playout.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping


LINES: Final = 200
"""Lines of a log that wait for being written; of more, the newest are kept."""
WORDS: Final = 200
"""Letters of what is said about progress."""
LINE: Final = 2000
"""Letters of a line of a log."""


class Stop(StrEnum):
    """Why a job must stop."""

    CANCELED = "canceled"
    """Nobody wants it any more: nothing of it shall stay."""
    PAUSED = "paused"
    """It goes on later: what is done may stay."""
    GONE = "gone"
    """Its lease is lost, so another worker may have it: leave everything alone."""
    LEAVING = "leaving"
    """This process ends: what is done may stay."""


class Broken(Exception):
    """The job cannot be done: why, and what people can do. `again`: whether another attempt may end better."""

    def __init__(self, reason: str, advice: str = "", *, again: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.again = again


class Lacking(Exception):
    """There is too little room on the disk of the store; the job waits until there is more."""

    def __init__(self, needs_bytes: int, reason: str) -> None:
        super().__init__(reason)
        self.needs_bytes = needs_bytes
        self.reason = reason


@dataclass(slots=True, eq=False)
class Work:
    """One attempt at one job.

    When the job must stop, the task that works on it is cancelled; `stopped` then says why.
    """

    job: str
    """Its id."""
    subject: str
    owner: str
    attempt: int
    settings: Settings
    database: Database
    outgoing: Outgoing
    clock: Clock
    stopped: Stop | None = None
    permille: int = 0
    words: str = ""
    parts: dict[str, int] = field(default_factory=dict)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))
    """What is to be written to the log at the next beat."""

    def tell(self, permille: int, words: str = "", parts: Mapping[str, int] | None = None) -> None:
        """Say how much is done, of 1000, and what is being done; written at the next beat. May be called often."""
        self.permille = min(max(permille, 0), 1000)
        self.words = legible(words, WORDS)
        if parts is not None:
            self.parts = {name: min(max(part, 0), 1000) for name, part in parts.items()}

    def note(self, words: str) -> None:
        """Add a line to the log; written at the next beat."""
        self.lines.append(legible(words, LINE))

    async def progress(self, permille: int, words: str = "", parts: Mapping[str, int] | None = None) -> None:
        """The same as `tell`, and lets others run, so that a long loop can be stopped here."""
        self.tell(permille, words, parts)
        await asyncio.sleep(0)

    async def log(self, words: str) -> None:
        """The same as `note`, and lets others run."""
        self.note(words)
        await asyncio.sleep(0)
