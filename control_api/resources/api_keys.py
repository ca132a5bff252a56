"""API keys: which there are, what each may do, and when it was last used. A key itself is shown once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api import ids, keys, makers
from control_api.batch import Batch, each
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant, written
from control_api.keys import KeyShown
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, page
from control_api.problems import CONFLICT, FORBIDDEN, Problem, missing, unacceptable
from control_api.scopes import Scope
from control_api.tables import ApiKey

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession


_KIND: Final = "api_key"


Name = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"\S", description="What people call it.", examples=["Night import"]),
]


class KeyPath(Given):
    """Which key."""

    id: str = Field(pattern=ids.pattern("ak"), description="The id of the key.")


class KeyMade(KeyShown):
    """A new key."""

    key: str | None = Field(description="The key itself. It is shown now and never again; null when this is a repeat.")


class KeyPage(Page[KeyShown]):
    """A page of keys, the newest first."""


class KeyQuery(PageQuery):
    """Which keys are wanted."""

    revoked: bool | None = Field(default=None, description="Only those that are revoked, or only those that are not.")


class KeyGiven(Given):
    """A key that is to be made."""

    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope), description="What it may do: no more than you.")
    expires_at: Instant | None = Field(
        default=None,
        description="Until when it is good; null: until it is revoked. What a key makes ends no later than the key.",
    )


class KeyEdit(Given):
    """What is to be another way; what is left out stays."""

    name: Name | None = None
    expires_at: Instant | None = Field(
        default=None, description="By a key: no later than that ends itself. What has expired stays so."
    )


class KeyEditOne(Given):
    """One edit of several."""

    id: str = Field(pattern=ids.pattern("ak"))
    name: Name | None = None
    revoke: bool = Field(default=False, description="Whether the key is good no longer, from now on.")


class KeysEdited(Shown):
    """What became of the keys, in the order of the edits."""

    items: list[KeyShown]


@Endpoint(
    method="GET",
    path="/api/v1/api-keys",
    name="list_api_keys",
    summary="All API keys, the newest first",
    scope=Scope.KEYS_READ,
    tag="API keys",
    query_model=KeyQuery,
    answers={200: KeyPage},
)
async def list_api_keys(call: Call[Nothing, KeyQuery, Nothing]) -> Answer:
    """A page of keys."""
    rows = select(ApiKey)
    if call.query.revoked is not None:
        gone = col(ApiKey.revoked_at)
        rows = rows.where(gone.is_not(None) if call.query.revoked else gone.is_(None))
    return await page(call, rows, [(col(ApiKey.id), True)], KeyShown.model_validate, KeyPage)


@Endpoint(
    method="POST",
    path="/api/v1/api-keys",
    name="create_api_key",
    summary="Make an API key",
    scope=Scope.KEYS_WRITE,
    tag="API keys",
    body_model=KeyGiven,
    answers={201: KeyMade},
    idempotent=True,
    shown_once=("key",),
)
async def create_api_key(call: Call[Nothing, Nothing, KeyGiven]) -> Answer:
    """A key with no more authority than its maker has, now or later."""
    given = call.body
    if len(call.caller.behind) + 1 > makers.MOST:
        raise Problem(FORBIDDEN, f"behind a key stand {makers.MOST} others at most: have a person make it")
    lacking = sorted(set(given.scopes) - call.caller.scopes)
    if lacking:
        raise Problem(
            FORBIDDEN, f"a key cannot be given what its maker has not: {', '.join(lacking)}", scope=lacking[0]
        )
    until = given.expires_at or _end(call)
    _check_end(call, until)
    made = keys.make(given.name, given.scopes, call.now, until, call.caller.id)
    call.session.add(made.row)
    shown = KeyShown.model_validate(made.row)
    call.changed(Change(_KIND, made.row.id, "created", after=_lasting(shown)))
    answer = KeyMade(**shown.model_dump(), key=made.secret)
    return Answer(answer, 201, {"Location": f"/api/v1/api-keys/{made.row.id}"}, version=made.row.version)


@Endpoint(
    method="GET",
    path="/api/v1/api-keys/{id}",
    name="read_api_key",
    summary="One API key",
    scope=Scope.KEYS_READ,
    tag="API keys",
    path_model=KeyPath,
    answers={200: KeyShown},
)
async def read_api_key(call: Call[KeyPath]) -> Answer:
    """What is known of it."""
    row = await _row(call.session, call.path.id, held=False)
    return Answer(KeyShown.model_validate(row), version=row.version)


@Endpoint(
    method="PATCH",
    path="/api/v1/api-keys/{id}",
    name="edit_api_key",
    summary="Rename an API key, or change how long it is good",
    scope=Scope.KEYS_WRITE,
    tag="API keys",
    path_model=KeyPath,
    body_model=KeyEdit,
    answers={200: KeyShown},
    precondition=Precondition.REQUIRED,
)
async def edit_api_key(call: Call[KeyPath, Nothing, KeyEdit]) -> Answer:
    """Change what was sent, when nobody else has changed it since it was read."""
    row = await _ruled(call, call.path.id)
    call.guard(row.version)
    if "expires_at" in call.body.model_fields_set:
        if (over := makers.is_over(row, call.now)) is not None:
            raise Problem(CONFLICT, f"{over}, and stays so: make another one")
        _check_end(call, call.body.expires_at)
    edits = {name: getattr(call.body, name) for name in call.body.model_fields_set}
    if edits.get("name", "") is None:
        raise unacceptable("/name", "a key has a name: leave it out, or send a text")
    return _edited(call, row, edits, "updated")


@Endpoint(
    method="DELETE",
    path="/api/v1/api-keys/{id}",
    name="revoke_api_key",
    summary="Revoke an API key, for ever and at once",
    scope=Scope.KEYS_WRITE,
    tag="API keys",
    path_model=KeyPath,
    answers={200: KeyShown},
    precondition=Precondition.HEEDED,
)
async def revoke_api_key(call: Call[KeyPath]) -> Answer:
    """The key stays in the list, and is good no longer. To do it twice changes nothing."""
    row = await _ruled(call, call.path.id)
    call.guard(row.version)
    return _edited(call, row, {"revoked_at": row.revoked_at or call.now}, "revoked")


@Endpoint(
    method="POST",
    path="/api/v1/api-keys:batch",
    name="edit_api_keys",
    summary="Rename or revoke several API keys: all of them, or none",
    scope=Scope.KEYS_WRITE,
    tag="API keys",
    body_model=Batch[KeyEditOne],
    answers={200: KeysEdited},
)
async def edit_api_keys(call: Call[Nothing, Nothing, Batch[KeyEditOne]]) -> Answer:
    """Each edit in turn, in one transaction."""
    call.is_told = True  # every edit tells of itself, and edits of nothing are none

    async def one(edit: KeyEditOne) -> KeyShown:
        row = await _ruled(call, edit.id)
        edits: dict[str, Any] = {} if edit.name is None else {"name": edit.name}
        if edit.revoke:
            edits["revoked_at"] = row.revoked_at or call.now
        _edited(call, row, edits, "revoked" if edit.revoke else "updated")
        return KeyShown.model_validate(row)

    return Answer(KeysEdited(items=await each(call.body.edits, one)))


OPERATIONS: Final = (
    list_api_keys,
    create_api_key,
    read_api_key,
    edit_api_key,
    revoke_api_key,
    edit_api_keys,
)


async def _row(session: AsyncSession, key: str, *, held: bool = True) -> ApiKey:
    """The row; `held` until the end of the transaction, by which it is to be changed."""
    wanted = select(ApiKey).where(ApiKey.id == key)
    row = (await session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        raise missing("API key", key)
    return row


async def _ruled(call: Call[Any, Any, Any], key: str) -> ApiKey:
    """The row, held, when who asks may do all that its key may; itself a key may rule in any case."""
    row = await _row(call.session, key)
    if row.id != call.caller.id and not makers.scopes(row) <= call.caller.scopes:
        raise Problem(FORBIDDEN, "that API key may do more than you, so you cannot change it")
    return row


def _edited(call: Call[Any, Any, Any], row: ApiKey, edits: dict[str, Any], action: str) -> Answer:
    """The row with these values, and the change told."""
    before = _lasting(KeyShown.model_validate(row))
    for name, value in edits.items():
        setattr(row, name, value)
    after = _lasting(KeyShown.model_validate(row))
    if before != after:
        row.version += 1
    call.changed(Change(_KIND, row.id, action, before, after))
    return Answer(KeyShown.model_validate(row), version=row.version)


def _lasting(shown: KeyShown) -> KeyShown:
    """What counts as a change of it: not that it was used."""
    return shown.model_copy(update={"used_at": None})


def _end(call: Call[Any, Any, Any]) -> datetime | None:
    """When the key that asks ends; None where a person does, whose sessions have nothing to do with it."""
    return None if call.caller.is_person else call.caller.until


def _check_end(call: Call[Any, Any, Any], expires_at: datetime | None) -> None:
    """Raise `Problem` when a key cannot end then."""
    if expires_at is not None and expires_at <= call.now:
        raise unacceptable("/expires_at", "lies in the past: such a key would never be good")
    latest = _end(call)
    if latest is not None and (expires_at is None or expires_at > latest):
        raise unacceptable("/expires_at", f"is later than {written(latest)}, when the key that asks ends itself")
