"""What can be chosen is looked up instead of searched, and comes to the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from libraries import KIT, item, of_kind

from playout.core.asset import Kind
from playout.core.catalog import Query, catalog_of
from playout.core.channel import Ads, Rules
from playout.core.draw import pool
from playout.core.shelves import Shelves
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from playout.core.catalog import Catalog, Item

tags = st.lists(st.sampled_from("aAbc"), max_size=3).map(tuple)
queries = st.builds(Query, any=tags, all=tags, none=tags, kind=st.lists(st.sampled_from(Kind), max_size=2).map(tuple))
catalogs = st.lists(
    st.tuples(tags, st.sampled_from(Kind), st.sampled_from(["fast", "hd30"])), max_size=8
).map(lambda facts: catalog_of([
    replace(item(f"i{n}", kind, 1), house=house, about=replace(item("T", kind, 1).about, tags=found))
    for n, (found, kind, house) in enumerate(facts)
], ()))  # fmt: skip
ADS = Ads(Ticks(60 * TIMEBASE), Ticks(60 * TIMEBASE), of_kind(Kind.AD), of_kind(Kind.BUMPER))


@given(catalogs, queries)
def test_shelves_find_what_the_query_matches(catalog: Catalog, query: Query) -> None:
    found = {catalog.items[place] for place in Shelves(catalog).matching(query)}
    assert found == {item for item in catalog.items if query.matches(item.about)}


@given(catalogs, st.data(), queries, st.none() | queries, st.none() | queries, st.booleans())
def test_what_a_channel_can_choose_is_the_same_when_and_only_when_its_choice_is(
    catalog: Catalog,
    data: st.DataObject,
    include: Query,
    exclude: Query | None,
    filler: Query | None,
    with_ads: bool,  # noqa: FBT001 — drawn
) -> None:
    rules = Rules(include, exclude, ads=ADS if with_ads else None, filler=filler)
    smaller = catalog_of([item for item in catalog.items if data.draw(st.booleans())], ())

    def pools(whole: Catalog) -> list[tuple[Item, ...]]:
        asked = [(include, exclude)]
        asked += [(filler, None)] if filler else []
        asked += [(ADS.query, None), (of_kind(Kind.BUMPER), None)] if with_ads else []
        return [pool(whole, "fast", query, but).items for query, but in asked]

    same = Shelves(catalog).choice("fast", rules) == Shelves(smaller).choice("fast", rules)
    assert same == (pools(catalog) == pools(smaller))
    programs = Shelves(catalog).programs("fast", rules)
    assert tuple(catalog.items[place] for place in sorted(programs)) == pools(catalog)[0]


def test_another_slate_is_another_choice() -> None:
    kits = [KIT, replace(KIT, slate=item("slate2", Kind.SLATE, 1)), replace(KIT, house="hd30")]
    rules = Rules(of_kind(Kind.MOVIE))
    assert len({Shelves(catalog_of((), [kit])).choice("fast", rules) for kit in kits}) == 3
