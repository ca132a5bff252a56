"""Titles: what is said of them, what stands beneath what, lists in their orders, and edits of many at once.

Rows A08, A16, AX10, B07, B19, B54, B55, B57, B58, B76, B77, B79, BX9, C21, C22, C23, C24, C25, C26, C29, C30, C31, CX6.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from questions import asked
from shelf import film, packaged, titles

from control_api.library.intake import Intake
from control_api.library.kinds import FOLDERS, PARENTS, TitleKind, aired_as, kept_as
from control_api.site import SITE
from playout.core.asset import Kind
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clients import Client

TITLES = "/api/v1/titles"
WHOLE: dict[str, Any] = {
    "kind": "movie", "state": "published", "name": "The Third Man", "summary": "A death in Vienna.",
    "description": "Holly Martins comes to Vienna.", "language": "en", "languages": ["en", "de"],
    "texts": {"pt-BR": {"name": "O Terceiro Homem", "summary": "Viena.", "description": "Viena, 1949."}},
    "released": "1949-09-02", "age_rating": "PG", "score": 8.13, "votes": 180, "featured": True,
    "genres": ["Noir", "Thriller"], "tags": ["classic", "Vienna"], "countries": ["GB"],
    "countries_allowed": ["PT", "DE"], "countries_denied": ["US"], "ids": ["imdb:tt0041959", "tmdb:1092"],
    "story": "Vienna", "part": 1, "advertiser": "", "category": "",
    "rights": [{"start": "2026-01-01T00:00:00.000Z", "stop": None, "territories": ["PT"]}],
    "video_url": "https://elsewhere.example/man.m3u8", "trailer_url": "https://elsewhere.example/trailer.m3u8",
    "credits_ms": 6_000_000,
}  # fmt: skip


async def make(client: Client, name: str = "A film", kind: str = "movie", **more: Any) -> Any:
    return (await client.post(TITLES, {"kind": kind, "name": name, **more})).json


async def edit(client: Client, title: str, status: int = 200, **said: Any) -> Any:
    path = f"{TITLES}/{title}"
    etag = (await client.get(path)).etag
    return (await client.ask("PATCH", path, status, body=said, headers={"If-Match": etag})).json


async def test_all_that_is_said_of_a_title_is_kept(client: Client) -> None:
    made = await make(client, **{k: v for k, v in WHOLE.items() if k not in ("name", "kind")}, name=WHOLE["name"])
    shown = (await client.get(f"{TITLES}/{made['id']}")).json
    assert {name: shown[name] for name in WHOLE} == {**WHOLE, "languages": ["de", "en"]}
    assert shown["published_at"] == shown["created_at"]
    short = {language: {"name": one["name"], "summary": one["summary"]} for language, one in shown["texts"].items()}
    in_list = {name: shown[name] for name in shown if name not in _DETAIL} | {"texts": short}
    assert (await titles(client))[0] == in_list
    audit = (await client.get(f"/api/v1/audit?subject={made['id']}")).json["items"]
    assert [(one["action"], one["after"]["ids"]) for one in audit] == [("created", WHOLE["ids"])]


_DETAIL = ("credits", "beneath", "trailers", "similar")


async def test_an_edit_changes_what_was_sent_and_nothing_else(client: Client) -> None:
    made = await make(client, tags=["a", "b"], genres=["Drama"], description="long")
    changed = await edit(client, made["id"], tags=["B", "c"], score=7, parent_id=None)
    assert (changed["tags"], changed["genres"], changed["score"]) == (["b", "c"], ["Drama"], 7.0)
    assert changed["updated_at"] > made["updated_at"]
    first, second = (await client.get(f"/api/v1/audit?subject={made['id']}&limit=2")).json["items"]
    assert (second["action"], first["action"]) == ("created", "updated")
    assert first["before"]["tags"] == ["a", "b"]
    cleared = await edit(client, made["id"], score=None, tags=[], genres=[])
    assert (cleared["score"], cleared["tags"], cleared["genres"]) == (None, [], [])


async def test_nobody_overwrites_what_another_wrote(client: Client) -> None:
    made = await client.post(TITLES, {"kind": "movie", "name": "One"})
    path = f"{TITLES}/{made.json['id']}"
    await client.ask("PATCH", path, 428, body={"name": "Two"})
    await client.ask("PATCH", path, body={"name": "Two"}, headers={"If-Match": made.etag})
    await client.ask("PATCH", path, 412, body={"name": "Three"}, headers={"If-Match": made.etag})


MISTAKES: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"name": "  "}, "/name", "a name is expected, and this is empty"),
    ({"released": "1949-13"}, "/released", "'1949-13' is neither a year nor a day: write 1949 or 1949-09-02"),
    ({"released": "1949-02-30"}, "/released", "there is no day 1949-02-30"),
    ({"language": "klingon"}, "/language", "'klingon' is no language: write a BCP 47 tag like en or pt-BR"),
    ({"countries": ["UK"]}, "/countries/0", "'UK' is no country of ISO 3166-1; did you mean GB?"),
    ({"ids": ["tt1"]}, "/ids/0", "'tt1' is no name elsewhere: write scheme:value, like imdb:tt0041959"),
    ({"video_url": "file:///etc/passwd"}, "/video_url", "an address that begins with https:// is expected"),
    ({"part": 2}, "/part", "is a part of no story: name it in `story`"),
    ({"kind": "episode"}, "/parent_id", "an episode belongs to something: name its parent"),
    ({"parent_id": "ti_none"}, "/parent_id", "there is no title ti_none"),
    ({"number": 3}, "/number", "a number is a place in a parent, and it has none"),
    (
        {"rights": [{"start": "2026-01-02T00:00:00Z", "stop": "2026-01-01T00:00:00Z"}]},
        "/rights/0",
        "the rights end before they begin",
    ),
    ({"tags": None}, "", "null is no value for tags: leave it out, or send one"),
)
"""What is said, where the mistake is, and what is told."""


async def test_a_mistake_says_where_and_what(client: Client) -> None:
    for said, pointer, words in MISTAKES:
        refused = (await client.post(TITLES, {"kind": "movie", "name": "x", **said}, 422)).json
        assert {"part": "body", "pointer": pointer, "detail": words} in refused["errors"], said
    assert await titles(client) == []


async def test_a_name_elsewhere_is_one_titles_own(client: Client) -> None:
    first = await make(client, ids=["imdb:tt1"])
    refused = (await client.post(TITLES, {"kind": "movie", "name": "x", "ids": ["tmdb:1", "imdb:tt1"]}, 422)).json
    assert refused["errors"] == [
        {"part": "body", "pointer": "/ids/1", "detail": f"imdb:tt1 is the title {first['id']}"}
    ]
    assert (await edit(client, first["id"], ids=["imdb:tt1", "tmdb:9"]))["ids"] == ["imdb:tt1", "tmdb:9"]
    assert [one["id"] for one in await titles(client, "external_id=imdb:tt1")] == [first["id"]]


async def test_episodes_stand_in_seasons_and_seasons_in_series(client: Client) -> None:
    """B07, B76: each number once within its parent."""
    series = await make(client, "Night Shift", "series")
    season = await make(client, "One", "season", parent_id=series["id"], number=1)
    for number in (2, 1):
        await make(client, f"E{number}", "episode", parent_id=season["id"], number=number)
    await make(client, "Teaser", "trailer", parent_id=series["id"])
    shown = (await client.get(f"{TITLES}/{series['id']}")).json
    assert [(one["name"], one["titles"]) for one in shown["beneath"]] == [("One", 2)]
    assert [one["name"] for one in shown["trailers"]] == ["Teaser"]
    listed = await titles(client, f"parent={season['id']}&sort=place")
    assert [(one["name"], one["number"]) for one in listed] == [("E1", 1), ("E2", 2)]
    assert [one["name"] for one in listed[0]["above"]] == ["One", "Night Shift"]
    refused = await client.post(TITLES, {"kind": "episode", "name": "x", "parent_id": season["id"], "number": 1}, 422)
    assert refused.json["errors"][0]["detail"] == f"episode 1 is {listed[0]['id']}, 'E1'"
    wrong = await client.post(TITLES, {"kind": "season", "name": "x", "parent_id": season["id"], "number": 1}, 422)
    assert wrong.json["errors"][0]["detail"] == "a season belongs to series, and that is a season"
    lost = await edit(client, season["id"], 422, kind="movie", parent_id=None, number=None)
    assert lost["errors"][0]["detail"] == "it has 2 of the kind episode, which cannot belong to a movie"


def test_the_kinds_fit_the_engine_and_make_no_circle() -> None:
    assert [aired_as(kept_as(aired)) for aired in Kind if aired is not Kind.SLATE] == [*Kind][:-1]
    assert set(PARENTS) == set(TitleKind)
    for kind, parents in PARENTS.items():
        assert kind not in parents
        assert kind is TitleKind.TRAILER or parents <= FOLDERS


async def many(client: Client) -> list[Any]:
    """Titles with the same names, years and scores, so that orders have something to break ties with."""
    return [
        await make(client, f"{'The ' * (n % 2)}Film {n % 3}", released=str(1990 + n % 4), score=n % 3, tags=[f"t{n}"])
        for n in range(11)
    ]


SORTS: dict[str, Callable[[Any], Any]] = {
    "title_asc": lambda one: one["name"].removeprefix("The "),
    "year_asc": lambda one: one["released"],
    "rating_asc": lambda one: one["score"],
    "newest": lambda one: one["created_at"],
}


async def test_every_order_is_whole_and_stable_over_pages(client: Client) -> None:
    made = {one["id"] for one in await many(client)}
    for sort in ("title_asc", "title_desc", "year_asc", "year_desc", "rating_asc", "rating_desc", "newest", "oldest"):
        items: list[Any] = []
        path: str | None = f"{TITLES}?sort={sort}&limit=4"
        while path:
            page = (await client.get(path)).json
            items += page["items"]
            path = page["next"]
        assert {one["id"] for one in items} == made
        assert len(items) == len(made)
        key = SORTS[sort.replace("_desc", "_asc").replace("oldest", "newest")]
        falls = sort.endswith("_desc") or sort == "newest"
        for one, other in pairwise(items):
            before, after = (key(one), one["id"]), (key(other), other["id"])
            assert (before > after) if falls else (before < after)


NARROWED = (
    ("kind=movie", "ABC"),
    ("kind=series&kind=ad", "DE"),
    ("state=published", "A"),
    ("genre=drama", "AB"),
    ("genre=drama&genre=War", "ABC"),
    ("tag=x", "AB"),
    ("tag=X&tag=y", "A"),
    ("without_tag=y&kind=movie", "BC"),
    ("language=pt", "B"),
    ("country=PT&country=DE", "AC"),
    ("age_rating=pg", "A"),
    ("age_rating=&kind=movie", "BC"),
    ("year_from=1950&year_to=1960", "B"),
    ("year_to=1960", "AB"),
    ("score_from=8", "A"),
    ("featured=true", "C"),
    ("has_asset=true", ""),
    ("has_parent=true", ""),
    ("story=Vienna", "A"),
    ("q=alpha", "A"),
    ("q=alp", "A"),
    ("q=alpha+gamma", ""),
)
"""A query, and the films that it leaves."""


async def test_lists_are_narrowed(client: Client) -> None:
    """B54."""
    await make(
        client, "A alpha", state="published", genres=["Drama"], tags=["x", "y"], countries=["PT"], age_rating="PG",
        released="1949", score=9, story="Vienna",
    )  # fmt: skip
    await make(client, "B beta", genres=["Drama"], tags=["X"], languages=["pt", "en"], released="1955-01-01", score=7)
    await make(client, "C gamma", genres=["War"], countries=["DE"], featured=True)
    await make(client, "D delta", "series")
    await make(client, "E epsilon", "ad", advertiser="Cars", category="cars")
    for query, wanted in NARROWED:
        assert "".join(one["name"][0] for one in await titles(client, f"sort=title_asc&{query}")) == wanted, query


async def test_a_title_shows_what_is_packaged_of_it(client: Client, tmp_path: Path) -> None:
    """C29, C30: how long it plays is what the probe found."""
    packaged(tmp_path, "aa", film(), units=70)
    packaged(tmp_path, "bb", film(), units=140, days=1)

    async def always() -> bool:
        return True

    await Intake(client.app[SITE].database, DirStore(tmp_path)).look(client.app[SITE].clock(), always)
    [one] = await titles(client, "has_asset=true")
    assert [asset["id"] for asset in one["assets"]] == ["aa", "bb"]
    assert one["duration_ms"] == 140 * 48000 // 90


@contextmanager
def queries(client: Client) -> Iterator[list[str]]:
    """What the database is asked within."""
    # workers look for jobs meanwhile, and who asks is remembered for a while
    tables = "title", "genre", "tag", "person", "asset"
    with asked(client, lambda statement: any(table in statement for table in tables)) as found:
        yield found


async def test_how_many_queries_it_takes_does_not_depend_on_how_many_titles_there_are(client: Client) -> None:
    """Lists, details, searches, suggestions, shelves and batches."""
    series = await make(client, "Series", "series", genres=["Drama"], state="published")
    season = await make(client, "Season", "season", parent_id=series["id"], number=1)

    async def grow(numbers: range) -> list[str]:
        made = []
        for n in numbers:
            episode = {"parent_id": season["id"], "number": n, "genres": [f"G{n % 5}", "Drama"], "tags": [f"t{n}"]}
            made.append((await make(client, f"Episode {n}", "episode", state="published", **episode))["id"])
        return made

    async def counts(some: list[str]) -> list[int]:
        found = []
        for path in (
            f"{TITLES}?limit=100", f"{TITLES}?limit=100&q=episode&tag=t1&genre=Drama&sort=year_desc",
            f"{TITLES}/{season['id']}", "/api/v1/search?q=episode", "/api/v1/suggestions?q=epi",
            "/api/v1/shelves?kind=episode", "/api/v1/tags", "/api/v1/genres", "/api/v1/people",
        ):  # fmt: skip
            with queries(client) as said:
                await client.get(path)
            found.append(len(said))
        with queries(client) as said:
            edits = [{"id": one, "add_tags": ["new"], "featured": True} for one in some]
            await client.post("/api/v1/titles:batch", {"edits": edits}, 200)
        found.append(len(said))
        return found

    few = await counts(await grow(range(1, 3)))
    lots = await counts(await grow(range(3, 13)))
    assert all(more <= less for less, more in zip(few, lots, strict=True)), (few, lots)
    assert max(few) < 25


async def test_many_titles_are_edited_together_or_not_at_all(client: Client) -> None:
    made = [(await make(client, f"F{n}", tags=["old", f"t{n}"]))["id"] for n in range(3)]
    edits = [{"id": one, "add_tags": ["New"], "remove_tags": ["OLD", "none"], "state": "published"} for one in made]
    done = (await client.post("/api/v1/titles:batch", {"edits": edits}, 200)).json["items"]
    assert [one["tags"] for one in done] == [["New", f"t{n}"] for n in range(3)]
    assert {one["state"] for one in await titles(client)} == {"published"}
    assert [tag["name"] for tag in (await client.get("/api/v1/tags?q=none")).json["items"]] == []
    unknown = "ti_" + "0" * 12 + "7" + "0" * 3 + "8" + "0" * 15
    refused = await client.post(
        "/api/v1/titles:batch", {"edits": [{"id": made[0], "state": "archived"}, {"id": unknown}]}, 422
    )
    assert refused.json["errors"] == [{"part": "body", "pointer": "/edits/1", "detail": f"there is no title {unknown}"}]
    assert {one["state"] for one in await titles(client)} == {"published"}


async def test_a_title_is_made_once_under_one_key(client: Client) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await client.post(TITLES, {"kind": "movie", "name": "x"}, headers=headers)
    again = await client.post(TITLES, {"kind": "movie", "name": "x"}, headers=headers)
    assert first.json["id"] == again.json["id"]
    assert len(await titles(client)) == 1


async def test_all_texts_of_a_title_have_an_end_and_lists_have_the_short_ones(client: Client) -> None:
    languages = ["de", "es", "fr", "it", "nl", "pl", "pt", "sv", "da", "fi", "cs", "hu", "el", "tr"]
    texts = {language: {"name": "N", "summary": "S", "description": "x" * 20_000} for language in languages}
    made = (await client.post(TITLES, {"kind": "movie", "name": "A"})).json
    where = f"{TITLES}/{made['id']}"
    tag = {"If-Match": (await client.get(where)).etag}
    refused = await client.ask("PATCH", where, 422, body={"texts": texts}, headers=tag)
    assert refused.json["errors"][0]["pointer"] == "/texts"
    assert "together have 256 KiB at most, and these 274" in refused.json["errors"][0]["detail"]
    texts.pop("tr")
    await client.ask("PATCH", where, body={"texts": texts}, headers=tag)
    assert (await client.get(where)).json["texts"] == texts
    short = {language: {"name": "N", "summary": "S"} for language in texts}
    for path in (TITLES, "/api/v1/search?q=A"):
        [found] = (await client.get(path)).json["items"]
        assert found["texts"] == short
