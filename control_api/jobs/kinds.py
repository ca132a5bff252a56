"""Kinds of jobs: what each is given, who does it, how often it is tried, and how many run at once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from control_api.jobs.work import Work
from control_api.settings import Settings
from control_api.tables import Job

Given = TypeVar("Given", bound=BaseModel)

PAUSES: Final = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))
"""How long a job rests before its second, third, ... attempt; the last one holds for all that follow."""


@dataclass(frozen=True, slots=True)
class JobKind(Generic[Given]):
    """A kind of job."""

    name: str
    model: type[Given]
    """What a job of this kind is given. It is stored: no secrets."""
    work: Callable[[Work, Given], Awaitable[BaseModel | None]] | None
    """Does it, and answers what came of it. None: this process takes such jobs in, and others do them."""
    attempts: int = 3
    """How often it is begun at most."""
    pauses: tuple[timedelta, ...] = PAUSES
    here: int | None = None
    """How many of them one worker runs at a time; None: as many as it runs jobs."""
    everywhere: int | None = None
    """How many of them all workers together run at a time; None: any number."""
    room: Callable[[Settings, Given], int] | None = None
    """How many bytes of the store's disk it needs; may read files, and is asked in a thread."""
    ended: Callable[[AsyncSession, Job], Awaitable[None]] | None = None
    """Is called in the transaction in which a job succeeds, fails for good or is canceled."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not re.fullmatch(r"[a-z]+(_[a-z]+)*", self.name) or self.attempts < 1 or not self.pauses:
            message = f"{self.name!r}: a kind has a name of small letters, at least one attempt, and pauses"
            raise ValueError(message)

    def pause(self, attempts: int) -> timedelta:
        """How long to rest after so many attempts."""
        return self.pauses[min(max(attempts, 1), len(self.pauses)) - 1]


AnyKind = JobKind[Any]
