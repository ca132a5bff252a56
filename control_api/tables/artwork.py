"""Pictures of titles, people and channels; the bytes lie in the store, under their digest."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String
from sqlmodel import Field

from control_api.columns import UtcInstant
from control_api.tables.row import Row


class Artwork(Row, table=True):
    """A picture in one shape."""

    __tablename__ = "artwork"
    __table_args__ = (
        Index("ix_artwork_of_title", "title_id", "shape", "language", unique=True),
        Index("ix_artwork_of_person", "person_id", unique=True),
        Index("ix_artwork_of_channel", "channel", unique=True),
    )

    id: str = Field(primary_key=True, max_length=40)
    title_id: str | None = Field(
        default=None, sa_column=Column(String(40), ForeignKey("title.id", ondelete="CASCADE"), nullable=True)
    )
    person_id: str | None = Field(
        default=None, sa_column=Column(String(40), ForeignKey("person.id", ondelete="CASCADE"), nullable=True)
    )
    channel: str | None = Field(default=None, max_length=80)
    """Whose logo it is, by its name in channels.yaml."""
    shape: str = Field(max_length=10)
    """`banner`, `landscape`, `portrait` or `square`."""
    language: str = Field(default="", max_length=35)
    """BCP 47, of what is written on it; empty where that does not matter."""
    digest: str = Field(max_length=64, index=True)
    """SHA-256 of its bytes, in hexadecimal digits: its name in the store."""
    media_type: str = Field(max_length=40)
    width: int
    """In pixels."""
    height: int
    size: int
    """In bytes."""
    origin: str = Field(max_length=10)
    """Where it came from: `upload`, `link` or `frame`."""
    source: str = Field(default="", max_length=2000)
    """The link, or the asset whose frame it is."""
    created_at: datetime = Field(sa_type=UtcInstant)


class ArtworkTicket(Row, table=True):
    """Leave to upload one picture once, for who has its address."""

    __tablename__ = "artwork_ticket"

    id: str = Field(primary_key=True, max_length=40)
    title_id: str = Field(sa_column=Column(String(40), ForeignKey("title.id", ondelete="CASCADE"), nullable=False))
    shape: str = Field(max_length=10)
    language: str = Field(default="", max_length=35)
    made_by: str = Field(max_length=80)
    """The caller on whose behalf the picture comes."""
    made_by_name: str = Field(max_length=200)
    expires_at: datetime = Field(sa_type=UtcInstant, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class PictureStray(Row, table=True):
    """A picture in the store that nothing shows any more; see `control_api.tidying.files`."""

    __tablename__ = "picture_stray"

    name: str = Field(primary_key=True, max_length=80)
    """Its digest and its kind."""
    since: datetime = Field(sa_type=UtcInstant)
    """When that was first seen."""
