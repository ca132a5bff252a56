"""The laws of playlists, over any library, any rules and any instant, in all three renderings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import m3u8
import pytest
from examples import CHANNEL, LACKING, Air, digest, golden_set, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import GENESIS, HOUSE, KIT, catalogs, log_of, revision, rules

from playout.core import manifest
from playout.core.house import TARGET_DURATION
from playout.core.manifest import Rendering, Scene, init_uri
from playout.core.ticks import TIMEBASE, Ticks, instant_at, seconds_between, utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from playout.core.airing import Turn
    from playout.core.catalog import Item

EVERY = [
    (rendering, name)
    for rendering in Rendering
    for name in Scene(CHANNEL, HOUSE, KIT, lambda _: None).renditions(rendering)
]


@st.composite
def airs(draw: st.DrawFn) -> Air:
    catalog = draw(catalogs(most=3))
    return Air(log_of(revision(draw(rules)), catalog, draw(st.integers(1, 5))), catalog)


@st.composite
def windows(draw: st.DrawFn, air: Air) -> tuple[int, int]:
    """The first and the last sequence number of some playlist."""
    last = draw(st.integers(0, air.end - 1))
    return draw(st.integers(max(0, last - 40), last)), last


def parsed(text: str) -> Any:
    return m3u8.loads(text)


def blocks(text: str) -> list[str]:
    """The lines of each segment, joined; without the seam's own lines, which a first segment has not."""
    body = text[re.search(r"#EXTINF|#EXT-X-DISCONTINUITY\n", text).start() :]  # type: ignore[union-attr]
    found = re.findall(r"(?:#.*\n)+[^#\n].*\n", body)
    return [re.sub(r'#EXT-X-DISCONTINUITY\n(#EXT-X-MAP:URI="[^"]*"\n)?', "", block) for block in found]


def ranges(text: str) -> dict[str, str]:
    """The date ranges of a playlist by their ID."""
    lines = [line for line in text.splitlines() if line.startswith("#EXT-X-DATERANGE")]
    found = {line.split('"')[1]: line for line in lines}
    assert len(found) == len(lines)  # H-57
    return found


@pytest.mark.parametrize(("rendering", "name"), EVERY)
@settings(max_examples=12)
@given(data=st.data())
def test_a_segments_lines_never_change_and_their_durations_are_exact(
    rendering: Rendering, name: str, data: st.DataObject
) -> None:
    """Still, Exact: whatever window a segment stands in."""
    air = data.draw(airs())
    whole = air.live(rendering, name, 0, air.end - 1)
    first, last = data.draw(windows(air))
    text = air.live(rendering, name, first, last)
    assert blocks(text) == blocks(whole)[first : last + 1]
    listed = air.listed(first, last)
    total = sum(Fraction(segment.duration).limit_denominator(10**6) for segment in parsed(text).segments)
    assert total == Fraction(seconds_between(listed[0].boundaries[0], listed[-1].boundaries[-1]))
    for segment in parsed(text).segments:
        assert segment.duration <= TARGET_DURATION


@given(st.data())
def test_all_renditions_list_the_same_segments_and_date_ranges(data: st.DataObject) -> None:
    """Same: sequence numbers, durations, dates, programs, in every rendition of every rendering."""
    air = data.draw(airs())
    first, last = data.draw(windows(air))
    shapes = set()
    for rendering, name in EVERY:
        text = air.live(rendering, name, first, last)
        page = parsed(text)
        assert page.media_sequence == first
        assert page.target_duration == TARGET_DURATION
        assert page.is_independent_segments
        assert not page.is_endlist
        dates = tuple((segment.duration, segment.program_date_time) for segment in page.segments)
        shapes.add((dates, tuple(ranges(text).values())))
    assert len(shapes) == 1
    ((dates, _),) = shapes
    starts = [tick for stretch in air.listed(first, last) for tick in stretch.boundaries[:-1]]
    assert [utc_text(date) for _, date in dates] == [utc_text(instant_at(GENESIS, tick)) for tick in starts]
    for (length, one), (_, two) in pairwise(dates):
        assert abs(two - one - timedelta(seconds=length)) <= timedelta(milliseconds=1)  # H-42


