"""Viewing: each playing of something, and what a profile has seen."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint, text
from sqlmodel import Field

from control_api.columns import Counter, UtcInstant
from control_api.tables.row import Row


def _until_gone(table: str, *, index: bool = False) -> Any:  # noqa: ANN401 — SQLModel reads it
    """A column that names a row of `table`, and nothing any more once that is gone."""
    return Field(
        default=None,
        sa_column=Column(String(40), ForeignKey(f"{table}.id", ondelete="SET NULL"), index=index, nullable=True),
    )


class PlaySession(Row, table=True):
    """One playing: from its start over heartbeats to its end, or until nothing is heard of it any more."""

    __tablename__ = "play_session"
    __table_args__ = (
        Index("ix_play_session_open", "account_id", "ended_at", "touched_at"),
        Index("ix_play_session_silent", "ended_at", "touched_at"),
        Index("ix_play_session_by_start", "started_at", "id"),
        Index(
            "ix_play_session_unkept",
            "ended_at",
            sqlite_where=text("account_id IS NOT NULL AND profile_id IS NULL"),
            postgresql_where=text("account_id IS NOT NULL AND profile_id IS NULL"),
        ),
    )

    id: str = Field(primary_key=True, max_length=40)
    account_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("account.id", ondelete="CASCADE"), nullable=True),
    )
    """None: somebody who has no account here plays, or nobody is to know any more who it was."""
    key_id: str | None = Field(default=None, max_length=40)
    """The API key that speaks for who plays, where that is nobody who has an account here."""
    profile_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("profile.id", ondelete="CASCADE"), index=True, nullable=True),
    )
    title_id: str | None = _until_gone("title", index=True)
    """What is played on demand; None for a channel."""
    asset_id: str | None = Field(default=None, max_length=128)
    channel: str | None = Field(default=None, max_length=80, index=True)
    """Which channel is played; None for what is on demand."""
    name: str = Field(default="", max_length=500)
    """What it was called at the start."""
    device_id: str = Field(default="", max_length=80)
    """Which player it is, by a name that it gave itself; empty where it gave none."""
    device: str = Field(default="", max_length=200)
    """What plays, in its own words."""
    device_kind: str = Field(default="", max_length=20)
    """`tv`, `phone`, `tablet`, `desktop`, `other`; empty where nobody said."""
    is_slow: bool = Field(default=False)
    """Whether its player says only every two minutes where it is, as those of a former system do."""
    quality: str = Field(default="", max_length=40)
    """Which rendition played last: `v720`."""
    started_at: datetime = Field(sa_type=UtcInstant)
    touched_at: datetime = Field(sa_type=UtcInstant)
    """When it was last heard of."""
    lent_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    """Of one that nobody asked for, who was given an address: until when it counts for the plan though its player says
    nothing. None: it was asked for, and its player says where it is."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    ended_by: str = Field(default="", max_length=20)
    """`player`, `silence`, `limit`, `account`; empty while it plays."""
    position_ms: int = Field(default=0, sa_type=Counter)
    """Where in the title it is."""
    behind_ms: int | None = Field(default=None, sa_type=Counter)
    """Of a channel: how far behind the air it plays, where that is known."""
    duration_ms: int = Field(default=0, sa_type=Counter)
    """How long the title is; 0 where that is not known."""
    watched_ms: int = Field(default=0, sa_type=Counter)
    """For how long it has really played."""
    beats: int = Field(default=0)
    """The number of its newest heartbeat."""
    startup_ms: int | None = Field(default=None)
    """From the wish to play to the first picture."""
    stalls: int = Field(default=0)
    """How often it stood still for want of data."""
    stalled_ms: int = Field(default=0, sa_type=Counter)
    """For how long in all."""
    bitrate: int = Field(default=0, sa_type=Counter)
    """In bits a second: of all that was loaded, where the player counts that; else of what played last."""
    bandwidth: int = Field(default=0, sa_type=Counter)
    """In bits a second, as the player measured it last."""
    buffer_ms: int = Field(default=0, sa_type=Counter)
    """How much it had in store, last."""
    errors: int = Field(default=0)
    error: str = Field(default="", max_length=200)
    """The last one, in the player's words."""


class Watched(Row, table=True):
    """That a profile has seen something of a title, and where it stopped."""

    __tablename__ = "watched"
    __table_args__ = (
        UniqueConstraint("profile_id", "title_id", name="uq_watched_once"),
        Index("ix_watched_by_time", "profile_id", "watched_at", "id"),
        Index(  # films are of no series, and are most of what some have seen
            "ix_watched_series",
            "profile_id",
            "series_id",
            sqlite_where=text("series_id IS NOT NULL"),
            postgresql_where=text("series_id IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True, max_length=40)
    profile_id: str = Field(foreign_key="profile.id", max_length=40, ondelete="CASCADE")
    title_id: str | None = _until_gone("title", index=True)
    """None: the title is no more."""
    series_id: str | None = _until_gone("title")
    """The series that it is an episode of."""
    name: str = Field(default="", max_length=500)
    """What the title was called, for it may be gone."""
    position_ms: int = Field(default=0, sa_type=Counter)
    duration_ms: int = Field(default=0, sa_type=Counter)
    watched_ms: int = Field(default=0, sa_type=Counter)
    """For how long it was watched, all times together."""
    times: int = Field(default=0)
    """How often it was seen to the end."""
    completed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When it was last seen to the end; None while it is being watched (again)."""
    first_at: datetime = Field(sa_type=UtcInstant)
    watched_at: datetime = Field(sa_type=UtcInstant)
    """When something of it was last seen."""
    hidden_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When it was taken out of what is to be watched on; seeing more of it brings it back."""
