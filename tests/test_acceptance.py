"""Somebody registers, signs in, chooses, watches, and meets what is premium: against the whole station, over HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from stations import FULL, Station
from test_up_api import Up, up
from waiting import still_runs

from playout.clock import system_clock
from playout.config import Programming, read
from playout.core.asset import Kind
from playout.library import newest, scan
from playout.publish import publish

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[1]
EXAMPLE = CHECKOUT / "docs/examples/typed_client.py"
CHANNELS = "{version: 1, channels: {films: {number: 1, name: Films, house: fast, access: signed, include: {}}}}"
PASSWORD = "correct horse battery"  # noqa: S105
SETTINGS = {"registration": "true", "payments": "test", "password_memory_kib": "64", "password_rounds": "1"}
TOKEN = re.compile(r"/t/([^/]+)/")

pytestmark = pytest.mark.media


class Viewer:
    """Somebody who is signed in."""

    def __init__(self, station: Up, token: str) -> None:
        self.station = station
        self.token = token

    def ask(self, method: str, path: str, status: int, body: Any = None, **headers: str) -> Any:
        known = {"Authorization": f"Bearer {self.token}", **headers}
        found, answered, answer = self.station.ask(path, method, body, **known)
        assert found == status, (method, path, found, answer)
        return {**answer, "etag": answered.get("ETag")} if isinstance(answer, dict) else answer


def stocked(root: Path) -> None:
    """A station with a film for everybody and one that is to be premium, packaged and on air."""
    made = Station(root / "media")
    made.house()
    for name in ("film", "gala"):
        made.asset(name, Kind.MOVIE, *[FULL] * 9)
    now = system_clock()
    programming = read(CHANNELS, "channels.yaml")
    assert isinstance(programming, Programming)
    publish(made.store, programming, scan(made.store, newest(made.store), now), now)
    (root / "channels.yaml").write_text(CHANNELS, "utf-8")


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`fastline up`, where everybody may register, payments are tests, and one of two films is premium."""
    root = tmp_path_factory.mktemp("station")
    stocked(root)
    with up(root, "--on-demand", "signed", api=None, **SETTINGS) as running:
        running.until("The API is at")
        token = re.search(r"fli_\S+", running.until("fli_"))
        assert token is not None
        given = {"invitation": token[0], "username": "boss", "password": PASSWORD}
        status, _, answer = running.ask("/api/v1/auth/register", "POST", given)
        assert status == 201, answer
        _catalogued(Viewer(running, answer["access_token"]))
        yield running


def _catalogued(boss: Viewer) -> None:
    """Both films are in the catalogue, as the library finds them in the store; one of them is made premium."""
    titles: list[Any] = []
    while len(titles) < 2:
        assert still_runs(boss.station.process)
        titles = boss.ask("GET", "/api/v1/titles", 200)["items"]
    for title in titles:
        asset = boss.ask("GET", f"/api/v1/assets?title={title['id']}", 200)["items"][0]["id"]
        edit = {"state": "published", "name": asset.capitalize()}
        edit |= {"access": "premium"} if asset == "gala" else {}
        tag = boss.ask("GET", f"/api/v1/titles/{title['id']}", 200)["etag"]
        boss.ask("PATCH", f"/api/v1/titles/{title['id']}", 200, edit, **{"If-Match": tag})


def fetched(url: str) -> tuple[int, bytes]:
    """What the origin answers."""
    try:
        with urlopen(url, timeout=10) as answer:  # noqa: S310 — this machine
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, b""


def uris(playlist: bytes) -> list[str]:
    """What a playlist names: renditions, or what they are made of."""
    lines = playlist.decode().splitlines()
    named = [one for line in lines if line.startswith("#") for one in re.findall(r'URI="([^"]+)"', line)]
    return [*named, *(line for line in lines if line and not line.startswith("#"))]


def played(url: str) -> list[str]:
    """Fetch all that a player would of a film: every playlist and every segment; their addresses."""
    status, master = fetched(url)
    assert (status, master[:7]) == (200, b"#EXTM3U"), (url, status)
    found = [url]
    for rendition in {urljoin(url, uri) for uri in uris(master)}:
        status, playlist = fetched(rendition)
        assert (status, b"#EXTINF" in playlist) == (200, True), rendition
        found += [rendition, *{urljoin(rendition, uri) for uri in uris(playlist)}]
    assert len(found) > 4
    assert {fetched(one)[0] for one in found[2:]} == {200}
    return found


