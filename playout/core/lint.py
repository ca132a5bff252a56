"""What is no mistake in channels.yaml, and still will not air as it is meant: the rules held against the library.

Law: what a simulated week meets (a rule that gives way, slate, a want of programs) is among the findings. The
others are found from the rules and the library alone. Findings are the same on every machine, and in order.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.airing import Role, Tail
from playout.core.asset import Kind, Rights
from playout.core.catalog import UNRATED
from playout.core.channel import Revision
from playout.core.draw import Pool, pool_of
from playout.core.house import HOUSES
from playout.core.never import clock, spelled, unlicensed
from playout.core.rules import Daypart, Order, Roll
from playout.core.shelves import between, shelves_of
from playout.core.simulation import Simulation, odd_days
from playout.core.stock import stock_of
from playout.core.ticks import TIMEBASE, Ticks, ticks_since
from playout.core.wall import DAY_SECONDS, EPOCH, Missing, Twice, begins, stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from playout.core.catalog import Catalog, Item, Query
    from playout.core.rules import Ads, Block, Source


class Level(StrEnum):
    """How much a finding matters."""

    WARNING = "warning"
    """What airs is not what is meant."""
    INFORMATION = "information"
    """Good to know, or what a platform asks for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that people should know before they publish."""

    level: Level
    channel: str
    """Its id; empty for the whole station."""
    line: int
    """Where it stands in the file; 0 where that is not known."""
    code: str
    """The name of this kind of finding."""
    text: str
    """What is found, and what to do."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A channel that is looked at."""

    revision: Revision
    """As it would be published."""
    line: int = 0
    lines: tuple[tuple[str, int], ...] = field(default=())
    """Where each of its dayparts stands, by name."""
    week: Simulation | None = None
    """What it would air in the coming week; None where that is not asked for."""


def findings(subjects: Sequence[Subject], catalog: Catalog, now: datetime) -> list[Finding]:
    """All that is found at `now`, by line, what matters most first."""
    found = [one for subject in subjects for one in _Look(subject, catalog, now).all()]
    found += _derived(subjects)
    found += _unused(subjects, catalog)
    found += _twice(catalog)
    return sorted(found, key=lambda one: (one.line, one.channel, one.level != Level.WARNING))


# Bounds

SOON: Final = timedelta(days=14)
"""How long before its end a right is worth a warning."""
WEEK: Final = timedelta(days=7)
"""How far ahead a channel is simulated."""
TURNS: Final = 4000
"""After so many turns that is enough: items of two minutes and more fill the week."""
YEAR_DAYS: Final = 366
_HOUR: Final = 3600
_HOUR_TICKS: Final = _HOUR * TIMEBASE
LIBRARY: Final = 150 * _HOUR_TICKS
"""The least library of a channel (R-18)."""
LOOP: Final = 8 * _HOUR_TICKS
"""The least time until a channel begins again (R-18)."""
LOAD: Final = 8 * 60 * TIMEBASE
"""The most ads in an hour (R-16)."""
KIDS_LOAD: Final = 6 * 60 * TIMEBASE
"""The same for children (R-16)."""
_KIDS: Final = frozenset({"tv-y", "tv-y7", "tv-y7-fv"})
_SLATE_A_DAY: Final = 60 * TIMEBASE
"""Slate of more than this a day is worth a warning, and so is one that is as long at a stretch as the next bound."""
_SLATE_RUN: Final = 20 * TIMEBASE
_NAMED: Final = 3
"""Titles that a finding names; the rest is counted."""
_OTHERS: Final = "package some with such tags, or ask for others"
_GUESSED: Final = 8
"""Names that are compared with all others: each takes a while in a large library."""


class _Place(NamedTuple):
    """The channel's own block, or the one of a daypart."""

    name: str
    """Empty for the channel's own."""
    block: Block
    daypart: Daypart | None


class _Tile(NamedTuple):
    """From `start` to `stop` one daypart is on."""

    start: Ticks
    stop: Ticks
    name: str


