"""Answers that are kept for whoever repeats a request."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class Repeat(Row, table=True):
    """A request with an Idempotency-Key, and its answer once there is one; see `control_api.idempotency`."""

    __tablename__ = "idempotency"

    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the caller, the operation and the key."""
    fingerprint: str = Field(max_length=64)
    """SHA-256 of what was asked."""
    holder: str = Field(max_length=40)
    """Which attempt works on it."""
    held_until: datetime = Field(sa_type=UtcInstant)
    """When that attempt must have died."""
    expires_at: datetime = Field(sa_type=UtcInstant, index=True)
    status: int | None = Field(default=None)
    """The answer's; None as long as there is none."""
    headers: dict[str, Any] | None = Field(default=None, sa_type=Document)
    body: bytes | None = Field(default=None)
