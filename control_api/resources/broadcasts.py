"""Broadcasts: what staff tells everybody, a role, who has a plan, or accounts that it names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator
from sqlmodel import col, func, insert, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.notices.inbox import MOST_LIVE
from control_api.notices.kinds import Tone
from control_api.notices.languages import Tag
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, leaf
from control_api.people.roles import Role
from control_api.plans.entitled import FREE
from control_api.problems import CONFLICT, Problem, missing, unacceptable
from control_api.scopes import Scope
from control_api.tables import Account, Broadcast, BroadcastAccount, BroadcastReceipt, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KIND: Final = "broadcast"
_TAG: Final = "Broadcasts"
_PATH: Final = "/api/v1/broadcasts"
_LIFE: Final = timedelta(days=30)
_LONGEST: Final = timedelta(days=366)


def _link(text: str) -> str:
    is_path = text.startswith("/") and not text.startswith("//") and "\\" not in text
    if text and (not (is_path or text.startswith("https://")) or not text.isprintable() or " " in text):
        message = "that leads nowhere: write a path of the audience's pages, or an address that begins with https://"
        raise ValueError(message)
    return text


Link = Annotated[
    str,
    Field(max_length=500, description="A path of the audience's pages, or an https address; empty: none."),
    AfterValidator(_link),
]


class BroadcastPath(Given):
    """Which broadcast."""

    id: str = Field(pattern=ids.pattern("bc"), description="The id of the broadcast.")


class BroadcastQuery(PageQuery):
    """Which broadcasts are wanted."""

    live: bool | None = Field(default=None, description="Only those that are shown or will be, or only the others.")


class BroadcastWords(Given):
    """What it says in one language."""

    title: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=2000)


Words = Annotated[
    dict[Tag, BroadcastWords],
    Field(min_length=1, max_length=20, description="By language: who speaks another one is shown that of `language`."),
]


class AudienceGiven(Given):
    """For whom it is: one of these."""

    everybody: bool = False
    role: Role | None = None
    plan: str | None = Field(default=None, min_length=1, max_length=40, description="The id of a plan.")
    accounts: list[Annotated[str, Field(pattern=ids.pattern("ac"))]] | None = Field(
        default=None, min_length=1, max_length=1000
    )

    @model_validator(mode="after")
    def _is_one(self) -> AudienceGiven:
        said = (self.everybody, self.role is not None, self.plan is not None, self.accounts is not None)
        if sum(said) != 1:
            message = "say one of everybody, role, plan and accounts"
            raise ValueError(message)
        return self


class BroadcastGiven(Given):
    """Something that many are to be told."""

    kind: Literal["service", "news"] = Field(
        description="`service`: what they have to know. `news`: what they may like; it is mailed to who has asked."
    )
    type: Tone = Tone.INFO
    words: Words
    link: Link = ""
    audience: AudienceGiven
    from_at: Instant | None = Field(default=None, description="From when it is shown; null: from now on.")
    until_at: Instant | None = Field(default=None, description="Until when; null: for 30 days. A year at most.")
    mail: bool = Field(default=False, description="Whether it goes by mail as well.")


class BroadcastEdit(Given):
    """What is to be another way; what is left out stays. Mail that was sent is not called back."""

    type: Tone | None = None
    words: Words | None = None
    link: Link | None = None
    from_at: Instant | None = None
    until_at: Instant | None = None


class WordsShown(Shown):
    """What it says in one language."""

    title: str
    text: str


class BroadcastShown(Shown):
    """What many are told."""

    id: str
    kind: str
    type: str
    words: dict[str, WordsShown]
    link: str
    audience: str = Field(description="`everybody`, `role`, `plan` or `accounts`.")
    named: str = Field(description="The role or the plan; empty otherwise.")
    from_at: Instant
    until_at: Instant
    mail: bool
    created_by: str
    created_at: Instant
    withdrawn_at: Instant | None

    @classmethod
    def of(cls, row: Broadcast) -> BroadcastShown:
        """What is shown of a row."""
        return cls.model_validate(_values(row))


class BroadcastCounted(BroadcastShown):
    """The same, with what has come of it."""

    accounts: int | None = Field(description="How many accounts it names; null where it names none.")
    reads: int = Field(description="How many have read it.")
    mails: int = Field(description="How many mails of it were made.")
    mailed_at: Instant | None = Field(description="When the last of them was.")


class BroadcastPage(Page[BroadcastCounted]):
    """A page of broadcasts, the newest first."""


@Endpoint(
    method="GET",
    path=_PATH,
    name="list_broadcasts",
    summary="All broadcasts, the newest first",
    scope=Scope.NOTICES_WRITE,
    tag=_TAG,
    query_model=BroadcastQuery,
    answers={200: BroadcastPage},
)
async def list_broadcasts(call: Call[Nothing, BroadcastQuery, Nothing]) -> Answer:
    """A page of broadcasts."""
    rows = select(Broadcast)
    if call.query.live is not None:
        rows = rows.where(_is_live(call.now) if call.query.live else ~_is_live(call.now))
    found = await leaf(call, rows, [(col(Broadcast.id), True)])
    return found.answer(BroadcastPage(items=await _counted(call, found.rows), next=found.next))


@Endpoint(
    method="POST",
    path=_PATH,
    name="create_broadcast",
    summary="Tell everybody something, or some",
    scope=Scope.NOTICES_WRITE,
    tag=_TAG,
    body_model=BroadcastGiven,
    answers={201: BroadcastCounted},
    idempotent=True,
)
async def create_broadcast(call: Call[Nothing, Nothing, BroadcastGiven]) -> Answer:
    """One row, however many it is for. Mail is made aside, some accounts at a time."""
    given, audience = call.body, call.body.audience
    from_at = given.from_at or call.now
    until_at = given.until_at or from_at + _LIFE
    _check_span(call.now, from_at, until_at)
    live = select(func.count()).select_from(Broadcast).where(_is_live(call.now))
    if (await call.session.exec(live)).one() >= MOST_LIVE:
        raise Problem(CONFLICT, f"{MOST_LIVE} broadcasts are live, which is as many as there may be: withdraw one")
    accounts = await _known(call, audience)
    row = Broadcast(
        id=ids.new_id("bc"),
        kind=given.kind,
        tone=given.type,
        words={tag: words.model_dump() for tag, words in given.words.items()},
        link=given.link,
        audience=_audience(audience),
        named=audience.role or audience.plan or "",
        from_at=from_at,
        until_at=until_at,
        is_mailed=given.mail,
        created_by=call.caller.id,
        created_at=call.now,
    )
    call.session.add(row)
    await call.session.flush()
    if accounts:
        named = [{"broadcast_id": row.id, "account_id": account} for account in accounts]
        await call.session.exec(insert(BroadcastAccount), params=named)
    call.changed(Change(_KIND, row.id, "created", after=BroadcastShown.of(row)))
    return Answer((await _counted(call, [row]))[0], 201, {"Location": f"{_PATH}/{row.id}"}, version=row.version)


@Endpoint(
    method="GET",
    path=f"{_PATH}/{{id}}",
    name="read_broadcast",
    summary="One broadcast, and how many have read it",
    scope=Scope.NOTICES_WRITE,
    tag=_TAG,
    path_model=BroadcastPath,
    answers={200: BroadcastCounted},
)
async def read_broadcast(call: Call[BroadcastPath]) -> Answer:
    """What is known of it."""
    row = await call.session.get(Broadcast, call.path.id)
    if row is None:
        raise missing(_KIND, call.path.id)
    return Answer((await _counted(call, [row]))[0], version=row.version)


@Endpoint(
    method="PATCH",
    path=f"{_PATH}/{{id}}",
    name="edit_broadcast",
    summary="Change what a broadcast says, or until when it is shown",
    scope=Scope.NOTICES_WRITE,
    tag=_TAG,
    path_model=BroadcastPath,
    body_model=BroadcastEdit,
    answers={200: BroadcastCounted},
    precondition=Precondition.REQUIRED,
)
async def edit_broadcast(call: Call[BroadcastPath, Nothing, BroadcastEdit]) -> Answer:
    """Who has read it already is not told anew."""
    row, given = await _held(call), call.body
    call.guard(row.version)
    if row.withdrawn_at is not None:
        raise Problem(CONFLICT, "the broadcast was withdrawn: make another one")
    before = BroadcastShown.of(row)
    row.tone = given.type or row.tone
    row.link = row.link if given.link is None else given.link
    if given.words is not None:
        row.words = {tag: words.model_dump() for tag, words in given.words.items()}
    if given.from_at is not None or given.until_at is not None:
        row.from_at, row.until_at = given.from_at or row.from_at, given.until_at or row.until_at
        _check_span(call.now, row.from_at, row.until_at)
    return await _told(call, row, before, "updated")


@Endpoint(
    method="POST",
    path=f"{_PATH}/{{id}}/withdraw",
    name="withdraw_broadcast",
    summary="Tell it nobody any more",
    scope=Scope.NOTICES_WRITE,
    tag=_TAG,
    path_model=BroadcastPath,
    answers={200: BroadcastCounted},
)
async def withdraw_broadcast(call: Call[BroadcastPath]) -> Answer:
    """It is gone from every inbox, and mail of it that was not sent is not sent. To do it twice changes nothing."""
    row = await _held(call)
    before = BroadcastShown.of(row)
    row.withdrawn_at = row.withdrawn_at or call.now
    return await _told(call, row, before, "withdrawn")


OPERATIONS: Final = (list_broadcasts, create_broadcast, read_broadcast, edit_broadcast, withdraw_broadcast)


async def _held(call: Call[BroadcastPath, Any, Any]) -> Broadcast:
    wanted = select(Broadcast).where(Broadcast.id == call.path.id).with_for_update()
    row = (await call.session.exec(wanted)).one_or_none()
    if row is None:
        raise missing(_KIND, call.path.id)
    return row


async def _told(call: Call[Any, Any, Any], row: Broadcast, before: BroadcastShown, action: str) -> Answer:
    after = BroadcastShown.of(row)
    if before != after:
        row.version += 1
    call.changed(Change(_KIND, row.id, action, before, after))
    return Answer((await _counted(call, [row]))[0], version=row.version)


async def _known(call: Call[Any, Any, Any], audience: AudienceGiven) -> list[str]:
    """The accounts that are named. Raises `Problem` where somebody is named who is not there, or a plan."""
    if audience.plan is not None and audience.plan != FREE:
        found = (await call.session.exec(select(Plan.id).where(Plan.id == audience.plan))).one_or_none()
        if found is None:
            raise unacceptable("/audience/plan", f"there is no plan {audience.plan}")
    names = sorted(set(audience.accounts or ()))
    there = (
        set((await call.session.exec(select(Account.id).where(col(Account.id).in_(names)))).all()) if names else set()
    )
    gone = [name for name in names if name not in there]
    if gone:
        raise unacceptable("/audience/accounts", f"there is no account {', '.join(gone[:5])}")
    return names


async def _counted(call: Call[Any, Any, Any], rows: Sequence[Broadcast]) -> list[BroadcastCounted]:
    """Broadcasts with how many have read each: two queries, however many they are."""
    names = [row.id for row in rows]
    reads, named = await _counts(call, BroadcastReceipt, names), await _counts(call, BroadcastAccount, names)
    return [
        BroadcastCounted(
            **_values(row),
            accounts=named.get(row.id, 0) if row.audience == "accounts" else None,
            reads=reads.get(row.id, 0),
            mails=row.mails,
            mailed_at=row.mailed_at,
        )
        for row in rows
    ]


async def _counts(call: Call[Any, Any, Any], table: Any, names: Sequence[str]) -> Mapping[str, int]:  # noqa: ANN401 — a table
    counts = select(table.broadcast_id, func.count()).where(table.broadcast_id.in_(names)).group_by(table.broadcast_id)
    if table is BroadcastReceipt:
        counts = counts.where(col(BroadcastReceipt.read_at).is_not(None))
    return dict((await call.session.exec(counts)).all())


def _values(row: Broadcast) -> dict[str, Any]:
    said = row.model_dump(include=set(BroadcastShown.model_fields))
    return {**said, "type": row.tone, "mail": row.is_mailed}


def _is_live(now: datetime) -> Any:  # noqa: ANN401 — a condition
    return col(Broadcast.withdrawn_at).is_(None) & (col(Broadcast.until_at) > now)


def _audience(given: AudienceGiven) -> str:
    kinds = {"role": given.role, "plan": given.plan, "accounts": given.accounts}
    return next((name for name, value in kinds.items() if value is not None), "everybody")


def _check_span(now: datetime, from_at: datetime, until_at: datetime) -> None:
    if not from_at < until_at <= now + _LONGEST:
        raise unacceptable("/until_at", "is not after from_at, and within the next year")
