"""What airs: airings, the turns they come in, and the tail from which the next turn grows.

Law (Join): each airing follows its neighbour: index +1, start where it ended, first_msn after its last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from playout.core.ticks import Ticks


class Role(StrEnum):
    """What an airing is on air for."""

    PROGRAM = "program"
    AD = "ad"
    BUMPER = "bumper"
    FILLER = "filler"
    SLATE = "slate"


@dataclass(frozen=True, slots=True)
class Airing:
    """One stretch of air from one asset: segments `first` up to, not including, `stop`."""

    index: int
    """Its place in the channel's log, from 0. Also the discontinuity sequence of its segments (H-11)."""
    start: Ticks
    """Since genesis."""
    end: Ticks
    first_msn: int
    """The media sequence number of segment `first`."""
    asset: str
    first: int
    stop: int
    role: Role
    reason: str = ""
    """Why it was chosen, for people."""

    @property
    def end_msn(self) -> int:
        """The media sequence number after its last segment's."""
        return self.first_msn + self.stop - self.first


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a source stands: what the next choice needs to know of all choices before."""

    source: str
    """Which source: `programs`, `ads`, `bumpers`, `filler`, or one that people named."""
    lap: int = 0
    """How often the whole pool has been played."""
    key: str = ""
    """The sort key of the item chosen last."""
    high: str = ""
    """The sort key up to which arrivals have aired (order `newest`)."""
    owed: tuple[str, ...] = ()
    """The ids of items whose turn has come but that could not air then; they are asked first."""
    last: str = ""
    """The id of the item chosen last."""
    run: int = 0
    """How many items of a run have aired (order `rotation`), or how many choices fell on it in this lap."""


class Recent(NamedTuple):
    """A start that is remembered, because something may not start again too soon."""

    work: str
    """`Title.work` of what started."""
    start: Ticks
    """Since genesis."""


GENESIS: Final = Ticks(0)


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a log: all that the next turn needs to know of the past."""

    index: int = 0
    start: Ticks = GENESIS
    msn: int = 0
    since_break: Ticks = GENESIS
    """Program aired since the last break."""
    cursors: tuple[Cursor, ...] = ()
    revision: int = 0
    """The number of the revision that chose the last turn; an older one never chooses again."""
    idle: bool = False
    """Whether the last turn aired for want of a program: the rules are asked again soon."""
    recent: tuple[Recent, ...] = ()
    """Programs, as far back as a rule looks, oldest first."""
    spots: tuple[Recent, ...] = ()
    """Ads, as far back as a rule looks, oldest first."""
    hour: int = 0
    """The clock hour since 1970 that `load` is of."""
    load: Ticks = GENESIS
    """How much of that hour's air was ads."""
    daypart: str = ""
    """The daypart that chose the last turn; empty for the channel's own block."""
    due: Ticks = GENESIS
    """When that daypart was to start."""
    count: int = 0
    """How many programs it has aired since."""
    asked: Ticks = Ticks(-1)  # noqa: RUF009 — an integer
    """For which tick the daypart of the last turn was looked up: what became due since then is still to begin."""
    served: int = 0
    """How many wishes of the revision that chose the last turn are served."""

    def cursor(self, source: str) -> Cursor:
        """Where `source` stands; at its beginning when it was never asked."""
        return next((cursor for cursor in self.cursors if cursor.source == source), Cursor(source))

    def moved(self, *cursors: Cursor) -> tuple[Cursor, ...]:
        """The cursors with these ones in the place of their namesakes, by name."""
        merged = {cursor.source: cursor for cursor in self.cursors}
        known = len(merged)
        merged.update((cursor.source, cursor) for cursor in cursors)
        if len(merged) == known:  # these stand in order
            return tuple(merged.values())
        return tuple(merged[source] for source in sorted(merged))


