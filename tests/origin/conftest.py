"""A station and its origin for every test that asks for one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from origins import Origin
from stations import Station, station

from playout.origin import create_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Station:
    """Made once: files that are synced to the disk take their time."""
    return station(tmp_path_factory.mktemp("station"))


@pytest.fixture
def small(made: Station, tmp_path: Path) -> Station:
    shutil.copytree(made.root, tmp_path, dirs_exist_ok=True)
    copy = Station(tmp_path, assets=dict(made.assets), revisions=dict(made.revisions))
    copy.look()
    return copy


@pytest.fixture
async def origin(small: Station, aiohttp_client: Callable[..., Awaitable[Any]]) -> Origin:
    app = create_app(small.view, small.changed, small.store, small.moments.clock, pause=small.moments.pause)
    return Origin(small, await aiohttp_client(app))


@pytest.fixture
async def twin(origin: Origin, aiohttp_client: Callable[..., Awaitable[Any]]) -> Origin:
    """Another origin of the same store, which starts later."""
    other = Station(origin.station.root, moments=origin.station.moments)
    other.look()
    app = create_app(other.view, other.changed, other.store, other.moments.clock)
    return Origin(other, await aiohttp_client(app))
