"""What a rail can be made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from control_api.library.kinds import TitleKind, TitleState
from control_api.library.listing import Sort, TitleFilter


class RailKind(StrEnum):
    """How what is in a rail is chosen."""

    PINNED = "pinned"
    """By hand: titles and channels, in an order that somebody chose."""
    RULE = "rule"
    """As lists of titles are."""
    NAMED = "named"
    """By a source that has a name."""


class Source(StrEnum):
    """What a named rail is made of."""

    FEATURED = "featured"
    NEWEST = "newest"
    UPCOMING = "upcoming"
    """Published, and not out yet: it comes out later, or its rights begin later."""
    TOP_MOVIES = "top_movies"
    """The ten that were seen most in 30 days, and then those that were seen most of all."""
    TOP_SERIES = "top_series"
    TRENDING = "everyones_watching"
    POPULAR = "popular"
    GENRE = "popular_in_genre"
    BECAUSE = "because_you_watched"
    """What is like the title that the profile watched last."""
    FOR_YOU = "for_you"
    CONTINUE = "continue_watching"
    WATCHLIST = "watchlist"
    FAVORITES = "favorites"
    LIVE = "live_channels"
    GENRES = "genres"


PERSONAL: Final = frozenset((Source.BECAUSE, Source.FOR_YOU, Source.CONTINUE, Source.WATCHLIST, Source.FAVORITES))
"""Those that differ from one profile to another one that may see the same."""

WATCHED: Final = (
    TitleKind.MOVIE, TitleKind.SERIES, TitleKind.SHORT, TitleKind.SPECIAL, TitleKind.CLIP, TitleKind.AUDIO,
)  # fmt: skip
"""Kinds that stand in a rail for themselves, as long as nobody says which."""

Watchers = Literal["adults", "kids"]


class Rule(TitleFilter):
    """Which titles are in a rail, and in which order. Only what is published is."""

    sort: Sort = Field(default=Sort.NEWEST, description="The order; what is alike in it goes by id.")

    @model_validator(mode="after")
    def _published(self) -> Rule:
        if self.deleted or set(self.state) - {TitleState.PUBLISHED}:
            message = "a rail shows what is published, and nothing else: leave out `state` and `deleted`"
            raise ValueError(message)
        return self

    def stored(self) -> dict[str, Any]:
        """As it is kept: what was said, and no more."""
        return self.model_dump(mode="json", exclude_defaults=True)
