"""A suggestion, and why it is made. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from control_api.library.kinds import TitleKind

SUGGESTED: Final = (
    TitleKind.MOVIE,
    TitleKind.SERIES,
    TitleKind.SHORT,
    TitleKind.SPECIAL,
    TitleKind.CLIP,
    TitleKind.AUDIO,
)
"""Kinds that are suggested, as long as they are part of nothing: of a series the series alone."""


class Why(StrEnum):
    """Why a title is suggested."""

    WATCHED = "because_watched"
    """It is like one that the profile has watched."""
    LIKED = "because_liked"
    """It is like one that the profile has rated high, or has among its favourites."""
    LIKED_GENRE = "liked_genre"
    """It is popular in a genre that the profile likes."""
    POPULAR_IN_GENRE = "popular_in_genre"
    POPULAR = "popular"
    TRENDING = "trending"
    SIMILAR = "similar"
    """It is like the one that was asked for."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, and because of which title or genre."""

    why: Why
    title_id: str | None = None
    genre_id: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A title that somebody may like."""

    title_id: str
    reason: Reason
    score: float
    """How much speaks for it; comparable within one answer alone."""
