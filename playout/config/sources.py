"""Sources: which programs air, and in which order.

    include: {series: [The Lighthouse]}
    exclude: {any: [pilot]}
    order: rotation
    run: 2

In a block these keys mean one source; `programs` is a list of them with weights, each of which takes from its
block what it does not say. What goes with an order (`run`, `cooldown`, `since`, `a_day`) goes when another one
is written, and a position goes with its programs.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from playout.config.faults import Fault, Mistaken, mistake
from playout.config.queries import AIRED, queries
from playout.config.queries import PROGRAMS as KINDS
from playout.config.record import Record, Said, leaf, mapping, several
from playout.config.scope import Scope
from playout.config.spans import DAY, MINUTE, ticks
from playout.config.spelling import one_of, quoted
from playout.config.word import Key, or_none, plain, then
from playout.config.words import at_least_one, given_name, one_name, whole
from playout.core.rules import NONE, Calendar, Order, Source

if TYPE_CHECKING:
    from playout.config.tree import Node
    from playout.core.catalog import Query

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ORDERS: Final = [str(order) for order in Order]
_COUNTED: Final = (Order.SEQUENCE, Order.CHRONOLOGICAL, Order.LISTED)
"""The orders in which the day says which item is due."""


def _order(node: Node) -> Order:
    written = leaf(node, "order").text
    if written.lower() == "marathon":
        raise mistake(
            node.line,
            f"unknown order {quoted(written)}: write order: rotation and run: all, or run: 4 for four episodes of "
            "each series in a row",
        )
    return Order(one_name(node, _ORDERS, "order"))


def _exclude(found: tuple[Query, ...], line: int) -> tuple[Query, ...]:
    if any(query.empty for query in found):
        raise mistake(
            line, "exclude asks for nothing in particular, so nothing would air: write tags, or exclude: none"
        )
    return found


_episodes: Final = whole(1, 1000, "episodes", "or all, for a series from its first to its last")


def _run(node: Node) -> int:
    return 0 if leaf(node, "a whole number").text == "all" else _episodes.read(node, Scope())


def _day(node: Node) -> int:
    written = leaf(node, "a date").text
    try:
        return date.fromisoformat(written if _DATE.fullmatch(written) else "").toordinal()
    except ValueError:
        raise mistake(node.line, f"{quoted(written)} is not a date: write one like 2026-01-31") from None


INCLUDE: Final = Key(
    "include",
    queries("what to air", KINDS, AIRED),
    "Which programs air: a query, the name of a collection, or a list of those. Ads air as programs where the query "
    "says kind: ad.",
    examples=({"any": ["film"]}, "noir"),
)
EXCLUDE: Final = Key(
    "exclude",
    or_none(then(queries("what not to air", (), KINDS), _exclude)),
    "Which of those do not air after all.",
)
ORDER: Final = Key(
    "order",
    plain(_order, {"enum": _ORDERS}),
    "In which order they air: shuffle, sequence (by season and episode), newest, chronological, listed, random, or "
    "rotation between series.",
    default="shuffle",
)
RUN: Final = Key(
    "run",
    plain(_run, {"anyOf": [_episodes.schema, {"const": "all"}]}),
    "With order: rotation, how many episodes of a series follow each other.",
    default=1,
)
COOLDOWN: Final = Key(
    "cooldown",
    or_none(ticks(MINUTE, 366 * DAY)),
    "With order: random, how long after it began a program cannot be chosen again.",
    examples=("12h", "7d"),
)
POSITION: Final = Key(
    "position",
    or_none(given_name),
    "A name under which its position is kept: sources of this channel with the same one go on where the other stopped.",
)
SINCE: Final = Key(
    "since",
    or_none(plain(_day, {"type": "string", "format": "date"})),
    "The day on which the first one is due: the position is counted by the calendar, the same on every channel.",
    examples=("2026-01-01",),
)
A_DAY: Final = Key(
    "a_day", whole(1, 1000, "programs", "a day has no more"), "With since: how many are due each day.", 1
)
WEIGHT: Final = Key(
    "weight", whole(1, 100, "parts", "what counts is the ratio"), "How many of so many choices fall on it.", 1
)

_WITH_THE_ORDER: Final = (RUN, COOLDOWN, SINCE, A_DAY)
_ONE_SOURCE: Final = (INCLUDE, EXCLUDE, ORDER, RUN, COOLDOWN, POSITION, SINCE, A_DAY)


def _weighted(keys: Record) -> Said:
    said = keys.said((*_ONE_SOURCE, WEIGHT))
    keys.lack(INCLUDE, "which programs, e.g. include: {any: [film]}")
    return said


PROGRAMS: Final = Key(
    "programs",
    at_least_one(
        several(mapping("a source", (*_ONE_SOURCE, WEIGHT), _weighted, required=["include"])),
        "write one source at least, e.g. [{include: {any: [film]}}]",
    ),
    "Several sources, each with include and a weight, in place of include.",
    examples=([{"include": "noir", "weight": 3}, {"include": "western"}],),
)
SOURCE_KEYS: Final[tuple[Key[Any], ...]] = (*_ONE_SOURCE, PROGRAMS)
"""What a block says of its programs."""


def blame_mixed(keys: Record) -> None:
    """Note what a block says both of one source and of several."""
    if keys.has(PROGRAMS) and keys.has(INCLUDE):
        keys.blame("programs and include are two ways to say what airs: take one of them out", PROGRAMS, INCLUDE)
    if keys.has(PROGRAMS) and keys.has(POSITION):
        keys.blame("a position belongs to one source: write it below programs", POSITION)


def inherited(inner: Said, outer: Said) -> Said:
    """What `inner` says, and what it takes from `outer`."""
    gone: list[Key[Any]] = []
    if inner.has(INCLUDE):
        gone += [PROGRAMS, POSITION]
    if inner.has(PROGRAMS):
        gone += [INCLUDE, POSITION]
    if inner.has(ORDER):
        gone += _WITH_THE_ORDER
    return inner.over(outer.without(gone))


def sources_of(block: Said) -> tuple[Source, ...]:
    """The sources of a block that says all that it has; raises `Mistaken` with what does not go together."""
    several_said = block.of(PROGRAMS, None)
    if several_said is None:
        return (_source(block),)
    around = block.without((INCLUDE, PROGRAMS, POSITION))
    found: list[Source] = []
    faults: list[Fault] = []
    for one in several_said:
        try:
            found.append(_source(inherited(one, around)))
        except Mistaken as error:
            faults.extend(error.faults)
    if faults:
        raise Mistaken(*faults)
    return tuple(found)


def _source(said: Said) -> Source:
    faults = _disagreements(said)
    if faults:
        raise Mistaken(*faults)
    exclude, since = said.of(EXCLUDE, None), said.of(SINCE, None)
    return Source(
        include=said.of(INCLUDE, ()),
        exclude=exclude or (),
        order=said.of(ORDER, Order.SHUFFLE),
        weight=said.of(WEIGHT, 1),
        run=said.of(RUN, 1),
        cooldown=said.of(COOLDOWN, NONE) or NONE,
        position=said.of(POSITION, "") or "",
        calendar=None if since is None else Calendar(since, said.of(A_DAY, 1)),
    )


def _disagreements(said: Said) -> list[Fault]:
    """What a source says that its order has no use for."""
    if said.wrong(ORDER):
        return []
    order = said.of(ORDER, Order.SHUFFLE)
    faults = []
    if order is Order.LISTED and not said.wrong(INCLUDE) and not all(query.listed for query in said.of(INCLUDE, ())):
        text = 'order: listed airs what a query lists: write include: {listed: ["…", "…"]}, or another order'
        faults.append(Fault(said.line(ORDER, INCLUDE), text))
    if order is not Order.ROTATION and said.has(RUN):
        text = "run counts the episodes of a rotation: write order: rotation, or take run out"
        faults.append(Fault(said.line(RUN), text))
    if order is not Order.RANDOM and said.of(COOLDOWN, None):
        text = "cooldown goes with order: random; for every other order write never: {repeat: …}"
        faults.append(Fault(said.line(COOLDOWN), text))
    return faults + _calendar_disagreements(said, order)


def _calendar_disagreements(said: Said, order: Order) -> list[Fault]:
    faults = []
    if said.of(SINCE, None) and order not in _COUNTED:
        text = f"since counts the days of a fixed order: write order: {one_of(map(str, _COUNTED))}"
        faults.append(Fault(said.line(SINCE, ORDER), text))
    if said.of(SINCE, None) and said.of(POSITION, None):
        text = "the calendar is the position: take since out, or position"
        faults.append(Fault(said.line(SINCE, POSITION), text))
    if said.has(A_DAY) and not said.has(SINCE):
        text = "a_day says how many are due each day since a date: write since, too, e.g. since: 2026-01-01"
        faults.append(Fault(said.line(A_DAY), text))
    return faults
