"""Rails: how staff make them, and the home page that viewers see of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clients import running
from films import BORN, films, put, statements
from hypothesis import given
from hypothesis import strategies as st
from persons import Times, cheap, person, signed_in
from sqlmodel import col, select, update

from control_api.analytics.counting import AMOUNTS
from control_api.ids import new_id
from control_api.key_creation import create_key
from control_api.library.opening import closing, opening
from control_api.people.roles import Role
from control_api.rails.beginning import beginning
from control_api.rails.choosing import Watcher, chosen, is_for
from control_api.rails.kinds import PERSONAL, Source
from control_api.scopes import Scope
from control_api.site import SITE
from control_api.tables import Account, FigureDay, Genre, Profile, Rail, Title, TitleGenre, TitleText, Watched
from playout.clock import system_clock

if TYPE_CHECKING:
    from clients import Client

    from control_api.settings import Settings

V1 = "/api/v1"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINE = Watcher()


async def profile_of(client: Client, name: str) -> str:
    async with client.app[SITE].database.reading() as session:
        rows = select(Profile.id).join(Account, col(Account.id) == Profile.account_id)
        return (await session.exec(rows.where(Account.username == name))).one()


async def home(client: Client, query: str = "") -> dict[str, list[str]]:
    """The names of what is in each rail, by the source or else the name of the rail."""
    found: dict[str, list[str]] = {}
    for rail in (await client.get(f"{V1}/home{query}")).json["items"]:
        found[rail["source"] or rail["name"]] = names(rail["items"])
    return found


def names(items: list[Any]) -> list[str]:
    return [(one["title"] or one["genre"] or one["channel"])["name"] for one in items]


async def edit(client: Client, path: str, body: Any, status: int = 200, method: str = "PATCH") -> Any:
    etag = (await client.get(path.removesuffix("/pins").removesuffix("/merge"))).etag
    return (await client.ask(method, path, status, body=body, headers={"If-Match": etag})).json


async def made(client: Client, **body: Any) -> str:
    return str((await client.post(f"{V1}/rails", body)).json["id"])


_rails = st.lists(
    st.builds(
        lambda number, place, **more: Rail(id=f"rl_{number}", name="r", kind="named", place=place, **more),
        st.integers(0, 9), st.integers(0, 5),
        enabled=st.booleans(),
        profiles=st.lists(st.sampled_from(["adults", "kids"]), unique=True),
        plans=st.lists(st.sampled_from(["free", "plus"]), unique=True),
        visible_from=st.none() | st.sampled_from([NOW - HOUR, NOW, NOW + HOUR]),
        visible_until=st.none() | st.sampled_from([NOW - HOUR, NOW, NOW + HOUR]),
    ),
    max_size=8,
)  # fmt: skip


@given(_rails, st.booleans(), st.sampled_from(["", "free", "plus"]))
def test_rails_are_shown_to_whom_they_are_for_when_they_are(rails: list[Rail], is_kids: bool, plan: str) -> None:  # noqa: FBT001
    who = Watcher(is_kids, plan)
    found = chosen(rails, who, NOW)
    assert [(rail.place, rail.id) for rail in found] == sorted((rail.place, rail.id) for rail in found)
    assert all(rail.enabled and (rail.visible_until or NOW + HOUR) > NOW for rail in found)
    assert sum(is_for(rail, who, NOW) for rail in rails) == len(found)
    for rail in rails:
        rail.profiles = rail.plans = []
    assert len(chosen(rails, who, NOW)) >= len(found)  # what is for all is for nobody less


@given(st.lists(st.tuples(st.none() | st.integers(1, 28), st.none() | st.integers(1, 28)), max_size=3))
def test_a_title_opens_with_the_first_of_its_rights_and_closes_with_the_last(spans: list[tuple[Any, Any]]) -> None:
    rights = [{"start": start and f"2027-01-{start:02}T00:00:00.000Z",
               "stop": stop and f"2027-02-{stop:02}T00:00:00.000Z"} for start, stop in spans]  # fmt: skip
    starts, stops = [start for start, _ in spans], [stop for _, stop in spans]
    opens = datetime(2027, 1, min(starts), tzinfo=UTC) if starts and None not in starts else None
    closes = datetime(2027, 2, max(stops), tzinfo=UTC) if stops and None not in stops else None
    assert (opening(rights), closing(rights)) == (opens, closes)


async def test_a_new_station_has_a_home_page(settings: Settings) -> None:
    """AX1, BX7: everything that a home page is expected to have is there before anybody has made a rail."""
    clock = Times(NOW)
    async with running(cheap(settings, hot_ms=0), clock=clock) as client:
        ada, bob = await person(client, "ada"), await person(client, "bob")
        ids = await films(client, 12, video_url="https://cdn.example/x.m3u8")
        genre = new_id("ge")
        await put(client, Genre, [{"id": genre, "version": 1, "name": "Noir", "folded": "noir", "created_at": BORN}])
        await put(client, TitleGenre, [{"title_id": one, "genre_id": genre, "position": 0} for one in ids[:3]])
        await films(client, 1, "Big", featured=True, score=900, views=7)
        await films(client, 2, "Series", kind="series", score=500)
        await films(client, 1, "Soon", opens_at=NOW + HOUR)
        gone = await films(client, 1, "Gone", featured=True, score=950, views=9, closes_at=NOW, released="2027-05-01",
                           year=2027)  # fmt: skip
        await put(client, TitleGenre, [{"title_id": gone[0], "genre_id": genre, "position": 0}])
        await films(client, 1, "Next", released="2027-02-03", year=2027)
        await films(client, 1, "Draft", state="draft", featured=True)
        await films(client, 1, "Ad", kind="ad", featured=True)
        found = await home(ada)
        assert {name: found[name] for name in ("featured", "top_movies", "top_series", "upcoming", "genres")} == {
            "featured": ["Big 0"], "top_movies": ["Big 0"], "top_series": ["Series 1", "Series 0"],
            "upcoming": ["Soon 0", "Next 0"], "genres": ["Noir"],
        }  # fmt: skip
        whole = await home(ada, "?each=24")
        assert "Soon 0" not in whole["newest"]
        await _at_the_top_is_what_is_seen_now(client, ada)
        assert "Gone 0" not in {name for rail in whole.values() for name in rail}
        assert "watchlist" not in found
        await _of_ones_own(client, ada, ids)
        assert not PERSONAL & (await home(bob)).keys() - {"for_you"}
        await _edited_before_anybody_made_any(await person(client, "ed", Role.EDITOR), ada)
        clock.now += 2 * HOUR  # what comes later comes
        later = await home(client.known_by((await signed_in(client, "ada"))["access_token"]), "?each=24")
        assert (later["upcoming"], "Soon 0" in later["newest"]) == (["Next 0"], True)


async def _at_the_top_is_what_is_seen_now(client: Client, ada: Client) -> None:
    """Behind it is what was seen of all times; views of long ago put nothing in front."""
    ids = await films(client, 3, "Seen", views=5)
    counts = {**dict.fromkeys((*AMOUNTS, "peak"), 0), "kind": "title"}
    rows = [
        {**counts, "part": part, "subject": ids[number], "day": str(NOW.date() - timedelta(days=days)), "views": views}
        for number, days, views, part in (
            (1, 0, 2, ""), (1, 29, 2, ""), (2, 3, 3, ""), (2, 3, 9, "live"), (0, 31, 99, ""), (0, 2, 0, ""),
        )
    ]  # fmt: skip
    await put(client, FigureDay, rows)
    assert (await home(ada))["top_movies"] == ["Seen 1", "Seen 2", "Big 0", "Seen 0"]


async def _of_ones_own(client: Client, ada: Client, ids: list[str]) -> None:
    """What a profile lists and watches is on its home page, and says so."""
    await ada.ask("PUT", f"{V1}/watchlist/{ids[4]}", 201)
    row = {"profile_id": await profile_of(client, "ada"), "first_at": BORN, "watched_at": BORN, "watched_ms": 0}
    row |= {"times": 0, "name": "", "position_ms": 300, "duration_ms": 1000, "title_id": ids[5], "id": new_id("wa")}
    await put(client, Watched, [row])
    found = await home(ada)
    assert found["watchlist"] == ["Film 4"]
    assert found["continue_watching"] == ["Film 5"]
    rails = (await ada.get(f"{V1}/home")).json["items"]
    shown = {one["title"]["id"]: one["title"]["mine"] for rail in rails for one in rail["items"] if one["title"]}
    assert shown[ids[4]]["is_in_watchlist"]
    assert shown[ids[5]]["percent"] == 30
    assert {rail["name"] for rail in rails} >= {"Featured", "My list"}
    german = (await ada.get(f"{V1}/home?language=de-AT")).json["items"]
    assert {rail["name"] for rail in german} >= {"Im Blickpunkt", "Meine Liste"}


async def _edited_before_anybody_made_any(staff: Client, ada: Client) -> None:
    """Once one of the first rails is edited, all of them are kept."""
    there = (await staff.get(f"{V1}/rails")).json["items"]
    assert [one["source"] for one in there] == [rail.source for rail in beginning()]
    first = f"{V1}/rails/{there[0]['id']}"
    assert (await edit(staff, first, {"enabled": False}))["enabled"] is False
    tag = (await staff.get(first)).etag
    await edit(staff, first, {"enabled": False})
    assert (await staff.get(first)).etag == tag  # what changes nothing is no edit
    again = (await staff.get(f"{V1}/rails")).json["items"]
    assert [one["id"] for one in again] == [one["id"] for one in there]
    assert "featured" not in await home(ada)
    await ada.get(f"{first}/items", 404)
    assert names((await staff.get(f"{first}/items")).json["items"]) == ["Big 0"]


_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "named"}, "/source"),
    ({"kind": "pinned", "source": "newest"}, "/source"),
    ({"kind": "named", "source": "newest", "rule": {"q": "x"}}, "/rule"),
    ({"kind": "named", "source": "popular_in_genre"}, "/genre_id"),
    ({"kind": "rule", "genre_id": "ge_0199f0c47b1c7d3a9e52c1d4b7a60f38"}, "/genre_id"),
    ({"kind": "rule", "rule": {"state": ["draft"]}}, "/rule"),
    ({"kind": "pinned", "plans": ["gold"]}, "/plans"),
    ({"kind": "pinned", "enabled": None}, ""),
    (
        {"kind": "pinned", "visible_from": "2026-01-02T00:00:00Z", "visible_until": "2026-01-01T00:00:00Z"},
        "/visible_until",
    ),
]


async def test_staff_make_rails_by_rule_and_by_hand(settings: Settings) -> None:
    """BX6: CRUD, pinned and by rule, in order, for whom and when."""
    clock = Times(NOW)
    async with running(cheap(settings), clock=clock) as client:
        staff, ada = await person(client, "ed", Role.EDITOR), await person(client, "ada")
        ids = await films(client, 5, year=1950)
        await ada.post(f"{V1}/rails", {"kind": "pinned", "name": "x"}, 403)
        for body, pointer in _WRONG:
            wrong = (await staff.post(f"{V1}/rails", {"name": "Wrong", **body}, 422)).json
            assert wrong["errors"][0]["pointer"] == pointer, wrong
        hand = await made(staff, kind="pinned", name="By hand", names={"de": "Von Hand"})
        rule = await made(staff, kind="rule", name="Fifties", rule={"year_to": 1959, "sort": "title_asc"})
        await _pinned(client, staff, hand, ids)
        await edit(staff, f"{V1}/rails/{rule}/pins", {"items": []}, 409, "PUT")
        found = await home(ada, "?limit=20")
        assert (found["By hand"], found["Fifties"]) == (["Film 3", "Film 1"], [f"Film {n}" for n in range(5)])
        # page by page, and no cursor of one rail is good for another one, or for the rail as it is after an edit
        first = (await ada.get(f"{V1}/rails/{rule}/items?limit=2")).json
        assert names(first["items"]) == ["Film 0", "Film 1"]
        assert names((await ada.get(first["next"])).json["items"]) == ["Film 2", "Film 3"]
        await ada.get(first["next"].replace(rule, hand), 400)
        await edit(staff, f"{V1}/rails/{rule}", {"rule": {"sort": "year_desc"}})
        await ada.get(first["next"], 400)
        await _moved(staff, ada, hand)
        await _of_a_genre(client, staff, ada, ids[0])
        await _for_whom_and_when(staff, ada, f"{V1}/rails/{hand}", clock)
        await _deleted(staff, f"{V1}/rails/{hand}")


async def _pinned(client: Client, staff: Client, hand: str, ids: list[str]) -> None:
    """Everything that is pinned is said at once; what there is not is refused, and what is a draft waits."""
    [draft] = await films(client, 1, "Draft", state="draft")
    path = f"{V1}/rails/{hand}/pins"
    lost = await edit(staff, path, {"items": [{"title_id": new_id("ti")}, {"channel": "no"}]}, 422, "PUT")
    assert [wrong["pointer"] for wrong in lost["errors"]] == ["/items/0", "/items/1"]
    await edit(staff, path, {"items": [{"title_id": ids[0]}, {"title_id": ids[0]}]}, 422, "PUT")
    pins = [{"title_id": one} for one in (ids[3], draft, ids[1])]
    await staff.ask("PUT", path, 428, body={"items": pins})
    await edit(staff, path, {"items": pins[::-1]}, 200, "PUT")
    done = await edit(staff, path, {"items": pins}, 200, "PUT")
    assert [pin["name"] for pin in done["pins"]] == ["Film 3", "Draft 0", "Film 1"]


async def _moved(staff: Client, ada: Client, hand: str) -> None:
    """In another order, all at once or not at all."""
    path = f"{V1}/rails:reorder"
    order = [one["id"] for one in (await staff.get(f"{V1}/rails")).json["items"]]
    await staff.post(path, {"ids": order[1:]}, 422)
    await staff.post(path, {"ids": [*order[:-1], order[0]]}, 422)
    wanted = [hand, *(one for one in order if one != hand)]
    assert [one["id"] for one in (await staff.post(path, {"ids": wanted}, 200)).json["items"]] == wanted
    assert next(iter(await home(ada))) == "By hand"
    # two rails of words in one statement, each with its own words
    await made(staff, kind="rule", name="One", rule={"q": "film 1"})
    await made(staff, kind="rule", name="Two", rule={"q": "film 2"})


async def _of_a_genre(client: Client, staff: Client, ada: Client, film: str) -> None:
    """A rail of a genre goes with it when that becomes another one."""
    genres = [(await staff.post(f"{V1}/genres", {"name": name})).json["id"] for name in ("Noir", "Crime")]
    await put(client, TitleGenre, [{"title_id": film, "genre_id": genres[0], "position": 0}])
    rail = await made(staff, kind="named", name="Noir", source="popular_in_genre", genre_id=genres[0])
    assert (await home(ada))["popular_in_genre"] == ["Film 0"]
    await edit(staff, f"{V1}/genres/{genres[0]}/merge", {"into": genres[1]}, 200, "POST")
    assert (await staff.get(f"{V1}/rails/{rail}")).json["genre_id"] == genres[1]
    assert (await home(ada))["popular_in_genre"] == ["Film 0"]


async def _for_whom_and_when(staff: Client, ada: Client, path: str, clock: Times) -> None:
    soon = {"visible_from": "2026-11-21T12:03:00Z", "visible_until": "2026-11-21T12:06:00Z"}
    await edit(staff, path, {**soon, "profiles": ["adults"], "plans": ["free"]})
    seen = []
    for _ in range(3):
        seen.append("By hand" in await home(ada))
        clock.now += timedelta(minutes=4)
    assert seen == [False, True, False]
    await edit(staff, path, {"visible_until": None, "plans": [], "profiles": ["kids"]})
    assert "By hand" not in await home(ada)


async def _deleted(staff: Client, path: str) -> None:
    await staff.ask("DELETE", path, 428)
    tag = (await staff.get(path)).etag
    await edit(staff, path, {"name": "Another"})
    await staff.ask("DELETE", path, 412, headers={"If-Match": tag})
    await staff.ask("DELETE", path, 204, headers={"If-Match": (await staff.get(path)).etag})
    await staff.get(path, 404)
    told = {one["type"] for one in (await staff.get(f"{V1}/events?limit=100")).json["items"]}
    assert {"rail.created", "rail.pinned", "rail.moved", "rail.updated", "rail.deleted"} <= told


async def test_a_home_page_takes_as_many_queries_for_few_as_for_many(settings: Settings) -> None:
    """And from the second one on, of who is nobody, none but for who that is."""
    async with running(cheap(settings, hot_ms=0, caller_cache_ms=60_000)) as client:
        ada, staff = await person(client, "ada"), await person(client, "ed", Role.EDITOR)
        mine = await profile_of(client, "ada")

        async def asked() -> int:
            with statements(client) as found:
                rails = (await ada.get(f"{V1}/home?each=24&language=de")).json["items"]
            assert all(len(rail["items"]) <= 24 for rail in rails)
            return len(found)

        async def grow(count: int, name: str) -> None:
            ids = await films(client, count, name, featured=True, score=700, views=1)
            rows = {"profile_id": mine, "first_at": BORN, "watched_at": BORN, "duration_ms": 1000, "watched_ms": 1}
            seen = [
                {**rows, "times": 0, "name": "", "position_ms": 300, "title_id": one, "id": new_id("wa")}
                for one in ids[: count // 2]
            ]
            await put(client, Watched, seen)
            await ada.ask("PUT", f"{V1}/watchlist/{ids[0]}", 201)
            words = [
                {"title_id": one, "language": "de", "name": f"D {one}", "summary": "", "description": ""} for one in ids
            ]
            await put(client, TitleText, words)

        await grow(4, "Few")
        for number in range(3):
            await made(staff, kind="rule", name=f"R{number}", rule={"year_to": 1900 + number})
        await asked()  # from now on it is known who asks
        few = await asked()
        await grow(100, "Many")
        for number in range(5):
            await made(staff, kind="rule", name=f"S{number}", rule={"score_from": number, "sort": "rating_desc"})
        assert (few, await asked()) == (few, few)
        assert few <= 26


async def test_what_many_ask_for_is_remembered_until_it_changes(settings: Settings) -> None:
    """C83: a hit costs no query, a change counts at once, and figures tell of both."""
    async with running(cheap(settings, hot_ms=60_000)) as client:
        ada, bob = await person(client, "ada"), await person(client, "bob")
        staff = await person(client, "boss", Role.ADMIN)
        [film, _] = await films(client, 2, featured=True)
        await home(ada)
        await ada.ask("PUT", f"{V1}/favorites/{film}", 201)
        program = client.known_by(await create_key(settings, "app", [Scope.CATALOG_READ], None, system_clock))
        assert "featured" in await home(program)
        with statements(client) as asked:
            assert "featured" in await home(program)
        assert asked == []
        rails = (await ada.get(f"{V1}/home")).json["items"]
        shown = {one["title"]["id"]: one["title"]["mine"] for rail in rails for one in rail["items"] if one["title"]}
        assert shown[film]["is_favorite"]  # what is one's own is not what is remembered
        for_bob = (await bob.get(f"{V1}/home")).json["items"]
        assert not any(one["title"]["mine"]["is_favorite"] for rail in for_bob for one in rail["items"] if one["title"])
        assert [rail["id"] for rail in for_bob] == [rail["id"] for rail in rails]
        await edit(staff, f"{V1}/titles/{film}", {"featured": False, "name": "Renamed"})
        assert (await home(bob))["featured"] == ["Film 1"]
        assert "Renamed" in (await home(bob))["newest"]
        figures = (await staff.get("/metrics")).body.decode()
        assert 'fastline_api_hot_total{found="hit"}' in figures
        # a child is not shown what others were shown a moment ago
        async with client.app[SITE].database.writing() as session:
            which = col(Profile.id) == await profile_of(client, "bob")
            await session.exec(update(Profile).where(which).values(is_kids=True, ceiling=6))
            await session.exec(update(Title).where(col(Title.id) == film).values(age=12))
        client.app[SITE].known.forget(await profile_of(client, "bob"))
        assert "Renamed" not in (await home(bob))["newest"]
        assert Source.NEWEST in await home(bob)


async def test_channels_on_air_are_in_rails_beside_titles(api: Client) -> None:
    """AX1: live channels are a rail, and any of them may be pinned."""
    [film] = await films(api, 1, published_at=None)
    rails = (await api.get(f"{V1}/home")).json["items"]
    live = next(rail for rail in rails if rail["source"] == Source.LIVE)
    assert [item["channel"]["id"] for item in live["items"]] == ["films", "late"]
    assert live["items"][0]["channel"]["now"] is not None
    assert live["items_url"] is None
    first = (await api.get(f"{V1}/rails/{live['id']}/items?limit=1")).json
    assert names(first["items"]) == ["Films"]
    assert names((await api.get(first["next"])).json["items"]) == ["Late"]
    hand = await made(api, kind="pinned", name="By hand")
    pins = {"items": [{"channel": "late"}, {"title_id": film}]}
    pinned = await edit(api, f"{V1}/rails/{hand}/pins", pins, 200, "PUT")
    assert [(pin["channel"], pin["name"]) for pin in pinned["pins"]] == [("late", "late"), (None, "Film 0")]
    assert (await home(api))["By hand"] == ["Late", "Film 0"]
    assert names((await api.get(f"{V1}/rails/{hand}/items")).json["items"]) == ["Late", "Film 0"]
