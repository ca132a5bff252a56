"""Default deny: every route of the application is an operation, and is closed to who has too little authority."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from persons import Page, account, cheap, signed_in
from things import Bench

from control_api.app import OPERATIONS, create_app
from control_api.key_creation import create_key
from control_api.people.roles import SCOPES, Role
from control_api.running import served
from control_api.scopes import INCLUDED_IN, MEANINGS, OPEN, Open, Scope, Signed
from playout.clock import system_clock

if TYPE_CHECKING:
    from clients import Client

    from control_api.operation import Operation
    from control_api.settings import Settings

KNOWN = {
    "id": "ak_0199f0c47b1c7d3a9e52c1d4b7a60f38",
    "file": "start.js",
    "slug": "not-found",
    "delivery": "dl_1",
    "section": "collections",
    "name": "noir",
    "number": "1",
    "shape": "portrait",
    "ticket": "at_1",
    "session": "ss_0199f0c47b1c7d3a9e52c1d4b7a60f38",
    "segment": "3",
    "provider": "stripe",
    "kind": "terms",
}
TO_EVERYONE = {
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/postman.json",
    "/docs",
    "/api-docs",
    "/docs/{file}",
    "/problems/{slug}",
    "/api/channels",
    "/api/v1/plans",
    "/api/v1/payments/webhooks/{provider}",
    "/api/channel/play/{id}",
    "/artwork/{file}",
    "/api/v1/me/exports/{id}/archive",
    "/api/v1/artwork-uploads/{ticket}",
    "/.well-known/jwks.json",
    "/api/v1/unsubscribe/{ticket}",
    "/api/v1/contact",
    "/api/v1/help",
    "/api/v1/help/{slug}",
    "/api/v1/legal/{kind}",
    "/api/v1/legal/{kind}/versions",
    "/api/v1/legal/{kind}/versions/{number}",
}
_BY_MAIL = (("verify", "email"), ("resend", "verification"), ("forgot", "password"), ("reset", "password"))
TO_SIGN_IN = {
    "/api/v1/session",
    "/api/login",
    "/api/register",
    "/login",
    "/register",
    "/auth/login",
    "/auth/signup",
    *(f"/api{v}/auth/{what}" for v in ("", "/v1") for what in ("login", "register", "refresh", "social-login")),
    *(f"/api/v1/auth/{what}-{of}" for what, of in _BY_MAIL),
}
"""Open, because they are how people say who they are; all of them POST."""


def asked(operation: Operation) -> tuple[str, str]:
    return operation.declared.method, operation.template.format(**KNOWN)


async def test_every_route_is_an_operation(settings: Settings) -> None:
    app = create_app(settings)
    known = {(operation.declared.method, operation.declared.path) for operation in app[OPERATIONS]}
    routes = {(route.method, route.resource.canonical if route.resource else "") for route in app.router.routes()}
    assert {(method, path) for method, path in routes if method != "HEAD"} == known
    assert {("GET", path) for method, path in routes if method == "HEAD"} <= known
    assert len(app.router.routes()) == len(routes)
    ours = served(app[OPERATIONS][0]).__code__
    assert [route for route in app.router.routes() if route.handler.__code__ is not ours] == []


async def test_only_what_is_listed_here_is_open_to_everyone(settings: Settings) -> None:
    operations = [found for found in create_app(settings)[OPERATIONS] if found.declared.scope is OPEN]
    assert {found.template for found in operations} == TO_EVERYONE | TO_SIGN_IN
    assert {found.declared.method for found in operations if found.template in TO_SIGN_IN} == {"POST"}


async def test_every_closed_operation_refuses_who_is_nobody_a_stranger_or_has_all_rights_but_the_one(
    settings: Settings,
) -> None:
    keys = {
        scope: await create_key(
            settings, f"all but {scope}", sorted(set(Scope) - {scope, *INCLUDED_IN.get(scope, ())}), None, system_clock
        )
        for scope in Scope
    }
    machine = await create_key(settings, "all", list(Scope), None, system_clock)
    strangers = cycle(("Bearer fl_" + "x" * 32, "Bearer fl_short", "Basic eDp5"))
    async with running(settings) as client:
        for operation in client.app[OPERATIONS]:
            method, path = asked(operation)
            scope = operation.declared.scope
            if isinstance(scope, Open):
                continue
            for verb in [method, "HEAD"] if method == "GET" else [method]:
                nobody = await client.ask(verb, path, 401)
                assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
                await client.ask(verb, path, 401, headers={"Authorization": next(strangers)})
                if isinstance(scope, Signed):  # whatever a key may do, it is nobody's account
                    await client.known_by(machine).ask(verb, path, 403)
                    continue
                refused = await client.known_by(keys[scope]).ask(verb, path, 403)
                assert verb == "HEAD" or refused.json["scope"] == scope


async def test_every_closed_operation_refuses_each_role_that_has_too_little_authority(settings: Settings) -> None:
    """D07, C14: by token and by cookie, whatever the method."""
    async with running(cheap(settings)) as client:
        for role in Role:
            await account(client, role, role)
        known = {role: client.known_by((await signed_in(client, role))["access_token"]) for role in Role}
        pages = {role: Page(client) for role in Role}
        for role, page in pages.items():
            await page.sign_in(role)
        refused: dict[Role, int] = dict.fromkeys(Role, 0)
        for operation in client.app[OPERATIONS]:
            method, path = asked(operation)
            scope = operation.declared.scope
            lacking = [role for role in Role if isinstance(scope, Scope) and scope not in SCOPES[role]]
            for role in lacking:
                for verb in [method, "HEAD"] if method == "GET" else [method]:
                    await known[role].ask(verb, path, 403)
                    await client.ask(verb, path, 403, headers=pages[role].headers())
                refused[role] += 1
        assert refused[Role.VIEWER] > refused[Role.EDITOR] > refused[Role.OPERATOR] > refused[Role.ADMIN] == 0


async def test_every_closed_operation_that_changes_refuses_a_cookie_without_proof(settings: Settings) -> None:
    """C59: whoever signed in, and however much they may do."""
    async with running(cheap(settings)) as client:
        await account(client, "boss", Role.ADMIN)
        page = Page(client)
        await page.sign_in("boss")
        bare = page.headers(proven=False)
        foreign = {**page.headers(), "Origin": "https://evil.example"}
        walked = 0
        for operation in client.app[OPERATIONS]:
            method, path = asked(operation)
            if isinstance(operation.declared.scope, Open) or operation.declared.is_safe:
                continue
            for headers in (bare, foreign):
                refused = await client.ask(method, path, 403, headers=headers)
                assert refused.json["type"] == "/problems/cross-site", (method, path)
            walked += 1
        assert walked > 20
        await client.get("/api/v1/account", headers=bare)


async def test_a_token_that_is_no_good_opens_nothing(settings: Settings) -> None:
    async with running(cheap(settings)) as client:
        await account(client, "boss", Role.ADMIN)
        token = (await signed_in(client, "boss"))["access_token"]
        forged = client.known_by(token[:-6] + "AAAAAA")
        for operation in client.app[OPERATIONS]:
            method, path = asked(operation)
            if not isinstance(operation.declared.scope, Open):
                await forged.ask(method, path, 401)


async def test_what_is_open_is_answered_to_who_sends_a_bad_key_too(settings: Settings) -> None:
    async with running(settings) as client:
        await client.known_by("fl_" + "x" * 32).get("/healthz")
        await client.known_by("fl_" + "x" * 32).get("/openapi.json")


async def test_a_key_is_good_until_it_expires_or_is_revoked(settings: Settings) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    times = [now]
    until = now + timedelta(hours=1)
    short = await create_key(settings, "short", [Scope.EVENTS_READ], until, lambda: now)
    boss = await create_key(settings, "boss", [Scope.KEYS_READ, Scope.KEYS_WRITE, Scope.EVENTS_READ], None, lambda: now)
    async with running(settings, clock=lambda: times[-1]) as client:
        theirs = client.known_by(short)
        await theirs.get("/api/v1/events")
        times.append(until)
        assert "expired" in (await theirs.get("/api/v1/events", 401)).json["detail"]
        times.append(now)
        await theirs.get("/api/v1/events")
        listed = (await client.known_by(boss).get("/api/v1/api-keys")).json["items"]
        found = next(item for item in listed if item["name"] == "short")
        assert found["used_at"] == "2026-03-01T00:00:00.000Z"
        await client.known_by(boss).ask("DELETE", f"/api/v1/api-keys/{found['id']}")
        assert "revoked" in (await theirs.get("/api/v1/events", 401)).json["detail"]


async def test_nobody_makes_a_key_with_more_authority_than_they_have(client: Client) -> None:
    made = await client.post("/api/v1/api-keys", {"name": "maker", "scopes": ["keys:write", "events:read"]})
    maker = client.known_by(made.json["key"])
    await maker.post("/api/v1/api-keys", {"name": "less", "scopes": ["events:read"]})
    refused = await maker.post("/api/v1/api-keys", {"name": "more", "scopes": ["events:read", "audit:read"]}, 403)
    assert refused.json["scope"] == "audit:read"


async def test_the_key_itself_is_nowhere_in_the_database(settings: Settings, client: Client) -> None:
    from control_api.database import Database  # noqa: PLC0415 — of this test alone
    from control_api.tables import METADATA  # noqa: PLC0415

    made = (
        await client.post(
            "/api/v1/api-keys", {"name": "x", "scopes": ["events:read"]}, headers={"Idempotency-Key": "k"}
        )
    ).json
    database, whole = Database(settings.database_url), ""
    async with database.engine.connect() as connection:
        for table in METADATA.tables.values():
            whole += "".join(map(repr, (await connection.execute(table.select())).all()))
    await database.close()
    assert made["hint"] in whole
    assert made["key"] not in whole


def test_every_scope_says_what_it_allows() -> None:
    assert set(MEANINGS) == set(Scope)


@pytest.mark.parametrize("scope", [*Scope])
def test_a_scope_is_a_thing_and_what_is_done_with_it(scope: Scope) -> None:
    thing, _, what = scope.partition(":")
    assert thing.isalpha()
    assert what in {"read", "write"}


async def test_the_walk_sees_operations_that_are_added(settings: Settings) -> None:
    app: Any = create_app(settings, more=Bench().operations())
    assert "/api/v1/things" in {operation.template for operation in app[OPERATIONS]}
