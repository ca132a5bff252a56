"""What there is to tell of a channel: a pure function of its log, of what was told before, and of now.

Law (Fold): telling up to b, and then up to c, tells what telling up to c does, in the same order, each once.
Three things depend on when one looks: what is late, what is too long ago, and whether the log is behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from control_api.happenings import Happening
from control_api.instants import written
from playout.core.airing import Airing, Role, Turn, breaks_of
from playout.core.channel import Revision, Withdrawal
from playout.core.ticks import Ticks, instant_at, span_of, ticks_since

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_api.air.places import Place

LATE: Final = timedelta(seconds=15)
"""What is told so long after it happened says so."""
FORGOTTEN: Final = timedelta(hours=1)
"""What happened so long ago is not told any more, unless it is on air still."""
BEHIND: Final = timedelta(seconds=15)
"""A log that ends so soon is behind; a committer keeps it a minute ahead at least."""
STEADY: Final = timedelta(seconds=30)
"""A log that was behind is not so any more when it reaches so far."""
MOST: Final = 200
"""Events of one channel in one look; the next look goes on."""
_NAMED: Final = 50  # assets that an event names


@dataclass(frozen=True, slots=True)
class Heard:
    """A channel as the store has it."""

    channel: str
    genesis: datetime
    """When tick 0 of its log airs on this channel."""
    begun: datetime
    """Before this instant it aired nothing."""
    turns: Sequence[Turn]
    """The log from what is on air, or what was told last, to its end; in order."""
    revisions: Mapping[int, Revision]
    """Of the channel whose rules decide, by number."""
    orders: Sequence[tuple[int, Withdrawal]] = ()
    """The channel's own withdrawals with their numbers, in order."""
    inherited: Sequence[Withdrawal] = ()
    """Those of a mirror's original."""
    titles: Mapping[str, str] | None = None
    """Titles of assets, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to tell."""

    type: str
    at: datetime
    """When it happened."""
    data: Mapping[str, Any]


def tell(heard: Heard, place: Place, now: datetime) -> tuple[list[Happening], Place]:
    """What there is to tell now, in the order in which it happened, and the place after it."""
    if now < heard.begun:
        return [], place
    said: list[Said] = []
    numbered = [(number, order) for number, order in heard.orders if number > place.orders]
    for number, order in numbered[:MOST]:
        place = replace(place, orders=number)
        if now - order.ordered < FORGOTTEN:
            said.append(_of_order(order))
    begun, place = _of_air(heard, place, now)
    said = sorted([*said, *begun], key=lambda one: one.at)
    log, place = _of_log(heard, place, now)
    said += log
    return [_happening(heard.channel, one, now) for one in said], place


def _happening(channel: str, one: Said, now: datetime) -> Happening:
    late = {"late": True} if now - one.at > LATE else {}
    return Happening(
        f"channel.{one.type}", channel, {"channel": channel, "on_air_at": written(one.at), **late, **one.data}
    )


def _of_order(order: Withdrawal) -> Said:
    told = {"assets": list(order.assets[:_NAMED]), "count": len(order.assets), "reason": order.reason[:500]}
    return Said("restored" if order.back else "withdrawn", order.ordered, told)


# What begins on air


def _of_air(heard: Heard, place: Place, now: datetime) -> tuple[list[Said], Place]:
    """All that began after the place, up to now."""
    tick, oldest = ticks_since(heard.genesis, now), ticks_since(heard.genesis, now - FORGOTTEN)
    gone = off_air([*heard.inherited, *(order for _, order in heard.orders)])
    said: list[Said] = []
    on_air: Airing | None = None
    for turn, airing in _begun(heard.turns, tick):
        on_air = airing
        is_over = turn.end <= tick
        # of a channel that is new here, the turn that is on air comes first
        if airing.start <= place.tick or (is_over and (place.tick < 0 or airing.end <= oldest)):
            continue
        if len(said) >= MOST:
            return said, place
        why = "withdrawn" if airing.asset in gone else airing.reason if airing.role is Role.SLATE else None
        at = instant_at(heard.genesis, airing.start)
        said += [Said(name, at, data) for name, data in _of_airing(heard, turn, airing, place, why)]
        place = replace(place, tick=airing.start, on_slate=why is not None, revision=turn.revision)
    if on_air is not None and place.tick == on_air.start:
        said, place = _of_change(said, on_air, gone, place, now)
    return said, place


