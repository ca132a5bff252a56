"""Every address of the founding documents is answered, with their bodies and in their words (docs/compatibility.md)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from clients import Client, running
from issuers import LocalIssuer, issuing
from persons import PASSWORD, cheap, person
from watching import titled

from control_api import openapi
from control_api.people.roles import Role
from control_api.resources import RESOURCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desks import House

    from control_api.settings import Settings

PAGE = Path(__file__).parents[2] / "docs/compatibility.md"
ROW = re.compile(r"^\| `(GET|POST|PUT|DELETE) (/[^` ]*)` \|.*\| `(/api/v1/[^`]*)` \|$", re.MULTILINE)
BOUNDARY = "fastline"


def promised() -> set[tuple[str, str]]:
    """The addresses of the page."""
    return {(method, path) for method, path, _ in ROW.findall(PAGE.read_text())}


def fields(**texts: str) -> bytes:
    """A form with a file."""
    file = texts.pop("file")
    parts = [f'name="{name}"\r\n\r\n{text}' for name, text in texts.items()]
    parts += [f'name="{file}"; filename="film.mp4"\r\n\r\nno film at all']
    written = "".join(f"--{BOUNDARY}\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
    return f"{written}--{BOUNDARY}--\r\n".encode()


FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture
async def issuer(desk: House) -> AsyncIterator[LocalIssuer]:
    async with issuing(desk.clock) as found:
        yield found


@pytest.fixture
async def server(desk: House, settings: Settings, issuer: LocalIssuer) -> AsyncIterator[Client]:
    """A station with two channels where everybody may make an account, and an issuer of ID tokens is known."""
    open_ = issuer.settings(cheap(settings), register_new=True).model_copy(update={"registration": True})
    async with running(open_, clock=desk.clock) as found:
        yield found


def test_the_page_has_every_former_address_and_no_other() -> None:
    """C70, D12, D39: what is not below /api/v1 and is no page of ours is an address of a former system."""
    ours = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/postman.json", "/docs", "/docs/{file}", "/api-docs"}
    ours |= {"/problems/{slug}", "/.well-known/jwks.json", "/artwork/{file}"}
    known = {(one.declared.method, one.template) for one in RESOURCES}
    former = {(method, path) for method, path in known if not path.startswith("/api/v1/") and path not in ours}
    assert former == promised()
    canonical = {path for _, path in known}
    assert {path for _, _, path in ROW.findall(PAGE.read_text())} <= canonical


async def test_signing_in_by_every_former_address(server: Client, issuer: LocalIssuer) -> None:
    """B02, B45-B49, B72, C47, C48, C71, C72, D19, D20, E02: the bodies of the documents, word by word."""
    said = {"username": "user123", "email": "user123@example.org", "password": PASSWORD}
    for number, path in enumerate(("/api/register", "/register", "/api/auth/register")):
        made = (await server.post(path, {**said, "username": f"user{number}", "email": f"u{number}@example.org"})).json
        assert made.keys() >= {"access_token", "token_type", "expires_in"}
    signed_up = (await server.post("/auth/signup", {"email": "user123@example.org", "password": PASSWORD})).json
    assert signed_up.keys() >= {"access_token", "token_type"}
    login = {"username": "user0", "password": PASSWORD}
    for path in ("/api/login", "/login", "/auth/login", "/api/auth/login"):
        token = (await server.post(path, login, 200)).json["access_token"]
        assert (await server.known_by(token).get("/api/users/me")).json["username"] == "user0"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    grant = f"grant_type=password&username=user0&password={PASSWORD.replace(' ', '+')}".encode()
    for path in ("/login", "/auth/login"):
        await server.ask("POST", path, 200, data=grant, headers=form)
    await server.post("/api/login", {**login, "password": "guessed at"}, 401)
    await server.ask("POST", "/api/login", 400, data=b"{")
    pair = (await server.post("/api/auth/login", {"email": "u0@example.org", "password": PASSWORD}, 200)).json
    turned = (await server.post("/api/auth/refresh", {"refresh_token": pair["refresh_token"]}, 200)).json
    await server.known_by(turned["access_token"]).post("/api/auth/logout", None, 204)
    await server.known_by(turned["access_token"]).get("/api/users/me", 401)
    token = issuer.firebase()
    social = (await server.post("/api/auth/social-login", {"id_token": token}, 200)).json["account"]
    assert (await server.known_by(token).get("/api/users/me")).json["id"] == social["id"]  # B72: the ID token itself
    _check(server, "Signing in")


async def test_what_is_one_s_own_at_every_former_address(server: Client) -> None:
    """B50-B53, C49, C70: the account, its plan and profiles, what was seen and liked; one's own alone."""
    ada, boss = await person(server, "ada", email="ada@example.org"), await person(server, "boss", Role.ADMIN)
    film = await titled(server, "Liked")
    own = (await ada.get("/api/users/me")).json
    await ada.ask("PUT", f"/api/users/{own['id']}", body={"username": "ada.l"})
    await ada.get(f"/api/users/{(await boss.get('/api/users/me')).json['id']}", 403)
    for path in ("/profile", "/api/profile"):
        page = (await ada.get(path)).json
        assert (page["username"], page["plan"], page["subscription_type"]) == ("ada.l", "free", "FREE")
        assert [one["is_main"] for one in page["profiles"]] == [True]
    await ada.ask("PUT", f"/api/v1/favorites/{film}", 201)
    liked = (await ada.get("/api/users/me/favorites")).json["items"]
    assert [one["title"]["id"] for one in liked] == [film]
    assert (await ada.get(f"/api/users/{own['id']}/history")).json["items"] == []
    for what in ("history", "favorites"):
        await boss.get(f"/api/users/{own['id']}/{what}", 403)
    _check(server, "People")


