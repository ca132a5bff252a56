"""Accounts: the people of a station, as those see them who manage them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, model_validator
from sqlmodel import col, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, page
from control_api.people import accounts, attempts, figures, identities, passwords, sessions
from control_api.people.accounts import Wanted
from control_api.people.names import Email, Username, folded, is_one_address
from control_api.people.passwords import NewPassword
from control_api.people.roles import Role, is_within, scopes_of
from control_api.people.sessions import Why
from control_api.people.shown import AccountShown, SessionShown, lasting
from control_api.problems import CONFLICT, FORBIDDEN, Problem, missing, unacceptable
from control_api.resources.invitations import revoke_open
from control_api.resources.letters import ask_to_verify, tell_moved, tell_new_password
from control_api.scopes import Scope
from control_api.tables import Account, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

_KIND: Final = "account"
_TAG: Final = "Accounts"


UnlinkToo: Final = Field(
    default=False, description="Whether no issuer lets them in any more either, after somebody else was in the account."
)


class AccountPath(Given):
    """Which account."""

    id: str = Field(pattern=ids.pattern("ac"), description="The id of the account.")


class AccountSessionPath(AccountPath):
    """Which session of which account."""

    session: str = Field(pattern=ids.pattern("ss"), description="The id of the session.")


class AccountQuery(PageQuery):
    """Which accounts are wanted."""

    role: Role | None = Field(default=None, description="Only those with this role.")
    blocked: bool | None = Field(default=None, description="Only those that are blocked, or only those that are not.")
    name: str | None = Field(
        default=None, min_length=1, max_length=320, description="Only the one with this username or e-mail address."
    )


class SessionQuery(PageQuery):
    """Which sessions are wanted."""

    ended: bool = Field(default=False, description="Whether those of the last 30 days that have ended come too.")


class AccountGiven(Given):
    """An account that is to be made."""

    username: Username
    email: Email | None = None
    email_verified: bool = Field(default=False, description="Whether you know that the address is theirs.")
    role: Role = Field(default=Role.VIEWER, description="Nothing that may do more than you.")
    # left out of what a repeat is known by: a quick digest of a password must not be kept
    password: NewPassword | None = Field(
        default=None, exclude=True, description="Null: they sign in by an issuer alone."
    )
    password_hash: str | None = Field(
        default=None,
        max_length=300,
        description="In place of the password, for accounts of another program: a hash by argon2, bcrypt, scrypt or "
        "Werkzeug (`pbkdf2:` and `scrypt:`). It is replaced when they sign in.",
    )

    @model_validator(mode="after")
    def _has_one_password(self) -> AccountGiven:
        if self.password is not None and self.password_hash is not None:
            message = "send password or password_hash, and not both"
            raise ValueError(message)
        return self


class AccountEdit(Given):
    """What is to be another way; what is left out stays."""

    username: Username | None = None
    email: Email | None = None
    email_verified: bool | None = None
    role: Role | None = None
    blocked: bool | None = Field(default=None, description="Whether they are shut out, from now on.")


class PasswordGiven(Given):
    """A new password of somebody else."""

    password: NewPassword
    unlink_identities: bool = UnlinkToo


class Attempts(Shown):
    """How often it was tried in vain to sign in as somebody."""

    failed: int


class ActiveShown(Shown):
    """How many accounts were used lately."""

    day: int = Field(description="In the last 24 hours.")
    week: int = Field(description="In the last 7 days.")
    month: int = Field(description="In the last 30 days.")


class DayShown(Shown):
    """A day of UTC."""

    day: str = Field(description="The day.", examples=["2026-03-01"])
    accounts: int = Field(description="How many were made.")


class FiguresShown(Shown):
    """How many people there are."""

    total: int
    blocked: int
    roles: dict[str, int] = Field(description="How many have each role, those who are blocked too.")
    active: ActiveShown
    growth: list[DayShown] = Field(description="The days of the last 30 on which accounts were made, the oldest first.")


class AccountPage(Page[AccountShown]):
    """A page of accounts, the newest first."""


class SessionPage(Page[SessionShown]):
    """A page of sessions, the newest first."""


@Endpoint(
    method="GET",
    path="/api/v1/accounts",
    name="list_accounts",
    summary="All accounts, the newest first",
    scope=Scope.ACCOUNTS_READ,
    tag=_TAG,
    query_model=AccountQuery,
    answers={200: AccountPage},
)
async def list_accounts(call: Call[Nothing, AccountQuery, Nothing]) -> Answer:
    """A page of accounts."""
    rows, query = select(Account), call.query
    if query.role is not None:
        rows = rows.where(Account.role == query.role)
    if query.blocked is not None:
        gone = col(Account.blocked_at)
        rows = rows.where(gone.is_not(None) if query.blocked else gone.is_(None))
    if query.name is not None:
        name = folded(query.name)
        rows = rows.where((Account.email_folded if "@" in name else Account.username_folded) == name)
    return await page(call, rows, [(col(Account.id), True)], AccountShown.of, AccountPage)


@Endpoint(
    method="GET",
    path="/api/v1/accounts:figures",
    name="count_accounts",
    summary="How many people there are, how many came lately, and how their number grows",
    scope=Scope.ACCOUNTS_READ,
    tag=_TAG,
    answers={200: FiguresShown},
)
async def count_accounts(call: Call) -> Answer:
    """Counted now, in three queries."""
    found = await figures.counted(call.session, call.now)
    return Answer(
        FiguresShown(
            total=sum(found.roles.values()),
            blocked=found.blocked,
            roles={role: found.roles.get(role, 0) for role in Role},
            active=ActiveShown(day=found.active[0], week=found.active[1], month=found.active[2]),
            growth=[DayShown(day=day, accounts=count) for day, count in found.growth],
        )
    )


@Endpoint(
    method="POST",
    path="/api/v1/accounts",
    name="create_account",
    summary="Make an account for somebody, or bring one from another program",
    scope=Scope.ACCOUNTS_WRITE,
    tag=_TAG,
    body_model=AccountGiven,
    answers={201: AccountShown},
    idempotent=True,
)
async def create_account(call: Call[Nothing, Nothing, AccountGiven]) -> Answer:
    """An account with a role that its maker may give."""
    given = call.body
    _check_role(call, given.role)
    password = given.password_hash
    if password is not None and not passwords.is_known(password):
        raise unacceptable(
            "/password_hash", "is no hash by argon2, bcrypt, scrypt or Werkzeug, or one that costs too much"
        )
    if given.password is not None:
        password = await call.site.gate.passwords.make(given.password)
    wanted = Wanted(
        username=given.username,
        email=given.email,
        role=given.role,
        password=password,
        email_verified=given.email_verified,
    )
    row = await accounts.made(call.session, wanted, call.now)
    ask_to_verify(call, row)
    shown = AccountShown.of(row)
    call.changed(Change(_KIND, row.id, "created", after=lasting(shown)))
    return Answer(shown, 201, {"Location": f"/api/v1/accounts/{row.id}"}, version=row.version)


@Endpoint(
    method="GET",
    path="/api/v1/accounts/{id}",
    name="read_account",
    summary="One account",
    scope=Scope.ACCOUNTS_READ,
    tag=_TAG,
    path_model=AccountPath,
    answers={200: AccountShown},
)
async def read_account(call: Call[AccountPath]) -> Answer:
    """What is known of it."""
    row = await accounts.row_of(call.session, call.path.id, held=False)
    return Answer(AccountShown.of(row), version=row.version)


@Endpoint(
    method="PATCH",
    path="/api/v1/accounts/{id}",
    name="edit_account",
    summary="Rename, promote, block or unblock somebody",
    description="Who is blocked is signed out everywhere, at once, and the API keys that they have made are good for "
    "nothing meanwhile. What somebody has invited to who is blocked, or may do less now, is revoked.",
    scope=Scope.ACCOUNTS_WRITE,
    tag=_TAG,
    path_model=AccountPath,
    body_model=AccountEdit,
    answers={200: AccountShown},
    precondition=Precondition.REQUIRED,
)
async def edit_account(call: Call[AccountPath, Nothing, AccountEdit]) -> Answer:
    """Change what was sent, when nobody else has changed it since it was read."""
    row = await within(call, call.path.id)
    call.guard(row.version)
    given = call.body
    action = "updated"
    if given.role is not None:
        _check_role(call, given.role)
    is_shut = given.blocked is True and row.blocked_at is None
    is_demoted = given.role is not None and not scopes_of(row.role) <= scopes_of(given.role)
    if (is_shut or is_demoted) and row.role == Role.ADMIN and await accounts.is_last_admin(call.session, row):
        raise Problem(CONFLICT, "this is the last administrator: without one nobody could let anybody in")
    before = lasting(AccountShown.of(row))
    apply_names(row, given, verified=given.email_verified)
    row.role = row.role if given.role is None else given.role
    if given.blocked is not None and given.blocked != (row.blocked_at is not None):
        row.blocked_at = call.now if given.blocked else None
        action = "blocked" if given.blocked else "unblocked"
    await accounts.check_free(call.session, row)
    write_of_address(call, row, before)
    if is_shut or is_demoted:
        await revoke_open(call, row.id)
    if is_shut:
        await end_sessions(call, await sessions.live_of(call.session, row.id, call.now), Why.REVOKED)
    return told(call, row, before, action)


@Endpoint(
    method="PUT",
    path="/api/v1/accounts/{id}/password",
    name="set_account_password",
    summary="Give somebody a new password, and sign them out everywhere",
    scope=Scope.ACCOUNTS_WRITE,
    tag=_TAG,
    path_model=AccountPath,
    body_model=PasswordGiven,
    answers={204: None},
)
async def set_account_password(call: Call[AccountPath, Nothing, PasswordGiven]) -> Answer:
    """The old one is good no longer, and no session that was opened with it."""
    password = await call.site.gate.passwords.make(call.body.password)
    row = await within(call, call.path.id)
    await set_password(call, row, password)
    if call.body.unlink_identities:
        await identities.unlink_all(call.session, row, call.changed)
    return Answer(status=204)


@Endpoint(
    method="POST",
    path="/api/v1/accounts/{id}/unlock",
    name="unlock_account",
    summary="Let somebody try their password again at once, after others have guessed at it",
    scope=Scope.ACCOUNTS_WRITE,
    tag=_TAG,
    path_model=AccountPath,
    answers={204: None},
)
async def unlock_account(call: Call[AccountPath]) -> Answer:
    """What failed in their name from all places together is forgotten."""
    row = await within(call, call.path.id)
    count = await attempts.lift(call.session, [name for name in (row.username_folded, row.email_folded) if name])
    call.changed(Change(_KIND, row.id, "unlocked", Attempts(failed=count), Attempts(failed=0)))
    return Answer(status=204)


@Endpoint(
    method="GET",
    path="/api/v1/accounts/{id}/sessions",
    name="list_account_sessions",
    summary="Where somebody is signed in, the newest first",
    scope=Scope.ACCOUNTS_READ,
    tag=_TAG,
    path_model=AccountPath,
    query_model=SessionQuery,
    answers={200: SessionPage},
)
async def list_account_sessions(call: Call[AccountPath, SessionQuery, Nothing]) -> Answer:
    """A page of sessions."""
    await accounts.row_of(call.session, call.path.id, held=False)
    return await sessions_of(call, call.path.id)


@Endpoint(
    method="DELETE",
    path="/api/v1/accounts/{id}/sessions",
    name="end_account_sessions",
    summary="Sign somebody out everywhere",
    scope=Scope.ACCOUNTS_WRITE,
    tag=_TAG,
    path_model=AccountPath,
    answers={204: None},
)
async def end_account_sessions(call: Call[AccountPath]) -> Answer:
    """Every session is ended."""
    row = await within(call, call.path.id)
    call.is_told = True
    await end_sessions(call, await sessions.live_of(call.session, row.id, call.now), Why.REVOKED)
    return Answer(status=204)


@Endpoint(
    method="DELETE",
    path="/api/v1/accounts/{id}/sessions/{session}",
    name="end_account_session",
    summary="Sign somebody out of one session",
    scope=Scope.ACCOUNTS_WRITE,
    tag=_TAG,
    path_model=AccountSessionPath,
    answers={200: SessionShown},
)
async def end_account_session(call: Call[AccountSessionPath]) -> Answer:
    """The session is ended. To do it twice changes nothing."""
    row = await within(call, call.path.id)
    return await end_one(call, row.id, call.path.session)


OPERATIONS: Final = (
    list_accounts,
    count_accounts,
    create_account,
    read_account,
    edit_account,
    set_account_password,
    unlock_account,
    list_account_sessions,
    end_account_sessions,
    end_account_session,
)


def apply_names(row: Account, given: Any, *, verified: bool | None = None) -> None:  # noqa: ANN401 — of either kind
    """Give the account the name and the address that were sent; an address that is new was not proven."""
    if given.username is not None:
        row.username, row.username_folded = given.username, folded(given.username)
    if "email" in given.model_fields_set:
        row.email_verified = row.email_verified and is_one_address(given.email or "", row.email or "")
        row.email, row.email_folded = given.email, None if given.email is None else folded(given.email)
    if verified is not None:
        row.email_verified = verified and row.email is not None


def told(call: Call[Any, Any, Any], row: Account, before: AccountShown, action: str) -> Answer:
    """The account as it is now, and the change told."""
    after = lasting(AccountShown.of(row))
    if before != after:
        row.version += 1
    call.changed(Change(_KIND, row.id, action, before, after))
    return Answer(AccountShown.of(row), version=row.version)


def write_of_address(call: Call[Any, Any, Any], row: Account, before: AccountShown) -> None:
    """Have a new address of an account proven, and warn at the one that it had."""
    if row.email != before.email:
        tell_moved(call, row, before.email, verified=before.email_verified)
        ask_to_verify(call, row)


async def set_password(call: Call[Any, Any, Any], row: Account, password: str, but: str = "") -> None:
    """Give the account this hash, and end its sessions, all but the one of the id `but`."""
    before = lasting(AccountShown.of(row))
    row.password = password
    call.is_told = True
    call.changed(Change(_KIND, row.id, "updated", before, lasting(AccountShown.of(row))))
    await tell_new_password(call, row)
    rows = await sessions.live_of(call.session, row.id, call.now)
    await end_sessions(call, [live for live in rows if live.id != but], Why.PASSWORD)


async def sessions_of(call: Call[Any, SessionQuery, Any], account: str) -> Answer:
    """A page of the sessions of an account."""
    rows = select(Session).where(Session.account_id == account)
    if not call.query.ended:
        rows = rows.where(sessions.is_live(call.now))

    def shown(row: Session) -> SessionShown:
        return SessionShown.of(row, call.caller.session)

    return await page(call, rows, [(col(Session.id), True)], shown, SessionPage)


async def end_one(call: Call[Any, Any, Any], account: str, name: str) -> Answer:
    """End one session of an account."""
    wanted = select(Session).where(Session.id == name, Session.account_id == account).with_for_update()
    row = (await call.session.exec(wanted)).one_or_none()
    if row is None:
        raise missing("session", name)
    call.is_told = True
    if row.revoked_at is None:
        await end_sessions(call, [row], Why.REVOKED)
    return Answer(SessionShown.of(row, call.caller.session))


async def end_sessions(call: Call[Any, Any, Any], rows: Sequence[Session], why: Why) -> None:
    """End these sessions, and tell of each."""
    before = [SessionShown.of(row) for row in rows]
    await sessions.revoke(call.session, rows, why, call.now)
    for row, shown in zip(rows, before, strict=True):
        call.changed(Change("session", row.id, "revoked", shown, SessionShown.of(row)))


def reopen(call: Call[Any, Any, Any], row: Account) -> None:
    """Nothing of an account that was closed is to be removed any more."""
    before = lasting(AccountShown.of(row))
    row.closes_at = None
    told(call, row, before, "reopened")


async def within(call: Call[Any, Any, Any], name: str) -> Account:
    """The account, when who asks may do all that it may."""
    row = await accounts.row_of(call.session, name)
    if not is_within(row.role, call.caller.scopes):
        raise Problem(FORBIDDEN, "that account may do more than you, so you cannot change it")
    return row


def _check_role(call: Call[Any, Any, Any], role: Role) -> None:
    if not is_within(role, call.caller.scopes):
        raise Problem(FORBIDDEN, f"the role {role} may do more than you, so you cannot give it")
