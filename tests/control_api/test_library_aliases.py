"""Films and content at the addresses of other systems: what their documents promise, answered by the same titles.

Rows B54, B55, B57, B58, B59, C41, C42, C43, C44, C45, C46, CX3.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from control_api.site import SITE
from control_api.tables import Asset, Title
from playout.clock import system_clock

if TYPE_CHECKING:
    from clients import Client

FILMS: tuple[tuple[str, int, float, list[str]], ...] = (
    ("The Third Man", 1949, 8.1, ["Noir", "Thriller"]),
    ("Amélie", 2001, 8.3, ["Comedy"]),
    ("Zodiac", 2007, 7.7, ["Thriller"]),
    ("M", 1931, 8.3, ["Noir"]),
)


@pytest.fixture
async def films(client: Client) -> dict[str, str]:
    """Four films that viewers see, and one that they do not; their ids by name."""
    made = {}
    for name, year, score, genres in FILMS:
        body = {
            "kind": "movie", "name": name, "released": str(year), "score": score, "genres": genres, "language": "en",
            "state": "published", "tags": ["classic"] if year < 1960 else [], "age_rating": "PG",
        }  # fmt: skip
        made[name] = (await client.post("/api/v1/titles", body)).json["id"]
    await client.post("/api/v1/titles", {"kind": "movie", "name": "Unfinished", "genres": ["Noir"]})
    return made


def named(items: list[Any]) -> list[str]:
    return [item["title"] for item in items]


ORDERS = (
    ("title_asc", ["Amélie", "M", "The Third Man", "Zodiac"]),
    ("title_desc", ["Zodiac", "The Third Man", "M", "Amélie"]),
    ("year_asc", ["M", "The Third Man", "Amélie", "Zodiac"]),
    ("year_desc", ["Zodiac", "Amélie", "The Third Man", "M"]),
    ("rating_asc", ["Zodiac", "The Third Man", "Amélie", "M"]),
    ("rating_desc", ["M", "Amélie", "The Third Man", "Zodiac"]),
)


@pytest.mark.usefixtures("films")
async def test_films_are_listed_in_six_orders(client: Client) -> None:
    """What is alike in an order goes by id, so that pages hold together (C41, C44)."""
    for path, (sort, wanted) in product(("/movies", "/api/movies"), ORDERS):
        whole = (await client.get(f"{path}?sort={sort}")).json
        found = named(whole["results"]), whole["total"], whole["pages"], whole["success"]
        assert found == (wanted, 4, 1, True), (path, sort)
        pages = [(await client.get(f"{path}?sort={sort}&limit=1&page={page}")).json for page in (1, 2, 3, 4, 5)]
        assert [name for page in pages for name in named(page["results"])] == wanted, (path, sort)
        assert pages[4]["results"] == [], (path, sort)


async def test_films_are_chosen_by_genre_and_shown_with_their_cast(client: Client, films: dict[str, str]) -> None:
    noir = (await client.get("/movies?genre=noir&sort=year_asc")).json["results"]
    assert named(noir) == ["M", "The Third Man"]
    either = (await client.get("/movies?genre=noir&genre=Comedy")).json
    assert either["total"] == 3
    assert noir[1] | {"id": ""} == {
        "id": "", "title": "The Third Man", "description": "", "release_year": 1949, "genre": "Noir",
        "genres": ["Noir", "Thriller"], "rating": 8.1, "poster_url": None, "banner_url": None, "video_url": None,
        "trailer_url": None, "duration": None, "language": "en", "access": "free", "is_locked": False, "mine": None,
    }  # fmt: skip
    person = (await client.post("/api/v1/people", {"name": "Orson Welles"})).json["id"]
    title = films["The Third Man"]
    etag = (await client.get(f"/api/v1/titles/{title}")).etag
    said = {"credits": [{"person_id": person, "character": "Harry Lime"}]}
    await client.ask("PUT", f"/api/v1/titles/{title}/credits", body=said, headers={"If-Match": etag})
    for path in (f"/movies/{title}", f"/api/movies/{title}"):
        cast = (await client.get(path)).json["data"]["cast"]
        assert [(one["name"], one["character"], one["job"]) for one in cast] == [
            ("Orson Welles", "Harry Lime", "actor")
        ]
    assert (await client.get(f"/api/movies/{title}/credits")).json["count"] == 1
    # what viewers do not see is not there
    made = (await client.post("/api/v1/titles", {"kind": "movie", "name": "Draft"})).json["id"]
    await client.get(f"/movies/{made}", 404)
    await client.get("/movies/1", 404)


FILTERS: tuple[tuple[str, list[str]], ...] = (
    ("type=movie&status=published&sortBy=title&sortOrder=asc", ["Amélie", "M", "The Third Man", "Zodiac"]),
    ("genre=Thriller&sortBy=rating", ["The Third Man", "Zodiac"]),
    ("tag=classic&sortBy=releaseYear&sortOrder=asc", ["M", "The Third Man"]),
    ("year=2007", ["Zodiac"]),
    ("language=en&rating=pg&year=1931", ["M"]),
    ("language=fr", []),
    ("search=third+man", ["The Third Man"]),
    ("status=draft", ["Unfinished"]),
)


@pytest.mark.usefixtures("films")
async def test_films_are_found_without_accents_and_with_slips_and_content_has_its_filters(client: Client) -> None:
    for path, typed in product(("/search", "/api/movies/search"), ("amelie", "AM%C3%89LIE", "amel", "ameile")):
        assert named((await client.get(f"{path}?q={typed}")).json["results"]) == ["Amélie"], (path, typed)
    assert named((await client.get("/api/movies/popular?limit=2")).json["results"]) == ["M", "Amélie"]
    await client.get("/api/movies/popular?limit=51", 400)
    for path, (query, wanted) in product(("/api/content", "/api/v1/content"), FILTERS):
        found = (await client.get(f"{path}?{query}")).json
        assert named(found["content"]) == wanted, (path, query)
        pages = {"total": len(wanted), "page": 1, "limit": 20, "totalPages": bool(wanted)}
        assert found["pagination"] == pages, (path, query)


async def test_content_is_made_changed_and_deleted_and_a_series_has_its_seasons(client: Client) -> None:
    """B57, B58, B59: with Idempotency-Key, If-Match, and into the bin."""
    body = {"title": "Heat", "type": "movie", "genre": ["Crime"], "releaseYear": 1995, "rating": "R"}
    made = await client.post("/api/v1/content", body, headers={"Idempotency-Key": "once"})
    again = await client.post("/api/v1/content", body, headers={"Idempotency-Key": "once"})
    assert again.json["id"] == made.json["id"]
    path = f"/api/v1/content/{made.json['id']}"
    await client.ask("PUT", path, 428, body={"status": "published"})
    # clients of other systems know no If-Match, and this changes nothing
    await client.ask("PUT", path.replace("/v1/", "/"), body={"title": "Heat"})
    changed = await client.ask("PUT", path, body={"status": "published"}, headers={"If-Match": made.etag})
    assert (changed.json["status"], changed.json["releaseYear"], changed.json["genre"]) == (
        "published",
        1995,
        ["Crime"],
    )
    await client.ask("PUT", path, 412, body={"title": "Cold"}, headers={"If-Match": made.etag})
    await client.ask("DELETE", path, 204)
    assert (await client.get("/api/v1/content?search=heat")).json["content"] == []
    restored = await client.ask("POST", f"/api/v1/titles/{made.json['id']}/restore", 200)
    assert restored.json["name"] == "Heat"
    await client.ask("POST", "/api/content", 422, body={"title": "", "type": "film"})
    # a series is shown with its seasons
    series = (await client.post("/api/content", {"title": "Night Shift", "type": "series"})).json["id"]
    season = {"kind": "season", "name": "One", "parent_id": series, "number": 1}
    first = (await client.post("/api/v1/titles", season)).json["id"]
    for number in (1, 2):
        episode = {"kind": "episode", "name": f"E{number}", "parent_id": first, "number": number}
        await client.post("/api/v1/titles", episode)
    found = (await client.get(f"/api/content/{series}")).json
    assert found["seasons"] == [{"id": first, "number": 1, "title": "One", "episodes": 2}]


async def test_content_is_packaged_and_followed_and_counted_where_admins_of_other_systems_look(
    client: Client, films: dict[str, str]
) -> None:
    """B69, B70: `/api/admin/transcode`, `/api/admin/content/{id}/status` and `/api/admin/stats`."""
    film = films["Zodiac"]
    assert (await client.get(f"/api/admin/content/{film}/status")).json["id"] == film
    await client.get("/api/admin/content/ti_0199f0c47b1c7d3a9e52c1d4b7a60f38/status", 404)
    refused = await client.post("/api/admin/transcode", {"source": "none.mp4"}, 422)
    assert refused.json["errors"][0]["pointer"] == "/source"
    source = client.app[SITE].settings.media / "sources" / "film.mp4"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(b"film")
    made = await client.post("/api/admin/transcode", {"source": "film.mp4"})
    assert made.json["kind"] == "package"
    await client.ask("DELETE", f"/api/v1/titles/{films['M']}")
    found = (await client.get("/api/admin/stats")).json
    assert found == (await client.get("/api/v1/stats")).json
    assert (found["titles"]["total"], found["titles"]["by_kind"]["movie"]) == (4, 4)
    assert found["titles"]["by_state"] == {"draft": 1, "published": 3, "archived": 0}
    assert (found["jobs"]["total"], found["jobs"]["by_state"]["queued"]) == (1, 1)
    assert (found["assets"], found["uploads"]["total"]) == ({"total": 0, "by_state": {}, "duration_ms": 0}, 0)
    assert found["accounts"]["total"] == sum(found["accounts"]["by_role"].values())
    async with client.app[SITE].database.writing() as session:
        asset: dict[str, Any] = {"house": "fast", "kind": "movie", "work": "w", "duration_ms": 2**30}
        added = system_clock()
        rows = [Asset(id=f"a{n}", title_id=film, state=one, added_at=added, **asset) for n, one in enumerate(STATES)]
        session.add_all(rows)
        (await session.get_one(Title, film)).views = 7
    found = (await client.get("/api/admin/stats")).json
    states = {"packaged": 2, "withdrawn": 1, "gone": 1}
    assert found["assets"] == {"total": 4, "by_state": states, "duration_ms": 3 * 2**30}
    assert found["titles"]["top"] == [{"id": film, "name": "Zodiac", "views": 7}]


STATES = ("packaged", "packaged", "withdrawn", "gone")
