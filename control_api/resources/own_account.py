"""One's own account: what everybody who is signed in may see and change of themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.people import accounts, attempts, entering, identities, sessions, unproven
from control_api.people.identities import IdentityShown
from control_api.people.names import Email, Username, is_one_address
from control_api.people.passwords import NewPassword, Password
from control_api.people.sessions import Why
from control_api.people.shown import AccountShown, SessionShown, lasting
from control_api.problems import CONFLICT, FORBIDDEN, TOO_MANY, UNAUTHENTICATED, Problem, missing, unacceptable
from control_api.profiles import desk
from control_api.profiles.shown import ProfileShown  # noqa: TC001 — Pydantic reads it
from control_api.resources import who_watches
from control_api.resources.accounts import (
    SessionPage,
    SessionQuery,
    UnlinkToo,
    apply_names,
    end_one,
    end_sessions,
    sessions_of,
    set_password,
    told,
    write_of_address,
)
from control_api.resources.legal_texts import ConsentDue, consents_due
from control_api.resources.who_watches import entitlements
from control_api.scopes import OWNER, SIGNED_IN
from control_api.tables import Session

if TYPE_CHECKING:
    from control_api.people.issuers import Claims
    from control_api.tables import Account

_TAG: Final = "Own account"
_PATH: Final = "/api/v1/account"
LATELY: Final = timedelta(minutes=5)
"""How long a sign-in proves who somebody is, for what outlasts their session."""


Current: Final = Field(
    default=None,
    description="The password of now. A new way in, and a new address, need it or a sign-in of the last 5 minutes.",
)


class OwnSessionPath(Given):
    """Which session."""

    id: str = Field(pattern=ids.pattern("ss"), description="The id of the session.")


class IdentityPath(Given):
    """Which identity."""

    id: str = Field(pattern=ids.pattern("id"), description="The id of the identity.")


class OwnEdit(Given):
    """What is to be another way; what is left out stays."""

    username: Username | None = None
    email: Email | None = Field(default=None, description="A new one has to be verified anew.")
    current: Password | None = Current


class PasswordChange(Given):
    """A new password."""

    current: Password | None = Field(default=None, description="The old one; null where there was none.")
    password: NewPassword
    unlink_identities: bool = UnlinkToo


class IdentityGiven(Given):
    """An identity that is to be one's own."""

    id_token: str = Field(max_length=unproven.LONGEST, description="An ID token of an issuer that is known here.")
    nonce: str | None = Field(default=None, max_length=255, description="What it must have as its nonce.")
    current: Password | None = Current


class OwnAccountShown(AccountShown):
    """A person, as they see themselves."""

    plan: str = Field(description="The id of the plan that they have now.")
    profile_id: str = Field(description="The profile that watches here.")
    profiles: list[ProfileShown] = Field(description="All of them, the main one first.")
    consents_due: list[ConsentDue] = Field(description="To which legal texts they have still to agree.")


class IdentitiesShown(Shown):
    """Who one is for issuers."""

    items: list[IdentityShown]


@Endpoint(
    method="GET",
    path=_PATH,
    name="read_own_account",
    summary="Who one is",
    scope=SIGNED_IN,
    tag=_TAG,
    answers={200: OwnAccountShown},
)
async def read_own_account(call: Call) -> Answer:
    """One's own account."""
    row = await accounts.row_of(call.session, call.caller.id, held=False)
    plan = await entitlements(call, call.session, row)
    profiles = who_watches.shown(call, await desk.of_account(call.session, row.id), plan.profiles)
    own = OwnAccountShown(
        **dict(AccountShown.of(row)),
        plan=plan.plan,
        profile_id=who_watches.active(call),
        profiles=profiles,
        consents_due=await consents_due(call),
    )
    return Answer(own, version=row.version)


