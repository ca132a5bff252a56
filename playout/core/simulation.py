"""What a channel would air over a long time, in figures: the schedule run ahead and counted in one pass.

Law: the figures are of the very turns that `next_turn` gives, and no turn is kept. What is remembered grows with
the titles and the hours of the local day, and not with what airs. A seam that does not join raises `BrokenLog`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.airing import Role
from playout.core.catalog import UNRATED
from playout.core.channel import in_force
from playout.core.daypart import PUNCTUAL
from playout.core.draw import Stuck
from playout.core.never import Rule
from playout.core.playlog import BrokenLog
from playout.core.schedule import drafted
from playout.core.shelves import shelves_of
from playout.core.ticks import TIMEBASE, Ticks, instant_at
from playout.core.wall import DAY_SECONDS, EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from playout.core.airing import Airing, Tail, Turn
    from playout.core.catalog import Catalog, Item
    from playout.core.channel import Revision
    from playout.core.draw import Passed
    from playout.core.schedule import Catalogs, Drafted
    from playout.core.wall import Zone

HOUR: Final = 3600
_MINUTE: Final = 60 * TIMEBASE
_NOTHING: Final = Ticks(0)
_UNHEARD: Final = Ticks(-1)


class Total(NamedTuple):
    """How often and how long something aired."""

    name: str
    airings: int
    """Of programs, how many began; of the rest, how many airings there were."""
    airtime: Ticks


class Part(NamedTuple):
    """What one daypart had on air; the channel's own block has no name."""

    name: str
    programs: int
    airtime: Ticks
    ads: Ticks
    filler: Ticks
    slate: Ticks
    late: int
    """How often it began more than a moment after it was due, because what came before ran over."""
    latest: Ticks
    """How late at most."""


