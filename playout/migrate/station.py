"""A channel as a migration draws it up, on its way to channels.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from playout.migrate.writing import Line, Lines, Value, Word, clock, span

DAY: Final = 86_400
"""Seconds of a day."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFF_AIR: Final[dict[str, Value]] = {"any": ["off-air"]}
"""What nothing in a library is tagged with, so filler airs, or the slate."""
_QUIET: Final = "nothing has this tag, so what airs is filler, or the slate"
HEAVIEST: Final = 100
"""The greatest weight of a source."""


@dataclass(frozen=True, slots=True)
class Source:
    """Some programs and their order."""

    include: Value
    """A query, the name of a collection, or a list of those."""
    order: str = "shuffle"
    weight: int = 1
    run: str = ""
    """Order `rotation`: how many episodes of a series follow each other; `all`, or empty for one."""
    position: str = ""

    @property
    def lines(self) -> dict[str, Value]:
        """What it says."""
        said: dict[str, Value] = {"include": self.include, "order": Word(self.order)}
        if self.run:
            said["run"] = Word(self.run)
        if self.position:
            said["position"] = self.position
        return said


@dataclass(frozen=True, slots=True)
class Block:
    """How a stretch of air is programmed."""

    sources: tuple[Source, ...]
    pad: int = 0
    """In seconds; 0 for none."""
    overrun: int | None = None
    """In seconds; None for as far as it takes."""
    ads: Mapping[str, Value] | None = None
    before: Value | None = None
    after: Value | None = None
    filler: Value | None = None
    title: str = ""

    @property
    def lines(self) -> tuple[Line, ...]:
        """What it says."""
        said: dict[str, Value] = {"title": self.title} if self.title else {}
        said |= self._programs()
        if self.pad:
            said["pad"] = span(self.pad)
        if self.overrun is not None:
            said["overrun"] = span(self.overrun)
        between = {"ads": self.ads, "before": self.before, "after": self.after, "filler": self.filler}
        said |= {key: value for key, value in between.items() if value is not None}
        return tuple(Line(key, value, _QUIET if value == OFF_AIR else "") for key, value in said.items())

    def _programs(self) -> dict[str, Value]:
        if len(self.sources) == 1:
            return self.sources[0].lines
        heaviest = max((source.weight for source in self.sources), default=1)
        shares = [max(1, source.weight * HEAVIEST // max(heaviest, HEAVIEST)) for source in self.sources]
        weighted = zip(self.sources, shares, strict=True)
        return {"programs": [{**source.lines, "weight": weight} for source, weight in weighted]}


@dataclass(frozen=True, slots=True)
class Daypart:
    """A block with a time."""

    name: str
    start: int
    """Seconds after local midnight, less than a day's."""
    block: Block
    stop: int | None = None
    """Seconds after local midnight, up to a day's; not after `start` for tomorrow. None ends it after `count`."""
    count: int = 1
    days: tuple[int, ...] = ()
    """Weekdays, 0 for Monday; empty for all."""
    priority: int = 0
    late: str = ""
    """Empty for what the language does by itself."""
    why: str = ""

    @property
    def line(self) -> Line:
        """What it says."""
        said: dict[str, Value] = {}
        if self.stop is None:
            said |= {"at": clock(self.start), "count": self.count}
        else:
            said |= {"from": clock(self.start), "to": clock(self.stop)}
        if self.days and len(self.days) < len(WEEKDAYS):
            said["days"] = [Word(WEEKDAYS[day]) for day in self.days]
        if self.priority:
            said["priority"] = self.priority
        if self.late:
            said["late"] = Word(self.late)
        timed = tuple(Line(key, value) for key, value in said.items())
        return Line(self.name, Lines((*timed, *self.block.lines)), self.why)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel."""

    id: str
    number: str
    name: str
    block: Block
    dayparts: tuple[Daypart, ...] = ()
    group: str = ""
    logo: str = ""
    zone: str = ""
    subtitles: tuple[str, ...] = ()
    why: str = ""

    @property
    def line(self) -> Line:
        """What it says."""
        said: dict[str, Value] = {"number": Word(self.number), "name": self.name}
        texts = {"group": self.group, "logo": self.logo, "zone": Word(self.zone), "subtitles": list(self.subtitles)}
        said |= {key: value for key, value in texts.items() if value}
        who = tuple(Line(key, value) for key, value in said.items())
        parts = Lines(tuple(self._line(part) for part in self.dayparts))
        when = (Line("dayparts", parts),) if self.dayparts else ()
        return Line(self.id, Lines((*who, *self.block.lines, *when)), self.why)

    def _line(self, part: Daypart) -> Line:
        """The daypart: it does not say what it takes from its channel, and refuses what it shall not take."""
        line, own = part.line, {one.key: one.value for one in self.block.lines if one.key in _TAKEN}
        below = line.value.lines if isinstance(line.value, Lines) else ()
        kept = [one for one in below if one.key not in own or own[one.key] != one.value]
        said = {one.key for one in below}
        refused = [Line(key, Word("none")) for key in own if key not in said and key != "filler"]
        return Line(line.key, Lines((*kept, *refused)), line.why)


_TAKEN: Final = ("pad", "overrun", "ads", "before", "after", "filler")
"""What a daypart takes from its channel unless it says otherwise."""


def times_of_week(start: int, stop: int) -> list[tuple[int, int, int]]:
    """The stretch of a week from `start` to `stop`, in seconds after Monday's midnight, as weekday, from and to.

    `stop` is after `start`, and both may lie beyond the week; what is longer than a day is cut at midnights.
    """
    found = []
    while start < stop:
        day, second = divmod(start, DAY)
        end = min(stop, (day + 1) * DAY) if stop - start > DAY else stop
        last = (end - day * DAY) % DAY or DAY
        found.append((day % len(WEEKDAYS), second, last))
        start = end
    return found