@Endpoint(
    method="PATCH",
    path=_PATH,
    name="edit_own_account",
    summary="Change one's name or address",
    scope=OWNER,
    tag=_TAG,
    body_model=OwnEdit,
    answers={200: AccountShown},
    precondition=Precondition.REQUIRED,
    refusals=(TOO_MANY,),
)
async def edit_own_account(call: Call[Nothing, Nothing, OwnEdit]) -> Answer:
    """Change what was sent."""
    if call.body.email is not None:
        await check_is_owner(call, but=call.body.email)
    row = await accounts.row_of(call.session, call.caller.id)
    call.guard(row.version)
    before = lasting(AccountShown.of(row))
    apply_names(row, call.body)
    await accounts.check_free(call.session, row)
    write_of_address(call, row, before)
    return told(call, row, before, "updated")


@Endpoint(
    method="PUT",
    path=f"{_PATH}/password",
    name="change_own_password",
    summary="Change one's password, and sign out everywhere else",
    scope=OWNER,
    tag=_TAG,
    body_model=PasswordChange,
    answers={204: None},
    refusals=(TOO_MANY,),
)
async def change_own_password(call: Call[Nothing, Nothing, PasswordChange]) -> Answer:
    """The old one is good no longer. To guess at it is counted as a sign-in would be."""
    gate, given = call.site.gate, call.body
    async with call.site.database.reading() as session:
        row = await accounts.row_of(session, call.caller.id, held=False)
    kept = row.password
    if kept is not None:
        await _check_current(call, row)
    else:
        await check_is_owner(call)
    password = await gate.passwords.make(given.password)
    row = await accounts.row_of(call.session, call.caller.id)
    if row.password != kept:
        raise Problem(CONFLICT, "the password was changed at this very moment by somebody else")
    await set_password(call, row, password, but=call.caller.session)
    if given.unlink_identities:
        await identities.unlink_all(call.session, row, call.changed)
    return Answer(status=204)


@Endpoint(
    method="GET",
    path=f"{_PATH}/sessions",
    name="list_own_sessions",
    summary="Where one is signed in, the newest first",
    scope=SIGNED_IN,
    tag=_TAG,
    query_model=SessionQuery,
    answers={200: SessionPage},
)
async def list_own_sessions(call: Call[Nothing, SessionQuery, Nothing]) -> Answer:
    """A page of sessions."""
    return await sessions_of(call, call.caller.id)


@Endpoint(
    method="DELETE",
    path=f"{_PATH}/sessions",
    name="end_other_sessions",
    summary="Sign out everywhere else",
    scope=OWNER,
    tag=_TAG,
    answers={204: None},
)
async def end_other_sessions(call: Call) -> Answer:
    """Every session but the one that asks is ended."""
    rows = await sessions.live_of(call.session, call.caller.id, call.now)
    call.is_told = True
    await end_sessions(call, [row for row in rows if row.id != call.caller.session], Why.REVOKED)
    return Answer(status=204)


@Endpoint(
    method="DELETE",
    path=f"{_PATH}/sessions/{{id}}",
    name="end_own_session",
    summary="Sign out of one session",
    scope=OWNER,
    tag=_TAG,
    path_model=OwnSessionPath,
    answers={200: SessionShown},
)
async def end_own_session(call: Call[OwnSessionPath]) -> Answer:
    """The session is ended. To do it twice changes nothing."""
    return await end_one(call, call.caller.id, call.path.id)


@Endpoint(
    method="GET",
    path=f"{_PATH}/identities",
    name="list_own_identities",
    summary="By which issuers one signs in",
    scope=SIGNED_IN,
    tag=_TAG,
    answers={200: IdentitiesShown},
)
async def list_own_identities(call: Call) -> Answer:
    """All of them."""
    rows = await identities.all_of(call.session, call.caller.id)
    return Answer(IdentitiesShown(items=[IdentityShown.model_validate(row) for row in rows]))


