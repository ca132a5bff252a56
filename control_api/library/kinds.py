"""The kinds of titles: what stands beneath what, and what the engine takes each for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from playout.core.asset import Kind


class TitleKind(StrEnum):
    """What a title is."""

    MOVIE = "movie"
    SERIES = "series"
    SEASON = "season"
    EPISODE = "episode"
    SHORT = "short"
    SPECIAL = "special"
    CLIP = "clip"
    AUDIO = "audio"
    TRAILER = "trailer"
    AD = "ad"
    BUMPER = "bumper"
    FILLER = "filler"


class TitleState(StrEnum):
    """How far a title is."""

    DRAFT = "draft"
    """Being prepared: viewers do not see it."""
    PUBLISHED = "published"
    ARCHIVED = "archived"
    """Kept, and shown to viewers no more."""


class TitleAccess(StrEnum):
    """Who may play a title."""

    FREE = "free"
    """Everybody who may play anything."""
    PREMIUM = "premium"
    """Who has a plan that includes it."""


FOLDERS: Final = frozenset((TitleKind.SERIES, TitleKind.SEASON))
"""Kinds that are made of other titles and have no media of their own."""

_WORKS: Final = frozenset(TitleKind) - {TitleKind.SERIES, TitleKind.SEASON, TitleKind.TRAILER}

PARENTS: Final = {
    TitleKind.SERIES: frozenset[TitleKind](),
    TitleKind.SEASON: frozenset((TitleKind.SERIES,)),
    TitleKind.TRAILER: frozenset(TitleKind) - {TitleKind.TRAILER},
    **dict.fromkeys(_WORKS, FOLDERS),
}
"""What may stand above each kind; a trailer's parent is what it is for."""

NUMBERED: Final = frozenset((TitleKind.SEASON, TitleKind.EPISODE))
"""Kinds that need a parent, and a number in it."""

_AIRED: Final = {
    TitleKind.MOVIE: Kind.MOVIE,
    TitleKind.SPECIAL: Kind.MOVIE,
    TitleKind.EPISODE: Kind.EPISODE,
    TitleKind.SHORT: Kind.CLIP,
    TitleKind.CLIP: Kind.CLIP,
    TitleKind.AUDIO: Kind.CLIP,
    TitleKind.TRAILER: Kind.FILLER,
    TitleKind.AD: Kind.AD,
    TitleKind.BUMPER: Kind.BUMPER,
    TitleKind.FILLER: Kind.FILLER,
}


def aired_as(kind: str) -> Kind:
    """What the engine takes such a title for."""
    return _AIRED.get(TitleKind(kind), Kind.CLIP)


def kept_as(kind: Kind) -> TitleKind:
    """What a title is whose asset was packaged as `kind`. No asset of a slate has a title."""
    return TitleKind(kind.value)
