"""What a viewer is shown: published titles, the guide and channels on air; no drafts, nothing archived, and no rules.

Rows B54, B55, B57, C41, C42, D07.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from desks import WRITTEN, House, house
from persons import cheap, person

from control_api.key_creation import create_key
from control_api.scopes import Scope
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from clients import Client

    from control_api.settings import Settings

CHANNELS = "/api/v1/channels"
LISTS = (
    ("/movies", "results"),
    ("/api/movies", "results"),
    ("/search?q=night", "results"),
    ("/api/search?q=night", "results"),
    ("/api/movies/search?q=night", "results"),
    ("/api/movies/popular", "results"),
    ("/api/v1/content", "content"),
    ("/api/content", "content"),
    ("/api/v1/titles?kind=movie", "items"),
    ("/api/v1/search?q=night", "items"),
    ("/api/v1/suggestions?q=night", "items"),
)
ONES = ("/movies/{}", "/api/movies/{}", "/api/v1/content/{}", "/api/content/{}", "/api/v1/titles/{}")


@pytest.fixture
def desk(tmp_path: Path) -> House:
    return house(tmp_path)


@pytest.fixture
async def staff(desk: House, settings: Settings, key: str) -> AsyncIterator[Client]:
    async with running(cheap(settings), clock=desk.clock) as found:
        yield found.known_by(key)


@pytest.fixture
async def viewer(staff: Client) -> Client:
    return await person(staff.known_by(None), "vera")


async def made(staff: Client, name: str, state: str, **more: Any) -> str:
    body = {"kind": "movie", "name": name, "state": state, **more}
    found: str = (await staff.post("/api/v1/titles", body)).json["id"]
    return found


def names(items: list[Any]) -> set[str]:
    return {one.get("title") or one["name"] for one in items}


@pytest.fixture
async def titles(staff: Client) -> dict[str, str]:
    return {
        state: await made(staff, f"Night of the {state}", state, genres=[f"Of the {state}", "Noir"])
        for state in ("published", "draft", "archived")
    }


STAFFED = (
    "/api/v1/content?status=draft", "/api/v1/titles?state=archived", "/api/v1/titles?deleted=true",
    "/api/v1/search?q=night&state=draft", "/api/v1/suggestions?q=n&state=published&state=draft",
    "/api/v1/shelves?state=draft",
)  # fmt: skip
"""What takes the right to read titles that are not published."""


async def test_what_is_published_is_shown_and_nothing_else(
    viewer: Client, staff: Client, titles: dict[str, str]
) -> None:
    """In lists, one by one, and by genre; who asks for drafts is told which right that takes."""
    for path, field in LISTS:
        assert names((await viewer.get(path)).json[field]) == {"Night of the published"}, path
    for path in ONES:
        await viewer.get(path.format(titles["published"]))
        for hidden in ("draft", "archived"):
            refused = await viewer.get(path.format(titles[hidden]), 404)
            assert "Night" not in refused.body.decode()
    for path in STAFFED:
        assert (await viewer.get(path, 403)).json["scope"] == "titles:read", path
        await staff.get(path)
    found = (await viewer.get("/api/v1/genres")).json["items"]
    assert {(one["name"], one["titles"]) for one in found} == {("Noir", 1), ("Of the published", 1)}
    assert {one["name"]: one["titles"] for one in (await staff.get("/api/v1/genres")).json["items"]}["Noir"] == 3
    shelves = (await viewer.get("/api/v1/shelves?state=published")).json["items"]
    assert {one["genre"]["name"]: len(one["items"]) for one in shelves} == {"Noir": 1, "Of the published": 1}
    await viewer.get("/api/v1/tags", 403)


async def test_nothing_above_or_beneath_shows_that_is_not_published(viewer: Client, staff: Client) -> None:
    series = (await staff.post("/api/v1/titles", {"kind": "series", "name": "Secret", "state": "draft"})).json["id"]
    seasons = []
    for number, state in ((1, "published"), (2, "draft")):
        body = {"kind": "season", "name": state, "parent_id": series, "number": number, "state": state}
        seasons.append((await staff.post("/api/v1/titles", body)).json["id"])
    season = (await viewer.get(f"/api/v1/titles/{seasons[0]}")).json
    assert season["above"] == []
    assert "Secret" not in (await viewer.get("/api/v1/titles")).body.decode()
    etag = (await staff.get(f"/api/v1/titles/{series}")).etag
    body = {"state": "published"}
    await staff.ask("PATCH", f"/api/v1/titles/{series}", body=body, headers={"If-Match": etag})
    shown = (await viewer.get(f"/api/v1/titles/{series}")).json
    assert [one["name"] for one in shown["beneath"]] == ["published"]
    assert [one["name"] for one in (await staff.get(f"/api/v1/titles/{series}")).json["beneath"]] == [
        "published",
        "draft",
    ]
    assert [one["title"] for one in (await viewer.get(f"/api/v1/content/{series}")).json["seasons"]] == ["published"]


async def test_channels_are_told_as_they_are_published_and_so_is_what_is_on(
    viewer: Client, staff: Client, desk: House
) -> None:
    assert (await viewer.get(f"{CHANNELS}/films/now")).json["program"]["asset"].startswith("film-")
    await viewer.get(f"{CHANNELS}/films/play")
    assert (await viewer.get(f"{CHANNELS}/films/guide")).json["items"]
    assert b"<programme" in (await viewer.get("/api/v1/guide")).body
    for path in (f"{CHANNELS}/films/why", f"{CHANNELS}/films/as-run", "/api/v1/withdrawals", "/api/v1/channels.yaml"):
        await viewer.get(path, 403)
    desk.file.write_text(
        WRITTEN.replace("name: Films ", "name: Hush ") + "  soon: {number: 9, name: Soon, include: {any: [movie]}}\n"
    )
    found = (await viewer.get(CHANNELS)).json["items"]
    assert [(one["id"], one["name"], one["in_file"], one["published"]) for one in found] == [
        ("films", "Films", None, None),
        ("late", "Late", None, None),
    ]
    assert found[0]["now"]["title"].startswith("Title of film-")
    one = (await viewer.get(f"{CHANNELS}/films")).json
    assert (one["name"], one["written"], one["line"], one["mistakes"]) == ("Films", None, None, None)
    await viewer.get(f"{CHANNELS}/soon", 404)
    assert (await staff.get(f"{CHANNELS}/films")).json["name"] == "Hush"
    await staff.get(f"{CHANNELS}/soon")


async def test_who_may_see_more_may_see_what_the_audience_sees(settings: Settings, desk: House) -> None:
    """A key for titles opens the lists of films, and one for channels, which sees them by the file, the guide."""
    keys = {
        scope: await create_key(settings, scope, [scope], None, system_clock)
        for scope in (Scope.TITLES_READ, Scope.CHANNELS_READ, Scope.CHANNELS_WRITE, Scope.JOBS_READ)
    }
    async with running(settings, clock=desk.clock) as client:
        await client.known_by(keys[Scope.TITLES_READ]).get("/api/v1/titles?state=draft")
        await client.known_by(keys[Scope.CHANNELS_READ]).get(f"{CHANNELS}/films/guide")
        assert (await client.known_by(keys[Scope.CHANNELS_READ]).get(f"{CHANNELS}/films")).json["written"]
        await client.known_by(keys[Scope.JOBS_READ]).get("/movies", 403)
        writes = {"id": "new", "channel": {"number": 7, "name": "New", "include": {"any": ["movie"]}}}
        assert (await client.known_by(keys[Scope.CHANNELS_WRITE]).post(CHANNELS, writes)).json["written"]
