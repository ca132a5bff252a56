"""Running an operation: the only way to a handler, with everything that all of them promise.

In this order: who asks, rate limit, authority, reading, If-Match, Idempotency-Key, one transaction, the handler, audit,
ETag.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from control_api import idempotency, rates
from control_api.addresses import household
from control_api.call import Answer, Call
from control_api.callers import Stranger, resolve
from control_api.database import is_outage
from control_api.happenings import append
from control_api.idempotency import Attempt, Kept
from control_api.instants import whole_millis
from control_api.known import PATIENT
from control_api.operation import Media, Operation, Precondition
from control_api.problems import (
    CROSSED,
    FORBIDDEN,
    MALFORMED,
    PRECONDITION_REQUIRED,
    UNAUTHENTICATED,
    UNVERIFIED,
    Mistake,
    Problem,
)
from control_api.reading import body_of, path_of, query_of
from control_api.scopes import INCLUDED_IN, OPEN, Scope, Signed
from control_api.site import ASKED, site_of
from control_api.tags import is_known, tag

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from control_api.callers import Caller
    from control_api.operation import Declared
    from control_api.site import Asked, Site

JSON: Final = "application/json"
_KEPT: Final = ("Location", "ETag", "Link")  # the headers of an answer that a repeat is given again


class Unfulfilled(Exception):
    """A handler does not do what its operation declares: a mistake of ours, and nothing is committed."""


def served(operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler that a router wants."""

    async def serve(request: web.Request) -> web.StreamResponse:
        site, asked = site_of(request), request[ASKED]
        said = operation.declared
        if said.deprecated is not None:
            asked.headers.update(_deprecated(said))
        if said.scope is not OPEN or not said.is_safe:
            await site.look()
        if said.scope is not OPEN:  # what is open is answered to everyone, whatever they send, and without the database
            asked.caller = await _resolved(request, site, said)
        if said.counted or isinstance(asked.caller, Stranger):
            await _count(site, asked, said)
        caller = _allowed(asked.caller, said)
        _check_verified(caller, said, site)
        _check_kept(request, said)
        call: Call[Any, Any, Any] = Call(
            site=site,
            request=request,
            caller=caller,
            operation=said.name,
            path=path_of(operation, request),
            query=query_of(operation, request),
            body=await body_of(operation, request),
            session=None,  # type: ignore[arg-type] # it is opened last, once nothing can be refused without it
            now=whole_millis(site.clock()),
            address=asked.address,
            request_id=asked.id,
        )
        if said.precondition is Precondition.REQUIRED and "If-Match" not in request.headers:
            raise Problem(PRECONDITION_REQUIRED, "send If-Match with the ETag of what was read")
        if said.idempotent and idempotency.HEADER in request.headers:
            return await _once(operation, call)
        answer, body = await _done(operation, call, None)
        return await _written(call, answer, body)

    return serve


async def _resolved(request: web.Request, site: Site, said: Declared) -> Caller | Stranger:
    """Who asks. For what is done without a transaction, who was known lately asks no database."""
    if not said.apart:
        return await resolve(request, site.schemes)
    patient = PATIENT.set(True)
    try:
        return await resolve(request, site.schemes)
    finally:
        PATIENT.reset(patient)


def _check_kept(request: web.Request, said: Declared) -> None:
    """Refuse an Idempotency-Key that would be of no effect, rather than do twice what was to be done once."""
    if said.forgets and idempotency.HEADER in request.headers:
        detail = (
            "is not kept here, because the body is not read whole, and a repeat would make the same again: leave it "
            "out, and look before you repeat whether the first one has come"
        )
        mistake = Mistake(part="header", pointer=f"/{idempotency.HEADER}", detail=detail)
        raise Problem(MALFORMED, f"{idempotency.HEADER} {detail}", errors=[mistake])


async def _count(site: Site, asked: Asked, said: Declared) -> None:
    """Count the request, for its caller or else for where it comes from."""
    if isinstance(asked.caller, Stranger) or asked.caller.is_anonymous:
        taken = await site.rates.take("address", household(asked.address), said.cost)
    else:
        taken = await site.rates.take("caller", asked.caller.id, said.cost)
    if taken is None:
        return
    asked.headers.update(taken.headers())
    if not taken.allowed:
        raise rates.refused(taken)


