"""The stage of the players' tests: one channel on air, and all players that are asked for at the same time.

Every player plays for a minute. So the shows of all tests that were collected begin together, when the
first of them is asked for, and each test waits for its own. Browsers, which need most of the machine, have
a minute of their own, after the others'.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import pytest

from players.films import library
from players.screening import Missing
from players.shows import BROWSERS, SHOWS, Place
from players.station import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

Stage = dict[str, Future[object]]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The running server."""
    films = library()
    station = opened(films, tmp_path_factory.mktemp("station"))
    station.start()
    try:
        station.ready()
        yield Place(films, station, tmp_path_factory.mktemp("shows"))
    finally:
        assert station.stop() == 0
        printed = station.journal.read_text()
        assert "Traceback" not in printed, printed
        assert "demo library" not in printed, printed


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest, place: Place) -> Iterator[Stage]:
    """The shows of all collected tests, under way."""
    callspecs = [item.callspec for item in request.session.items if hasattr(item, "callspec")]
    wanted = list(dict.fromkeys(spec.params["show"] for spec in callspecs if "show" in spec.params))
    with ThreadPoolExecutor(max(len(wanted), 1)) as pool:
        first = {name: pool.submit(SHOWS[name], place) for name in wanted if name not in BROWSERS}

        def then(name: str) -> object:
            wait(first.values())
            return SHOWS[name](place)

        yield first | {name: pool.submit(then, name) for name in wanted if name in BROWSERS}


@pytest.fixture
def show(request: pytest.FixtureRequest, stage: Stage) -> object:
    """What came of one show. Without its player the test is skipped; in CI it fails."""
    try:
        return stage[request.param].result()
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
