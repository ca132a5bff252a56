"""What is kept from a profile is kept in every operation there is, and is judged alike by lists, searches and details.

Rows BX2, B08.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from clients import Client, running
from desks import WRITTEN, house
from persons import cheap, person
from sqlalchemy import event
from sqlmodel import col, select
from test_imports import send

from control_api.app import OPERATIONS
from control_api.callers import Viewer
from control_api.key_creation import create_key
from control_api.library import search
from control_api.library.intake import Intake
from control_api.people.roles import AUDIENCE, Role
from control_api.profiles import channels, limits
from control_api.resources import RESOURCES
from control_api.scopes import OPEN, SIGNED_IN, Scope
from control_api.site import SITE
from control_api.tables import Asset, Listed, Rated, Title, Watched
from playout.clock import system_clock

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
    "edit_preferences", "put_on_watchlist", "put_on_watchlist_at_api", "take_off_watchlist",
    "take_off_watchlist_at_api",
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
                )
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
        assert reply.status < 500 or reply.status == 501, (path, reply.body)
        text = reply.body.decode("utf-8", "replace")
        found |= {leak for leak in LEAKS if leak in text}
    return found


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # what differs by database, the next test asks
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


async def test_all_judge_alike(family: Family) -> None:
    await _people_have_done_what_one_may_see(family)
    await _lists_searches_and_details_judge_alike(family)
    await _a_list_costs_no_more_for_who_is_limited(family)
    await _a_rating_reaches_what_is_beneath(family)
    await _a_child_is_shown_the_channels_that_are_for_it(family)


async def _people_have_done_what_one_may_see(family: Family) -> None:
    """A child is told nothing of who is in nothing for it, nor of how much else there is; drafts are nobody's."""
    staff, one = family.staff, family.titles
    people = [(await staff.post("/api/v1/people", {"name": name})).json["id"] for name in ("Orson", "Carol")]
    draft = (await staff.post(TITLES, {"kind": "movie", "name": "Draft"})).json["id"]
    for title, who in ((one["film-a"], people), (one["film-b"], people[:1]), (draft, people)):
        etag = (await staff.get(f"{TITLES}/{title}")).etag
        given = {"credits": [{"person_id": person} for person in who]}
        await staff.ask("PUT", f"{TITLES}/{title}/credits", body=given, headers={"If-Match": etag})
    orson, carol = (f"/api/v1/people/{person}" for person in people)
    viewer = family.staff.known_by(await create_key(
        staff.app[SITE].settings, "app", [Scope.CATALOG_READ], None, system_clock
    ))  # fmt: skip
    for client, many in ((staff, 3), (viewer, 2), (family.child, 1)):
        told = (await client.get(orson)).json
        assert (told["credits"], len(told["filmography"])) == (many, many)
    child = (await family.child.get(orson)).json
    assert [one["name"] for one in child["filmography"]] == ["Fit b"]
    assert (await viewer.get(carol)).json["credits"] == 1
    await family.child.get(carol, 404)
    await family.child.get("/api/v1/people", 403)


