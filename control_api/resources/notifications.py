"""The inbox: what one was told, read or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.ids import PATTERN
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.notices import inbox
from control_api.notices.inbox import Item, Reader
from control_api.notices.kinds import Kind, Tone
from control_api.operation import Endpoint
from control_api.paging import Page, PageQuery, resumed, sliced
from control_api.plans.entitled import FREE, entitled
from control_api.problems import BAD_CURSOR, Problem, missing
from control_api.scopes import OWNER
from control_api.tables import Notice, Subscription

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

_TAG: Final = "Notifications"
_PATH: Final = "/api/v1/notifications"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEWEST: Final = 10**15
_MILLI: Final = timedelta(milliseconds=1)


class NotificationPath(Given):
    """Which of them."""

    id: str = Field(pattern=f"^(no|bc)_{PATTERN}$", description="Its id.")


class NotificationQuery(PageQuery):
    """Which are wanted."""

    unread: bool | None = Field(default=None, description="Only those not read yet, or only those that were.")


class NotificationEdit(Given):
    """What becomes of it."""

    is_read: bool


class NotificationShown(Shown):
    """Something that one was told."""

    id: str
    kind: Kind = Field(description="Of what: it says who gets it by mail as well.")
    type: Tone = Field(description="How grave it is.")
    title: str
    message: str
    link: str = Field(description="A path of the audience's pages, or an address; empty where it leads nowhere.")
    created_at: Instant
    is_read: bool
    read_at: Instant | None
    is_broadcast: bool = Field(description="Whether others are told the same.")


class NotificationPage(Page[NotificationShown]):
    """A page of the inbox, the newest first."""

    unread: int = Field(default=0, description="How many of all were not read.")


class UnreadShown(Shown):
    """How much is new."""

    unread: int


@Endpoint(
    method="GET",
    path=_PATH,
    name="list_notifications",
    summary="What one was told, the newest first",
    scope=OWNER,
    tag=_TAG,
    query_model=NotificationQuery,
    answers={200: NotificationPage},
)
async def list_notifications(call: Call[Nothing, NotificationQuery, Nothing]) -> Answer:
    """A page, of what one alone was told and what many are, by their instants."""
    reader, query = reader_of(call), call.query
    key = resumed(call, call.caller.id)
    told = await inbox.broadcasts(call.session, reader)
    wanted = [item for item in told if query.unread is None or query.unread == (item.read_at is None)]
    after = None if key is None else _placed(key)
    wanted += await inbox.own(call.session, reader, query.limit + 1, after, unread=query.unread)
    rows = sorted(((_key(item), shown(item)) for item in wanted), key=lambda pair: pair[0])
    answer = sliced(call, rows, NotificationPage, known=call.caller.id)
    unread = await inbox.unread(call.session, reader)
    if not isinstance(answer.shown, NotificationPage):
        return answer
    return replace(answer, shown=answer.shown.model_copy(update={"unread": unread}))


@Endpoint(
    method="GET",
    path=f"{_PATH}:unread",
    name="count_notifications",
    summary="How much one has not read",
    scope=OWNER,
    tag=_TAG,
    answers={200: UnreadShown},
)
async def count_notifications(call: Call) -> Answer:
    """For the sign beside a bell: two queries."""
    return Answer(UnreadShown(unread=await inbox.unread(call.session, reader_of(call))))


@Endpoint(
    method="POST",
    path=f"{_PATH}:read",
    name="read_all_notifications",
    summary="Have read everything",
    scope=OWNER,
    tag=_TAG,
    answers={200: UnreadShown},
    changes=False,
)
async def read_all_notifications(call: Call) -> Answer:
    """To do it twice changes nothing."""
    await inbox.read_all(call.session, reader_of(call))
    return Answer(UnreadShown(unread=0))


@Endpoint(
    method="PATCH",
    path=f"{_PATH}/{{id}}",
    name="edit_notification",
    summary="Have read one, or not",
    scope=OWNER,
    tag=_TAG,
    path_model=NotificationPath,
    body_model=NotificationEdit,
    answers={200: NotificationShown},
    changes=False,
)
async def edit_notification(call: Call[NotificationPath, Nothing, NotificationEdit]) -> Answer:
    """It keeps when it was read first."""
    reader = reader_of(call)
    item = await _one(call, reader)
    read_at = (item.read_at or call.now) if call.body.is_read else None
    if item.is_broadcast:
        await inbox.mark(call.session, reader, [item.id], read_at)
    else:
        row = await call.session.get_one(Notice, item.id)
        row.read_at = read_at
    return Answer(shown(replace(item, read_at=read_at)))


@Endpoint(
    method="DELETE",
    path=f"{_PATH}/{{id}}",
    name="delete_notification",
    summary="Delete one from the inbox",
    scope=OWNER,
    tag=_TAG,
    path_model=NotificationPath,
    answers={204: None},
    changes=False,
)
async def delete_notification(call: Call[NotificationPath]) -> Answer:
    """What many are told is there for the others still."""
    reader = reader_of(call)
    await inbox.remove(call.session, reader, [await _one(call, reader)])
    return Answer(status=204)


@Endpoint(
    method="DELETE",
    path=_PATH,
    name="delete_read_notifications",
    summary="Delete everything that one has read",
    scope=OWNER,
    tag=_TAG,
    answers={204: None},
    changes=False,
)
async def delete_read_notifications(call: Call) -> Answer:
    """What was not read stays."""
    await inbox.remove_read(call.session, reader_of(call))
    return Answer(status=204)


OPERATIONS: Final = (
    list_notifications,
    count_notifications,
    read_all_notifications,
    delete_read_notifications,
    edit_notification,
    delete_notification,
)


async def plan_of(session: AsyncSession, account: str, now: datetime) -> str:
    """Which plan an account has."""
    return (await entitled(session, account, now)).plan


async def plans_of(session: AsyncSession, accounts: Sequence[str], now: datetime) -> dict[str, str]:
    """Which plan each of these accounts has, by one query."""
    counts = (col(Subscription.account_id).in_(accounts), col(Subscription.is_current), col(Subscription.until) > now)
    rows = await session.exec(select(Subscription.account_id, Subscription.plan_id).where(*counts))
    return {**dict.fromkeys(accounts, FREE), **{account: plan for account, plan in rows.all() if account is not None}}


def reader_of(call: Call[Any, Any, Any]) -> Reader:
    """Whose inbox the call is about."""
    viewer = call.caller.viewer
    tag = "" if viewer is None else viewer.language
    return Reader(call.caller.id, tag, call.site.settings.language, call.now, plan_of)


def shown(item: Item) -> NotificationShown:
    """One thing as its reader is shown it."""
    return NotificationShown(
        id=item.id,
        kind=Kind(item.kind),
        type=Tone(item.tone),
        title=item.title,
        message=item.text,
        link=item.link,
        created_at=item.at,
        is_read=item.read_at is not None,
        read_at=item.read_at,
        is_broadcast=item.is_broadcast,
    )


async def _one(call: Call[NotificationPath, Any, Any], reader: Reader) -> Item:
    """The one that is meant. Raises `Problem`."""
    name = call.path.id
    if name.startswith("bc_"):
        items = await inbox.broadcasts(call.session, reader)
    else:
        rows = select(Notice).where(Notice.id == name, Notice.account_id == reader.account).with_for_update()
        items = [inbox.of_one(row) for row in (await call.session.exec(rows)).all()]
    for item in items:
        if item.id == name:
            return item
    raise missing("notification", name)


def _key(item: Item) -> str:
    """By which the newest comes first."""
    return f"{_NEWEST - (item.at - _EPOCH) // _MILLI:016d} {item.id}"


def _placed(key: str) -> tuple[datetime, str]:
    """What a key says. Raises `Problem`."""
    number, _, name = key.partition(" ")
    if not number.isdigit():
        raise Problem(BAD_CURSOR, "that is no place in the inbox")
    return _EPOCH + (_NEWEST - int(number)) * _MILLI, name
