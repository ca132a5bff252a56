"""Pages that are signed in: cookies, and proof that a change comes from a page of ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from clients import running
from persons import PASSWORD, Page, Times, account, cheap, person
from sqlmodel import select

from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import Session

if TYPE_CHECKING:
    from control_api.settings import Settings

NOW = datetime(2026, 3, 1, 20, 15, tzinfo=UTC)
NAME = "fastline_session"


async def test_a_page_signs_in_changes_something_and_signs_out(settings: Settings) -> None:
    """C59: HttpOnly, SameSite, a new id at each sign-in, CSRF; nothing of it without the cookie."""
    async with running(cheap(settings)) as client:
        await account(client, "ada", Role.ADMIN)
        page = Page(client)
        given = {"username": "ada", "password": PASSWORD}
        reply = await client.post("/api/v1/session", given, 200, headers={"Origin": page.origin})
        flags = {flag.strip().lower() for flag in reply.headers["Set-Cookie"].split(";")[1:]}
        assert flags == {"httponly", "samesite=lax", "path=/"}
        assert reply.headers["Cache-Control"] == "no-store"
        await page.sign_in("ada")
        here = (await client.get("/api/v1/session", headers=page.headers(proven=False))).json
        assert here["csrf_token"] == page.token
        assert here["account"]["is_admin"] is True
        assert (here["session"]["kind"], here["session"]["is_this"]) == ("cookie", True)
        made = {"name": "k", "scopes": ["events:read"]}
        await client.post("/api/v1/api-keys", made, 201, headers=page.headers())
        first = page.cookie
        await page.sign_in("ada")
        assert page.cookie != first
        await client.get("/api/v1/session", 401, headers={"Cookie": first})
        reply = await client.ask("DELETE", "/api/v1/session", 204, headers=page.headers())
        assert "max-age=0" in reply.headers["Set-Cookie"].lower()
        await client.get("/api/v1/session", 401, headers=page.headers())
        async with client.app[SITE].database.reading() as session:
            assert (await session.exec(select(Session.revoked_for).order_by(Session.id))).all() == [
                "", "replaced", "signed_out",
            ]  # fmt: skip


async def test_a_change_that_another_site_may_have_sent_is_refused(settings: Settings) -> None:
    """C59: the token of this session and an Origin of our own, for everything that changes something."""
    async with running(cheap(settings)) as client:
        await account(client, "ada", Role.ADMIN)
        page, other = Page(client), Page(client)
        await page.sign_in("ada")
        await other.sign_in("ada")
        good = page.headers()
        wrong = [
            page.headers(proven=False),
            {**good, "X-CSRF-Token": "x"},
            {**good, "X-CSRF-Token": other.token},
            {**good, "Origin": "https://evil.example"},
            {**good, "Origin": "null"},
            {name: value for name, value in good.items() if name != "Origin"},
        ]
        for headers in wrong:
            refused = await client.post(
                "/api/v1/api-keys", {"name": "k", "scopes": ["events:read"]}, 403, headers=headers
            )
            assert refused.json["type"] == "/problems/cross-site"
        for headers in wrong:
            await client.get("/api/v1/account", headers=headers)
        assert (await client.get("/api/v1/api-keys", headers=good)).json["items"] == []


async def test_a_sign_in_of_another_site_is_refused(settings: Settings) -> None:
    async with running(cheap(settings)) as client:
        await account(client, "ada")
        given = {"username": "ada", "password": PASSWORD}
        refused = await client.post("/api/v1/session", given, 403, headers={"Origin": "https://evil.example"})
        assert "Set-Cookie" not in refused.headers
        form = {"Content-Type": "text/plain", "Origin": "https://evil.example"}
        await client.ask("POST", "/api/v1/session", 415, data=b'{"username":"ada","password":"x"}', headers=form)


async def test_with_https_the_cookie_is_of_this_host_alone(settings: Settings) -> None:
    async with running(cheap(settings, public_url="https://tv.example")) as client:
        await account(client, "ada")
        given = {"username": "ada", "password": PASSWORD}
        reply = await client.post("/api/v1/session", given, 200, headers={"Origin": "https://tv.example"})
        cookie = reply.headers["Set-Cookie"]
        assert cookie.startswith("__Host-fastline_session=")
        assert {flag.strip().lower() for flag in cookie.split(";")[1:]} == {
            "httponly",
            "samesite=lax",
            "path=/",
            "secure",
        }
        value = cookie.partition(";")[0].partition("=")[2]
        await client.get("/api/v1/session", headers={"Cookie": f"__Host-{NAME}={value}"})
        await client.get("/api/v1/session", 401, headers={"Cookie": f"{NAME}={value}"})


async def test_a_proxy_that_is_believed_says_that_it_is_https(settings: Settings) -> None:
    behind = type(settings).model_validate(cheap(settings, trusted_proxies=("127.0.0.1/32",)).model_dump())
    for given, is_secure in ((behind, True), (cheap(settings), False)):
        async with running(given) as client:
            await account(client, "ada" if is_secure else "eve")
            body = {"username": "ada" if is_secure else "eve", "password": PASSWORD}
            reply = await client.post("/api/v1/session", body, 200, headers={"X-Forwarded-Proto": "https"})
            assert ("Strict-Transport-Security" in reply.headers) is is_secure
            assert ("Secure" in reply.headers["Set-Cookie"]) is is_secure


async def test_a_cookie_slides_and_ends(settings: Settings) -> None:
    times = Times(NOW)
    async with running(cheap(settings, cookie_idle_minutes=30, session_days=1), clock=times) as client:
        await account(client, "ada")
        page = Page(client)
        await page.sign_in("ada")
        for _ in range(46):  # 23 hours of looking now and then
            times.now += timedelta(minutes=29)
            await client.get("/api/v1/session", headers=page.headers())
        times.now = NOW + timedelta(days=1)
        await client.get("/api/v1/session", 401, headers=page.headers())
        await page.sign_in("ada")
        times.now += timedelta(minutes=30)
        assert "expired" in (await client.get("/api/v1/session", 401, headers=page.headers())).json["detail"]


async def test_a_cookie_that_we_never_set_is_nobody_s(settings: Settings) -> None:
    async with running(settings) as client:
        for cookie in ("", "x", "A" * 43, "A" * 5000, 'a"b', "é"):
            await client.get("/api/v1/account", 401, headers={"Cookie": f"{NAME}={cookie}"})
            await client.get("/healthz", headers={"Cookie": f"{NAME}={cookie}"})


async def test_who_sends_a_token_is_not_judged_by_their_cookie(settings: Settings) -> None:
    async with running(cheap(settings)) as client:
        me = await person(client, "ada")
        await account(client, "boss", Role.ADMIN)
        page = Page(client)
        await page.sign_in("boss")
        headers = {"Cookie": page.cookie}
        assert (await me.get("/api/v1/account", headers=headers)).json["username"] == "ada"
        here = (await me.get("/api/v1/session", headers=headers)).json
        assert (here["csrf_token"], here["session"]["kind"]) == (None, "token")
        await client.known_by("flx").get("/api/v1/account", 401, headers=headers)
        await me.ask("PUT", "/api/v1/account/password", 204, body={"current": PASSWORD, "password": "another one"})
