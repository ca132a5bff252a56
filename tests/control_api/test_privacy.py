"""Everything that is kept of somebody is handed to them, and nothing of it is left when they have gone."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from clients import running
from everything import everything, lived
from hypothesis import given
from hypothesis import strategies as st
from persons import PASSWORD, Times, account, cheap, person, signed_in
from sqlalchemy import insert
from sqlmodel import col, select

from control_api.instants import written
from control_api.people.roles import Role
from control_api.privacy import handing, leaving
from control_api.privacy.theirs import (
    ANONYMOUS,
    GONE,
    KEPT_BACK,
    LEFT_OUT,
    MENTIONED,
    NAMED,
    NOBODYS,
    personal,
    shown,
)
from control_api.signing import Signer
from control_api.site import SITE
from control_api.tables import METADATA, Account, AuditEntry, DataExport
from control_api.tidying.daily import Tidier
from playout.clock import system_clock

if TYPE_CHECKING:
    import pytest
    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = re.compile(
    r"(^|_)(account|profile|owner|caller|user|viewer|e?mail|address|person|device|who|author|assignee)(_id|_name)?$"
    r"|_by(_name)?$"
)
"""How columns are called that may say who somebody is."""
NOT_OF_USERS = {
    ("artwork", "person_id"): "of somebody in a film",
    ("credit", "person_id"): "the same",
    ("person_elsewhere", "person_id"): "the same",
    ("asset_care", "replaced_by"): "an asset",
    ("play_session", "ended_by"): "what ended it",
    ("refund", "by"): "an id of the staff, which leads to nobody once they have gone",
}


def test_it_is_said_of_every_table_whose_rows_are() -> None:
    """A new table is of people by its foreign keys, or is listed; so is what becomes of its rows when they go."""
    said = [{table.name for table in personal()}, set(NAMED), set(NOBODYS)]
    assert set().union(*said) == set(METADATA.tables)
    assert sum(map(len, said)) == len(METADATA.tables)
    telling = {
        (table.name, column.name)
        for table in METADATA.sorted_tables
        if table not in personal()
        for column in table.columns
        if WORDS.search(column.name)
    }
    known = {(name, column) for name, named in NAMED.items() for column in (*named.by, *named.blanked)}
    assert telling - known - NOT_OF_USERS.keys() == {("audit", "caller_name"), ("audit", "address")}


def test_what_is_said_of_tables_fits_them() -> None:
    people = {table.name: table for table in personal()}
    for name, values in ANONYMOUS.items():
        columns = people[name].c
        assert all(columns[column].nullable or value is not None for column, value in values.items())
        keys = people[name].foreign_keys
        owners = {key.parent.name for key in keys if key.column.table.name in ("account", "profile")}
        assert owners <= values.keys(), f"{name} would go with its owner, or keep its name"
    for name, column in (*KEPT_BACK, *MENTIONED):
        assert column in METADATA.tables[name].c
    for table in personal():
        for key in table.foreign_keys:
            mentions = (table.name, key.parent.name) in MENTIONED
            if key.column.table.name in people:
                assert key.ondelete in (("SET NULL",) if mentions else ("CASCADE", "SET NULL")), (
                    table.name,
                    key.parent,
                )
    assert LEFT_OUT.keys() <= people.keys()


@given(st.binary(min_size=1, max_size=40), st.integers(-10_000, 10_000), st.text(max_size=30))
def test_an_address_opens_one_archive_of_one_account_for_a_while(secret: bytes, seconds: int, forged: str) -> None:
    row = DataExport(id="dx_1", account_id="ac_1", created_at=NOW, expires_at=NOW)
    other = DataExport(id="dx_1", account_id="ac_2", created_at=NOW, expires_at=NOW)
    until = NOW + timedelta(seconds=1000)
    token, later = handing.token(Signer(secret), row, until), NOW + timedelta(seconds=seconds)
    assert handing.opens(Signer(secret), row, token, later) == (later < until)
    assert not handing.opens(Signer(secret), other, token, NOW)
    assert not handing.opens(Signer(secret + b"x"), row, token, NOW)
    assert not handing.opens(Signer(secret), row, forged, NOW)
    ends, _, signature = token.partition(".")
    assert not handing.opens(Signer(secret), row, f"{int(ends) + 1}.{signature}", NOW)


async def made(client: Client) -> dict[str, Any]:
    """A new archive, once it is ready."""
    begun = (await client.post("/api/v1/me/export", None, 202)).json
    for _ in range(400):
        found: dict[str, Any] = (await client.get(f"/api/v1/me/exports/{begun['id']}")).json
        if found["ended_at"]:
            assert found["is_ready"], found
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(begun)


def opened(body: bytes) -> dict[str, Any]:
    """The files of an archive."""
    with ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


async def test_an_export_has_every_row_that_is_of_somebody_and_no_other(settings: Settings) -> None:
    """BX12, GDPR: what is handed out is compared with the tables themselves, column by column."""
    async with running(cheap(settings)) as client:
        ada, bea = await person(client, "ada", email="ada@example.org"), await person(client, "bea")
        ids = [(await one.get("/api/v1/account")).json["id"] for one in (ada, bea)]
        database: Database = client.app[SITE].database
        lives = [await lived(database, ids[0], "adamark"), await lived(database, ids[1], "beamark", 5000)]
        export = await made(ada)
        path = export["url"].removeprefix(str(client.root).rstrip("/"))
        reply = await client.get(path)  # a browser that is sent there has nothing but the address
        assert hashlib.sha256(reply.body).hexdigest() == export["digest"]
        assert (len(reply.body), reply.headers["Content-Type"]) == (export["size"], "application/zip")
        files = opened(reply.body)
        now = await everything(database)
        told = {table.name for table in personal()} - LEFT_OUT.keys() | set(NAMED)
        assert files.keys() == {f"{name}.json" for name in told} | {"about.json"}
        for name in told:
            mine = lives[0].mine.get(name, [])
            assert mine or name in ("account", "data_export"), f"no row of {name} was tried"
            for row in mine:
                wanted = {
                    column: _written(row[column])
                    for column in shown(METADATA.tables[name])
                    if row.get(column) is not None
                }
                if name == "audit" and row["caller"] != ids[0]:  # what is theirs is not who of the staff did it
                    wanted |= {"caller_name": "somebody of the station", "address": ""}
                assert any(wanted.items() <= _hashable(one, wanted).items() for one in files[f"{name}.json"]), (
                    name,
                    wanted,
                )
            assert len(files[f"{name}.json"]) >= len(mine)
        texts = {name: json.dumps(rows, ensure_ascii=False) for name, rows in files.items()}
        assert [name for name, text in texts.items() if "beamark" in text or ids[1] in text] == []
        assert files["account.json"][0]["email"] == "ada@example.org"
        assert files["about.json"]["tables"]["watched"]["is"].startswith("That a profile has seen")
        hidden = [row[column] for (name, column) in KEPT_BACK for row in now[name] if row[column] is not None]
        assert hidden
        assert [value for value in hidden if any(f'"{value}"' in text for text in texts.values())] == []

        # the address is of this archive, its owner is told it alone, and nobody asks for two at once
        await client.get(path.replace("?token=1", "?token=2"), 403)
        await client.get(path.replace(export["id"], export["id"][:-1] + ("0" if export["id"][-1] != "0" else "1")), 403)
        await bea.get(f"/api/v1/me/exports/{export['id']}", 404)
        await bea.ask("DELETE", f"/api/v1/me/exports/{export['id']}", 404)
        assert [one["id"] for one in (await ada.get("/api/v1/me/exports")).json["items"]] == [export["id"]]
        await ada.ask("DELETE", f"/api/v1/me/exports/{export['id']}", 204)
        await client.get(path, 403)
        assert (await everything(database))["data_export_piece"] == []
        assert "Your data are ready" in {row["title"] for row in (await everything(database))["notice"]}


def _written(value: Any) -> Any:
    """As an archive has it."""
    if isinstance(value, datetime):
        return written(value)
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


def _hashable(row: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: _written(row.get(name)) for name in wanted}


async def test_who_leaves_is_out_at_once_and_may_come_back_for_some_days(settings: Settings) -> None:
    """BX12: by oneself, proven lately or by the password, or by the staff; undone by signing in, or by the staff."""
    clock = Times(system_clock())
    async with running(cheap(settings, leave_days=30, caller_cache_ms=0), clock=clock) as client:
        ada, boss = await person(client, "ada", email="ada@example.org"), await person(client, "boss", Role.ADMIN)
        name, own = [(await one.get("/api/v1/account")).json["id"] for one in (ada, boss)]
        closed = await ada.ask("DELETE", "/api/v1/me", 202)
        assert closed.json["closes_at"][:10] == (clock.now + timedelta(days=30)).date().isoformat()
        assert (await ada.get("/api/v1/account", 401)).json["detail"] == "the session was ended: sign in again"
        assert (await boss.get(f"/api/v1/accounts/{name}")).json["closes_at"] == closed.json["closes_at"]
        again = await signed_in(client, "ada")
        assert again["account"]["closes_at"] is None
        ada = client.known_by(again["access_token"])
        assert (await ada.get("/api/v1/account")).json["email"] == "ada@example.org"
        clock.now += timedelta(minutes=10)
        await ada.ask("DELETE", "/api/v1/me", 403)  # a session that somebody has found proves nothing
        await ada.post("/api/v1/me/deletion", {"current": "guessed at"}, 422)
        await ada.post("/api/v1/me/deletion", {"current": PASSWORD}, 202)
        assert (await boss.ask("DELETE", f"/api/v1/accounts/{name}/deletion", 200)).json["closes_at"] is None
        first = (await boss.post(f"/api/v1/accounts/{name}/deletion", None, 202)).json
        clock.now += timedelta(minutes=1)
        assert (await boss.post(f"/api/v1/accounts/{name}/deletion", None, 202)).json == first
        await boss.post(f"/api/v1/accounts/{own}/deletion", None, 409)  # the last administrator
        site = client.app[SITE]
        clock.now += timedelta(days=30)
        done = await Tidier(site.settings, site.database, site.feed, clock).once()
        assert done["accounts"] == 1
        await _until(lambda: _is_gone(site.database, name))
        await client.post("/api/v1/auth/login", {"username": "ada", "password": PASSWORD}, 401)


async def test_who_leaves_leaves_nothing_behind_and_takes_nothing_from_others(settings: Settings) -> None:
    """BX12: when the days are over nothing of them is in any table, and what stays in the books names nobody."""
    clock = Times(system_clock())
    async with running(cheap(settings, leave_days=30, caller_cache_ms=0), clock=clock) as client:
        ada = await person(client, "ada", email="adamark@example.org", email_verified=True)
        await account(client, "boss", Role.ADMIN)
        ids = [(await ada.get("/api/v1/account")).json["id"], await account(client, "bea")]
        site = client.app[SITE]
        await lived(site.database, ids[0], "adamark")
        await lived(site.database, ids[1], "beamark", 5000)
        await ada.ask("DELETE", "/api/v1/me", 202)
        assert await leaving.due(site.database, clock.now + timedelta(days=29, hours=23)) == 0
        before = await everything(site.database)
        assert any(row["id"] == ids[0] for row in before["account"])
        clock.now += timedelta(days=30)
        assert [await leaving.due(site.database, clock.now) for _ in range(2)] == [1, 0]
        site.queue.ring()
        await _until(lambda: _is_gone(site.database, ids[0]))
        after = await everything(site.database)
        _check_left(before, after, ids[0])
        boss = client.known_by((await signed_in(client, "boss"))["access_token"])
        told = (await boss.get("/api/v1/audit?kind=account")).json["items"]
        purged = next(one["after"] for one in told if one["action"] == "purged")
        assert (purged["removed"]["watched"], purged["anonymous"]["play_session"]) == (1, 1)
        await account(client, "ada")  # the name is free again


def _check_left(before: dict[str, Any], after: dict[str, Any], gone: str) -> None:
    """Of who is gone nothing is left, and of everybody else all of it."""
    assert "adamark@example.org" not in repr(after)
    people = {table.name for table in personal()}
    assert {name for name in people if "adamark" in repr(after[name])} <= ANONYMOUS.keys()
    assert [row for name in people for row in after[name] if gone in row.values()] == []
    own = [row for row in after["audit"] if row["kind"] in ("account", "session") and row["caller"] == gone]
    own += [row for row in after["audit"] if row["subject"] == gone and row["action"] != "purged"]
    assert len(own) >= 3
    assert [row for row in own if row["before"] or row["after"]] == []
    hers = [row for row in after["audit"] if row["caller"] == gone]
    assert {(row["caller_name"], row["address"]) for row in hers} == {(GONE, "")}
    assert [len(after[name]) for name in ANONYMOUS] == [len(before[name]) for name in ANONYMOUS]
    for name in before.keys() - {"duty", "job", "job_entry", "event", "audit"}:
        assert _marked(before[name]) == _marked(after[name])


def _marked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if "beamark" in repr(row)]


async def test_all_who_have_left_go_the_same_day_and_the_audit_is_read_in_portions(database: Database) -> None:
    async with database.writing() as session:
        gone = [f"ac_{number:04}" for number in range(leaving.AT_ONCE * 2 + 5)]
        known = {"role": "viewer", "version": 1, "email_verified": False, "created_at": NOW, "closes_at": NOW}
        people = [{**known, "id": one, "username": one, "username_folded": one} for one in gone]
        await session.exec(insert(Account), params=people)
        same = {"at": NOW, "caller_name": "", "address": "", "request_id": "", "operation": "", "action": "updated"}
        entries = [
            {"id": f"au_{n:04}", "caller": "x", "kind": "account", "subject": gone[n % 3], "after": {"n": n}, **same}
            for n in range(20)
        ]
        await session.exec(insert(AuditEntry), params=entries)
    assert [await leaving.due(database, NOW) for _ in range(2)] == [len(gone), 0]
    assert await leaving.hushed(database, gone[0], size=3) == "au_0019"
    async with database.reading() as session:
        said = (await session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))).all()
    assert [row.after for row in said] == [None if n % 3 == 0 else {"n": n} for n in range(20)]


async def _is_gone(database: Database, name: str) -> bool:
    rows = await everything(database)
    return not any(row["id"] == name for row in rows["account"])


async def _until(asked: Any) -> None:
    for _ in range(400):
        if await asked():
            return
        await asyncio.sleep(0.02)
    message = "it did not happen"
    raise AssertionError(message)


async def test_nothing_personal_is_in_the_journal_or_in_an_address(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """B33, IP privacy: what people type stays out of it, and where they are is no more than a network."""
    caplog.set_level(logging.DEBUG, "fastline")
    marks = ("marked.name", "marked@example.org", "markedprofile", "markedwords", PASSWORD)
    away = {"X-Forwarded-For": "198.51.100.77"}
    open_ = settings.model_copy(
        update={"access_log": True, "registration": True, "trusted_proxies": (ip_network("127.0.0.0/8"),)}
    )
    async with running(cheap(open_)) as client:
        given = {"username": marks[0], "email": marks[1], "password": PASSWORD}
        tokens = (await client.post("/api/v1/auth/register", given, 201, headers=away)).json
        await client.post("/api/v1/auth/login", {**given, "email": None, "password": "wrong wrong"}, None, headers=away)
        await client.post("/api/v1/auth/login", {"username": marks[0], "password": "wrong wrong"}, 401, headers=away)
        await client.post("/api/v1/auth/register", given, 409, headers=away)
        ada = client.known_by(tokens["access_token"])
        replies = [await ada.post("/api/v1/profiles", {"name": marks[2]}, None, headers=away)]
        for path in (f"/api/v1/titles?q={marks[3]}", f"/search?q={marks[3]}", f"/api/v1/search?q={marks[3]}"):
            replies += [await ada.get(path, None, headers=away)]
        await ada.post("/api/v1/me/export", None, 202, headers=away)
        replies += [await ada.get("/api/v1/me/exports", headers=away), await ada.get("/api/v1/account", headers=away)]
        boss = await person(client, "boss", Role.ADMIN)
        for name in marks[:2]:
            replies += [await boss.get(f"/api/v1/accounts?name={name}", headers=away)]
        await ada.ask("DELETE", "/api/v1/me", 202, headers=away)
    journal = "\n".join(repr(vars(record)) + record.getMessage() for record in caplog.records)
    assert "POST /api/v1/auth/register 201" in journal
    assert "'client': '198.51.100.0/24'" in journal
    assert [mark for mark in (*marks, "198.51.100.77") if mark in journal] == []
    made = [url for reply in replies for url in re.findall(rb'https?://[^"]+|"/[^"]*\?[^"]*"', reply.body)]
    headers = [value for reply in replies for name, value in reply.headers.items() if name in ("Location", "Link")]
    assert [url for url in (*map(bytes.decode, made), *headers) for mark in marks if mark in url] == []
