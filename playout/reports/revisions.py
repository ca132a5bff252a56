"""A channel's revisions: who published which when, and what each changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from playout.core.difference import edits

if TYPE_CHECKING:
    from playout.core.channel import Revision
    from playout.station import Station


@dataclass(frozen=True, slots=True)
class Told:
    """One revision, in short."""

    number: int
    effective: datetime
    """In UTC."""
    author: str
    """The person, or what published it: `file`, `api`."""
    what: str
    """What it changed, and by which command."""


def revisions(station: Station, channel: str) -> tuple[Told, ...]:
    """All revisions of a channel, the oldest first. Raises `UnknownChannel`, `StoreDown` and `Corrupt`."""
    found = station.revisions(channel)
    first = Told(found[0].number, found[0].effective, found[0].author or found[0].source, _noted(found[0], "new"))
    return (first, *(_told(before, after) for before, after in pairwise(found)))


def _told(before: Revision, after: Revision) -> Told:
    said = "; ".join(str(edit) for edit in edits(before, after)) or "nothing that airs"
    return Told(after.number, after.effective, after.author or after.source, _noted(after, said))


def _noted(revision: Revision, said: str) -> str:
    return f"{revision.note}: {said}" if revision.note else said


def written(told: tuple[Told, ...]) -> str:
    """The revisions as lines for people, the newest first."""
    authors = max((len(one.author) for one in told), default=0)
    return "".join(
        f"{one.number:>4}  {one.effective:%Y-%m-%d %H:%M:%SZ}  {one.author:<{authors}}  {one.what}\n"
        for one in reversed(told)
    )
