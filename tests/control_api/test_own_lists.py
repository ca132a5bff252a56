"""Watchlist, favourites and ratings of a profile, and what titles are to it, wherever they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from films import BORN, films, put, statements
from hypothesis import given
from hypothesis import strategies as st
from persons import cheap, person
from sqlmodel import col, delete, func, select, update
from watching import series

from control_api.ids import new_id
from control_api.library.flags import Flags, percent
from control_api.library.indexing import reindexed
from control_api.lists import keeping
from control_api.lists.flags import flagged
from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import AuditEntry, Event, Listed, Profile, Rated, RatingSum, Title, Watched

if TYPE_CHECKING:
    from clients import Client

    from control_api.settings import Settings

V1 = "/api/v1"


async def profile_of(client: Client, name: str) -> str:
    """The id of the main profile of an account."""
    from control_api.tables import Account  # noqa: PLC0415 — used here alone

    async with client.app[SITE].database.reading() as session:
        rows = select(Profile.id).join(Account, col(Account.id) == Profile.account_id)
        return (await session.exec(rows.where(Account.username == name))).one()


async def names(client: Client, path: str) -> list[str]:
    """What a list shows, all pages of it."""
    found: list[str] = []
    while path:
        page = (await client.get(path)).json
        found += [one["title"]["name"] for one in page["items"]]
        path = page["next"] or ""
    return found


@given(st.integers(0, 10**8), st.integers(0, 10**8), st.booleans())
def test_only_what_was_seen_to_the_end_is_whole(position: int, whole: int, ended: bool) -> None:  # noqa: FBT001
    found = percent(position, whole, is_whole=ended)
    if whole or ended:
        assert found is not None
        assert 0 <= found <= 100
        assert (found == 100) == (ended or position >= whole)
    else:
        assert found is None


@pytest.mark.parametrize("name", ["watchlist", "favorites"])
async def test_a_list_is_put_on_and_taken_off_again_as_often_as_one_likes(settings: Settings, name: str) -> None:
    """B10, B53, C16, C17, C37a, C37b, C37c, C38a, C38b, C50, C51, C52, BX4."""
    async with running(cheap(settings)) as client:
        ada, bob = await person(client, "ada"), await person(client, "bob")
        ids, draft = await films(client, 4), (await films(client, 1, "Draft", state="draft"))[0]
        path = f"{V1}/{name}"
        assert await names(ada, path) == []
        for number in (2, 0):
            await ada.ask("PUT", f"{path}/{ids[number]}", 201)
        new = await ada.ask("PUT", f"{path}/{ids[1]}", 201)
        assert new.json["title"]["id"] == ids[1]
        again = await ada.ask("PUT", f"{path}/{ids[1]}", 200)
        assert again.json["added_at"] == new.json["added_at"]
        assert sorted(await names(ada, f"{path}?limit=2")) == ["Film 0", "Film 1", "Film 2"]
        assert await names(bob, path) == []
        assert await names(ada, f"{path}?kind=series") == []
        flag = {"watchlist": "is_in_watchlist", "favorites": "is_favorite"}[name]
        shown = {one["id"]: one["mine"] for one in (await ada.get(f"{V1}/titles")).json["items"]}
        assert {one for one in ids if shown[one][flag]} == set(ids[:3])
        # what is a draft is not there for the audience, on no way in
        await ada.ask("PUT", f"{path}/{draft}", 404)
        lost = await ada.post(f"{path}:batch", {"add": [ids[3], draft, new_id("ti")]}, 422)
        assert [wrong["pointer"] for wrong in lost.json["errors"]] == ["/add/1", "/add/2"]
        both = await ada.post(f"{path}:batch", {"add": [ids[3]], "remove": [ids[3]]}, 422)
        assert both.json["errors"][0]["detail"].endswith(f"{ids[3]} cannot be both added and removed")
        await ada.post(f"{path}:batch", {}, 422)
        edit = {"add": [ids[3], ids[0], ids[3]], "remove": [ids[2], draft]}
        done = (await ada.post(f"{path}:batch", edit, 200)).json
        assert done == {"added": [ids[3]], "removed": [ids[2]]}
        assert (await names(ada, path))[0] == "Film 3"
        for _ in range(2):
            await ada.ask("DELETE", f"{path}/{ids[0]}", 204)
        assert await names(ada, path) == ["Film 3", "Film 1"]
        # what leaves the catalogue leaves the list, and comes back with it
        async with client.app[SITE].database.writing() as session:
            await session.exec(update(Title).where(col(Title.id) == ids[1]).values(state="archived"))
        assert await names(ada, path) == ["Film 3"]
        async with client.app[SITE].database.writing() as session:
            await session.exec(delete(Title).where(col(Title.id) == ids[1]))
        # none of it is told to anybody
        async with client.app[SITE].database.reading() as session:
            assert (await session.exec(select(Listed.title_id))).all() == [ids[3]]
            for table in (AuditEntry, Event):
                kinds = (await session.exec(select(table))).all()
                assert [one for one in kinds if ids[3] in str(one)] == []


async def test_no_list_grows_past_its_end(settings: Settings) -> None:
    async with running(cheap(settings)) as client:
        ada, mine = await person(client, "ada"), ""
        mine = await profile_of(client, "ada")
        ids = await films(client, keeping.MOST + 1)
        row = {"profile_id": mine, "list": "watchlist", "added_at": BORN}
        await put(client, Listed, [{**row, "title_id": one} for one in ids[:-1]])
        full = await ada.ask("PUT", f"{V1}/watchlist/{ids[-1]}", 409)
        assert full.json["detail"] == "the list watchlist of a profile has 2000 titles at most: take some off it first"
        await ada.ask("PUT", f"{V1}/watchlist/{ids[0]}", 200)
        await ada.post(f"{V1}/watchlist:batch", {"add": [ids[-1]], "remove": [ids[0]]}, 200)
        await ada.ask("PUT", f"{V1}/favorites/{ids[-1]}", 201)


async def _seen_of_a_series(client: Client, staff: Client) -> None:
    """By its episodes, each profile once; who watches once more has seen it all the same."""
    whole, first, second = await series(client, "Noir", {1: 2})
    async with client.app[SITE].database.reading() as session:
        ada, bob, cy = (await session.exec(select(Profile.id).order_by(col(Profile.id)))).all()[:3]
    row = {
        "first_at": BORN,
        "watched_at": BORN,
        "duration_ms": 9,
        "watched_ms": 9,
        "position_ms": 1,
        "series_id": whole,
    }
    seen = [(ada, first, 2), (ada, second, 1), (bob, first, 0), (cy, second, 1)]  # none is completed just now
    await put(client, Watched, [
        {**row, "id": new_id("wa"), "profile_id": who, "title_id": title, "series_id": whole, "times": times}
        for who, title, times in seen
    ])  # fmt: skip
    for title, found in ((whole, (3, 2)), (first, (2, 1)), (second, (2, 2))):
        told = (await staff.get(f"{V1}/titles/{title}/audience")).json
        assert (told["watched"], told["completed"]) == found


async def test_ratings_are_summed_up_whatever_takes_them_away(settings: Settings) -> None:
    """B79: apart from what others say of a title; C32: staff see how many, and never who."""
    async with running(cheap(settings)) as client:
        people = [await person(client, name) for name in ("ada", "bob", "cy")]
        staff = await person(client, "ed", Role.EDITOR)
        [film, other] = await films(client, 2, score=880, votes=12)

        async def ratings() -> Any:
            one = (await staff.get(f"{V1}/titles/{film}")).json
            assert (one["score"], one["votes"]) == (8.8, 12)
            return one["ratings"]

        assert await ratings() == {"average": None, "count": 0}
        path = f"{V1}/ratings/{film}"
        for one, body in zip(people, ({"score": 8}, {"opinion": "like"}, {"opinion": "dislike"}), strict=True):
            assert (await one.ask("PUT", path, 201, body=body)).json["title"]["mine"]["my_score"] is not None
        assert await ratings() == {"average": 6.33, "count": 3}
        first = (await people[0].ask("PUT", path, 200, body={"score": 8})).json
        assert (await people[0].ask("PUT", path, 200, body={"score": 9})).json["score"] == 9
        assert await ratings() == {"average": 6.67, "count": 3}
        for wrong in ({}, {"score": 0}, {"score": 11}, {"score": 5, "opinion": "like"}):
            await people[0].ask("PUT", path, 422, body=wrong)
        await people[0].ask("PUT", f"{V1}/ratings/{other}", 201, body={"score": 1})
        listed = (await people[0].get(f"{V1}/ratings")).json["items"]
        assert [(one["score"], one["title"]["id"]) for one in listed] == [(1, other), (9, film)]
        assert listed[1]["rated_at"] >= first["rated_at"]
        await people[1].ask("PUT", f"{V1}/watchlist/{film}", 201)
        seen = (await staff.get(f"{V1}/titles/{film}/audience")).json
        assert seen == {
            "watchlist": 1, "favorites": 0, "ratings": 3, "average": 6.67, "scores": {"1": 1, "9": 1, "10": 1},
            "watched": 0, "completed": 0,
        }  # fmt: skip
        await people[1].get(f"{V1}/titles/{film}/audience", 403)
        await _seen_of_a_series(client, staff)
        for _ in range(2):
            await people[2].ask("DELETE", path, 204)
        assert await ratings() == {"average": 9.5, "count": 2}
        async with client.app[SITE].database.writing() as session:  # a profile goes, and its ratings with it
            await session.exec(delete(Profile).where(col(Profile.id) == await profile_of(client, "bob")))
        assert await ratings() == {"average": 9.0, "count": 1}
        async with client.app[SITE].database.writing() as session:
            await session.exec(delete(Title).where(col(Title.id) == film))
        async with client.app[SITE].database.reading() as session:
            assert (await session.exec(select(func.count()).select_from(Rated))).one() == 1
            assert (await session.exec(select(RatingSum.title_id))).all() == [other]


async def test_what_a_title_is_to_a_profile_is_one_query_for_any_number(settings: Settings) -> None:
    """BX4, B55: on lists, details, searches and suggestions; null for who is nobody, and of nobody else."""
    async with running(cheap(settings, caller_cache_ms=60_000)) as client:
        ada, bob = await person(client, "ada"), await person(client, "bob")
        mine, ids = await profile_of(client, "ada"), await films(client, 100)
        seen = {"profile_id": mine, "first_at": BORN, "watched_at": BORN, "duration_ms": 1000}
        row = {**seen, "watched_ms": 0, "times": 0, "name": ""}
        await put(
            client, Watched,
            [
                {**row, "id": new_id("wa"), "title_id": ids[0], "position_ms": 250, "completed_at": None},
                {**row, "id": new_id("wa"), "title_id": ids[1], "position_ms": 0, "completed_at": BORN},
            ],
        )  # fmt: skip
        await ada.ask("PUT", f"{V1}/ratings/{ids[0]}", 201, body={"score": 7})
        await ada.ask("PUT", f"{V1}/favorites/{ids[0]}", 201)
        database = client.app[SITE].database
        expected = Flags(is_favorite=True, my_score=7, position_ms=250, percent=25)
        async with database.reading() as session:
            for some in (ids[:1], ids, [], ids[:2] * 2):
                with statements(client) as asked:
                    found = await flagged(session, mine, some)
                assert len(asked) == bool(some)
                assert list(found) == list(dict.fromkeys(some))
            found = await flagged(session, mine, ids)
        assert found[ids[0]] == expected
        assert found[ids[1]] == Flags(position_ms=0, percent=100)
        assert set(list(found.values())[2:]) == {Flags()}
        first = expected.model_dump()
        counts = []
        for limit in (1, 100):
            with statements(client) as asked:
                page = (await ada.get(f"{V1}/titles?sort=oldest&limit={limit}")).json["items"]
            counts.append(len(asked))
            assert page[0]["mine"] == first
        assert counts[0] == counts[1]
        async with database.writing() as session:
            await reindexed(session, ids[:1])
        for path in ("search?q=film", "suggestions?q=film", "content?sortOrder=asc"):
            found_by = (await ada.get(f"{V1}/{path}")).json
            assert (found_by.get("items") or found_by["content"])[0]["mine"] == first, path
        assert (await ada.get(f"/movies/{ids[0]}")).json["data"]["mine"] == first
        # a copy that somebody holds is nobody else's, though the address is the same
        of_ada = await ada.get(f"{V1}/titles/{ids[0]}")
        assert of_ada.json["mine"] == first
        assert of_ada.headers["Cache-Control"].startswith("private")
        held = {"If-None-Match": of_ada.etag}
        await ada.get(f"{V1}/titles/{ids[0]}", 304, headers=held)
        assert (await bob.get(f"{V1}/titles/{ids[0]}", headers=held)).json["mine"] == Flags().model_dump()
        await ada.ask("DELETE", f"{V1}/favorites/{ids[0]}", 204)
        assert not (await ada.get(f"{V1}/titles/{ids[0]}", headers=held)).json["mine"]["is_favorite"]


async def test_an_api_key_is_nobody(client: Client) -> None:
    [film] = await films(client, 1)
    assert (await client.get(f"{V1}/titles/{film}")).json["mine"] is None
    for name in ("watchlist", "favorites", "ratings"):
        await client.get(f"{V1}/{name}", 403)


async def test_a_list_shows_a_child_what_a_child_may_see(settings: Settings) -> None:
    """B11: whatever was put there when it might see more."""
    async with running(cheap(settings)) as client:
        ada = await person(client, "ada")
        [young] = await films(client, 1, "Young", age=6)
        [old] = await films(client, 1, "Old", age=16)
        for one in (young, old):
            await ada.ask("PUT", f"{V1}/watchlist/{one}", 201)
        mine = await profile_of(client, "ada")
        async with client.app[SITE].database.writing() as session:
            await session.exec(update(Profile).where(col(Profile.id) == mine).values(is_kids=True, ceiling=7))
        client.app[SITE].known.forget(mine)
        assert await names(ada, f"{V1}/watchlist") == ["Young 0"]
        await ada.ask("PUT", f"{V1}/favorites/{old}", 404)
        await ada.ask("DELETE", f"{V1}/watchlist/{old}", 204)
