"""Derived channels: what they air follows from what their parent airs.

Laws. A mirror has its parent's log, tick for tick: only its genesis is another. A regional copy has a log of
its own, with its parent's ticks: every program stands where the parent has it, to the tick, and what airs
instead of a break is exactly as long as that break. So extending it turn by turn along its parent's turns,
in one go or in many, gives one log (Fold), and its airings join (Join).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING, Final

from playout.core.airing import BEGINNING, CLOSES, NOT_HERE, OPENS, Airing, Cursor, Recent, Role, Tail, Turn
from playout.core.channel import in_force
from playout.core.draw import Candidate, Choice, Passed, candidates, choose, owed
from playout.core.fit import Fit
from playout.core.never import Refusal, Rule, too_early, unlicensed
from playout.core.pod import LOOKED_AT, Aired, Room, Spots, pod_of
from playout.core.rules import Order, Source
from playout.core.schedule import REMEMBERED, NothingToAir, ahead
from playout.core.stock import stock_of
from playout.core.ticks import Ticks, instant_at
from playout.core.window import UnknownAsset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from playout.core.catalog import Catalog, Item, Query
    from playout.core.channel import Revision
    from playout.core.rules import Ads, Block
    from playout.core.schedule import Catalogs
    from playout.core.stock import Stock
    from playout.core.view import OnAir
    from playout.core.window import Library

HOUR: Final = 3600
_BREAK: Final = frozenset({Role.AD, Role.BUMPER})


def foreseen(on_air: OnAir, catalogs: Catalogs, library: Library) -> Iterator[Turn]:
    """The turns after those that a channel's log has, without end, whether it is derived or not.

    Their ticks are those of its log. Raises what `next_turn` and `regional_turn` raise, and `catalogs`.
    """
    tail = on_air.log.turns[-1].tail if on_air.log.turns else BEGINNING
    if on_air.parent is None:
        yield from ahead(on_air.revisions, catalogs, tail)
    elif on_air.mirror:
        yield from foreseen(on_air.parent, catalogs, library)
    else:
        given = chain(on_air.parent.log.turns, foreseen(on_air.parent, catalogs, library))
        yield from regional_turns(on_air.revisions, catalogs, given, library, tail)


def regional_turns(
    revisions: Sequence[Revision], catalogs: Catalogs, given: Iterable[Turn], library: Library, tail: Tail
) -> Iterator[Turn]:
    """A regional copy of the turns in `given` that do not start before `tail`.

    Where the first of those starts only later, as after a loss in the store, slate airs until then.
    """
    genesis = revisions[0].channel.genesis
    for turn in given:
        if turn.start < tail.start:
            continue
        if tail.index and turn.start > tail.start:
            revision = in_force(revisions, instant_at(genesis, tail.start), tail)
            bridge = _bridge(revision, catalogs(revision), turn.start, tail)
            yield bridge
            tail = bridge.tail
        revision = in_force(revisions, instant_at(genesis, turn.start), tail)
        copied = regional_turn(revision, catalogs(revision), turn, library, tail)
        yield copied
        tail = copied.tail


def _bridge(revision: Revision, catalog: Catalog, until: Ticks, tail: Tail) -> Turn:
    """Slate from the end of a copy to the next turn of its parent that is known."""
    line = _Line(stock_of(revision, catalog), tail, tail.start)
    line.slate(Ticks(until - tail.start), "what the parent aired is lost")
    after = replace(tail, index=line.index, start=line.at, msn=line.msn, revision=revision.number)
    return Turn(revision.number, revision.catalog, tuple(line.airings), after)


def regional_turn(revision: Revision, catalog: Catalog, given: Turn, library: Library, tail: Tail) -> Turn:
    """What a regional copy airs while its parent airs the turn `given`, which starts where `tail` ends.

    `library` knows the items that the parent airs. At its beginning the copy begins with any turn. Raises
    `NothingToAir` without a slate for every length, and `UnknownAsset`.
    """
    if tail.index and tail.start != given.start:
        message = f"the turn at tick {given.start} does not follow the copy's end at {tail.start}"
        raise ValueError(message)
    copy = _Copy(stock_of(revision, catalog), given, library, tail)
    for is_break, airings in groupby(given.airings, lambda airing: airing.role in _BREAK):
        run = list(airings)
        if is_break and any(airing.role is Role.AD for airing in run):
            copy.refill(run)
        else:
            for airing in run:
                copy.keep(airing)
    return copy.turn()


class _Line:
    """Airings that follow each other."""

    def __init__(self, stock: Stock, tail: Tail, start: Ticks) -> None:
        self.stock: Final = stock
        self.airings: list[Airing] = []
        self.index, self.msn, self.at = tail.index, tail.msn, start

    def air(self, asset: str, part: tuple[int, int], length: Ticks, role: Role, reason: str) -> None:
        """Append an airing of the segments from one to another, which play for `length`."""
        (first, stop), end = part, Ticks(self.at + length)
        self.airings.append(Airing(self.index, self.at, end, self.msn, asset, first, stop, role, reason))
        self.at = end
        self.index += 1
        self.msn += stop - first

    def slate(self, length: Ticks, reason: str) -> None:
        """Append slate of exactly `length`; raises `NothingToAir`."""
        house = self.stock.house
        kit = self.stock.catalog.kit(house.name)
        while length > 0:
            part = Ticks(min(length, house.segment))
            segment = kit.slate_segment(part) if kit else None
            if kit is None or segment is None:
                named = self.stock.revision.catalog
                message = f"catalog {named} has no slate of house {house.name} for {part} ticks"
                raise NothingToAir(message)
            self.air(kit.slate.id, (segment, segment + 1), part, Role.SLATE, reason)
            length = Ticks(length - part)


class _Copy(_Line):
    """A turn in the making; lives only within `regional_turn`."""

    def __init__(self, stock: Stock, given: Turn, library: Library, tail: Tail) -> None:
        super().__init__(stock, tail, given.start)
        self.revision: Final = stock.revision
        self.given: Final = given
        self.library: Final = library
        self.tail: Final = tail
        self.cursors: dict[str, Cursor] = {}
        self.spots: list[Recent] = []
        self.hour, self.load = tail.hour, tail.load
        self.aired = Aired(tail.spots, stock.sponsors)
        self.today = stock.timeline.day(given.start)
        self.parts: Final = given.program
        self.refused = self._program_refused()
        """Why the program is not shown; empty when it is."""

    def turn(self) -> Turn:
        """The turn as copied."""
        before, parents = self.tail, self.given.tail
        since = self.at - self.stock.spot_memory
        return Turn(
            self.revision.number,
            self.revision.catalog,
            tuple(self.airings),
            Tail(
                self.index,
                self.at,
                self.msn,
                parents.since_break,
                before.moved(*self.cursors.values()) if self.cursors else before.cursors,
                self.revision.number,
                parents.idle,
                (),
                tuple(spot for spot in (*before.spots, *self.spots) if spot.start > since)[-REMEMBERED:],
                self.hour,
                self.load,
                parents.daypart,
                parents.due,
                parents.count,
                parents.asked,
            ),
            self.given.block,
        )

    # What stays

    def keep(self, airing: Airing) -> None:
        """Air what the parent airs, or slate where the region may not show it."""
        of_program = airing.role is Role.PROGRAM
        refused = self.refused if of_program else self._refused(airing.asset, airing.start, airing.end)
        if refused and airing.role is not Role.SLATE:
            self.slate(Ticks(airing.end - airing.start), refused)
        else:
            length = Ticks(airing.end - airing.start)
            self.air(airing.asset, (airing.first, airing.stop), length, airing.role, airing.reason)

    def _program_refused(self) -> str:
        """A program is shown from its beginning to its end, or not at all."""
        if self.parts is None:
            return ""
        return self._refused(self.parts[0].asset, self.parts[0].start, self.parts[1].end)

    def _refused(self, asset: str, start: Ticks, end: Ticks) -> str:
        """Why the region may not show an asset between two ticks."""
        never, genesis, timeline = self.revision.rules.never, self.revision.channel.genesis, self.stock.timeline
        item = self.library(asset)
        if item is None:
            message = f"the parent airs asset {asset}, which no catalog at hand has"
            raise UnknownAsset(message)
        found = unlicensed(item.about, instant_at(genesis, start), instant_at(genesis, end), never.territories)
        if found is None and never.watersheds:
            found = too_early(item.about, never.watersheds, timeline.wall(start), timeline.wall(end))
        return f"{item.about.title}{NOT_HERE}{found.reason}" if found else ""

    # Breaks

    @property
    def block(self) -> Block:
        """How the stretch of air is programmed that the parent's turn is of."""
        rules, name = self.revision.rules, self.given.tail.daypart
        return next((daypart.block for daypart in rules.dayparts if daypart.name == name), rules.block)

    def refill(self, run: list[Airing]) -> None:
        """Air a break of our own in place of a run of ads and bumpers.

        Of two bumpers in a row the one next to the program belongs to that, if programs have one.
        """
        ads = [place for place, airing in enumerate(run) if airing.role is Role.AD]
        first, stop = 0, len(run)
        if self.parts is not None:
            after, before = run[0].start >= self.parts[1].end, run[-1].end <= self.parts[0].start
            if after and self.block.after and ads[0] > 0:
                first = 1
            if before and self.block.before and ads[-1] < stop - 1:
                stop -= 1
        for airing in run[:first]:
            self.keep(airing)
        self._break(Ticks(run[stop - 1].end - run[first].start))
        for airing in run[stop:]:
            self.keep(airing)

    def _break(self, length: Ticks) -> None:
        """Air bumpers and ads of our own, and slate for what is left of `length`."""
        ads, end = self.block.ads, self.at + length
        untouched = dict(self.cursors)
        opens = self._bumper(ads.opens, length) if ads else None
        left = Ticks(length - (opens[0].length if opens else 0))
        closes = self._bumper(ads.closes, left) if ads else None
        left = Ticks(left - (closes[0].length if closes else 0))
        chosen = self._pod(ads, left) if ads else []
        if not chosen and ads and left < length:  # better an ad than the bumpers around it
            self.cursors, opens, closes = dict(untouched), None, None
            chosen = self._pod(ads, length)
        if not chosen:
            self.cursors = untouched
            self.slate(length, "there is no ad of its own for this break")
            return
        if opens:
            self._whole(opens[0], Role.BUMPER, f"{OPENS}, {opens[1]}")
        for item, reason in chosen:
            self._spot(item, reason)
        tail = closes[0].length if closes else 0
        self.slate(Ticks(end - tail - self.at), "no ad of its own is as short as what is left of the break")
        if closes:
            self._whole(closes[0], Role.BUMPER, f"{CLOSES}, {closes[1]}")

    def _bumper(self, query: Query | None, room: Ticks) -> tuple[Item, str] | None:
        """A bumper that leaves room for an ad, and why it was chosen."""
        if query is None:
            return None
        shelf = self.stock.shelf(query, self.today)
        pool = self.stock.cleared(shelf, self.at, Ticks(self.at + shelf.longest))

        def refuse(item: Item) -> Refusal | None:
            return _TOO_LONG if item.length >= room else None

        found = choose(pool, _SHUFFLED, f"{self.revision.seed}\0bumpers", lambda _: self._cursor("bumpers"), refuse)
        if not isinstance(found, Choice):
            return None
        self.cursors["bumpers"] = found.cursors[0]
        return found.item, found.reason

    def _pod(self, ads: Ads, length: Ticks) -> list[tuple[Item, str]]:
        """Ads that fill `length` best and keep all the rules of `ads`."""
        room = length
        if ads.load:
            self._enter_hour()
            room = Ticks(min(room, ads.load - self.load))
        shelf, cursor = self.stock.shelf(ads.query, self.today), self._cursor("ads")
        spots = Spots.of(self.stock.cleared(shelf, self.at, Ticks(self.at + length)))
        if not spots.pool.items:
            return []
        looked = self._looked_at(spots, ads, room, cursor)
        line = [place for place, (_, refusal) in enumerate(looked) if refusal is None]
        unit = self.stock.house.unit
        fit = Fit(max(room, 0) // unit)
        for place in line:
            if fit.exact:
                break
            fit.offer(looked[place][0].item.length // unit)
        taken = [line[offer] for offer in fit.chosen()]
        if ads.most and len(taken) > ads.most:
            seed = f"{self.revision.seed}\0ads"
            pod = pod_of(spots, ads, seed, cursor, Room(self.at, room, self.aired))
            self.cursors["ads"] = pod.cursor
            return [(spot.item, reason) for spot, reason in pod.spots]
        if not taken:
            return []
        chosen = [looked[place][0] for place in taken]
        before = enumerate(looked[: taken[-1]])
        passed = [Passed(one.item, why or _TOO_LONG) for place, (one, why) in before if place not in taken]
        aired = [candidate.item.id for candidate in chosen]
        self.cursors["ads"] = chosen[-1].after(cursor, owed(cursor, passed, *aired))
        count = len(spots.pool.items)
        return [(candidate.item, candidate.reason(Order.SHUFFLE, count)) for candidate in chosen]

    def _looked_at(self, spots: Spots, ads: Ads, room: Ticks, cursor: Cursor) -> list[tuple[Candidate, Refusal | None]]:
        """The ads whose turn it is, each with why it may not be in this pod; all others may be in it together."""
        found: list[tuple[Candidate, Refusal | None]] = []
        sponsors: set[str] = set()
        offered = candidates(spots.pool, Order.SHUFFLE, f"{self.revision.seed}\0ads", cursor)
        for candidate in islice(offered, LOOKED_AT):
            spot = spots.facts[candidate.item.id]
            apart = {spot.advertiser, spot.category if ads.category else ""} - {""}
            refusal = _TOO_LONG if spot.length > room else _SPONSORED if sponsors & apart else None
            refusal = refusal or self.aired.refuses(spot, ads, self.at)
            if refusal is None:
                sponsors |= apart
            found.append((candidate, refusal))
        return found

    def _spot(self, item: Item, reason: str) -> None:
        """Air an ad, and remember it for the rules that look back."""
        start = self.at
        self._enter_hour()
        self._whole(item, Role.AD, reason)
        self.load = Ticks(self.load + self.at - start)
        if self.stock.spot_memory:
            self.spots.append(Recent(item.about.work, start))
            self.aired.add(self.spots[-1])

    def _enter_hour(self) -> None:
        """Begin to count anew what of a clock hour is ads, when another one has come."""
        hour = self.stock.timeline.wall(self.at) // HOUR
        if hour != self.hour:
            self.hour, self.load = hour, Ticks(0)

    # Airing

    def _cursor(self, source: str) -> Cursor:
        return self.cursors.get(source) or self.tail.cursor(source)

    def _whole(self, item: Item, role: Role, reason: str) -> None:
        self.air(item.id, (0, item.cuts.segments), item.length, role, reason)


_SHUFFLED: Final = Source(())
_SPONSORED: Final = Refusal(Rule.REPEAT, 0, "another ad of its advertiser, or of its category, comes first")
_TOO_LONG: Final = Refusal(Rule.OVERRUN, 0, "it is longer than what is left of the break")
