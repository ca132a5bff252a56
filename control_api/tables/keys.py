"""API keys, and what this installation signs with."""

from datetime import datetime

from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class ApiKey(Row, table=True):
    """A key of a program. The key itself is shown once and kept nowhere."""

    __tablename__ = "api_key"

    id: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=200)
    digest: str = Field(unique=True, max_length=64)
    """SHA-256 of the key, in hexadecimal digits."""
    hint: str = Field(max_length=16)
    """How the key begins, by which people know it again."""
    scopes: list[str] = Field(sa_type=Document)
    version: int = Field(default=1)
    """Counts its edits."""
    created_at: datetime = Field(sa_type=UtcInstant)
    expires_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    used_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When it was last used, to the minute or so."""
    made_by: str | None = Field(default=None, max_length=40)
    """The id of the account or API key that made it; None for one of the command line. See `control_api.makers`."""


class Secret(Row, table=True):
    """What this installation signs with; made when it is first needed."""

    name: str = Field(primary_key=True, max_length=40)
    value: bytes
    created_at: datetime = Field(sa_type=UtcInstant)