async def test_films_at_every_former_address(server: Client) -> None:
    """B64-B67, C41-C46, C50-C52, C73, C74, CX3: by the id of a title, and by the number that it had."""
    ada, boss = await person(server, "ada"), await person(server, "boss", Role.ADMIN)
    films = []
    for number, name in enumerate(("Alpha", "Beta", "Gamma")):
        said = {"name": name, "kind": "movie", "released": str(1950 + number), "state": "published"}
        more = {"ids": ["number:123"], "genres": ["Drama"]} if name == "Alpha" else {}
        films.append((await boss.post("/api/v1/titles", {**said, **more})).json["id"])
    await _looked_for(ada, films)
    await _listed(ada, server, films)
    for path in ("", "/personalized", "/trending", "/popular", "/similar/123"):
        found = (await ada.get(f"/api/recommendations{path}?limit=5")).json
        assert found["count"] == len(found["results"])
        assert [one for one in found["results"] if not one["reason"] or not one["title"]] == []
    assert (await ada.get("/api/recommendations")).json["count"] > 0
    await server.get("/api/recommendations", 401)
    _check(server, "Films")


async def _looked_for(ada: Client, films: list[str]) -> None:
    for path in ("/movies", "/api/movies"):
        page = (await ada.get(f"{path}?page=2&limit=2&sort=title_asc")).json
        assert ([one["title"] for one in page["results"]], page["total"], page["pages"]) == (["Gamma"], 3, 2)
        assert [one["id"] for one in (await ada.get(f"{path}?genre=drama")).json["results"]] == [films[0]]
        for name in (films[0], "123"):
            film = (await ada.get(f"{path}/{name}")).json["data"]
            assert (film["id"], film["title"]) == (films[0], "Alpha")
            assert film.keys() >= {"cast", "similar", "release_year", "genre", "rating", "poster_url", "duration"}
        await ada.get(f"{path}/124", 404)
    for path in ("/search", "/api/search", "/api/movies/search"):
        assert [one["id"] for one in (await ada.get(f"{path}?q=gamma")).json["results"]] == [films[2]]
    assert (await ada.get("/api/movies/123/credits")).json["results"] == []
    for path in ("/api/movies/popular?limit=2", "/api/movies/123/recommendations?limit=2"):
        assert (await ada.get(path)).json["success"] is True


