"""Recommendations: what was worked out of what all have seen, whole under a number."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint
from sqlmodel import Field

from control_api.columns import UtcInstant
from control_api.tables.row import Row


def _title(*, index: bool = False) -> Any:  # noqa: ANN401 — SQLModel reads it
    """A column of the key that names a title, and goes when that goes."""
    key = ForeignKey("title.id", ondelete="CASCADE")
    return Field(sa_column=Column(String(40), key, primary_key=True, index=index, nullable=False))


class RecommendationBuild(Row, table=True):
    """One version of the recommendations. It counts once it is built, and the one with the highest number is read."""

    __tablename__ = "recommendation_build"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    model: str = Field(max_length=100)
    """What worked out which titles are alike: its name, and what it depends on."""
    begun_at: datetime = Field(sa_type=UtcInstant)
    """What happened before then is in it."""
    built_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """None: it is being made, or never was."""
    full_at: datetime = Field(sa_type=UtcInstant)
    """When all of it was last worked out anew."""
    took_ms: int = Field(default=0)
    works: int = Field(default=0)
    """How many titles are in it."""
    anew: int = Field(default=0)
    """Of how many of them the neighbours were worked out, and not taken over."""
    profiles: int = Field(default=0)
    """How many profiles have seen or judged something."""
    plays: int = Field(default=0)
    """How much they have, as far as it counts."""


class RecommendationWork(Row, table=True):
    """What a version knows of a title: how popular it is, and which others are like it."""

    __tablename__ = "recommendation_work"
    __table_args__ = (
        UniqueConstraint("build", "place", name="uq_recommendation_work_place"),
        Index("ix_recommendation_work_popular", "build", "popular", "title_id"),
        Index("ix_recommendation_work_trending", "build", "trending", "title_id"),
    )

    build: int = Field(foreign_key="recommendation_build.number", primary_key=True, ondelete="CASCADE")
    title_id: str = _title(index=True)
    place: int
    """Its number in this version, by which others name it as their neighbour."""
    popular: float
    """From 0 to 1: plays and ratings."""
    trending: float
    """Viewers, each day's worth less than the next one's; 0: none."""
    genre_id: str | None = Field(default=None, max_length=40)
    """Its main genre; no key: it may be gone."""
    similar: bytes
    """Its neighbours, the nearest first; see `control_api.recommending.packed`."""


class RecommendationDay(Row, table=True):
    """How many watched a title on a day. Days that are over are counted once."""

    __tablename__ = "recommendation_day"

    day: str = Field(primary_key=True, max_length=10)
    """In UTC: `2026-03-01`."""
    title_id: str = _title(index=True)
    viewers: int
