from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import KIT, catalogs, log_of, revision, rules

from playout.core.catalog import Catalog
from playout.core.playlog import Log
from playout.core.rules import Rules
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.window import UnknownAsset, end_of, live_edge, stretches


@given(rules, catalogs(), st.data())
def test_the_edge_is_the_newest_segment_that_has_wholly_aired(
    ruled: Rules, catalog: Catalog, data: st.DataObject
) -> None:
    log = log_of(revision(ruled), catalog, 4)
    now = Ticks(data.draw(st.integers(0, log.turns[-1].end)))
    edge = live_edge(log, catalog.item, now)
    ends = {msn: end_of(log, catalog.item, msn) for msn in range(log.airings[-1].end_msn)}
    aired = [msn for msn, end in ends.items() if end is not None and end <= now]
    assert edge == (aired[-1] if aired else None)


@given(rules, catalogs(), st.data())
def test_the_edge_never_goes_back_as_time_goes_on(ruled: Rules, catalog: Catalog, data: st.DataObject) -> None:
    log = log_of(revision(ruled), catalog, 4)
    moments = sorted(data.draw(st.lists(st.integers(0, log.turns[-1].end), min_size=2, max_size=20)))
    edges = [live_edge(log, catalog.item, Ticks(now)) for now in moments]
    known = [edge for edge in edges if edge is not None]
    assert known == sorted(known)


@given(rules, catalogs(), st.data())
def test_stretches_are_the_segments_asked_for_and_tile_the_time(
    ruled: Rules, catalog: Catalog, data: st.DataObject
) -> None:
    log = log_of(revision(ruled), catalog, 4)
    last = data.draw(st.integers(0, log.airings[-1].end_msn - 1))
    first = data.draw(st.integers(0, last))
    found = stretches(log, catalog.item, first, last)
    numbers = [stretch.msn + k for stretch in found for k in range(len(stretch.boundaries) - 1)]
    assert numbers == list(range(first, last + 1))
    for one, two in pairwise(found):
        assert one.boundaries[-1] == two.boundaries[0]
    for stretch in found:
        for k, end in enumerate(stretch.boundaries[1:]):
            assert end == end_of(log, catalog.item, stretch.msn + k)


def test_before_the_first_segment_and_outside_the_log_there_is_no_edge() -> None:
    catalog = Catalog((), (KIT,))
    log = log_of(revision(), catalog, 1)
    assert live_edge(log, catalog.item, Ticks(0)) is None
    assert live_edge(log, catalog.item, Ticks(log.turns[-1].end + 1)) is None
    assert live_edge(Log(), catalog.item, Ticks(0)) is None
    assert end_of(log, catalog.item, 10**9) is None
    assert stretches(log, catalog.item, log.airings[-1].end_msn, 10**9) == []


def test_an_asset_that_no_catalog_has_is_named() -> None:
    log = log_of(revision(), Catalog((), (KIT,)), 1)
    with pytest.raises(UnknownAsset, match="slate, which no catalog"):
        live_edge(log, lambda _: None, Ticks(5 * TIMEBASE))
