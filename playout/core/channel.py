"""A channel: who it is, and the revisions of the rules by which it is programmed.

Law: a revision is published once and never changes. Which one chose a turn depends on when the turn
starts, not on when the choice was made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.airing import BEGINNING
from playout.core.rules import Rules
from playout.core.wall import Change, Zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playout.core.airing import Tail


class Access(StrEnum):
    """Who may play a channel."""

    OPEN = "open"
    SIGNED = "signed"
    """Who has an address with a token for it."""
    PREMIUM = "premium"
    """The same; the control plane gives one to whose plan includes it."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Who a channel is: what players and guides see of it. Only `genesis`, `house` and `id` are for life."""

    id: str
    """A name for URLs, e.g. `films`; never used again for another channel."""
    number: str
    """What people type, e.g. `2` or `2.1`."""
    name: str
    house: str
    genesis: datetime
    """The instant of tick 0, in UTC."""
    languages: tuple[str, ...] = ("en",)
    """BCP 47 tags of the audio renditions, the default one first; an asset that lacks one plays its main audio."""
    subtitles: tuple[str, ...] = ()
    """BCP 47 tags of the subtitle renditions."""
    window: int = 30
    """Segments in a live playlist."""
    group: str = ""
    """The group-title of M3U."""
    description: str = ""
    logo: str = ""
    """URL of a picture; empty for a drawn one."""
    zone: str = "UTC"
    """IANA name of the time zone its day is planned in."""
    access: Access = Access.OPEN
    ages: int | None = None
    """From which age on it is for, in years, with all that it airs; None: nobody said."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The channel that a derived one repeats."""

    channel: str
    """Its id."""
    offset: timedelta = timedelta(0)
    """A mirror airs what its parent aired so long ago; negative for what it will air."""
    regional: bool = False
    """Whether it is no mirror but a copy with ads of its own: the same programs at the same instants."""
    begun: datetime | None = None
    """A regional copy: its log begins with the turn that its parent aired at this instant, in UTC."""

    @property
    def mirror(self) -> bool:
        """Whether the parent's log is its own."""
        return not self.regional


class Wish(NamedTuple):
    """What somebody wants of one turn, besides the rules."""

    asset: str
    """The asset that it is about."""
    skip: bool = False
    """Whether it is not to be aired although its turn has come; else it airs next."""
    by: str = ""
    """Who wants it."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An order that pulls assets off a channel's air, or gives them back to it. The newest one counts."""

    assets: tuple[str, ...]
    ordered: datetime
    """When, in UTC."""
    reason: str = ""
    """For people."""
    back: bool = False
    """Whether the assets may air again."""


IDLE_LEAD: Final = timedelta(seconds=60)
"""The lead of a channel that has no program to air: the first film reaches it within two minutes."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A published, numbered set of a channel's rules."""

    number: int
    """From 1, without a gap."""
    effective: datetime
    """From when on it is in force, in UTC."""
    catalog: str
    """The digest of the catalog it chooses from."""
    channel: Channel
    rules: Rules
    horizon: timedelta = field(default=timedelta(minutes=10))
    """How far ahead of air the log is committed."""
    retired: bool = False
    """Whether the channel ends: once this revision is in force, it is served no more, and its log rests."""
    source: str = "file"
    """Who published it, `file` or `api`: a channel is retired only by who published it."""
    choice: str = ""
    """A digest of what its rules match: another catalog with the same choice gives the same turns."""
    changes: tuple[Change, ...] = ()
    """The clock changes of the channel's zone, for a decade or two: the schedule does not depend on anybody's
    time zone database."""
    parent: Parent | None = None
    """What it repeats, when it is derived."""
    undoes: str = ""
    """A digest of what was published before, where a person took that back: it is not published again."""
    restores: int = 0
    """The number of the earlier revision that it repeats, when a rollback published it."""
    ahead: timedelta = timedelta(0)
    """How far its mirrors are ahead of it, at most: idle or not, it is decided so much sooner."""
    author: str = ""
    """Which person published it; empty for whoever saved the file."""
    note: str = ""
    """What that person did, in a few words."""
    wishes: tuple[Wish, ...] = ()
    """What the first turns that it chooses are to be, whatever the rules say; each is served once, in this order."""

    @property
    def clocks(self) -> Zone:
        """The clocks by which its day is planned."""
        return Zone(self.changes)

    @property
    def seed(self) -> str:
        """What sets this channel's shuffles apart from every other's; the same for its whole life."""
        return self.channel.id

    def lead(self, *, idle: bool) -> timedelta:
        """How far ahead of air a turn is chosen: the horizon, or less while filler or slate stands in."""
        return min(self.horizon, IDLE_LEAD + self.ahead) if idle else self.horizon

    @property
    def mirrors(self) -> str:
        """The id of the channel whose log is its own, for a mirror; empty for all others."""
        return self.parent.channel if self.parent and self.parent.mirror else ""


def in_force(revisions: Sequence[Revision], start: datetime, tail: Tail = BEGINNING) -> Revision:
    """The revision that chooses the turn which starts at `start`, after `tail`.

    It is the newest one that was effective a lead before `start`: whoever computes the turn, and
    whenever, finds the same (design.md section 5). It is never older than the one that chose the turn
    before. `revisions` is not empty and in the order of numbers.
    """
    for revision in reversed(revisions):
        if revision.number <= tail.revision or revision.effective <= start - revision.lead(idle=tail.idle):
            return revision
    return revisions[0]