@given(st.data())
def test_the_first_sequence_number_and_what_is_listed_only_grow(data: st.DataObject) -> None:
    """Forward and H-3: from one edge to a later one, segments are added behind and removed in front."""
    air = data.draw(airs())
    rendering, name = data.draw(st.sampled_from(EVERY))
    (one, two), width = sorted(data.draw(windows(air))), data.draw(st.integers(1, 30))
    before, after = (air.live(rendering, name, max(0, edge - width + 1), edge) for edge in (one, two))
    gone = parsed(after).media_sequence - parsed(before).media_sequence
    assert gone >= 0
    left = blocks(before)[gone:]
    assert blocks(after)[: len(left)] == left


@pytest.mark.parametrize("name", ["v360", "a-de", "s-en", LACKING])
@settings(max_examples=30)
@given(data=st.data())
def test_the_discontinuity_sequence_of_a_segment_is_the_index_of_its_airing(name: str, data: st.DataObject) -> None:
    """H-10 to H-12, H-29, and 1, 7, 8 and 9 of section 8A."""
    air = data.draw(airs())
    first, last = data.draw(windows(air))
    text = air.live(Rendering.DIRECT, name, first, last)
    sequence, number, init = int(re.findall(r"#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)", text)[0]), first, ""
    uri = init_uri(KIT, name)
    for line in text.splitlines():
        if line == "#EXT-X-DISCONTINUITY":
            sequence, init = sequence + 1, ""
        elif line.startswith("#EXT-X-MAP"):
            init = line
        elif not line.startswith("#"):
            airing = air.log.at_msn(number)
            assert airing is not None
            assert sequence == airing.index
            assert init == (f'#EXT-X-MAP:URI="../../../{uri}"' if uri else "")
            assert f"/{airing.asset}/" in line
            number += 1
    assert number == last + 1


@given(st.data())
def test_seamless_renderings_have_no_seam(data: st.DataObject) -> None:
    air = data.draw(airs())
    rendering, name = data.draw(st.sampled_from([each for each in EVERY if each[0] is not Rendering.DIRECT]))
    text = air.live(rendering, name, *data.draw(windows(air)))
    assert "#EXT-X-DISCONTINUITY\n" not in text
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:0\n" in text
    assert text.count("#EXT-X-MAP") == (1 if rendering is Rendering.CMAF and not name.startswith("s-") else 0)


