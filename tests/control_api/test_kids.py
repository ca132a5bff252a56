"""What is kept from a profile is kept in every operation there is, and is judged alike by lists, searches and details.

Rows BX2, B08.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from clients import Client, running
from desks import WRITTEN, house
from persons import cheap, person
from sqlmodel import select

from control_api.app import OPERATIONS
from control_api.library.intake import Intake
from control_api.people.roles import AUDIENCE, Role
from control_api.resources import RESOURCES
from control_api.scopes import OPEN, SIGNED_IN
from control_api.site import SITE
from control_api.tables import Asset, Listed, Rated, Watched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from control_api.operation import Operation
    from control_api.settings import Settings

TITLES = "/api/v1/titles"
WORD = "Verboten"
LEAKS = (WORD, "Title of film-a", "Title of film-c", "/vod/film-a", "/vod/film-c")
"""What no answer to a child has in it."""
ENDS = {"sign_out", "sign_out_unversioned", "close_session"}
"""Operations after which nothing more could be asked."""
MAY_CHANGE = {
    "add_to_watchlist", "remove_from_watchlist", "edit_watchlist", "add_to_favorites", "remove_from_favorites",
    "edit_favorites", "rate_title", "unrate_title", "delete_history_entry", "clear_history",
    "remove_continue_watching", "sign_out", "sign_out_unversioned", "close_session", "switch_profile",
    "edit_preferences",
}  # fmt: skip
"""What a kids profile may change of an account: its own lists, and who watches. Everything else takes `OWNER`."""

TELLING = {
    "list_titles", "read_title", "search_titles", "suggest_titles", "list_genres", "list_shelves", "list_channels",
    "read_channel", "read_guide", "export_guide", "read_movie", "list_content", "read_content_stream",
    "play_channel_alias",
}  # fmt: skip
"""Operations that tell a parent what they do not tell the child: so the walk would see it."""


async def always() -> bool:
    return True


@dataclass
class Family:
    """A station with an account that has a child."""

    staff: Client
    parent: Client
    child: Client
    child_id: str
    titles: dict[str, str] = field(default_factory=dict)
    """By name."""

    async def make(self, name: str, kind: str = "movie", **more: Any) -> str:
        body = {"kind": kind, "name": name, "state": "published", **more}
        self.titles[name] = (await self.staff.post(TITLES, body)).json["id"]
        return self.titles[name]

    async def names(self, client: Client, path: str = f"{TITLES}?limit=100") -> set[str]:
        return {one["name"] for one in (await client.get(path)).json["items"]}


async def edit(staff: Client, title: str, **said: Any) -> None:
    etag = (await staff.get(f"{TITLES}/{title}")).etag
    await staff.ask("PATCH", f"{TITLES}/{title}", body=said, headers={"If-Match": etag})


async def switched(client: Client, profile: str, **proof: Any) -> Client:
    found = (await client.post(f"/api/v1/profiles/{profile}/switch", proof, 200)).json
    return client.known_by(found["access_token"])


@pytest.fixture
async def family(tmp_path: Path, settings: Settings, key: str) -> AsyncIterator[Family]:
    """Two channels, of which one is for children; three films in the store, of which one is."""
    text = WRITTEN.replace("name: Late", "name: Late\n    ages: 6")
    desk = house(tmp_path, text)
    async with running(cheap(settings), clock=desk.clock) as client:
        parent = await person(client, "ada", Role.ADMIN)
        kid = (await parent.post("/api/v1/profiles", {"name": "Kid", "is_kids": True, "ceiling": 7})).json["id"]
        found = Family(client.known_by(key), parent, await switched(parent, kid), kid)
        site = client.app[SITE]
        await Intake(site.database, desk.station.store).look(desk.now, always)
        async with site.database.reading() as session:
            owners = dict((await session.exec(select(Asset.id, Asset.title_id))).all())
        found.titles |= owners
        await edit(found.staff, owners["film-a"], name=f"{WORD} a", age_rating="R", genres=[f"{WORD} genre", "Drama"])
        await edit(found.staff, owners["film-b"], name="Fit b", age_rating="G", genres=["Drama"])
        await edit(found.staff, owners["film-c"], name=f"{WORD} c", genres=["Drama"])
        series = await found.make(f"{WORD} series", "series", age_rating="TV-MA")
        season = await found.make(f"{WORD} season", "season", parent_id=series, number=1)
        await found.make(f"{WORD} episode", "episode", parent_id=season, number=1)
        await found.make("Fit episode", "episode", parent_id=season, number=2, age_rating="TV-Y")
        mild = await found.make("Fit series", "series", age_rating="TV-Y7")
        await found.make(f"{WORD} trailer", "trailer", parent_id=mild, age_rating="18")
        now, forbidden = site.clock(), owners["film-a"]
        async with site.database.writing() as session:  # from before there was a ceiling
            for name in ("watchlist", "favorites"):
                session.add(Listed(profile_id=kid, list=name, title_id=forbidden, added_at=now))
            session.add(Rated(profile_id=kid, title_id=forbidden, score=9, rated_at=now))
            session.add(
                Watched(
                    id="wa_1",
                    profile_id=kid,
                    title_id=forbidden,
                    name=f"{WORD} a",
                    position_ms=9,
                    duration_ms=99,
                    first_at=now,
                    watched_at=now,
                )  # fmt: skip
            )
        yield found


def asked(operation: Operation, family: Family) -> Iterator[tuple[str, Any]]:
    """Addresses and bodies by which an operation may be brought to say what it must not."""
    said = operation.declared
    one = family.titles
    ids = [one["film-a"], one["Fit series"], "film-c", "films", "late"]
    queries = [f"?q={WORD.lower()}&"] if "q" in operation.query_model.model_fields else ["?"]
    bodies: list[Any] = [None]
    if operation.has_body:
        bodies = [{"title": one["film-a"]}, {"asset": "film-c"}, {"channel": "films"}, {"add": [one["film-a"]]},
                  {"score": 5}]  # fmt: skip
    names = dict.fromkeys(operation.path_model.model_fields, "1")
    for which in ids if "id" in names else [""]:
        path = operation.template.format(**{**names, "id": which})
        for query in queries if said.method == "GET" else ["?"]:
            for body in bodies:
                yield path + query.rstrip("?&"), body


async def told(client: Client, operation: Operation, family: Family) -> set[str]:
    """What of `LEAKS` an operation tells this client."""
    found: set[str] = set()
    for path, body in asked(operation, family):
        reply = await client.ask(operation.declared.method, path, None, body=body)
        text = reply.body.decode("utf-8", "replace")
        found |= {leak for leak in LEAKS if leak in text}
    return found


async def test_no_operation_tells_a_child_what_is_kept_from_it(family: Family) -> None:
    """BX2: every operation that a kids profile may ask, whichever there are, finds nothing; its parent finds it."""
    silent = set(TELLING)
    for operation in family.child.app[OPERATIONS]:
        said = operation.declared
        if said.name in ENDS or (said.scope is OPEN and not said.is_safe):
            continue
        if said.scope is OPEN or said.scope is SIGNED_IN or said.scope in AUDIENCE:
            assert await told(family.child, operation, family) == set(), said.name
            if said.name in TELLING and await told(family.parent, operation, family):
                silent.discard(said.name)
    assert silent == set()


def test_what_changes_an_account_takes_who_owns_it() -> None:
    """A new operation is for a kids profile only when it stands here."""
    changing = {
        operation.declared.name
        for operation in RESOURCES
        if operation.declared.scope is SIGNED_IN and not operation.declared.is_safe
    }
    assert changing <= MAY_CHANGE
