"""What a request asks for in its query, read strictly.

Law: a directive that is malformed is refused, never guessed at (H-45, H-46).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playout.core.m3u import Catchup
from playout.core.ticks import utc_text
from playout.origin.answers import malformed

if TYPE_CHECKING:
    from multidict import MultiMapping

LONGEST: Final = timedelta(hours=24)
"""The longest stretch of the past in one playlist."""

STARTS: Final = ("from", "utc", "start")
STOPS: Final = ("to", "utcend", "end")
"""By which names apps ask for the start and for the stop of a stretch."""
LOCAL: Final = "local"
_LAG: Final = timedelta(seconds=30)
"""What has aired for so long is at the edge of every origin."""

_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_SECONDS: Final = re.compile(r"[0-9]{1,11}(\.[0-9]{1,6})?")
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+ -]\d\d:\d\d)",
)


@dataclass(frozen=True, slots=True)
class Directives:
    """The delivery directives of a playlist request (RFC 8216bis section 6.2.5)."""

    msn: int | None = None
    """Hold the answer until this segment is in it."""
    skip: bool = False
    """Answer with a delta update."""


NONE: Final = Directives()


def directives(query: MultiMapping[str]) -> Directives:
    """The delivery directives; raises a 400 for those that make no sense. Unknown ones are ignored."""
    msn, part, skip = (_once(query, name) for name in ("_HLS_msn", "_HLS_part", "_HLS_skip"))
    for name, value in (("_HLS_msn", msn), ("_HLS_part", part)):
        if value is not None and not _NUMBER.fullmatch(value):
            message = f"{name} must be a decimal number"
            raise malformed(message)
    if part is not None and msn is None:
        raise malformed("_HLS_part needs _HLS_msn")
    if skip not in (None, "YES", "v2"):
        raise malformed("_HLS_skip must be YES or v2")
    return Directives(None if msn is None else int(msn), skip is not None)


@dataclass(frozen=True, slots=True)
class Past:
    """A stretch of the past that is asked for."""

    start: datetime
    """In UTC. A whole second means that second: what begins within it begins the stretch."""
    stop: datetime
    """In UTC; after `start`."""
    open: bool
    """Whether the request named no end."""

    @property
    def query(self) -> str:
        """As a query that asks for the same."""
        text = f"?from={utc_text(self.start)}"
        return text if self.open else f"{text}&to={utc_text(self.stop)}"


def past(query: MultiMapping[str], now: datetime) -> Past | None:
    """The stretch of the past that is asked for, if any; raises a 400 for one that makes no sense.

    It has a start (`from`, `utc` or `start`) and, unless it is open, a stop (`to`, `utcend` or `end`), or a length
    in seconds (`duration`). Apps that say when they ask (`lutc`) get what had aired by then.
    """
    first, last = _one_of(query, STARTS), _one_of(query, STOPS)
    length, present = _once(query, "duration"), _once(query, "lutc")
    if first is None:
        if last is not None or length is not None:
            message = f"{'to' if last is not None else 'duration'} needs from"
            raise malformed(message)
        return None
    start = _instant(*first)
    if start > now:
        message = f"{first[0]} lies in the future"
        raise malformed(message)
    if last is not None and length is not None:
        message = f"{last[0]} and duration are given both: one is enough"
        raise malformed(message)
    if length is not None:
        return stretch(start, _seconds(length))
    if last is not None:
        return _closed(start, _instant(*last), last[0])
    return Past(start, start + LONGEST, open=True) if present is None else so_far(start, _instant("lutc", present), now)


def instant(text: str, now: datetime) -> datetime:
    """An instant that an address names, as `from` is written; raises a 400 for one that is still to come."""
    found = _instant("from", text)
    if found > now:
        raise malformed("from lies in the future")
    return found


def stretch(start: datetime, length: timedelta) -> Past:
    """The stretch of some length; raises a 400 for one of nothing, and for one that is too long."""
    return _closed(start, start + length, "duration")


def so_far(start: datetime, asked: datetime, now: datetime) -> Past:
    """What has aired since `start`, as of the moment at which it was `asked` for.

    It is closed, for players begin an open one at its end; it is open when hardly anything has aired yet.
    """
    stop = min(asked, now, start + LONGEST + _LAG) - _LAG
    return Past(start, start + LONGEST, open=True) if stop <= start else Past(start, stop, open=False)


def _closed(start: datetime, stop: datetime, name: str) -> Past:
    if stop <= start:
        message = f"{name} must come after from" if name != "duration" else "duration must be more than 0"
        raise malformed(message)
    if stop - start > LONGEST:
        hours = LONGEST // timedelta(hours=1)
        message = f"from and {name} are more than {hours} hours apart"
        raise malformed(message if name != "duration" else f"duration is more than {hours} hours")
    return Past(start, stop, open=False)


# The guide


def days(query: MultiMapping[str], most: int) -> int:
    """How many days of the guide are asked for, `most` where nobody says; raises a 400."""
    text = _once(query, "days")
    if text is None:
        return most
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= most:
        message = f"days must be a whole number from 1 to {most}"
        raise malformed(message)
    return int(text)


def zone(query: MultiMapping[str]) -> str:
    """In whose time the guide is asked for: an IANA name, `local` for each channel's own, or empty for UTC."""
    text = _once(query, "zone")
    if text in (None, LOCAL, "UTC"):
        return LOCAL if text == LOCAL else ""
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"zone must be {LOCAL} or the name of a time zone, e.g. Europe/Paris; there is no {text[:40]!r}"
        raise malformed(message) from None


def catchup(query: MultiMapping[str]) -> Catchup:
    """How an app wants to be told about catch-up; raises a 400."""
    text = _once(query, "catchup") or Catchup.DEFAULT.value
    if text not in list(Catchup):
        message = f"catchup must be one of {', '.join(Catchup)}"
        raise malformed(message)
    return Catchup(text)


def _one_of(query: MultiMapping[str], names: tuple[str, ...]) -> tuple[str, str] | None:
    """The one of `names` that is given, with its value; raises a 400 for two of them."""
    found = [(name, value) for name in names if (value := _once(query, name)) is not None]
    if len(found) > 1:
        message = f"{found[0][0]} and {found[1][0]} are given both: they mean the same"
        raise malformed(message)
    return found[0] if found else None


def _seconds(text: str) -> timedelta:
    if not _NUMBER.fullmatch(text) or len(text) > 9:  # noqa: PLR2004 — a few decades
        raise malformed("duration must be a whole number of seconds")
    return timedelta(seconds=int(text))


def _once(query: MultiMapping[str], name: str) -> str | None:
    values = query.getall(name, [])
    if len(values) > 1:
        message = f"{name} is given more than once"
        raise malformed(message)
    return values[0] if values else None


def _instant(name: str, text: str) -> datetime:
    """An instant as RFC 3339 or as seconds since 1970; a `+` that became a space is understood."""
    try:
        if _SECONDS.fullmatch(text):
            whole, _, fraction = text.partition(".")
            return datetime.fromtimestamp(int(whole), UTC) + timedelta(microseconds=int(f"{fraction:0<6}"))
        if _RFC3339.fullmatch(text):
            zoned = text[:-6] + text[-6:].replace(" ", "+")
            return datetime.fromisoformat(zoned.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f"{name} must be an instant: 2026-11-21T20:15:00Z, or seconds since 1970"
    raise malformed(message)
