"""Profiles: made, changed, protected by PINs, and switched to; which one asks is bound to the token.

Rows B08, B11, B50, B51, B73, B75, BX3, C09, C10, C11, C13, C14, C49.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clients import Client, running
from issuers import issuing
from persons import PASSWORD, Page, Times, cheap, person, signed_in
from sqlmodel import col, select, update

from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import METADATA, AuditEntry, Plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.settings import Settings

NOW = datetime(2026, 3, 1, 20, 15, tzinfo=UTC)
PROFILES = "/api/v1/profiles"
ACCOUNT = "/api/v1/account"


@dataclass
class Home:
    """A server, the clock, and somebody whose plan has room for some profiles."""

    client: Client
    times: Times
    ada: Client
    main: str

    async def room(self, profiles: int) -> None:
        """Have the plan that everybody has include so many."""
        async with self.client.app[SITE].database.writing() as session:
            await session.exec(update(Plan).where(col(Plan.id) == "free").values(profiles=profiles))

    async def make(self, name: str, **more: Any) -> str:
        return str((await self.ada.post(PROFILES, {"name": name, **more})).json["id"])

    async def switch(self, client: Client, profile: str, **proof: str) -> Client:
        found = (await client.post(f"{PROFILES}/{profile}/switch", proof, 200)).json
        assert found["profile"]["id"] == profile
        assert found["token_type"] == "bearer"  # noqa: S105
        return client.known_by(found["access_token"])

    async def edit(self, client: Client, profile: str, status: int = 200, **said: Any) -> Any:
        path = f"{PROFILES}/{profile}"
        headers = {"If-Match": (await client.get(path)).etag}
        return (await client.ask("PATCH", path, status, body=said, headers=headers)).json


async def who(client: Client) -> str:
    return str((await client.get(ACCOUNT)).json["profile_id"])


@pytest.fixture
async def home(settings: Settings) -> AsyncIterator[Home]:
    times = Times(NOW)
    async with running(cheap(settings, caller_cache_ms=3000), clock=times) as client:
        async with client.app[SITE].database.writing() as session:
            if await session.get(Plan, "free") is None:
                session.add(
                    Plan(id="free", names={"en": "Free"}, currency="EUR", period="month", created_at=NOW,
                         updated_at=NOW)
                )  # fmt: skip
        ada = await person(client, "ada")
        found = Home(client, times, ada, await who(ada))
        await found.room(5)
        yield found


async def test_a_family_has_profiles_within_its_plan(home: Home) -> None:
    """B08, C49: made with a name of their own, as many as the plan has room for; who has too many keeps them unused."""
    made = await home.ada.post(PROFILES, {"name": " Kid ", "is_kids": True, "avatar": "fox"})
    kid = made.json
    assert (kid["name"], kid["ceiling"], kid["adult_content"], kid["has_pin"]) == ("Kid", 12, False, False)
    assert made.headers["Location"] == f"{PROFILES}/{kid['id']}"
    again = await home.ada.post(PROFILES, {"name": "KID"}, 409)
    assert again.json["errors"][0]["pointer"] == "/name"
    await home.room(2)
    full = (await home.ada.post(PROFILES, {"name": "Teen"}, 403)).json
    assert (full["type"], full["entitlement"]) == ("/problems/plan-needed", "profiles")
    await home.room(3)
    teen = await home.make("Teen", ceiling=16)
    shown = (await home.ada.get(ACCOUNT)).json
    assert [(one["name"], one["is_main"], one["is_active"]) for one in shown["profiles"]] == [
        ("ada", True, True), ("Kid", False, False), ("Teen", False, False),
    ]  # fmt: skip
    assert (shown["plan"], shown["profile_id"], shown["is_admin"]) == ("free", home.main, False)
    await home.room(2)
    listed = (await home.ada.get(PROFILES)).json
    assert ([one["is_available"] for one in listed["items"]], listed["most"]) == ([True, True, False], 2)
    assert (await home.ada.post(f"{PROFILES}/{teen}/switch", {}, 403)).json["type"] == "/problems/plan-needed"
    await home.ada.ask("DELETE", f"{PROFILES}/{home.main}", 409)
    await home.ada.ask("DELETE", f"{PROFILES}/{teen}", 204)
    await home.ada.get(f"{PROFILES}/{teen}", 404)
    eve = await person(home.client, "eve")
    for path in (f"{PROFILES}/{kid['id']}", f"{PROFILES}/{home.main}"):
        await eve.get(path, 404)
    await eve.post(f"{PROFILES}/{kid['id']}/switch", {}, 404)


async def test_which_profile_asks_is_bound_to_the_token(home: Home) -> None:
    """BX3: the old token goes on meaning the old profile; refreshed ones keep the new one; no parameter changes it."""
    kid = await home.make("Kid", is_kids=True)
    pair = await signed_in(home.client, "ada")
    old = home.client.known_by(pair["access_token"])
    assert pair["profile_id"] == home.main
    child = await home.switch(old, kid)
    assert (await who(child), await who(old), await who(home.ada)) == (kid, home.main, home.main)
    fresh = (await home.client.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}, 200)).json
    assert fresh["profile_id"] == kid
    assert await who(home.client.known_by(fresh["access_token"])) == kid
    await child.get(f"{ACCOUNT}?profile={home.main}", 400)
    assert await who(child) == kid
    # a kids profile changes nothing of the account, and sees nothing behind the scenes whoever its parents are
    for method, path, body in (
        ("POST", PROFILES, {"name": "More"}),
        ("PATCH", f"{PROFILES}/{kid}", {"ceiling": 18}),
        ("PUT", f"{PROFILES}/{kid}/pin", {"pin": "1234"}),
        ("DELETE", f"{PROFILES}/{home.main}", None),
        ("PATCH", ACCOUNT, {"username": "kid"}),
        ("PUT", f"{ACCOUNT}/password", {"password": "another one here"}),
        ("DELETE", f"{ACCOUNT}/sessions", None),
        ("PUT", "/api/v1/users/me", {"username": "kid"}),
        ("POST", "/api/v1/auth/logout?all=true", None),
        ("PATCH", "/api/v1/preferences", {"adult_content": True}),
    ):
        refused = await child.ask(method, path, 403, body=body, headers={"If-Match": '"1"'})
        assert "kids profile" in refused.json["detail"]
    # the profile is gone: so is every token that names it, and the session that watched as it
    away = await home.switch(home.ada, kid)
    back = await home.switch(away, home.main, password=PASSWORD)
    await home.ada.ask("DELETE", f"{PROFILES}/{kid}", 204)
    assert "is no more" in (await away.get(ACCOUNT, 401)).json["detail"]
    assert await who(back) == home.main
    assert "was ended" in (await child.get(ACCOUNT, 401)).json["detail"]
    await old.get(ACCOUNT, 401)
    await home.client.post("/api/v1/auth/refresh", {"refresh_token": fresh["refresh_token"]}, 401)
    boss = await person(home.client, "boss", Role.ADMIN)
    child = await home.switch(boss, (await boss.post(PROFILES, {"name": "Kid", "is_kids": True})).json["id"])
    await boss.get("/api/v1/audit")
    for path in ("/api/v1/audit", "/api/v1/titles?state=draft", "/api/v1/accounts"):
        await child.get(path, 403)


async def test_a_page_switches_by_its_cookie_at_once(home: Home) -> None:
    """BX3: in a session of a cookie, whoever was known a moment ago too."""
    kid = await home.make("Kid", is_kids=True)
    page = Page(home.client)
    await page.sign_in("ada")
    assert (await home.client.get("/api/v1/session", headers=page.headers())).json["profile_id"] == home.main
    switched = await home.client.post(f"{PROFILES}/{kid}/switch", {}, 200, headers=page.headers())
    assert (switched.json["access_token"], switched.json["profile"]["is_active"]) == (None, True)
    assert (await home.client.get(ACCOUNT, headers=page.headers())).json["profile_id"] == kid
    await home.client.post(f"{PROFILES}/{home.main}/switch", {}, 403, headers=page.headers())
    proof = {"password": PASSWORD}
    await home.client.post(f"{PROFILES}/{home.main}/switch", proof, 200, headers=page.headers())
    assert (await home.client.get(ACCOUNT, headers=page.headers())).json["profile_id"] == home.main


async def test_pins_are_asked_for_and_cannot_be_guessed_at(home: Home) -> None:
    """B08: by whoever leaves a kids profile, and for each profile that has one; kept as a hash, and never shown."""
    kid = await home.make("Kid", is_kids=True)
    child = await home.switch(home.ada, kid)
    to_main = f"{PROFILES}/{home.main}/switch"
    assert (await child.post(to_main, {}, 403)).json["type"] == "/problems/pin-needed"
    await child.post(to_main, {"pin": "4711"}, 403)  # there is none
    wrong = (await child.post(to_main, {"password": "not that one"}, 422)).json
    assert wrong["errors"][0]["pointer"] == "/password"
    assert await who(await home.switch(child, home.main, password=PASSWORD)) == home.main

    await home.ada.ask("PUT", f"{PROFILES}/{home.main}/pin", 204, body={"pin": "4711"})
    assert (await home.ada.get(PROFILES)).json["items"][0]["has_pin"]
    for bad in ("471", "471a", "123456789"):
        await home.ada.ask("PUT", f"{PROFILES}/{kid}/pin", 422, body={"pin": bad})
    teen = await home.switch(home.ada, await home.make("Teen", ceiling=16))
    await teen.post(to_main, {}, 403)
    assert await who(await home.switch(teen, home.main, pin="4711")) == home.main
    for _ in range(5):
        assert (await child.post(to_main, {"pin": "0000"}, 422)).json["errors"][0]["pointer"] == "/pin"
    held = await child.post(to_main, {"pin": "4711"}, 429)
    assert int(held.headers["Retry-After"]) >= 1
    await home.switch(child, home.main, password=PASSWORD)  # the owner is not held up
    await home.client.post("/api/v1/auth/login", {"username": "ada", "password": PASSWORD}, 200)
    home.times.now += timedelta(minutes=15)
    child = await home.switch(await _again(home), kid)
    assert await who(await home.switch(child, home.main, pin="4711")) == home.main

    # another PIN takes the old one, or the owner; after an hour nobody has just signed in
    owner = await _again(home)
    home.times.now += timedelta(minutes=10)
    pin = f"{PROFILES}/{home.main}/pin"
    await owner.ask("PUT", pin, 403, body={"pin": "9999"})
    await owner.ask("PUT", pin, 422, body={"pin": "9999", "old": "1234"})
    await owner.ask("PUT", pin, 204, body={"pin": "99990", "old": "4711"})
    await owner.ask("PUT", pin, 204, body={"pin": None, "current": PASSWORD})
    assert not (await owner.get(f"{PROFILES}/{home.main}")).json["has_pin"]
    await owner.ask("PUT", pin, 204, body={"pin": "4711"})
    whole = ""
    async with home.client.app[SITE].database.engine.connect() as connection:
        for table in METADATA.tables.values():
            whole += "".join(map(repr, (await connection.execute(table.select())).all()))
    assert "$argon2id$" in whole
    assert "'4711'" not in whole


async def _again(home: Home) -> Client:
    return home.client.known_by((await signed_in(home.client, "ada"))["access_token"])


async def test_who_is_limited_proves_that_they_own_the_account(home: Home) -> None:
    """A ceiling is not taken away by whom it is for, nor walked around by making a profile without one."""
    teen_id = await home.make("Teen", ceiling=16)
    teen = await home.switch(home.ada, teen_id)
    home.times.now += timedelta(minutes=10)
    await home.edit(teen, teen_id, 403, ceiling=None)
    await teen.post(PROFILES, {"name": "Free"}, 403)
    await teen.ask("PATCH", "/api/v1/preferences", 403, body={"adult_content": True})
    assert (await home.edit(teen, teen_id, name="Teenager"))["name"] == "Teenager"
    wrong = await home.edit(teen, teen_id, 422, ceiling=None, current="not that one")
    assert wrong["errors"][0]["pointer"] == "/current"
    assert (await home.edit(teen, teen_id, ceiling=None, current=PASSWORD))["ceiling"] is None
    await home.ada.ask("PUT", f"{PROFILES}/{teen_id}/pin", 204, body={"pin": "4711"})
    await home.edit(home.ada, teen_id, 403, ceiling=3)  # it has a PIN, and is not who asks
    await home.ada.ask("DELETE", f"{PROFILES}/{teen_id}", 403)
    wrong = await home.edit(home.ada, home.main, 422, is_kids=True)
    assert wrong["errors"][0]["pointer"] == "/is_kids"
    kid = await home.make("Kid", is_kids=True, ceiling=3)
    for said in ({"ceiling": None}, {"adult_content": True}, {"genres_allowed": ["ge_" + "0" * 32]}):
        await home.edit(home.ada, kid, 422, **said)


async def test_preferences_are_of_the_profile_that_asks(home: Home) -> None:
    """B11, B75: language, subtitles, autoplay, genres, adult content, and what an app keeps, within bounds."""
    path = "/api/v1/preferences"
    shown = (await home.ada.get(path)).json
    assert shown == {
        "language": None, "subtitles": None, "autoplay": True, "genres_liked": [], "settings": {},
        "keeps_history": True, "adult_content": True,
    }  # fmt: skip
    said = {"language": "pt-br", "subtitles": "en", "autoplay": False, "settings": {"volume": 7, "home": {"row": [1]}}}
    found = (await home.ada.ask("PATCH", path, body=said)).json
    assert (found["language"], found["settings"]) == ("pt-BR", said["settings"])
    found = (await home.ada.ask("PATCH", path, body={"settings": {"volume": None, "x": "y"}, "subtitles": None})).json
    assert (found["settings"], found["subtitles"]) == ({"home": {"row": [1]}, "x": "y"}, None)
    assert not (await home.ada.ask("PATCH", path, body={"adult_content": False})).json["adult_content"]
    assert (await home.ada.get(f"{PROFILES}/{home.main}")).json["ceiling"] == 17
    for bad in ({"settings": {"9": 1}}, {"settings": {"a": "x" * 9000}}, {"language": "nonsense-1-x"}, {"volume": 3}):
        await home.ada.ask("PATCH", path, 422, body=bad)
    await home.ada.ask("PATCH", path, 412, body={"autoplay": True}, headers={"If-Match": '"1"'})
    kid = await home.switch(home.ada, await home.make("Kid", is_kids=True, current=PASSWORD))
    assert (await kid.ask("PATCH", path, body={"autoplay": False})).json["settings"] == {}
    async with home.client.app[SITE].database.reading() as session:
        entries = (await session.exec(select(AuditEntry).where(AuditEntry.kind == "profile"))).all()
    assert {one.action for one in entries} == {"created", "updated"}
    kept = {name for one in entries for name in one.after or {}}
    assert not kept & {"name", "language", "subtitles", "settings", "genres_liked", "pin"}  # nothing that people like


async def test_an_account_is_read_and_edited_by_itself_or_by_who_manages_it(home: Home) -> None:
    """B50, B51, C09, C10, C11, C13, C14: others are refused; an edit names the version that it is of."""
    boss = await person(home.client, "boss", Role.ADMIN)
    ada = (await home.ada.get("/api/v1/users/me")).json
    path = f"/api/v1/users/{ada['id']}"
    seen = await home.ada.get(path)
    assert seen.json == ada == (await boss.get(path)).json
    assert ada["created_at"] == "2026-03-01T20:15:00.000Z"
    eve = await person(home.client, "eve")
    assert (await eve.get(path, 403)).json["scope"] == "accounts:read"
    await eve.ask("PUT", path, 403, body={"username": "eva"}, headers={"If-Match": seen.etag})
    await home.ada.ask("PUT", path, 428, body={"username": "Ada2"})
    renamed = await home.ada.ask("PUT", path, body={"username": "Ada2"}, headers={"If-Match": seen.etag})
    assert (renamed.json["username"], renamed.json["is_admin"]) == ("Ada2", False)
    await home.ada.ask("PATCH", path, 412, body={"username": "Ada3"}, headers={"If-Match": seen.etag})
    await home.ada.ask("PATCH", path, 403, body={"role": "admin"}, headers={"If-Match": renamed.etag})
    await home.ada.ask("PATCH", path, 409, body={"username": "EVE"}, headers={"If-Match": renamed.etag})
    made = await boss.ask("PATCH", path, body={"role": "editor"}, headers={"If-Match": renamed.etag})
    assert made.json["role"] == "editor"


async def test_who_brings_no_session_watches_as_the_main_profile(settings: Settings) -> None:
    """B73, BX3: an ID token switches nothing; brought in for a session, it does."""
    times = Times(NOW)
    async with issuing(times) as issuer:
        ours = issuer.settings(cheap(settings), register_new=True)
        async with running(ours, clock=times) as client:
            me = client.known_by(issuer.firebase())
            assert [one["is_main"] for one in (await me.get(PROFILES)).json["items"]] == [True]
            async with client.app[SITE].database.writing() as session:
                await session.exec(update(Plan).where(col(Plan.id) == "free").values(profiles=5))
            kid = (await me.post(PROFILES, {"name": "Kid", "is_kids": True})).json["id"]
            main = await who(me)
            assert "social-login" in (await me.post(f"{PROFILES}/{kid}/switch", {}, 409)).json["detail"]
            mine = (await client.post("/api/v1/auth/social-login", {"id_token": issuer.firebase()}, 200)).json
            to_kid = (await client.known_by(mine["access_token"]).post(f"{PROFILES}/{kid}/switch", {}, 200)).json
            child = client.known_by(to_kid["access_token"])
            assert (await who(child), await who(me)) == (kid, main)
            refused = await child.post(f"{PROFILES}/{main}/switch", {"password": "any of them"}, 403)
            assert "by its issuer" in refused.json["detail"]
