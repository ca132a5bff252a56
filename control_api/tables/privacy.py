"""What people are given of all that is kept of them."""

from datetime import datetime

from sqlmodel import Field

from control_api.columns import Counter, UtcInstant
from control_api.tables.row import Row


class DataExport(Row, table=True):
    """An archive of everything that is kept of an account, for its owner alone. It goes after `export_days`."""

    __tablename__ = "data_export"

    id: str = Field(primary_key=True, max_length=40)
    account_id: str = Field(foreign_key="account.id", index=True, max_length=40, ondelete="CASCADE")
    job: str = Field(default="", max_length=40)
    """The job that makes it."""
    rows: int = Field(default=0)
    """How many rows of tables are in it."""
    size: int = Field(default=0, sa_type=Counter)
    """In bytes; 0: it is not there."""
    digest: str = Field(default="", max_length=64)
    """SHA-256 of the archive, in hexadecimal digits."""
    created_at: datetime = Field(sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    expires_at: datetime = Field(sa_type=UtcInstant, index=True)
    """When it is removed."""


class ExportPiece(Row, table=True):
    """Some bytes of such an archive: here, and not in a file, every machine has them, and they go with the account."""

    __tablename__ = "data_export_piece"

    export_id: str = Field(foreign_key="data_export.id", primary_key=True, max_length=40, ondelete="CASCADE")
    number: int = Field(primary_key=True)
    """Counted from 0."""
    content: bytes
