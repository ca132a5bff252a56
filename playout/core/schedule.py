"""What airs next: from the rules, the library and the tail of the log to one more turn.

Laws. Fold: a turn depends on nothing but the revision, the catalog and the tail, so extending a log to b
and then to c equals extending it to c. Join: a turn starts where the tail ends.

A channel never stops: what matches nothing airs filler, and where there is no filler, slate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from playout.core.airing import (
    ALL_REFUSED,
    CLOSES,
    NOTHING_MATCHES,
    OPENS,
    THOUGH,
    WISHED,
    Airing,
    Cursor,
    Recent,
    Role,
    Tail,
    Turn,
)
from playout.core.asset import Kind
from playout.core.channel import Revision, Wish, in_force
from playout.core.daypart import Slot
from playout.core.draw import Choice, Passed, Pool, Stuck, candidate_at, choose, owed, reason_of, shuffled
from playout.core.fit import Fit
from playout.core.never import Refusal, Rule, kept_for, repeated, spelled, too_early, unlicensed
from playout.core.pod import Aired, Room, Spot, Spots, pod_of
from playout.core.rules import NONE, Order, Roll, Source
from playout.core.stock import Stock, stock_of
from playout.core.ticks import TIMEBASE, Ticks, instant_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from playout.core.catalog import Catalog, Item, Query
    from playout.core.draw import Look, Refuse
    from playout.core.rules import Ads, Block, Watershed

    Catalogs = Callable[[Revision], Catalog]
    """Answers the catalog that a revision chooses from."""

SLATE_TURN: Final = Ticks(20 * TIMEBASE)
"""How long slate airs at least before the rules are asked again."""
REMEMBERED: Final = 512
"""The most starts that are remembered for the rules that look back."""
FILLED_AT_ONCE: Final = Ticks(2 * 3600 * TIMEBASE)
"""The longest gap that is filled as one turn."""
PUNCTUAL: Final = Ticks(5 * TIMEBASE)
"""A program that ends so shortly after a multiple of the padding needs no more of it."""
FILLERS_OFFERED: Final = 32
"""How many fillers are considered for one gap: enough to hit almost any."""
FILLERS_LOOKED_AT: Final = 200
"""How many are looked at when few of them are short enough."""
NEVER: Final = Ticks(10**18)
"""Later than anything airs."""
HOUR: Final = 3600
DAY: Final = 86_400


class NothingToAir(Exception):
    """A house has not even a slate in the catalog: such a revision must not be published."""


def ahead(revisions: Sequence[Revision], catalogs: Catalogs, tail: Tail) -> Iterator[Turn]:
    """The turns after `tail`, without end, each chosen by the revision that is in force for it."""
    genesis = revisions[0].channel.genesis
    while True:
        revision = in_force(revisions, instant_at(genesis, tail.start), tail)
        turn = next_turn(revision, catalogs(revision), tail)
        yield turn
        tail = turn.tail


def next_turn(revision: Revision, catalog: Catalog, tail: Tail) -> Turn:
    """The turn that follows `tail`: a program with its breaks, or filler, or slate."""
    return drafted(revision, catalog, tail).turn


@dataclass(frozen=True, slots=True)
class Asked:
    """A source that was asked for a program, and what it had."""

    place: int
    """The source's place in its block."""
    cursor: str
    """The name of its cursor."""
    found: Choice | Stuck


@dataclass(frozen=True, slots=True)
class Drafted:
    """A turn, and all that was considered for it."""

    turn: Turn
    slot: Slot
    asked: tuple[Asked, ...]
    """The sources in the order in which they were asked; the last one has the program, if there is one."""
    breaks: tuple[tuple[Passed, ...], ...]
    """For each pod, the ads that were passed over."""


def drafted(revision: Revision, catalog: Catalog, tail: Tail) -> Drafted:
    """The turn that follows `tail`, with the reasons."""
    draft = _Draft(stock_of(revision, catalog), tail)
    while not draft.program():
        if not draft.give_up():
            draft.stand_in()
            break
    return Drafted(draft.turn(), draft.slot, tuple(draft.asked), tuple(draft.breaks))


