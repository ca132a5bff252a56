"""Profiles: who of an account watches, and what they may see."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class Profile(Row, table=True):
    """One of the people of an account. Each account has a main one, which goes when the account does."""

    __tablename__ = "profile"
    __table_args__ = (
        Index(
            "uq_profile_main",
            "account_id",
            unique=True,
            sqlite_where=text("is_main"),
            postgresql_where=text("is_main"),
        ),
    )

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    account_id: str = Field(foreign_key="account.id", index=True, max_length=40, ondelete="CASCADE")
    name: str = Field(max_length=60)
    avatar: str = Field(default="", max_length=40)
    """The name of one of the pictures that apps have."""
    is_main: bool = Field(default=False)
    is_kids: bool = Field(default=False)
    ceiling: int | None = Field(default=None)
    """Of an age in years: what is for older people is not shown, nor what nobody has rated. None: everything is."""
    genres_allowed: list[str] = Field(default_factory=list, sa_type=Document)
    """Ids of genres: what is of none of them is not shown. Empty: all are."""
    pin: str | None = Field(default=None, max_length=300)
    """Its hash; None where none is asked for."""
    language: str = Field(default="", max_length=35)
    """BCP 47: in which to be spoken to, and to hear; empty: as the client says."""
    subtitles: str = Field(default="", max_length=35)
    """BCP 47: which are shown; empty: none."""
    autoplay: bool = Field(default=True)
    genres_liked: list[str] = Field(default_factory=list, sa_type=Document)
    """Ids of genres that somebody says they like."""
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    """Whatever else an app keeps for them."""
    keeps_history: bool = Field(default=True)
    """Whether it is kept what is watched."""
    created_at: datetime = Field(sa_type=UtcInstant)
    updated_at: datetime = Field(sa_type=UtcInstant)