async def _lists_searches_and_details_judge_alike(family: Family) -> None:
    """BX2: by age, by genre, with those above a title; whoever is listed is found, shown and permitted, nobody else."""
    staff, site = family.staff, family.staff.app[SITE]
    genre = {one["name"]: one["id"] for one in (await staff.get("/api/v1/genres")).json["items"]}
    await family.make("Fit western", genres=["Western"], age_rating="12")
    series = await family.make("Fit westerns", "series", genres=["Western"], age_rating="16")
    season = await family.make("Fit season", "season", parent_id=series, number=1)
    await family.make("Fit duel", "episode", parent_id=season, number=1, genres=["Drama"])
    await family.make("Fit ride", "episode", parent_id=season, number=2, age_rating="0")
    west, drama = (await staff.get("/api/v1/genres?q=west")).json["items"][0]["id"], genre["Drama"]
    cases = [
        (Viewer("pf", "", ceiling=16, genres=frozenset([west])),
         {"Fit western", "Fit westerns", "Fit season", "Fit duel", "Fit ride"}),
        (Viewer("pf", "", ceiling=12, genres=frozenset([west])), {"Fit western", "Fit ride"}),
        (Viewer("pf", "", genres=frozenset([drama])), {f"{WORD} a", "Fit b", f"{WORD} c", "Fit duel"}),
        (Viewer("pf", "", ceiling=0), {"Fit b", "Fit episode", "Fit ride"}),
        (Viewer("pf", "", is_kids=True), {"Fit b", "Fit episode", "Fit series", "Fit western", "Fit ride"}),
        (Viewer("pf", "", genres=frozenset(["ge_gone"])), set()),
    ]  # fmt: skip
    for viewer, wanted in cases:
        async with site.database.reading() as session:
            rows = await session.exec(select(Title.name).where(*limits.conditions(viewer)))
            assert set(rows.all()) == wanted
            everything = (await session.exec(select(Title.id, Title.name))).all()
            allowed = await limits.permitted(session, viewer, [title for title, _ in everything])
            assert {name for title, name in everything if title in allowed} == wanted
            where = search.Scope(fit=limits.fit(viewer))
            for word in ("fit", WORD.lower()):
                found = set(await search.best(session, word, 100, where))
                held = {title for title, name in everything if title in allowed and word in name.lower()}
                assert found & held == held
                assert found | set(await search.suggested(session, word, 100, where)) <= allowed
    profile = (await family.parent.post("/api/v1/profiles", {"name": "West", "genres_allowed": [west]})).json["id"]
    rider = await switched(family.parent, profile)
    assert await family.names(rider) == cases[0][1]
    assert (await rider.get("/movies")).json["total"] == 2
    assert {one["name"]: one["titles"] for one in (await rider.get("/api/v1/genres")).json["items"]} == {
        "Western": 2, "Drama": 1,
    }  # fmt: skip
    # a genre that becomes another one takes those along who are allowed it
    await staff.post(f"/api/v1/genres/{west}/merge", {"into": drama}, 200)
    assert await family.names(rider) == cases[0][1] | cases[2][1]


