"""What readers of imports make of files: columns, encodings, mistakes by their places, and what is not read at all."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_api.imports import csv_file, json_file, mrss, tmdb_files
from control_api.imports.columns import COLUMNS
from control_api.imports.records import Item, Notes, Record, Unreadable

FILM = {
    "kind": "movie", "name": "The Third Man", "released": "1949-09-02", "genres": ["Noir", "Thriller"],
    "ids": ["imdb:tt0041959"],
    "credits": [
        {"name": "Joseph Cotten", "job": "actor", "character": "Holly Martins", "ids": []},
        {"name": "Alida Valli", "job": "actor", "character": "", "ids": []},
        {"name": "Carol Reed", "job": "director", "character": "", "ids": []},
    ],
    "texts": {"es": {"name": "El tercer hombre", "summary": "", "description": ""}},
    "rights": [{"start": "2026-01-01T00:00:00.000Z", "stop": None, "territories": ["US", "CA"]}],
}  # fmt: skip
CSV = (
    "Title;release_date;genre;IMDb ID;Cast;Director;name.es;rights\n"
    "The Third Man;1949-09-02;Noir | Thriller;tt0041959;Joseph Cotten = Holly Martins|Alida Valli;Carol Reed;"
    "El tercer hombre;2026-01-01/ US,CA\n"
)


def read(reader: Any, path: Path, data: bytes | str) -> tuple[list[Item], list[str]]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    notes = Notes()
    return list(reader(path, notes)), notes.lines


def said(item: Item) -> dict[str, Any]:
    assert item.record is not None, item.faults
    return item.record.model_dump(mode="json", include=set(item.record.model_fields_set))


def wrong(items: list[Item]) -> list[tuple[int, str, str]]:
    return [(item.line, fault.where, fault.detail) for item in items for fault in item.faults]


@pytest.mark.parametrize(
    "data",
    [CSV, "\ufeff" + CSV, CSV.encode("utf-16"), CSV.replace("\n", "\r\n"), CSV.replace(";", "\t"),
     ('"Title","release_date","genre","IMDb ID","Cast","Director","name.es","rights"\n'
     '"The Third Man",1949-09-02,Noir;Thriller,tt0041959,"Joseph Cotten = Holly Martins|Alida Valli",Carol Reed,'
     '"El tercer hombre","2026-01-01/ US,CA"\n')],
)  # fmt: skip
def test_one_film_is_read_alike_from_every_dialect_and_encoding(tmp_path: Path, data: bytes | str) -> None:
    items, notes = read(csv_file.read, tmp_path / "a.csv", data)
    assert [said(item) | {"kind": "movie"} for item in items] == [FILM]
    assert notes == []


def test_what_is_not_utf8_is_read_as_spreadsheets_of_old_wrote_it_and_that_is_said(tmp_path: Path) -> None:
    items, notes = read(csv_file.read, tmp_path / "a.csv", "name\nAmélie\n".encode("cp1252"))
    assert items[0].record is not None
    assert items[0].record.name == "Amélie"
    assert notes == ["It is not UTF-8, so it was read as Windows-1252: look whether accents are right."]


def test_mistakes_of_a_csv_are_told_by_line_and_column_and_the_rest_is_read(tmp_path: Path) -> None:
    data = (
        "year,name,votes,rights,oops,language\n"
        "1949,One,1,,,\n"
        "19x9,Two,many,soon,,klingonese-x\n"
        '1950,"Three\nand a half",3,,,\n'
        "1951,Four,1,2026-01-01/2025-01-01,,\n"
        "1952,,,,,\n"
        "1953,Six,1,,,en,more\n"
        '1954,"Se"ven,1,,,\n'
        "1955,Eight,8,,,pt-br\n"
    )
    items, notes = read(csv_file.read, tmp_path / "a.csv", data)
    assert [item.record.name for item in items if item.record] == ["One", "Three and a half", "Eight"]
    assert wrong(items) == [
        (3, "column 3, votes", "'many' is no whole number"),
        (3, "column 4, rights", "'soon': write rights as start/stop countries, e.g. 2026-01-01/2027-01-01 US,CA"),
        (3, "column 6, language", "'klingonese-x' is no language: write a BCP 47 tag like en or pt-BR"),
        (3, "column 1, year", "'19x9' is neither a year nor a day: write 1949 or 1949-09-02"),
        (6, "column 4, rights", "the rights end before they begin"),
        (7, "", "a name is expected, or one of its `ids`"),
        (8, "", "7 cells, and there are 6 columns: a sign within a cell needs quotation marks"),
        (9, "", 'a quotation mark ends a cell, and the cell goes on: write one within a cell twice, ""'),
    ]
    assert notes == ["Column 5, 'oops', is unknown and not read"]


@pytest.mark.parametrize(
    ("reader", "data", "words"),
    [
        (csv_file.read, "", "it is empty"),
        (csv_file.read, "a,b\n1,2\n",
         "line 1: there is no column `name` (or `title`): the first line names the columns"),
        (csv_file.read, "name,title\n", "line 1: column 2, 'title', says the same as column 1"),
        (json_file.read, "12", "line 1: a list of titles is expected, or one title a line"),
        (json_file.read, '[{"name": "A"}', "line 1: a comma is expected between two titles, or the end of the list"),
        (json_file.read, '[\n{"name": "A"},\n]', "line 3: a comma stands before the end of the list"),
        (json_file.read, '[\n{"name": "A"},\n{"name" "B"}]', "line 3: it is no JSON here: expecting ':' delimiter"),
        (json_file.read, '[{"name": NaN}]', "line 1: NaN is no JSON"),
        (json_file.read, "[" + '{"a":' * 100_000, "line 1: values lie within each other without end"),
        (mrss.read, "<html></html>", "line 1: its root is <html>, and that of a feed is <rss>"),
        (mrss.read, "<rss><channel></rss>", "line 1: it is no XML here: mismatched tag"),
        (mrss.read, "<rss>" + "<a>" * 50, "line 1: elements lie within each other without end"),
        (mrss.read, "<rss><item>" + "<a/>" * 20_000, "line 1: an item has more than 20000 elements"),
        (mrss.read, "<rss><item " + " ".join(f"a{n}=''" for n in range(42_000)) + "/></rss>",
         "line 1: an item is longer than 4194304 letters"),
        (mrss.read, "<rss><item>" + f"<{'a' * 4200}/>" * 1000, "line 1: an item is longer than 4194304 letters"),
        (tmdb_files.read, "a,b\n",
         ("line 1: it is none of the two files of TMDB 5000: the columns of one of them are "
          "genres, id, keywords, overview, title or cast, crew, movie_id, title")),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_and_where(tmp_path: Path, reader: Any, data: str, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(reader, tmp_path / "a", data)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    "bomb",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><rss>&b;</rss>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss></rss>',
    ],
)
def test_a_document_type_is_refused_before_anything_of_it_is_expanded(tmp_path: Path, bomb: str) -> None:
    with pytest.raises(Unreadable, match="a document type is not taken: entities could stand for anything"):
        read(mrss.read, tmp_path / "a.xml", bomb)


MRSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dcterms="http://purl.org/dc/terms/"
  xmlns:x="https://supplier.example/ext">
<channel><title>Feed</title><language>en-us</language>
<item><title>The Third Man</title><guid isPermaLink="false">tm-1</guid>
  <pubDate>Fri, 02 Sep 1949 00:00:00 GMT</pubDate>
  <media:content url="https://cdn.example/tm.m3u8" type="application/x-mpegURL" medium="video"
    duration="6240" lang="en">
    <media:title>The Third Man &amp; Vienna</media:title><media:description>In Vienna.</media:description>
    <media:category scheme="urn:genre" label="Noir">noir</media:category><media:keywords>vienna, zither</media:keywords>
    <media:rating scheme="urn:v-chip">tv-pg</media:rating>
    <media:credit role="director" scheme="urn:ebu">Carol Reed</media:credit>
    <media:credit role="actor" character="Holly Martins">Joseph Cotten</media:credit>
    <media:restriction relationship="allow" type="country">us ca</media:restriction>
    <media:thumbnail url="https://cdn.example/tm-p.jpg" width="400" height="600"/>
    <media:thumbnail url="https://cdn.example/tm-l.jpg" width="1920" height="1080"/>
    <dcterms:valid>start=2026-01-01T00:00Z; end=2027-01-01T00:00:00+01:00; scheme=W3C-DTF</dcterms:valid>
  </media:content>
</item>
<item><guid>e-1</guid><title>Pilot</title><x:seriesTitle>My Show</x:seriesTitle><x:seriesGuid>s-1</x:seriesGuid>
  <x:seasonNumber>1</x:seasonNumber><x:episodeNumber>2</x:episodeNumber><x:releaseYear>2020</x:releaseYear></item>
<item><guid>e-2</guid><x:contentType>season</x:contentType></item>
</channel></rss>"""