class Often(NamedTuple):
    """How often a title began."""

    title: str
    times: int
    nearest: Ticks
    """The shortest time between two of its starts; 0 for one that began once."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """How titles came back: all times are between the starts of two airings of one title."""

    titles: tuple[Often, ...]
    """The one that began most often first."""
    again: int
    """How often a title began that had begun before."""
    shortest: Ticks
    """0 when nothing came back, as the next three."""
    median: Ticks
    """To the minute."""
    longest: Ticks
    first: Ticks
    """How long after the beginning the first title came back."""


class Load(NamedTuple):
    """What air one hour of the local day had in a month, or in all of them, and how much of that was ads."""

    month: str
    """`2026-03`; empty for all months."""
    hour: int
    air: Ticks
    ads: Ticks


@dataclass(frozen=True, slots=True)
class Breaks:
    """The breaks and what was in them."""

    pods: int
    ads: Ticks
    """All ads together."""
    short: int
    """How many pods were shorter than what was aimed for by more than a tenth."""
    missing: Ticks
    """How much all pods lacked together."""
    empty: int
    """How many breaks were due and had no ad at all."""
    longest_without: Ticks
    """The longest time from the end of one pod to the start of the next one; 0 when there are not two."""
    worst: Ticks
    """The most ads in one clock hour."""
    worst_at: datetime | None
    """When that hour began, in UTC; None where there are no ads."""


class Breach(NamedTuple):
    """A program that aired although a rule spoke against it: the least bad of all."""

    at: datetime
    """In UTC."""
    daypart: str
    title: str
    rule: Rule
    reason: str


class Standing(NamedTuple):
    """What stood in for want of a program."""

    at: datetime
    """In UTC."""
    daypart: str
    reason: str


class OddDay(NamedTuple):
    """A local day on which clocks are changed."""

    day: date
    seconds: int
    """How long it lasts."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What was on for most of each hour of each local day."""

    legend: tuple[str, ...]
    """The names; in a grid of dayparts the channel's own block has none."""
    days: tuple[tuple[date, tuple[int, ...]], ...]
    """For each day 24 places in the legend; -1 where there was no such hour."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """The figures of a stretch of air."""

    channel: str
    start: datetime
    """In UTC."""
    stop: datetime
    """When the last turn ended."""
    turns: int
    airings: int
    roles: tuple[Total, ...]
    kinds: tuple[Total, ...]
    """Programs, as all totals that follow: the greatest airtime first."""
    tags: tuple[Total, ...]
    series: tuple[Total, ...]
    genres: tuple[Total, ...]
    ratings: tuple[Total, ...]
    sources: tuple[Total, ...]
    """By the name under which a source keeps its position."""
    dayparts: tuple[Part, ...]
    repeats: Repeats
    breaks: Breaks
    hours: tuple[Load, ...]
    """By hour of the local day."""
    months: tuple[Load, ...]
    """By month and hour."""
    slate_run: Ticks
    """The longest slate without anything else between."""
    truncated: int
    """Programs that the next daypart cut."""
    refused: tuple[tuple[str, int], ...]
    """How often each rule passed an item over that was to be the next program."""
    gave_way: tuple[tuple[str, int], ...]
    """How often each rule gave way because nothing else was left."""
    breach: Breach | None
    """The first time that one did."""
    stood_in: int
    """How many turns were without a program."""
    idle: int
    """How many of them because nothing matched at all."""
    held: int
    """How many of them because all that matched was refused, and not only because it was too long."""
    standing: Standing | None
    """The first turn without a program."""
    slate: Standing | None
    """The first slate."""
    unaired: tuple[str, ...]
    """The titles that the rules ask for and that never began, in order."""
    odd_days: tuple[OddDay, ...]
    by_daypart: Grid
    by_label: Grid
    """By genre, series or tag: what tells the programs of the channel apart best."""

    @property
    def air(self) -> Ticks:
        """How much air was counted."""
        return Ticks(sum(total.airtime for total in self.roles))

    def airtime(self, role: Role) -> Ticks:
        """How much of it was on air as `role`."""
        return next((total.airtime for total in self.roles if total.name == role), _NOTHING)


def simulated(
    revisions: Sequence[Revision],
    catalogs: Catalogs,
    tail: Tail,
    stop: datetime,
    start: datetime | None = None,
    most: int | None = None,
) -> Simulation:
    """The figures of the turns after `tail` that begin before `stop`, at `most` so many.

    Those before `start` are not counted.
    """
    genesis = revisions[0].channel.genesis
    tally: _Tally | None = None
    revision = in_force(revisions, instant_at(genesis, tail.start), tail)
    while (at := instant_at(genesis, tail.start)) < stop and (most is None or tally is None or tally.turns < most):
        revision = in_force(revisions, at, tail)
        catalog = catalogs(revision)
        if tally is None and (start is None or at >= start):
            tally = _Tally(revision, tail, labels(revision, catalog))
        draft = drafted(revision, catalog, tail)
        if tally is not None:
            tally.count(draft, catalog)
        tail = draft.turn.tail
    tally = tally or _Tally(revision, tail, {})
    return tally.figures(revision, catalogs(revision))


class _Played:
    """How often a title began, and when last."""

    __slots__ = ("last", "nearest", "times", "title")

    def __init__(self, title: str) -> None:
        self.title, self.times, self.last, self.nearest = title, 0, _NOTHING, _NOTHING


class _Sum:
    """What a daypart had on air."""

    __slots__ = ("ads", "air", "filler", "late", "latest", "programs", "slate")

    def __init__(self) -> None:
        self.programs = self.late = self.air = self.ads = self.filler = self.slate = self.latest = 0


class _Run(NamedTuple):
    """A stretch of one role within a turn."""

    role: Role
    start: Ticks
    end: Ticks


class _Tally:
    """The counts of a simulation; lives only within `simulated`."""

    def __init__(self, revision: Revision, tail: Tail, named: Mapping[str, str]) -> None:
        self.genesis: Final = revision.channel.genesis
        self.start: Final = tail.start
        self.at, self.index, self.msn = tail.start, tail.index, tail.msn
        self.turns = 0
        self.named: Final = named
        self.items: dict[str, Item] = {}
        self.aired: dict[Role, dict[str, list[int]]] = {role: {} for role in Role}
        """For each role and asset, how many airings and how many ticks."""
        self.begun: dict[str, int] = {}
        """How often each asset began as a program."""
        self.works: dict[str, str] = {}
        self.played: dict[str, _Played] = {}
        self.distances: Counter[int] = Counter()
        """Between two starts of a title, in minutes."""
        self.nearest = self.furthest = self.first_again = _NOTHING
        self.parts: dict[str, _Sum] = {}
        self.sources: dict[str, tuple[int, int]] = {}
        self.boundary: int | None = None
        """When the turn before was to give way."""
        self.truncated = self.slate_run = self.stood_in = self.idle = self.held = 0
        self.slate_begun = self.slate_end = _UNHEARD
        self.refused: Counter[Rule] = Counter()
        self.gave_way: Counter[Rule] = Counter()
        self.breach: Breach | None = None
        self.standing: Standing | None = None
        self.slate: Standing | None = None
        self.pods: Final = _Pods()
        self.hours: Final = _Hours(revision, tail.start)

    def count(self, draft: Drafted, catalog: Catalog) -> None:
        """Count one more turn."""
        turn, name = draft.turn, draft.slot.name
        part = self.parts.get(name)
        if part is None:
            part = self.parts[name] = _Sum()
        self._begin(turn, part)
        begun = next((airing for airing in turn.airings if airing.role is Role.PROGRAM), None)
        self.hours.turn(turn.start, name, self.named.get(begun.asset, "") if begun else turn.airings[0].role)
        played = self._spend(self._runs(turn.airings), part, draft)
        if begun is not None:
            self._program(draft, part, begun, self._item(begun.asset, catalog), played)
        else:
            self._stand_in(draft)
        for asked in draft.asked:
            if asked.found.passed:
                self.refused.update(one.refusal.rule for one in asked.found.passed)
        if draft.breaks:
            self.pods.turn(draft)
        self.boundary = draft.slot.boundary.at if draft.slot.boundary else None
        self.turns += 1

    def _begin(self, turn: Turn, part: _Sum) -> None:
        """Count whether the turn begins late."""
        if self.boundary is not None and turn.start - self.boundary > PUNCTUAL:
            part.late += 1
            part.latest = max(part.latest, turn.start - self.boundary)

    def _runs(self, airings: Sequence[Airing]) -> list[_Run]:
        """Count the airings of a turn by asset; the stretches of one role that they make."""
        runs: list[_Run] = []
        begun, index, msn = self.at, self.index, self.msn
        at, role, entries = begun, airings[0].role, self.aired[airings[0].role]
        for airing in airings:
            end, asset = airing.end, airing.asset
            if airing.start != at or airing.index != index or airing.first_msn != msn:
                message = f"airing {airing.index} at {airing.start} does not follow the one that ends at {at}"
                raise BrokenLog(message)
            if airing.role is not role:
                runs.append(_Run(role, begun, at))
                begun, role, entries = at, airing.role, self.aired[airing.role]
            entry = entries.get(asset)
            if entry is None:
                entry = entries[asset] = [0, 0]
            entry[0] += 1
            entry[1] += end - at
            at, index, msn = end, index + 1, msn + airing.stop - airing.first
        runs.append(_Run(role, begun, at))
        self.at, self.index, self.msn = at, index, msn
        return runs

    def _spend(self, runs: list[_Run], part: _Sum, draft: Drafted) -> int:
        """Count the stretches of a turn; how long the program was on."""
        hours, program = self.hours, 0
        for role, start, end in runs:
            if end > hours.end:
                hours.cross(start, end, is_ad=role is Role.AD)
            elif role is Role.AD:
                hours.ads += end - start
            if role is Role.PROGRAM:
                program += end - start
            elif role is Role.AD:
                part.ads += end - start
                self.pods.pod(start, end)
            elif role is Role.FILLER:
                part.filler += end - start
            elif role is Role.SLATE:
                self._slate(start, end, part, draft)
        part.air += runs[-1].end - runs[0].start
        return program

    def _slate(self, start: Ticks, end: Ticks, part: _Sum, draft: Drafted) -> None:
        """Count a stretch of slate; one may go on from turn to turn."""
        part.slate += end - start
        if start != self.slate_end:
            self.slate_begun = start
        self.slate_end = end
        self.slate_run = max(self.slate_run, end - self.slate_begun)
        if self.slate is None:
            reason = next(airing.reason for airing in draft.turn.airings if airing.role is Role.SLATE)
            self.slate = Standing(instant_at(self.genesis, start), draft.slot.name, reason)

    def _item(self, asset: str, catalog: Catalog) -> Item:
        item = self.items.get(asset)
        if item is None:
            item = catalog.item(asset)
            if item is None:
                message = f"{asset} is on air, and not in the catalog it was chosen from"
                raise BrokenLog(message)
            self.items[asset] = item
            self.works[asset] = item.about.work
        return item

    def _program(self, draft: Drafted, part: _Sum, first: Airing, item: Item, played: int) -> None:
        """Count a program that began with the airing `first` and was on for `played`."""
        self.begun[item.id] = self.begun.get(item.id, 0) + 1
        part.programs += 1
        last = next(airing for airing in reversed(draft.turn.airings) if airing.role is Role.PROGRAM)
        self.truncated += last.stop < item.cuts.segments
        self._repeat(self.works[item.id], item, first.start)
        cursor = draft.asked[-1].cursor
        times, airtime = self.sources.get(cursor, (0, 0))
        self.sources[cursor] = times + 1, airtime + played
        refused = least_bad(draft)
        if refused is not None:
            self.gave_way[refused.refusal.rule] += 1
            if self.breach is None:
                at, refusal = instant_at(self.genesis, first.start), refused.refusal
                self.breach = Breach(at, draft.slot.name, item.about.title, refusal.rule, refusal.reason)

    def _repeat(self, work: str, item: Item, start: Ticks) -> None:
        """Count a start of a title."""
        played = self.played.get(work)
        if played is None:
            played = self.played[work] = _Played(item.about.title)
        elif distance := Ticks(start - played.last):
            self.distances[distance // _MINUTE] += 1
            played.nearest = min(played.nearest or distance, distance)
            self.nearest = min(self.nearest or distance, distance)
            self.furthest = max(self.furthest, distance)
            self.first_again = self.first_again or Ticks(start - self.start)
        played.times += 1
        played.last = start

    def _stand_in(self, draft: Drafted) -> None:
        """Count a turn without a program."""
        self.stood_in += 1
        passed = [one.refusal.rule for asked in draft.asked for one in asked.found.passed]
        self.idle += draft.turn.tail.idle
        self.held += bool(passed) and Rule.OVERRUN not in passed
        first = draft.turn.airings[0]
        if self.standing is None:
            self.standing = Standing(instant_at(self.genesis, first.start), draft.slot.name, first.reason)

    # The figures

    def figures(self, revision: Revision, catalog: Catalog) -> Simulation:
        """All that was counted."""
        self.hours.close(self.at)
        programs = {asset: (self.begun.get(asset, 0), entry[1]) for asset, entry in self.aired[Role.PROGRAM].items()}
        airings = sum(entry[0] for entries in self.aired.values() for entry in entries.values())
        roles = {role: [(times, length) for times, length in entries.values()] for role, entries in self.aired.items()}
        roles[Role.PROGRAM] = list(programs.values())
        stop = instant_at(self.genesis, self.at)

        def by(marks: Callable[[Item], Iterable[str]]) -> tuple[Total, ...]:
            return _totals((mark, *total) for asset, total in programs.items() for mark in marks(self.items[asset]))

        return Simulation(
            channel=revision.channel.id,
            start=instant_at(self.genesis, self.start),
            stop=stop,
            turns=self.turns,
            airings=airings,
            roles=tuple(_total(role, roles[role]) for role in Role),
            kinds=by(lambda item: (item.about.kind,)),
            tags=by(lambda item: dict.fromkeys(tag.casefold() for tag in item.about.tags)),
            series=by(lambda item: (item.about.series,) if item.about.series else ()),
            genres=by(lambda item: dict.fromkeys(genre.casefold() for genre in item.about.genres)),
            ratings=by(lambda item: (item.about.rating or UNRATED,)),
            sources=_totals((name, *entry) for name, entry in self.sources.items()),
            dayparts=tuple(self._part(name) for name in sorted(self.parts)),
            repeats=self._repeats(),
            breaks=self.pods.figures(self.hours),
            hours=self.hours.by_hour(),
            months=self.hours.by_month(),
            slate_run=Ticks(self.slate_run),
            truncated=self.truncated,
            refused=_by_rule(self.refused),
            gave_way=_by_rule(self.gave_way),
            breach=self.breach,
            stood_in=self.stood_in,
            idle=self.idle,
            held=self.held,
            standing=self.standing,
            slate=self.slate,
            unaired=self._unaired(revision, catalog),
            odd_days=odd_days(revision.clocks, instant_at(self.genesis, self.start), stop),
            by_daypart=self.hours.parts.grid(),
            by_label=self.hours.labels.grid(),
        )

    def _part(self, name: str) -> Part:
        part = self.parts[name]
        air, ads, filler, slate = map(Ticks, (part.air, part.ads, part.filler, part.slate))
        return Part(name, part.programs, air, ads, filler, slate, part.late, Ticks(part.latest))

    def _repeats(self) -> Repeats:
        titles = sorted(self.played.values(), key=_most_played)
        again = sum(self.distances.values())
        minutes = sorted(self.distances)
        behind = accumulate(self.distances[minute] for minute in minutes)
        median = next((m for m, count in zip(minutes, behind, strict=True) if 2 * count >= again), 0)
        return Repeats(
            tuple(Often(one.title, one.times, one.nearest) for one in titles),
            again,
            self.nearest,
            Ticks(median * _MINUTE),
            self.furthest,
            self.first_again,
        )

    def _unaired(self, revision: Revision, catalog: Catalog) -> tuple[str, ...]:
        wanted = shelves_of(catalog).programs(revision.channel.house, revision.rules)
        missed = (item for place in wanted if (item := catalog.items[place]).id not in self.begun)
        return tuple(sorted(item.about.title for item in missed if item.about.work not in self.played))


class _Pods:
    """The breaks of a simulation."""

    def __init__(self) -> None:
        self.count = self.total = self.short = self.missing = self.empty = self.without = 0
        self.ended = _UNHEARD
        """When the last ad ended."""
        self.lengths: list[int] = []
        """The pods of the turn that is being counted."""

    def pod(self, start: Ticks, end: Ticks) -> None:
        """Count a pod."""
        if self.ended != _UNHEARD:
            self.without = max(self.without, start - self.ended)
        self.lengths.append(end - start)
        self.ended = end

    def turn(self, draft: Drafted) -> None:
        """Count the pods of a turn."""
        self.empty += max(len(draft.breaks) - len(self.lengths), 0)
        if not self.lengths:
            return
        ads = draft.slot.block.ads
        aimed = ads.pod if ads else 0
        self.count += len(self.lengths)
        for length in self.lengths:
            self.total += length
            self.short += length * 10 < aimed * 9
            self.missing += max(aimed - length, 0)
        self.lengths.clear()

    def figures(self, hours: _Hours) -> Breaks:
        """What was counted."""
        worst_at = instant_at(hours.genesis, hours.worst_at) if hours.worst else None
        spans = Ticks(self.without), Ticks(hours.worst)
        return Breaks(self.count, Ticks(self.total), self.short, Ticks(self.missing), self.empty, *spans, worst_at)


class _Cells:
    """What was on for most of each hour."""

    def __init__(self, start: Ticks) -> None:
        self.name = ""
        self.since = start
        self.spent: dict[str, int] = {}
        """What has been on in the present hour."""
        self.cells: dict[tuple[int, int], tuple[int, str]] = {}

    def on(self, at: Ticks, name: str) -> None:
        """From `at` on, `name` is on."""
        if name != self.name:
            self._spend(at)
            self.name = name

    def _spend(self, at: Ticks) -> None:
        if at > self.since:
            self.spent[self.name] = self.spent.get(self.name, 0) + at - self.since
            self.since = at

    def hour(self, at: Ticks, cell: tuple[int, int]) -> None:
        """The hour `cell` ends at `at`; an hour that comes twice has one cell."""
        self._spend(at)
        if self.spent:
            length, name = max((length, name) for name, length in self.spent.items())
            self.cells[cell] = max(self.cells.get(cell, (0, "")), (length, name))
            self.spent.clear()

    def grid(self) -> Grid:
        """The hours of all days, with the name that was on longest first in the legend."""
        often = Counter(name for _, name in self.cells.values())
        legend = tuple(sorted(often, key=lambda name: (-often[name], name)))
        place = {name: at for at, name in enumerate(legend)}
        days = sorted({day for day, _ in self.cells})
        rows = (
            tuple(place[self.cells[day, h][1]] if (day, h) in self.cells else -1 for h in range(24)) for day in days
        )
        return Grid(legend, tuple((date.fromordinal(day + EPOCH), row) for day, row in zip(days, rows, strict=True)))


class _Hours:
    """The clock hours of a simulation: what was on in each, and how much of it was ads."""

    def __init__(self, revision: Revision, start: Ticks) -> None:
        self.genesis: Final = revision.channel.genesis
        self.zone: Final = revision.clocks
        self.changes: Final = [change.at for change in revision.changes]
        self.birth: Final = int(self.genesis.timestamp())
        self.begun = start
        self.ads = 0
        """Ads in the present hour."""
        self.parts: Final = _Cells(start)
        self.labels: Final = _Cells(start)
        self.loads: dict[tuple[int, int, int], list[int]] = {}
        """For each year, month and hour, how much air there was and how much of it was ads."""
        self.worst, self.worst_at = 0, start
        self.cell, self.end = self._hour(start)

    def _hour(self, at: Ticks) -> tuple[tuple[int, int], Ticks]:
        """The local day and hour of `at`, and when that hour ends: on the hour, or where clocks are changed."""
        second = self.birth + at // TIMEBASE
        wall = self.zone.wall(second)
        end = second + HOUR - wall % HOUR
        after = bisect_right(self.changes, second)
        change = min(end, self.changes[after]) if after < len(self.changes) else end
        day, rest = divmod(wall, DAY_SECONDS)
        return (day, rest // HOUR), Ticks((change - self.birth) * TIMEBASE)

    def turn(self, at: Ticks, daypart: str, label: str) -> None:
        """A turn of `daypart` begins, with a program that is told from others by `label`."""
        self.parts.on(at, daypart)
        self.labels.on(at, label)

    def cross(self, start: Ticks, end: Ticks, *, is_ad: bool) -> None:
        """Something airs that goes on into the next hour."""
        while end > self.end:
            if is_ad:
                self.ads += self.end - start
            start = self.end
            self._close(self.end)
        if is_ad:
            self.ads += end - start

    def close(self, at: Ticks) -> None:
        """The simulation ends."""
        if at > self.begun:
            self._close(at)

    def _close(self, at: Ticks) -> None:
        day, hour = self.cell
        month = date.fromordinal(day + EPOCH)
        load = self.loads.setdefault((month.year, month.month, hour), [0, 0])
        load[0] += at - self.begun
        load[1] += self.ads
        if self.ads > self.worst:
            self.worst, self.worst_at = self.ads, self.begun
        self.parts.hour(at, self.cell)
        self.labels.hour(at, self.cell)
        self.begun, self.ads = at, 0
        self.cell, self.end = self._hour(at)

    def by_month(self) -> tuple[Load, ...]:
        """The hours of each month."""
        return tuple(
            Load(f"{year:04d}-{month:02d}", hour, Ticks(air), Ticks(ads))
            for (year, month, hour), (air, ads) in sorted(self.loads.items())
        )

    def by_hour(self) -> tuple[Load, ...]:
        """The hours of the day."""
        sums = [[0, 0] for _ in range(24)]
        for (_, _, hour), (air, ads) in self.loads.items():
            sums[hour][0] += air
            sums[hour][1] += ads
        return tuple(Load("", hour, Ticks(air), Ticks(ads)) for hour, (air, ads) in enumerate(sums))


def least_bad(draft: Drafted) -> Passed | None:
    """What speaks against the program of a turn that was chosen as the least bad; None for any other turn.

    Such a one was refused by its source, which was then asked for it again, and its reason ends with that of the
    refusal; sources that share a position may ask for one item twice without such a need.
    """
    *before, last = draft.asked
    first = next((airing for airing in draft.turn.airings if airing.role is Role.PROGRAM), None)
    if first is None or not before:
        return None
    stuck = (asked.found.passed for asked in before if asked.place == last.place and isinstance(asked.found, Stuck))
    refused = (one for passed in stuck for one in passed if one.item.id == first.asset and not one.refusal.rule.binds)
    return next((one for one in refused if first.reason.endswith(f", though {one.refusal.reason}")), None)


def odd_days(zone: Zone, start: datetime, stop: datetime) -> tuple[OddDay, ...]:
    """The local days with a clock change between two instants."""
    first, last = int(start.timestamp()), int(stop.timestamp())
    found = []
    for change in zone.changes:
        ahead = change.offset - zone.offset(change.at - 1)
        if ahead and first <= change.at < last:
            day = (change.at + zone.offset(change.at - 1)) // DAY_SECONDS
            found.append(OddDay(date.fromordinal(day + EPOCH), DAY_SECONDS - ahead))
    return tuple(found)


def labels(revision: Revision, catalog: Catalog) -> dict[str, str]:
    """For each program of a channel, by id, a word that tells it from others: its genre, its series, or a tag."""
    wanted = shelves_of(catalog).programs(revision.channel.house, revision.rules)
    items = [catalog.items[place] for place in sorted(wanted)]
    if any(item.about.genres for item in items):
        return {item.id: item.about.genres[0].casefold() if item.about.genres else "" for item in items}
    if len({item.about.series for item in items}) > 1:
        return {item.id: item.about.series or item.about.kind for item in items}
    often = Counter(tag.casefold() for item in items for tag in set(item.about.tags))
    return {item.id: _telling(item, often, len(items)) for item in items}


def _telling(item: Item, often: Counter[str], count: int) -> str:
    """The most frequent tag of an item that not all have."""
    tags = sorted({tag.casefold() for tag in item.about.tags}, key=lambda tag: (-often[tag], tag))
    return next((tag for tag in tags if often[tag] < count), tags[0] if tags else str(item.about.kind))


def _totals(entries: Iterable[tuple[str, int, int]]) -> tuple[Total, ...]:
    """The sums by name, the greatest airtime first."""
    sums: dict[str, list[int]] = {}
    for name, airings, airtime in entries:
        total = sums.setdefault(str(name), [0, 0])
        total[0] += airings
        total[1] += airtime
    found = (Total(name, airings, Ticks(airtime)) for name, (airings, airtime) in sums.items())
    return tuple(sorted(found, key=lambda total: (-total.airtime, total.name)))


def _total(role: Role, entries: Iterable[tuple[int, int]]) -> Total:
    airings, airtime = 0, 0
    for times, length in entries:
        airings += times
        airtime += length
    return Total(str(role), airings, Ticks(airtime))


def _by_rule(counts: Counter[Rule]) -> tuple[tuple[str, int], ...]:
    return tuple((str(rule), counts[rule]) for rule in Rule if counts[rule])


def _most_played(played: _Played) -> tuple[int, str]:
    return -played.times, played.title
