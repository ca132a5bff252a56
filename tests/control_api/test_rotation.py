"""What the station signs with is made by itself, replaced in time, and nobody is signed out by that (C66, D29)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from clients import Client, running
from hypothesis import given
from hypothesis import strategies as st
from persons import Page, Times, account, cheap, signed_in
from promises import broken_promise, with_a_promise
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from control_api.database import Database
from control_api.people.roles import Role
from control_api.problems import Problem
from control_api.rotation import READ_AGAIN, SETTLES, Rotation, for_a_while, look
from control_api.signing import Signer
from control_api.tables import Secret

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.settings import Settings

DAY = timedelta(days=1)
START = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def times() -> Times:
    return Times(START)


async def names(database: Database, name: str) -> list[str]:
    async with database.reading() as session:
        rows = await session.exec(select(Secret.name).where(col(Secret.name).startswith(name)).order_by(Secret.name))
        return list(rows.all())


async def refreshed(client: Client, token: str, status: int = 200) -> str:
    reply = await client.post("/api/v1/auth/refresh", {"refresh_token": token}, status)
    return str(reply.json.get("refresh_token", ""))


async def test_sessions_go_on_through_every_turn_and_old_copies_are_still_caught(
    settings: Settings, times: Times, database: Database
) -> None:
    quick = cheap(settings, signing_key_days=1, session_days=10, refresh_days=10)
    async with running(quick, clock=times) as client, running(quick, clock=times) as other:
        await account(client, "ada")
        tokens = [(await signed_in(client, "ada"))["refresh_token"]]
        for turn in range(5):
            times.now += DAY
            tokens.append(await refreshed((client, other)[turn % 2], tokens[-1]))
            assert await refreshed((other, client)[turn % 2], tokens[-2]) == tokens[-1], "the very same, for a retry"
            signed = await signed_in((other, client)[turn % 2], "ada")
            times.now += SETTLES
            await refreshed((client, other)[turn % 2], signed["refresh_token"])
        assert len(await names(database, "refresh")) == 6, "the first session needs the first secret still"
        made_up = tokens[1][:-4] + "AAAA"
        await refreshed(other, made_up, 401)
        tokens.append(await refreshed(other, tokens[-1]))
        await refreshed(client, tokens[2], 401)
        await refreshed(client, tokens[-1], 401)  # a copy was sent: the session is over
        times.now += 11 * DAY
        await signed_in(client, "ada")
        times.now += DAY
        await signed_in(client, "ada")
        assert await names(database, "refresh") == ["refresh.5", "refresh.6", "refresh.7"], (
            "what signed in a live session"
        )


async def test_a_page_that_is_open_goes_on_changing_things(
    settings: Settings, times: Times, database: Database
) -> None:
    quick = cheap(settings, signing_key_days=1, session_days=10, cookie_idle_minutes=60 * 24 * 10)
    async with running(quick, clock=times) as client:
        await account(client, "ada", Role.ADMIN)
        page = Page(client)
        await page.sign_in("ada")
        used = {page.token}
        for turn in range(4):
            body = {"name": f"key {turn}", "scopes": ["titles:read"]}
            for token in used:
                headers = page.headers() | {"X-CSRF-Token": token}
                await client.post("/api/v1/api-keys", body, 201, headers=headers)
            times.now += DAY
            used.add((await client.get("/api/v1/session", headers=page.headers())).json["csrf_token"])
            times.now += SETTLES
            used.add((await client.get("/api/v1/session", headers=page.headers())).json["csrf_token"])
        assert len(used) == 5
        for wrong in ("x", "é".encode().decode("latin-1"), page.token[:-3] + "AAA", page.token + "=" * 9):
            await client.post("/api/v1/api-keys", {}, 403, headers=page.headers() | {"X-CSRF-Token": wrong})
        assert len(await names(database, "csrf")) == 5
        times.now += 11 * DAY
        await page.sign_in("ada")
        times.now += DAY
        await page.sign_in("ada")
        assert await names(database, "csrf") == ["csrf.4", "csrf.5", "csrf.6"]


async def test_a_cursor_is_good_for_a_while_and_not_for_ever(
    settings: Settings, times: Times, key: str, database: Database
) -> None:
    async with running(cheap(settings, signing_key_days=1), clock=times) as server:
        client = server.known_by(key)
        for name in "ab":
            await client.post("/api/v1/api-keys", {"name": name, "scopes": ["titles:read"]})
        following = (await client.get("/api/v1/api-keys?limit=1")).json["next"]
        for _ in range(2):
            await client.get(following)
            times.now += DAY
        await client.get(following)
        times.now += DAY
        told = await client.get(following, 400)
        assert "cursor" in told.json["type"]
        assert len(await names(database, "cursors")) == 3


async def test_of_many_processes_one_makes_the_next_secret_and_all_change_to_it_at_once(
    database_url: str, times: Times
) -> None:
    several = [Database(database_url, connections=1) for _ in range(4)]
    known = [Rotation(one, "x", signs_for=DAY, needed=for_a_while(DAY)) for one in several]
    with pytest.raises(Problem):
        known[0].at(times.now)
    for turn in range(1, 4):
        await asyncio.gather(*(one.look(times.now) for one in known))
        assert len({one.at(times.now).secret for one in known}) == 1
        made = await names(several[0], "x")
        assert len(made) == min(turn, 3)
        times.now += DAY
    before = known[0].at(times.now).secret
    await known[0].look(times.now)  # the others have not heard of it
    assert {one.at(times.now).secret for one in known} == {before}
    times.now += READ_AGAIN
    await asyncio.gather(*(one.look(times.now) for one in known))
    assert {one.at(times.now).secret for one in known} == {before}
    times.now += SETTLES
    (after,) = {one.at(times.now).secret for one in known}
    assert after != before
    assert all(one.at(times.now - SETTLES).secret == before for one in known), "of an earlier instant it is the same"
    for one in several:
        await one.close()


async def test_what_was_not_kept_signs_nothing_and_is_made_when_it_can_be(times: Times, database: Database) -> None:
    await with_a_promise(database)
    lived, new = (Rotation(database, name, signs_for=DAY, needed=for_a_while(DAY)) for name in "xy")
    for _ in range(2):
        await lived.look(times.now)
        times.now += DAY

    async def broken(session: AsyncSession, now: datetime) -> datetime:
        await broken_promise(session)
        return now

    failing = Rotation(database, "x", signs_for=DAY, needed=broken)
    with pytest.raises(IntegrityError):
        await look((failing, new), times.now)
    with pytest.raises(Problem):
        new.at(times.now)
    await new.look(times.now)
    other = Rotation(database, "y", signs_for=DAY, needed=for_a_while(DAY))
    await other.look(times.now)
    assert new.at(times.now).secret == other.at(times.now).secret


async def test_while_the_database_does_not_answer_what_is_known_stays(settings: Settings, times: Times) -> None:
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", patience_ms=200)
    with pytest.raises(Exception, match="connection"):
        await Rotation(gone, "x", signs_for=DAY, needed=for_a_while(DAY)).look(times.now)
    await gone.close()
    found = Database(settings.database_url)
    known = Rotation(found, "x", signs_for=DAY, needed=for_a_while(DAY))
    await known.look(times.now)
    before = known.at(times.now)
    assert known.at(times.now + 9 * DAY) == before
    await found.close()


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_what_one_of_the_secrets_has_signed_is_proven_for_its_purpose_alone(
    new: bytes, old: bytes, text: bytes
) -> None:
    signer = Signer(new, (old,))
    assert signer.opened("a", Signer(old).signed("a", text)) == text
    assert signer.opened("a", signer.signed("a", text)) == text
    assert signer.opened("b", Signer(old).signed("a", text)) is None