@pytest.mark.parametrize(
    "day",
    [
        "Fri, 02 Sep 99999999999999999999 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2300",
        "Fri, 99 Sep 1949 00:00:00 GMT",
    ],
)  # fmt: skip
def test_a_day_that_is_in_no_calendar_is_left_out_and_the_feed_is_read(tmp_path: Path, day: str) -> None:
    items, _ = read(mrss.read, tmp_path / "a.xml", MRSS.replace("Fri, 02 Sep 1949 00:00:00 GMT", day))
    assert (len(items), said(items[0]).get("released"), said(items[1])["released"]) == (3, None, "2020")


def test_media_rss_is_read_as_suppliers_write_it(tmp_path: Path) -> None:
    items, notes = read(mrss.read, tmp_path / "a.xml", MRSS)
    assert said(items[0]) == {
        "kind": "movie", "name": "The Third Man & Vienna", "description": "In Vienna.", "genres": ["Noir"],
        "tags": ["vienna", "zither"], "age_rating": "TV-PG", "released": "1949-09-02", "ids": ["guid:tm-1"],
        "language": "en", "languages": ["en", "en-US"], "video_url": "https://cdn.example/tm.m3u8",
        "poster": "https://cdn.example/tm-p.jpg", "landscape": "https://cdn.example/tm-l.jpg",
        "countries_allowed": ["US", "CA"],
        "credits": [
            {"name": "Carol Reed", "job": "director", "character": "", "ids": []},
            {"name": "Joseph Cotten", "job": "actor", "character": "Holly Martins", "ids": []},
        ],
        "rights": [{"start": "2026-01-01T00:00:00.000Z", "stop": "2026-12-31T23:00:00.000Z",
                    "territories": ["US", "CA"]}],
    }  # fmt: skip
    assert said(items[1]) == {
        "kind": "episode", "name": "Pilot", "series": "My Show", "series_ids": ["guid:s-1"], "season": 1, "episode": 2,
        "released": "2020", "ids": ["guid:e-1"], "language": "en-US", "languages": ["en-US"],
    }  # fmt: skip
    assert wrong(items[2:]) == [(22, "", "name the series of the season in `series`")]
    assert notes == []


