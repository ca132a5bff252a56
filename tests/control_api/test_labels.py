"""Genres, tags and people: made, renamed, merged, and not taken away from under titles and channels.

Rows A18, C25, C33, CX1, CX5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from libraries import airs
from shelf import BORN, titles

from playout import documents, keys
from playout.core.catalog import Catalog, Query
from playout.core.channel import Channel, Revision
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client

    from playout.core.rules import Rules


def published(media: Path, channel: str, rules: Rules, number: int = 1, *, retired: bool = False) -> None:
    """A revision in the store, as whoever plans a channel publishes it."""
    data = documents.encode(Catalog(()))
    store = DirStore(media)
    store.put_new(keys.catalog(documents.digest(data)), data)
    about = Channel(channel, "1", channel.title(), "fast", BORN)
    revision = Revision(number, BORN, documents.digest(data), about, rules, retired=retired)
    assert store.put_new(keys.revision(channel, number), documents.encode(revision))


async def tagged(client: Client, *tags: str, **more: Any) -> dict[str, str]:
    """A title with these tags; their ids by name."""
    await client.post("/api/v1/titles", {"kind": "movie", "name": "A film", "tags": list(tags), **more})
    return {one["name"]: one["id"] for one in (await client.get("/api/v1/tags")).json["items"]}


async def change(client: Client, path: str, status: int = 200, query: str = "", **said: Any) -> Any:
    etag = (await client.get(path)).etag
    return (await client.ask("PATCH", path + query, status, body=said, headers={"If-Match": etag})).json


async def test_a_tag_is_renamed_on_all_titles(client: Client) -> None:
    ids = await tagged(client, "Noir", "old")
    renamed = await change(client, f"/api/v1/tags/{ids['old']}", name="  New   name ")
    assert (renamed["name"], renamed["titles"]) == ("New name", 1)
    assert (await titles(client))[0]["tags"] == ["New name", "Noir"]
    refused = await change(client, f"/api/v1/tags/{ids['old']}", 409, name="NOIR")
    assert "merge the two instead" in refused["detail"]
    assert (await change(client, f"/api/v1/tags/{ids['Noir']}", name="NOIR"))["name"] == "NOIR"
    await client.post("/api/v1/tags", {"name": "noir"}, 409)


async def test_two_tags_become_one(client: Client) -> None:
    await tagged(client, "sci-fi", "science fiction")
    ids = await tagged(client, "science fiction")
    merged = await client.post(f"/api/v1/tags/{ids['science fiction']}/merge", {"into": ids["sci-fi"]}, 200)
    assert (merged.json["name"], merged.json["titles"]) == ("sci-fi", 2)
    assert [one["tags"] for one in await titles(client)] == [["sci-fi"], ["sci-fi"]]
    await client.get(f"/api/v1/tags/{ids['science fiction']}", 404)
    wrong = await client.post(f"/api/v1/tags/{ids['sci-fi']}/merge", {"into": ids["sci-fi"]}, 422)
    assert wrong.json["errors"][0]["pointer"] == "/into"


async def test_a_tag_in_use_stays_unless_it_is_asked_for_in_so_many_words(client: Client) -> None:
    ids = await tagged(client, "a")
    refused = await client.ask("DELETE", f"/api/v1/tags/{ids['a']}", 409)
    assert refused.json["detail"] == "1 titles have it: send `detach=true` to take it from them"
    await client.ask("DELETE", f"/api/v1/tags/{ids['a']}?detach=true", 204)
    assert (await titles(client))[0]["tags"] == []


@pytest.mark.parametrize("way", ["rename", "merge", "delete"])
async def test_no_tag_is_taken_from_under_the_rules_of_a_channel(client: Client, tmp_path: Path, way: str) -> None:
    published(tmp_path, "crime", airs(Query(any=("NOIR",))))
    published(tmp_path, "nested", airs(Query(within=(Query(none=("noir",)),))))
    published(tmp_path, "ended", airs(Query(all=("noir",))), retired=True)
    published(tmp_path, "other", airs(Query(any=("western",))))
    made = (await client.post("/api/v1/tags", {"name": "noir"})).json
    assert [(one["channel"], one["name"]) for one in made["channels"]] == [("crime", "Crime"), ("nested", "Nested")]
    other = (await client.post("/api/v1/tags", {"name": "black"})).json["id"]
    path = f"/api/v1/tags/{made['id']}"
    asked: dict[str, tuple[str, str, Any]] = {
        "rename": ("PATCH", path, {"name": "film noir"}),
        "merge": ("POST", f"{path}/merge", {"into": other}),
        "delete": ("DELETE", path, None),
    }
    method, where, body = asked[way]
    headers = {"If-Match": "*"} if way == "rename" else {}
    refused = await client.ask(method, where, 409, body=body, headers=headers)
    assert "channels choose by this tag: crime (revision 1), nested (revision 1)" in refused.json["detail"]
    await client.ask(method, f"{where}?detach=true", 204 if way == "delete" else 200, body=body, headers=headers)


async def test_genres_keep_their_order_on_a_title_and_make_shelves(client: Client) -> None:
    """CX5: the catalogue, grouped."""
    for number in range(3):
        body = {"kind": "movie", "name": f"F{number}", "genres": ["Noir", "Drama"][: number + 1], "state": "published"}
        await client.post("/api/v1/titles", body)
    await client.post("/api/v1/titles", {"kind": "movie", "name": "Draft", "genres": ["Noir"]})
    shelves = (await client.get("/api/v1/shelves?each=2")).json["items"]
    assert [(one["genre"]["name"], one["genre"]["titles"]) for one in shelves] == [("Noir", 3), ("Drama", 2)]
    assert [[title["name"] for title in one["items"]] for one in shelves] == [["F2", "F1"], ["F2", "F1"]]
    genre = shelves[0]["genre"]["id"]
    await change(client, f"/api/v1/genres/{genre}", name="Film noir")
    assert (await titles(client, "q=F1"))[0]["genres"] == ["Film noir", "Drama"]


async def test_people_are_credited_in_order_and_have_done_what_they_did(client: Client) -> None:
    """C33, CX1."""
    title = (await client.post("/api/v1/titles", {"kind": "movie", "name": "F", "released": "1949"})).json["id"]
    said = {"name": "Orson Welles", "biography": "Born in Kenosha.", "born": "1915-05-06", "ids": ["imdb:nm0000080"]}
    orson = (await client.post("/api/v1/people", said)).json
    carol = (await client.post("/api/v1/people", {"name": "Carol Reed"})).json["id"]
    said_of = [
        {"person_id": orson["id"], "character": "Harry Lime"},
        {"person_id": carol, "job": "Director"},
    ]  # fmt: skip
    path = f"/api/v1/titles/{title}/credits"
    etag = (await client.get(f"/api/v1/titles/{title}")).etag
    await client.ask("PUT", path, body={"credits": said_of}, headers={"If-Match": etag})
    shown = (await client.get(f"/api/v1/titles/{title}")).json["credits"]
    assert [(one["name"], one["job"], one["character"]) for one in shown] == [
        ("Orson Welles", "actor", "Harry Lime"), ("Carol Reed", "director", ""),
    ]  # fmt: skip
    assert [one["id"] for one in (await client.get("/api/v1/search?q=welles")).json["items"]] == [title]
    whole = (await client.get(f"/api/v1/people/{orson['id']}")).json
    assert whole | said == whole
    assert [(one["title_id"], one["year"], one["character"]) for one in whole["filmography"]] == [
        (title, 1949, "Harry Lime")
    ]
    assert [one["name"] for one in (await client.get("/api/v1/people?q=ORS")).json["items"]] == ["Orson Welles"]
    twice = (await client.post("/api/v1/people", {"name": "x", "ids": ["imdb:nm0000080"]}, 422)).json
    assert twice["errors"][0]["pointer"] == "/ids/0"
    await change(client, f"/api/v1/people/{orson['id']}", name="G. O. Welles")
    refused = await client.ask("DELETE", f"/api/v1/people/{orson['id']}", 409)
    assert refused.json["detail"] == "1 titles credit them: send `detach=true` to take their credits away"
    await client.ask("DELETE", f"/api/v1/people/{orson['id']}?detach=true", 204)
    assert [one["name"] for one in (await client.get(f"/api/v1/titles/{title}")).json["credits"]] == ["Carol Reed"]
    assert (await client.get("/api/v1/search?q=welles")).json["items"] == []


async def test_credits_of_nobody_and_credits_twice_are_refused(client: Client) -> None:
    made = await client.post("/api/v1/titles", {"kind": "movie", "name": "F"})
    one = {"person_id": (await client.post("/api/v1/people", {"name": "A"})).json["id"]}
    nobody = {"person_id": "pe_" + "0" * 12 + "7" + "0" * 3 + "8" + "0" * 15}
    path = f"/api/v1/titles/{made.json['id']}/credits"
    refused = await client.ask("PUT", path, 422, body={"credits": [one, nobody, one]}, headers={"If-Match": made.etag})
    assert [wrong["pointer"] for wrong in refused.json["errors"]] == ["/credits/1/person_id", "/credits/2"]
