"""What profiles put on their lists, and what they think of titles."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from control_api.columns import UtcInstant
from control_api.tables.row import Row


class Listed(Row, table=True):
    """A title on a list of a profile."""

    __tablename__ = "listed"
    __table_args__ = (Index("ix_listed_by_time", "profile_id", "list", "added_at", "title_id"),)

    profile_id: str = Field(foreign_key="profile.id", primary_key=True, max_length=40, ondelete="CASCADE")
    list: str = Field(primary_key=True, max_length=10)
    """`watchlist` or `favorites`."""
    title_id: str = Field(foreign_key="title.id", primary_key=True, index=True, max_length=40, ondelete="CASCADE")
    added_at: datetime = Field(sa_type=UtcInstant)


class Rated(Row, table=True):
    """What a profile thinks of a title."""

    __tablename__ = "rated"

    profile_id: str = Field(foreign_key="profile.id", primary_key=True, max_length=40, ondelete="CASCADE")
    title_id: str = Field(foreign_key="title.id", primary_key=True, index=True, max_length=40, ondelete="CASCADE")
    score: int
    """From 1 to 10."""
    rated_at: datetime = Field(sa_type=UtcInstant)