FILMS = "budget,genres,id,keywords,original_language,original_title,overview,production_countries,release_date,title,vote_average,vote_count,spoken_languages,tagline"  # noqa: E501 — as it is
PEOPLE = "movie_id,title,cast,crew"


def quoted(*cells: Any) -> str:
    texts = [cell if isinstance(cell, str) else json.dumps(cell) for cell in cells]
    return ",".join('"' + text.replace('"', '""') + '"' for text in texts) + "\n"


def test_both_files_of_tmdb_are_read_with_all_genres_casts_in_order_crews_and_keywords(tmp_path: Path) -> None:
    """C05, C08: all genres, and not the first alone."""
    genres = [{"id": 28, "name": "Action"}, {"id": 12, "name": "Adventure"}, {"id": 14, "name": "Fantasy"}]
    line = quoted(
        "237000000", genres, "19995", [{"id": 1463, "name": "culture clash"}], "cn", "Avatar X", "In the 22nd century",
        [{"iso_3166_1": "US", "name": "United States of America"}], "2009-12-10", "Avatar", "7.2", "11800",
        [{"iso_639_1": "en", "name": "English"}], "Enter the World",
    )  # fmt: skip
    items, notes = read(tmdb_files.read, tmp_path / "m.csv", FILMS + "\n" + line)
    assert said(items[0]) == {
        "kind": "movie", "name": "Avatar", "genres": ["Action", "Adventure", "Fantasy"], "tags": ["culture clash"],
        "ids": ["tmdb:19995"], "language": "zh", "languages": ["en"], "countries": ["US"], "released": "2009-12-10",
        "description": "In the 22nd century", "summary": "Enter the World", "score": 7.2, "votes": 11800,
        "texts": {"zh": {"name": "Avatar X", "summary": "", "description": ""}},
    }  # fmt: skip
    assert notes == ["This product uses the TMDB API but is not endorsed or certified by TMDB."]
    cast = [
        {"id": 2, "name": "Zoe Saldana", "character": "Neytiri", "order": 1},
        {"id": 1, "name": "Sam Worthington", "character": "Jake Sully", "order": 0},
    ]
    crew = [{"id": 3, "name": "S. Rivkin", "job": "Editor"}, {"id": 4, "name": "James Cameron", "job": "Director"}]
    bad = quoted("x", "Bad", "{", [1])
    items, _ = read(tmdb_files.read, tmp_path / "c.csv", PEOPLE + "\n" + quoted("19995", "Avatar", cast, crew) + bad)
    assert [(one["name"], one["job"], one["character"], one["ids"]) for one in said(items[0])["credits"]] == [
        ("Sam Worthington", "actor", "Jake Sully", ["tmdb:1"]), ("Zoe Saldana", "actor", "Neytiri", ["tmdb:2"]),
        ("James Cameron", "director", "", ["tmdb:4"]), ("S. Rivkin", "editor", "", ["tmdb:3"]),
    ]  # fmt: skip
    assert items[0].only_known
    assert wrong(items) == [
        (3, "column 1, movie_id", "'x' is no number"),
        (3, "column 3, cast", "it is no JSON"),
        (3, "column 4, crew", "a list of objects is expected"),
    ]


