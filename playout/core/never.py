"""What may not air: each refusal with its rule, how bad a breach would be, and the reason for people.

Law: rights, territories and watersheds bind, whatever else there is. The other rules give way, the least bad
breach first, when nothing else is left to air.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from playout.core.catalog import UNRATED
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.wall import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from playout.core.asset import Title
    from playout.core.catalog import Item
    from playout.core.rules import Apart, Watershed


class Rule(StrEnum):
    """What refuses."""

    RIGHTS = "rights"
    TERRITORY = "territory"
    WATERSHED = "watershed"
    OVERRUN = "overrun"
    REPEAT = "repeat"
    APART = "apart"
    COOLDOWN = "cooldown"
    AGAIN = "again"
    """It aired just before."""

    @property
    def binds(self) -> bool:
        """Whether filler, or slate, airs rather than a breach."""
        return self in _BINDING

    @property
    def passes(self) -> bool:
        """Whether it only holds for a while, so that the item is owed its turn."""
        return self not in _LASTING


_BINDING: Final = (Rule.RIGHTS, Rule.TERRITORY, Rule.WATERSHED)
_LASTING: Final = (Rule.RIGHTS, Rule.TERRITORY)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item does not air now."""

    rule: Rule
    badness: int
    """How bad a breach would be, in thousandths; of no account where the rule binds."""
    reason: str


def unlicensed(about: Title, start: datetime, stop: datetime, territories: tuple[str, ...]) -> Refusal | None:
    """Why `about` may not be shown from `start` to `stop` in all of `territories`."""
    if not about.rights:
        return None
    timely = [
        one
        for one in about.rights
        if (one.start is None or one.start <= start) and (one.stop is None or stop <= one.stop)
    ]
    if not timely:
        return Refusal(Rule.RIGHTS, 0, _window(about, start, stop))
    for territory in territories:
        if not any(not one.territories or territory in one.territories for one in timely):
            return Refusal(Rule.TERRITORY, 0, f"there are no rights for {territory}")
    if not territories and all(one.territories for one in timely):
        places = ", ".join(sorted({place for one in timely for place in one.territories}))
        return Refusal(Rule.TERRITORY, 0, f"its rights are for {places} alone, and the channel names no territories")
    return None


def _window(about: Title, start: datetime, stop: datetime) -> str:
    """Why no window of rights is open, in words."""
    begins = sorted(one.start for one in about.rights if one.start and one.start > start)
    ends = sorted(one.stop for one in about.rights if one.stop and one.stop < stop)
    if ends and ends[-1] > start:
        return f"its rights end at {ends[-1]:%Y-%m-%d %H:%M} UTC, before it would"
    if begins:
        return f"its rights begin at {begins[0]:%Y-%m-%d %H:%M} UTC"
    return f"its rights ended at {ends[-1]:%Y-%m-%d %H:%M} UTC" if ends else "its rights do not cover this time"


def too_early(about: Title, watersheds: tuple[Watershed, ...], wall: int, wall_end: int) -> Refusal | None:
    """Why its rating keeps `about` off air between two wall times, in seconds."""
    rating = (about.rating or UNRATED).casefold()
    for shed in watersheds:
        if rating in (name.casefold() for name in shed.ratings):
            length = shed.stop - shed.start
            begun = (wall - shed.start) % DAY_SECONDS
            if begun + (wall_end - wall) > length:
                hours = f"{clock(shed.start)}–{clock(shed.stop)}"
                return Refusal(Rule.WATERSHED, 0, f"rated {about.rating or UNRATED}, which airs {hours} only")
    return None


def clock(second: int) -> str:
    """A second of the day as people write it: `21:00`."""
    hours, seconds = divmod(second % DAY_SECONDS, 3600)
    minutes, seconds = divmod(seconds, 60)
    return f"{hours:02d}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")


def repeated(rule: Rule, since: Ticks, within: Ticks) -> Refusal | None:
    """Why what started `since` ago may not start again within `within`."""
    if since >= within:
        return None
    words = f"it started {spelled(since)} ago, and {spelled(within)} must lie between"
    return Refusal(rule, (within - since) * 1000 // within, words)


def spelled(ticks: int) -> str:
    """A span as people say it: `3 h 20 min`, `45 min`, `30 s`."""
    seconds = ticks // TIMEBASE
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"  # noqa: PLR2004 — a glance
    return f"{rest} s"


def kept_for(apart: Apart, channel: str, work: str, members: Sequence[str], instant: int) -> Refusal | None:
    """Why a work may not start on `channel` at `instant`, in ticks since 1970: another one of the group has it.

    Time is cut into periods of four times `within`, at other places for each work. In each period one of the
    channels that could air the work has it; and it does not start in the last quarter, unless it stays there.
    So two starts on two channels lie `within` apart, and no channel needs to know what another one airs.
    """
    if len(members) < 2:  # noqa: PLR2004 — alone
        return None
    period = 4 * apart.within
    number, passed = divmod(instant + _draw(f"{apart.group}\0{work}") % period, period)
    owner = members[_draw(f"{apart.group}\0{work}\0{number}") % len(members)]
    if owner != channel:
        return Refusal(Rule.APART, 900, f"group {apart.group}: {owner} has it for the next {spelled(period - passed)}")
    if passed >= 3 * apart.within:
        after = members[_draw(f"{apart.group}\0{work}\0{number + 1}") % len(members)]
        if after != channel:
            return Refusal(
                Rule.APART, 800, f"group {apart.group}: it is kept for {after}, in {spelled(period - passed)}"
            )
    return None


def _draw(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big")


def rivals_of(apart: Apart, item: Item) -> tuple[str, ...]:
    """The channels of the group that could air `item`, whatever the day."""
    return tuple(
        rival.channel
        for rival in apart.rivals
        if any(
            any(query.matches(item) for query in source.include)
            and not any(query.matches(item) for query in source.exclude if not query.dated)
            for source in rival.sources
        )
    )
