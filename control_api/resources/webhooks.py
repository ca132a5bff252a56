"""Webhooks: servers of others that are told of events, what was delivered to them, and doing it again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, WithJsonSchema
from sqlmodel import and_, col, delete, func, insert, or_, select, update

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.destinations import LONGEST, NotAllowed, examined
from control_api.happenings import of_types
from control_api.ids import new_id
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, page
from control_api.problems import CONFLICT, FORBIDDEN, Problem, missing, unacceptable, unavailable
from control_api.scopes import Scope
from control_api.signing import signer_in
from control_api.tables import Delivery, Duty, Event, Webhook, WebhookPlace
from control_api.webhooks import secrets
from control_api.webhooks.deliveries import FAILED, OPEN, SKIPPED, new_row, ping, shown, skip
from control_api.webhooks.models import DeliveryShown, WebhookShown
from control_api.webhooks.types import NAMES, known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

_KIND: Final = "webhook"
_TAG: Final = "Webhooks"
_DAY_SECONDS: Final = 24 * 3600
_LONGEST_REPLAY: Final = 1000


def _asked(url: str) -> str:
    try:
        return str(examined(url))
    except NotAllowed as error:
        raise ValueError(str(error)) from None


Url = Annotated[
    str,
    Field(
        min_length=8,
        max_length=LONGEST,
        description="Where it is told, by POST. An address that the whole internet can reach, unless the setting "
        "outgoing_allow names its network. Redirects are not followed.",
        examples=["https://desk.example/fastline"],
    ),
    AfterValidator(_asked),
]
Types = Annotated[
    list[Annotated[str, AfterValidator(known), WithJsonSchema({"type": "string", "enum": list(NAMES)})]],
    Field(
        max_length=100,
        description="Of which types of events it is told; `channel.*` stands for all that begin so; empty: of all.",
        examples=[["channel.*", "asset.ready"]],
    ),
]
Description = Annotated[str, Field(max_length=500, description="What it is for.")]


class WebhookPath(Given):
    """Which webhook."""

    id: str = Field(pattern=ids.pattern("wh"), description="The id of the webhook.")


class DeliveryPath(WebhookPath):
    """Which delivery of it."""

    delivery: str = Field(pattern=ids.pattern("dl"), description="The id of the delivery.")


class WebhookMade(WebhookShown):
    """A webhook with a secret that is new."""

    secret: str | None = Field(
        description="By what its deliveries are signed. It is shown now and never again; null when this is a repeat."
    )


class WebhookPage(Page[WebhookShown]):
    """A page of webhooks, the newest first."""


class WebhookGiven(Given):
    """A webhook that is to be made."""

    url: Url
    types: Types = Field(default_factory=list)
    description: Description = ""


class WebhookEdit(Given):
    """What is to be another way; what is left out stays."""

    url: Url | None = None
    types: Types | None = None
    description: Description | None = None
    enabled: bool | None = None
    missed: Literal["deliver", "skip"] = Field(
        default="deliver", description="Of a webhook that is enabled: what becomes of what happened meanwhile."
    )


class Rotation(Given):
    """How a secret is changed for a new one."""

    overlap_seconds: int = Field(
        default=_DAY_SECONDS,
        ge=0,
        le=30 * _DAY_SECONDS,
        description="How long, in seconds, the secret before this one signs as well.",
    )


class DeliveryQuery(PageQuery):
    """Which deliveries are wanted."""

    state: Literal["open", "delivered", "failed", "skipped"] | None = Field(default=None)
    type: str | None = Field(default=None, max_length=80, description="Only those of this type of events.")


class DeliveryPage(Page[DeliveryShown]):
    """A page of deliveries, the newest first."""


class Replay(Given):
    """Which events are to be delivered again."""

    since: Instant = Field(description="Those that happened at this instant or later.")
    until: Instant | None = Field(default=None, description="And before this one; null: up to now.")
    failed_only: bool = Field(default=True, description="Only those whose delivery has failed or was skipped.")


class Replayed(Shown):
    """What a replay comes to."""

    deliveries: int = Field(description="How many deliveries are open again.")


@Endpoint(
    method="GET",
    path="/api/v1/webhooks",
    name="list_webhooks",
    summary="All webhooks, the newest first",
    scope=Scope.WEBHOOKS_READ,
    tag=_TAG,
    query_model=PageQuery,
    answers={200: WebhookPage},
)
async def list_webhooks(call: Call[Nothing, PageQuery, Nothing]) -> Answer:
    """A page of webhooks."""
    return await page(call, select(Webhook), [(col(Webhook.id), True)], shown, WebhookPage)


@Endpoint(
    method="POST",
    path="/api/v1/webhooks",
    name="create_webhook",
    summary="Have a server told of events",
    description="Each event is sent by POST as JSON, signed as Standard Webhooks has it, until it is answered with "
    "2xx: at least once, so know it again by `webhook-id`. Takes the scope events:read as well.",
    scope=Scope.WEBHOOKS_WRITE,
    tag=_TAG,
    body_model=WebhookGiven,
    answers={201: WebhookMade},
    idempotent=True,
    shown_once=("secret",),
)
async def create_webhook(call: Call[Nothing, Nothing, WebhookGiven]) -> Answer:
    """A webhook that is told of what happens from now on."""
    _check_reads(call)
    call.site.outgoing.check(call.body.url)
    most = call.site.settings.webhooks
    if (await call.session.exec(select(func.count()).select_from(Webhook))).one() >= most:
        raise Problem(CONFLICT, f"there are {most} webhooks, and there may be no more: delete one")
    given = call.body
    row = Webhook(
        id=new_id("wh"),
        url=given.url,
        description=given.description,
        types=sorted(set(given.types)),
        created_at=call.now,
        disabled_why="",
    )
    call.session.add(row)
    await call.session.flush()
    newest = (await call.session.exec(select(func.max(col(Event.sequence))))).one() or 0
    call.session.add(WebhookPlace(webhook=row.id, after=newest))
    call.changed(Change(_KIND, row.id, "created", after=shown(row)))
    return Answer(await _made(call, row), 201, {"Location": f"/api/v1/webhooks/{row.id}"}, row.version)


@Endpoint(
    method="GET",
    path="/api/v1/webhooks/{id}",
    name="read_webhook",
    summary="One webhook",
    scope=Scope.WEBHOOKS_READ,
    tag=_TAG,
    path_model=WebhookPath,
    answers={200: WebhookShown},
)
async def read_webhook(call: Call[WebhookPath]) -> Answer:
    """The webhook, without its secret."""
    row = await _row(call.session, call.path.id, held=False)
    return Answer(shown(row), version=row.version)


@Endpoint(
    method="PATCH",
    path="/api/v1/webhooks/{id}",
    name="edit_webhook",
    summary="Change a webhook, disable it, or enable it again",
    description="A webhook that is disabled keeps its place in the list of events. Takes the scope events:read as "
    "well.",
    scope=Scope.WEBHOOKS_WRITE,
    tag=_TAG,
    path_model=WebhookPath,
    body_model=WebhookEdit,
    answers={200: WebhookShown},
    precondition=Precondition.REQUIRED,
)
async def edit_webhook(call: Call[WebhookPath, Nothing, WebhookEdit]) -> Answer:
    """Change what was sent, when nobody else has changed it since it was read."""
    _check_reads(call)
    row = await _row(call.session, call.path.id)
    call.guard(row.version)
    before, given = shown(row), call.body
    for name in ("url", "types", "description", "enabled"):
        if name in given.model_fields_set and getattr(given, name) is None:
            raise unacceptable("/" + name, "leave it out, or send a value")
    call.site.outgoing.check(given.url)
    row.url = row.url if given.url is None else given.url
    row.types = row.types if given.types is None else sorted(set(given.types))
    row.description = row.description if given.description is None else given.description
    if given.enabled is False and row.disabled_at is None:
        row.disabled_at, row.disabled_why = call.now, "asked"
    elif given.enabled and row.disabled_at is not None:
        row.disabled_at, row.disabled_why = None, ""
        if given.missed == "skip":
            await skip(call.session, row.id, call.now)
    after = shown(row)
    if after != before:
        row.version += 1
    call.changed(Change(_KIND, row.id, _action(before, after), before, after))
    return Answer(after, version=row.version)


@Endpoint(
    method="DELETE",
    path="/api/v1/webhooks/{id}",
    name="delete_webhook",
    summary="Delete a webhook and its deliveries",
    scope=Scope.WEBHOOKS_WRITE,
    tag=_TAG,
    path_model=WebhookPath,
    answers={204: None},
    precondition=Precondition.HEEDED,
)
async def delete_webhook(call: Call[WebhookPath]) -> Answer:
    """It is told nothing more from now on."""
    row = await _row(call.session, call.path.id)
    call.guard(row.version)
    call.changed(Change(_KIND, row.id, "deleted", before=shown(row)))
    await call.session.exec(delete(Duty).where(col(Duty.name) == row.id))
    await call.session.exec(delete(Webhook).where(col(Webhook.id) == row.id))
    return Answer(status=204)


@Endpoint(
    method="POST",
    path="/api/v1/webhooks/{id}/rotate",
    name="rotate_webhook_secret",
    summary="Give a webhook a new secret",
    description="For as long as is said both secrets sign each delivery, so that the receiver can change over.",
    scope=Scope.WEBHOOKS_WRITE,
    tag=_TAG,
    path_model=WebhookPath,
    body_model=Rotation,
    answers={200: WebhookMade},
    idempotent=True,
    shown_once=("secret",),
)
async def rotate_webhook_secret(call: Call[WebhookPath, Nothing, Rotation]) -> Answer:
    """The next secret; of more than two in a row only the last two sign."""
    row = await _row(call.session, call.path.id)
    before = shown(row)
    row.generation += 1
    row.version += 1
    row.former_until = call.now + timedelta(seconds=call.body.overlap_seconds)
    call.changed(Change(_KIND, row.id, "rotated", before, shown(row)))
    return Answer(await _made(call, row), version=row.version)


@Endpoint(
    method="POST",
    path="/api/v1/webhooks/{id}/ping",
    name="ping_webhook",
    summary="Send a webhook an event that means nothing",
    description="Its type is `webhook.ping`. It is tried once, even while the webhook is disabled; the delivery tells "
    "what became of it.",
    scope=Scope.WEBHOOKS_WRITE,
    tag=_TAG,
    path_model=WebhookPath,
    answers={202: DeliveryShown},
    idempotent=True,
    changes=False,
)
async def ping_webhook(call: Call[WebhookPath]) -> Answer:
    """A delivery that is sent at once."""
    row = await _row(call.session, call.path.id)
    delivery = ping(row.id, call.now)
    await _check_room(call, row.id, 1)
    call.session.add(delivery)
    where = f"/api/v1/webhooks/{row.id}/deliveries/{delivery.id}"
    return Answer(DeliveryShown.model_validate(delivery), 202, {"Location": where})


@Endpoint(
    method="POST",
    path="/api/v1/webhooks/{id}/replay",
    name="replay_webhook",
    summary="Deliver again what happened since an instant",
    description=f"At most {_LONGEST_REPLAY} at once, the oldest first. Receivers know them again by `webhook-id`.",
    scope=Scope.WEBHOOKS_WRITE,
    tag=_TAG,
    path_model=WebhookPath,
    body_model=Replay,
    answers={202: Replayed},
    idempotent=True,
    changes=False,
)
async def replay_webhook(call: Call[WebhookPath, Nothing, Replay]) -> Answer:
    """Events of the types that the webhook is told of, up to its place; those that are open anyway are left alone."""
    row = await _row(call.session, call.path.id)
    place = await call.session.get(WebhookPlace, row.id)
    asked = call.body
    events = (
        select(Event, Delivery)
        .join(Delivery, and_(col(Delivery.event) == col(Event.id), col(Delivery.webhook) == row.id), isouter=True)
        .where(col(Event.at) >= asked.since, col(Event.sequence) <= (place.after if place else 0))
        .order_by(col(Event.at), col(Event.sequence))
        .limit(_LONGEST_REPLAY)
    )
    if asked.until is not None:
        events = events.where(col(Event.at) < asked.until)
    if asked.failed_only:
        events = events.where(col(Delivery.state).in_((FAILED, SKIPPED)))
    else:
        events = events.where(or_(col(Delivery.id).is_(None), col(Delivery.state) != OPEN))
    if row.types:
        events = events.where(of_types(row.types))
    found: Sequence[tuple[Event, Delivery | None]] = (await call.session.exec(events)).all()
    await _check_room(call, row.id, len(found))
    again = [delivery.id for _, delivery in found if delivery is not None]
    fresh = [
        new_row(row.id, event.id, event.sequence, event.type, call.now) for event, delivery in found if delivery is None
    ]
    if again:
        opened = {"state": OPEN, "attempts": 0, "due_at": call.now, "ended_at": None}
        await call.session.exec(update(Delivery).where(col(Delivery.id).in_(again)).values(**opened))
    if fresh:
        await call.session.exec(insert(Delivery), params=fresh)
    return Answer(Replayed(deliveries=len(found)), 202)


@Endpoint(
    method="GET",
    path="/api/v1/webhooks/{id}/deliveries",
    name="list_deliveries",
    summary="What was delivered to a webhook, the newest first",
    scope=Scope.WEBHOOKS_READ,
    tag=_TAG,
    path_model=WebhookPath,
    query_model=DeliveryQuery,
    answers={200: DeliveryPage},
)
async def list_deliveries(call: Call[WebhookPath, DeliveryQuery, Nothing]) -> Answer:
    """A page of deliveries, with their last attempts."""
    row = await _row(call.session, call.path.id, held=False)
    rows = select(Delivery).where(Delivery.webhook == row.id)
    if call.query.state is not None:
        rows = rows.where(Delivery.state == call.query.state)
    if call.query.type is not None:
        rows = rows.where(Delivery.type == call.query.type)
    return await page(call, rows, [(col(Delivery.id), True)], DeliveryShown.model_validate, DeliveryPage)


@Endpoint(
    method="GET",
    path="/api/v1/webhooks/{id}/deliveries/{delivery}",
    name="read_delivery",
    summary="One delivery, with its last attempts",
    scope=Scope.WEBHOOKS_READ,
    tag=_TAG,
    path_model=DeliveryPath,
    answers={200: DeliveryShown},
)
async def read_delivery(call: Call[DeliveryPath]) -> Answer:
    """The delivery."""
    return Answer(DeliveryShown.model_validate(await _delivery(call, held=False)))


@Endpoint(
    method="POST",
    path="/api/v1/webhooks/{id}/deliveries/{delivery}/redeliver",
    name="redeliver",
    summary="Send a delivery once more, from now on",
    description="With the same `webhook-id` as before. One that is open is sent at once.",
    scope=Scope.WEBHOOKS_WRITE,
    tag=_TAG,
    path_model=DeliveryPath,
    answers={202: DeliveryShown},
    changes=False,
)
async def redeliver(call: Call[DeliveryPath]) -> Answer:
    """The delivery, open again, with all its attempts before it."""
    row = await _delivery(call)
    if row.state != OPEN:
        await _check_room(call, row.webhook, 1)
    row.state, row.attempts, row.due_at, row.ended_at = OPEN, 0, call.now, None
    return Answer(DeliveryShown.model_validate(row), 202)


OPERATIONS: Final = (
    list_webhooks,
    create_webhook,
    read_webhook,
    edit_webhook,
    delete_webhook,
    rotate_webhook_secret,
    ping_webhook,
    replay_webhook,
    list_deliveries,
    read_delivery,
    redeliver,
)


def _check_reads(call: Call[Any, Any, Any]) -> None:
    """Refuse who may not read events: a webhook would be a way around that."""
    if not call.caller.may(Scope.EVENTS_READ):
        message = f"a webhook is told of events: this needs the scope {Scope.EVENTS_READ} as well"
        raise Problem(FORBIDDEN, message, scope=Scope.EVENTS_READ)


async def _row(session: AsyncSession, webhook: str, *, held: bool = True) -> Webhook:
    """The row; `held` until the end of the transaction, by which it is to be changed."""
    wanted = select(Webhook).where(Webhook.id == webhook)
    row = (await session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        raise missing("webhook", webhook)
    return row


async def _delivery(call: Call[DeliveryPath, Any, Any], *, held: bool = True) -> Delivery:
    wanted = select(Delivery).where(Delivery.id == call.path.delivery, Delivery.webhook == call.path.id)
    row = (await call.session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        raise missing("delivery of this webhook", call.path.delivery)
    return row


async def _check_room(call: Call[Any, Any, Any], webhook: str, more: int) -> None:
    """Refuse what would make too many open deliveries."""
    most = call.site.settings.deliveries_open
    count = select(func.count()).where(Delivery.webhook == webhook, Delivery.state == OPEN)
    if (await call.session.exec(count)).one() + more > most:
        message = f"the webhook would have more than {most} open deliveries; wait until some are done"
        raise unavailable(message, seconds=60)


async def _made(call: Call[Any, Any, Any], row: Webhook) -> WebhookMade:
    """The webhook with its newest secret."""
    found = await signer_in(call.session, secrets.NAME, call.now)
    secret = secrets.shown(secrets.secret(found, row.id, row.generation))
    return WebhookMade(secret=secret, **shown(row).model_dump())


def _action(before: WebhookShown, after: WebhookShown) -> str:
    """What was done to it, by what differs."""
    if before.enabled == after.enabled:
        return "updated"
    return "enabled" if after.enabled else "disabled"
