"""Accounts as those manage them who may, one's own account, sessions, and invitations."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from persons import PASSWORD, Times, account, cheap, person, signed_in

from control_api.key_creation import create_key
from control_api.people.roles import Role, scopes_of
from control_api.scopes import Scope
from control_api.site import SITE
from control_api.tables import Identity
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clients import Client, Reply

    from control_api.settings import Settings

NOW = datetime(2026, 3, 1, 20, 15, tzinfo=UTC)


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Client]:
    async with running(cheap(settings)) as client:
        yield client


@pytest.fixture
async def boss(server: Client) -> Client:
    return await person(server, "boss", Role.ADMIN)


async def edit(client: Client, path: str, body: Any, status: int = 200) -> Reply:
    read = await client.get(path)
    return await client.ask("PATCH", path, status, body=body, headers={"If-Match": read.etag})


async def test_an_administrator_makes_changes_blocks_and_unblocks_accounts(server: Client, boss: Client) -> None:
    """BX11, C09-C11, C13, C14, D07."""
    given = {"username": "Ada", "email": "ada@x.example", "role": "editor", "password": PASSWORD}
    made = await boss.post("/api/v1/accounts", given, headers={"Idempotency-Key": "k"})
    again = await boss.post("/api/v1/accounts", given, headers={"Idempotency-Key": "k"})
    assert again.json == made.json
    path = made.headers["Location"]
    assert made.json["email_verified"] is False
    ada = server.known_by((await signed_in(server, "ada"))["access_token"])
    await ada.get("/api/v1/jobs")
    await ada.get("/api/v1/accounts", 403)
    edited = (await edit(boss, path, {"role": "viewer", "username": "Lovelace", "email_verified": True})).json
    assert (edited["role"], edited["username"], edited["email_verified"]) == ("viewer", "Lovelace", True)
    await ada.get("/api/v1/jobs", 403)  # at once, with the very same token
    assert (await edit(boss, path, {"email": "new@x.example"})).json["email_verified"] is False
    blocked = await edit(boss, path, {"blocked": True})
    assert blocked.json["blocked_at"] is not None
    await ada.get("/api/v1/account", 401)
    refused = await server.post("/api/v1/auth/login", {"username": "lovelace", "password": PASSWORD}, 403)
    assert "blocked" in refused.json["detail"]
    await server.post("/api/v1/auth/login", {"username": "lovelace", "password": "wrong"}, 401)
    await edit(boss, path, {"blocked": False})
    await ada.get("/api/v1/account", 401)  # what was ended stays ended
    await signed_in(server, "new@x.example")
    log = (await boss.get(f"/api/v1/audit?subject={made.json['id']}")).json["items"]
    assert [entry["action"] for entry in log] == ["unblocked", "blocked", "updated", "updated", "created"]
    assert log[2]["before"]["email"] == "ada@x.example"


async def test_no_quick_digest_of_a_password_is_kept_for_a_repeat(server: Client, boss: Client) -> None:
    """So the key of a repeat stands for the same request with whatever password."""
    given = {"username": "ada", "password": PASSWORD}
    await boss.post("/api/v1/accounts", given, headers={"Idempotency-Key": "k"})
    other = {**given, "password": "another one"}
    repeat = await boss.post("/api/v1/accounts", other, headers={"Idempotency-Key": "k"})
    assert repeat.headers["Idempotency-Replayed"] == "true"
    await boss.post("/api/v1/accounts", {**given, "username": "eve"}, 422, headers={"Idempotency-Key": "k"})
    await signed_in(server, "ada")


async def test_accounts_are_listed_by_role_name_and_whether_they_are_blocked(server: Client, boss: Client) -> None:
    for number in range(5):
        await account(server, f"viewer{number}", email=f"v{number}@x.example")
    found = (await boss.get("/api/v1/accounts?limit=2")).json
    assert [item["username"] for item in found["items"]] == ["viewer4", "viewer3"]
    rest = (await boss.get(found["next"])).json
    assert rest["items"][0]["username"] == "viewer2"

    async def names(query: str) -> list[str]:
        return [item["username"] for item in (await boss.get(f"/api/v1/accounts?{query}")).json["items"]]

    assert await names("role=admin") == ["boss"]
    assert await names("name=VIEWER1") == ["viewer1"]
    assert await names("name=V2@X.example") == ["viewer2"]
    assert await names("blocked=true") == []
    assert len(await names("blocked=false")) == 6


async def test_people_are_counted_by_role_by_when_they_came_and_by_when_they_joined(settings: Settings) -> None:
    """BX11: active users and growth."""
    times = Times(datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    async with running(cheap(settings), clock=times) as client:
        boss = await person(client, "boss", Role.ADMIN)
        await person(client, "old")
        times.now += timedelta(hours=1)
        await person(client, "ada", Role.EDITOR)
        await signed_in(client, "ada")
        await account(client, "never")
        times.now += timedelta(days=6)
        boss = client.known_by((await signed_in(client, "boss"))["access_token"])
        ada = (await boss.get("/api/v1/accounts?name=ada")).json["items"][0]["id"]
        await edit(boss, f"/api/v1/accounts/{ada}", {"blocked": True})
        assert (await boss.get("/api/v1/accounts:figures")).json == {
            "total": 4, "blocked": 1, "roles": {"viewer": 2, "editor": 1, "operator": 0, "admin": 1},
            "active": {"day": 1, "week": 3, "month": 3},
            "growth": [{"day": "2026-03-01", "accounts": 2}, {"day": "2026-03-02", "accounts": 2}],
        }  # fmt: skip


async def test_an_edit_needs_the_version_that_was_read(server: Client, boss: Client) -> None:
    path = f"/api/v1/accounts/{await account(server, 'ada')}"
    await boss.ask("PATCH", path, 428, body={"username": "x"})
    old = (await boss.get(path)).etag
    await edit(boss, path, {"username": "eve"})
    await boss.ask("PATCH", path, 412, body={"username": "x"}, headers={"If-Match": old})
    await account(server, "bob", email="bob@x.example")
    taken = await edit(boss, path, {"username": "BOB", "email": "Bob@X.example"}, 409)
    assert [wrong["pointer"] for wrong in taken.json["errors"]] == ["/username", "/email"]
    await signed_in(server, "eve")


async def test_signing_in_makes_no_edit_fail(server: Client, boss: Client) -> None:
    path = f"/api/v1/accounts/{await account(server, 'ada')}"
    before = (await boss.get(path)).etag
    await signed_in(server, "ada")
    await boss.ask("PATCH", path, 200, body={"username": "eve"}, headers={"If-Match": before})


async def test_nobody_gives_a_role_or_changes_an_account_that_may_do_more_than_they(
    server: Client, settings: Settings, boss: Client
) -> None:
    """D07."""
    scopes = [Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE, *scopes_of(Role.VIEWER)]
    key = await create_key(settings, "people", scopes, None, system_clock)
    maker = server.known_by(key)
    found = (await boss.get("/api/v1/account")).json
    path = f"/api/v1/accounts/{found['id']}"
    await maker.post("/api/v1/accounts", {"username": "eve", "role": "admin", "password": PASSWORD}, 403)
    await maker.post("/api/v1/invitations", {"role": "editor"}, 403)
    await edit(maker, path, {"username": "eve"}, 403)
    await maker.ask("PUT", f"{path}/password", 403, body={"password": PASSWORD})
    await maker.ask("DELETE", f"{path}/sessions", 403)
    made = await maker.post("/api/v1/accounts", {"username": "eve", "password": PASSWORD})
    await edit(maker, made.headers["Location"], {"role": "editor"}, 403)
    await edit(maker, made.headers["Location"], {"username": "mallory"})


async def test_the_last_administrator_stays(server: Client, boss: Client) -> None:
    own = f"/api/v1/accounts/{(await boss.get('/api/v1/account')).json['id']}"
    for body in ({"role": "operator"}, {"blocked": True}):
        assert "last administrator" in (await edit(boss, own, body, 409)).json["detail"]
    other = await account(server, "deputy", Role.ADMIN)
    await edit(boss, f"/api/v1/accounts/{other}", {"blocked": True})
    await edit(boss, own, {"role": "viewer"}, 409)  # who is blocked is none
    await edit(boss, f"/api/v1/accounts/{other}", {"blocked": False})
    await edit(boss, own, {"role": "viewer"})


async def test_of_two_administrators_who_demote_each_other_one_stays(server: Client, boss: Client) -> None:
    deputy = await person(server, "deputy", Role.ADMIN)
    paths = [f"/api/v1/accounts/{(await one.get('/api/v1/account')).json['id']}" for one in (deputy, boss)]
    tags = [(await boss.get(path)).etag for path in paths]
    replies = await asyncio.gather(
        *(
            one.ask("PATCH", path, None, body={"role": "viewer"}, headers={"If-Match": tag})
            for one, path, tag in zip((boss, deputy), paths, tags, strict=True)
        )
    )
    async with server.app[SITE].database.reading() as session:
        from sqlmodel import select  # noqa: PLC0415 — of this test alone

        from control_api.tables import Account  # noqa: PLC0415

        assert Role.ADMIN in (await session.exec(select(Account.role))).all()
    assert 200 in {reply.status for reply in replies}


async def test_a_new_password_ends_the_sessions_that_were_opened_with_the_old_one(server: Client, boss: Client) -> None:
    ada = await account(server, "ada")
    here, there = [server.known_by((await signed_in(server, "ada"))["access_token"]) for _ in range(2)]
    wrong = await here.ask("PUT", "/api/v1/account/password", 422, body={"current": "no", "password": "another one"})
    assert wrong.json["errors"][0]["pointer"] == "/current"
    await here.ask("PUT", "/api/v1/account/password", 204, body={"current": PASSWORD, "password": "another one"})
    await here.get("/api/v1/account")
    await there.get("/api/v1/account", 401)
    await server.post("/api/v1/auth/login", {"username": "ada", "password": PASSWORD}, 401)
    await boss.ask("PUT", f"/api/v1/accounts/{ada}/password", 204, body={"password": "a third one"})
    await here.get("/api/v1/account", 401)
    await signed_in(server, "ada", "a third one")


async def test_a_stolen_session_cannot_guess_the_password_for_ever(server: Client) -> None:
    me = await person(server, "ada")
    body = {"current": "wrong", "password": "another one"}
    found = [(await me.ask("PUT", "/api/v1/account/password", None, body=body)).status for _ in range(7)]
    assert found == [422] * 5 + [429] * 2


async def test_everybody_sees_and_ends_their_sessions(server: Client, boss: Client) -> None:
    """BX10, B49: the list of sessions, ending one, ending all others, ending all."""
    me = await person(server, "ada")
    there = await signed_in(server, "ada")
    listed = (await me.get("/api/v1/account/sessions")).json["items"]
    assert [item["is_this"] for item in listed] == [False, True]
    other = server.known_by(there["access_token"])
    ended = await me.ask("DELETE", f"/api/v1/account/sessions/{there['session_id']}")
    assert (ended.json["revoked_for"], ended.json["revoked_at"] is not None) == ("revoked", True)
    await other.get("/api/v1/account", 401)
    await me.ask("DELETE", f"/api/v1/account/sessions/{there['session_id']}")
    theirs = (await boss.get("/api/v1/account/sessions")).json["items"][0]["id"]
    await me.ask("DELETE", f"/api/v1/account/sessions/{theirs}", 404)
    again = server.known_by((await signed_in(server, "ada"))["access_token"])
    await me.ask("DELETE", "/api/v1/account/sessions", 204)
    await again.get("/api/v1/account", 401)
    assert len((await me.get("/api/v1/account/sessions")).json["items"]) == 1
    assert len((await me.get("/api/v1/account/sessions?ended=true")).json["items"]) == 3
    last = server.known_by((await signed_in(server, "ada"))["access_token"])
    await me.ask("POST", "/api/v1/auth/logout?all=true", 204)
    await last.get("/api/v1/account", 401)


async def test_an_administrator_sees_and_ends_the_sessions_of_others(server: Client, boss: Client) -> None:
    """BX10."""
    me = await person(server, "ada")
    own = (await me.get("/api/v1/account")).json["id"]
    path = f"/api/v1/accounts/{own}/sessions"
    found = (await boss.get(path)).json["items"]
    await boss.ask("DELETE", f"{path}/{found[0]['id']}")
    await me.get("/api/v1/account", 401)
    again = server.known_by((await signed_in(server, "ada"))["access_token"])
    await boss.ask("DELETE", path, 204)
    await again.get("/api/v1/account", 401)
    await boss.get(f"/api/v1/accounts/ac_{'0' * 12}7{'0' * 3}8{'0' * 15}/sessions", 404)
    events = (await boss.get("/api/v1/events?type=session.revoked")).json["items"]
    assert len(events) == 2


async def test_one_changes_one_s_own_name_and_nothing_more(server: Client) -> None:
    me = await person(server, "ada", email="ada@x.example", email_verified=True)
    assert (await edit(me, "/api/v1/account", {"username": "eve"})).json["email_verified"] is True
    assert (await edit(me, "/api/v1/account", {"email": "eve@x.example"})).json["email_verified"] is False
    for body in ({"role": "admin"}, {"email_verified": True}, {"blocked": False}):
        await edit(me, "/api/v1/account", body, 422)
    await signed_in(server, "eve@x.example")


async def test_an_api_key_is_nobody(server: Client, key: str) -> None:
    machine = server.known_by(key)
    for method, path in (("GET", "/api/v1/account"), ("POST", "/api/v1/auth/logout"), ("GET", "/api/v1/session")):
        assert "signed in" in (await machine.ask(method, path, 403)).json["detail"]


async def test_who_is_invited_makes_an_account_once(server: Client, boss: Client) -> None:
    """D02."""
    made = (await boss.post("/api/v1/invitations", {"role": "operator", "note": "for Ada"})).json
    given = {"username": "ada", "password": PASSWORD, "invitation": made["token"]}
    signed = (await server.post("/api/v1/auth/register", given)).json
    assert signed["account"]["role"] == "operator"
    await server.post("/api/v1/auth/register", {**given, "username": "eve"}, 403)
    listed = (await boss.get("/api/v1/invitations")).json["items"][0]
    assert (listed["used_by"], "token" in listed) == (signed["account"]["id"], False)
    assert (await boss.get("/api/v1/invitations?open=true")).json["items"] == []
    other = (await boss.post("/api/v1/invitations", {"role": "viewer"})).json
    await boss.ask("DELETE", f"/api/v1/invitations/{other['id']}")
    await boss.ask("DELETE", f"/api/v1/invitations/{other['id']}")
    await server.post("/api/v1/auth/register", {**given, "username": "eve", "invitation": other["token"]}, 403)
    late = await boss.post("/api/v1/invitations", {"role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}, 422)
    assert late.json["errors"][0]["pointer"] == "/expires_at"
    await boss.ask("DELETE", f"/api/v1/invitations/in_{'0' * 12}7{'0' * 3}8{'0' * 15}", 404)


async def test_an_account_that_cannot_be_made_costs_no_invitation(server: Client, boss: Client) -> None:
    token = (await boss.post("/api/v1/invitations", {"role": "viewer"})).json["token"]
    given = {"username": "boss", "password": PASSWORD, "invitation": token}
    await server.post("/api/v1/auth/register", given, 409)
    await server.post("/api/v1/auth/register", {**given, "username": "ada"})


async def test_who_is_blocked_comes_back_by_nothing_that_they_have_made(
    server: Client, boss: Client, settings: Settings
) -> None:
    """Neither by their invitations, nor by their keys, nor by keys and invitations of those."""
    mallory = await person(server, "mallory", Role.ADMIN)
    path = f"/api/v1/accounts/{(await mallory.get('/api/v1/account')).json['id']}"
    every = [str(scope) for scope in Scope]
    by_key = server.known_by((await mallory.post("/api/v1/api-keys", {"name": "k", "scopes": every})).json["key"])
    made = await by_key.post("/api/v1/api-keys", {"name": "k2", "scopes": every})
    by_its_key = server.known_by(made.json["key"])
    tokens = [
        (await one.post("/api/v1/invitations", {"role": "admin"})).json["token"]
        for one in (mallory, by_key, by_its_key)
    ]
    house = server.known_by(await create_key(settings, "house", list(Scope), None, system_clock))
    await edit(boss, path, {"blocked": True})
    for one in (mallory, by_key, by_its_key):
        await one.get("/api/v1/accounts", 401)
    for token in tokens:
        given = {"username": "back", "password": PASSWORD, "invitation": token}
        await server.post("/api/v1/auth/register", given, 403)
    await house.get("/api/v1/accounts")
    assert (await boss.get("/api/v1/events?type=invitation.revoked")).json["items"][0]["subject"]
    await edit(boss, path, {"blocked": False, "role": "editor"})
    await by_its_key.get("/api/v1/accounts", 403)  # it may do what its maker may
    await by_its_key.get("/api/v1/titles")
    for token in tokens:
        given = {"username": "back", "password": PASSWORD, "invitation": token}
        await server.post("/api/v1/auth/register", given, 403)


async def test_who_is_demoted_has_invited_nobody(server: Client, boss: Client) -> None:
    deputy = await person(server, "deputy", Role.ADMIN)
    token = (await deputy.post("/api/v1/invitations", {"role": "viewer"})).json["token"]
    await edit(boss, f"/api/v1/accounts/{(await deputy.get('/api/v1/account')).json['id']}", {"role": "operator"})
    await server.post("/api/v1/auth/register", {"username": "x", "password": PASSWORD, "invitation": token}, 403)
    assert (await boss.get("/api/v1/invitations?open=true")).json["items"] == []


async def test_a_new_password_of_somebody_forgets_their_identities_where_that_is_asked_for(
    server: Client, boss: Client
) -> None:
    ada = await account(server, "ada")
    async with server.app[SITE].database.writing() as session:
        for name in ("id_1", "id_2"):
            row = Identity(id=name, digest=name, account_id=ada, issuer="i", subject=name, created_at=NOW)
            session.add(row)
    for body, left in (({"password": PASSWORD}, 2), ({"password": PASSWORD, "unlink_identities": True}, 0)):
        await boss.ask("PUT", f"/api/v1/accounts/{ada}/password", 204, body=body)
        me = server.known_by((await signed_in(server, "ada"))["access_token"])
        assert len((await me.get("/api/v1/account/identities")).json["items"]) == left
