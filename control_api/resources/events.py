"""Events: what happened on the station, as a list and as a stream that goes on."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.callers import Caller, resolve
from control_api.happenings import of_types
from control_api.instants import Instant
from control_api.models import Nothing, Shown
from control_api.operation import Endpoint, Media
from control_api.paging import Page, PageQuery, page
from control_api.problems import MALFORMED, Mistake, Problem
from control_api.scopes import Scope
from control_api.streams import Pulse
from control_api.tables import Event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlmodel.sql.expression import SelectOfScalar

    from control_api.site import Site

STREAM: Final = "text/event-stream"
_BATCH: Final = 100
_AGAIN: Final = b"retry: 2000\n\n"  # milliseconds after which a client that was cut off comes back
_LARGEST: Final = (1 << 63) - 1
_SEQUENCE: Final = re.compile(r"\d{1,19}", re.ASCII)


class EventShown(Shown):
    """Something that happened."""

    sequence: int = Field(description="Grows from event to event; `after` and Last-Event-ID name it.")
    id: str = Field(description="The event's own id, the same wherever it is delivered.")
    type: str = Field(description="A thing and what happened to it.", examples=["api_key.created"])
    at: Instant
    subject: str = Field(description="The id of the thing.")
    data: dict[str, Any] = Field(description="What else is known; depends on the type.")


class EventQuery(PageQuery):
    """Which events are wanted."""

    after: int = Field(default=0, ge=0, le=_LARGEST, description="Only those after the event with this sequence.")
    type: list[str] = Field(
        default_factory=list,
        max_length=20,
        description="Only those of these types; `channel.*` stands for all that begin so.",
    )
    subject: str | None = Field(default=None, max_length=80, description="Only those of the thing with this id.")


class EventPage(Page[EventShown]):
    """A page of events, the oldest first."""


@Endpoint(
    method="GET",
    path="/api/v1/events",
    name="list_events",
    summary="What happened, the oldest first",
    description="With `Accept: text/event-stream` the answer has no end: after what was asked for, each event comes as "
    "it happens (server-sent events). A client that was cut off goes on where it was by `Last-Event-ID`.",
    scope=Scope.EVENTS_READ,
    tag="Events",
    query_model=EventQuery,
    answers={200: Media((STREAM,), EventPage)},
)
async def list_events(call: Call[Nothing, EventQuery, Nothing]) -> Answer:
    """A page, or a stream for who names its type."""
    if call.wants(STREAM):
        after = await _beginning(call)
        return Answer(stream=lambda: _followed(call, after), media_type=STREAM)
    order = [(col(Event.sequence), False)]
    rows = _chosen(call.query).where(col(Event.sequence) > call.query.after)
    return await page(call, rows, order, EventShown.model_validate, EventPage)


OPERATIONS: Final = (list_events,)


def _chosen(query: EventQuery) -> SelectOfScalar[Event]:
    rows = select(Event)
    if query.type:
        rows = rows.where(of_types(query.type))
    if query.subject is not None:
        rows = rows.where(Event.subject == query.subject)
    return rows


async def _beginning(call: Call[Nothing, EventQuery, Nothing]) -> int:
    """After which event the stream begins: where the client was, what it asks for, or else now."""
    last = call.request.headers.get("Last-Event-ID", "")
    if last:
        if not _SEQUENCE.fullmatch(last) or int(last) > _LARGEST:
            detail = "Last-Event-ID is the sequence of an event: digits alone"
            raise Problem(MALFORMED, detail, errors=[Mistake(part="header", pointer="/Last-Event-ID", detail=detail)])
        return int(last)
    if "after" in call.query.model_fields_set:
        return call.query.after
    return await call.site.feed.newest()


async def _followed(call: Call[Nothing, EventQuery, Nothing], after: int) -> AsyncIterator[bytes]:
    """The events after this one, for as long as the client may see them and the process runs."""
    site, beat = call.site, call.site.settings.stream_beat_ms / 1000
    seen, pulse = after, Pulse(beat)
    yield _AGAIN
    while not site.streams.leaving.is_set():
        if pulse.is_due() and not await _may_still(call):
            return
        newest = await site.feed.newest()
        found = await _batch(site, call.query, after)
        if found:
            yield b"".join(_frame(event) for event in found)
            after = int(found[-1].sequence or 0)
            seen = max(seen, after)
            continue
        # nothing of what is wanted up to here: wait for something new, of whatever kind
        after = seen = max(seen, newest)
        if not await site.feed.grown(seen, beat) and not site.streams.leaving.is_set():
            yield b":\n\n"  # a comment, so that nobody between takes silence for an end


async def _batch(site: Site, query: EventQuery, after: int) -> Sequence[Event]:
    async with site.database.reading() as session:
        rows = _chosen(query).where(col(Event.sequence) > after).order_by(col(Event.sequence)).limit(_BATCH)
        return (await session.exec(rows)).all()


async def _may_still(call: Call[Nothing, EventQuery, Nothing]) -> bool:
    """Whether the caller's credentials are good still."""
    caller = await resolve(call.request, call.site.schemes)
    return isinstance(caller, Caller) and caller.may(Scope.EVENTS_READ)


def _frame(event: Event) -> bytes:
    shown = EventShown.model_validate(event).model_dump(mode="json")
    data = json.dumps(shown, separators=(",", ":"), ensure_ascii=False)
    return f"id: {event.sequence}\nevent: {event.type}\ndata: {data}\n\n".encode()
