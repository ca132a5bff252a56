"""What a title is to who watches: on which of their lists it is, what they think of it, and how far they have come."""

from __future__ import annotations

from pydantic import Field

from control_api.instants import Millis
from control_api.models import Shown


class Flags(Shown):
    """What a title is to the profile that asks."""

    is_in_watchlist: bool = False
    is_favorite: bool = False
    my_score: int | None = Field(default=None, description="From 1 to 10; null: not rated.")
    position_ms: Millis | None = Field(default=None, description="Where it was stopped; null: never begun.")
    percent: int | None = Field(default=None, description="How much of it that is; 100: seen to the end.")


class Ratings(Shown):
    """What the audience of this station thinks of a title; `score` and `votes` are what others say."""

    average: float | None = Field(default=None, description="From 1 to 10, with two decimals; null: nobody has rated.")
    count: int = Field(default=0, description="How many profiles have rated it.")


UNFLAGGED = Flags()
UNRATED = Ratings()
_WHOLE = 100


def percent(position_ms: int, duration_ms: int, *, is_whole: bool = False) -> int | None:
    """How much of a title lies behind, in whole percent; `is_whole`: it was seen to the end. None: nobody knows."""
    if is_whole:
        return _WHOLE
    return min(position_ms * _WHOLE // duration_ms, _WHOLE) if duration_ms > 0 else None