async def _listed(ada: Client, server: Client, films: list[str]) -> None:
    assert (await ada.post("/api/watchlist/123", None, 201)).json["id"] == films[0]
    assert (await ada.post("/watchlist/123", None, 200)).json["id"] == films[0]
    await ada.post(f"/api/watchlist/{films[1]}", None, 201)
    for path in ("/watchlist", "/api/watchlist"):
        there = (await ada.get(f"{path}?limit=1")).json
        assert (there["count"], there["total"], there["pages"]) == (1, 2, 2)
        assert [one["id"] for one in (await ada.get(path)).json["results"]] == [films[1], films[0]]
    for _ in range(2):
        await ada.ask("DELETE", "/watchlist/123", 204)
        await ada.ask("DELETE", f"/api/watchlist/{films[1]}", 204)
    await server.post("/api/watchlist/123", None, 401)
    await ada.post("/api/watchlist/124", None, 404)


async def test_content_at_every_former_address(server: Client, desk: House) -> None:
    """B54-B59, B68-B71, D21, C70: what is managed, and how far it is."""
    ada, boss = await person(server, "ada"), await person(server, "boss", Role.ADMIN)
    said = {"title": "Film", "type": "movie", "description": "One", "genre": ["Drama"], "releaseYear": 1949}
    made = (await boss.post("/api/content", said)).json
    await boss.ask("PUT", f"/api/content/{made['id']}", body={"description": "Another", "status": "published"})
    page = (await ada.get("/api/content?page=1&limit=5&type=movie&sortBy=title&sortOrder=asc")).json
    assert page["pagination"] == {"total": 1, "page": 1, "limit": 5, "totalPages": 1}
    assert (await ada.get(f"/api/content/{made['id']}")).json["description"] == "Another"
    await ada.post("/api/content", said, 403)
    await boss.ask("DELETE", f"/api/content/{made['id']}", 204)
    upload = await boss.ask(
        "POST", "/api/admin/content", 201, data=fields(file="video", title="Up", type="movie"), headers=FORM
    )
    where = (await boss.get(f"/api/admin/content/{upload.json['content']['id']}/status")).json
    assert where.keys() >= {"status", "percent", "reason"}
    (desk.station.root / "sources").mkdir(exist_ok=True)
    (desk.station.root / "sources/film.mp4").write_bytes(b"no film at all")
    await boss.post("/api/admin/transcode", {"source": "film.mp4"}, 201)
    assert (await boss.get("/api/admin/stats")).json.keys() >= {"titles", "accounts", "jobs"}
    shown = await titled(server, "Shown", minutes=10)
    tag = (await boss.get(f"/api/v1/titles/{shown}")).etag
    await boss.ask("PATCH", f"/api/v1/titles/{shown}", body={"ids": ["number:78"]}, headers={"If-Match": tag})
    for name in (shown, "78"):
        assert f"/vod/as-{shown}/" in (await ada.get(f"/api/content/{name}/stream")).json["url"]
    _check(server, "Content")


