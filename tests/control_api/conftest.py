"""What tests of the control API share: every one that asks for a database runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
from itertools import count
from typing import TYPE_CHECKING

import clusters
import pytest
from clients import running
from clusters import migrated
from desks import house

from control_api.database import Database
from control_api.jobs.queue import Queue, in_use
from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.settings import Settings
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from clients import Client
    from clusters import Cluster
    from desks import House

TEMPLATE = "migrated"
_numbers = count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL of our own. Where none is installed the test is skipped; in CI, where one is, it fails."""
    if not clusters.installed():
        message = "PostgreSQL is not installed; .ci/run names the package that has it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with clusters.cluster() as cluster:
        cluster.create(TEMPLATE)
        migrated(cluster.url(TEMPLATE))
        yield cluster


@pytest.fixture(scope="session")
def shape(postgresql: Cluster) -> str:
    """How a database is that no test has used."""
    return postgresql.shape(TEMPLATE)


@pytest.fixture(scope="session")
def spare() -> list[str]:
    """Databases of PostgreSQL that are as new."""
    return []


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrated(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    name = f"empty{next(_numbers)}"
    cluster.create(name)
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of this test alone, with all tables."""
    if request.param == "sqlite":
        path = tmp_path / "fastline.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    shape: str = request.getfixturevalue("shape")
    spare: list[str] = request.getfixturevalue("spare")
    if not spare:
        spare.append(f"test{next(_numbers)}")
        cluster.create(spare[-1], TEMPLATE)
    name = spare.pop()
    yield cluster.url(name)
    if cluster.emptied(name, shape):
        spare.append(name)
    else:
        cluster.drop(name)


@pytest.fixture
async def database(database_url: str, settings: Settings) -> AsyncIterator[Database]:
    """A database, and a queue that knows no kind of jobs: who runs a worker names another one."""
    found = Database(database_url)
    in_use(found, Queue(settings))
    yield found
    await found.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings with which no test has to wait, and nobody is refused for asking often."""
    return Settings(
        media=tmp_path, channels=tmp_path / "channels.yaml", database=database_url, port=0,
        rate="100000/minute", rate_anonymous="100000/minute",
        stream_poll_ms=50, stream_beat_ms=200, access_log=False, tells=False,
        database_patience_ms=30_000,  # a busy machine makes no test fail
    )  # fmt: skip


@pytest.fixture
async def key(settings: Settings) -> str:
    """A key that may do everything."""
    return await create_key(settings, "tests", list(Scope), None, system_clock)


@pytest.fixture
async def client(settings: Settings, key: str) -> AsyncIterator[Client]:
    """A client with that key, of a server that runs."""
    async with running(settings) as found:
        yield found.known_by(key)


@pytest.fixture
def desk(tmp_path: Path) -> House:
    """A station with a file of channels, published."""
    return house(tmp_path)


@pytest.fixture
async def api(desk: House, settings: Settings, key: str) -> AsyncIterator[Client]:
    """A client that may do everything, of a server of that station, at its time."""
    async with running(settings, clock=desk.clock) as found:
        yield found.known_by(key)
