"""Blocks: programs that somebody put at a time by hand. In the file each is a daypart with a date.

Law: pure. A block begins at its second by the clocks of the channel, airs its programs in their order, and ends by
itself; what would begin while the programs before it still run cuts them, as `late: cut` says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_AT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?")
_AD: Final = "ad"
_SECOND: Final = timedelta(seconds=1)
_PREFIX: Final = "block"
KEYS: Final = frozenset({"at", "count", "include", "order", "title", "late", "ads"})
"""The keys of a daypart that is a block; one with others is more than that, and is left to the file."""


@dataclass(frozen=True, slots=True)
class Block:
    """Programs at a time."""

    name: str
    at: str
    """Local to the channel: `2026-03-01 20:15:00`."""
    assets: tuple[str, ...]
    label: str = ""
    """What the guide calls it, where its programs are short."""
    ads: tuple[str, ...] = ()
    """What airs before each of its programs."""
    late: str = "cut"
    is_ads: bool = False
    """Whether what it airs is advertising, and no program."""

    def start(self, zone: str) -> datetime:
        """When it begins, in UTC."""
        return instant(self.at, zone)

    def daypart(self, ads_seconds: int) -> dict[str, Any]:
        """What the file says of it; `ads_seconds` is how long its ads are."""
        what = {"kind": _AD} if self.is_ads else {}
        include = {**what, "listed": list(self.assets)}
        said: dict[str, Any] = {"at": self.at, "count": len(self.assets), "include": include, "order": "listed"}
        if self.label:
            said["title"] = self.label
        if self.late != "cut":
            said["late"] = self.late
        if self.ads:
            said["ads"] = {
                "every": "10s", "pod": f"{max(ads_seconds, 1)}s", "rolls": ["pre"], "listed": list(self.ads),
            }  # fmt: skip
        else:
            said["ads"] = "none"
        return said


def name_of(at: str) -> str:
    """What a block at a time is called when nobody gives it a name: `block-20260301-201500`."""
    return f"{_PREFIX}-{re.sub('[^0-9]', '', at)[:8]}-{re.sub('[^0-9]', '', at)[8:]}"


def local(moment: datetime, zone: str) -> str:
    """An instant by the clocks of a zone, to the second."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def instant(at: str, zone: str) -> datetime:
    """The first instant at which clocks show a local time, in UTC."""
    return datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def blocks(dayparts: Any) -> Iterator[Block]:  # noqa: ANN401 — whatever stands in the file
    """The blocks among the dayparts of a channel, as the file has them."""
    for name, said in dayparts.items() if isinstance(dayparts, dict) else ():
        if isinstance(said, dict) and set(said) <= KEYS and isinstance(said.get("at"), str):
            match, include = _AT.fullmatch(said["at"]), said.get("include")
            if match and isinstance(include, dict) and (set(include) == {"listed"} or _is_ads(include)):
                at = f"{match[1]} {int(match[2]):02d}:{match[3]}:{match[4] or '00'}"
                ads = said.get("ads")
                before = _texts(ads.get("listed")) if isinstance(ads, dict) else ()
                label, late = str(said.get("title") or ""), str(said.get("late") or "cut")
                yield Block(str(name), at, _texts(include["listed"]), label, before, late, _is_ads(include))


def _is_ads(include: dict[str, Any]) -> bool:
    return set(include) == {"kind", "listed"} and include["kind"] == _AD


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 — whatever stands in the file
    if isinstance(value, list):
        return tuple(map(str, value))
    return () if value is None else (str(value),)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that is taken."""

    start: datetime
    stop: datetime


def filled(
    choices: Iterable[tuple[str, timedelta]], start: datetime, stop: datetime, gap: timedelta, taken: Sequence[Span]
) -> Iterator[tuple[datetime, str]]:
    """Where programs of these lengths begin, one after the other with a gap, from `start` on and in no taken span.

    Each begins at a whole second. What does not fit before a taken span begins after it; none ends after `stop`.
    """
    at = _whole(start)
    for asset, length in choices:
        begin = _room(at, length, taken)
        if begin + length > stop:
            return
        yield begin, asset
        at = _whole(begin + length + gap)


def _room(at: datetime, length: timedelta, taken: Sequence[Span]) -> datetime:
    for span in sorted(taken, key=lambda span: span.start):
        if span.start < at + length and span.stop > at:
            at = _whole(span.stop)
    return at


def _whole(moment: datetime) -> datetime:
    """The moment, or the next whole second."""
    return moment if not moment.microsecond else moment.replace(microsecond=0) + _SECOND
