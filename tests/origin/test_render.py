"""What `fastline render` prints is what an origin serves; withdrawing is what an origin sees."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from playout.core.manifest import Rendering
from playout.render import NotOnAir, render
from playout.withdraw import UnknownChannel, withdraw

if TYPE_CHECKING:
    from origins import Origin
    from stations import Station


@pytest.mark.parametrize(
    ("rendering", "rendition", "path"),
    [
        (Rendering.CMAF, "v360", "v360.m3u8"),
        (Rendering.CMAF, "a-en", "a-en.m3u8"),
        (Rendering.CMAF, "index", "index.m3u8"),
        (Rendering.TS, "v234", "ts/v234.m3u8"),
        (Rendering.TS, "index", "ts.m3u8"),
    ],
)
async def test_a_rendered_playlist_is_the_one_that_an_origin_serves(
    origin: Origin, rendering: Rendering, rendition: str, path: str
) -> None:
    station = origin.station
    channel = next(iter(station.view().channels))
    served = await origin.text(f"/live/{channel}/{path}")
    assert render(station.store, channel, rendition, station.moments.now, rendering) == served


def test_what_there_is_not_is_named_with_what_there_is(small: Station) -> None:
    channel = next(iter(small.view().channels))
    with pytest.raises(NotOnAir, match=f"there is no channel 'none'; there is: .*{channel}"):
        render(small.store, "none", "v360", small.moments.now)
    with pytest.raises(NotOnAir, match=f"channel {channel} has no rendition 'v1080'; it has: v360, v234, a-en"):
        render(small.store, channel, "v1080", small.moments.now)
    with pytest.raises(NotOnAir, match="it began at 20"):
        render(small.store, channel, "v360", small.moments.now - timedelta(days=9))


def test_orders_of_withdrawal_are_numbered_and_take_effect(small: Station) -> None:
    channel, on_air = next(iter(small.view().channels.items()))
    asset = on_air.log.airings[-1].asset
    assert withdraw(small.store, channel, [asset], small.moments.now, "a test") == 1
    assert withdraw(small.store, channel, [asset], small.moments.now) == 2
    small.look()
    assert small.view().channels[channel].withdrawn == {asset}


def test_nothing_is_withdrawn_from_a_channel_that_is_not_there(small: Station) -> None:
    with pytest.raises(UnknownChannel, match="there is no channel 'none' in this store; there is: "):
        withdraw(small.store, "none", ["x"], small.moments.now)
