"""What it says of a profile's taste that it has seen, rated or put on a list something. Pure.

Law: of two who have seen something of a title, who has seen more says no less for it; a rating counts more than what
was seen; what is long ago says less, and never the opposite.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

HALF_LIFE: Final = timedelta(days=180)
"""After so long it says half as much."""
STRONGEST: Final = 30
"""Titles of one profile that count: who watches all day speaks no louder than that."""
_ABANDONED: Final = timedelta(days=2)
"""After so long without being gone on with, a title of which little was seen was put away."""
_LITTLE: Final = 0.12
_MUCH: Final = 0.6
_MIDDLE: Final = 5.5
"""Of scores from 1 to 10."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a profile has said of a title by what it did."""

    at: datetime
    """When it last did something."""
    share: float = 0.0
    """How much of it was seen, from 0 to 1; of a series, of the episode of which most was."""
    ends: int = 0
    """How often it, or an episode of it, was seen to the end."""
    score: int | None = None
    """From 1 to 10."""
    is_favorite: bool = False
    is_wanted: bool = False
    """Whether it is on the watchlist."""


def weight(said: Said, now: datetime) -> float:
    """How much it speaks for the title, from -1 to 1.5; below 0: against it."""
    found = _seen(said, now)
    if said.is_wanted:
        found = max(found, 0.25)
    if said.is_favorite:
        found = max(found, 0.0) + 0.4
    if said.score is not None:
        judged = (said.score - _MIDDLE) / (10 - _MIDDLE)
        found = max(found, 0.3) * 0.5 + judged if judged > 0 else judged - 0.2
    return min(max(found, -1.0), 1.5) * faded(now - said.at, HALF_LIFE)


def _seen(said: Said, now: datetime) -> float:
    if said.ends:
        return 0.9 + min(said.ends - 1, 4) * 0.05
    if said.share >= _LITTLE:
        return 0.15 + 0.75 * min(said.share / _MUCH, 1.0)
    return -0.3 if said.share > 0 and now - said.at > _ABANDONED else 0.0


def faded(age: timedelta, half_life: timedelta) -> float:
    """How much is left of what is so old, from 1 down to 0."""
    return float(0.5 ** (max(age, timedelta()) / half_life))
