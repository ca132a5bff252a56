"""TMDB by number and by list, of a server that answers as TMDB does (C68): key, limits, retries, refreshing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web
from clients import running
from labour import until
from others import HERE, other
from pydantic import SecretStr

from control_api.jobs.states import JobState

if TYPE_CHECKING:
    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

IMPORTS = "/api/v1/imports"
KEY = "0123456789abcdef0123456789abcdef"
FILM: dict[str, Any] = {
    "id": 550, "title": "Fight Club", "original_title": "Fight Club", "original_language": "en",
    "overview": "A ticking-time-bomb", "release_date": "1999-10-15", "imdb_id": "tt0137523", "vote_average": 8.4,
    "vote_count": 3, "genres": [{"id": 18, "name": "Drama"}, {"id": 53, "name": "Thriller"}],
    "production_countries": [{"iso_3166_1": "US"}], "spoken_languages": [{"iso_639_1": "en"}], "tagline": "Mischief",
    "keywords": {"keywords": [{"id": 1, "name": "insomnia"}]}, "external_ids": {"wikidata_id": "Q190050"},
    "credits": {"cast": [{"id": 819, "name": "Edward Norton", "character": "The Narrator", "order": 0}],
                "crew": [{"id": 7467, "name": "David Fincher", "job": "Director"}]},
    "translations": {"translations": [
        {"iso_639_1": "es", "data": {"title": "El club de la lucha", "overview": "Un joven", "tagline": ""}}]},
}  # fmt: skip
SERIES = {
    "id": 1399, "name": "Thrones", "first_air_date": "2011-04-17", "overview": "Seven families",
    "seasons": [{"season_number": 1}], "external_ids": {"imdb_id": "tt0944947"},
}  # fmt: skip
SEASON = {
    "id": 3624, "name": "Season 1", "season_number": 1, "air_date": "2011-04-17",
    "episodes": [{"id": 1, "name": "Winter", "season_number": 1, "episode_number": 1, "air_date": "2011-04-17",
                  "crew": [], "guest_stars": []}],
}  # fmt: skip


class Tmdb:
    """What TMDB answers, and how often it is too busy first."""

    def __init__(self) -> None:
        self.film = dict(FILM)
        self.busy = 1

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("api_key") != KEY:
            return web.json_response({"status_code": 7, "status_message": "Invalid API key"}, status=401)
        if self.busy:
            self.busy -= 1
            return web.json_response({"status_code": 25}, status=429, headers={"Retry-After": "0"})
        known = {"/3/movie/550": self.film, "/3/tv/1399": SERIES, "/3/tv/1399/season/1": SEASON}
        if request.path == "/3/list/7":
            first = request.query["page"] == "1"
            items = [{"id": 550, "media_type": "movie"}] if first else [{"id": 1399, "media_type": "tv"}]
            return web.json_response({"items": items, "total_pages": 2})
        if request.path not in known:
            return web.json_response({"status_code": 34}, status=404)
        return web.json_response(known[request.path])


def met(settings: Settings, root: str, key: str = KEY) -> Settings:
    return settings.model_copy(
        update={"outgoing_allow": HERE, "tmdb_url": root, "tmdb_key": SecretStr(key), "tmdb_images": ""}
    )


async def ask(client: Client, database: Database, state: JobState = JobState.SUCCEEDED, **body: Any) -> tuple[Any, Any]:
    begun = (await client.post(f"{IMPORTS}:tmdb", body, 202)).json
    job = await until(database, begun["job"], state)
    return (await client.get(f"{IMPORTS}/{begun['id']}")).json, job


async def test_films_and_series_come_by_number_and_by_list_and_are_refreshed(
    settings: Settings, key: str, database: Database
) -> None:
    tmdb = Tmdb()
    async with other(tmdb.answer) as there, running(met(settings, there.url("/3"))) as open_:
        client = open_.known_by(key)
        done, _ = await ask(client, database, movies=[550, 551])
        assert (done["made"], done["refused"]) == (1, 1)
        assert done["notes"] == ["This product uses the TMDB API but is not endorsed or certified by TMDB."]
        found = (await client.get("/api/v1/titles?kind=movie")).json["items"][0]
        assert (found["name"], found["genres"], found["tags"], found["ids"]) == (
            "Fight Club", ["Drama", "Thriller"], ["insomnia"], ["imdb:tt0137523", "tmdb:550", "wikidata:Q190050"],
        )  # fmt: skip
        assert found["texts"]["es"]["name"] == "El club de la lucha"
        done, _ = await ask(client, database, list_id="7")
        assert (done["made"], done["unchanged"]) == (3, 1)
        tmdb.film["vote_count"] = 4
        done, _ = await ask(client, database, list_id="7")
        assert (done["made"], done["changed"], done["unchanged"]) == (0, 1, 3)
        answered = (await client.get("/api/v1/titles?kind=movie")).json["items"][0]
        assert answered["votes"] == 4
        assert KEY not in (await client.get("/api/v1/jobs")).body.decode()
        assert KEY not in (await client.get(IMPORTS)).body.decode()


async def test_a_key_that_is_not_taken_or_not_there_is_told_and_never_shown(
    settings: Settings, key: str, database: Database
) -> None:
    tmdb = Tmdb()
    async with other(tmdb.answer) as there:
        async with running(met(settings, there.url("/3"), "f" * 32)) as open_:
            _, job = await ask(open_.known_by(key), database, JobState.FAILED, movies=[550])
            assert job.reason == "TMDB does not take the key: look at `tmdb_key`"
            assert len(there.asked) == 1
        async with running(met(settings, there.url("/3"), "")) as open_:
            refused = await open_.known_by(key).post(f"{IMPORTS}:tmdb", {"movies": [550]}, 422)
            assert refused.json["errors"][0]["detail"] == "there is no key for TMDB: set `tmdb_key`"


async def test_a_token_of_version_four_goes_in_a_header(settings: Settings, key: str, database: Database) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        good = request.headers.get("Authorization") == "Bearer a.b.c" and "api_key" not in request.query
        return web.json_response(FILM if good else {}, status=200 if good else 401)

    async with other(answer) as there, running(met(settings, there.url("/3"), "a.b.c")) as open_:
        done, _ = await ask(open_.known_by(key), database, movies=[550])
        assert done["made"] == 1
