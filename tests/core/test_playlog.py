from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import KIT, catalogs, log_of, revision

from playout.core.catalog import Catalog
from playout.core.playlog import BrokenLog, Log, faults
from playout.core.ticks import Ticks


@given(catalogs(), st.data())
def test_every_tick_and_every_number_lies_in_one_airing(catalog: Catalog, data: st.DataObject) -> None:
    log = log_of(revision(), catalog, 5)
    tick = Ticks(data.draw(st.integers(0, log.turns[-1].end - 1)))
    airing = log.at_tick(tick)
    assert airing
    assert airing.start <= tick < airing.end
    msn = data.draw(st.integers(0, log.airings[-1].end_msn - 1))
    found = log.at_msn(msn)
    assert found
    assert found.first_msn <= msn < found.end_msn


@given(catalogs())
def test_outside_the_log_there_is_nothing(catalog: Catalog) -> None:
    log = log_of(revision(), catalog, 3)
    assert log.at_tick(log.turns[-1].end) is None
    assert log.at_tick(Ticks(-1)) is None
    assert log.at_msn(log.airings[-1].end_msn) is None
    assert Log().at_tick(Ticks(0)) is None


@given(catalogs(), st.data())
def test_trimming_keeps_what_is_at_and_after_a_tick(catalog: Catalog, data: st.DataObject) -> None:
    log = log_of(revision(), catalog, 5)
    tick = Ticks(data.draw(st.integers(0, log.turns[-1].end + 1)))
    kept = log.since(tick)
    assert kept.turns == log.turns[-len(kept.turns) :]
    assert kept.at_tick(tick) == log.at_tick(tick)
    assert len(kept.turns) == 1 or kept.turns[0].end > tick


@given(catalogs())
def test_a_turn_that_does_not_join_is_refused(catalog: Catalog) -> None:
    log = log_of(revision(), catalog, 3)
    with pytest.raises(BrokenLog, match="is followed by"):
        log.after(log.turns[0])
    with pytest.raises(BrokenLog, match="does not follow"):
        log.until(log.turns[2].index).after(replace(log.turns[2], tail=log.turns[1].tail))
    with pytest.raises(BrokenLog, match="no airing"):
        log.after(replace(log.turns[0], airings=()))


def test_every_fault_is_named() -> None:
    one = log_of(revision(), Catalog((), (KIT,)), 1).airings[0]
    start = Ticks(one.end + 1)
    two = replace(one, index=one.index + 2, start=start, end=Ticks(start + 48000), first_msn=one.end_msn + 1)
    assert len(faults((one, two))) == 3
    assert faults((replace(one, stop=one.first),)) == [f"airing {one.index} of {one.asset} is empty"]
