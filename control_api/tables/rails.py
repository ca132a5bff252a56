"""Rails: the rows of which the home page is made."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class Rail(Row, table=True):
    """A row of the home page: titles or channels that were chosen by hand, by a rule, or by what is watched."""

    __tablename__ = "rail"
    __table_args__ = (Index("ix_rail_by_place", "place", "id"),)

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    """Counts its edits, those of what is pinned as well."""
    name: str = Field(max_length=200)
    names: dict[str, str] = Field(default_factory=dict, sa_type=Document)
    """The same in other languages, by their BCP 47 tags."""
    kind: str = Field(max_length=10)
    """`pinned`, `rule` or `named`."""
    source: str = Field(default="", max_length=40)
    """Of a named one: what is in it; empty for the others."""
    rule: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    """Of one by rule: which titles, as lists of titles are asked, and `sort`."""
    genre_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("genre.id", ondelete="SET NULL"), index=True, nullable=True),
    )
    """Of which genre a named one is, where it needs one."""
    profiles: list[str] = Field(default_factory=list, sa_type=Document)
    """`adults`, `kids`: for which kinds of profiles it is; empty: for all."""
    plans: list[str] = Field(default_factory=list, sa_type=Document)
    """Ids of plans: for who has one of them; empty: for all."""
    place: int = Field(default=0)
    """The lower ones come first."""
    featured: bool = Field(default=False)
    """Whether apps are to show it large."""
    enabled: bool = Field(default=True)
    visible_from: datetime | None = Field(default=None, sa_type=UtcInstant)
    visible_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    created_at: datetime = Field(sa_type=UtcInstant)
    updated_at: datetime = Field(sa_type=UtcInstant)


class RailPin(Row, table=True):
    """What is pinned to a rail: a title, or a channel."""

    __tablename__ = "rail_pin"
    __table_args__ = (Index("ix_rail_pin_by_place", "rail_id", "place"),)

    rail_id: str = Field(foreign_key="rail.id", primary_key=True, max_length=40, ondelete="CASCADE")
    key: str = Field(primary_key=True, max_length=80)
    """The id of the title or of the channel: those of titles alone have an underscore."""
    title_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("title.id", ondelete="CASCADE"), index=True, nullable=True),
    )
    """None: it is a channel."""
    place: int
