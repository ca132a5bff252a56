"""What a catalog keeps of the library."""

from __future__ import annotations

from dataclasses import replace

import pytest
from libraries import GENESIS, HOUSE, KIT, cuts, item

from playout.core.asset import Asset, Kind, Media, Title, Track
from playout.core.catalog import Query, catalog_of, item_of, kit_of
from playout.core.house import HOUSES
from playout.core.manifest import asset_variants, init_uri
from playout.core.ticks import Ticks

TRACKS = tuple(
    Track(name, media, f"{name}.bin", "", language, "f" * 64 if media is not Media.SUBTITLES else "", 1, 1, (0, 1))
    for name, media, language in (
        ("v360", Media.VIDEO, ""),
        ("v234", Media.VIDEO, ""),
        ("a-en", Media.AUDIO, "en"),
        ("s-de", Media.SUBTITLES, "de"),
    )
)
ASSET = Asset("film", HOUSE.name, Title("Film", Kind.MOVIE), GENESIS, cuts(3), (), TRACKS, None, {}, "poster.jpg")


def test_an_item_is_what_the_schedule_and_the_guide_need_of_an_asset() -> None:
    one = item_of(ASSET)
    assert (one.id, one.about, one.cuts, one.poster) == ("film", ASSET.about, ASSET.cuts, "poster.jpg")
    assert one.length == 3 * HOUSE.unit


def test_a_kit_names_the_init_segments_of_its_slate_but_none_for_subtitles() -> None:
    kit = kit_of(ASSET)
    assert kit.inits == (("v360", "f" * 32), ("v234", "f" * 32), ("a-en", "f" * 32))
    assert kit.init("a-fr") == ("a-en", "f" * 32)
    assert init_uri(kit, "a-fr") == f"media/init/fast/a-en.{'f' * 32}.mp4"
    assert kit.init("s-de") is None
    assert init_uri(kit, "s-de") == ""


def test_the_slate_has_a_segment_of_every_length_of_the_grid_and_of_no_other() -> None:
    lengths = [Ticks(n * HOUSE.unit) for n in range(1, HOUSE.segment_units + 1)]
    assert [KIT.slate_segment(length) for length in lengths] == list(range(HOUSE.segment_units))
    assert KIT.slate_segment(Ticks(HOUSE.unit + 1)) is None


def test_of_two_slates_of_a_house_the_one_with_the_lower_id_holds() -> None:
    other = replace(KIT, slate=item("a-slate", Kind.SLATE, 1))
    assert catalog_of((), [KIT, other]).kits == catalog_of((), [other, KIT]).kits == (other,)


def test_an_item_is_found_by_its_id_and_a_slate_as_well() -> None:
    films = [item(name, Kind.MOVIE, 1) for name in ("c", "a", "b")]
    catalog = catalog_of(films, [KIT])
    assert [one.id for one in catalog.items] == ["a", "b", "c"]
    assert all(catalog.item(one.id) is one for one in films)
    assert catalog.item("slate") is KIT.slate
    assert catalog.item("none") is None
    assert catalog.kit("none") is None


@pytest.mark.parametrize("query", [Query(any=("x",)), Query(all=("x",)), Query(none=("x",)), Query(kind=(Kind.AD,))])
def test_only_a_query_that_asks_for_nothing_is_empty(query: Query) -> None:
    assert Query().empty
    assert not query.empty


def test_an_asset_on_demand_offers_the_renditions_that_it_has() -> None:
    text = asset_variants(HOUSES["fast"], TRACKS)
    assert [line for line in text.splitlines() if not line.startswith("#")] == ["v360.m3u8", "v234.m3u8"]
    assert 'URI="a-en.m3u8"' in text
    assert 'URI="s-de.m3u8"' in text
    assert text.count("EXT-X-MEDIA:") == 2