BEGINNING: Final = Tail()
"""The end of an empty log."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A program with its breaks: the unit of choice and of commit. As a document, one entry of the log."""

    revision: int
    """The number of the revision that chose it."""
    catalog: str
    """The digest of the catalog it was chosen from."""
    airings: tuple[Airing, ...]
    """At least one."""
    tail: Tail
    """The end of the log after it."""
    block: str = ""
    """What the guide calls a run of short programs of its block; empty for the channel's name."""
    title: str = ""
    """What its program was called when it was chosen: what players were told of it never changes (H-59)."""
    kind: str = ""
    """What that program was: `movie`, `episode`."""

    @property
    def index(self) -> int:
        """The index of its first airing: the turn's name in the log."""
        return self.airings[0].index

    @property
    def start(self) -> Ticks:
        """When its first airing starts."""
        return self.airings[0].start

    @property
    def end(self) -> Ticks:
        """When its last airing ends."""
        return self.airings[-1].end

    @property
    def program(self) -> tuple[Airing, Airing] | None:
        """The first and the last airing of its program; None for a turn of filler or slate."""
        parts = [airing for airing in self.airings if airing.role is Role.PROGRAM]
        return (parts[0], parts[-1]) if parts else None


# What reports find in reasons. Logs keep these words: another wording is read beside the former one, not in its place.

OPENS: Final = "opens the break"
CLOSES: Final = "closes the break"
"""How the reasons of the bumpers begin that are of a break."""
NOTHING_MATCHES: Final = "nothing matches"
ALL_REFUSED: Final = "everything is refused"
"""How the reason begins of what airs because there was no program."""
NOT_HERE: Final = " is not shown here: "
"""What the reason says of slate in a regional copy, in the place of what the region may not see."""
WISHED: Final = "played next, as wished by "
"""How the reason of a program begins that somebody asked for."""
THOUGH: Final = "; the least bad of all, though "
"""What the reason of a program says that airs against a rule."""


@dataclass(frozen=True, slots=True)
class Break:
    """A break of a turn: a pod of ads, with the bumpers into it and out of it."""

    airings: tuple[Airing, ...]
    """At least one."""
    roll: str
    """`pre`, `mid` or `post`: before its program, within it, after it."""
    part: int
    """How many parts of the program air before it."""

    @property
    def index(self) -> int:
        """The index of its first airing: the break's name in the log."""
        return self.airings[0].index

    @property
    def ads(self) -> tuple[Airing, ...]:
        """Its ads."""
        return tuple(airing for airing in self.airings if airing.role is Role.AD)

    @property
    def length(self) -> Ticks:
        """How long its ads are together."""
        return Ticks(sum(airing.end - airing.start for airing in self.ads))

    def position(self, index: int) -> int:
        """Which of its ads the airing `index` is, from 1; 0 for a bumper."""
        return next((place for place, airing in enumerate(self.ads, 1) if airing.index == index), 0)


def breaks_of(turn: Turn) -> dict[int, Break]:
    """The break in which an airing of `turn` is, by the airing's index.

    Slate belongs to a break when the break goes on after it: a regional copy fills what its own ads leave over.
    """
    found: dict[int, Break] = {}
    parts = sum(airing.role is Role.PROGRAM for airing in turn.airings)
    part, on, slate = 0, list[Airing](), list[Airing]()
    for airing in (*turn.airings, None):
        if airing is not None and _of_break(airing):
            on += [*(slate if on else ()), airing]
            slate = []
            continue
        if airing is not None and airing.role is Role.SLATE:
            slate.append(airing)
            continue
        if on:
            roll = "pre" if part == 0 else "post" if part == parts else "mid"
            one = Break(tuple(on), roll, part)
            found.update((each.index, one) for each in on)
        on, slate = [], []
        part += airing is not None and airing.role is Role.PROGRAM
    return found


def _of_break(airing: Airing) -> bool:
    return airing.role is Role.AD or (airing.role is Role.BUMPER and airing.reason.startswith((OPENS, CLOSES)))
