"""What differs: between two revisions of a channel, in words, and between two futures of it, program by program.

Law: a future is compared by what airs when. What both have at the same tick is in neither's list of changes, and
whatever is not in both is in one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.airing import Role
from playout.core.never import spelled
from playout.core.ticks import Ticks, ticks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from playout.core.airing import Turn
    from playout.core.channel import Revision
    from playout.core.rules import Rules


class Edit(NamedTuple):
    """One thing that is other in a revision than in the one before."""

    what: str
    """`name`, `number`, `ads`, `daypart late`."""
    before: str = ""
    after: str = ""
    """Both empty where it is too long for a line."""

    def __str__(self) -> str:
        """In a few words."""
        return (
            f"{self.what}: {self.before or 'none'} → {self.after or 'none'}" if self.before or self.after else self.what
        )


_IDENTITY: Final = (
    "name",
    "number",
    "group",
    "description",
    "logo",
    "languages",
    "subtitles",
    "window",
    "zone",
    "access",
    "ages",
)


def edits(before: Revision, after: Revision) -> tuple[Edit, ...]:
    """What `after` says otherwise than `before`: who the channel is, then its rules, then what they match."""
    found = [*_who(before, after), *_what(before.rules, after.rules)]
    if before.horizon != after.horizon:
        found.append(Edit("horizon", _lasting(before.horizon), _lasting(after.horizon)))
    if before.retired != after.retired:
        found.append(Edit("it ends" if after.retired else "it is back"))
    if before.changes != after.changes and before.channel.zone == after.channel.zone:
        found.append(Edit("the clock changes of its zone"))
    if before.choice != after.choice and not found:
        found.append(Edit("the library"))
    return tuple(found)


def same_schedule(before: Revision, after: Revision) -> bool:
    """Whether both give the same turns: they differ, if at all, in who the channel is."""
    return (before.rules, before.choice, before.changes) == (after.rules, after.choice, after.changes)


def _who(before: Revision, after: Revision) -> Iterator[Edit]:
    for name in _IDENTITY:
        one, two = _written(getattr(before.channel, name)), _written(getattr(after.channel, name))
        if one != two:
            yield Edit(name, one, two)


def _written(value: object) -> str:
    if value is None:
        return "none"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _lasting(span: timedelta) -> str:
    return spelled(ticks_of(span))


def _what(before: Rules, after: Rules) -> Iterator[Edit]:
    one, two = before.block, after.block
    for name, same in (
        ("programs", one.sources == two.sources),
        ("ads", one.ads == two.ads),
        ("filler", one.filler == two.filler),
        ("bumpers around programs", (one.before, one.after) == (two.before, two.after)),
        ("padding", one.pad == two.pad),
        ("overrun", one.overrun == two.overrun),
        ("title of the block", one.title == two.title),
    ):
        if not same:
            yield Edit(name)
    yield from _dayparts(before, after)
    if replace(before.never, apart=None) != replace(after.never, apart=None):
        yield Edit("never")
    if before.never.apart != after.never.apart:
        yield Edit("what its group keeps apart")
    if before.clock_change != after.clock_change:
        yield Edit("clock_change")


def _dayparts(before: Rules, after: Rules) -> Iterator[Edit]:
    one = {daypart.name: daypart for daypart in before.dayparts}
    two = {daypart.name: daypart for daypart in after.dayparts}
    for name in dict.fromkeys((*one, *two)):
        if name not in two:
            yield Edit(f"daypart {name} is gone")
        elif name not in one:
            yield Edit(f"daypart {name} is new")
        elif one[name] != two[name]:
            yield Edit(f"daypart {name}")
    if list(one) != list(two) and set(one) == set(two):
        yield Edit("the order of dayparts")


class Sign(StrEnum):
    """What becomes of a stretch of air."""

    STAYS = "="
    GOES = "-"
    COMES = "+"
    BREAKS = "~"
    """The same programs at the same time, with other ads, bumpers or filler."""


@dataclass(frozen=True, slots=True)
class Showing:
    """A program as it airs, or a stretch without one."""

    start: Ticks
    end: Ticks
    """Its last part's, without what comes after it."""
    asset: str
    """Empty where no program is on."""
    between: tuple[tuple[Ticks, str], ...] = ()
    """What else its turn airs, and when."""


def showings(turns: Iterable[Turn], stop: Ticks) -> Iterator[Showing]:
    """What the turns show that starts before `stop`; turns without a program that follow each other are one."""
    idle: Showing | None = None
    for turn in turns:
        if turn.start >= stop:
            break
        parts = turn.program
        between = tuple((one.start, one.asset) for one in turn.airings if one.role is not Role.PROGRAM)
        if parts is None:
            idle = Showing(idle.start if idle else turn.start, turn.end, "", ((idle.between if idle else ()) + between))
            continue
        if idle:
            yield idle
            idle = None
        yield Showing(parts[0].start, parts[1].end, parts[0].asset, between)
    if idle:
        yield idle


class Piece(NamedTuple):
    """What becomes of one showing."""

    sign: Sign
    showing: Showing


def difference(before: Iterable[Showing], after: Iterable[Showing]) -> tuple[Piece, ...]:
    """What becomes of what: in the order of time, and at one time what goes before what comes."""
    old, new = {_seen(one): one for one in before}, {_seen(one): one for one in after}
    pieces = [Piece(Sign.GOES, one) for seen, one in old.items() if seen not in new]
    for seen, one in new.items():
        kept = old.get(seen)
        sign = Sign.COMES if kept is None else Sign.STAYS if kept.between == one.between else Sign.BREAKS
        pieces.append(Piece(sign, one))
    return tuple(sorted(pieces, key=_in_order))


def _seen(one: Showing) -> tuple[Ticks, Ticks, str]:
    """What viewers see of a showing, breaks apart."""
    return one.start, one.end, one.asset


def _in_order(piece: Piece) -> tuple[Ticks, bool, Ticks]:
    return piece.showing.start, piece.sign is not Sign.GOES, piece.showing.end


class Stretch(NamedTuple):
    """Pieces of one kind that follow each other."""

    sign: Sign
    showings: tuple[Showing, ...]


def stretches(pieces: Iterable[Piece]) -> Iterator[Stretch]:
    """The pieces in stretches, to be told in a line each where they stay as they are."""
    for sign, run in groupby(pieces, lambda piece: piece.sign):
        yield Stretch(sign, tuple(piece.showing for piece in run))
