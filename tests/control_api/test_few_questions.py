"""How many questions of the database the answers take that apps ask for most: as few as ever, and of many as of few."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from clients import Client, running
from films import BORN, put
from persons import cheap, person
from questions import asked
from sqlmodel import select
from watching import free_plan, series

from control_api.ids import new_id
from control_api.site import SITE
from control_api.tables import Profile, Watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_api.settings import Settings

V1 = "/api/v1"
MOST = {"another address": 11, "an address and a session": 14, "continue watching": 5, "home": 15}
"""Whoever makes one of these greater makes players wait longer."""


@contextmanager
def questions(client: Client) -> Iterator[list[str]]:
    """All that the database is asked while the block runs; that a transaction begins is no question."""
    with asked(client, lambda statement: not statement.startswith("BEGIN")) as found:
        yield found


async def test_what_apps_ask_for_most_takes_no_more_questions_than_ever_of_few_titles_or_many(
    settings: Settings,
) -> None:
    """B06, BX5, AX1: for a viewer whom the process knows, who has begun an episode of each series that there is."""
    async with running(cheap(settings, works=False, caller_cache_ms=60_000, hot_ms=60_000)) as client:
        await free_plan(client, 3)
        ada = await person(client, "ada")
        async with client.app[SITE].database.reading() as session:
            profile = (await session.exec(select(Profile.id))).one()
        device = {"device": {"id": "tv"}}

        async def begun(name: str) -> str:
            """A series of which the profile has seen something; the id of its first episode."""
            show = await series(client, name, {1: 2, 2: 1})
            seen = {"id": new_id("wa"), "profile_id": profile, "title_id": show[1], "series_id": show[0], "name": name}
            amounts = {"position_ms": 1000, "duration_ms": 100_000, "watched_ms": 1000, "times": 0}
            await put(client, Watched, [{**seen, **amounts, "first_at": BORN, "watched_at": BORN}])
            return show[1]

        async def counted(title: str) -> dict[str, int]:
            with questions(client) as anew:
                body = {"title": title, "session": True, **device}
                played = (await ada.post(f"{V1}/playback", body, 200)).json
            with questions(client) as again:
                await ada.post(f"{V1}/playback", {"title": title, "play_session": played["session"]["id"]}, 200)
            with questions(client) as on:
                cards = (await ada.get(f"{V1}/continue-watching")).json["items"]
            with questions(client) as home:
                rails = (await ada.get(f"{V1}/home")).json["items"]
            assert played["next"] is not None
            assert cards
            assert rails
            return dict(zip(MOST, map(len, (again, anew, on, home)), strict=True))

        first = await begun("Detour")
        await counted(first)  # what is common is remembered from now on, and the player has something that is replaced
        few = await counted(first)
        for number in range(12):
            await begun(f"More {number}")
        many = await counted(await begun("Laura"))
        assert many == few
        assert {name: count for name, count in few.items() if count > MOST[name]} == {}