def _allowed(caller: Caller | Stranger, said: Declared) -> Caller:
    """The caller, when they may do this."""
    if isinstance(caller, Stranger):
        if caller.is_crossed:
            raise Problem(CROSSED, caller.why)
        raise Problem(
            UNAUTHENTICATED, caller.why, headers={"WWW-Authenticate": 'Bearer realm="fastline", error="invalid_token"'}
        )
    if caller.may(said.scope) or _includes(caller, said):
        return caller
    if caller.is_anonymous:
        message = "this needs a token or an API key: send `Authorization: Bearer` and one of them, or sign in"
        raise Problem(UNAUTHENTICATED, message, headers={"WWW-Authenticate": 'Bearer realm="fastline"'})
    if isinstance(said.scope, Signed):
        who = "for a kids profile: switch to another one" if caller.is_kids else "for an API key, which is nobody"
        raise Problem(FORBIDDEN, f"this is for people who are signed in, and not {who}")
    scope = str(said.scope)
    challenge = f'Bearer realm="fastline", error="insufficient_scope", scope="{scope}"'
    message = f"this needs the scope {scope}, which the caller has not"
    raise Problem(FORBIDDEN, message, scope=scope, headers={"WWW-Authenticate": challenge})


def _check_verified(caller: Caller, said: Declared, site: Site) -> None:
    """Refuse to play for a viewer whose address was not proven, where that is asked for."""
    if said.scope is Scope.PLAYBACK and caller.is_unverified and site.settings.verify_email == "required":
        raise Problem(UNVERIFIED, "prove your e-mail address first: a code was mailed to it")


def _includes(caller: Caller, said: Declared) -> bool:
    """Whether the caller has a right that the one that is needed is a part of."""
    return isinstance(said.scope, Scope) and any(caller.may(wider) for wider in INCLUDED_IN.get(said.scope, ()))


async def _once(operation: Operation, call: Call[Any, Any, Any]) -> web.StreamResponse:
    """Do what was not done before, and answer again what was."""
    site, header = call.site, call.request.headers[idempotency.HEADER]
    # nobody is told the answer to what another nobody asked
    who = call.address if call.caller.is_anonymous else call.caller.id
    known_by = idempotency.digest(who, call.operation, header)
    target = call.request.raw_path.encode("utf-8", "surrogateescape")
    asked = idempotency.fingerprint(target, call.body.model_dump_json().encode())
    keep = timedelta(hours=site.settings.idempotency_hours)
    attempt = await idempotency.begin(site.database, known_by, asked, call.now, keep)
    if isinstance(attempt, Kept):
        site.measures.replays.inc()
        headers = {**attempt.headers, "Idempotency-Replayed": "true"}
        return _response(attempt.status, attempt.body or None, JSON, headers)
    try:
        answer, body = await _done(operation, call, attempt)
    except BaseException as error:
        # when the database is what failed, the lease ends by itself
        with suppress(*([Exception] if is_outage(error) else [])):
            await idempotency.give_up(site.database, attempt)
        raise
    return await _written(call, answer, body)


async def _done(
    operation: Operation, call: Call[Any, Any, Any], attempt: Attempt | None
) -> tuple[Answer, bytes | None]:
    """The answer of the handler, once what it changed is committed, and its body."""
    site, said = call.site, operation.declared
    database = site.database
    if said.apart:
        answer = await operation.handler(call)
        _fulfilled(operation, call, answer)
        return answer, _body(answer)
    async with database.reading() if said.is_safe else database.writing() as session:
        call.session = session
        answer = await operation.handler(call)
        _fulfilled(operation, call, answer)
        body = _body(answer)
        if attempt is not None:
            await idempotency.keep(session, attempt, _kept(said, answer, body))
        await append(session, call.happenings, call.now)
    for name in (*call.outdated, *(happening.subject for happening in call.happenings)):
        site.known.forget(name)  # whatever was known of what has changed is known no longer
    if call.happenings:
        site.hot.changed({happening.type.partition(".")[0] for happening in call.happenings})
        site.measures.events.inc(len(call.happenings))
        site.feed.ring()
    return answer, body


