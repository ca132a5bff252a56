"""Whether a title may be watched on demand: when, and in which country.

Law: where nobody can say in which country somebody is, a title that is for some countries alone is refused, and one
that is kept from some is not. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from control_api.library.told import granted
from playout.core.territories import territory

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from playout.core.asset import Rights

ELSEWHERE: Final = "this cannot be watched in the country that you are in"
NOWHERE: Final = "ZZ"
"""Stands for a country that nobody could tell: it is on no list of anybody (ISO 3166-1 leaves it to users)."""


class Licensed(Protocol):
    """What is known of a title, as far as that matters here: its row, or as much of it."""

    @property
    def rights(self) -> list[dict[str, Any]]:
        """When and where it may be shown."""

    @property
    def countries_allowed(self) -> list[str]:
        """Where alone."""

    @property
    def countries_denied(self) -> list[str]:
        """Where not."""


def country(said: str) -> str:
    """The country that a proxy or a CDN names, or `NOWHERE`: some write `XX` or `T1` where they cannot tell."""
    return territory(said) or NOWHERE


def refused(title: Licensed, where: str | None, now: datetime) -> str:
    """Why it may not be watched; empty when it may. `where` is a country; None where nobody looks at countries."""
    if where is not None and not is_open(where, title.countries_allowed, title.countries_denied):
        return ELSEWHERE
    spans = [granted(right) for right in title.rights]
    if not spans or any(_holds(span, where, now) for span in spans):
        return ""
    begins = [span.start for span in spans if span.start is not None and span.start > now and _is_there(span, where)]
    if begins:
        return f"this can be watched from {min(begins).isoformat(timespec='minutes')} on"
    is_elsewhere = any(_holds(span, None, now) for span in spans)
    return ELSEWHERE if is_elsewhere else "this can be watched no more: its rights have ended"


def why_not(chain: Iterable[Licensed | None], where: str | None, now: datetime) -> str:
    """The same of a title with all that it is a part of: the first reason against any of them."""
    return next((why for one in chain if one is not None and (why := refused(one, where, now))), "")


def is_open(where: str, allowed: Collection[str], denied: Collection[str] = ()) -> bool:
    """Whether it may be seen in this country; `allowed` is empty for all."""
    return where not in denied and (not allowed or where in allowed)


def _holds(span: Rights, where: str | None, now: datetime) -> bool:
    return (
        (span.start is None or span.start <= now) and (span.stop is None or now < span.stop) and _is_there(span, where)
    )


def _is_there(span: Rights, where: str | None) -> bool:
    return where is None or not span.territories or where in span.territories
