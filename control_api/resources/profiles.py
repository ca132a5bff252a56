"""Profiles: who of an account watches, what each is kept from, and which of them the session watches as.

Law: which profile asks stands in the access token, or in the session of a cookie. No request names it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, model_validator
from sqlmodel import select

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.ids import new_id
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.people import accounts, attempts, entering, sessions, tokens
from control_api.people.sessions import Kind, Why
from control_api.problems import (
    CONFLICT,
    FORBIDDEN,
    PIN_NEEDED,
    PLAN_NEEDED,
    TOO_MANY,
    UNAUTHENTICATED,
    Problem,
    unacceptable,
)
from control_api.profiles import desk, limits, pins
from control_api.profiles.shown import Pin, ProfileEdit, ProfileGiven, ProfileId, ProfileShown, ProfileTold, Typed
from control_api.resources.accounts import end_sessions
from control_api.resources.own_account import check_is_owner
from control_api.resources.who_watches import active, entitlements, shown
from control_api.scopes import OWNER, SIGNED_IN
from control_api.tables import Profile, Session
from control_api.viewing import history

TAG: Final = "Profiles"
KIND: Final = "profile"
_PATH: Final = "/api/v1/profiles"
_NO_STORE: Final = {"Cache-Control": "no-store"}

Password = Annotated[str, Field(max_length=1024)]


class ProfilePath(Given):
    """Which profile."""

    id: ProfileId


class PinGiven(Given):
    """A PIN that is to be asked for, or none."""

    pin: Pin | None = Field(exclude=True, description="null: it takes none any more.")
    old: Typed | None = Field(default=None, exclude=True, description="The PIN of now, where there is one.")
    current: Password | None = Field(
        default=None,
        exclude=True,
        description="The password of the account, in place of the PIN of now; or else a sign-in of the last 5 minutes.",
    )


class Switch(Given):
    """What proves that somebody may watch as this profile."""

    pin: Typed | None = Field(default=None, exclude=True, description="Its PIN, where it has one.")
    password: Password | None = Field(default=None, exclude=True, description="Or the password of the account.")

    @model_validator(mode="after")
    def _is_one(self) -> Switch:
        if self.pin is not None and self.password is not None:
            message = "send pin or password, and not both"
            raise ValueError(message)
        return self


class ProfilesShown(Shown):
    """The profiles of an account, the main one first."""

    items: list[ProfileShown]
    most: int = Field(description="How many the plan has room for.")


class SwitchedShown(Shown):
    """Who watches from now on."""

    profile: ProfileShown
    access_token: str | None = Field(
        description="Send this one from now on: the former one goes on meaning the former profile. null: the session "
        "is one of a cookie, which means this profile already."
    )
    token_type: str | None = Field(description="`bearer`, where there is a token.")
    expires_in: int | None = Field(description="Seconds until the access token ends.")


@Endpoint(
    method="GET",
    path=_PATH,
    name="list_profiles",
    summary="Who of one's account watches",
    scope=SIGNED_IN,
    tag=TAG,
    answers={200: ProfilesShown},
)
async def list_profiles(call: Call) -> Answer:
    """All of them."""
    account = await accounts.row_of(call.session, call.caller.id, held=False)
    rows = await desk.of_account(call.session, account.id)
    most = (await entitlements(call, call.session, account)).profiles
    return Answer(ProfilesShown(items=shown(call, rows, most), most=most))


@Endpoint(
    method="POST",
    path=_PATH,
    name="create_profile",
    summary="Make a profile",
    description="As many as the plan has room for.",
    scope=OWNER,
    tag=TAG,
    body_model=ProfileGiven,
    answers={201: ProfileShown},
    refusals=(PLAN_NEEDED, TOO_MANY),
    idempotent=True,
)
async def create_profile(call: Call[Nothing, Nothing, ProfileGiven]) -> Answer:
    """Another one of the account."""
    given, gate = call.body, call.site.gate
    if limits.is_limited(call.caller.viewer):
        await check_is_owner(call)
    pin = None if given.pin is None else await gate.passwords.make(given.pin)
    # held: nobody makes two where there is room for one
    account = await accounts.row_of(call.session, call.caller.id)
    rows = await desk.of_account(call.session, account.id)
    _check_room(len(rows), (await entitlements(call, call.session, account)).profiles)
    desk.check_name(rows, given.name)
    row = Profile(
        id=new_id("pf"), account_id=call.caller.id, name=given.name, pin=pin, created_at=call.now, updated_at=call.now
    )
    await desk.write(call.session, row, given, call.now)
    row.version = 1
    call.session.add(row)
    call.changed(Change(KIND, row.id, "created", after=ProfileTold.of(row)))
    headers = {"Location": f"{_PATH}/{row.id}"}
    return Answer(ProfileShown.seen(row, active(call)), 201, headers, version=row.version)


@Endpoint(
    method="GET",
    path=f"{_PATH}/{{id}}",
    name="read_profile",
    summary="One profile of one's account",
    scope=SIGNED_IN,
    tag=TAG,
    path_model=ProfilePath,
    answers={200: ProfileShown},
)
async def read_profile(call: Call[ProfilePath]) -> Answer:
    """What is known of it; never its PIN."""
    row = await desk.row_of(call.session, call.caller.id, call.path.id, held=False)
    return await _answered(call, row)


@Endpoint(
    method="PATCH",
    path=f"{_PATH}/{{id}}",
    name="edit_profile",
    summary="Change a profile: its name, what it is kept from, how it likes to watch",
    scope=OWNER,
    tag=TAG,
    path_model=ProfilePath,
    body_model=ProfileEdit,
    answers={200: ProfileShown},
    refusals=(TOO_MANY,),
    precondition=Precondition.REQUIRED,
)
async def edit_profile(call: Call[ProfilePath, Nothing, ProfileEdit]) -> Answer:
    """Change what was sent, when nobody else has changed it since it was read."""
    if call.body.model_fields_set & desk.PROTECTING:
        await check_may_protect(call, call.path.id)
    row = await desk.row_of(call.session, call.caller.id, call.path.id)
    call.guard(row.version)
    if call.body.name is not None:
        desk.check_name(await desk.of_account(call.session, call.caller.id), call.body.name, row.id)
    before = ProfileTold.of(row)
    await desk.write(call.session, row, call.body, call.now)
    call.changed(Change(KIND, row.id, "updated", before, ProfileTold.of(row)))
    return await _answered(call, row)


@Endpoint(
    method="DELETE",
    path=f"{_PATH}/{{id}}",
    name="delete_profile",
    summary="Delete a profile with its history and its lists",
    description="Whoever watches as it is signed out. The main one goes when the account does.",
    scope=OWNER,
    tag=TAG,
    path_model=ProfilePath,
    answers={204: None},
    precondition=Precondition.HEEDED,
)
async def delete_profile(call: Call[ProfilePath]) -> Answer:
    """Nothing of it is left."""
    await check_may_protect(call, call.path.id)
    await history.hold(call.session, call.path.id, call.caller.id)  # before the profile, as players' words are written
    row = await desk.row_of(call.session, call.caller.id, call.path.id, goes=True)
    call.guard(row.version)
    if row.is_main:
        raise Problem(CONFLICT, "the main profile goes when the account does")
    if row.id == active(call):
        raise Problem(CONFLICT, "this session watches as it: switch to another one first")
    rows = select(Session).where(Session.profile_id == row.id, sessions.is_live(call.now)).with_for_update()
    await end_sessions(call, (await call.session.exec(rows)).all(), Why.PROFILE)
    call.changed(Change(KIND, row.id, "deleted", before=ProfileTold.of(row)))
    await call.session.delete(row)
    return Answer(status=204)


@Endpoint(
    method="PUT",
    path=f"{_PATH}/{{id}}/pin",
    name="set_profile_pin",
    summary="Have a PIN asked for by whoever switches to a profile, or none any more",
    scope=OWNER,
    tag=TAG,
    path_model=ProfilePath,
    body_model=PinGiven,
    answers={204: None},
    refusals=(TOO_MANY,),
)
async def set_profile_pin(call: Call[ProfilePath, Nothing, PinGiven]) -> Answer:
    """It is kept as a slow hash, and shown to nobody."""
    given, gate = call.body, call.site.gate
    present = await _read_aside(call, call.path.id)
    if present.pin is not None and given.old is not None:
        await pins.check(gate, present, given.old, call.now)
    elif present.pin is not None:
        await check_is_owner(call)
    elif limits.is_limited(call.caller.viewer):
        await check_may_protect(call, call.path.id)
    pin = None if given.pin is None else await gate.passwords.make(given.pin)
    row = await desk.row_of(call.session, call.caller.id, call.path.id)
    if row.pin != present.pin:
        raise Problem(CONFLICT, "the PIN was changed at this very moment by somebody else")
    before = ProfileTold.of(row)
    if row.pin is not None or pin is not None:
        row.pin, row.version, row.updated_at = pin, row.version + 1, call.now
        call.session.add(row)
    call.changed(Change(KIND, row.id, "updated", before, ProfileTold.of(row)))
    return Answer(status=204)


@Endpoint(
    method="POST",
    path=f"{_PATH}/{{id}}/switch",
    name="switch_profile",
    summary="Watch as another profile, in this session",
    description="A session of a cookie means it at once. A session of tokens gets a new access token that means it, "
    "and so do those that it is refreshed to. A profile with a PIN takes it, or the password of the account; so does "
    "whoever leaves a kids profile for one that is none. An ID token watches as the main profile: bring it to "
    "`POST /api/v1/auth/social-login` for a session that can switch.",
    scope=SIGNED_IN,
    tag=TAG,
    path_model=ProfilePath,
    body_model=Switch,
    answers={200: SwitchedShown},
    refusals=(PIN_NEEDED, PLAN_NEEDED, TOO_MANY),
    changes=False,
)
async def switch_profile(call: Call[ProfilePath, Nothing, Switch]) -> Answer:
    """Nobody is told: who of a family watches is no change of the station."""
    if not call.caller.session:
        message = "an ID token watches as the main profile: bring it to POST /api/v1/auth/social-login for a session"
        raise Problem(CONFLICT, message)
    gate, settings = call.site.gate, call.site.settings
    present = await _read_aside(call, call.path.id)
    await _check_proven(call, present)
    await gate.ring.ready(call.now)
    here = select(Session).where(Session.id == call.caller.session, sessions.is_live(call.now))
    row = await desk.row_of(call.session, call.caller.id, present.id)  # first, as who deletes it does
    session = (await call.session.exec(here.with_for_update())).one_or_none()
    if session is None:
        raise entering.refused("the session was ended: sign in again")
    if row.pin != present.pin or row.is_kids != present.is_kids:
        raise Problem(CONFLICT, "the profile was changed at this very moment: try again")
    session.profile_id = row.id
    call.session.add(session)
    call.outdated.append(session.id)
    now = ProfileShown.seen(row, row.id)
    if session.kind == Kind.COOKIE:
        return Answer(SwitchedShown(profile=now, access_token=None, token_type=None, expires_in=None))
    account = await accounts.row_of(call.session, call.caller.id, held=False)
    ends = min(call.now + tokens.life(settings), session.expires_at)
    switched = SwitchedShown(
        profile=now,
        access_token=await tokens.make(gate.ring, settings, tokens.Bearer(account, session, row.id), call.now),
        token_type="bearer",  # noqa: S106 — RFC 6750
        expires_in=int((ends - call.now).total_seconds()),
    )
    return Answer(switched, headers=_NO_STORE)


OPERATIONS: Final = (
    list_profiles,
    create_profile,
    read_profile,
    edit_profile,
    delete_profile,
    set_profile_pin,
    switch_profile,
)


async def check_may_protect(call: Call[Any, Any, Any], profile: str) -> None:
    """Raise `Problem` when who asks may not change what this profile is kept from, or take it away, just so.

    Whoever watches with limits themselves, or means a profile with a PIN that is not theirs, proves that they own the
    account. Called before the transaction begins.
    """
    row = await _read_aside(call, profile)
    if limits.is_limited(call.caller.viewer) or (row.pin is not None and row.id != active(call)):
        await check_is_owner(call)


async def _read_aside(call: Call[Any, Any, Any], profile: str) -> Profile:
    """The profile as it is, read before the transaction begins, which nobody shall wait for."""
    async with call.site.database.reading() as session:
        return await desk.row_of(session, call.caller.id, profile, held=False)


async def _answered(call: Call[Any, Any, Any], row: Profile) -> Answer:
    account = await accounts.row_of(call.session, row.account_id, held=False)
    rows = await desk.of_account(call.session, account.id)
    whole = shown(call, rows, (await entitlements(call, call.session, account)).profiles)
    return Answer(next(one for one in whole if one.id == row.id), version=row.version)


def _check_room(count: int, most: int) -> None:
    """Raise `Problem` when the account has as many profiles as it may."""
    if count >= desk.MOST:
        raise Problem(CONFLICT, f"an account has {desk.MOST} profiles at most")
    if count >= most:
        why = f"the plan has room for {most} profile{'' if most == 1 else 's'}"
        raise _no_room(why)


def _no_room(why: str) -> Problem:
    problem = Problem(PLAN_NEEDED, f"{why}: GET /api/v1/plans has those with room for more")
    problem.entitlement = "profiles"
    return problem


async def _check_proven(call: Call[ProfilePath, Nothing, Switch], row: Profile) -> None:
    """Raise `Problem` when who asks may not watch as this profile, or has not proven that they may."""
    async with call.site.database.reading() as session:
        account = await accounts.row_of(session, call.caller.id, held=False)
        rows = await desk.of_account(session, account.id)
        if row.id not in desk.available(rows, (await entitlements(call, session, account)).profiles):
            raise _no_room("the plan has no room for this profile any more")
    is_leaving = call.caller.is_kids and not row.is_kids
    if row.id == active(call) or (row.pin is None and not is_leaving):
        return
    given = call.body
    if given.password is not None:
        await _check_password(call, given.password)
    elif given.pin is not None and row.pin is not None:
        await pins.check(call.site.gate, row, given.pin, call.now)
    elif row.pin is not None:
        raise Problem(PIN_NEEDED, "this profile takes its PIN, or the password of the account")
    else:
        raise Problem(PIN_NEEDED, "to leave a kids profile takes the password of the account, or the PIN of the other")


async def _check_password(call: Call[Any, Any, Any], password: str) -> None:
    """Raise `Problem` when that is not the password of the account; counted as signing in is."""
    gate = call.site.gate
    async with call.site.database.reading() as session:
        account = await accounts.row_of(session, call.caller.id, held=False)
    if account.password is None:
        raise Problem(FORBIDDEN, "the account has no password: sign in by its issuer again, for a session of its owner")
    try:
        who = await entering.proven(gate, account.username, password, call.address, call.now)
    except Problem as problem:
        if problem.kind is not UNAUTHENTICATED:
            raise
        raise unacceptable("/password", "is not the password of the account") from problem
    async with gate.database.writing() as session:
        await attempts.forgive(session, who.attempt)
