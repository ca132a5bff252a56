"""Laws of the pure parts of advertising: whatever is sent, whenever one looks (AX15)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
from ads import files, inline, vast
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stations import GENESIS
from test_air_telling import with_breaks

from control_api.advertising.choosing import best, is_usable
from control_api.advertising.counting import Aired, begun, moments
from control_api.advertising.macros import filled
from control_api.advertising.vast import EVENTS, InLine, MediaFile, Unusable, Vast, Vmap, joined, millis, parse
from control_api.air.listening import Ear
from control_api.air.places import Place
from control_api.air.telling import FORGOTTEN, Heard
from playout.core.airing import Role
from playout.core.house import HOUSES
from playout.core.ticks import instant_at

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = vast(inline("1", files("https://cdn.example/a.mp4"), universal="A"), inline("2", files("https://b.example/b")))
CODES = (100, 101, 102)


def _read(data: bytes) -> Vast | Vmap | Unusable:
    try:
        return parse(data)
    except Unusable as error:
        return error


_words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=40)
_media = st.builds(
    MediaFile,
    url=st.just("https://cdn.example/a"),
    type=st.sampled_from(["video/mp4", "video/webm", "", "application/javascript", "application/x-mpegurl"]),
    delivery=st.sampled_from(["progressive", "streaming", ""]),
    height=st.sampled_from([0, 240, 360, 720, 1080, 2160, 9999]),
    bitrate=st.integers(0, 9),
    is_mezzanine=st.booleans(),
    api=st.sampled_from(["", "VPAID"]),
)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
@example(b"\xff\xfe<\0a\0/\0>\0")
def test_any_bytes_are_an_answer_or_are_refused_with_a_reason(data: bytes) -> None:
    found = _read(data)
    assert not isinstance(found, Unusable) or (str(found) and found.code in CODES)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)), st.sampled_from(["", "<Ad/>", "\0", "<!DOCTYPE x>", "&a;"])
)
def test_an_answer_that_was_cut_or_mangled_is_one_or_none(start: int, stop: int, inner: str) -> None:
    start, stop = min(start, stop), max(start, stop)
    text = WHOLE[:start] + inner + WHOLE[stop:]
    found = _read(text.encode())
    if isinstance(found, Unusable):
        assert found.code in CODES
        return
    assert isinstance(found, Vast)
    assert all(isinstance(ad, InLine) and ad.linears and ad.linears[0].duration_ms for ad in found.ads)
    assert all(one.words for one in found.refused)


@settings(max_examples=100, deadline=None)
@given(_words, _words)
def test_what_is_said_of_an_ad_is_read_without_the_space_around_it(title: str, advertiser: str) -> None:
    text = WHOLE.replace("Spot 1", escape(title)).replace("Acme 1", escape(advertiser))
    found = parse(text.encode())
    assert isinstance(found, Vast)
    ad = found.ads[0]
    assert isinstance(ad, InLine)
    assert ad.title == " ".join(title.split())
    assert ad.advertiser == " ".join(advertiser.split())


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int, rest: int) -> None:
    length = ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
    assert millis(f"{hours:02d}:{minutes:02d}:{seconds:02d}.{rest:03d}") == length


@settings(max_examples=100, deadline=None)
@given(st.lists(_media, max_size=8), st.sampled_from(sorted(HOUSES)), st.randoms(use_true_random=False))
def test_the_choice_of_a_file_does_not_follow_from_its_place(some: list[MediaFile], house: str, chance: object) -> None:
    found = best(some, HOUSES[house])
    assert (found is None) == (not any(map(is_usable, some)))
    assert found is None or is_usable(found)
    shuffled = sorted(some, key=lambda _: chance.random())  # type: ignore[attr-defined] # of Hypothesis
    other = best(shuffled, HOUSES[house])
    if found is not None and other is not None:
        assert _merit(found) == _merit(other)
    assert found is None or best([found, *some], HOUSES[house]) == found


def _merit(file: MediaFile) -> tuple[object, ...]:
    return file.is_mezzanine, file.height, file.bitrate


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(EVENTS), st.lists(st.integers(0, 40).map(str), max_size=25).map(tuple), max_size=2
        )
    )
)
def test_urls_that_are_joined_are_each_there_once_and_not_without_end(some: list[dict[str, tuple[str, ...]]]) -> None:
    found = joined(*some)
    for event, urls in found.items():
        assert 0 < len(urls) == len(set(urls)) <= 20
        assert set(urls) <= {url for one in some for url in one.get(event, ())}


@given(st.text(max_size=60), st.text(max_size=20))
def test_a_value_never_changes_what_a_url_is_made_of(before: str, value: str) -> None:
    found = filled(f"https://a.example/?x=[CHANNEL]&y=[{before}]", {"CHANNEL": value})
    inner = found.removeprefix("https://a.example/?x=").partition("&")[0]
    assert not set(inner) & set(' "<>#?/@\\[]\n\r\t\0')


@settings(max_examples=200)
@given(st.integers(1, 200_000), st.integers(1, 200_000))
def test_quartiles_come_in_their_order_and_only_as_far_as_an_ad_aired(length: int, whole: int) -> None:
    aired = Aired("c", "a", GENESIS, length, "mid")
    found = moments(aired, whole)
    assert list(found) == [event for event in EVENTS if event in found] == list(EVENTS)[: len(found)]
    assert all(one <= other for one, other in pairwise(found.values()))
    assert found["impression"] == found["start"] == GENESIS
    assert all(at <= GENESIS + timedelta(milliseconds=length) for at in found.values())
    assert ("complete" in found) == (length >= whole - 1000)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """A channel with ads, with an hour of log."""
    made = with_breaks(tmp_path_factory.mktemp("station"))
    for _ in range(8):
        made.moments.now += timedelta(minutes=8)
        made.look()
    return Ear(made.store).hear({"films": Place(tick=0)}, GENESIS + FORGOTTEN)[0]


def _counted(heard: Heard, seconds: Sequence[int]) -> list[Aired]:
    found, after = [], 0
    for second in seconds:
        some, after = begun(heard, after, GENESIS + timedelta(seconds=second))
        found += some
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3300), min_size=1, max_size=30))
def test_however_often_one_looks_each_airing_is_counted_once(heard: Heard, seconds: list[int]) -> None:
    looks = sorted([*seconds, 3300])
    assert _counted(heard, looks) == _counted(heard, [3300])


def test_every_ad_of_the_log_is_counted_and_nothing_else(heard: Heard) -> None:
    ads = [one for turn in heard.turns for one in turn.airings if one.role is Role.AD]
    wanted = [
        (one.asset, instant_at(GENESIS, one.start))
        for one in ads
        if instant_at(GENESIS, one.start) <= GENESIS + timedelta(seconds=3300)
    ]
    found = _counted(heard, [3300])
    assert [(one.asset, one.at) for one in found] == wanted
    assert len(found) > 10
    assert {one.roll for one in found} <= {"mid", "post"}


def test_what_began_before_anybody_looked_is_not_counted(heard: Heard) -> None:
    found, after = begun(heard, None, GENESIS + timedelta(seconds=1800))
    assert found == []
    some, _ = begun(heard, after, GENESIS + timedelta(seconds=3300))
    assert [one for one in _counted(heard, [3300]) if one.at > GENESIS + timedelta(seconds=1800)] == some