def _fulfilled(operation: Operation, call: Call[Any, Any, Any], answer: Answer) -> None:
    """Hold the handler to what was declared."""
    said = operation.declared
    if answer.status not in said.answers:
        message = f"{said.name} answered {answer.status}, which it does not declare"
        raise Unfulfilled(message)
    declared = said.answers[answer.status]
    model = declared.model if isinstance(declared, Media) else declared
    if answer.shown is not None and (model is None or not isinstance(answer.shown, model)):
        message = f"{said.name} answered a {type(answer.shown).__name__}, which it does not declare"
        raise Unfulfilled(message)
    if said.must_tell and not call.is_told:
        message = f"{said.name} told nobody of what it changed"
        raise Unfulfilled(message)
    if said.precondition is not Precondition.NONE and not call.is_guarded:
        message = f"{said.name} did not look at If-Match"
        raise Unfulfilled(message)


def _body(answer: Answer) -> bytes | None:
    return answer.raw if answer.shown is None else answer.shown.model_dump_json().encode()


def _kept(said: Declared, answer: Answer, body: bytes | None) -> Kept:
    """What is stored of an answer: no secrets."""
    if said.shown_once and answer.shown is not None:
        body = answer.shown.model_copy(update=dict.fromkeys(said.shown_once)).model_dump_json().encode()
    headers = {name: value for name, value in answer.headers.items() if name in _KEPT}
    return Kept(answer.status, headers, body or b"")


async def _written(call: Call[Any, Any, Any], answer: Answer, body: bytes | None) -> web.StreamResponse:
    """The answer, on its way; 304 when the client holds it already."""
    if answer.stream is not None:
        return await _streamed(call, answer)
    headers = dict(answer.headers)
    media_type = JSON if answer.shown is not None else answer.media_type
    if body is not None and "ETag" not in headers:
        headers["ETag"] = tag(body, answer.version)
    known = ",".join(call.request.headers.getall("If-None-Match", ()))
    if known and "ETag" in headers and call.request.method in ("GET", "HEAD") and is_known(known, headers["ETag"]):
        return _response(304, None, "", headers)
    return _response(answer.status, body, media_type, headers)


def _response(status: int, body: bytes | None, media_type: str, headers: dict[str, str]) -> web.Response:
    if body is None:
        return web.Response(status=status, headers=headers)
    return web.Response(status=status, body=body, headers={**headers, "Content-Type": media_type})


async def _streamed(call: Call[Any, Any, Any], answer: Answer) -> web.StreamResponse:
    """Write pieces until the stream ends, the client goes or takes nothing more, or the process stops."""
    headers = {"Content-Type": answer.media_type, "X-Accel-Buffering": "no", **answer.headers}
    response = web.StreamResponse(status=answer.status, headers=headers)
    if call.request.method == "HEAD" or answer.stream is None:
        return response
    patience = call.site.settings.stream_patience_ms / 1000
    with call.site.streams.one(call.caller.id):
        await response.prepare(call.request)
        with suppress(ConnectionError):  # the client has gone, as clients do
            async for piece in answer.stream():
                await _taken(call.request, response.write(piece), patience)
            await _taken(call.request, response.write_eof(), patience)
    return response


async def _taken(request: web.Request, writing: Awaitable[None], patience: float) -> None:
    """Wait until it is written; who takes nothing for so many seconds is cut off."""
    try:
        async with asyncio.timeout(patience):
            await writing
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        message = "the client takes nothing"
        raise ConnectionError(message) from None


def _deprecated(said: Declared) -> dict[str, str]:
    """The headers of what should not be used any more."""
    found = {}
    if said.deprecated is not None:
        found["Deprecation"] = f"@{int(said.deprecated.since.timestamp())}"
        if said.deprecated.sunset is not None:
            found["Sunset"] = format_datetime(said.deprecated.sunset, usegmt=True)
        if said.deprecated.instead:
            found["Link"] = f'<{said.deprecated.instead}>; rel="deprecation"; type="text/html"'
    return found
