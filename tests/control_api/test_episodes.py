"""Episodes: what a page of a season shows of each, what comes next, what was seen, and how a series is played."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clients import running
from persons import Times, cheap, person
from questions import asked
from sqlmodel import col, update
from watching import MINUTE, free_plan, series, titled

from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import Title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clients import Client

    from control_api.settings import Settings

V1 = "/api/v1"
PLAYBACK = f"{V1}/playback"


async def watch(client: Client, times: Times, title: str, to: int) -> None:
    """Play a title up to this minute, and end it."""
    begun = (await client.post(f"{V1}/play-sessions", {"title": title}, 201)).json["id"]
    times.now += timedelta(minutes=1)
    said = {"sequence": 1, "position_ms": to * MINUTE, "played_ms": MINUTE}
    await client.post(f"{V1}/play-sessions/{begun}/end", said, 200)


async def said(client: Client, *titles: str, **values: Any) -> None:
    async with client.app[SITE].database.writing() as session:
        await session.exec(update(Title).where(col(Title.id).in_(titles)).values(**values))


async def plays(client: Client, title: str) -> str:
    """What plays, where this is wanted."""
    return (await client.post(PLAYBACK, {"title": title}, 200)).json["title_id"]  # type: ignore[no-any-return]


@contextmanager
def statements(client: Client) -> Iterator[list[str]]:
    """What the database is asked of titles within."""
    # what is heard of players is written meanwhile
    with asked(client, lambda statement: "FROM title" in statement or "FROM watched" in statement) as found:
        yield found


async def test_a_series_plays_by_the_episode_that_goes_on_or_else_by_the_first_that_may_be_watched(  # noqa: PLR0915 — one story
    settings: Settings,
) -> None:
    """A player is handed a series, and is told which episode of it plays."""
    times = Times(datetime(2026, 3, 1, 12, tzinfo=UTC))
    async with running(cheap(settings, access_token_minutes=24 * 60, play_flush_ms=60_000), clock=times) as api:
        await free_plan(api, 2)
        ada, staff = await person(api, "ada"), await person(api, "ed", Role.EDITOR)
        bare = await titled(api, "Bare", "series", minutes=0)
        refused = (await ada.post(PLAYBACK, {"title": bare}, 409)).json
        assert refused["detail"] == f"there is no episode of {bare} that can be watched now"

        show = await series(api, "Detour", {1: 2, 2: 2})
        seasons = {one["number"]: one["id"] for one in (await ada.get(f"{V1}/titles/{show[0]}")).json["beneath"]}
        assert [await plays(ada, one) for one in (show[0], seasons[1], seasons[2])] == [show[1], show[1], show[3]]
        assert (await ada.get(f"{V1}/content/{show[0]}/stream")).json["url"].count(f"as-{show[1]}") == 1
        begun = (await ada.post("/api/streaming/session", {"contentId": show[0]}, 201)).json["sessionId"]
        session = (await ada.get(f"{V1}/play-sessions/{begun}")).json
        assert session["title_id"] == show[1]
        await ada.post(f"{V1}/play-sessions/{begun}/end", {}, 200)

        # what has ended or is not yet open, what is a draft, and what lies in the bin are no episodes to begin with
        later: list[dict[str, Any]] = [{"start": "2026-04-01T00:00:00Z", "stop": None, "territories": []}]
        await said(api, show[1], rights=later, opens_at=datetime(2026, 4, 1, tzinfo=UTC))
        assert [await plays(ada, show[0]), await plays(ada, seasons[1])] == [show[2], show[2]]
        assert await plays(staff, show[0]) == show[1], "who sees what is packaged looks at it"
        await said(api, show[2], state="draft")
        assert await plays(ada, show[0]) == show[3]
        await ada.post(PLAYBACK, {"title": seasons[1]}, 409)
        await said(api, seasons[2], rights=later)
        await ada.post(PLAYBACK, {"title": show[0]}, 409)
        await said(api, show[0], rights=later)
        closed = (await ada.post(PLAYBACK, {"title": show[0]}, 451)).json
        assert closed["type"] == "/problems/not-licensed"
        await said(api, show[0], seasons[2], show[1], rights=[], opens_at=None)
        await said(api, show[2], state="published")
        await said(api, show[1], access="premium")
        locked = (await ada.post(PLAYBACK, {"title": show[0]}, 403)).json
        assert locked["entitlement"] == "premium"
        await said(api, show[1], access="free")

        # the one that was begun, the one that follows, and from the beginning when all of it was seen
        await watch(ada, times, show[3], 10)
        answer = (await ada.post(PLAYBACK, {"title": show[0]}, 200)).json
        assert (answer["title_id"], answer["offset_ms"], answer["name"]) == (show[3], 10 * MINUTE, "Detour 2x1")
        assert await plays(ada, seasons[1]) == show[1], "of this season nothing was seen"
        await watch(ada, times, show[2], 49)
        assert await plays(ada, show[0]) == show[3]
        await watch(ada, times, show[4], 50)
        with statements(api) as few:
            assert await plays(ada, show[0]) == show[1]
        more = [
            await titled(api, f"Detour 2x{number}", "episode", parent_id=seasons[2], number=number)
            for number in range(3, 13)
        ]
        with statements(api) as lots:
            assert await plays(ada, show[0]) == more[0]
        assert len(lots) == len(few)


async def test_of_each_episode_a_page_of_its_season_shows_all_that_it_needs(  # noqa: PLR0915 — one story
    settings: Settings,
) -> None:
    """C10, C20, E04: flags, length, opening and lock of each; season and number of what follows; cards of a history."""
    times = Times(datetime(2026, 3, 1, 12, tzinfo=UTC))
    async with running(cheap(settings, access_token_minutes=24 * 60, play_flush_ms=60_000), clock=times) as api:
        await free_plan(api, 2)
        ada = await person(api, "ada")
        show = await series(api, "Detour", {1: 2, 2: 1})
        await titled(api, "Teaser", "trailer", parent_id=show[0], minutes=1)
        opens = datetime(2026, 4, 1, tzinfo=UTC)
        await said(api, show[2], opens_at=opens)
        await said(api, show[3], access="premium")
        await watch(ada, times, show[1], 10)
        await ada.ask("PUT", f"{V1}/watchlist/{show[2]}", 201)

        whole = (await ada.get(f"{V1}/titles/{show[0]}")).json
        assert [(one["kind"], one["titles"], one["series_id"], one["season"]) for one in whole["beneath"]] == [
            ("season", 2, show[0], None), ("season", 1, show[0], None),
        ]  # fmt: skip
        assert [(one["name"], one["duration_ms"], one["is_locked"]) for one in whole["trailers"]] == [
            ("Teaser", MINUTE, False)
        ]
        first, second = whole["beneath"]
        one, two = (await ada.get(f"{V1}/titles/{first['id']}")).json["beneath"]
        assert (one["mine"]["position_ms"], one["mine"]["percent"], one["duration_ms"]) == (
            10 * MINUTE, 20, 50 * MINUTE,
        )  # fmt: skip
        assert (one["series"], one["series_id"], one["season_id"], one["season"], one["number"]) == (
            "Detour", show[0], first["id"], 1, 1,
        )  # fmt: skip
        assert (one["state"], one["artwork"], one["is_locked"], one["opens_at"]) == ("published", [], False, None)
        assert (two["mine"]["is_in_watchlist"], two["opens_at"]) == (True, "2026-04-01T00:00:00.000Z")
        (three,) = (await ada.get(f"{V1}/titles/{second['id']}")).json["beneath"]
        assert (three["access"], three["is_locked"]) == ("premium", True)

        await said(api, show[2], opens_at=None)
        after = (await ada.post(PLAYBACK, {"title": show[1]}, 200)).json["next"]
        assert (after["id"], after["series_id"], after["season"], after["number"]) == (show[2], show[0], 1, 2)
        assert (after["is_locked"], after["mine"]["is_in_watchlist"]) == (False, True)
        after = (await ada.post(PLAYBACK, {"title": show[2]}, 200)).json["next"]
        assert (after["id"], after["season"], after["number"], after["is_locked"]) == (show[3], 2, 1, True)

        (seen,) = (await ada.get(f"{V1}/history")).json["items"]
        card = seen["title"]
        assert (card["id"], card["season"], card["number"], card["duration_ms"]) == (show[1], 1, 1, 50 * MINUTE)
        assert card["mine"]["percent"] == 20
        await said(api, first["id"], show[1], state="draft")
        (seen,) = (await ada.get(f"{V1}/history")).json["items"]
        assert (seen["title"], seen["title_id"], seen["name"]) == (None, show[1], "Detour 1x1")
        await said(api, show[1], state="published")
        (seen,) = (await ada.get(f"{V1}/history")).json["items"]
        assert (seen["title"]["series_id"], seen["title"]["season_id"], seen["title"]["season"]) == (
            show[0], None, None,
        ), "nobody is told of a season that is a draft"  # fmt: skip

        # those who came from elsewhere are told as well
        film = await titled(api, "Noir", access="premium")
        listed = {movie["id"]: movie for movie in (await ada.get("/movies")).json["results"]}
        assert (listed[film]["access"], listed[film]["is_locked"]) == ("premium", True)
        assert (listed[show[0]]["access"], listed[show[0]]["is_locked"]) == ("free", False)
        assert (await ada.get(f"/movies/{film}")).json["data"]["is_locked"]
        content = {one["id"]: one for one in (await ada.get(f"{V1}/content?limit=100")).json["content"]}
        assert (content[film]["access"], content[film]["isLocked"]) == ("premium", True)
        assert (content[show[1]]["access"], content[show[1]]["isLocked"]) == ("free", False)
