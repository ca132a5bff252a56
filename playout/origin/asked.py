"""What a request asks for in its query, read strictly.

Law: a directive that is malformed is refused, never guessed at (H-45, H-46).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout.core.ticks import utc_text
from playout.origin.answers import malformed

if TYPE_CHECKING:
    from multidict import MultiMapping

LONGEST: Final = timedelta(hours=24)
"""The longest stretch of the past in one playlist."""

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
    """In UTC."""
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
    """The stretch that `from` and `to` ask for, if any; raises a 400 for one that makes no sense."""
    first, last = _once(query, "from"), _once(query, "to")
    if first is None:
        if last is not None:
            raise malformed("to needs from")
        return None
    start = _instant("from", first)
    if start > now:
        raise malformed("from lies in the future")
    stop = start + LONGEST if last is None else _instant("to", last)
    if stop <= start:
        raise malformed("to must come after from")
    if stop - start > LONGEST:
        message = f"from and to are more than {LONGEST // timedelta(hours=1)} hours apart"
        raise malformed(message)
    return Past(start, stop, last is None)


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