def test_the_five_steps(station: Up) -> None:
    """E53, E02-E13, E31-E35, A04, B06, B81, C71, D34: at the addresses that the founding documents name."""
    # 1. register
    said = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
    assert station.ask("/api/register", "POST", said)[0] == 201
    assert station.ask("/api/register", "POST", said)[0] == 409
    assert station.ask("/api/register", "POST", {"username": "bea", "password": "short"})[0] == 422
    # 2. sign in
    assert station.ask("/api/login", "POST", {"username": "ada", "password": "guessed at"})[0] == 401
    assert station.ask("/movies")[0] == 401
    tokens = station.ask("/api/login", "POST", {"username": "ada", "password": PASSWORD})[2]
    ada = Viewer(station, tokens["access_token"])
    assert ada.ask("GET", "/profile", 200)["subscription_type"] == "FREE"
    # 3. choose, and play it
    films = {one["title"]: one["id"] for one in ada.ask("GET", "/movies?sort=title_asc", 200)["results"]}
    assert films.keys() == {"Film", "Gala"}
    begun = ada.ask("POST", "/api/streaming/session", 201, {"contentId": films["Film"], "quality": "720p"})
    free = played(begun["streamingUrl"])
    session = f"/api/streaming/session/{begun['sessionId']}"
    beat = {"currentPosition": 15.5, "bufferHealth": 12, "networkSpeed": 8.5, "deviceInfo": {"appVersion": "1.0"}}
    assert ada.ask("POST", f"{session}/heartbeat", 200, beat)["nextHeartbeat"] > 0
    assert ada.ask("POST", f"{session}/end", 200)["finalPosition"] == 15.5
    # 4. it is to be watched on, from there
    card = ada.ask("GET", "/api/v1/continue-watching", 200)["items"][0]
    assert (card["title"]["id"], card["position_ms"]) == (films["Film"], 15_500)
    again = ada.ask("POST", "/api/v1/playback", 200, {"title": films["Film"]})
    assert again["offset_ms"] == 15_500
    # 5. what is premium is refused where it is asked for, and at every address that it has
    for method, path, body in (
        ("POST", "/api/streaming/session", {"contentId": films["Gala"]}),
        ("POST", "/api/v1/playback", {"title": films["Gala"]}),
        ("GET", f"/api/content/{films['Gala']}/stream", None),
        ("GET", f"/media/{films['Gala']}/stream-url", None),
        ("GET", f"/media/stream/{films['Gala']}", None),
    ):
        assert ada.ask(method, path, 403, body)["type"] == "/problems/plan-needed"
    ada.ask("POST", "/api/v1/subscription", 201, {"plan": "premium", "method": "test_card"})
    assert ada.ask("GET", "/profile", 200)["subscription_type"] == "PREMIUM"
    gala = played(ada.ask("POST", "/api/v1/playback", 200, {"title": films["Gala"]})["url"])
    foreign = TOKEN.search(free[0])
    assert foreign is not None
    for url in gala:
        if "/init/" in url:  # the head of a format, which all films of the house share: nothing of a film is in it
            continue
        assert fetched(TOKEN.sub("/", url))[0] in (403, 404), url  # without a token
        assert fetched(TOKEN.sub(f"/t/{foreign[1]}/", url))[0] == 403, url  # with that of the other film
        forged = TOKEN.search(url)
        assert forged is not None
        assert fetched(url.replace(forged[1], forged[1][:-2] + ("AA" if forged[1][-2:] != "AA" else "BB")))[0] == 403


def test_a_client_that_a_generator_has_made_goes_the_same_steps(station: Up, tmp_path: Path) -> None:
    """CX4: made of the document of the running station, held to its types, and run against it."""
    (tmp_path / "quiet.yaml").write_text("post_hooks: []\n")
    where = f"http://127.0.0.1:{station.api}"
    made = ["--output-path", "fastline_client", "--meta", "none", "--config", "quiet.yaml"]
    document = tmp_path / "openapi.json"
    document.write_bytes(fetched(f"{where}/openapi.json?aliases=false")[1])
    _run(tmp_path, "openapi_python_client", "generate", "--path", str(document), *made)
    (tmp_path / EXAMPLE.name).write_text(EXAMPLE.read_text())
    _run(tmp_path, "mypy", "--strict", "--cache-dir", os.devnull, EXAMPLE.name)
    said = subprocess.run(
        [sys.executable, EXAMPLE.name, where, "grace"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert said.splitlines() == [
        "Film plays: True",
        "to be watched on: Film 15000",
        "Gala is refused: 403",
        "Gala plays: True",
    ]


def _run(folder: Path, module: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=folder, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
