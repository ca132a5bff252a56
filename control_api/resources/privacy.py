"""One's own data: everything that is kept of somebody as an archive, and leaving with all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, delete, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.ids import new_id
from control_api.instants import Instant
from control_api.jobs import submit
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Media
from control_api.people import accounts, cookies, sessions
from control_api.people.passwords import Password
from control_api.people.roles import Role
from control_api.people.sessions import Why
from control_api.people.shown import AccountShown, lasting
from control_api.privacy import handing
from control_api.privacy.exporting import EXPORT, Make
from control_api.privacy.leaving import PURGE_ACCOUNT, Purge
from control_api.privacy.notes import Note, note
from control_api.problems import CONFLICT, FORBIDDEN, NOT_FOUND, TOO_MANY, Problem, missing
from control_api.resources.accounts import AccountPath, end_sessions, reopen, told, within
from control_api.resources.invitations import revoke_open
from control_api.resources.own_account import Current, check_is_owner
from control_api.resources.own_subscription import stop_renewing, stopped_there
from control_api.scopes import OPEN, OWNER, Scope
from control_api.tables import DataExport, ExportPiece, Profile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from control_api.database import Database
    from control_api.tables import Account

_TAG: Final = "Own data"
_PATH: Final = "/api/v1/me"
_ZIP: Final = "application/zip"
_MOST: Final = 5
"""Archives of one account; the oldest gives way."""
_COST: Final = 20


class ExportPath(Given):
    """Which archive."""

    id: str = Field(pattern=ids.pattern("dx"), description="The id of the archive.")


class ArchiveQuery(Given):
    """What opens the archive."""

    token: str = Field(min_length=1, max_length=handing.LONGEST, description="As the address of the archive has it.")


class Leave(Given):
    """That somebody leaves."""

    current: Password | None = Current


class ExportShown(Shown):
    """An archive of everything that is kept of an account."""

    id: str
    job: str = Field(description="The job that makes it.")
    is_ready: bool
    has_failed: bool = Field(description="Whether it could not be made: ask for another one.")
    rows: int = Field(description="How many rows of tables are in it.")
    size: int = Field(description="In bytes.")
    digest: str = Field(description="SHA-256 in hexadecimal digits; empty: it is not there.")
    created_at: Instant
    ended_at: Instant | None
    expires_at: Instant = Field(description="When it is removed.")
    url: str | None = Field(description="Where it is, once it is ready; whoever has this address has the archive.")
    url_expires_at: Instant | None = Field(description="Until when the address is good; the next answer has another.")


class ExportsShown(Shown):
    """All that there are, the newest first."""

    items: list[ExportShown]


class ClosedShown(Shown):
    """That an account was closed."""

    closes_at: Instant = Field(
        description="When everything that is kept of it is removed. Who signs in before has their account back."
    )


@Endpoint(
    method="POST",
    path=f"{_PATH}/export",
    name="export_own_data",
    summary="Have an archive made of everything that is kept of oneself, as a job",
    description="A ZIP with one file of JSON for each table, and about.json, which says what they are and what is kept "
    "back. Of the whole account, so its main profile asks.",
    scope=OWNER,
    tag=_TAG,
    answers={202: ExportShown},
    idempotent=True,
    cost=_COST,
    changes=False,
)
async def export_own_data(call: Call) -> Answer:
    """One at a time."""
    await _check_main(call)
    account, now = call.caller.id, call.now
    await accounts.row_of(call.session, account)  # of two that come at once, one waits and is refused
    rows = await _of(call, account)
    if any(row.ended_at is None for row in rows):
        raise Problem(CONFLICT, "one is being made: wait until it is ready")
    old = [row.id for row in rows[_MOST - 1 :]]
    if old:
        await call.session.exec(delete(DataExport).where(col(DataExport.id).in_(old)))
    days = timedelta(days=call.site.settings.export_days)
    row = DataExport(id=new_id("dx"), account_id=account, created_at=now, expires_at=now + days)
    call.session.add(row)
    await call.session.flush()
    row.job = (await submit(call.session, EXPORT, Make(export=row.id), now=now, owner=account, subject=row.id)).id
    return Answer(await _shown(call, row), 202, {"Location": f"{_PATH}/exports/{row.id}"})


@Endpoint(
    method="GET",
    path=f"{_PATH}/exports",
    name="list_own_exports",
    summary="The archives of oneself, the newest first",
    scope=OWNER,
    tag=_TAG,
    answers={200: ExportsShown},
)
async def list_own_exports(call: Call) -> Answer:
    """Few, so all of them."""
    await _check_main(call)
    rows = await _of(call, call.caller.id)
    return Answer(ExportsShown(items=[await _shown(call, row) for row in rows]), headers=_NO_STORE)


@Endpoint(
    method="GET",
    path=f"{_PATH}/exports/{{id}}",
    name="read_own_export",
    summary="How far an archive is, and where it is",
    scope=OWNER,
    tag=_TAG,
    path_model=ExportPath,
    answers={200: ExportShown},
)
async def read_own_export(call: Call[ExportPath]) -> Answer:
    """With an address that is good for some minutes."""
    await _check_main(call)
    return Answer(await _shown(call, await _own(call)), headers=_NO_STORE)


@Endpoint(
    method="DELETE",
    path=f"{_PATH}/exports/{{id}}",
    name="delete_own_export",
    summary="Remove an archive before its time",
    scope=OWNER,
    tag=_TAG,
    path_model=ExportPath,
    answers={204: None},
    changes=False,
)
async def delete_own_export(call: Call[ExportPath]) -> Answer:
    """The archive is gone; a job that makes it finds nothing to do."""
    await _check_main(call)
    await call.session.delete(await _own(call))
    return Answer(status=204)


@Endpoint(
    method="GET",
    path=f"{_PATH}/exports/{{id}}/archive",
    name="download_own_export",
    summary="The archive itself",
    description="By the address that its owner was told, and nothing else: a browser that is sent there needs no token "
    "of access.",
    scope=OPEN,
    tag=_TAG,
    path_model=ExportPath,
    query_model=ArchiveQuery,
    answers={200: Media((_ZIP,))},
    refusals=(FORBIDDEN, NOT_FOUND),
)
async def download_own_export(call: Call[ExportPath, ArchiveQuery, Nothing]) -> Answer:
    """Its bytes, in pieces."""
    await call.site.look()
    row = await call.session.get(DataExport, call.path.id)
    if row is None or not handing.opens(call.site.signer, row, call.query.token, call.now):
        # whether there is such an archive is told to nobody whose address is not good
        raise Problem(FORBIDDEN, "the address is not good, or has expired: ask for a new one")
    if not row.size:
        raise missing("archive", row.id)
    headers = {
        **_NO_STORE,
        "Content-Disposition": f'attachment; filename="fastline-{row.id}.zip"',
        "Content-Length": str(row.size),
    }
    database, export = call.site.database, row.id
    return Answer(stream=lambda: _pieces(database, export), media_type=_ZIP, headers=headers)


@Endpoint(
    method="DELETE",
    path=_PATH,
    name="delete_own_account",
    summary="Leave: close one's account, and have everything removed that is kept of it",
    description="At once one is signed out everywhere and the account's API keys are good for nothing. For "
    "`leave_days` signing in again brings it back; then it is removed for good. It takes a sign-in of the last 5 "
    "minutes; with the password, `POST /api/v1/me/deletion` does the same.",
    scope=OWNER,
    tag=_TAG,
    answers={202: ClosedShown},
)
async def delete_own_account(call: Call) -> Answer:
    """The main profile says so."""
    return await _left(call)


@Endpoint(
    method="POST",
    path=f"{_PATH}/deletion",
    name="leave",
    summary="The same, proven by the password",
    scope=OWNER,
    tag=_TAG,
    body_model=Leave,
    answers={202: ClosedShown},
    refusals=(TOO_MANY,),
)
async def leave(call: Call[Nothing, Nothing, Leave]) -> Answer:
    """For clients whose session is older."""
    return await _left(call)


@Endpoint(
    method="POST",
    path="/api/v1/accounts/{id}/deletion",
    name="delete_account",
    summary="Close somebody's account, and have everything removed that is kept of it",
    scope=Scope.ACCOUNTS_WRITE,
    tag="Accounts",
    path_model=AccountPath,
    answers={202: ClosedShown},
)
async def delete_account(call: Call[AccountPath]) -> Answer:
    """For who asks for it by letter."""
    await stopped_there(call, call.path.id)
    return await _closed(call, await within(call, call.path.id))


@Endpoint(
    method="DELETE",
    path="/api/v1/accounts/{id}/deletion",
    name="restore_account",
    summary="Bring back an account that was closed",
    scope=Scope.ACCOUNTS_WRITE,
    tag="Accounts",
    path_model=AccountPath,
    answers={200: AccountShown},
)
async def restore_account(call: Call[AccountPath]) -> Answer:
    """As long as it is there. To do it twice changes nothing."""
    row = await within(call, call.path.id)
    call.is_told = True
    if row.closes_at is not None:
        reopen(call, row)
    return Answer(AccountShown.of(row), version=row.version)


OPERATIONS: Final = (
    delete_own_account,
    leave,
    export_own_data,
    list_own_exports,
    read_own_export,
    delete_own_export,
    download_own_export,
    delete_account,
    restore_account,
)
_NO_STORE: Final = {"Cache-Control": "no-store"}


async def _left(call: Call[Any, Any, Any]) -> Answer:
    """The own account is closed, when its owner says so."""
    await _check_main(call)
    await check_is_owner(call)
    await stopped_there(call, call.caller.id)
    answer = await _closed(call, await accounts.row_of(call.session, call.caller.id))
    return Answer(answer.shown, answer.status, {"Set-Cookie": cookies.drop_cookie(call.request, call.site.settings)})


async def _closed(call: Call[Any, Any, Any], row: Account) -> Answer:
    """The account is closed. To do it twice changes nothing."""
    call.is_told = True
    if row.closes_at is None:
        if row.role == Role.ADMIN and await accounts.is_last_admin(call.session, row):
            raise Problem(CONFLICT, "this is the last administrator: without one nobody could let anybody in")
        before = lasting(AccountShown.of(row))
        row.closes_at = call.now + timedelta(days=call.site.settings.leave_days)
        await revoke_open(call, row.id)
        await end_sessions(call, await sessions.live_of(call.session, row.id, call.now), Why.REVOKED)
        await stop_renewing(call, row.id)
        told(call, row, before, "closed")
        await note(call.session, row.id, Note.CLOSED, call.now, row.closes_at)
        if row.closes_at <= call.now:
            await submit(call.session, PURGE_ACCOUNT, Purge(account=row.id), now=call.now, subject=row.id)
    return Answer(ClosedShown(closes_at=row.closes_at), 202)


async def _check_main(call: Call[Any, Any, Any]) -> None:
    """Raise `Problem` when not the main profile asks: a child's device must not speak for the whole account."""
    viewer = call.caller.viewer
    async with call.site.database.reading() as session:  # aside: a password is looked at before anything is written
        row = await session.get(Profile, viewer.id) if viewer is not None else None
    if row is None or not row.is_main:
        raise Problem(FORBIDDEN, "this is of the whole account: switch to its main profile")


