"""What airs next: from the rules, the library and the tail of the log to one more turn.

Laws. Fold: a turn depends on nothing but the revision, the catalog and the tail, so extending a log to b
and then to c equals extending it to c. Join: a turn starts where the tail ends.

A channel never stops: what matches nothing airs filler, and where there is no filler, slate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from playout.core.airing import Airing, Cursor, Role, Tail, Turn
from playout.core.catalog import Catalog
from playout.core.channel import Order, Revision, in_force
from playout.core.draw import Pool, choose, pool
from playout.core.ticks import TIMEBASE, Ticks, instant_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playout.core.catalog import Item, Query
    from playout.core.channel import Ads

    Catalogs = Callable[[Revision], Catalog]
    """Answers the catalog that a revision chooses from."""

SLATE_TURN: Final = Ticks(20 * TIMEBASE)
"""How long slate airs at least before the rules are asked again."""


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
    draft = _Draft(revision, catalog, tail)
    if not (draft.program() or draft.filler()):
        draft.slate()
    return draft.turn()


@dataclass(slots=True)
class _Draft:
    """A turn in the making; lives only within `next_turn`."""

    revision: Revision
    catalog: Catalog
    tail: Tail
    airings: list[Airing] = field(default_factory=list)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    since_break: Ticks = Ticks(0)  # noqa: RUF009 — an integer
    at: Ticks = Ticks(0)  # noqa: RUF009 — an integer
    msn: int = 0
    idle: bool = False

    def __post_init__(self) -> None:
        self.at, self.msn, self.since_break = self.tail.start, self.tail.msn, self.tail.since_break

    def turn(self) -> Turn:
        """The turn as drafted."""
        index = self.tail.index + len(self.airings)
        cursors = self.tail.moved(*self.cursors.values())
        tail = Tail(index, self.at, self.msn, self.since_break, cursors, self.revision.number, self.idle)
        return Turn(self.revision.number, self.revision.catalog, tuple(self.airings), tail)

    def program(self) -> bool:
        """Draft the next program with its breaks; False when nothing matches."""
        rules = self.revision.rules
        chosen = self._next("programs", self._pool(rules.include, rules.exclude), rules.order)
        if chosen is None:
            return False
        item, reason = chosen
        first = 0
        for segment, ads in self._breaks(item):
            self._air(item, first, segment, Role.PROGRAM, reason)
            self._break(ads)
            first = segment
        if first < item.cuts.segments:
            self._air(item, first, item.cuts.segments, Role.PROGRAM, reason)
            self.since_break = Ticks(self.since_break + item.length - item.cuts.tick(first))
        return True

    def filler(self) -> bool:
        """Draft one filler; False when there is none."""
        query = self.revision.rules.filler
        if query is None:
            return False
        chosen = self._next("filler", self._pool(query), Order.SHUFFLE)
        if chosen is None:
            return False
        item, reason = chosen
        self.idle = True
        self._air(item, 0, item.cuts.segments, Role.FILLER, f"nothing matches; filler, {reason}")
        return True

    def slate(self) -> None:
        """Draft a while of slate: its full segment, again and again."""
        house = self.revision.channel.house
        kit = self.catalog.kit(house)
        if kit is None:
            message = f"catalog {self.revision.catalog} has no slate of house {house}"
            raise NothingToAir(message)
        cuts = kit.slate.cuts
        longest = max(range(cuts.segments), key=lambda k: cuts.tick(k + 1) - cuts.tick(k))
        until = self.at + SLATE_TURN
        self.idle = True
        while self.at < until:
            self._air(kit.slate, longest, longest + 1, Role.SLATE, "nothing matches, and there is no filler")

    def _breaks(self, item: Item) -> Iterator[tuple[int, Ads]]:
        """The segments of `item` before which a break comes, and its rules; the number of segments for one after it.

        A break needs `every` of program since the last one. A break point with less than a quarter of
        that left to play is passed over in favour of the end of the program.
        """
        ads = self.revision.rules.ads
        if ads is None or not self._pool(ads.query).items:
            return
        mark = Ticks(-self.since_break)
        for point in item.breaks:
            tick = item.cuts.tick(point.segment)
            if tick - mark >= ads.every and item.length - tick >= ads.every // 4:
                mark = tick
                yield point.segment, ads
        if item.length - mark >= ads.every:
            yield item.cuts.segments, ads

    def _break(self, ads: Ads) -> None:
        """Draft a pod: a bumper, ads up to the pod's length with no ad twice, a bumper."""
        self.since_break = Ticks(0)
        self._bumper(ads, "opens")
        source = self._pool(ads.query)
        aired: set[str] = set()
        length = 0
        while length < ads.pod:
            before = self.cursors.get("ads")
            chosen = self._next("ads", source, Order.SHUFFLE)
            if chosen is None or chosen[0].id in aired or (aired and length + chosen[0].length > ads.pod):
                self._back("ads", before)
                break
            item, reason = chosen
            aired.add(item.id)
            length += item.length
            self._air(item, 0, item.cuts.segments, Role.AD, reason)
        self._bumper(ads, "closes")

    def _bumper(self, ads: Ads, does: str) -> None:
        chosen = self._next("bumpers", self._pool(ads.bumper), Order.SHUFFLE) if ads.bumper else None
        if chosen:
            item, reason = chosen
            self._air(item, 0, item.cuts.segments, Role.BUMPER, f"{does} the break, {reason}")

    def _pool(self, include: Query, exclude: Query | None = None) -> Pool:
        return pool(self.catalog, self.revision.channel.house, include, exclude)

    def _next(self, source: str, items: Pool, order: Order) -> tuple[Item, str] | None:
        """The next item of a source, whose cursor moves on; None when it has none."""
        cursor = self.cursors.get(source) or self.tail.cursor(source)
        choice = choose(items, order, f"{self.revision.seed}\0{source}", cursor)
        if choice is None:
            return None
        self.cursors[source] = choice.cursor
        return choice.item, choice.reason

    def _back(self, source: str, cursor: Cursor | None) -> None:
        """Put a choice back: it is the next one again."""
        self.cursors.pop(source, None)
        if cursor is not None:
            self.cursors[source] = cursor

    def _air(self, item: Item, first: int, stop: int, role: Role, reason: str) -> None:
        start = self.at
        self.at = Ticks(start + item.cuts.tick(stop) - item.cuts.tick(first))
        index = self.tail.index + len(self.airings)
        self.airings.append(Airing(index, start, self.at, self.msn, item.id, first, stop, role, reason))
        self.msn += stop - first
