"""How a channel is programmed: what airs, in which order, when, what comes between, and what never.

Law: rules are values. What people write in short is written out here in full: a daypart has all that it
took from its channel, so no choice depends on where a setting stood.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from playout.core.catalog import Query
from playout.core.dates import Dates
from playout.core.ticks import Ticks
from playout.core.wall import DAY_SECONDS, ClockChange

NONE: Final = Ticks(0)
"""No time; for what it bounds, no bound."""


class Order(StrEnum):
    """In which order matching programs air."""

    SHUFFLE = "shuffle"
    """Every item once, in an order that changes from lap to lap; the parts of a story one after the other."""
    SEQUENCE = "sequence"
    """By series, season, episode, title; then again."""
    NEWEST = "newest"
    """From the newest to the oldest; what arrives meanwhile airs next."""
    CHRONOLOGICAL = "chronological"
    """By the day on which they came out, then by title; then again."""
    LISTED = "listed"
    """As the query lists them; then again."""
    RANDOM = "random"
    """Any of them, each time anew; with a cool-down, not one that aired within it."""
    ROTATION = "rotation"
    """From series to series, `run` episodes of each, each series in sequence from where it stopped."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A position that is counted by days and not remembered: channels that share it are at the same place."""

    since: int
    """The local day on which the first item is due, as a proleptic ordinal."""
    a_day: int = 1
    """How many items a day takes."""


@dataclass(frozen=True, slots=True)
class Source:
    """Some programs and the order in which they air."""

    include: tuple[Query, ...]
    """Meant by at least one of these."""
    exclude: tuple[Query, ...] = ()
    """And by none of these."""
    order: Order = Order.SHUFFLE
    weight: int = 1
    """How many of so many choices fall on it, beside the other sources of its block."""
    run: int = 1
    """Order `rotation`: how many episodes of a series follow each other; 0 for all of them."""
    cooldown: Ticks = NONE
    """Order `random`: how long after it began an item cannot be chosen again."""
    position: str = ""
    """Under which name its position is kept: sources of one channel with the same name go on where the other
    stopped. Empty for one of its own."""
    calendar: Calendar | None = None
    """Where its position comes from instead: the days since a date."""


class Roll(StrEnum):
    """Where a break may come."""

    PRE = "pre"
    """Before a program."""
    MID = "mid"
    """At the break points of a program."""
    POST = "post"
    """After a program."""


@dataclass(frozen=True, slots=True)
class Cap:
    """No ad more often than `times` in any stretch of `within`."""

    times: int
    within: Ticks


@dataclass(frozen=True, slots=True)
class Ads:
    """When breaks come and what fills them."""

    every: Ticks
    """The least time of program between two breaks."""
    pod: Ticks
    """The length of a break that is aimed for."""
    query: Query
    """The ads."""
    opens: Query | None = None
    """The bumpers into a break; None for none."""
    closes: Query | None = None
    """The bumpers out of it."""
    most: int = 0
    """How many ads a pod has at most; 0 for any number."""
    load: Ticks = NONE
    """How much of a clock hour may be ads; 0 for any amount."""
    rolls: tuple[Roll, ...] = (Roll.MID, Roll.POST)
    after: Ticks = NONE
    """No mid-roll before so much of a program has played (R-17)."""
    before: Ticks = NONE
    """No mid-roll with less than this of a program left to play (R-17)."""
    advertiser: Ticks = NONE
    """Between the starts of two ads of one advertiser, at least; never two in a pod, whatever this says."""
    category: Ticks = NONE
    """Between the starts of two ads of one category, at least; never two in a pod when it is not 0."""
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """How a stretch of air is programmed."""

    sources: tuple[Source, ...]
    ads: Ads | None = None
    filler: Query | None = None
    """What fills the time to the next start, and airs when nothing matches; without it the slate."""
    before: Query | None = None
    """A bumper before each program."""
    after: Query | None = None
    """A bumper after each program."""
    pad: Ticks = NONE
    """Programs start on multiples of this past the local hour, filled up with filler; 0 for at once."""
    overrun: Ticks | None = None
    """How far a program may run past the end of the block; None for as far as it takes."""
    title: str = ""
    """What the guide calls a run of short programs of this block; empty for the channel's name."""


class Late(StrEnum):
    """What happens when a program still runs at the start of a daypart."""

    RUN = "run"
    """It plays to its end, and the daypart begins late."""
    CUT = "cut"
    """It ends at the cut that is nearest to the start (C-5)."""
    SKIP = "skip"
    """It plays to its end, and the daypart is left out that time."""


@dataclass(frozen=True, slots=True)
class Daypart:
    """A stretch of the local day that is programmed in a way of its own."""

    name: str
    start: int
    """Seconds after local midnight."""
    stop: int | None
    """Seconds after the same midnight; more than a day's for one that ends tomorrow. None for one that ends by
    itself, after `count` programs."""
    block: Block
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """The weekdays on which it begins, 0 for Monday."""
    dates: tuple[Dates, ...] = ()
    """The days on which it begins; empty for every day."""
    priority: int = 0
    """Of dayparts that overlap the one with the highest airs, and of those the one that is listed first."""
    late: Late = Late.RUN
    count: int = 1
    """How many programs it has when it has no `stop`."""


@dataclass(frozen=True, slots=True)
class Watershed:
    """Programs of these ratings air only within a stretch of the local day."""

    ratings: tuple[str, ...]
    """As assets have them; `unrated` for those that have none."""
    start: int
    """Seconds after local midnight."""
    stop: int
    """Seconds after the same midnight, more than a day's for tomorrow."""

    @property
    def tomorrow(self) -> bool:
        """Whether it ends on the day after."""
        return self.stop > DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Rival:
    """Another channel that shares titles with this one, as far as it matters which titles it could air."""

    channel: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """No title within a time on two channels of a group."""

    within: Ticks
    group: str
    rivals: tuple[Rival, ...]
    """All channels of the group, this one included, in the order of their ids."""


@dataclass(frozen=True, slots=True)
class Never:
    """What a channel does not do.

    Rights, territories and watersheds bind; of the rest the least bad is done when nothing else is left.
    """

    repeat: Ticks = NONE
    """From the start of a title to its next start, at least."""
    apart: Apart | None = None
    watersheds: tuple[Watershed, ...] = ()
    territories: tuple[str, ...] = ()
    """Where the channel is seen, ISO 3166-1 alpha-2: an asset must be free for all of them."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a channel is programmed."""

    block: Block
    """What airs when no daypart says otherwise."""
    dayparts: tuple[Daypart, ...] = ()
    never: Never = Never()
    clock_change: ClockChange = field(default_factory=ClockChange)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks, the channel's first."""
        return (self.block, *(daypart.block for daypart in self.dayparts))
