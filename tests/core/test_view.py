"""What is looked up in a view is what a walk over all its channels would find."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st
from libraries import catalogs, log_of, revision, rules

from playout.core.playlog import Log
from playout.core.ticks import Ticks
from playout.core.view import OnAir, View


@st.composite
def views(draw: st.DrawFn) -> View:
    """A few channels, some of which have no log yet, and some whose logs have been trimmed."""
    catalog = draw(catalogs(most=3))
    found = {}
    for n in range(draw(st.integers(0, 4))):
        revised = revision(draw(rules), name=f"ch{n}")
        channel = replace(revised.channel, number=f"{n}", house=draw(st.sampled_from(["fast", "hd30"])))
        channel = replace(channel, languages=tuple(draw(st.sets(st.sampled_from(["en", "de", "fr"]), min_size=1))))
        channel = replace(channel, subtitles=tuple(draw(st.sets(st.sampled_from(["en", "de"])))))
        log = log_of(revised, catalog, draw(st.integers(1, 3))).since(Ticks(draw(st.integers(0, 10**7))))
        known = log if draw(st.booleans()) else Log()
        withdrawn = draw(st.frozensets(st.sampled_from(["movie0", "movie1", "ad0"])))
        found[f"ch{n}"] = OnAir((replace(revised, channel=channel),), known, 0, withdrawn)
    return View(MappingProxyType(found), MappingProxyType({one.id: one for one in catalog.items}))


@given(views())
def test_every_look_up_is_a_walk_over_all_channels(view: View) -> None:
    channels = list(view.channels.values())
    assert view.withdrawn == {asset for on_air in channels for asset in on_air.withdrawn}
    aired = {airing.asset for on_air in channels for airing in on_air.log.airings}
    assert set(view.airing) == aired
    for asset in aired:
        walked = [on_air for on_air in channels if any(airing.asset == asset for airing in on_air.log.airings)]
        assert list(view.airing[asset]) == walked
    for house in ("fast", "hd30"):
        those = [on_air for on_air in channels if on_air.channel.house == house]
        firsts = [on_air.log.airings[0] for on_air in those if on_air.log.airings]
        highest = (max(one.start for one in firsts), max(one.first_msn for one in firsts)) if firsts else None
        assert view.begun.get(house) == highest
        assert view.alternatives.get(house, frozenset()) == {
            f"{letter}-{language}"
            for on_air in those
            for letter, spoken in (("a", on_air.channel.languages), ("s", on_air.channel.subtitles))
            for language in spoken
        }


@given(views())
def test_a_channel_is_found_by_its_number_and_an_item_by_its_id(view: View) -> None:
    for on_air in view.channels.values():
        assert view.numbered(on_air.channel.number) is on_air
        assert on_air.end == (on_air.log.airings[-1].end if on_air.log.airings else None)
    assert view.numbered("99") is None
    assert all(view.library(name) is item for name, item in view.items.items())
    assert view.library("nobody's") is None
