"""Ads from servers of others: whom to ask, what they offered, what became of it, and what they are told."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from control_api.columns import Counter, Document, UtcInstant
from control_api.tables.row import Row


class AdSource(Row, table=True):
    """An ad server that is asked for ads."""

    __tablename__ = "ad_source"

    id: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=200)
    url: str = Field(max_length=2048)
    channel: str = Field(default="", max_length=128)
    """For which channel it is asked, where its URL wants to know."""
    tags: list[str] = Field(sa_type=Document)
    rolls: list[str] = Field(sa_type=Document)
    house: str = Field(max_length=40)
    """The format its ads are packaged in; empty: the station's own."""
    every_ms: int = Field(sa_type=Counter)
    keep_ms: int = Field(sa_type=Counter)
    most: int
    longest_ms: int
    beacons: bool
    enabled: bool
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcInstant)


class AdSourceState(Row, table=True):
    """How it goes with a source; apart from the source, because it moves all the time."""

    __tablename__ = "ad_source_state"

    source: str = Field(primary_key=True, max_length=40, foreign_key="ad_source.id", ondelete="CASCADE")
    due_at: datetime = Field(sa_type=UtcInstant, index=True)
    """When it is asked next."""
    asked_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    answered_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When it last answered with what could be read."""
    fault: str = Field(default="", max_length=500)
    """What was wrong with the last answer as a whole; empty: nothing."""
    asks: int = Field(default=0, sa_type=Counter)
    failures: int = Field(default=0, sa_type=Counter)
    offered: int = Field(default=0, sa_type=Counter)
    refused: int = Field(default=0, sa_type=Counter)


class AdCreative(Row, table=True):
    """What airs: one file of one advertiser, in one format."""

    __tablename__ = "ad_creative"
    __table_args__ = (UniqueConstraint("key", "house"),)

    id: str = Field(primary_key=True, max_length=40)
    key: str = Field(max_length=300)
    """Its UniversalAdId as `registry:value`, or `url:` and the digest of where its file is."""
    house: str = Field(max_length=40)
    name: str = Field(max_length=500)
    advertiser: str = Field(max_length=200)
    category: str = Field(max_length=200)
    duration_ms: int
    state: str = Field(max_length=12, index=True)
    """`wanted`, `fetching`, `ready` or `refused`."""
    reason: str = Field(default="", max_length=500)
    upload_id: str | None = Field(default=None, max_length=40)
    asset_id: str | None = Field(default=None, max_length=128, index=True)
    title_id: str | None = Field(default=None, max_length=40)
    """The title that was made for it."""
    tags: list[str] = Field(sa_type=Document)
    """The tags that its title has because of us."""
    is_offered: bool = Field(default=True)
    """Whether the engine may choose it, as far as sources go."""
    tried_at: datetime = Field(sa_type=UtcInstant)
    created_at: datetime = Field(sa_type=UtcInstant)


class AdOffer(Row, table=True):
    """That a source has offered a creative."""

    __tablename__ = "ad_offer"
    __table_args__ = (UniqueConstraint("source", "creative"),)

    id: str = Field(primary_key=True, max_length=40)
    source: str = Field(max_length=40, foreign_key="ad_source.id", ondelete="CASCADE")
    creative: str = Field(max_length=40, foreign_key="ad_creative.id", ondelete="CASCADE", index=True)
    ad: str = Field(max_length=200)
    """The server's own id of the ad."""
    rolls: list[str] = Field(sa_type=Document)
    tracking: dict[str, Any] = Field(sa_type=Document)
    """The URLs that want to be told, by event."""
    first_at: datetime = Field(sa_type=UtcInstant)
    last_at: datetime = Field(sa_type=UtcInstant)
    until: datetime = Field(sa_type=UtcInstant)
    """Until when it holds unless it is repeated."""


class AdDecision(Row, table=True):
    """What came of asking a source once."""

    __tablename__ = "ad_decision"

    id: str = Field(primary_key=True, max_length=40)
    source: str = Field(max_length=40, foreign_key="ad_source.id", ondelete="CASCADE", index=True)
    at: datetime = Field(sa_type=UtcInstant)
    took_ms: int
    requests: int
    fault: str = Field(max_length=500)
    offered: int
    refused: int
    ads: list[dict[str, Any]] = Field(sa_type=Document)
    """Each ad with what became of it."""


class AdBeacon(Row, table=True):
    """One URL that is to be told of one thing, once."""

    __tablename__ = "ad_beacon"
    __table_args__ = (
        UniqueConstraint("source", "channel", "aired_at", "event", "digest"),
        Index("ix_ad_beacon_state_due_at", "state", "due_at"),
    )

    id: str = Field(primary_key=True, max_length=40)
    source: str = Field(max_length=40, foreign_key="ad_source.id", ondelete="CASCADE")
    channel: str = Field(max_length=128)
    """Where the ad aired; empty: it is an error that is told."""
    aired_at: datetime = Field(sa_type=UtcInstant)
    """When the airing began, or the error came up."""
    asset: str = Field(max_length=128)
    event: str = Field(max_length=40)
    """`impression`, `start`, … or `error` and the code."""
    url: str = Field(max_length=4096)
    digest: str = Field(max_length=64)
    """Of the URL before its macros were filled in."""
    state: str = Field(max_length=12)
    """`open`, `sent`, `failed` or `skipped`."""
    attempts: int = Field(default=0)
    status: int | None = Field(default=None)
    words: str = Field(default="", max_length=300)
    """Why the last attempt failed."""
    due_at: datetime = Field(sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant, index=True)


class AdPlace(Row, table=True):
    """How far the log of a channel has been read for beacons."""

    __tablename__ = "ad_place"

    channel: str = Field(primary_key=True, max_length=128)
    tick: int = Field(sa_type=Counter)
    """Whatever began at this tick or before has its beacons, or wants none."""
