"""Lists: every item once, in order, whatever comes and goes meanwhile; a cursor fits its own list alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, delete

from control_api.changes import Actor, Change, audited
from control_api.cursors import sealed, unsealed
from control_api.database import Database
from control_api.happenings import Happening, append
from control_api.problems import Problem
from control_api.resources.events import EventShown
from control_api.signing import Signer, signer
from control_api.tables import Event
from playout.clock import system_clock

if TYPE_CHECKING:
    from clients import Client

    from control_api.settings import Settings

EVENTS = "/api/v1/events"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def many(database: Database) -> int:
    async with database.writing() as session:
        await append(session, [Happening(f"x.{'ab'[n % 2]}", f"s{n % 5}", {"n": n}) for n in range(47)], NOW)
    return 47


async def walked(client: Client, path: str) -> list[Any]:
    items: list[Any] = []
    while path:
        page = await client.get(path)
        link = page.headers.get("Link", "")
        assert link == (f'<{page.json["next"]}>; rel="next"' if page.json["next"] else "")
        items += page.json["items"]
        path = page.json["next"] or ""
    return items


async def test_a_walk_sees_everything_once_and_in_order(client: Client, many: int) -> None:
    for limit in (1, 10, 46, 47, 100):
        found = await walked(client, f"{EVENTS}?limit={limit}&type=x.a&type=x.b")
        assert [item["data"]["n"] for item in found] == list(range(many)), limit


async def test_filters_hold_on_every_page(client: Client, many: int) -> None:
    found = await walked(client, f"{EVENTS}?limit=3&type=x.a&subject=s2")
    assert [item["data"]["n"] for item in found] == [n for n in range(many) if n % 2 == 0 and n % 5 == 2]


async def test_what_is_removed_or_added_meanwhile_moves_no_page(client: Client, many: int, database: Database) -> None:
    first = (await client.get(f"{EVENTS}?limit=20&type=x.a&type=x.b")).json
    async with database.writing() as session:
        await session.exec(delete(Event).where(col(Event.sequence) <= first["items"][-1]["sequence"]))
    rest = await walked(client, first["next"])
    assert [item["data"]["n"] for item in rest] == list(range(20, many))


async def test_a_list_that_descends_is_walked_as_well(client: Client, database: Database) -> None:
    async with database.writing() as session:
        for number in range(25):
            shown = EventShown(sequence=number, id="e", type="t", at=NOW, subject="s", data={})
            actor = Actor("a", "A", "test")
            audited(
                session, actor, Change("thing", f"t{number}", "created", after=shown), NOW + timedelta(seconds=number)
            )
    found = await walked(client, "/api/v1/audit?limit=4&kind=thing")
    assert [item["subject"] for item in found] == [f"t{number}" for number in range(25)][::-1]
    since = "/api/v1/audit?kind=thing&since=2026-03-01T00:00:05Z&until=2026-03-01T01:00:07%2B01:00"
    assert [item["subject"] for item in await walked(client, since)] == ["t6", "t5"]


@pytest.mark.usefixtures("many")
async def test_a_cursor_fits_its_own_list_and_filters_alone(client: Client) -> None:
    page = (await client.get(f"{EVENTS}?limit=5&type=x.a")).json["next"]
    cursor = page.partition("cursor=")[2]
    for path in (f"{EVENTS}?type=x.b&cursor={cursor}", f"/api/v1/audit?cursor={cursor}", f"{EVENTS}?cursor=A{cursor}"):
        assert (await client.get(path, 400)).json["type"] == "/problems/bad-cursor"
    assert len((await client.get(f"{EVENTS}?limit=7&type=x.a&cursor={cursor}")).json["items"]) == 7


async def test_a_page_is_asked_for_within_bounds(client: Client) -> None:
    for query in ("limit=0", "limit=101", "limit=x", "cursor=", f"cursor={'a' * 2000}"):
        await client.get(f"{EVENTS}?{query}", 400)


async def test_links_begin_with_the_public_address(settings: Settings, key: str, many: int) -> None:
    assert many
    public = settings.model_copy(update={"public_url": "https://tv.example"})
    async with running(public) as client:
        page = await client.known_by(key).get(f"{EVENTS}?limit=1")
        assert page.json["next"].startswith(f"https://tv.example{EVENTS}?limit=1&cursor=")
        assert client.document["servers"] == [{"url": "https://tv.example"}]


@given(
    st.lists(st.none() | st.integers() | st.text() | st.datetimes(timezones=st.just(UTC)), min_size=1, max_size=4),
    st.text(max_size=20),
)
def test_what_is_sealed_is_unsealed(values: list[Any], place: str) -> None:
    sign = Signer(b"secret")
    assert unsealed(sign, place, sealed(sign, place, values)) == values


@given(st.text(max_size=60))
def test_anything_else_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(Problem):
        unsealed(Signer(b"secret"), "place", text)


async def test_all_processes_sign_alike(database_url: str) -> None:
    several = [Database(database_url, connections=1) for _ in range(5)]
    found = await asyncio.gather(*(signer(database, "cursors", system_clock()) for database in several))
    for database in several:
        await database.close()
    assert len({one.secret for one in found}) == 1
    assert len(found[0].secret) == 32
