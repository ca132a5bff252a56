"""Break points that people have decided about."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, String
from sqlmodel import Field

from control_api.columns import UtcInstant
from control_api.tables.row import Row


class BreakEdit(Row, table=True):
    """What people say of one cut of an asset. Break points that nobody has touched stand in the asset alone."""

    __tablename__ = "break_edit"

    asset_id: str = Field(sa_column=Column(String(128), ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True))
    segment: int = Field(primary_key=True)
    """The segment that plays after the break."""
    state: str = Field(max_length=10)
    """`added`, `confirmed` or `rejected`."""
    snapped: int
    """How far the cut is from the place that was asked for, in ticks; negative when the cut is earlier."""
    at: datetime = Field(sa_type=UtcInstant)
    by: str = Field(max_length=80)
    """The id of who said so."""


class AssetCare(Row, table=True):
    """What people want of an asset besides its break points."""

    __tablename__ = "asset_care"

    asset_id: str = Field(sa_column=Column(String(128), ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True))
    poster: str = Field(default="", max_length=128)
    """The file in the folder of the asset that was chosen instead of the packager's; empty: the packager's."""
    poster_ms: int | None = Field(default=None)
    """Of which moment it is."""
    replaced_by: str | None = Field(default=None, max_length=128)
    """The asset that was packaged anew in its place."""
    deleted_at: datetime | None = Field(default=None, sa_type=UtcInstant, index=True)
    """When it was put into the bin."""
    was: str = Field(default="", max_length=10)
    """In which state it was put into the bin, and comes out of it; empty while it is in none."""
