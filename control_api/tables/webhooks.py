"""Webhooks, what was delivered to them, and how far the air has been told."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from control_api.columns import Counter, Document, UtcInstant
from control_api.tables.row import Row


class Webhook(Row, table=True):
    """A server of somebody's that is told of events."""

    id: str = Field(primary_key=True, max_length=40)
    url: str = Field(max_length=2048)
    description: str = Field(max_length=500)
    types: list[str] = Field(sa_type=Document)
    """The types of events that it is told of; none: all."""
    generation: int = Field(default=1)
    """Counts its secrets, which follow from it and are stored nowhere."""
    former_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    """Until when the secret before this one signs as well."""
    disabled_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    disabled_why: str = Field(default="", max_length=40)
    """`asked`, `gone` or `failing`."""
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcInstant)


class WebhookPlace(Row, table=True):
    """How far a webhook is; apart from the webhook, because it moves all the time."""

    __tablename__ = "webhook_place"

    webhook: str = Field(primary_key=True, max_length=40, foreign_key="webhook.id", ondelete="CASCADE")
    after: int = Field(sa_type=Counter)
    """The sequence of the last event that has become a delivery, or was not wanted."""
    succeeded_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When it last answered as it should."""


class Delivery(Row, table=True):
    """One event on its way to one webhook."""

    __table_args__ = (Index("ix_delivery_webhook_state_due_at", "webhook", "state", "due_at"),)

    id: str = Field(primary_key=True, max_length=40)
    webhook: str = Field(max_length=40, foreign_key="webhook.id", ondelete="CASCADE", index=True)
    event: str = Field(max_length=40, index=True)
    """The id of the event; a ping has one of its own that is in no list."""
    sequence: int | None = Field(default=None, sa_type=Counter)
    """The event's; None of a ping."""
    type: str = Field(max_length=80)
    state: str = Field(max_length=20)
    """`open`, `delivered` or `failed`."""
    attempts: int = Field(default=0)
    """Since it was last asked for."""
    due_at: datetime = Field(sa_type=UtcInstant)
    """When it is to be sent next; what is not open was last due then."""
    created_at: datetime = Field(sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant, index=True)
    log: list[dict[str, Any]] = Field(sa_type=Document)
    """The last attempts."""


class AirPlace(Row, table=True):
    """What has been told of the air of one channel, or of the library (the channel is empty)."""

    __tablename__ = "air_place"

    channel: str = Field(primary_key=True, max_length=128)
    told: dict[str, Any] = Field(sa_type=Document)
    """What `control_api.air.places` has."""
    version: int = Field(default=1)
    """Counts its moves: who meant to move another one has been overtaken."""