class _Draft:
    """A turn in the making; lives only within `drafted`."""

    def __init__(self, stock: Stock, tail: Tail) -> None:
        self.stock: Final = stock
        self.revision: Final = stock.revision
        self.tail = tail
        self.airings: list[Airing] = []
        self.asked: list[Asked] = []
        self.breaks: list[tuple[Passed, ...]] = []
        self.cursors: dict[str, Cursor] = {}
        self.known: dict[str, Cursor] = {cursor.source: cursor for cursor in tail.cursors}
        self.recent: list[Recent] = []
        self.spots: list[Recent] = []
        self.at, self.msn, self.index, self.since_break = tail.start, tail.msn, tail.index, tail.since_break
        self.hour, self.load = tail.hour, tail.load
        self.hour_ends = Ticks(-1)
        self.aired: Aired | None = None
        self.idle = False
        self.programs = 0
        self.title = self.kind = ""
        self.served = tail.served if tail.revision == self.revision.number else 0
        self.begun = Ticks(tail.start + stock.house.segment // 2)
        """For when the daypart is looked up: a cut that is nearest to a start may lie before it."""
        self._enter(stock.timeline.slot(self.begun, tail))
        self.full = False
        """Whether the next daypart has cut the turn."""

    def _enter(self, slot: Slot) -> None:
        """Begin to draft by the rules of `slot`, with what is asked of them again and again."""
        self.slot = slot
        boundary, ads = slot.boundary, slot.block.ads
        self.cut = boundary.at if boundary and boundary.cut else NEVER
        """When the next daypart cuts what is on."""
        self.offer = self.stock.spots(ads, slot.today) if ads else _NO_SPOTS
        """The ads that there are."""
        self.ads = ads if self.offer.pool.items else None
        """How breaks are made; None when there are none, or no ads for them."""

    @property
    def block(self) -> Block:
        """How this stretch of air is programmed."""
        return self.slot.block

    def turn(self) -> Turn:
        """The turn as drafted."""
        tail, slot = self.tail, self.slot
        same = slot.name == tail.daypart and slot.due == tail.due
        return Turn(
            self.revision.number,
            self.revision.catalog,
            tuple(self.airings),
            Tail(
                self.index,
                self.at,
                self.msn,
                self.since_break,
                tail.moved(*self.cursors.values()) if self.cursors else tail.cursors,
                self.revision.number,
                self.idle,
                _remembered(tail.recent, self.recent, Ticks(self.at - self.stock.memory)),
                _remembered(tail.spots, self.spots, Ticks(self.at - self.stock.spot_memory)),
                self.hour,
                self.load,
                slot.name,
                slot.due,
                self.programs + (tail.count if same else 0) if slot.daypart else 0,
                self.begun,
                self.served,
            ),
            slot.block.title,
            self.title,
            self.kind,
        )

    def give_up(self) -> bool:
        """Whether the daypart ends for want of a program, and another one is asked: those without an end do."""
        daypart = self.slot.daypart
        if daypart is None or daypart.stop is not None:
            return False
        done = Tail(daypart=daypart.name, due=self.slot.due, count=daypart.count, asked=self.begun)
        self._enter(self.stock.timeline.slot(self.begun, done))
        return True

    # Programs

    def program(self) -> bool:
        """Draft the next program with its breaks; False when there is none."""
        choice = self._chosen()
        if choice is None:
            return False
        item, block = choice.item, self.block
        self.title, self.kind = item.about.title, item.about.kind
        reason = f"{self.slot.name}: {choice.reason}" if self.slot.name else choice.reason
        places = list(_breaks(item, self.ads, self.since_break)) if self.ads else []
        if places and places[0] == 0:
            self._break()
            places.pop(0)
        self._bumper("before", block.before, "before the program")
        self._remember(item)
        first = 0
        for segment in places:
            self._air(item, first, segment, Role.PROGRAM, reason)
            first = segment
            if segment < item.cuts.segments:
                self._break()
        if first < item.cuts.segments:
            self._air(item, first, item.cuts.segments, Role.PROGRAM, reason)
        self._bumper("after", block.after, "after the program")
        if places and first == item.cuts.segments:
            self._break()
        self.programs += 1
        self._pad()
        return True

    def _chosen(self) -> Choice | None:
        """The next program: what somebody wishes, or else what the rules choose."""
        wishes = self.revision.wishes
        if self.served >= len(wishes):
            return self._by_rule()
        while self.served < len(wishes) and not wishes[self.served].skip:
            wish = wishes[self.served]
            self.served += 1
            found = self._wished(wish)
            if found is not None:
                return found
        found = self._by_rule()
        while found is not None and self.served < len(wishes):
            wish = wishes[self.served]
            if not wish.skip:
                break
            self.served += 1
            if wish.asset == found.item.id:  # else it is not what they saw coming
                passed = f"; {found.item.about.title} is skipped, as {wish.by or 'somebody'} wished"
                found = self._by_rule() or found
                found = replace(found, reason=f"{found.reason}{passed}")
        return found

    def _wished(self, wish: Wish) -> Choice | None:
        """What somebody wishes to air next; None when it is not there, or may not be shown at all."""
        item = self.stock.catalog.item(wish.asset)
        if item is None or item.house != self.stock.house.name or item.about.kind is Kind.SLATE:
            return None
        refusal = self._refusals()(item)
        if refusal is not None and refusal.rule.binds:
            return None
        though = f", though {refusal.reason}" if refusal is not None else ""
        return Choice(item, (), f"{WISHED}{wish.by or 'somebody'}{though}")

    def _by_rule(self) -> Choice | None:
        """The next program: of the source whose turn it is, or else of another one; or else the least bad one."""
        refuse = self._refusals()
        stuck: list[Asked] = []
        for place in self._order():
            asked = self._ask(place, refuse)
            self.asked.append(asked)
            if isinstance(asked.found, Choice):
                return self._taken(asked.found)
            stuck.append(asked)
        return self._least_bad(stuck, refuse)

    def _taken(self, choice: Choice) -> Choice:
        for cursor in choice.cursors:
            self.cursors[cursor.source] = cursor
        return choice

    def _ask(self, place: int, refuse: Refuse, *, cool: bool = True) -> Asked:
        """What the source at `place` has."""
        source = self.block.sources[place]
        name = self._name(place)
        pool = self.stock.programs(source, self.slot.today)
        if source.cooldown and cool:
            refuse = self._cooling(source, pool, refuse)
        seed = self.stock.seed(name)
        found = choose(
            pool, source, seed, lambda part: self._cursor(name + part), refuse, today=self.slot.today.toordinal()
        )
        return Asked(place, name, found)

    def _name(self, place: int) -> str:
        """What the cursor of the source at `place` is called."""
        source = self.block.sources[place]
        if source.position:
            return f"@{source.position}"
        name = f"{self.slot.name}.programs" if self.slot.name else "programs"
        return f"{name}.{place}" if place else name

    def _order(self) -> Iterable[int]:
        """The places of the sources, that whose turn it is first. Weights are a bag that is emptied lap by lap."""
        sources = self.block.sources
        if len(sources) == 1:
            return (0,)
        name = f"{self.slot.name}.sources" if self.slot.name else "sources"
        cursor = self._cursor(name)
        bag = [place for place, source in enumerate(sources) for _ in range(source.weight)]
        lap, run = (cursor.lap, cursor.run) if cursor.run < len(bag) else (cursor.lap + 1, 0)
        self.cursors[name] = Cursor(name, lap, run=run + 1)
        mixed = mixed_up(bag, f"{self.revision.seed}\0{name}\0{lap}")
        return dict.fromkeys((*mixed[run:], *mixed[:run]))

    def _least_bad(self, stuck: list[Asked], refuse: Refuse) -> Choice | None:
        """What airs when everything is refused: nothing that a rule binds, and rather filler than what is too long."""
        fills = self._can_fill()
        passed = [
            (asked.place, one)
            for asked in stuck
            if isinstance(asked.found, Stuck)
            for one in asked.found.passed
            if not one.refusal.rule.binds and not (one.refusal.rule is Rule.OVERRUN and fills)
        ]
        if not passed:
            return None
        place, best = min(passed, key=_worth)

        def all_but(item: Item) -> Refusal | None:
            return None if item.id == best.item.id else refuse(item) or _NOT_THE_BEST

        asked = self._ask(place, all_but, cool=False)
        self.asked.append(asked)
        if isinstance(asked.found, Stuck):
            return None
        reason = f"{asked.found.reason}{THOUGH}{best.refusal.reason}"
        return self._taken(replace(asked.found, reason=reason))

    # What may not air

    def _refusals(self) -> Refuse:
        """Says of an item why it may not start now."""
        never, stock = self.revision.rules.never, self.stock
        boundary = self.slot.boundary if self.block.overrun is not None else None
        room = Ticks(boundary.at + (self.block.overrun or 0) - self.at) if boundary else None
        started = {one.work: one.start for one in self.tail.recent} if never.repeat else {}

        def refuse(item: Item) -> Refusal | None:
            sheds = stock.sheds(item.about.rating)
            if sheds or item.about.rights or room is not None:
                found = self._untimely(item, sheds, room)
                if found is not None:
                    return found
            if started:
                since = started.get(stock.work(item))
                if since is not None:
                    found = repeated(Rule.REPEAT, Ticks(self.at - since), never.repeat)
                    if found is not None:
                        return found
            return self._held(item) if never.apart else None

        return refuse

    def _untimely(self, item: Item, sheds: tuple[Watershed, ...], room: Ticks | None) -> Refusal | None:
        """Why `item` may not air from now to the latest moment at which it can end."""
        timeline = self.stock.timeline
        end = Ticks(self.at + self._bound(item))
        found: Refusal | None = None
        if item.about.rights:
            genesis, territories = self.revision.channel.genesis, self.revision.rules.never.territories
            found = unlicensed(item.about, instant_at(genesis, self.at), instant_at(genesis, end), territories)
        if found is None and sheds:
            found = too_early(item.about, sheds, timeline.wall(self.at), timeline.wall(end))
        if found is None and room is not None and end - self.at > room:
            over = spelled(end - self.at - room)
            found = Refusal(Rule.OVERRUN, min((end - self.at - room) // TIMEBASE, 999), f"it would run over by {over}")
        return found

    def _held(self, item: Item) -> Refusal | None:
        """Why another channel of the group has `item`, now or when what comes before it has aired."""
        apart = self.revision.rules.never.apart
        if apart is None:
            return None
        work = self.stock.work(item)
        members = self.stock.rivals(item, work)
        now = self.stock.timeline.second(self.at) * TIMEBASE
        channel = self.revision.channel.id
        found = kept_for(apart, channel, work, members, now)
        lead = self._lead()
        return found or (kept_for(apart, channel, work, members, now + lead + TIMEBASE) if lead else None)

    def _cooling(self, source: Source, pool: Pool, refuse: Refuse) -> Refuse:
        """Refuses also what aired within the cool-down of `source`."""
        started = {one.work: one.start for one in self.tail.recent}

        def cooling(item: Item) -> Refusal | None:
            found = refuse(item)  # what binds must not hide behind what gives way
            since = started.get(pool.work(item)) if found is None else None
            return found if since is None else repeated(Rule.COOLDOWN, Ticks(self.at - since), source.cooldown)

        return cooling

    def _bound(self, item: Item) -> Ticks:
        """How long a turn of `item` can take, padding apart."""
        total = self._between(self.block.before) + item.length + self._between(self.block.after)
        if self.ads:
            total += len(list(_breaks(item, self.ads, self.since_break))) * self._break_bound(self.ads)
        return Ticks(total)

    def _lead(self) -> Ticks:
        """How long it can take from the start of the turn to the start of its program."""
        ads = self.ads
        lead = self._between(self.block.before)
        if ads and Roll.PRE in ads.rolls and self.since_break >= ads.every:
            lead = Ticks(lead + self._break_bound(ads))
        return lead

    def _break_bound(self, ads: Ads) -> Ticks:
        return Ticks(self.offer.bound(ads) + self._between(ads.opens) + self._between(ads.closes))

    def _between(self, query: Query | None) -> Ticks:
        return self.stock.longest(query, self.slot.today) if query else NONE

    # Breaks

    def _break(self) -> None:
        """Draft a break: a bumper, a pod, a bumper; nothing when no ad may air."""
        ads = self.ads
        if ads is None or self.full:
            return
        spots = self.offer
        if spots.pool.restricted:
            spots = Spots.of(self._cleared(spots.pool, self._break_bound(ads)))
            if not spots.pool.items:
                return
        room = spots.bound(ads)
        if ads.load:
            if self.at >= self.hour_ends:
                self._enter_hour(self.at)
            room = min(room, Ticks(ads.load - self.load))
        if self.aired is None and self.stock.spot_memory:
            self.aired = Aired(self.tail.spots, self.stock.sponsors)
        pod = pod_of(spots, ads, self.stock.seed("ads"), self._cursor("ads"), Room(self.at, room, self.aired))
        self.breaks.append(pod.passed)
        if not pod.spots:
            return
        self.since_break = Ticks(0)
        self.cursors["ads"] = pod.cursor
        self._bumper("bumpers", ads.opens, OPENS)
        self._spots(pod.spots)
        self._bumper("bumpers", ads.closes, CLOSES)

    def _spots(self, spots: Iterable[tuple[Spot, str]]) -> None:
        """Air ads, and remember them for the rules that look back."""
        for spot, reason in spots:
            start = self.at
            self._whole(spot.item, spot.length, Role.AD, reason)
            if self.at == start:
                return
            if self.aired is not None:
                recent = Recent(spot.work, start)
                self.spots.append(recent)
                self.aired.add(recent)
            if start >= self.hour_ends:
                self._enter_hour(start)
            self.load = Ticks(self.load + self.at - start)

    def _enter_hour(self, at: Ticks) -> None:
        """Begin to count anew what of a clock hour is ads, when `at` lies in another one."""
        wall = self.stock.timeline.wall(at)
        hour = wall // HOUR
        if hour != self.hour:
            self.hour, self.load = hour, Ticks(0)
        self.hour_ends = Ticks(at - at % TIMEBASE + (HOUR - wall % HOUR) * TIMEBASE)

    def _bumper(self, cursor: str, query: Query | None, does: str) -> None:
        if query is None or self.full:
            return
        shelf = self.stock.shelf(query, self.slot.today)
        pool = self._cleared(shelf, shelf.longest)
        found = choose(pool, _SHUFFLED, self.stock.seed(cursor), lambda _: self._cursor(cursor))
        if isinstance(found, Choice):
            self._taken(found)
            self._whole(found.item, found.item.length, Role.BUMPER, f"{does}, {found.reason}")

    # Filling time

    def _pad(self) -> None:
        """Fill up to the next multiple of the padding past the local midnight, or to what comes before."""
        pad = self.block.pad
        if not pad or self.full:
            return
        timeline = self.stock.timeline
        second = timeline.wall(self.at)
        past = (second % DAY * TIMEBASE + (self.at % TIMEBASE)) % pad
        gap = 0 if past <= PUNCTUAL else pad - past
        boundary = self.slot.boundary
        if boundary:
            gap = min(gap, boundary.at - self.at)
        if gap > 0:
            self._fill(Ticks(gap), f"pads to the next {spelled(pad)}")

    def stand_in(self) -> None:
        """Draft what airs for want of a program."""
        boundary = self.slot.boundary
        gap = Ticks(boundary.at - self.at) if boundary else None
        passed = [one for asked in self.asked if isinstance(asked.found, Stuck) for one in asked.found.passed]
        if gap is not None and gap <= FILLED_AT_ONCE and any(one.refusal.rule is Rule.OVERRUN for one in passed):
            self._fill(gap, "nothing ends in time")
        else:
            self.idle = not passed
            why = ALL_REFUSED if passed else NOTHING_MATCHES
            if not self._one_filler(gap, why):
                a_while = Ticks(-(-SLATE_TURN // self.stock.house.segment) * self.stock.house.segment)
                self._slate(a_while if gap is None else min(a_while, gap), f"{why}, and there is no filler")
        if not self.airings:  # less than a unit was to be filled
            self._slate(Ticks(self.stock.house.unit), "a moment to the next start")

    def _cleared(self, pool: Pool, length: Ticks) -> Pool:
        """What of a pool may be shown for so long from now on."""
        return self.stock.cleared(pool, self.at, Ticks(self.at + length))

    def _can_fill(self) -> bool:
        query = self.block.filler
        return query is not None and bool(self.stock.shelf(query, self.slot.today).items)

    def _one_filler(self, gap: Ticks | None, why: str) -> bool:
        """Draft one filler; False when there is none that fits into the gap."""
        if self.block.filler is None:
            return False
        shelf = self.stock.shelf(self.block.filler, self.slot.today)
        pool = self._cleared(shelf, shelf.longest)

        def refuse(item: Item) -> Refusal | None:
            return _TOO_LONG if gap is not None and item.length > gap else None

        found = choose(pool, _SHUFFLED, self.stock.seed("filler"), lambda _: self._cursor("filler"), refuse)
        if isinstance(found, Stuck):
            return False
        self._taken(found)
        self._whole(found.item, found.item.length, Role.FILLER, f"{why}; filler, {found.reason}")
        return True

    def _fill(self, gap: Ticks, why: str) -> None:
        """Fill `gap` to the unit: with filler as far as it goes, and slate for what is left over."""
        unit = self.stock.house.unit
        end = Ticks(self.at + (gap + unit // 2) // unit * unit)
        if self.block.filler is not None:
            shelf = self.stock.shelf(self.block.filler, self.slot.today)
            pool = self._cleared(shelf, Ticks(end - self.at))
            while self._fillers(pool, Ticks(end - self.at), why):
                pass
        if self.at < end:
            self._slate(Ticks(end - self.at), f"{why}, and no filler is as short as what is left")

    def _fillers(self, pool: Pool, gap: Ticks, why: str) -> bool:
        """Draft those fillers that fill a gap best; False when none fits. Where they are few, they come again."""
        if not pool.items or gap < pool.shortest:
            return False
        unit = self.stock.house.unit
        seed, cursor = self.stock.seed("filler"), self._cursor("filler")
        fit = Fit(gap // unit)
        line: list[tuple[Look, Cursor]] = []
        offered = 0
        for looked, (look, begun) in enumerate(_lap_after_lap(pool, seed, cursor)):
            length = look[0].length
            if length <= gap:
                line.append((look, begun))
                fit.offer(length // unit)
            offered += length
            enough = len(line) >= FILLERS_OFFERED and offered >= 2 * gap
            if fit.exact or enough or (line and looked >= FILLERS_LOOKED_AT):
                break
        places = fit.chosen()
        for place in places:
            item, lap, at = line[place][0]
            reason = f"{why}; filler, {reason_of(Order.SHUFFLE, len(pool.items), lap, at)}"
            self._whole(item, item.length, Role.FILLER, reason, filling=True)
        kept = set(places)
        left = [Passed(look[0], _TOO_LONG) for place, (look, _) in enumerate(line[: places[-1]]) if place not in kept]
        aired = [line[place][0][0].id for place in places]
        look, begun = line[places[-1]]
        last = candidate_at(look, pool, Order.SHUFFLE, seed, begun)
        self.cursors["filler"] = last.after(cursor, owed(cursor, left, *aired))
        return True

    def _slate(self, length: Ticks, reason: str) -> None:
        """Draft slate: its full segment, again and again, and one that is as long as what is left over."""
        house = self.revision.channel.house
        kit = self.stock.catalog.kit(house)
        if kit is None:
            message = f"catalog {self.revision.catalog} has no slate of house {house}"
            raise NothingToAir(message)
        full, unit = self.stock.house.segment, self.stock.house.unit
        end = self.at + length
        while self.at < end:
            part = Ticks(min(full, max((end - self.at) // unit * unit, unit)))
            segment = kit.slate_segment(part)
            if segment is None:
                segment = max(
                    range(kit.slate.cuts.segments), key=lambda k: kit.slate.cuts.tick(k + 1) - kit.slate.cuts.tick(k)
                )
            self._air(kit.slate, segment, segment + 1, Role.SLATE, reason, whole=True)

    # Airing

    def _cursor(self, source: str) -> Cursor:
        """Where a source stands."""
        return self.cursors.get(source) or self.known.get(source) or Cursor(source)

    def _remember(self, item: Item) -> None:
        if self.stock.memory:
            self.recent.append(Recent(item.about.work, self.at))

    def _whole(self, item: Item, length: Ticks, role: Role, reason: str, *, filling: bool = False) -> None:
        """Append an airing of all of an item: most of them are ads and fillers.

        What fills a gap ends within half a unit of the start that it fills up to, and is not cut there.
        """
        end, segments = Ticks(self.at + length), item.cuts.segments
        if end > self.cut and not filling:
            self._air(item, 0, segments, role, reason)
        elif not self.full:
            self.airings.append(Airing(self.index, self.at, end, self.msn, item.id, 0, segments, role, reason))
            self.at = end
            self.index += 1
            self.msn += segments

    def _air(self, item: Item, first: int, stop: int, role: Role, reason: str, *, whole: bool = False) -> None:
        """Append an airing; where the next daypart cuts, only up to the cut that is nearest to its start."""
        if self.full:
            return
        cuts = item.cuts
        begun = cuts.tick(first)
        end = Ticks(self.at + cuts.tick(stop) - begun)
        if end > self.cut and not whole:
            stop = self._nearest(item, first, stop, Ticks(begun + self.cut - self.at))
            end = Ticks(self.at + cuts.tick(stop) - begun)
            self.full = True
            if stop == first:
                return
        self.airings.append(Airing(self.index, self.at, end, self.msn, item.id, first, stop, role, reason))
        if role is Role.PROGRAM:
            self.since_break = Ticks(self.since_break + end - self.at)
        self.at = end
        self.index += 1
        self.msn += stop - first

    def _nearest(self, item: Item, first: int, stop: int, tick: Ticks) -> int:
        """The cut of `item` that is nearest to `tick`, from `first` on, so that a turn has an airing at all."""
        cuts = item.cuts
        low = min(max(cuts.segment(max(tick, Ticks(0))), first), stop)
        best = low + 1 if low < stop and cuts.tick(low + 1) - tick < tick - cuts.tick(low) else low
        return max(best, first if self.airings else first + 1)


_SHUFFLED: Final = Source(())
_NO_SPOTS: Final = Spots.of(Pool(()))
_TOO_LONG: Final = Refusal(Rule.OVERRUN, 0, "it is longer than the gap")
_NOT_THE_BEST: Final = Refusal(Rule.AGAIN, 1000, "another one is less bad")


def _worth(breach: tuple[int, Passed]) -> tuple[int, int, str]:
    """What makes a breach better than another one."""
    place, passed = breach
    return passed.refusal.badness, place, passed.item.id


def _lap_after_lap(pool: Pool, seed: str, cursor: Cursor) -> Iterator[tuple[Look, Cursor]]:
    """The items of a shuffle whose turn it is, without end, each with the cursor from which it was in line."""
    while True:
        for look in shuffled(pool, seed, cursor):
            yield look, cursor
        cursor = candidate_at(look, pool, Order.SHUFFLE, seed, cursor).after(cursor, ())


def mixed_up(bag: Sequence[int], seed: str) -> list[int]:
    """`bag` in an order that `seed` decides."""
    keyed = sorted((blake2b(f"{seed}\0{at}".encode(), digest_size=8).digest(), what) for at, what in enumerate(bag))
    return [what for _, what in keyed]


def _breaks(item: Item, ads: Ads, since_break: Ticks) -> Iterator[int]:
    """The segments of `item` before which a break comes; the number of segments for one after it.

    A break needs `every` of program since the last one. Where one after the program is allowed, a break point
    with less than a quarter of that left to play is passed over in its favour.
    """
    mark = Ticks(-since_break)
    length = item.length
    if Roll.PRE in ads.rolls and -mark >= ads.every:
        mark = Ticks(0)
        yield 0
    post = Roll.POST in ads.rolls
    if Roll.MID in ads.rolls:
        left = max(ads.before, ads.every // 4 if post else 0)
        for point in item.breaks:
            tick = item.cuts.tick(point.segment)
            if tick - mark >= ads.every and length - tick >= left and tick >= ads.after and tick < length:
                mark = tick
                yield point.segment
    if post and length - mark >= ads.every:
        yield item.cuts.segments


def _remembered(before: tuple[Recent, ...], new: list[Recent], since: Ticks) -> tuple[Recent, ...]:
    """The starts that a rule may still ask for."""
    if not new and (not before or before[0].start > since):
        return before
    known = (*before, *new)
    first = next((place for place, one in enumerate(known) if one.start > since), len(known))
    return known[max(first, len(known) - REMEMBERED) :]