async def test_playing_at_every_former_address(server: Client, issuer: LocalIssuer) -> None:
    """A07, A13, B60-B63, D21-D25, BX1: what is played, in seconds, and what is told of it."""
    ada, boss = await person(server, "ada"), await person(server, "boss", Role.ADMIN)
    await boss.post("/api/v1/streaming-keys", {})
    media = await boss.ask("POST", "/media", 201, data=fields(file="file", title="Song", type="audio"), headers=FORM)
    assert media.json["title"] == "Song"
    film = await titled(server, "Played", minutes=10)
    tag = (await boss.get(f"/api/v1/titles/{film}")).etag
    await boss.ask("PATCH", f"/api/v1/titles/{film}", body={"ids": ["number:77"]}, headers={"If-Match": tag})
    for name in (film, "77"):
        url = (await ada.get(f"/media/{name}/stream-url?expires_in=60")).json
        assert (url["expires_in"], "/t/" in url["stream_url"]) == (60, True)
        assert (await ada.get(f"/media/stream/{name}", 302)).headers["Location"].count("/t/") == 1
    begun = (await ada.post("/api/streaming/session", {"contentId": 77, "quality": None}, 201)).json
    assert begun.keys() == {"sessionId", "streamingUrl", "quality"}
    await ada.post("/api/streaming/session", {"contentId": 7.5}, 422)
    one = f"/api/streaming/session/{begun['sessionId']}"
    await ada.ask("PUT", one, body={"position": 12.5, "quality": "v720"})
    await ada.ask("PUT", one, body={"position": 12.5, "quality": None})
    device = {
        "batteryLevel": -1,
        "isCharging": True,
        "screen": {"notches": [1, None]},
        "orientation": "portrait",
        "screenResolution": "1080x2400",
        "appVersion": "1.0",
    }
    beat = {"currentPosition": 20.25, "bufferHealth": 8.5, "networkSpeed": 12.0, "deviceInfo": device}
    heard = (await ada.post(f"{one}/heartbeat", beat, 200)).json
    assert heard.keys() == {"success", "sessionId", "position", "serverTime", "nextHeartbeat"}
    assert heard["nextHeartbeat"] == 120
    assert (await ada.post(f"{one}/end", None, 200)).json["finalPosition"] == 20.25
    phone, tablet = (server.known_by(issuer.firebase(jti=name)) for name in ("phone", "tablet"))
    for _ in range(2):
        await phone.get(f"/media/{film}/stream-url")
    refused = (await tablet.get(f"/media/{film}/stream-url", 409)).json
    assert len(refused["playing"]) == 1, "whoever comes with ID tokens has streams to count, too"
    assert (await boss.get("/api/streaming/analytics")).json["active_sessions"] == 0
    await ada.get("/api/streaming/analytics", 403)
    seen = (await ada.get("/api/users/me/history")).json["items"]
    assert [(entry["title_id"], entry["position_ms"]) for entry in seen] == [(film, 20_250)]
    await ada.post(f"/media/{film}/view", None, 202)
    figures = (await boss.get(f"/media/{film}/analytics")).json
    assert figures.keys() >= {"total_views", "unique_ips", "views_per_day"}

    channels = (await server.get("/api/channels")).json["channels"]
    assert [one.keys() for one in channels] == [{"id", "name", "type", "play_url"}] * 2
    playing = (await server.get(channels[0]["play_url"].removeprefix(str(server.root).rstrip("/")))).json
    assert playing.keys() == {"channel_name", "video_title", "video_url", "start_offset_seconds"}
    _check(server, "Playing")


def _check(server: Client, *sections: str) -> None:
    """Every address of these parts of the page was asked, and answered well."""
    parts = dict(part.split("\n", 1) for part in PAGE.read_text().split("\n## ")[1:])
    wanted = {(method, path) for section in sections for method, path, _ in ROW.findall(parts[section])}
    good = {(method, path) for method, path, status in server.checked if status < 400}
    assert wanted - good == set()


def test_every_part_of_the_page_is_tried() -> None:
    text = PAGE.read_text()
    parts = {part.split("\n", 1)[0] for part in text.split("\n## ")[1:] if ROW.search(part)}
    assert parts == {"Signing in", "People", "Films", "Content", "Playing"}
    assert len(ROW.findall(text)) == text.count("| `/api/v1/"), "a row of the page cannot be read"


def test_a_client_is_made_of_a_document_without_them() -> None:
    """CX4: smaller, whole in itself, and each model has one plain name."""
    whole = openapi.document(RESOURCES)
    found = json.loads(openapi.narrowed(json.dumps(whole).encode()))
    tags = {tag for methods in found["paths"].values() for one in methods.values() for tag in one["tags"]}
    assert tags == {tag["name"] for tag in found["tags"]} == {tag["name"] for tag in whole["tags"]} - {"Aliases"}
    models = found["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(found))) == models.keys()
    assert [name for name in whole["components"]["schemas"] if not name.isalnum()] == []
    assert len(found["paths"]) < len(whole["paths"])