async def _of(call: Call[Any, Any, Any], account: str) -> Sequence[DataExport]:
    rows = select(DataExport).where(DataExport.account_id == account, col(DataExport.expires_at) > call.now)
    return (await call.session.exec(rows.order_by(col(DataExport.id).desc()))).all()


async def _own(call: Call[ExportPath, Any, Any]) -> DataExport:
    """An archive of the account that asks. Raises `Problem`."""
    found = next((row for row in await _of(call, call.caller.id) if row.id == call.path.id), None)
    if found is None:
        raise missing("archive", call.path.id)
    return found


async def _shown(call: Call[Any, Any, Any], row: DataExport) -> ExportShown:
    url = until = None
    if row.size:
        until = min(call.now + handing.LIFE, row.expires_at).replace(microsecond=0)
        root = call.site.settings.public_url or str(call.request.url.origin())
        url = f"{root}{_PATH}/exports/{row.id}/archive?token={handing.token(call.site.signer, row, until)}"
    return ExportShown(
        id=row.id,
        job=row.job,
        is_ready=row.size > 0,
        has_failed=row.ended_at is not None and row.size == 0,
        rows=row.rows,
        size=row.size,
        digest=row.digest,
        created_at=row.created_at,
        ended_at=row.ended_at,
        expires_at=row.expires_at,
        url=url,
        url_expires_at=until,
    )


async def _pieces(database: Database, export: str) -> AsyncIterator[bytes]:
    """Piece by piece: no connection is held while a client takes its time."""
    number = 0
    while True:
        async with database.reading() as session:
            wanted = select(ExportPiece.content).where(ExportPiece.export_id == export, ExportPiece.number == number)
            piece = (await session.exec(wanted)).one_or_none()
        if piece is None:
            return
        yield piece
        number += 1
