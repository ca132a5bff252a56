"""Columns that mean the same in every database."""

# Types of columns stand in class bodies that SQLModel reads when they are made: no postponed annotations here.

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from control_api.instants import whole_millis


class UtcInstant(TypeDecorator[datetime]):
    """An instant: refused without a zone, kept in UTC to the millisecond, answered with its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What the database is told."""
        if value is None:
            return None
        utc = whole_millis(value)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 — SQLAlchemy's signature
        """What the database answers."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Document: Final[Any] = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""JSON. A change inside of a value is not noticed: assign a new one."""

Counter: Final[Any] = BigInteger().with_variant(Integer(), "sqlite")
"""A number that the database counts; SQLite does that for INTEGER alone."""