class _Look:
    """One channel, looked at."""

    def __init__(self, subject: Subject, catalog: Catalog, now: datetime) -> None:
        self.subject: Final = subject
        self.revision: Final = subject.revision
        self.rules: Final = subject.revision.rules
        self.catalog: Final = catalog
        self.now: Final = now
        self.house: Final = subject.revision.channel.house
        self.timeline: Final = stock_of(self.revision, catalog).timeline
        self.places: Final = (
            _Place("", self.rules.block, None),
            *(_Place(part.name, part.block, part) for part in self.rules.dayparts),
        )

    def all(self) -> Iterator[Finding]:
        """All that is found of this channel."""
        if self.revision.parent is not None and not self.revision.parent.regional:
            return  # a mirror airs what its parent airs, and that one is looked at
        if self.catalog.kit(self.house) is None:
            advice = f"package one with `fastline package --kind slate --house {self.house} FILE`"
            yield self._warn("no-slate", f'house "{self.house}" has no slate yet, so it is not published; {advice}')
        if self.revision.parent is None:
            yield from self._of_programs()
            yield from self._of_dayparts()
            yield from self._of_the_week()
        yield from self._territories()
        yield from self._of_ads()

    def _say(self, level: Level, code: str, text: str, daypart: str = "") -> Finding:
        line = dict(self.subject.lines).get(daypart, self.subject.line)
        name = self.revision.channel.id
        where = f'{name}, daypart "{daypart}"' if daypart else name
        return Finding(level, name, line, code, f"{where}: {text}")

    def _warn(self, code: str, text: str, daypart: str = "") -> Finding:
        return self._say(Level.WARNING, code, text, daypart)

    def _tell(self, code: str, text: str, daypart: str = "") -> Finding:
        return self._say(Level.INFORMATION, code, text, daypart)

    # What the rules mean in the library

    def pool(self, source: Source) -> Pool:
        """The programs of a source, whatever the day."""
        return pool_of(self.catalog, self.house, source.include, source.exclude)

    def shelf(self, query: Query) -> tuple[Item, ...]:
        """What a query means, whatever the day."""
        return pool_of(self.catalog, self.house, (query,)).items

    def sources(self) -> Iterator[tuple[_Place, int, Source]]:
        """Every source once: a daypart that takes its programs from the channel says nothing new."""
        seen: set[Source] = set()
        for place in self.places:
            for at, source in enumerate(place.block.sources):
                if source not in seen:
                    seen.add(source)
                    yield place, at, source

    def breaks(self) -> Iterator[tuple[_Place, Ads]]:
        """All ways to break, each once."""
        seen: set[Ads] = set()
        for place in self.places:
            ads = place.block.ads
            if ads is not None and ads not in seen:
                seen.add(ads)
                yield place, ads

    @cached_property
    def programs(self) -> tuple[Item, ...]:
        """All programs of the channel."""
        places = shelves_of(self.catalog).programs(self.house, self.rules)
        return tuple(self.catalog.items[place] for place in sorted(places))

    def material(self, block: Block) -> tuple[Item, ...]:
        """All programs of a block, each once."""
        return tuple({item.id: item for source in block.sources for item in self.pool(source).items}.values())

    # Programs

    def _of_programs(self) -> Iterator[Finding]:
        yield from self._matching()
        yield from self._names()
        yield from self._enough()
        yield from self._rights()
        yield from self._ratings()
        yield from self._watersheds()
        yield from self._episodes()

    def _matching(self) -> Iterator[Finding]:
        """Sources that match nothing."""
        told: set[str] = set()
        for place, at, source in self.sources():
            material = self.material(place.block)
            if self.pool(source).items or (not material and place.name in told):
                continue
            told.add(place.name)
            if material:
                what = f"source {at + 1} of {len(place.block.sources)} matches nothing, so the others air in its turn"
            elif place.daypart is not None and place.daypart.stop is None:
                what = "no program matches, so it ends as it begins"
            else:
                what = "no program matches, so filler airs, or slate"
            advice = self._elsewhere(source) or self._meant_tags(source) or _OTHERS
            yield self._warn("nothing-matches", f"{what}; {advice}", place.name)

    def _elsewhere(self, source: Source) -> str:
        """In which other house there are programs that match."""
        counts = {name: len(pool_of(self.catalog, name, source.include, source.exclude).items) for name in HOUSES}
        most, house = max((count, name) for name, count in counts.items())
        if not most:
            return ""
        do, them = ("does", "it") if most == 1 else ("do", "them")
        have = f'{_some(most, "program")} of house "{house}" {do}, and this channel is of house "{self.house}"'
        return f"{have}: package {them} in that one, too"

    def _meant_tags(self, source: Source) -> str:
        """Which tag was meant, where one is asked for that nothing has."""
        known = {tag.casefold() for item in self.catalog.items for tag in item.about.tags}
        for query in source.include:
            for tag in (*query.all, *query.any):
                close = [] if tag.casefold() in known else get_close_matches(tag.casefold(), sorted(known), 1, 0.7)
                if close:
                    return f'nothing has the tag "{tag}": did you mean "{close[0]}"?'
        return ""

    def _names(self) -> Iterator[Finding]:
        """Names of programs and series that the library does not have."""
        seen: set[tuple[str, str]] = set()
        for place, _, source in self.sources():
            for query in _within((*source.include, *source.exclude)):
                for kind, name in (*(("program", n) for n in query.listed), *(("series", n) for n in query.series)):
                    if (kind, name.casefold()) in seen or name.casefold() in self._known(kind):
                        continue
                    seen.add((kind, name.casefold()))
                    known = self._known(kind)
                    close = get_close_matches(name.casefold(), known, 1, 0.7) if len(seen) <= _GUESSED else []
                    advice = f'did you mean "{known[close[0]]}"?' if close else "package it, or take the name out"
                    yield self._warn("unknown-name", f'the library has no {kind} "{name}"; {advice}', place.name)

    def _known(self, kind: str) -> dict[str, str]:
        return self._series_names if kind == "series" else self._program_names

    @cached_property
    def _series_names(self) -> dict[str, str]:
        names = sorted({item.about.series for item in self.catalog.items if item.about.series})
        return {name.casefold(): name for name in names}

    @cached_property
    def _program_names(self) -> dict[str, str]:
        named = ((item.id, *item.about.ids, item.about.title) for item in self.catalog.items)
        return {name.casefold(): name for names in named for name in names}

    def _enough(self) -> Iterator[Finding]:
        """Blocks whose programs do not last until they may come again, and small libraries."""
        never = self.rules.never.repeat
        asked: set[tuple[Source, ...]] = set()
        for place in self.places:
            material = self.material(place.block)
            if never and material and place.block.sources not in asked:
                asked.add(place.block.sources)
                yield from self._lasting(place, material, never)
        total = sum(item.length for item in self.programs)
        if 0 < total < LIBRARY:
            yield self._tell("small-library", f"has {spelled(total)} of programs; Roku asks for 150 h")
        first = self.subject.week.repeats.first if self.subject.week else Ticks(total)
        if 0 < first < LOOP:
            yield self._tell(
                "loops-soon", f"a title comes back after {spelled(first)}; Roku asks for 8 h without a repeat"
            )

    def _lasting(self, place: _Place, material: tuple[Item, ...], never: Ticks) -> Iterator[Finding]:
        """Whether the programs of a place last as long as `never.repeat` asks."""
        count = _some(len(material), "program")
        lasting = "lasts" if len(material) == 1 else "last"
        within = f"the {spelled(never)} of never.repeat"
        advice = "package more, or make never.repeat shorter"
        if place.daypart is not None and place.daypart.stop is None:
            taken = self._begun_within(place.daypart, never) * place.daypart.count
            if taken > len(material):
                text = f"has {count}, and takes {taken} within {within}, which will give way; {advice}"
                yield self._warn("too-little", text, place.name)
            return
        lasts: int = sum(item.length for item in material)
        ads = place.block.ads
        if ads is not None and self.shelf(ads.query):
            lasts += lasts * ads.pod // ads.every
        needed = self._on_air_within(place.name, never)
        if lasts < needed:
            text = (
                f"has {count} that {lasting} {spelled(lasts)}, and is on air for {spelled(needed)} within {within}, "
                f"which will give way; {advice}"
            )
            yield self._warn("too-little", text, place.name)

    def _rights(self) -> Iterator[Finding]:
        """Programs whose rights end soon, have ended or have not begun."""
        ended: list[tuple[datetime, Item]] = []
        ending: list[tuple[datetime, Item]] = []
        coming: list[tuple[datetime, Item]] = []
        for item in self.programs:
            stops = [one.stop for one in item.about.rights if one.stop is not None]
            starts = [one.start for one in item.about.rights if one.start is not None]
            if item.about.rights and len(stops) == len(item.about.rights):
                last = max(stops)
                (ended if last <= self.now else ending if last <= self.now + SOON else []).append((last, item))
            if item.about.rights and len(starts) == len(item.about.rights) and min(starts) > self.now:
                coming.append((min(starts), item))
        if ended:
            text = f"the rights to {_dated(ended)} have ended, so nothing of that airs"
            yield self._warn("rights-ended", f"{text}; renew them, or take it out")
        if ending:
            yield self._warn("rights-end", f"the rights to {_dated(ending)} end within 14 days; renew them in time")
        if coming:
            yield self._tell("rights-begin", f"the rights to {_dated(coming)} have not begun")

    def _territories(self) -> Iterator[Finding]:
        """Programs that may not be shown where the channel is seen."""
        for place, _, source in self.sources():
            items = self.pool(source).items
            refused = [(item, reason) for item in items if (reason := self._abroad(item))]
            if not refused:
                continue
            reason = refused[0][1]
            if len(refused) == len(items):
                text = f"none of its {_some(len(items), 'program')} may be shown: {reason}"
                yield self._warn("territories", f"{text}; get rights for the territories, or narrow them", place.name)
            else:
                names = _titles([item for item, _ in refused])
                text = f"{len(refused)} of {_some(len(items), 'program')} may not be shown: {reason}: {names}"
                yield self._tell("territories", text, place.name)

    def _abroad(self, item: Item) -> str:
        """Why the channel's territories shut an item out for all of the coming year; empty where they do not."""
        year = self.now + timedelta(days=YEAR_DAYS)
        open_soon = (
            one
            for one in item.about.rights
            if (one.stop is None or one.stop > self.now) and (one.start is None or one.start < year)
        )
        always = tuple(Rights(None, None, one.territories) for one in open_soon)
        refusal = unlicensed(replace(item.about, rights=always), self.now, self.now, self.rules.never.territories)
        return refusal.reason if refusal else ""

    def _ratings(self) -> Iterator[Finding]:
        """Programs without a rating."""
        missing = [item for item in self.programs if not item.about.rating]
        if not missing:
            return
        text = f"{_some(len(missing), 'program')} without a rating: {_titles(missing)}"
        sheds = self.rules.never.watersheds
        if sheds and not any(UNRATED in shed.ratings for shed in sheds):
            advice = 'write ratings in the side-cars, or add "unrated" to the watershed'
            yield self._warn("unrated", f"{text}; no watershed holds what has none: {advice}")
        else:
            yield self._tell("unrated", f"{text}; Roku wants all programs rated")

    def _watersheds(self) -> Iterator[Finding]:
        """Programs that are longer than the hours in which their rating may air."""
        for shed in self.rules.never.watersheds:
            rated = {rating.casefold() for rating in shed.ratings}
            length = (shed.stop - shed.start) * TIMEBASE
            held = [i for i in self.programs if (i.about.rating or UNRATED).casefold() in rated and i.length > length]
            if held:
                hours = f"{clock(shed.start)}–{clock(shed.stop)}"
                text = f"the watershed {hours} is too short for {_titles(held)}, so that never airs"
                yield self._warn("watershed", f"{text}; make the watershed longer, or take it out")

    def _episodes(self) -> Iterator[Finding]:
        """Series in sequence that lack episodes between the first and the last that there are."""
        told: set[str] = set()
        for place, _, source in self.sources():
            if source.order not in (Order.SEQUENCE, Order.ROTATION):
                continue
            seasons: dict[tuple[str, int], set[int]] = {}
            for item in self.pool(source).items:
                if item.about.series and item.about.episode:
                    seasons.setdefault((item.about.series, item.about.season), set()).add(item.about.episode)
            for (series, season), numbers in sorted(seasons.items()):
                lacking = [n for n in range(min(numbers), max(numbers)) if n not in numbers]
                name = f'"{series}", season {season}' if season else f'"{series}"'
                if lacking and name not in told:
                    told.add(name)
                    more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
                    which = ", ".join(str(n) for n in lacking[:_NAMED])
                    text = f"{name} airs in sequence and lacks episode {which}{more}"
                    yield self._tell("missing-episodes", text, place.name)

    # Ads and what comes between

    def _of_ads(self) -> Iterator[Finding]:
        if self.revision.parent is None:
            yield from self._filler()
        for place, ads in self.breaks():
            spots = self.shelf(ads.query)
            if not spots:
                advice = "package some with such tags, or write ads: none"
                yield self._warn("no-ads", f"no ad matches, so there are no breaks; {advice}", place.name)
                continue
            yield from self._pods(place, ads, spots)
            yield from self._capped(place, ads, spots)
            yield from self._load(place, ads)
            yield from self._points(place, ads)

    def _filler(self) -> Iterator[Finding]:
        """Padding without filler, and filler that cannot fill."""
        segment = HOUSES[self.house].segment
        seen: set[Query] = set()
        for place in self.places:
            pad, query = place.block.pad, place.block.filler
            if query is None:
                if pad:
                    text = f"pads to {spelled(pad)} and has no filler, so slate fills up; add filler: {{any: [filler]}}"
                    yield self._warn("no-filler", text, place.name)
                continue
            if query in seen:
                continue
            seen.add(query)
            items = self.shelf(query)
            if not items:
                text = "no filler matches, so slate airs instead; package some with such tags"
                yield self._warn("no-filler", text, place.name)
            elif pad and min(item.length for item in items) > segment:
                least = spelled(min(item.length for item in items))
                text = f"its shortest filler lasts {least}, so slate of up to so much is left before a start"
                yield self._tell("filler-too-long", f"{text}; package some of a few seconds", place.name)

    def _pods(self, place: _Place, ads: Ads, spots: tuple[Item, ...]) -> Iterator[Finding]:
        """Pods that no choice of ads can fill."""
        shortest = min(item.length for item in spots)
        if shortest > ads.pod:
            text = f"its shortest ad lasts {spelled(shortest)}, and a pod shall last {spelled(ads.pod)}"
            yield self._warn("pod-too-short", f"{text}, so each is one ad; make pod longer", place.name)
            return
        lengths = sorted((item.length for item in spots), reverse=True)
        limits = [
            (sum(lengths), f"there {_is(len(spots))} {_some(len(spots), 'ad')}"),
            (_one_each(spots, lambda item: item.about.advertiser), "each advertiser has one ad in it"),
        ]
        if ads.most:
            limits.append((sum(lengths[: ads.most]), f"it has {_some(ads.most, 'ad')} at most"))
        if ads.category:
            limits.append((_one_each(spots, lambda item: item.about.category), "each category has one ad in it"))
        least, why = min(limits, key=lambda limit: limit[0])
        if least < ads.pod:
            text = f"a pod shall last {spelled(ads.pod)} and lasts {spelled(least)} at most, because {why}"
            yield self._warn("pod-unfillable", f"{text}; package more ads, or make pod shorter", place.name)

    def _capped(self, place: _Place, ads: Ads, spots: tuple[Item, ...]) -> Iterator[Finding]:
        """A cap that leaves too few ads."""
        if ads.cap is None:
            return
        within = ads.cap.within
        have = sum(item.length for item in spots) * ads.cap.times
        aimed = within * ads.pod // (ads.every + ads.pod)
        if ads.load:
            aimed = min(aimed, max(within * ads.load // _HOUR_TICKS, ads.load))
        if have < aimed:
            text = (
                f"the cap leaves {spelled(have)} of ads within {spelled(within)}, and {spelled(aimed)} are aimed for; "
                "package more ads, or raise the cap"
            )
            yield self._warn("cap-too-tight", text, place.name)

    def _load(self, place: _Place, ads: Ads) -> Iterator[Finding]:
        """More ads in an hour than platforms take."""
        may = _HOUR_TICKS * ads.pod // (ads.every + ads.pod)
        may = min(may, ads.load) if ads.load else may
        material = self.material(place.block)
        kids = bool(material) and all(item.about.rating.casefold() in _KIDS for item in material)
        most = KIDS_LOAD if kids else LOAD
        if may > most:
            whom = " of a channel for children" if kids else ""
            text = f"ads may fill {spelled(may)} of an hour; Roku takes {spelled(most)}{whom}"
            yield self._tell("ad-load", f"{text}: write load: {most // 60 // TIMEBASE}m", place.name)

    def _points(self, place: _Place, ads: Ads) -> Iterator[Finding]:
        """Programs that are long enough for a break and have no point for one."""
        if Roll.MID not in ads.rolls:
            return
        least = max(ads.every, ads.after) + max(ads.before, ads.every // 4)
        long = [item for item in self.material(place.block) if item.length > least]
        without = [item for item in long if not item.breaks]
        advice = "write breaks in the side-cars"
        if long and len(without) == len(long):
            text = f"none of {_some(len(long), 'program')} that could be interrupted has a break point; {advice}"
            yield self._warn("no-break-points", text, place.name)
        elif without:
            text = f"{len(without)} of {_some(len(long), 'program')} that could be interrupted have no break point"
            yield self._tell("no-break-points", f"{text}: {_titles(without)}; {advice}", place.name)

    # Dayparts

    def _of_dayparts(self) -> Iterator[Finding]:
        for part in self.rules.dayparts:
            days = [day for day in range(self._today, self._today + YEAR_DAYS) if falls_on(part, day)]
            if not days:
                text = "does not begin within a year: no day is one of its days and one of its dates"
                yield self._warn("never-due", text, part.name)
            elif not any(self._wins(part, day) for day in days):
                text = "is never on: whenever it is due, another one comes first"
                yield self._warn("hidden", f"{text}; give it a higher priority", part.name)
            else:
                yield from self._changed(part, days)
        if self.rules.dayparts:
            odd = odd_days(self.revision.clocks, self.now, self.now + timedelta(days=YEAR_DAYS))
            if odd:
                days_of = ", ".join(f"{one.day} has {_hours(one.seconds)}" for one in odd)
                yield self._tell("clock-change", f"clocks change: {days_of}")

    @cached_property
    def _today(self) -> int:
        """The ordinal of the local day."""
        return self.timeline.day(self._tick(self.now)).toordinal()

    def _tick(self, instant: datetime) -> Ticks:
        return ticks_since(self.revision.channel.genesis, instant)

    def _ticks(self, second: int) -> Ticks:
        return self._tick(datetime.fromtimestamp(second, UTC))

    def _wins(self, part: Daypart, day: int) -> bool:
        """Whether a daypart that begins on a day is on at all."""
        midnight, zone, policy = (day - EPOCH) * DAY_SECONDS, self.revision.clocks, self.rules.clock_change
        if part.stop is None:
            due = (self._ticks(at) for at in begins(zone, midnight + part.start, policy))
            return any(self.timeline.slot(at, Tail(asked=Ticks(at - 1))).daypart is part for at in due)
        span = stretch(zone, midnight + part.start, midnight + part.stop, policy)
        return span is not None and any(tile.name == part.name for tile in self._tiles(*map(self._ticks, span)))

    def _tiles(self, start: Ticks, stop: Ticks) -> Iterator[_Tile]:
        """What is on from `start` to `stop`, leaving out what ends by itself."""
        at = start
        while at < stop:
            slot = self.timeline.slot(at, Tail(asked=at))
            end = min(slot.boundary.at, stop) if slot.boundary else stop
            yield _Tile(at, end, slot.name)
            at = end

    @cached_property
    def _week(self) -> tuple[_Tile, ...]:
        start = self._tick(self.now)
        return tuple(self._tiles(start, Ticks(start + 8 * 24 * _HOUR_TICKS)))

    def _on_air_within(self, name: str, within: Ticks) -> int:
        """How long a place is on air at most within a time; of a long time, as in a week."""
        length = min(within, 7 * 24 * _HOUR_TICKS)
        most = 0
        for first in self._week:
            last = first.start + length
            on = [tile for tile in self._week if tile.name == name and first.start <= tile.start < last]
            most = max(most, sum(min(tile.stop, last) - tile.start for tile in on))
        return most * within // length

    def _begun_within(self, part: Daypart, within: Ticks) -> int:
        """How often a daypart that ends by itself begins at most within a time."""
        days = -(-within // (24 * _HOUR_TICKS))
        due = [day for day in range(self._today, self._today + YEAR_DAYS) if falls_on(part, day)]
        return max((bisect_left(due, day + days) - at for at, day in enumerate(due)), default=0)

    def _changed(self, part: Daypart, days: list[int]) -> Iterator[Finding]:
        """What the clock changes of the coming year do to a daypart."""
        for odd in odd_days(self.revision.clocks, self.now, self.now + timedelta(days=YEAR_DAYS)):
            for day in (odd.day.toordinal() - 1, odd.day.toordinal()):
                if day not in days:
                    continue
                midnight = (day - EPOCH) * DAY_SECONDS
                for verb, second in (("begins", part.start), ("ends", part.stop)):
                    if second is not None and (midnight + second) // DAY_SECONDS + EPOCH == odd.day.toordinal():
                        yield from self._odd(part, verb, midnight + second, odd.day)

    def _odd(self, part: Daypart, verb: str, wall: int, day: date) -> Iterator[Finding]:
        """What becomes of a time of a daypart that a day does not have, or has twice."""
        policy, found = self.rules.clock_change, self.revision.clocks.instants(wall)
        if len(found) == 1:
            return
        if found:
            does = f"has twice: {self._twice(part, verb)} (twice: {policy.twice})"
        else:
            does = f"does not have: {self._missed(part, verb, wall)} (missing: {policy.missing})"
        yield self._tell("clock-change", f"{verb} at {clock(wall)}, which {day} {does}", part.name)

    def _twice(self, part: Daypart, verb: str) -> str:
        """What becomes of a time that comes twice."""
        policy = self.rules.clock_change.twice
        if policy is Twice.BOTH and part.stop is None:
            return f"it {verb} both times"
        if policy is Twice.BOTH:
            return f"it {verb} the first time" if verb == "begins" else f"it {verb} the second time"
        return f"it {verb} the {policy} time"

    def _missed(self, part: Daypart, verb: str, wall: int) -> str:
        """What becomes of a time that is left out."""
        zone, policy = self.revision.clocks, self.rules.clock_change
        if policy.missing is Missing.SKIP and part.stop is None:
            return "it is left out that day"
        shifted = replace(policy, missing=Missing.NEXT if policy.missing is Missing.SKIP else policy.missing)
        return f"it {verb} at {clock(zone.wall(begins(zone, wall, shifted)[0]))}"

    # The coming week

    def _of_the_week(self) -> Iterator[Finding]:
        week = self.subject.week
        if week is None:
            return
        yield from self._gives_way(week)
        yield from self._stands_in(week)
        yield from self._slate(week)
        yield from self._short(week)
        yield from self._full(week)

    def _gives_way(self, week: Simulation) -> Iterator[Finding]:
        breach = week.breach
        if breach is None:
            return
        counts = ", ".join(f"{rule} {_times(count)}" for rule, count in week.gave_way)
        text = (
            f"in {_coming(week)} a rule gives way because nothing else is left: {counts}; first at "
            f'{self._local(breach.at)}, "{breach.title}": {breach.reason}; package more, or ask less of the rule'
        )
        yield self._warn("gives-way", text, breach.daypart)

    def _stands_in(self, week: Simulation) -> Iterator[Finding]:
        standing = week.standing
        if standing is None:
            return
        why = standing.reason.split(";")[0].split(",")[0]
        text = (
            f"in {_coming(week)} filler or slate airs {_times(week.stood_in)} for want of a program; first at "
            f"{self._local(standing.at)}: {why}"
        )
        level = Level.WARNING if week.idle or week.held else Level.INFORMATION
        yield self._say(level, "no-program", text, standing.daypart)

    def _slate(self, week: Simulation) -> Iterator[Finding]:
        first, total = week.slate, week.airtime(Role.SLATE)
        if first is None:
            return
        a_day = total * 24 * _HOUR_TICKS // week.air
        much = a_day > _SLATE_A_DAY or week.slate_run >= _SLATE_RUN
        text = (
            f"in {_coming(week)} slate airs for {_at_least(a_day)} a day, {_at_least(week.slate_run)} at a stretch; "
            f"first at {self._local(first.at)}: {first.reason}"
        )
        yield self._say(Level.WARNING if much else Level.INFORMATION, "slate", text, first.daypart)

    def _short(self, week: Simulation) -> Iterator[Finding]:
        breaks = week.breaks
        due = breaks.pods + breaks.empty
        if (breaks.short + breaks.empty) * 5 <= due:
            return
        ways = [(place, ads, spots) for place, ads in self.breaks() if (spots := self.shelf(ads.query))]
        if ways and not breaks.empty and all(any(self._pods(*way)) for way in ways):
            return  # told with its reason
        empty = f", and {breaks.empty} have no ad" if breaks.empty else ""
        text = f"in {_coming(week)} {breaks.short} of {_some(due, 'break')} lack more than a tenth of their pod{empty}"
        yield self._warn("short-pods", f"{text}; package more ads, or ask less of apart, cap and load")

    def _full(self, week: Simulation) -> Iterator[Finding]:
        breaks = week.breaks
        if breaks.worst > LOAD and breaks.worst_at is not None:
            text = f"in {_coming(week)} the fullest clock hour has {spelled(breaks.worst)} of ads"
            yield self._tell("full-hour", f"{text}, {self._local(breaks.worst_at)}; Roku takes 8 min")

    def _local(self, at: datetime) -> str:
        ahead = self.revision.clocks.offset(int(at.timestamp()))
        return f"{at + timedelta(seconds=ahead):%Y-%m-%d %H:%M}"


# The station


def _derived(subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Derived channels whose parent cannot serve them."""
    known = {subject.revision.channel.id: subject.revision for subject in subjects}
    for subject in subjects:
        parent, channel = subject.revision.parent, subject.revision.channel
        if parent is None:
            continue
        original = known.get(parent.channel)
        if original is None:
            why = f"its original, {parent.channel}, is not among the channels"
        elif original.parent is not None:
            why = f"its original, {parent.channel}, repeats {original.parent.channel}: name that one"
        elif original.channel.house != channel.house:
            why = f"its original, {parent.channel}, is of house {original.channel.house}, and it is of {channel.house}"
        elif -parent.offset > original.horizon:
            ahead = spelled(-parent.offset // timedelta(seconds=1) * TIMEBASE)
            why = f"it is {ahead} ahead of {parent.channel}, whose horizon is shorter"
        else:
            continue
        yield Finding(Level.WARNING, channel.id, subject.line, "original", f"{channel.id}: {why}")


def _unused(subjects: Sequence[Subject], catalog: Catalog) -> Iterator[Finding]:
    """What is in the library and airs on no channel."""
    shelves = shelves_of(catalog)
    used: set[int] = set()
    for subject in subjects:
        house, rules = subject.revision.channel.house, subject.revision.rules
        used |= shelves.programs(house, rules)
        used |= shelves.of(house, {query for block in rules.blocks for query in between(block) if query})
    left = [item for place, item in enumerate(catalog.items) if place not in used]
    if left:
        text = f"no channel airs {_some(len(left), 'item')} of the library: {_titles(left)}"
        yield Finding(Level.INFORMATION, "", 0, "unused", text)


def _twice(catalog: Catalog) -> Iterator[Finding]:
    """Films and episodes that are packaged twice in one format, as they are when a side-car was corrected."""
    packaged: dict[tuple[str, str], list[Item]] = {}
    for item in catalog.items:
        if item.about.kind in (Kind.MOVIE, Kind.EPISODE):
            packaged.setdefault((item.house, item.about.work), []).append(item)
    twice = [sorted(items, key=_age) for items in packaged.values() if len(items) > 1]
    if not twice:
        return
    older = [item for items in twice for item in items[:-1]]
    folders = _listed([f"assets/{item.id}" for item in sorted(older, key=_age)])
    text = (
        f"more than once in the library, and each of them airs, the older ones by their old rights: "
        f"{_titles(older)}; delete the older {'folder' if len(older) == 1 else 'folders'}, {folders}, or tell "
        "different works apart by ids in their side-cars"
    )
    yield Finding(Level.WARNING, "", 0, "packaged-twice", text)


def _age(item: Item) -> tuple[datetime, str]:
    return item.added, item.id


# Words


def falls_on(part: Daypart, ordinal: int) -> bool:
    """Whether a daypart begins on a day."""
    day = date.fromordinal(ordinal)
    return day.weekday() in part.days and (not part.dates or any(day in dates for dates in part.dates))


def _within(queries: Iterable[Query]) -> Iterator[Query]:
    """The queries, and those within them."""
    for query in queries:
        yield query
        yield from _within(query.within)


def _one_each(spots: tuple[Item, ...], mark: Callable[[Item], str]) -> int:
    """How long a pod is at most that has each mark once; what has no mark has one of its own."""
    longest: dict[str, int] = {}
    for item in spots:
        name = mark(item).casefold() or f"\0{item.id}"
        longest[name] = max(longest.get(name, 0), item.length)
    return sum(longest.values())


def _at_least(ticks: int) -> str:
    """A span in words; one that is short is not nothing."""
    return spelled(ticks) if ticks >= TIMEBASE else "less than a second"


def _coming(week: Simulation) -> str:
    """How far the simulation has come."""
    hours = (week.stop - week.start) // timedelta(hours=1)
    return "the coming week" if hours >= WEEK.days * 24 else f"the coming {_some(hours, 'hour')}"


def _some(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _hours(seconds: int) -> str:
    """`23 hours`, `24 h 30 min`."""
    return f"{seconds // _HOUR} hours" if seconds % _HOUR == 0 else spelled(seconds * TIMEBASE)


def _titles(items: Sequence[Item]) -> str:
    """The first titles by name, and how many more."""
    return _listed([f'"{title}"' for title in sorted({item.about.title for item in items})])


def _dated(items: list[tuple[datetime, Item]]) -> str:
    """The first titles by date, each with its date."""
    named = sorted({(at, item.about.title) for at, item in items})
    return _listed([f'"{title}" ({at:%Y-%m-%d %H:%M} UTC)' for at, title in named])


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
