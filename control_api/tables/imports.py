"""Imports: what was read from catalogs of others, and what became of every item of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class Import(Row, table=True):
    """One import. How far it is, its job tells."""

    __tablename__ = "import"

    id: str = Field(primary_key=True, max_length=40)
    format: str = Field(max_length=10)
    """One of `control_api.imports.formats.Format`."""
    name: str = Field(default="", max_length=255)
    """What people call the file, or the address it was fetched from, without its query."""
    link: str = Field(default="", max_length=2000)
    """Where the file is fetched from, until the import is over: people put keys into links."""
    feed: str = Field(max_length=100)
    """Whose titles these are: what is remembered of one feed is compared with that feed alone."""
    dry_run: bool = Field(default=False)
    job: str = Field(default="", max_length=40, index=True)
    owner: str = Field(default="", max_length=80)
    made: int = Field(default=0)
    changed: int = Field(default=0)
    unchanged: int = Field(default=0)
    refused: int = Field(default=0)
    entries: int = Field(default=0)
    """Counts the entries of its report."""
    notes: list[str] = Field(default_factory=list, sa_type=Document)
    """What is to be said of the file as a whole."""
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class ImportEntry(Row, table=True):
    """What became of one item."""

    __tablename__ = "import_entry"
    __table_args__ = (Index("ix_import_entry_of_title", "import_id", "title_id"),)

    import_id: str = Field(sa_column=Column(String(40), ForeignKey("import.id", ondelete="CASCADE"), primary_key=True))
    number: int = Field(primary_key=True)
    line: int = Field(default=0)
    """Where the item begins in the file; 0 where it has no lines."""
    outcome: str = Field(max_length=10)
    """`made`, `changed`, `unchanged` or `refused`."""
    title_id: str | None = Field(default=None, max_length=40)
    name: str = Field(default="", max_length=500)
    implied: bool = Field(default=False)
    """Whether it stands for a series or a season that was named by an item, and is none itself."""
    details: list[Any] = Field(default_factory=list, sa_type=Document)
    """The fields that were changed; or what is wrong, each with its place."""
    asset_id: str | None = Field(default=None, max_length=128)
    """Of a film: the asset that it becomes."""
    job: str | None = Field(default=None, max_length=40)
    """Of a film: the job that packages it."""


class ImportMemory(Row, table=True):
    """What a feed said of a title when it was last read: only what it says anew is changed."""

    __tablename__ = "import_memory"

    title_id: str = Field(sa_column=Column(String(40), ForeignKey("title.id", ondelete="CASCADE"), primary_key=True))
    feed: str = Field(primary_key=True, max_length=100)
    said: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    """A digest of each field."""


class PosterDue(Row, table=True):
    """A picture of an import that is to be copied."""

    __tablename__ = "poster_due"

    title_id: str = Field(sa_column=Column(String(40), ForeignKey("title.id", ondelete="CASCADE"), primary_key=True))
    shape: str = Field(primary_key=True, max_length=10)
    url: str = Field(max_length=2000)
    tries: int = Field(default=0)
    reason: str = Field(default="", max_length=500)
    """Why it could not be copied; empty: nobody has tried."""


class Backup(Row, table=True):
    """An archive of the station."""

    id: str = Field(primary_key=True, max_length=40)
    job: str = Field(default="", max_length=40, index=True)
    owner: str = Field(default="", max_length=80)
    media: bool = Field(default=False)
    """Whether what is packaged is in it."""
    secrets: bool = Field(default=False)
    """Whether what the station signs with is in it, sealed with a passphrase."""
    size: int = Field(default=0, sa_type=BigInteger)
    """In bytes; 0 until it is there."""
    digest: str = Field(default="", max_length=64)
    """SHA-256 of the archive, in hexadecimal digits; empty until it is there."""
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
