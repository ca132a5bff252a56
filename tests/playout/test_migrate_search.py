"""ErsatzTV's searches and its ways to write times, and how values are written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.config.tree import Leaf, Row, Table, tree
from playout.migrate.ersatztv import seconds_in, time_in
from playout.migrate.search import CannotAsk, asked
from playout.migrate.station import times_of_week
from playout.migrate.writing import File, Line, Lines, Told, Word, clock, span

HOUR = 3600
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("search", "queries"),
    [
        ("*", [{}]),
        ("type:movie", [{"kind": ["movie"]}]),
        ("type:movie OR type:episode", [{"kind": ["movie", "episode"]}]),
        ('type:episode AND show_title:"Two Kettles"', [{"kind": ["episode"], "series": ["Two Kettles"]}]),
        ('(show_title:"A b" OR show_title:C) AND type:episode', [{"series": ["A b", "C"], "kind": ["episode"]}]),
        ("genre:(horror OR thriller)", [{"genre": ["horror", "thriller"]}]),
        ("tag:a AND tag:b", [{"all": ["a", "b"]}]),
        ("tag:a tag:b", [{"all": ["a", "b"]}]),
        ("type:movie AND NOT tag:old", [{"kind": ["movie"], "none": ["old"]}]),
        ("type:movie -tag:old", [{"kind": ["movie"], "none": ["old"]}]),
        ("NOT NOT tag:old", [{"any": ["old"]}]),
        ("release_date:[19400101 TO 19591231]", [{"year": "1940..1959"}]),
        ("release_date:[19600101 TO *]", [{"year": "1960.."}]),
        ("release_date:1951*", [{"year": "1951"}]),
        ("minutes:[* TO 30]", [{"duration": "..30m"}]),
        ("language:ger", [{"language": ["de"]}]),
        ("content_rating:pg-13", [{"rating": ["PG-13"]}]),
        ('added_inthelast:"2 weeks"', [{"added": "14d"}]),
        ('smart_collection:"Late, Loud"', [{"any": ["Late Loud"]}]),
        ("genre:horror OR tag:scary", [{"genre": ["horror"]}, {"any": ["scary"]}]),
        ('show_title:"Say \\"hi\\""', [{"series": ['Say "hi"']}]),
    ],
)
def test_a_search_asks_the_same_here(search: str, queries: list[dict[str, object]]) -> None:
    assert list(asked(search).queries) == queries


@pytest.mark.parametrize(
    ("search", "reason"),
    [
        ("", "its end is not understood"),
        ("quiet", "'quiet' looks for a word anywhere in what is known of an asset"),
        ("actor:Nobody", "actor:Nobody asks for what no asset has here"),
        ("title:star*", "title:star* asks for a part of a word"),
        ("NOT genre:horror", "NOT genre:horror refuses what is no tag"),
        ("NOT (tag:a OR tag:b)", "NOT stands before more than one condition"),
        ("genre:a AND genre:b", "a, b are two of genre at once"),
        ("year:1950 AND year:1951", "year:1951 stands beside another of its kind"),
        ("type:radio", "type:radio is no kind of program"),
        ("language:klingon", "language:klingon is no language"),
        ("content_rating:TVMA", 'content_rating:TVMA names an unknown rating "TVMA", did you mean "TV-MA"?'),
        ("minutes:[30 TO 10]", "minutes:[30 TO 10] ends before it begins"),
        ("minutes:many", "minutes:many is no range"),
        ("(tag:a", "a bracket is never closed"),
        ("tag:a)", "')' is not understood"),
        ("tag:a AND", "its end is not understood"),
        ("(" * 50 + "tag:a" + ")" * 50, "it is nested too deeply"),
        (" AND ".join(f"(tag:a{k} OR genre:b{k})" for k in range(12)), "it has more than 64 alternatives"),
        ("tag:a " * 1000, "it is too long"),
    ],
)
def test_a_search_that_cannot_be_asked_says_which_part(search: str, reason: str) -> None:
    with pytest.raises(CannotAsk) as refused:
        asked(search)
    assert str(refused.value) == reason


@given(st.text(alphabet='type:movietag AND OR NOT()[]"*-!\\&|1950TO ', max_size=60))
def test_any_search_is_asked_or_refused(search: str) -> None:
    try:
        found = asked(search)
    except CannotAsk as refused:
        answer = str(refused)
    else:
        answer = repr(found.queries)
    assert answer


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6:00 AM", 6 * HOUR), ("12:00 AM", 0), ("12:00pm", 12 * HOUR), ("6 p.m.", 18 * HOUR),
        ("06:00:30", 6 * HOUR + 30), ("18:30", 18 * HOUR + 1800), ("24:00", None), ("6", None), ("13:00 PM", None),
        ("noon", None), ("10:61", None),
    ],
)  # fmt: skip
def test_times_of_day(text: str, seconds: int | None) -> None:
    assert time_in(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 minutes", 1800), ("1 hour", HOUR), ("1 hour and 30 min", 5400), ("1h30m", 5400), ("00:30:00", 1800),
        ("90 seconds", 90), ("1 day", DAY), ("", None), ("soon", None), ("2 days", None), ("0 minutes", None),
        ("5 fortnights", None),
    ],
)  # fmt: skip
def test_spans(text: str, seconds: int | None) -> None:
    assert seconds_in(text) == seconds


@given(st.integers(0, 7 * DAY - 1), st.integers(1, 7 * DAY))
def test_a_stretch_of_a_week_is_tiled(start: int, length: int) -> None:
    at = start
    for day, first, last in times_of_week(start, start + length):
        assert (day, first) == (at // DAY % 7, at % DAY)
        at += (last - first - 1) % DAY + 1
    assert at == start + length


# Writing

texts = st.text(max_size=30) | st.sampled_from(
    ["none", "yes", "- a", "a: b", "#", "'", '"', "1950", "06:00", "*x", "&x"]
)


@given(st.lists(texts, min_size=1, max_size=4), texts)
def test_texts_are_read_back_as_they_were(words: list[str], comment: str) -> None:
    lines = Lines((Line("name", words[0], comment), Line("listed", [Told(word, comment) for word in words])))
    text = File((comment,), {"saved": {"listed": words}}, (Line("one", lines),)).text
    top = tree(text)
    assert isinstance(top, Table)
    found = {key.text: node for key, node in top.entries}
    channels = found["channels"]
    assert isinstance(channels, Table)
    (_, one) = channels.entries[0]
    assert isinstance(one, Table)
    name, listed = (node for _, node in one.entries)
    expected = [" ".join("".join(c if c.isprintable() else " " for c in word).split()) for word in words]
    assert isinstance(name, Leaf)
    assert name.text == expected[0]
    assert isinstance(listed, Row)
    assert [item.text for item in listed.items if isinstance(item, Leaf)] == expected


def test_words_spans_and_times() -> None:
    assert [span(0), span(90), span(5400), span(DAY)] == ["0s", "1m30s", "1h30m", "24h"]
    assert [clock(0), clock(6 * HOUR), clock(DAY), clock(61)] == ["00:00", "06:00", "24:00", "00:01:01"]
    assert Word("none") == "none"
