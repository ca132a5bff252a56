"""The search: without accents and case, by how words begin, with slips forgiven, and always in step with the titles.

Rows BX8, C46.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from control_api import doctor
from control_api.library.folding import folded, likeness, same, slipped, sort_name, words
from control_api.site import SITE
from control_api.tables.search import MISSING_TRIGRAMS

if TYPE_CHECKING:
    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

NAMES = (
    "The Third Man",
    "Amélie",
    "Ἰλιάς",
    "Łódź Story",
    "Smørrebrød",
    "Straße",
    "七人の侍",
    "Third Night",
    "O'Hara 2049",
)


@pytest.fixture
async def found(client: Client) -> dict[str, str]:
    return {name: (await client.post("/api/v1/titles", {"kind": "movie", "name": name})).json["id"] for name in NAMES}


async def names(client: Client, path: str) -> list[str]:
    return [one["name"] for one in (await client.get(path)).json["items"]]


TYPED: tuple[tuple[str, list[str]], ...] = (
    ("amelie", ["Amélie"]),
    ("AME", ["Amélie"]),
    ("ιλιας", ["Ἰλιάς"]),
    ("lodz", ["Łódź Story"]),
    ("smorrebrod", ["Smørrebrød"]),
    ("strasse", ["Straße"]),
    ("七人", ["七人の侍"]),
    ("man third", ["The Third Man"]),
    ("ohara", ["O'Hara 2049"]),
    ("o'hara", ["O'Hara 2049"]),
    ("2049", ["O'Hara 2049"]),
    ("thrid man", ["The Third Man"]),
    ("2094", ["O'Hara 2049"]),
    ("smorebrod", ["Smørrebrød"]),
    ('" OR * -', []),
    ("'; DROP TABLE title; --", []),
    ("&!|():*", []),
)


@pytest.mark.usefixtures("found")
async def test_what_was_typed_is_found(client: Client) -> None:
    for typed, wanted in TYPED:
        assert (await names(client, f"/api/v1/search?q={quote(typed)}"))[: len(wanted) or 1] == wanted, typed


@pytest.mark.usefixtures("found")
async def test_suggestions_begin_as_was_typed(client: Client) -> None:
    """Names that begin so go before names with a word that does."""
    assert await names(client, "/api/v1/suggestions?q=thi") == ["Third Night", "The Third Man"]
    assert await names(client, "/api/v1/suggestions?q=third+m") == ["The Third Man"]
    assert await names(client, "/api/v1/suggestions?q=thi&limit=1") == ["Third Night"]
    assert await names(client, "/api/v1/suggestions?q=thi&kind=series") == []
    assert await names(client, "/api/v1/suggestions?q=thi&state=draft&kind=movie") == ["Third Night", "The Third Man"]


async def test_titles_are_found_by_what_hangs_on_them(client: Client) -> None:
    series = (await client.post("/api/v1/titles", {"kind": "series", "name": "Night Shift"})).json["id"]
    body: dict[str, Any] = {
        "kind": "episode", "name": "Pilot", "parent_id": series, "number": 1, "summary": "A quiet harbour.",
        "texts": {"pt": {"name": "O primeiro dia"}}, "ids": ["isan:0000-3BAB"],
    }  # fmt: skip
    await client.post("/api/v1/titles", body)
    for typed in ("shift pilot", "harbour", "primeiro", "0000+3bab"):
        assert "Pilot" in await names(client, f"/api/v1/search?q={typed.replace(' ', '+')}"), typed
    path = f"/api/v1/titles/{series}"
    etag = (await client.get(path)).etag
    await client.ask("PATCH", path, body={"name": "Late Hours"}, headers={"If-Match": etag})
    assert await names(client, "/api/v1/search?q=shift") == []
    assert set(await names(client, "/api/v1/search?q=late+hours")) == {"Late Hours", "Pilot"}


@given(st.text(max_size=40))
@example("İstanbul")
@example("ﬁlm ½ Å")
def test_folding_twice_is_folding_once(written: str) -> None:
    assert folded(folded(written)) == folded(written)
    assert folded(written.upper()) == folded(written.upper().lower())
    assert same(same(written)) == same(written)
    assert all(word.isalnum() for word in words(written))


def test_articles_do_not_count_for_the_order() -> None:
    assert [sort_name(name) for name in ("The Third Man", "Theory", "A", "Das Boot", "¿…?")] == [
        "third man", "theory", "a", "boot", "¿…?",
    ]  # fmt: skip


def test_slips_are_like_what_was_meant() -> None:
    for typed, meant, other in (
        ("shadw", "shadow", "show"),
        ("cristal", "crystal", "critic"),
        ("thrd", "third", "the"),
    ):
        assert likeness(typed, meant) > max(0.39, likeness(typed, other))


def test_one_letter_is_a_slip() -> None:
    for typed, meant, is_slip in (
        ("thrid", "third", True), ("thid", "third", True), ("thiird", "third", True), ("thorn", "third", False),
        ("thirds", "third", True), ("man", "men", False), ("man", "man", True), ("thrdi", "third", False),
    ):  # fmt: skip
        assert (slipped(typed, meant), slipped(meant, typed)) == (is_slip, is_slip), typed


async def test_without_trigrams_words_are_found_and_the_doctor_says_so(
    client: Client, settings: Settings, database: Database
) -> None:
    """SQLite has its own; PostgreSQL may lack the extension, and gets along."""
    await client.post("/api/v1/titles", {"kind": "movie", "name": "The Third Man"})
    if database.is_sqlite:
        assert (await doctor.database(settings)).state is doctor.State.OK
        return
    async with database.writing() as session:
        await (await session.connection()).execute(text("DROP EXTENSION pg_trgm CASCADE"))
    assert await names(client, "/api/v1/search?q=third") == ["The Third Man"]
    assert await names(client, "/api/v1/search?q=thrid") == []
    told = await doctor.database(settings)
    assert told.state is doctor.State.WARNING
    assert "without pg_trgm: the search forgives no slips" in told.text
    assert MISSING_TRIGRAMS in told.advice
    async with database.writing() as session:
        await (await session.connection()).execute(text(MISSING_TRIGRAMS))
    assert await names(client, "/api/v1/search?q=thrid") == ["The Third Man"]
    assert client.app[SITE].database.is_sqlite is False
