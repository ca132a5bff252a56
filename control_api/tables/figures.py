"""Figures: what has been counted of playing, by day, and as much of each session as it takes to count nothing twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String
from sqlmodel import Field

from control_api.columns import Counter, Document, UtcInstant
from control_api.tables.row import Row


def _of(table: str) -> Any:  # noqa: ANN401 — SQLModel reads it
    """The key of a row that belongs to one of `table`, and goes when that one goes."""
    return Field(sa_column=Column(String(40), ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=True))


class FigureDay(Row, table=True):
    """Sums of one day of one thing: nobody is in them. See `control_api.analytics.counting`."""

    __tablename__ = "figure_day"
    __table_args__ = (
        Index("ix_figure_day_by_day", "kind", "part", "day", "subject"),
        Index("ix_figure_day_age", "day"),
    )

    kind: str = Field(primary_key=True, max_length=12)
    """`all`, `title`, `channel`, `program`, `ad`, `hour`…"""
    subject: str = Field(primary_key=True, max_length=200)
    """The id of the thing; empty where there is one alone."""
    part: str = Field(primary_key=True, max_length=100)
    """Which part of it: `device:tv`, `quality:v720`, `channel:films`, `live`; empty: all of it."""
    day: str = Field(primary_key=True, max_length=10)
    """`2026-03-01`, by the clocks of the setting `figures_zone`."""
    sessions: int = Field(default=0, sa_type=Counter)
    on_demand: int = Field(default=0, sa_type=Counter)
    """Those of them that are of a title: what can come to an end."""
    views: int = Field(default=0, sa_type=Counter)
    viewers: int = Field(default=0, sa_type=Counter)
    """Visitors with a view on that day; different days know nothing of each other."""
    watched_ms: int = Field(default=0, sa_type=Counter)
    completions: int = Field(default=0, sa_type=Counter)
    shares: int = Field(default=0, sa_type=Counter)
    """How much of its title each session has played, in thousandths, added up."""
    stalls: int = Field(default=0, sa_type=Counter)
    stalled_ms: int = Field(default=0, sa_type=Counter)
    errors: int = Field(default=0, sa_type=Counter)
    bits: int = Field(default=0, sa_type=Counter)
    """How many bits were played in `bits_ms`."""
    bits_ms: int = Field(default=0, sa_type=Counter)
    """For how long it was played with a bitrate that is known."""
    peak: int = Field(default=0, sa_type=Counter)
    """The most sessions that were open at once."""


class PlayCounted(Row, table=True):
    """How much of a session is counted by now. It goes with the session; what is counted stays."""

    __tablename__ = "play_counted"

    session_id: str = _of("play_session")
    touched_at: datetime = Field(sa_type=UtcInstant)
    watched_ms: int = Field(default=0, sa_type=Counter)
    position_ms: int = Field(default=0, sa_type=Counter)
    share: int = Field(default=0)
    """In thousandths."""
    stalls: int = Field(default=0)
    stalled_ms: int = Field(default=0, sa_type=Counter)
    errors: int = Field(default=0)
    bits: int = Field(default=0, sa_type=Counter)
    bits_ms: int = Field(default=0, sa_type=Counter)
    is_started: bool = Field(default=False)
    """Whether the time of its start-up is counted."""
    is_viewed: bool = Field(default=False)
    is_completed: bool = Field(default=False)
    seen: str = Field(default="", max_length=25)
    """Which hundredths of its title were seen: bits, in hexadecimal."""
    program: str = Field(default="", max_length=200)
    """Of a channel: the asset of the program that was on when it was last heard of."""
    program_from: int = Field(default=0, sa_type=Counter)
    """When that began to air, in ms since 1970."""
    program_ms: int = Field(default=0, sa_type=Counter)
    """For how long that was watched."""
    program_viewed: bool = Field(default=False)


class VisitKey(Row, table=True):
    """What visitors of one day are hashed with. It is deleted soon after the day, and no backup has it."""

    __tablename__ = "visit_key"

    day: str = Field(primary_key=True, max_length=10)
    value: bytes
    created_at: datetime = Field(sa_type=UtcInstant)


class Visit(Row, table=True):
    """That a visitor has viewed something on a day. It goes when the key of the day does."""

    __tablename__ = "visit"

    day: str = Field(primary_key=True, max_length=10)
    visitor: str = Field(primary_key=True, max_length=32)
    """HMAC-SHA256 by the key of the day, cut to 128 bits."""
    subject: str = Field(primary_key=True, max_length=220)
    viewed_at: datetime = Field(sa_type=UtcInstant)
    """When a view of theirs was last counted."""


class ViewSent(Row, table=True):
    """A view that an app has told, until it is counted."""

    __tablename__ = "view_sent"

    id: str = Field(primary_key=True, max_length=40)
    title_id: str = Field(max_length=40)
    at: datetime = Field(sa_type=UtcInstant)
    day: str = Field(max_length=10)
    visitor: str = Field(max_length=32)
    device_kind: str = Field(default="", max_length=20)


class View(Row, table=True):
    """A view that was counted: of what and when, and nothing of who."""

    __tablename__ = "title_view"
    __table_args__ = (Index("ix_title_view_latest", "title_id", "at", "id"), Index("ix_title_view_by_time", "at", "id"))

    id: str = Field(primary_key=True, max_length=40)
    title_id: str = Field(sa_column=Column(String(40), ForeignKey("title.id", ondelete="CASCADE"), nullable=False))
    at: datetime = Field(sa_type=UtcInstant)
    """To the minute."""
    via: str = Field(max_length=10)
    """`demand`, `live`, or `told` by an app."""
    device_kind: str = Field(default="", max_length=20)


class TitleSeen(Row, table=True):
    """Which parts of a title were seen, and by how many sessions. Whoever counts holds the place, and so changes it."""

    __tablename__ = "title_seen"

    title_id: str = _of("title")
    sessions: int = Field(default=0, sa_type=Counter)
    """Those of which something was seen."""
    hundredths: list[int] = Field(sa_type=Document)
    """How many of them have seen each hundredth."""


class ViewerDays(Row, table=True):
    """On which days a profile was first and last counted: so that those who come back can be counted."""

    __tablename__ = "viewer_days"

    profile_id: str = _of("profile")
    first_day: str = Field(max_length=10)
    last_day: str = Field(max_length=10, index=True)


class FigurePlace(Row, table=True):
    """How far something has been counted. Whoever counts holds this row meanwhile."""

    __tablename__ = "figure_place"

    name: str = Field(primary_key=True, max_length=20)
    at: datetime | None = Field(default=None, sa_type=UtcInstant)
