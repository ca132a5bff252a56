"""What those who run an origin see: the journal, the counters, the alarms."""

from __future__ import annotations

import logging
from datetime import timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from origins import Origin

from playout.clock import SteadyClock
from playout.origin import Settings, create_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest
    from stations import Station

V360 = "/live/films/v360.m3u8"


async def test_every_answer_is_in_the_journal_when_that_is_wanted(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "fastline")
    settings = Settings(access_log=True, trusted=(ip_network("127.0.0.0/8"),))
    app = create_app(small.view, small.changed, small.store, small.moments.clock, settings)
    origin = Origin(small, await aiohttp_client(app))
    await origin.get(V360, headers={"X-Forwarded-For": "9.9.9.9, 8.8.8.8, 127.0.0.9"})
    await origin.get("/nope", status=404)
    found = [record for record in caplog.records if vars(record).get("action") == "request"]
    assert [(record.getMessage(), vars(record)["client"]) for record in found] == [
        (f"GET {V360} 200", "8.8.8.8"),
        ("GET /nope 404", "127.0.0.1"),
    ]


async def test_an_alarm_is_written_once_and_lasts_a_while(origin: Origin, caplog: pytest.LogCaptureFixture) -> None:
    (origin.station.root / "assets/film-c/v360.cmfv").unlink()
    page = await origin.playlist(V360)
    lost = [segment.uri for segment in page.segments if "film-c" in segment.uri]
    for _ in range(3):
        for uri in lost:
            await origin.get("/" + uri.removeprefix("../../"))
    assert len([record for record in caplog.records if vars(record).get("action") == "alarm"]) == 1
    assert 'fastline_alarms{where="film-c"} 1.0' in await origin.text("/metrics")
    origin.station.moments.now += timedelta(minutes=6)
    origin.station.look()
    assert "film-c" not in await origin.text("/readyz")


async def test_the_gauges_tell_lag_and_what_is_left(origin: Origin) -> None:
    text = await origin.text("/metrics")
    gauges = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    assert 0 <= float(gauges['fastline_edge_lag_seconds{channel="films"}']) < 3.74
    assert float(gauges['fastline_log_left_seconds{channel="films"}']) >= 600
    assert float(gauges["fastline_channels"]) == 1


async def test_a_clock_that_was_set_back_raises_an_alarm(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    moments = small.moments
    clock = SteadyClock(moments.clock, lambda: 0)
    origin = Origin(small, await aiohttp_client(create_app(small.view, small.changed, small.store, clock)))
    before = await origin.text(V360)
    moments.now -= timedelta(hours=1)
    assert await origin.text(V360) == before
    assert "set back; air goes on 1:00:00 ahead" in await origin.text("/readyz")


async def test_a_fault_of_ours_tells_a_client_nothing(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    def broken() -> Any:
        message = "the secret of the house"
        raise RuntimeError(message)

    origin = Origin(small, await aiohttp_client(create_app(broken, small.changed, small.store, small.moments.clock)))
    head, body = await origin.get(V360, status=500)
    assert b"secret" not in body
    assert b"Traceback" not in body
    assert "Server" not in head
