"""The assets of the store, as far as people look for them. What the engine knows of them lies in the store itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, String
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class Asset(Row, table=True):
    """A packaged piece of media."""

    __tablename__ = "asset"

    id: str = Field(primary_key=True, max_length=128)
    """The store's: a digest of the source and of how it was packaged."""
    title_id: str = Field(sa_column=Column(String(40), ForeignKey("title.id"), nullable=False, index=True))
    house: str = Field(max_length=40)
    """The format in which it is packaged."""
    kind: str = Field(max_length=10)
    """What it was packaged as: `movie`, `ad`…; `playout.core.asset.Kind`."""
    work: str = Field(max_length=40, index=True)
    """The same for every packaging of one work; `playout.core.asset.Title.work`, as the asset document says it."""
    about: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    """What its document says of it: `playout.core.asset.Title`. It tells what people have changed since."""
    duration_ms: int
    """How long it plays, in milliseconds."""
    poster: str = Field(default="", max_length=128)
    """The file of its poster in its folder of the store; empty when there is none."""
    added_at: datetime = Field(sa_type=UtcInstant, index=True)
    """When it was packaged."""
    state: str = Field(default="packaged", max_length=10)
    """`packaged`; `withdrawn`, pulled off the air; `replaced` by what was packaged anew; `deleted`, in the bin; `gone`,
    no longer in the store.
    """
    version: int = Field(default=1)
    """Counts its edits."""


class AmendmentDue(Row, table=True):
    """An asset of which the engine is to be told anew what people say of it; see `control_api.library.amendments`."""

    __tablename__ = "amendment_due"

    asset_id: str = Field(sa_column=Column(String(128), ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True))
    changes: int = Field(default=1)
    """How often it has changed since the engine was last told: what was told is compared with it."""
    since: datetime = Field(sa_type=UtcInstant)