def _begun(turns: Sequence[Turn], tick: Ticks) -> Iterator[tuple[Turn, Airing]]:
    for turn in turns:
        for airing in turn.airings:
            if airing.start > tick:
                return
            yield turn, airing


def _of_airing(
    heard: Heard, turn: Turn, airing: Airing, place: Place, why_slate: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the beginning of one airing is, for whoever was told up to `place`; `why_slate` is None when it airs."""
    if turn.revision != place.revision:
        yield "revision_applied", _revision(heard, turn)
    if why_slate is not None and not place.on_slate:
        yield "slate_started", {"reason": why_slate[:500], "asset": airing.asset}
    if place.on_slate and why_slate is None:
        yield "slate_ended", {}
    found = breaks_of(turn).get(airing.index)
    if found is not None and found.index == airing.index:
        told = {"roll": found.roll, "ads": len(found.ads), "length_ms": _millis(found.length)}
        yield "break_started", {**told, "assets": [ad.asset for ad in found.ads[:_NAMED]]}
    if turn.program is not None and turn.program[0].index == airing.index:
        ends = instant_at(heard.genesis, turn.program[1].end)
        title = (heard.titles or {}).get(airing.asset, "")
        yield "program_started", {"asset": airing.asset, "title": title, "ends_at": written(ends)}


def _revision(heard: Heard, turn: Turn) -> dict[str, Any]:
    revision = heard.revisions.get(turn.revision)
    if revision is None:
        return {"revision": turn.revision}
    return {"revision": turn.revision, "author": revision.author[:200], "note": revision.note[:500]}


def _of_change(
    said: list[Said], on_air: Airing, gone: Mapping[str, datetime], place: Place, now: datetime
) -> tuple[list[Said], Place]:
    """Slate that comes or goes in the middle of an airing: by an order of withdrawal."""
    is_slate = on_air.role is Role.SLATE or on_air.asset in gone
    if is_slate == place.on_slate:
        return said, place
    if is_slate:
        told = Said("slate_started", gone[on_air.asset], {"reason": "withdrawn", "asset": on_air.asset})
    else:
        told = Said("slate_ended", now, {})
    return [*said, told], replace(place, on_slate=is_slate)


def off_air(orders: Sequence[Withdrawal]) -> dict[str, datetime]:
    """The assets that are off air, with since when; of several orders the newest counts."""
    found: dict[str, datetime] = {}
    for order in sorted(orders, key=lambda one: one.ordered):
        for asset in order.assets:
            if order.back:
                found.pop(asset, None)
            else:
                found.setdefault(asset, order.ordered)
    return found


# The log itself


def _of_log(heard: Heard, place: Place, now: datetime) -> tuple[list[Said], Place]:
    """Whether the log is behind, where that has changed."""
    if not heard.turns:
        return [], place
    ahead = instant_at(heard.genesis, heard.turns[-1].end) - now
    if not place.is_behind and ahead < BEHIND:
        told = {"kind": "log", "ahead_ms": ahead // timedelta(milliseconds=1)}
        return [Said("drifted", now, told)], replace(place, is_behind=True)
    if place.is_behind and ahead >= STEADY:
        return [Said("steadied", now, {"kind": "log"})], replace(place, is_behind=False)
    return [], place


def _millis(ticks: Ticks) -> int:
    return span_of(ticks) // timedelta(milliseconds=1)
