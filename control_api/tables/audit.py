"""Who changed what."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class AuditEntry(Row, table=True):
    """One change of one thing. Rows are never changed, and go after `audit_days`; see `control_api.changes`."""

    __tablename__ = "audit"

    id: str = Field(primary_key=True, max_length=40)
    at: datetime = Field(sa_type=UtcInstant, index=True)
    caller: str = Field(max_length=80, index=True)
    """The id of who did it."""
    caller_name: str = Field(max_length=200)
    """What they were called then."""
    address: str = Field(max_length=80)
    """The address of their machine; empty on the command line."""
    request_id: str = Field(max_length=80)
    operation: str = Field(max_length=80)
    kind: str = Field(max_length=40)
    """The kind of thing."""
    subject: str = Field(max_length=80, index=True)
    """Its id."""
    action: str = Field(max_length=40)
    before: dict[str, Any] | None = Field(default=None, sa_type=Document)
    after: dict[str, Any] | None = Field(default=None, sa_type=Document)
