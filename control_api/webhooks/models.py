"""Webhooks as people are shown them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from control_api.instants import Instant
from control_api.models import Shown


class WebhookShown(Shown):
    """A webhook, without its secret."""

    id: str
    url: str
    description: str
    types: list[str] = Field(description="The types of events that it is told of; empty: all.")
    enabled: bool
    disabled_at: Instant | None
    disabled_why: str = Field(
        description="`asked`: somebody did it. `gone`: the receiver answered 410. `failing`: a delivery was given up "
        "and nothing had succeeded since it was made. Empty while it is enabled."
    )
    former_until: Instant | None = Field(description="Until when the secret before this one signs as well.")
    created_at: Instant


class AttemptShown(Shown):
    """One attempt to deliver."""

    at: Instant
    status: int | None = Field(description="Of the answer; null when there was none.")
    words: str = Field(description="What went wrong; empty when nothing did.")
    excerpt: str = Field(description="The beginning of the answer's body, at most 1024 bytes of it.")
    took_ms: int


class DeliveryShown(Shown):
    """One event on its way to one webhook."""

    id: str
    webhook: str
    event: str = Field(description="The id of the event, which receivers see as `webhook-id`.")
    sequence: int | None = Field(description="The event's sequence; null of a ping.")
    type: str
    state: Literal["open", "delivered", "failed", "skipped"] = Field(
        description="`open` until it is `delivered`, or given up as `failed`, or `skipped` when its webhook was "
        "enabled again without what was missed."
    )
    attempts: int = Field(description="How often it was tried since it was last asked for.")
    due_at: Instant = Field(description="When it is tried next, while it is open.")
    created_at: Instant
    ended_at: Instant | None
    log: list[AttemptShown] = Field(description="The last attempts, the oldest first.")
