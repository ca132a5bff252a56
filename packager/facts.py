"""The facts of a work, from the texts that tell them: when it came out, its names elsewhere, its dates. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

FOR_EVER: Final = date(9999, 12, 31)
"""What databases write as the last day of rights that do not end."""

_SCHEME: Final = re.compile(r"[a-z][a-z0-9-]{1,19}")
_NAME: Final = re.compile(r"[!-~]{1,100}")
_FORMS: Final = {
    "imdb": (re.compile(r"tt\d{7,10}"), "tt0041959"),
    "tmdb": (re.compile(r"((movie|tv)/)?\d{1,10}"), "1092"),
    "tvdb": (re.compile(r"\d{1,10}"), "81189"),
    "eidr": (re.compile(r"10\.5240/([0-9A-F]{4}-){5}[0-9A-Z]", re.IGNORECASE), "10.5240/7791-8534-2C23-9030-8610-5"),
}
"""How the names of some schemes look, and one of each. Those of others, `tms`, `isci` or one's own, are any words."""


def released_in(text: str) -> str | None:
    """When something came out: a year, `1949`, or a day, `1949-09-02`. None when `text` is neither."""
    if re.fullmatch(r"[1-9]\d{3}", text, re.ASCII):
        return text
    day = day_in(text)
    return None if day is None else day.isoformat()


def day_in(text: str) -> date | None:
    """The day that `text` names: `1949-09-02`."""
    if not re.fullmatch(r"[1-9]\d{3}-\d\d-\d\d", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def instant_in(text: str, *, last: bool = False) -> datetime | None:
    """The instant that `text` names, in UTC: `2026-03-01T20:15Z`, `2026-03-01 21:15+01:00`, or a day.

    A day is its midnight in UTC; the `last` day of something ends with it, and so means the midnight after.
    The time of an instant needs a zone. None when `text` is no instant.
    """
    day = day_in(text)
    try:
        if day is not None:
            return datetime.combine(day, time(0), UTC) + timedelta(days=last)
        instant = datetime.fromisoformat(text) if re.match(r"[1-9]\d{3}-\d\d-\d\d[T ]\d", text, re.ASCII) else None
        return instant.astimezone(UTC) if instant is not None and instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def name_in(scheme: str, name: str) -> str | None:
    """The name under which a work is known elsewhere: `imdb:tt0041959`; None when it is none."""
    scheme, name = scheme.strip().lower(), name.strip()
    form = _FORMS.get(scheme, (_NAME, ""))[0]
    return f"{scheme}:{name}" if _SCHEME.fullmatch(scheme) and form.fullmatch(name) else None


def name_like(scheme: str) -> str:
    """A name of this scheme, for messages."""
    known = scheme.strip().lower()
    return f"{known}:{_FORMS[known][1]}" if known in _FORMS else "imdb:tt0041959"