@given(st.data())
def test_a_delta_update_and_the_playlist_before_it_make_the_whole(data: st.DataObject) -> None:
    """RFC 8216bis section 6.2.5.1; H-45."""
    air = data.draw(airs())
    rendering, name = data.draw(st.sampled_from(EVERY))
    first, last = data.draw(windows(air))
    full, delta = (air.live(rendering, name, first, last, skip=skip) for skip in (False, True))
    skips = re.findall(r"#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)\n", delta)
    count = int(skips[0]) if skips else 0
    ends = [tick for stretch in air.listed(first, last) for tick in stretch.boundaries[1:]]
    boundary = ends[-1] - manifest.SKIP_BOUNDARY * TIMEBASE
    assert count == sum(end <= boundary for end in ends)
    if not count:
        assert delta == full
        return
    assert "#EXT-X-VERSION:9\n" in delta
    head, body = delta.split(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={count}\n")
    assert full.startswith(re.sub("VERSION:9", f"VERSION:{re.findall('VERSION:(.)', full)[0]}", head))
    assert full.endswith(body)
    assert blocks(full)[count:] == blocks(body)
    assert ranges(delta) == ranges(full)


@given(st.data())
def test_a_program_is_dated_as_long_as_any_of_it_is_listed_and_never_otherwise(data: st.DataObject) -> None:
    """H-57 to H-63, and 13 and 14 of section 8A."""
    air = data.draw(airs())
    whole = ranges(air.live(Rendering.CMAF, "v360", 0, air.end - 1))
    first, last = data.draw(windows(air))
    listed = air.listed(first, last)
    start, end = listed[0].boundaries[0], listed[-1].boundaries[-1]
    due = {
        f"one-{span[0].index}"
        for turn in air.log.turns
        if (span := turn.program) and span[0].start < end and span[1].end > start
    }
    found = ranges(air.live(Rendering.CMAF, "v360", first, last))
    assert set(found) == due
    assert all(whole[name] == line for name, line in found.items())


@given(st.data())
def test_the_past_is_made_of_the_same_lines(data: st.DataObject) -> None:
    air = data.draw(airs())
    rendering, name = data.draw(st.sampled_from(EVERY))
    first, last = data.draw(windows(air))
    live = air.live(rendering, name, first, last)
    grown = air.past(rendering, name, first, last, closed=False)
    assert air.past(rendering, name, first, last, closed=True) == grown + "#EXT-X-ENDLIST\n"  # H-3
    for closed in (False, True):
        text = air.past(rendering, name, first, last, closed=closed)
        assert blocks(text) == blocks(live)
        assert ranges(text) == ranges(live)
        assert parsed(text).is_endlist is closed


@given(st.data())
def test_an_asset_on_demand_is_all_of_it(data: st.DataObject) -> None:
    air = data.draw(airs())
    item = data.draw(st.sampled_from([*air.catalog.items, KIT.slate]))
    for name in ("v360", "a-en", "s-en"):
        page = parsed(manifest.on_demand(item, KIT, name))
        assert page.is_endlist
        assert len(page.segments) == item.cuts.segments
        total = sum(Fraction(segment.duration).limit_denominator(10**6) for segment in page.segments)
        assert total == Fraction(seconds_between(Ticks(0), item.length))


def test_what_players_were_told_of_a_program_stays_when_it_is_renamed_or_gone() -> None:
    """H-59. A log of a former version has no titles: there the library's stand in."""
    air = shown()

    def dated(turns: Iterable[Turn], library: Callable[[str], Item | None]) -> str:
        return manifest.date_ranges(replace(air.scene, library=library), turns, Ticks(0), Ticks(10 * TIMEBASE))[0]

    def renamed(asset: str) -> Item | None:
        item = air.catalog.item(asset)
        return replace(item, about=replace(item.about, title="Another name")) if item else None

    told = dated(air.log.turns, air.catalog.item)
    assert dated(air.log.turns, renamed) == dated(air.log.turns, lambda _: None) == told
    former = [replace(turn, title="", kind="") for turn in air.log.turns]
    assert 'X-ORG-FASTLINE-TITLE="Another name"' in dated(former, renamed)
    assert 'X-ORG-FASTLINE-TITLE=""' in dated(former, lambda _: None)


def test_direct_playlists_without_an_index_have_the_origin_make_every_segment() -> None:
    scene = replace(shown().scene, tracks=None)
    text = manifest.live(scene, Rendering.DIRECT, "s-en", shown().listed(0, 3), shown().log.turns)
    assert "BYTERANGE" not in text
    assert text.count(".vtt\n") == 4


@pytest.mark.parametrize("name", sorted(golden_set()))
def test_playlists_are_these_bytes(name: str, golden: Callable[[str, str], None]) -> None:
    golden(name, golden_set()[name])


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "random", "TZ": "America/St_Johns", "LANG": "de_DE.UTF-8"},
    ],
    ids=lambda given: given["PYTHONHASHSEED"],
)
def test_no_surroundings_change_a_byte(surroundings: dict[str, str]) -> None:
    """Deterministic: one digest, whatever the hash seed, the time zone and the locale."""
    tests = Path(__file__).parent.parent
    path = {"PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
    run = subprocess.run(
        [sys.executable, str(tests / "examples.py")],
        env={**os.environ, **surroundings, **path},
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode().strip() == digest()
