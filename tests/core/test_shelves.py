"""What can be chosen is looked up instead of searched, and comes to the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from libraries import HOUSE, KIT, airs, item, of_kind

from playout.core.asset import Kind
from playout.core.catalog import Query, Span, catalog_of
from playout.core.rules import Ads
from playout.core.shelves import Shelves
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from playout.core.catalog import Catalog, Item

tags = st.lists(st.sampled_from("aAbc"), max_size=3).map(tuple)
words = st.lists(st.sampled_from(["Alpha", "alpha", "Beta", ""]), max_size=2).map(tuple)
spans = st.none() | st.builds(Span, st.integers(0, 3), st.integers(0, 3))
simple = st.builds(
    Query,
    any=tags,
    all=tags,
    none=tags,
    kind=st.lists(st.sampled_from(Kind), max_size=2).map(tuple),
    series=words,
    genre=words,
    rating=st.lists(st.sampled_from(["G", "unrated"]), max_size=1).map(tuple),
    language=st.lists(st.sampled_from(["en", "en-GB"]), max_size=1).map(tuple),
    year=st.none() | st.just(Span(1950, 1959)),
    duration=spans.map(lambda span: span and Span(*(n * HOUSE.segment for n in span))),
    listed=st.lists(st.sampled_from(["i0", "imdb:tt1", "T"]), max_size=2).map(tuple),
)
queries = simple | st.builds(replace, simple, within=st.lists(simple, max_size=2).map(tuple))


@st.composite
def catalogs_(draw: st.DrawFn) -> Catalog:
    items = []
    for n in range(draw(st.integers(0, 8))):
        made = item(f"i{n}", draw(st.sampled_from(Kind)), *[7] * draw(st.integers(1, 3)))
        about = replace(
            made.about,
            title=draw(st.sampled_from(["T", f"Title {n}"])),
            tags=draw(tags),
            series=draw(st.sampled_from(["", "Alpha", "BETA"])),
            genres=draw(words),
            rating=draw(st.sampled_from(["", "G", "R"])),
            language=draw(st.sampled_from(["und", "en", "en-gb"])),
            released=draw(st.sampled_from(["", "1949", "1955-03-01"])),
            ids=draw(st.sampled_from([(), ("imdb:tt1",)])),
        )
        items.append(replace(made, house=draw(st.sampled_from(["fast", "hd30"])), about=about))
    return catalog_of(items, ())


catalogs = catalogs_()
ADS = Ads(Ticks(60 * TIMEBASE), Ticks(60 * TIMEBASE), of_kind(Kind.AD), of_kind(Kind.BUMPER), of_kind(Kind.BUMPER))


@given(catalogs, queries)
def test_shelves_find_what_the_query_matches(catalog: Catalog, query: Query) -> None:
    found = {catalog.items[place] for place in Shelves(catalog).matching(query)}
    assert found == {item for item in catalog.items if query.matches(item)}


@given(catalogs, st.data(), queries, st.none() | queries, st.none() | queries, st.booleans())
def test_what_a_channel_can_choose_is_the_same_when_and_only_when_its_choice_is(
    catalog: Catalog,
    data: st.DataObject,
    include: Query,
    exclude: Query | None,
    filler: Query | None,
    with_ads: bool,  # noqa: FBT001 — drawn
) -> None:
    rules = airs(include, exclude, ads=ADS if with_ads else None, filler=filler)
    smaller = catalog_of([item for item in catalog.items if data.draw(st.booleans())], ())

    def pools(whole: Catalog) -> list[tuple[Item, ...]]:
        asked = [(include, exclude)]
        asked += [(filler, None)] if filler else []
        asked += [(ADS.query, None), (of_kind(Kind.BUMPER), None)] if with_ads else []
        return [
            tuple(item for item in whole.items if item.house == "fast" and query.matches(item) and not _is(but, item))
            for query, but in asked
        ]

    same = Shelves(catalog).choice("fast", rules) == Shelves(smaller).choice("fast", rules)
    assert same == (pools(catalog) == pools(smaller))
    programs = Shelves(catalog).programs("fast", rules)
    assert tuple(catalog.items[place] for place in sorted(programs)) == pools(catalog)[0]


def _is(query: Query | None, item: Item) -> bool:
    return query is not None and query.matches(item)


def test_another_slate_is_another_choice() -> None:
    kits = [KIT, replace(KIT, slate=item("slate2", Kind.SLATE, 1)), replace(KIT, house="hd30")]
    rules = airs(of_kind(Kind.MOVIE))
    assert len({Shelves(catalog_of((), [kit])).choice("fast", rules) for kit in kits}) == 3