async def _a_list_costs_no_more_for_who_is_limited(family: Family) -> None:
    """BX2: what is kept from somebody is a condition of the very statement, which walks the index of its order."""
    statements: list[str] = []
    database = family.staff.app[SITE].database

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM session" not in statement:  # who asks is looked up once in a while
            statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    await family.names(family.parent)
    before = len(statements)
    await family.names(family.child)
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert len(statements) - before <= before + 1  # what stands above the titles is judged, all at once
    viewer = Viewer("pf", "", ceiling=7, genres=frozenset(["ge_1", "ge_2"]))
    rows = select(Title.id).where(*limits.conditions(viewer)).order_by(col(Title.sort_name), col(Title.id)).limit(20)
    async with database.engine.connect() as connection:
        plain = str(rows.compile(database.engine.sync_engine, compile_kwargs={"literal_binds": True}))
        if database.is_sqlite:
            plan = str((await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {plain}")).all())
            assert "ix_title_by_name" in plan
            assert "SCAN title_genre" not in plan
        else:
            await connection.exec_driver_sql("SET enable_seqscan = off")
            await connection.exec_driver_sql("SET enable_sort = off")
            plan = str((await connection.exec_driver_sql(f"EXPLAIN {plain}")).all())
            assert "ix_title_by_name" in plan
            assert "pk_title_genre" in plan


async def _a_rating_reaches_what_is_beneath(family: Family) -> None:
    """BX2: of what has none of its own, however far beneath, when it changes and when something moves."""
    staff, site, one = family.staff, family.staff.app[SITE], family.titles

    async def ages() -> dict[str, int]:
        async with site.database.reading() as session:
            return dict((await session.exec(select(Title.name, Title.age))).all())

    series, season, episode = (f"{WORD} {name}" for name in ("series", "season", "episode"))
    clip = await family.make("Clip", "trailer", parent_id=one[episode])
    found = await ages()
    assert [found[name] for name in (series, season, episode, "Fit episode", "Clip")] == [17, 17, 17, 0, 17]
    await edit(staff, one[series], age_rating="FSK 6")
    found = await ages()
    assert [found[name] for name in (series, season, episode, "Fit episode", "Clip")] == [6, 6, 6, 0, 6]
    assert WORD in str((await family.child.get(f"{TITLES}/{one[series]}")).json)
    await edit(staff, one[series], age_rating="unheard of")
    assert (await ages())["Clip"] == -1
    await family.child.get(f"{TITLES}/{clip}", 404)
    await edit(staff, one[season], parent_id=one["Fit series"])
    await edit(staff, clip, parent_id=one["film-a"])
    found = await ages()
    assert [found[name] for name in (season, episode, "Clip")] == [7, 7, 17]


async def test_what_is_imported_is_for_an_age_too(client: Client) -> None:
    """BX2: with what is beneath it, and when a later file says another rating."""
    for rating, years in (("TV-14", 14), ("G", 0)):
        whole = {"kind": "series", "name": "Imported", "ids": ["x:1"], "age_rating": rating}
        part = {"kind": "episode", "name": "One", "series": "Imported", "season": 1, "episode": 1, "ids": ["x:2"]}
        await send(client, json.dumps([whole, part]), format="json")
        async with client.app[SITE].database.reading() as session:
            found = dict((await session.exec(select(Title.name, Title.age))).all())
        assert found == {"Imported": years, "Season 1": years, "One": years}


async def _a_child_is_shown_the_channels_that_are_for_it(family: Family) -> None:
    """BX2: `ages` within the ceiling, and of their programs those that are."""
    child, parent = family.child, family.parent
    for client, wanted in ((child, ["late"]), (parent, ["films", "late"])):
        assert [one["id"] for one in (await client.get("/api/v1/channels")).json["items"]] == wanted
        assert [one["id"] for one in (await client.get("/api/channels")).json["channels"]] == wanted
    assert [one["ages"] for one in (await parent.get("/api/v1/channels")).json["items"]] == [None, 6]
    for path in ("", "/now", "/play", "/guide"):
        await child.get(f"/api/v1/channels/films{path}", 404)
        await child.get(f"/api/v1/channels/late{path}")
    await child.post("/api/v1/playback", {"channel": "films"}, 404)
    await child.get("/api/v1/guide?channel=films", 404)
    await child.post("/api/v1/playback", {"channel": "late"}, 200)
    guide = "/api/v1/channels/late/guide"
    whole = (await parent.get(guide)).json["items"]
    kept = [one["id"] for one in whole if {part["asset"] for part in one["parts"]} == {"film-b"}]
    assert [one["id"] for one in (await child.get(guide)).json["items"]] == kept
    assert len(kept) < len(whole)
    on = (await child.get("/api/v1/channels/late/now")).json
    assert on["asset"] in ("", "film-b")
    for name in ("film-a", "film-c"):
        await edit(family.staff, family.titles[name], age_rating="G")
    assert (await child.get(guide)).json["items"] == whole
    assert "Title of film-a" in (await child.get("/api/v1/guide?format=xmltv")).body.decode()
    assert (await child.get("/api/v1/channels/late/now")).json["program"]["asset"].startswith("film-")
    path = f"/api/v1/profiles/{family.child_id}"  # what is edited counts at once, for tokens that are out there
    assert "Fit series" in await family.names(child)
    etag = (await parent.get(path)).etag
    await parent.ask("PATCH", path, body={"ceiling": 3}, headers={"If-Match": etag})
    assert "Fit series" not in await family.names(child)
    teen = Viewer("pf", "", ceiling=5)
    assert [channels.sees(teen, ages) for ages in (None, 0, 5, 6)] == [False, True, True, False]
    assert channels.sees(None, None)
    assert channels.sees(Viewer("pf", ""), None)