@Endpoint(
    method="POST",
    path=f"{_PATH}/identities",
    name="link_identity",
    summary="Sign in by an issuer from now on, too",
    scope=OWNER,
    tag=_TAG,
    body_model=IdentityGiven,
    answers={201: IdentityShown},
    refusals=(TOO_MANY,),
)
async def link_identity(call: Call[Nothing, Nothing, IdentityGiven]) -> Answer:
    """The identity is linked: who brings a good token of it owns it."""
    await check_is_owner(call)
    claims = await _claims(call)
    account = await accounts.row_of(call.session, call.caller.id)
    if await identities.found(call.session, claims) is not None:
        raise Problem(CONFLICT, "that identity is linked to an account already")
    if len(await identities.all_of(call.session, call.caller.id)) >= identities.MOST:
        raise Problem(CONFLICT, f"an account has {identities.MOST} identities at most")
    row = await identities.link(call.session, account, claims, call.now, call.changed)
    return Answer(IdentityShown.model_validate(row), 201)


@Endpoint(
    method="DELETE",
    path=f"{_PATH}/identities/{{id}}",
    name="unlink_identity",
    summary="Sign in by an issuer no longer",
    scope=OWNER,
    tag=_TAG,
    path_model=IdentityPath,
    answers={204: None},
)
async def unlink_identity(call: Call[IdentityPath]) -> Answer:
    """The identity is forgotten, when there is another way in."""
    account = await accounts.row_of(call.session, call.caller.id)
    rows = await identities.all_of(call.session, call.caller.id)
    row = next((row for row in rows if row.id == call.path.id), None)
    if row is None:
        raise missing("identity", call.path.id)
    if account.password is None and len(rows) == 1:
        raise Problem(CONFLICT, "this is the only way in: set a password before")
    await call.session.delete(row)
    call.changed(Change("identity", account.id, "unlinked", before=IdentityShown.model_validate(row)))
    return Answer(status=204)


OPERATIONS: Final = (
    read_own_account,
    edit_own_account,
    change_own_password,
    list_own_sessions,
    end_other_sessions,
    end_own_session,
    list_own_identities,
    link_identity,
    unlink_identity,
)


async def check_is_owner(call: Call[Any, Any, Any], but: str | None = None) -> None:
    """Raise `Problem` when somebody may hold no more than a session that they have found.

    What lasts longer than a session takes the password of now, or a sign-in of the last minutes. `but` is an address
    that may be given without, as the account has it already.
    """
    async with call.site.database.reading() as session:
        row = await accounts.row_of(session, call.caller.id, held=False)
        here = await session.get(Session, call.caller.session) if call.caller.session else None
    if but is not None and row.email is not None and is_one_address(but, row.email):
        return
    current = getattr(call.body, "current", None)
    if current is not None and row.password is not None:
        await _check_current(call, row)
    elif here is None or not call.now - here.proven_at <= LATELY:
        message = "this needs the password of now as `current`, or a session that was signed in to a moment ago"
        raise Problem(FORBIDDEN, message)


async def _check_current(call: Call[Any, Any, Any], row: Account) -> None:
    """Raise `Problem` when what was typed is not the password of now."""
    gate = call.site.gate
    try:
        who = await entering.proven(gate, row.username, call.body.current or "", call.address, call.now)
    except Problem as problem:
        if problem.kind is not UNAUTHENTICATED:
            raise
        raise unacceptable("/current", "is not the password of now") from problem
    async with gate.database.writing() as session:
        await attempts.forgive(session, who.attempt)


async def _claims(call: Call[Nothing, Nothing, IdentityGiven]) -> Claims:
    """What the ID token says. Raises `Problem`."""
    try:
        return await entering.identified(call.site.gate, call.body.id_token, call.now, call.body.nonce)
    except Problem as problem:
        if problem.kind is not UNAUTHENTICATED:
            raise
        raise unacceptable("/id_token", problem.detail) from problem
