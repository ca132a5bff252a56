"""Stores that a former version of Fastline made: every channel stays on air."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from stations import FILMS, GENESIS, Station, station

from playout import keys
from playout.config import Programming, read
from playout.core.airing import Tail
from playout.core.asset import Kind
from playout.core.catalog import Query
from playout.core.channel import Revision
from playout.core.daypart import Timeline
from playout.core.rules import Ads, Block, Daypart, Late, Order, Rules, Source
from playout.core.ticks import TIMEBASE, Ticks, instant_at
from playout.core.wall import UTC
from playout.documents import Corrupt, encode
from playout.former import revision_of
from playout.library import newest, scan
from playout.publish import publish
from playout.station import Station as Asked

WRITTEN = Path(__file__).parent.parent / "former"
"""Channel `kids`, as written before channels had dayparts: its revision, catalog and the end of its log."""
KIDS = "channels/kids/revisions/00000001.json"
NEXT = GENESIS + timedelta(minutes=24, seconds=28.8)
"""When the next turn of its log starts."""


@pytest.fixture
def upgraded(tmp_path: Path) -> Station:
    """A station with a channel that the former version has programmed and logged."""
    made = station(tmp_path)
    for path in sorted(WRITTEN.rglob("*.json")):
        assert made.store.put_new(path.relative_to(WRITTEN).as_posix(), path.read_bytes())
    made.moments.now = NEXT - timedelta(minutes=9)
    made.restart()
    made.look()
    return made


def test_a_former_revision_says_today_what_it_said_then() -> None:
    found = revision_of((WRITTEN / KIDS).read_bytes(), KIDS)
    assert found.rules == Rules(
        Block(
            (Source((Query(kind=(Kind.MOVIE,)),), (), Order.SEQUENCE),),
            Ads(
                Ticks(10 * TIMEBASE),
                Ticks(20 * TIMEBASE),
                Query(kind=(Kind.AD,)),
                opens=Query(any=("ad",)),
                closes=Query(any=("ad",)),
            ),
            Query(kind=(Kind.AD,)),
        )
    )
    assert (found.number, found.channel.id, found.effective) == (1, "kids", GENESIS)


def test_what_is_excluded_stays_excluded() -> None:
    said = (WRITTEN / KIDS).read_bytes().replace(b'"exclude":null', b'"exclude":{"any":["old"]}')
    assert revision_of(said, KIDS).rules.block.sources[0].exclude == (Query(any=("old",)),)


def test_a_revision_of_today_is_read_as_it_is() -> None:
    revision = Revision(2, GENESIS, "c", FILMS, Rules(Block((Source((Query(),)),))), note="as new")
    assert revision_of(encode(revision), KIDS) == revision


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"{}", "missing required field `number`"),
        (b'{"number": 1', "truncated"),
        (b"[]", "Expected `object`, got `array`"),
    ],
)
def test_what_is_of_neither_form_is_told_as_of_today(data: bytes, wrong: str) -> None:
    with pytest.raises(Corrupt, match=wrong):
        revision_of(data, KIDS)


def test_the_channel_goes_on_from_its_log(upgraded: Station) -> None:
    on_air = upgraded.on_air("kids")
    former, first = on_air.log.turns[1:3]
    assert instant_at(GENESIS, former.end) == NEXT
    assert (first.start, first.index, first.airings[0].first_msn) == (former.end, 144, 477)
    assert first.airings[0].asset == "film-a"  # in sequence, after film-c
    assert upgraded.follower.view.alarms == ()


def test_what_is_asked_of_the_store_is_answered(upgraded: Station) -> None:
    asked = Asked(upgraded.store)
    assert asked.channels() == ("films", "kids")
    turns = list(islice(asked.turns("kids", NEXT - timedelta(minutes=1), NEXT + timedelta(days=1)), 5))
    assert [one.end for one in turns[:-1]] == [two.start for two in turns[1:]]


def test_the_next_publication_writes_it_down_anew(upgraded: Station) -> None:
    written = """
version: 1
channels:
  kids:
    house: fast
    number: 2
    name: Kids
    include: {kind: movie}
"""
    wanted = read(written, "channels.yaml")
    assert isinstance(wanted, Programming)
    now = upgraded.moments.now
    library = scan(upgraded.store, newest(upgraded.store), now)
    made = [one for one in publish(upgraded.store, wanted, library, now).revisions if one.channel.id == "kids"]
    assert [(one.number, one.channel.genesis) for one in made] == [(2, GENESIS)]
    data = upgraded.store.read(keys.revision("kids", 2)) or b""
    assert revision_of(data, KIDS) == made[0]


def test_what_was_due_before_an_upgrade_is_not_made_up_for() -> None:
    """Former logs do not say for when the daypart was looked up, so it was at the start of what follows."""
    end = Ticks(20 * 60 * TIMEBASE)
    noon = Daypart("noon", 12 * 3600 + 300, None, Block((Source((Query(),)),)))
    skipped = Daypart("lunch", 12 * 3600 + 300, 13 * 3600, noon.block, late=Late.SKIP)
    tail = Tail(9, end, 80, revision=1)
    at = Ticks(end + TIMEBASE)
    assert Timeline(Rules(noon.block, (noon,)), UTC, GENESIS).slot(at, tail).daypart is None
    assert Timeline(Rules(noon.block, (skipped,)), UTC, GENESIS).slot(at, tail).daypart is skipped
