"""Deliveries in the database: made of events, due, and written down.

Law: the events up to a webhook's place have become deliveries, once each; those after it have not. So an event
that is committed is delivered, one that is not is never seen, and the list itself is the queue.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import and_, col, delete, func, insert, or_, select, update

from control_api.changes import Actor, Change, audited
from control_api.happenings import append, of_types
from control_api.ids import new_id
from control_api.instants import written
from control_api.tables import Delivery, Event, Webhook, WebhookPlace
from control_api.webhooks.models import WebhookShown
from control_api.webhooks.retries import Outcome, Verdict, next_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.happenings import Happening

PING: Final = "webhook.ping"
"""The type of what is sent to try a webhook; it is in no list."""
OPEN, DELIVERED, FAILED, SKIPPED = "open", "delivered", "failed", "skipped"
_AT_ONCE: Final = 200  # events that become deliveries in one transaction
_WEBHOOKS: Final = 200
_KEPT: Final = 10  # attempts that are kept of a delivery
_ACTOR: Final = Actor("webhooks", "webhooks", "deliver")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be sent."""

    id: str
    message: str
    """The id by which the receiver knows it again."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Address:
    """Where it is to be sent, and by which secrets it is signed."""

    url: str
    generations: tuple[int, ...]


def shown(row: Webhook) -> WebhookShown:
    """A webhook as people are shown it."""
    return WebhookShown(enabled=row.disabled_at is None, **row.model_dump(include=set(WebhookShown.model_fields)))


def ping(webhook: str, now: datetime) -> Delivery:
    """A delivery of nothing, by which somebody tries a webhook."""
    return Delivery(**new_row(webhook, new_id("ev"), None, PING, now))


async def spread(database: Database, now: datetime, most_open: int) -> bool:
    """Make deliveries of events that have none yet; whether there is more to do.

    A webhook with `most_open` open deliveries gets no more until some are done.
    """
    async with database.reading() as session:
        newest = (await session.exec(select(func.max(col(Event.sequence))))).one() or 0
        behind = (
            select(WebhookPlace.webhook)
            .join(Webhook, col(Webhook.id) == col(WebhookPlace.webhook))
            .where(col(Webhook.disabled_at).is_(None), col(WebhookPlace.after) < newest)
            .limit(_WEBHOOKS)
        )
        webhooks = (await session.exec(behind)).all()
    more = [await _spread_one(database, webhook, newest, now, most_open) for webhook in webhooks]
    return any(more)


async def _spread_one(database: Database, webhook: str, newest: int, now: datetime, most_open: int) -> bool:
    async with database.writing() as session:
        wanted = select(WebhookPlace).where(WebhookPlace.webhook == webhook).with_for_update()
        place = (await session.exec(wanted)).one_or_none()
        row = await session.get(Webhook, webhook)
        # another process may have seen more: a place never goes back
        if place is None or row is None or row.disabled_at is not None or place.after >= newest:
            return False
        count = select(func.count()).where(Delivery.webhook == webhook, Delivery.state == OPEN)
        room = min(_AT_ONCE, most_open - (await session.exec(count)).one())
        if room <= 0:
            return False
        events = select(Event.sequence, Event.id, Event.type).where(
            col(Event.sequence) > place.after, col(Event.sequence) <= newest
        )
        if row.types:
            events = events.where(of_types(row.types))
        found = (await session.exec(events.order_by(col(Event.sequence)).limit(room))).all()
        if found:
            rows = [new_row(webhook, event, sequence, kind, now) for sequence, event, kind in found]
            await session.exec(insert(Delivery), params=rows)
        is_all = len(found) < room
        place.after = newest if is_all else int(found[-1][0] or 0)
        return not is_all


def new_row(webhook: str, event: str, sequence: int | None, kind: str, now: datetime) -> dict[str, Any]:
    """The values of a delivery that nobody has tried yet."""
    return {
        "id": new_id("dl"),
        "webhook": webhook,
        "event": event,
        "sequence": sequence,
        "type": kind,
        "state": OPEN,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
        "ended_at": None,
        "log": [],
    }


_IS_SENT: Final = or_(col(Webhook.disabled_at).is_(None), col(Delivery.type) == PING)


async def due_webhooks(database: Database, now: datetime) -> Sequence[str]:
    """The webhooks to which something is to be sent."""
    async with database.reading() as session:
        rows = (
            select(Delivery.webhook)
            .join(Webhook, col(Webhook.id) == col(Delivery.webhook))
            .where(Delivery.state == OPEN, col(Delivery.due_at) <= now, _IS_SENT)
            .distinct()
            .limit(_WEBHOOKS)
        )
        return (await session.exec(rows)).all()


async def due(database: Database, webhook: str, now: datetime, limit: int) -> tuple[Address, Sequence[Parcel]] | None:
    """What is to be sent to one webhook now, what waits longest first; None when nothing is."""
    async with database.reading() as session:
        row = await session.get(Webhook, webhook)
        rows = (
            select(Delivery, Event)
            .join(Webhook, col(Webhook.id) == col(Delivery.webhook))
            .join(Event, col(Event.sequence) == col(Delivery.sequence), isouter=True)
            .where(Delivery.webhook == webhook, Delivery.state == OPEN, col(Delivery.due_at) <= now, _IS_SENT)
            .order_by(col(Delivery.due_at), col(Delivery.id))
            .limit(limit)
        )
        found = (await session.exec(rows)).all()
    if row is None or not found:
        return None
    former = row.generation > 1 and row.former_until is not None and row.former_until > now
    generations = (row.generation, row.generation - 1) if former else (row.generation,)
    return Address(row.url, generations), [_parcel(delivery, event) for delivery, event in found]


def _parcel(delivery: Delivery, event: Event | None) -> Parcel:
    """The message: the same bytes at every attempt."""
    said = {
        "type": delivery.type,
        "timestamp": written(delivery.created_at if event is None else event.at),
        "id": delivery.event,
        "sequence": delivery.sequence,
        "subject": delivery.webhook if event is None else event.subject,
        "data": {} if event is None else event.data,
    }
    return Parcel(delivery.id, delivery.event, json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode())


async def record(database: Database, webhook: str, outcomes: Mapping[str, Outcome], now: datetime) -> None:
    """Write down what became of attempts, by the id of the delivery; disable the webhook where that follows."""
    async with database.writing() as session:
        wanted = select(Delivery).where(col(Delivery.id).in_(outcomes)).order_by(col(Delivery.id)).with_for_update()
        rows = (await session.exec(wanted)).all()
        place = (
            await session.exec(select(WebhookPlace).where(WebhookPlace.webhook == webhook).with_for_update())
        ).one_or_none()
        if place is None:  # somebody has deleted it meanwhile
            return
        for row in rows:
            _mark(row, outcomes[row.id], now)
        if any(row.state == DELIVERED for row in rows):
            place.succeeded_at = now
        why = _disabled(place, rows, outcomes)
        happening = await _disable(session, webhook, why, now) if why else None
        await append(session, [happening] if happening else [], now)


def _mark(row: Delivery, outcome: Outcome, now: datetime) -> None:
    """Write one attempt down."""
    row.attempts += 1
    attempt = {
        "at": written(now),
        "status": outcome.status,
        "words": outcome.words,
        "excerpt": outcome.excerpt,
        "took_ms": outcome.took_ms,
    }
    row.log = [*row.log, attempt][-_KEPT:]
    again = next_at(row.id, row.attempts, outcome, now) if outcome.verdict is Verdict.AGAIN else None
    if outcome.verdict is Verdict.TAKEN:
        row.state, row.ended_at = DELIVERED, now
    elif again is None or row.type == PING:  # a ping says at once that it failed
        row.state, row.ended_at = FAILED, now
    else:
        row.due_at = again


def _disabled(place: WebhookPlace, rows: Sequence[Delivery], outcomes: Mapping[str, Outcome]) -> str:
    """Why the webhook is to be told no more; empty when it is."""
    if any(outcomes[row.id].verdict is Verdict.GONE for row in rows):
        return "gone"
    silent = [
        row
        for row in rows
        if row.state == FAILED
        and row.type != PING
        and (place.succeeded_at is None or place.succeeded_at < row.created_at)
    ]
    return "failing" if silent else ""


async def _disable(session: AsyncSession, webhook: str, why: str, now: datetime) -> Happening | None:
    row = (await session.exec(select(Webhook).where(Webhook.id == webhook).with_for_update())).one_or_none()
    if row is None or row.disabled_at is not None:
        return None
    before = shown(row)
    row.disabled_at, row.disabled_why = now, why
    row.version += 1
    happening = audited(session, _ACTOR, Change("webhook", webhook, "disabled", before, shown(row)), now)
    if happening is not None:
        happening.data["why"] = why
    return happening


async def skip(session: AsyncSession, webhook: str, now: datetime) -> None:
    """Let a webhook begin with what happens from now on."""
    newest = (await session.exec(select(func.max(col(Event.sequence))))).one() or 0
    await session.exec(update(WebhookPlace).where(col(WebhookPlace.webhook) == webhook).values(after=newest))
    waiting = and_(col(Delivery.webhook) == webhook, col(Delivery.state) == OPEN, col(Delivery.type) != PING)
    await session.exec(update(Delivery).where(waiting).values(state=SKIPPED, ended_at=now))


async def forget(database: Database, before: datetime, limit: int = 1000) -> bool:
    """Delete deliveries that ended before this; whether there may be more."""
    async with database.writing() as session:
        old = select(Delivery.id).where(col(Delivery.ended_at) < before).limit(limit)
        done = await session.exec(delete(Delivery).where(col(Delivery.id).in_(old.scalar_subquery())))
        return done.rowcount == limit
