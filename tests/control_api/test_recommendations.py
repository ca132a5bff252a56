"""Recommendations over HTTP: what is trending, popular, alike and suited, for whom, and out of which version.

Rows B12, B55 (similar), B64-B67, C04, C45 (similar), C53-C58, C73, C81, CX3.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from persons import Times, account, cheap, signed_in
from shelf import eventually
from sqlmodel import col, func, select

from control_api.ids import new_id
from control_api.recommending import versions
from control_api.recommending.building import Wish, build
from control_api.recommending.scheduling import Recommender
from control_api.site import SITE
from control_api.tables import (
    Job,
    Listed,
    PlaySession,
    Profile,
    Rated,
    RecommendationBuild,
    RecommendationDay,
    RecommendationWork,
    Watched,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clients import Client

    from control_api.settings import Settings

NOW = datetime(2026, 3, 1, 20, 15, tzinfo=UTC)
RECOMMENDED = "/api/v1/recommendations"
GENRES = ("Noir", "Western", "Musical")
WORDS = {"Noir": "detective rain shadow", "Western": "horse desert sheriff", "Musical": "song dance stage"}


class House:
    """A small station: twelve films of three genres, a series, and an audience that likes the one or the other."""

    def __init__(self, client: Client, times: Times) -> None:
        self.client = client
        self.times = times
        self.films: dict[str, str] = {}
        """Ids by name: `Noir 0` to `Musical 3`, and others."""
        self.watchers: list[str] = []
        """Ids of profiles."""

    async def made(self, name: str, genre: str, **more: Any) -> str:
        body = {
            "kind": "movie", "name": name, "state": "published", "genres": [genre], "age_rating": "TV-PG",
            "description": f"{WORDS.get(genre, 'nothing')} tale", "released": "1950", **more,
        }  # fmt: skip
        made: str = (await self.client.post("/api/v1/titles", body)).json["id"]
        self.films[name] = made
        return made

    async def profile(self, name: str, **more: Any) -> str:
        owner = await account(self.client, name)
        async with self.site.database.writing() as session:
            found = (await session.exec(select(Profile).where(Profile.account_id == owner))).one()
            for field, value in more.items():
                setattr(found, field, value)
            session.add(found)
        profile: str = found.id
        return profile

    @property
    def site(self) -> Any:
        return self.client.app[SITE]

    async def watched(
        self, profile: str, name: str, days: float = 1.0, share: float = 1.0, series: str | None = None
    ) -> None:
        await self.all_watched([(profile, name, days, share, series)])

    async def all_watched(self, some: list[tuple[str, str, float, float, str | None]]) -> None:
        long = 5_400_000
        async with self.site.database.writing() as session:
            for profile, name, days, share, series in some:
                at = self.times.now - timedelta(days=days)
                row = Watched(
                    id=new_id("wa"), profile_id=profile, title_id=self.films[name], name=name, duration_ms=long,
                    series_id=self.films[series] if series else None, position_ms=int(share * long),
                    watched_ms=int(share * long), times=int(share == 1.0), first_at=at, watched_at=at,
                    completed_at=at if share == 1.0 else None,
                )  # fmt: skip
                played = PlaySession(
                    id=new_id("ps"), profile_id=profile, title_id=self.films[name], started_at=at, touched_at=at,
                    ended_at=at, duration_ms=long, watched_ms=int(share * long),
                )  # fmt: skip
                session.add_all((row, played))

    async def build(self, **wish: Any) -> Any:
        return await build(self.site.database, Wish(**wish), self.times.now)

    async def asked(self, client: Client, path: str = "") -> list[Any]:
        items: list[Any] = (await client.get(f"{RECOMMENDED}{path}")).json["items"]
        return items


def names(items: list[Any]) -> list[str]:
    return [one["title"]["name"] for one in items]


@pytest.fixture
async def house(settings: Settings, key: str) -> AsyncIterator[House]:
    times = Times(NOW - timedelta(days=1))
    async with running(cheap(settings), clock=times) as client:
        found = House(client.known_by(key), times)
        for genre in GENRES:
            for number in range(4):
                await found.made(f"{genre} {number}", genre)
        found.watchers = [await found.profile(f"watcher{number}") for number in range(6)]
        await found.all_watched(
            [
                (watcher, f"{GENRES[number % 2]} {film}", 2 + film, 1.0, None)
                for number, watcher in enumerate(found.watchers)
                for film in range(4)
                if film != number // 2
            ]
        )
        times.now = NOW
        yield found


async def viewer(house: House, name: str, **more: Any) -> tuple[Client, str]:
    """Somebody who is signed in, and their profile."""
    profile = await house.profile(name, **more)
    tokens = await signed_in(house.client.known_by(None), name)
    return house.client.known_by(tokens["access_token"]), profile


async def test_what_suits_a_profile_follows_from_what_it_has_seen_rated_and_liked(house: House) -> None:
    """B66, C53, C54, C58, C73, C81: each profile its own, with the reason, and a beginning for who is new."""
    ada, one = await viewer(house, "ada")
    bob, other = await viewer(house, "bob")
    assert (await house.build()).is_new
    assert names(await house.asked(ada)) == names(await house.asked(bob))  # nobody has done anything yet
    async with house.site.database.writing() as session:
        session.add(Rated(profile_id=other, title_id=house.films["Western 0"], score=9, rated_at=NOW))
        session.add(Rated(profile_id=other, title_id=house.films["Noir 0"], score=1, rated_at=NOW))
    await house.watched(one, "Noir 0")
    mine, theirs = await house.asked(ada), await house.asked(bob)
    assert {name.split()[0] for name in names(mine)[:3]} == {"Noir"}
    assert {name.split()[0] for name in names(theirs)[:3]} == {"Western"}
    assert "Noir 0" not in names(mine)
    assert not {"Western 0", "Noir 0"} & set(names(theirs))
    assert mine[0]["reason"] == {
        "kind": "because_watched", "title": {"id": house.films["Noir 0"], "name": "Noir 0"}, "genre": None,
    }  # fmt: skip
    assert theirs[0]["reason"]["kind"] == "because_liked"
    assert theirs[0]["reason"]["title"]["name"] == "Western 0"
    assert len({item["title"]["id"] for item in mine}) == len(mine) == 11
    assert mine[0]["title"]["mine"]["is_favorite"] is False
    genres = {item["name"]: item["id"] for item in (await ada.get("/api/v1/genres")).json["items"]}
    new, _ = await viewer(house, "cleo", genres_liked=[genres["Musical"]])
    beginning = await house.asked(new, "?limit=5")
    assert [one["reason"]["kind"] for one in beginning] == ["liked_genre"] * 4 + ["popular"]
    assert beginning[0]["reason"]["genre"]["name"] == "Musical"
    quiet, silent = await viewer(house, "dora", keeps_history=False)
    await house.watched(silent, "Noir 1")
    assert {one["reason"]["kind"] for one in await house.asked(quiet)} == {"popular"}
    assert {one["reason"]["kind"] for one in await house.asked(house.client)} == {"popular"}  # a key is nobody
    assert all("Western" in name for name in names(await house.asked(ada, "?genre=western")))


async def test_what_is_trending_popular_and_alike_is_told_to_whom_it_may(house: House) -> None:
    """B64, B65, B67, C57: counted by viewers and days, of one genre on wish, and nothing that is kept from a child."""
    ada, profile = await viewer(house, "ada")
    await house.made("Long ago", "Musical")
    await house.all_watched(
        [(watcher, "Long ago", 25, 1.0, None) for watcher in house.watchers]
        + [(watcher, "Musical 0", 0.1, 1.0, None) for watcher in house.watchers[:3]]
    )
    await house.made("Wild", "Noir", age_rating="TV-MA")
    series = await house.made("Serial", "Noir", kind="series")
    season = await house.made("First", "Noir", kind="season", parent_id=series, number=1)
    await house.made("Pilot", "Noir", kind="episode", parent_id=season, number=1)
    await house.all_watched([(watcher, "Pilot", 0.2, 1.0, "Serial") for watcher in house.watchers[:4]])
    before = names(await house.asked(ada, "/trending"))  # of the tables alone
    assert before[:2] == ["Serial", "Musical 0"]
    await house.build()
    assert names(await house.asked(ada, "/trending"))[:2] == ["Serial", "Musical 0"]
    assert names(await house.asked(ada, "/trending")).index("Long ago") > 2
    popular = await house.asked(ada, "/popular?genre=musical")
    assert names(popular)[:2] == ["Long ago", "Musical 0"]
    assert popular[0]["reason"]["kind"] == "popular_in_genre"
    assert popular[0]["reason"]["genre"]["name"] == "Musical"
    alike = await house.asked(ada, f"/similar/{house.films['Western 0']}?limit=3")
    assert {name.split()[0] for name in names(alike)} == {"Western"}
    assert alike[0]["reason"]["kind"] == "similar"
    assert names(await house.asked(ada, f"/similar/{house.films['Pilot']}")) == names(
        await house.asked(ada, f"/similar/{series}")
    )
    shown = (await ada.get(f"/api/v1/titles/{house.films['Western 0']}")).json["similar"]
    assert [one["name"] for one in shown][:3] == names(alike)
    film = (await ada.get(f"/movies/{house.films['Western 0']}")).json["data"]
    more = (await ada.get(f"/api/movies/{house.films['Western 0']}/recommendations")).json["results"]
    assert [one["title"] for one in film["similar"]][:3] == [one["title"] for one in more][:3] == names(alike)
    typed = (await ada.get("/api/v1/search?similar_to=westren%200&limit=3")).json
    assert (typed["meant"]["name"], [one["name"] for one in typed["items"]]) == ("Western 0", names(alike))
    assert (await ada.get("/api/v1/search?similar_to=qqqqqq")).json == {"items": [], "meant": None}
    await ada.get("/api/v1/search", 400)
    child, _ = await viewer(house, "kim", is_kids=True, ceiling=10)
    for path in ("", "/trending", "/popular", f"/similar/{house.films['Noir 0']}"):
        assert "Wild" not in names(await house.asked(child, path))
        assert names(await house.asked(child, path))
    await child.get(f"{RECOMMENDED}/similar/{house.films['Wild']}", 404)
    await house.watched(profile, "Musical 0")
    assert "Musical 0" not in names(await house.asked(ada, "/trending"))
    assert "Musical 0" in names(await house.asked(ada, "/trending?seen=true"))
    await ada.get(f"{RECOMMENDED}/trending?limit=51", 400)


async def test_nothing_is_suggested_that_is_not_published_or_licensed(house: House) -> None:
    ada, _ = await viewer(house, "ada")
    over: dict[str, Any] = {"start": "2020-01-01T00:00:00Z", "stop": "2026-02-01T00:00:00Z", "territories": []}
    soon: dict[str, Any] = {"start": "2026-03-02T00:00:00Z", "stop": None, "territories": []}
    await house.made("Over", "Noir", rights=[over])
    await house.made("Later", "Noir", rights=[soon])
    await house.made("Both", "Noir", rights=[over, soon])
    await house.made("Draft", "Noir", state="draft")
    hidden = {"Over", "Later", "Draft"}
    for is_built in (False, True):
        if is_built:
            await house.build()
        for client in (ada, house.client):
            for path in ("", "/popular?limit=50", f"/similar/{house.films['Noir 0']}?limit=50"):
                assert not hidden & set(names(await house.asked(client, path)))
    assert "Both" in names(await house.asked(house.client, "/popular?limit=50"))  # a gap is judged when it is played
    etag = (await house.client.get(f"/api/v1/titles/{house.films['Noir 1']}")).etag
    await house.client.ask("DELETE", f"/api/v1/titles/{house.films['Noir 1']}", None, headers={"If-Match": etag})
    assert "Noir 1" not in names(await house.asked(ada, f"/similar/{house.films['Noir 0']}?limit=50"))
    house.times.now = datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert "Later" in names(await house.asked(house.client, "/popular?limit=50"))


async def counted(house: House, table: Any) -> int:
    async with house.site.database.reading() as session:
        return int((await session.exec(select(func.count()).select_from(table))).one())


async def test_versions_are_whole_take_over_what_has_not_changed_and_go(house: House) -> None:
    """C55, C56: what is not finished is read by nobody, and what is made of a part is what is made of all."""
    first = await house.build()
    assert (first.number, first.works, first.anew, first.profiles, first.plays) == (1, 12, 12, 6, 18)
    house.times.now += timedelta(minutes=1)
    assert not (await house.build()).is_new
    async with house.site.database.writing() as session:
        session.add(RecommendationBuild(number=2, model="blend", begun_at=house.times.now, full_at=house.times.now))
    status = (await house.client.get(f"{RECOMMENDED}/status")).json
    assert (status["version"]["number"], status["building"]) == (1, None)
    begun = await versions.begun(house.site.database, "blend", house.times.now, house.times.now)
    assert (begun.number, await counted(house, RecommendationBuild)) == (3, 2)  # what never came to be is no more
    for number in range(12):  # of 24 titles few have changed
        await house.made(f"More {number}", "Musical" if number % 2 else "Western")
    house.times.now += timedelta(minutes=1)
    assert (await house.build(neighbours=3)).anew == 24
    house.times.now += timedelta(minutes=1)
    await house.made("Musical 4", "Musical", description="a song about a dance")
    house.times.now += timedelta(minutes=1)
    part = await house.build(neighbours=3)
    assert 0 < part.anew < part.works == 25
    kept = await known(house)
    house.times.now += timedelta(minutes=1)
    whole = await house.build(full=True, neighbours=3)
    assert whole.anew == 25
    again = await known(house)
    fresh = house.films["Musical 4"]
    assert kept[fresh] == again[fresh]
    assert {one for one, near in kept.items() if fresh in near} <= {one for one, near in again.items() if fresh in near}
    assert await counted(house, RecommendationBuild) == 2
    assert await counted(house, RecommendationWork) == 50
    assert await counted(house, RecommendationDay) > 0
    house.times.now += timedelta(days=1)
    assert (await house.build()).anew == 25


async def known(house: House) -> dict[str, set[str]]:
    """The neighbours of each title in the newest version."""
    async with house.site.database.reading() as session:
        newest = await versions.newest(session)
    assert newest is not None
    found = await versions.former(house.site.database, newest.number)
    return {one: {name for name, _ in found.near(one)} for one in found.kept}


@pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True
)  # it starts processes; what they do is asked above
async def test_versions_are_built_by_a_job_now_and_then_and_on_wish(house: House) -> None:
    """C04, C56: one at a time, in a process of its own."""
    recommender = Recommender(house.site.settings, house.site.database, house.times)
    assert await recommender.once()
    assert not await recommender.once()
    wanted = (await house.client.post(f"{RECOMMENDED}:build", {}, 202)).json["job"]
    async with house.site.database.reading() as session:
        jobs = (await session.exec(select(Job.id).where(Job.kind == "build_recommendations"))).all()
    assert jobs == [wanted]
    whole = (await house.client.post(f"{RECOMMENDED}:build", {"full": True}, 202)).json["job"]
    assert whole != wanted
    assert (await house.client.post(f"{RECOMMENDED}:build", {"full": True}, 202)).json["job"] == whole
    await house.client.ask("POST", f"/api/v1/jobs/{wanted}/cancel")  # its process ends with it
    reader, _ = await viewer(house, "ada")
    await reader.post(f"{RECOMMENDED}:build", {}, 403)
    await reader.get(f"{RECOMMENDED}/status", 403)

    async def built() -> Any:
        status = (await house.client.get(f"{RECOMMENDED}/status")).json
        return status["version"] if status["building"] is None else None

    version = await eventually(built)
    assert (version["works"], version["anew"], version["plays"]) == (12, 12, 18)
    house.times.now += timedelta(minutes=59)
    assert not await recommender.once()
    house.times.now += timedelta(minutes=2)
    assert await recommender.once()
    assert (await house.client.get(f"{RECOMMENDED}/status")).json["building"]


async def test_another_model_is_plugged_in(house: House) -> None:
    """B12: whatever says which titles are near to one."""

    class Backwards:
        """The last title is near to all."""

        def __init__(self, library: Any) -> None:
            self.last = len(library) - 1

        def near(self, place: int, most: int) -> list[tuple[int, float]]:
            return [(self.last, 1.0)][: most * (place != self.last)]

    await build(house.site.database, Wish(model="backwards"), NOW, made=Backwards)
    async with house.site.database.reading() as session:
        last = (await session.exec(select(func.max(col(RecommendationWork.title_id))))).one()
    first = min(house.films.values())
    assert [one["title"]["id"] for one in await house.asked(house.client, f"/similar/{first}")] == [last]


async def test_a_title_on_the_watchlist_counts_for_a_favourite_more(house: House) -> None:
    ada, profile = await viewer(house, "ada")
    await house.build()
    async with house.site.database.writing() as session:
        for name, which in (("Noir 0", "watchlist"), ("Western 0", "favorites")):
            session.add(Listed(profile_id=profile, list=which, title_id=house.films[name], added_at=NOW))
    found = await house.asked(ada)
    assert found[0]["reason"]["kind"] == "because_liked"
    assert {one["reason"]["title"]["name"] for one in found[:4]} == {"Western 0", "Noir 0"}
