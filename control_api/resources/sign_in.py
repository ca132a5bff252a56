"""Signing in and out: by password, ID token or code, for tokens or for a cookie; refreshing; making an account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, model_validator
from sqlmodel import select

from control_api.call import Answer, Call
from control_api.callers import Stranger
from control_api.changes import Change
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.people import accounts, cookies, entering, invitations, sessions, tokens, unproven
from control_api.people.accounts import Wanted
from control_api.people.key_sets import Unreachable
from control_api.people.names import Email, Username
from control_api.people.passwords import NewPassword, Password
from control_api.people.roles import Role
from control_api.people.sessions import Device, Kind, Reused, Why
from control_api.people.shown import AccountShown, SessionShown, lasting
from control_api.people.telling import telling
from control_api.problems import (
    CONFLICT,
    CROSSED,
    FORBIDDEN,
    TOO_MANY,
    UNAUTHENTICATED,
    Problem,
    unacceptable,
    unavailable,
)
from control_api.resources.accounts import reopen
from control_api.resources.letters import ask_to_verify, must_verify
from control_api.scopes import OPEN, SIGNED_IN
from control_api.tables import Account, Session

if TYPE_CHECKING:
    from control_api.people.issuers import Claims

_TAG: Final = "Signing in"
_NO_STORE: Final = {"Cache-Control": "no-store"}  # RFC 6749, section 5.1
_REFUSALS: Final = (UNAUTHENTICATED, FORBIDDEN, TOO_MANY)
_COST: Final = 4  # a password is dear to look at

IdToken = Field(default=None, max_length=unproven.LONGEST, description="An ID token of an issuer that is known here.")


class SignIn(Given):
    """Who signs in: a name with its password, or an ID token."""

    username: str | None = Field(default=None, max_length=320, description="The username, or the e-mail address.")
    email: str | None = Field(default=None, max_length=320, description="The e-mail address, in place of the username.")
    password: Password | None = None
    id_token: str | None = IdToken
    nonce: str | None = Field(default=None, max_length=255, description="What the ID token must have as its nonce.")

    @model_validator(mode="after")
    def _is_one_way(self) -> SignIn:
        by_password = (self.username is not None) + (self.email is not None) == 1 and self.password is not None
        if by_password == (self.id_token is not None):
            message = "send username (or email) and password, or id_token"
            raise ValueError(message)
        return self


class SignInForm(SignIn):
    """The same, as a form of OAuth 2.0 too (RFC 6749, section 4.3.2)."""

    grant_type: Literal["password", ""] | None = None
    scope: str = Field(default="", max_length=1000, description="Not looked at: the role says what somebody may do.")
    client_id: str | None = Field(default=None, max_length=255, description="Not looked at.")
    client_secret: str | None = Field(default=None, max_length=255, description="Not looked at.")


class SocialSignIn(Given):
    """Who signs in by an issuer: with its ID token, or with a code that it gave to the browser."""

    id_token: str | None = IdToken
    provider: str | None = Field(default=None, max_length=500, description="The issuer of the code.")
    code: str | None = Field(default=None, min_length=1, max_length=4096, description="A code of authorization.")
    redirect_uri: str | None = Field(default=None, max_length=2000, description="The one that the code was asked with.")
    code_verifier: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9._~-]{43,128}$", description="Of PKCE (RFC 7636, section 4.1)."
    )
    nonce: str | None = Field(default=None, max_length=255, description="What the ID token must have as its nonce.")

    @model_validator(mode="after")
    def _is_one_way(self) -> SocialSignIn:
        by_code = None not in (self.provider, self.code, self.redirect_uri, self.code_verifier)
        if by_code == (self.id_token is not None):
            message = "send id_token, or provider, code, redirect_uri and code_verifier"
            raise ValueError(message)
        return self


class Registration(Given):
    """Who makes an account."""

    username: Username | None = None
    email: Email | None = None
    password: NewPassword
    invitation: str | None = Field(
        default=None, max_length=100, description="The token of an invitation, or of the first start."
    )

    @model_validator(mode="after")
    def _has_a_name(self) -> Registration:
        if self.username is None and self.email is None:
            message = "send username, or email, or both"
            raise ValueError(message)
        return self


class Refresh(Given):
    """A refresh token."""

    refresh_token: str = Field(max_length=200, description="The newest one: each is good once.")


class TokensShown(Shown):
    """Tokens of a session."""

    access_token: str = Field(description="Send it as `Authorization: Bearer`.")
    token_type: str = Field(description="`bearer`.")
    expires_in: int = Field(description="Seconds until the access token ends.")
    refresh_token: str = Field(description="Brings the next pair, once, at `POST /api/v1/auth/refresh`.")
    session_id: str
    profile_id: str = Field(description="The profile that watches; `POST /api/v1/profiles/{id}/switch` changes it.")
    account: AccountShown


class HereShown(Shown):
    """Who is signed in, and how."""

    account: AccountShown
    session: SessionShown | None = Field(description="Null for who comes with an ID token.")
    profile_id: str | None = Field(description="The profile that watches.")
    csrf_token: str | None = Field(description="What a page sends as `X-CSRF-Token`; null for who has no cookie.")


class SigningKeysShown(Shown):
    """A JSON Web Key Set."""

    keys: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class _In:
    """Who is let in."""

    account: Account
    proven_at: datetime
    """When they have proven who they are."""


class LogoutQuery(Given):
    """What ends."""

    all: bool = Field(default=False, description="Whether every session of the account ends, and not this one alone.")


@Endpoint(
    method="POST",
    path="/api/v1/auth/login",
    name="sign_in",
    summary="Sign in, for a pair of tokens",
    scope=OPEN,
    tag=_TAG,
    body_model=SignIn,
    answers={200: TokensShown},
    refusals=_REFUSALS,
    cost=_COST,
)
async def sign_in(call: Call[Nothing, Nothing, SignIn]) -> Answer:
    """A session of tokens."""
    await call.site.gate.ring.ready(call.now)
    return await _tokens(call, await _account(call))


@Endpoint(
    method="POST",
    path="/api/v1/auth/social-login",
    name="sign_in_by_issuer",
    summary="Sign in by somebody who is believed here, for a pair of tokens",
    scope=OPEN,
    tag=_TAG,
    body_model=SocialSignIn,
    answers={200: TokensShown},
    refusals=_REFUSALS,
    cost=_COST,
)
async def sign_in_by_issuer(call: Call[Nothing, Nothing, SocialSignIn]) -> Answer:
    """A session of tokens for an identity."""
    await call.site.gate.ring.ready(call.now)
    token = call.body.id_token if call.body.id_token is not None else await _redeemed(call)
    claims = await entering.identified(call.site.gate, token, call.now, call.body.nonce)
    return await _tokens(call, await _admitted(call, claims))


@Endpoint(
    method="POST",
    path="/api/v1/auth/register",
    name="register",
    summary="Make an account for oneself, and sign in",
    description="By an invitation; without one only where the setting `registration` allows it, as a viewer. The first "
    "account is made with the token that `fastline api` prints when there is none.",
    scope=OPEN,
    tag=_TAG,
    body_model=Registration,
    answers={201: TokensShown},
    refusals=_REFUSALS,
    cost=_COST,
)
async def register(call: Call[Nothing, Nothing, Registration]) -> Answer:
    """A new account and its first session."""
    given, gate = call.body, call.site.gate
    await _check_may_register(call)
    if given.invitation is None and given.email is None and must_verify(call, Role.VIEWER):
        raise unacceptable("/email", "is needed here: an address is proven before anything plays")
    await gate.ring.ready(call.now)
    password = await gate.passwords.make(given.password)
    invitation = None
    if given.invitation is not None:
        invitation = await invitations.accepted(call.session, given.invitation, call.now)
        if invitation is None:
            raise _uninvited()
    role = Role.VIEWER if invitation is None else invitation.role
    wanted = Wanted(username=given.username, email=given.email, role=role, password=password)
    row = await accounts.made(call.session, wanted, call.now)
    call.caller = sessions.caller_of(row, None)
    call.changed(Change("account", row.id, "created", after=lasting(AccountShown.of(row))))
    ask_to_verify(call, row)
    if invitation is not None:
        invitation.used_at, invitation.used_by = call.now, row.id
    answer = await _tokens(call, _In(entering.check_open(row, call.now), call.now))
    return replace(answer, status=201, headers={**answer.headers, "Location": "/api/v1/account"})


@Endpoint(
    method="POST",
    path="/api/v1/auth/refresh",
    name="refresh_tokens",
    summary="Replace a pair of tokens by the next one",
    description="A refresh token that was replaced already is somebody else's copy: to send it ends the session. Only "
    "for some seconds after (`refresh_grace_seconds`) it is answered with the very same successor, for a client that "
    "did not get the answer.",
    scope=OPEN,
    tag=_TAG,
    body_model=Refresh,
    answers={200: TokensShown},
    refusals=(UNAUTHENTICATED,),
    changes=False,
)
async def refresh_tokens(call: Call[Nothing, Nothing, Refresh]) -> Answer:
    """The next pair."""
    gate, sent = call.site.gate, call.body.refresh_token
    actor = replace(call.actor, name="refresh token")
    async with telling(gate, actor, call.now) as (session, tell):  # the end of a session stands, whatever is answered
        turned = await sessions.turned(session, gate.settings, gate.chain, sent, call.now)
        if isinstance(turned, Reused):
            before = SessionShown.of(turned.row)
            await sessions.revoke(session, [turned.row], Why.REUSED, call.now)
            tell(Change("session", turned.row.id, "revoked", before, SessionShown.of(turned.row)))
    if isinstance(turned, Reused):
        raise entering.refused("this refresh token was used before: its session is ended, sign in again")
    if isinstance(turned, Stranger):
        raise entering.refused(turned.why)
    await gate.ring.ready(call.now)  # or a key would be made while our own transaction keeps everybody from writing
    return await _pair(call, turned.account, turned.row, turned.link.token)


@Endpoint(
    method="POST",
    path="/api/v1/auth/logout",
    name="sign_out",
    summary="End this session, or all of the account",
    scope=SIGNED_IN,
    tag=_TAG,
    query_model=LogoutQuery,
    answers={204: None},
)
async def sign_out(call: Call[Nothing, LogoutQuery, Nothing]) -> Answer:
    """The tokens of the session are good no longer, and a cookie is forgotten."""
    await _end(call, everything=call.query.all)
    return Answer(status=204, headers={"Set-Cookie": cookies.drop_cookie(call.request, call.site.settings)})


@Endpoint(
    method="POST",
    path="/api/v1/session",
    name="open_session",
    summary="Sign a page in, by a cookie",
    scope=OPEN,
    tag=_TAG,
    body_model=SignIn,
    answers={200: HereShown},
    refusals=(*_REFUSALS, CROSSED),
    cost=_COST,
)
async def open_session(call: Call[Nothing, Nothing, SignIn]) -> Answer:
    """A session of a cookie; the one that the browser had before is ended."""
    settings, gate = call.site.settings, call.site.gate
    foreign = cookies.foreign_origin(call.request, settings, is_needed=False)
    if foreign is not None:
        raise Problem(CROSSED, foreign)
    who = await _account(call)
    account = who.account
    before = cookies.sent(call.request, settings)
    if before is not None:
        await _replaced(call, before)
    opened = await sessions.opened(call.session, settings, account, Kind.COOKIE, _device(call), call.now)
    opened.row.proven_at = who.proven_at
    _told(call, account, opened.row)
    shown = HereShown(
        account=AccountShown.of(account),
        session=SessionShown.of(opened.row, opened.row.id),
        profile_id=await sessions.watching(call.session, opened.row),
        csrf_token=cookies.token(gate.csrf, opened.secret),
    )
    return Answer(shown, headers={**_NO_STORE, "Set-Cookie": cookies.set_cookie(call.request, settings, opened.secret)})


@Endpoint(
    method="GET",
    path="/api/v1/session",
    name="read_session",
    summary="Who is signed in here, and the token that a page's changes need",
    scope=SIGNED_IN,
    tag=_TAG,
    answers={200: HereShown},
)
async def read_session(call: Call) -> Answer:
    """The account and its session."""
    account = await accounts.row_of(call.session, call.caller.id, held=False)
    row = await call.session.get(Session, call.caller.session) if call.caller.session else None
    cookie = None
    if "Authorization" not in call.request.headers:
        cookie = cookies.sent(call.request, call.site.settings)
    shown = HereShown(
        account=AccountShown.of(account),
        session=None if row is None else SessionShown.of(row, row.id),
        profile_id=None if call.caller.viewer is None else call.caller.viewer.id,
        csrf_token=None if cookie is None else cookies.token(call.site.gate.csrf, cookie),
    )
    return Answer(shown, headers=_NO_STORE)


@Endpoint(
    method="DELETE",
    path="/api/v1/session",
    name="close_session",
    summary="Sign this page out",
    scope=SIGNED_IN,
    tag=_TAG,
    answers={204: None},
)
async def close_session(call: Call) -> Answer:
    """The session is ended, and the browser forgets the cookie."""
    await _end(call, everything=False)
    return Answer(status=204, headers={"Set-Cookie": cookies.drop_cookie(call.request, call.site.settings)})


@Endpoint(
    method="GET",
    path="/.well-known/jwks.json",
    name="read_signing_keys",
    summary="The keys that our access tokens are signed with",
    description="A JSON Web Key Set (RFC 7517), for programs that verify tokens of this station by themselves.",
    scope=OPEN,
    tag=_TAG,
    answers={200: SigningKeysShown},
)
async def read_signing_keys(call: Call) -> Answer:
    """The public halves."""
    shown = SigningKeysShown.model_validate(await call.site.gate.ring.public(call.now))
    return Answer(shown, headers={"Cache-Control": "public, max-age=300"})


OPERATIONS: Final = (
    sign_in,
    sign_in_by_issuer,
    register,
    refresh_tokens,
    sign_out,
    open_session,
    read_session,
    close_session,
    read_signing_keys,
)


async def _account(call: Call[Nothing, Nothing, SignIn]) -> _In:
    """Who signs in; the account is held until the end of the transaction."""
    given, gate = call.body, call.site.gate
    if given.id_token is not None:
        return await _admitted(call, await entering.identified(gate, given.id_token, call.now, given.nonce))
    typed = given.username if given.username is not None else given.email
    who = await entering.proven(gate, typed or "", given.password or "", call.address, call.now)
    return _In(await entering.entered(call.session, who, call.now), call.now)


async def _admitted(call: Call[Any, Any, Any], claims: Claims) -> _In:
    """Who has an identity; the account is held until the end of the transaction. Raises `Problem`."""
    account = await entering.admitted(call.site.gate, claims, call.actor, call.now)
    if isinstance(account, Stranger):
        raise Problem(FORBIDDEN, account.why)
    row = entering.check_open(await accounts.row_of(call.session, account.id), call.now)
    return _In(row, datetime.fromtimestamp(claims.proven, UTC))


async def _redeemed(call: Call[Nothing, Nothing, SocialSignIn]) -> str:
    """The ID token for the code. Raises `Problem`.

    Whoever brings a code proves by the verifier that they have asked for it: one that was found in a log or injected
    into the page of somebody else is good for nothing (RFC 9700, sections 2.1.1 and 4.5).
    """
    given, gate = call.body, call.site.gate
    issuer = gate.issuers.named(given.provider or "")
    if issuer is None or not issuer.client_id:
        raise unacceptable("/provider", "no issuer of that name redeems codes for us: see the setting oidc")
    if given.redirect_uri not in issuer.redirect_uris:
        raise unacceptable("/redirect_uri", "is none of those that the setting oidc names for this issuer")
    verifier = given.code_verifier or ""
    try:
        token = await gate.issuers.redeemed(issuer, given.code or "", given.redirect_uri, verifier)
    except Unreachable as error:
        raise unavailable(str(error)) from error
    named = gate.issuers.of(token)
    if named is None or named.issuer != issuer.issuer:
        raise entering.refused("the issuer does not know that code")
    return token


async def _check_may_register(call: Call[Nothing, Nothing, Registration]) -> None:
    """Raise `Problem` before anything dear is done for who may not."""
    if call.body.invitation is None:
        if not call.site.settings.registration:
            raise _uninvited()
        return
    async with call.site.database.reading() as session:
        if await invitations.accepted(session, call.body.invitation, call.now, held=False) is None:
            raise _uninvited()


def _uninvited() -> Problem:
    return Problem(FORBIDDEN, "an account needs an invitation that is open: ask whoever manages this station")


async def _tokens(call: Call[Any, Any, Any], who: _In) -> Answer:
    """A new session, and its tokens."""
    opened = await sessions.opened(call.session, call.site.settings, who.account, Kind.TOKEN, _device(call), call.now)
    opened.row.proven_at = who.proven_at
    _told(call, who.account, opened.row)
    return await _pair(call, who.account, opened.row, opened.secret)


async def _pair(call: Call[Any, Any, Any], account: Account, row: Session, refresh_token: str) -> Answer:
    settings, gate = call.site.settings, call.site.gate
    ends = min(call.now + tokens.life(settings), row.expires_at)
    bearer = tokens.Bearer(account, row, await sessions.watching(call.session, row))
    shown = TokensShown(
        access_token=await tokens.make(gate.ring, settings, bearer, call.now),
        token_type="bearer",  # noqa: S106 — RFC 6750
        expires_in=int((ends - call.now).total_seconds()),
        refresh_token=refresh_token,
        session_id=row.id,
        profile_id=bearer.profile,
        account=AccountShown.of(account),
    )
    return Answer(shown, headers=_NO_STORE)


def _told(call: Call[Any, Any, Any], account: Account, row: Session) -> None:
    call.caller = sessions.caller_of(account, None, row.id)
    if account.closes_at is not None:
        reopen(call, account)
    call.changed(Change("session", row.id, "opened", after=SessionShown.of(row)))


def _device(call: Call[Any, Any, Any]) -> Device:
    return Device(call.request.headers.get("User-Agent", ""), call.address)


async def _replaced(call: Call[Any, Any, Any], cookie: str) -> None:
    """End the session that the browser had."""
    wanted = select(Session).where(Session.digest == sessions.cookie_digest(cookie), sessions.is_live(call.now))
    rows = (await call.session.exec(wanted.with_for_update())).all()
    await _revoked(call, list(rows), Why.REPLACED)


async def _end(call: Call[Any, Any, Any], *, everything: bool) -> None:
    """End the session that asks, or all of the account."""
    if everything and call.caller.is_kids:
        raise Problem(FORBIDDEN, "that is not for a kids profile: it signs out of this session alone")
    rows = await sessions.live_of(call.session, call.caller.id, call.now)
    if not everything:
        rows = [row for row in rows if row.id == call.caller.session]
        if not call.caller.session:
            raise Problem(CONFLICT, "an ID token is no session of ours: it ends at its issuer")
    call.is_told = True
    await _revoked(call, list(rows), Why.SIGNED_OUT)


async def _revoked(call: Call[Any, Any, Any], rows: list[Session], why: Why) -> None:
    before = [SessionShown.of(row) for row in rows]
    await sessions.revoke(call.session, rows, why, call.now)
    for row, shown in zip(rows, before, strict=True):
        call.changed(Change("session", row.id, "revoked", shown, SessionShown.of(row)))