RECORDS = st.lists(
    st.fixed_dictionaries(
        {"name": st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=30)},
        optional={"votes": st.integers(0, 10**6), "tags": st.lists(st.sampled_from(["a", "b", "c"]), unique=True)},
    ),
    max_size=20,
)


@settings(deadline=None, max_examples=60)
@given(RECORDS, st.sampled_from(["list", "object", "lines"]), st.sampled_from([None, 1]))
def test_what_is_written_in_any_shape_of_json_is_read_again(
    some: list[dict[str, Any]], shape: str, indent: int
) -> None:
    if shape == "lines":
        text = "\n".join(json.dumps(one, ensure_ascii=False) for one in some)
        text = text or " "
    else:
        text = json.dumps(some if shape == "list" else {"titles": some}, indent=indent)
    if shape == "lines" and not some:
        return
    with TemporaryDirectory() as folder:
        items, _ = read(json_file.read, Path(folder) / "a.json", text)
    assert [said(item) for item in items] == [
        json.loads(Record.model_validate(one).model_dump_json(include=set(one))) for one in some
    ]


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=400), st.sampled_from([csv_file.read, json_file.read, mrss.read, tmdb_files.read]))
def test_whatever_the_bytes_are_they_are_read_or_refused(data: bytes, reader: Any) -> None:
    with TemporaryDirectory() as folder:
        try:
            items, _ = read(reader, Path(folder) / "a", data)
        except Unreadable:
            return
    assert all((item.record is None) == bool(item.faults) for item in items)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.sampled_from([*COLUMNS, "name.es", "imdb_id"]), unique=True, min_size=1),
    st.lists(st.text(max_size=12), max_size=30),
)
def test_whatever_stands_in_cells_every_line_is_a_record_or_a_mistake(header: list[str], cells: list[str]) -> None:
    header = ["name", *(one for one in header if one != "name")]
    lines = [cells[start : start + len(header)] for start in range(0, len(cells), len(header))]
    text = ",".join(header) + "\n" + "".join(quoted(*line) for line in lines)
    with TemporaryDirectory() as folder:
        items, _ = read(csv_file.read, Path(folder) / "a.csv", text.encode("utf-8", "replace"))
    assert len(items) <= len(lines)
    assert all((item.record is None) == bool(item.faults) for item in items)
