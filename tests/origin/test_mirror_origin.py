"""Mirrors on a real origin: every playlist is the original's of another time, but for names and dates."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from origins import Origin, joined
from stations import FILMS, GENESIS, Station

from playout import documents, keys
from playout.core.channel import Parent
from playout.core.ticks import utc_text
from playout.origin import create_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HOUR = timedelta(hours=1)
_DATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def moved(text: str, name: str, offset: timedelta) -> str:
    """A playlist of `films`, as channel `name` has it so much later."""

    def later(found: re.Match[str]) -> str:
        return utc_text(datetime.fromisoformat(found[0]) + offset)

    return _DATED.sub(later, text).replace('ID="films-', f'ID="{name}-')


def publish(station: Station, name: str, number: str, offset: timedelta) -> None:
    """Publish a mirror of `films`."""
    original = station.revisions["films"]
    channel = replace(FILMS, id=name, number=number, name=name, genesis=GENESIS + offset)
    made = replace(original, channel=channel, parent=Parent("films", offset), horizon=4 * HOUR, effective=GENESIS)
    assert station.store.put_new(keys.revision(name, 1), documents.encode(replace(made, number=1)))


@pytest.fixture
def house(small: Station) -> Station:
    """The small station with a mirror on either side of its channel."""
    first = small.revisions["films"]
    wide = replace(first, number=2, effective=GENESIS, horizon=4 * HOUR, ahead=3 * HOUR)
    assert small.store.put_new(keys.revision("films", 2), documents.encode(wide))
    small.revisions["films"] = wide
    publish(small, "later", "2", HOUR)
    publish(small, "sooner", "3", -3 * HOUR)
    small.look()
    return small


async def client(house: Station, aiohttp_client: Callable[..., Awaitable[Any]]) -> Origin:
    """A new origin of a new process."""
    house.restart()
    house.look()
    app = create_app(house.view, house.changed, house.store, house.moments.clock, pause=house.moments.pause)
    return Origin(house, await aiohttp_client(app))


@pytest.mark.parametrize("rendition", ["v360", "a-en", "ts", "direct/v360"])
async def test_a_mirror_at_t_is_its_original_at_t_minus_the_offset(
    house: Station, aiohttp_client: Callable[..., Awaitable[Any]], rendition: str
) -> None:
    """For an hour later and three hours sooner, over five hours, with origins restarted in between."""
    origin = await client(house, aiohttp_client)
    told: dict[tuple[str, datetime], str] = {}
    step = timedelta(minutes=10)
    for count in range(30):
        if count % 7 == 3:
            origin = await client(house, aiohttp_client)
        now = house.moments.now
        for name, offset in (("films", timedelta(0)), ("later", HOUR), ("sooner", -3 * HOUR)):
            if now - offset >= GENESIS + timedelta(minutes=2):
                told[name, now] = await origin.text(f"/live/{name}/{rendition}.m3u8")
        house.moments.now += step
        house.look()
    compared = 0
    for (name, now), text in told.items():
        offset = {"films": timedelta(0), "later": HOUR, "sooner": -3 * HOUR}[name]
        original = told.get(("films", now - offset))
        if name != "films" and original is not None:
            assert text == moved(original, name, offset)
            compared += 1
    assert compared > 30


async def test_what_a_mirror_lists_plays(house: Station, aiohttp_client: Callable[..., Awaitable[Any]]) -> None:
    house.moments.now += 2 * HOUR
    origin = await client(house, aiohttp_client)
    for name in ("films", "later", "sooner"):
        path = f"/live/{name}/v360.m3u8"
        listed = await origin.playlist(path)
        assert len(listed.segments) == FILMS.window
        for segment in (listed.segments[0], listed.segments[-1]):
            _, body = await origin.get(joined(path, segment.uri))
            assert body


async def test_catch_up_of_a_mirror_is_read_from_its_originals_log(
    house: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    for _ in range(30):
        house.moments.now += timedelta(minutes=20)
        house.look()
    origin = await client(house, aiohttp_client)
    start, stop = GENESIS + timedelta(minutes=7), GENESIS + timedelta(minutes=19)
    original = await origin.text(f"/live/films/v360.m3u8?from={utc_text(start)}&to={utc_text(stop)}")
    for name, offset in (("later", HOUR), ("sooner", -3 * HOUR)):
        query = f"?from={utc_text(start + offset)}&to={utc_text(stop + offset)}"
        text = await origin.text(f"/live/{name}/v360.m3u8{query}")
        assert "#EXT-X-ENDLIST" in text
        assert text == moved(original, name, offset)
