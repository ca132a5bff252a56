"""What happened on the station, in order."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from control_api.columns import Counter, Document, UtcInstant
from control_api.tables.row import Row


class Event(Row, table=True):
    """Something that happened. Rows are never changed, and go after `event_days`; see `control_api.happenings`."""

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 — SQLAlchemy reads it from the class

    sequence: int | None = Field(default=None, primary_key=True, sa_type=Counter)
    """Grows in the order in which events can be seen."""
    id: str = Field(unique=True, max_length=40)
    type: str = Field(max_length=80, index=True)
    """A thing and what happened to it: `api_key.created`."""
    at: datetime = Field(sa_type=UtcInstant, index=True)
    subject: str = Field(max_length=80, index=True)
    """The id of the thing."""
    data: dict[str, Any] = Field(sa_type=Document)
