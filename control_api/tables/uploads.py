"""Uploads: files on their way into the station, and what became of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class Upload(Row, table=True):
    """A file that somebody sends, or that is fetched. Its bytes lie where `control_api.uploads.landing.place` says."""

    __table_args__ = (Index(None, "owner", "state"), Index(None, "state", "expires_at"))

    id: str = Field(primary_key=True, max_length=40)
    owner: str = Field(max_length=80)
    """The id of who sends it."""
    way: str = Field(max_length=10)
    """How it comes: `tus`, `form` or `link`."""
    state: str = Field(max_length=12)
    """One of `control_api.uploads.states.State`."""
    tags: list[str] = Field(default_factory=list, sa_type=Document)
    """By what channels choose it."""
    series: str = Field(default="", max_length=500)
    """Of an episode: the name of its series."""
    season: int = Field(default=0)
    episode: int = Field(default=0)
    language: str = Field(default="", max_length=35)
    """BCP 47: that of the main sound track."""
    name: str = Field(default="", max_length=255)
    """What the client calls the file: shown to people, and never a path of ours."""
    title: str = Field(default="", max_length=500)
    """What it is to be called; empty: what the packager guesses."""
    kind: str = Field(default="", max_length=10)
    """What it is: `movie`, `short`, `ad`…, one of `control_api.library.kinds`; empty: a clip."""
    house: str = Field(default="", max_length=40)
    """The format to package it in; empty: the station's own."""
    title_id: str | None = Field(default=None, max_length=40)
    """The title that its asset is to belong to."""
    fingerprint: str | None = Field(default=None, max_length=200)
    """By what the client knows the file again after a reload."""
    said: str = Field(default="", max_length=4096)
    """Upload-Metadata, as it was sent."""
    link: str = Field(default="", max_length=2000)
    """Where it is fetched from."""
    validator: str = Field(default="", max_length=300)
    """The tag or date by which the other server names the version of which there are bytes here."""
    length: int | None = Field(default=None, sa_type=BigInteger)
    """How many bytes there will be; None while nobody knows."""
    received: int = Field(default=0, sa_type=BigInteger)
    """How many bytes are on the disk for certain."""
    digest: str = Field(default="", max_length=64)
    """SHA-256 of the whole in hexadecimal digits; empty until it is known."""
    found: dict[str, Any] | None = Field(default=None, sa_type=Document)
    """What the probe found in it."""
    reason: str | None = Field(default=None, max_length=2000)
    """Why it was refused, or what it waits for."""
    asset_id: str | None = Field(default=None, max_length=128, index=True)
    """What was packaged from it."""
    is_kept: bool = Field(default=True)
    """Whether its bytes are there."""
    version: int = Field(default=1)
    """Counts its edits."""
    created_at: datetime = Field(sa_type=UtcInstant)
    touched_at: datetime = Field(sa_type=UtcInstant)
    """When bytes last came."""
    expires_at: datetime = Field(sa_type=UtcInstant)
    """Until when an unfinished one is kept."""
