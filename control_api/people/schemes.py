"""The ways in which people say who they are with a request: a token of ours, an ID token, a cookie."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from control_api.callers import Caller, Stranger, bearer
from control_api.changes import Actor
from control_api.ids import new_id
from control_api.people import cookies, entering, sessions, tokens, unproven
from control_api.people.key_sets import Unreachable
from control_api.problems import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from control_api.callers import Scheme
    from control_api.people.gate import Gate
    from control_api.people.issuers import Claims

_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))


def schemes(gate: Gate, address: Callable[[web.Request], str]) -> tuple[Scheme, ...]:
    """All of them; `address` is where a request comes from, as far as trusted proxies tell."""
    return (_by_token(gate, address), _by_identity(gate, address), _by_cookie(gate, address))


def _by_token(gate: Gate, address: Callable[[web.Request], str]) -> Scheme:
    """`Authorization: Bearer` with an access token of ours."""

    async def scheme(request: web.Request) -> Caller | Stranger | None:
        sent, now = bearer(request), gate.clock()
        if not tokens.is_ours(gate.settings, sent):
            return None

        async def look() -> Caller | Stranger:
            access = await tokens.believed(gate.ring, gate.settings, sent, now)
            if isinstance(access, Stranger):
                return access
            named = sessions.Named(access.session, access.profile)
            found = await sessions.by_id(gate.database, gate.settings, named, now, address(request))
            if isinstance(found, Stranger) or found.id != access.account:
                return found if isinstance(found, Stranger) else Stranger("the access token is of somebody else")
            return replace(found, until=min(access.until, found.until or access.until))

        return await gate.known.caller(sent, now, look, address(request))

    return scheme


def _by_identity(gate: Gate, address: Callable[[web.Request], str]) -> Scheme:
    """`Authorization: Bearer` with the ID token of an issuer that is known here."""

    async def scheme(request: web.Request) -> Caller | Stranger | None:
        sent, now = bearer(request), gate.clock()
        if not unproven.claims(sent):
            return None

        async def look() -> Caller | Stranger:
            try:
                claims = await gate.issuers.believed(sent, now)
            except Unreachable as error:
                raise unavailable(str(error)) from error
            return claims if isinstance(claims, Stranger) else await _admitted(gate, claims, now, address(request))

        return await gate.known.caller(sent, now, look, address(request))

    return scheme


def _by_cookie(gate: Gate, address: Callable[[web.Request], str]) -> Scheme:
    """The cookie of a page that is signed in. A request with `Authorization` is not judged by its cookie."""

    async def scheme(request: web.Request) -> Caller | Stranger | None:
        if "Authorization" in request.headers:
            return None
        cookie, now = cookies.sent(request, gate.settings), gate.clock()
        if cookie is None:
            return None

        async def look() -> Caller | Stranger:
            return await sessions.by_cookie(gate.database, gate.settings, cookie, now, address(request))

        found = await gate.known.caller(f"cookie {cookie}", now, look, address(request))
        if isinstance(found, Caller) and request.method not in _SAFE:
            why = cookies.crossed(request, gate.settings, gate.csrf, cookie)
            return found if why is None else Stranger(why, is_crossed=True)
        return found

    return scheme


async def _admitted(gate: Gate, claims: Claims, now: datetime, address: str) -> Caller | Stranger:
    """Who has the identity; only where it is new something is written."""
    actor = Actor("anonymous", claims.issuer.issuer, "id_token", address, new_id("rq"))
    account = await entering.admitted(gate, claims, actor, now)
    if isinstance(account, Stranger):
        return account
    if account.blocked_at is not None:
        return Stranger("the account is blocked")
    if account.closes_at is not None:
        return Stranger("the account was closed: sign in at /api/v1/auth/social-login to keep it")
    async with gate.database.reading() as session:
        profile = await sessions.main_of(session, account.id)
    return sessions.caller_of(account, profile, until=datetime.fromtimestamp(claims.until, UTC))
