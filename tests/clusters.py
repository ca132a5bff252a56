"""A private PostgreSQL, for as long as the tests run."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from control_api import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

FAST = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"),
    *("autovacuum=off", "jit=off", "checkpoint_timeout=1h", "shared_buffers=64MB", "max_connections=200"),
)
"""What makes it quick: nothing has to outlive the tests, and a database lives for one of them."""
DURABLE = ("shared_buffers=256MB", "max_connections=200")
"""As people run it: what is measured is kept through a loss of power."""
SUPER = "fastline"
_SHAPE = """
SELECT md5(string_agg(said, ',' ORDER BY said)) FROM (
  SELECT format('%s.%s %s %s', c.relname, a.attname, a.atttypid, a.attnotnull) AS said
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND NOT a.attisdropped
  UNION ALL SELECT nspname::text FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
  UNION ALL SELECT extname::text FROM pg_extension
  UNION ALL SELECT version_num FROM alembic_version
) parts
"""
_EMPTY = """
DO $$
DECLARE one record; written text[] := '{}'; has boolean;
BEGIN
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', one.tablename) INTO has;
    IF has THEN written := written || format('%I', one.tablename); END IF;
  END LOOP;
  IF cardinality(written) > 0 THEN
    EXECUTE 'TRUNCATE ' || array_to_string(written, ', ') || ' RESTART IDENTITY CASCADE';
  END IF;
  FOR one IN SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', one.sequencename);
  END LOOP;
END $$
"""


@dataclass(frozen=True)
class Cluster:
    """A running server; nobody needs a password from this machine."""

    port: int
    data: Path
    options: tuple[str, ...] = FAST

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{SUPER}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str = "template0") -> None:
        self._tell(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')  # half the time of the other

    def drop(self, name: str) -> None:
        self._tell(f'DROP DATABASE "{name}" WITH (FORCE)')

    def shape(self, name: str) -> str:
        """What tells databases with other tables, columns, indexes or extensions apart."""
        with self._in(name) as connection:
            row = connection.execute(_SHAPE.encode()).fetchone()
        assert row is not None
        return str(row[0])

    def emptied(self, name: str, shape: str) -> bool:
        """Take all rows out of a database; False where that would not make it as it was: drop it then.

        To make one costs ten times as much.
        """
        with self._in(name) as connection:
            others = b"SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            if connection.execute(others).fetchone() is not None or self.shape(name) != shape:
                return False
            connection.execute(b"SET lock_timeout = 2000")
            connection.execute(_EMPTY.encode())
        return True

    def stop(self, *, how: str = "fast") -> None:
        _run("pg_ctl", "-D", str(self.data), "-m", how, "-w", "stop")

    def end(self) -> None:
        """Be gone, whatever it takes: one that was told to end while it began has been seen to do neither."""
        try:
            _run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "-t", "5", "stop")
        except AssertionError:
            with suppress(FileNotFoundError, ProcessLookupError):
                os.killpg(int((self.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def start(self) -> None:
        settings = [word for setting in self.options for word in ("-c", setting)]
        server = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= {' '.join(settings)}"
        _run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.data.parent / "log"), "-o", server, "start")

    def _tell(self, words: str) -> None:
        with self._in("postgres") as connection:
            connection.execute(words.encode())

    def _in(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(f"postgresql://{SUPER}@127.0.0.1:{self.port}/{name}", autocommit=True)


def program(name: str) -> str | None:
    """Where a program of the server is; Debian keeps them out of the way of people."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, places)]))


def installed() -> bool:
    return program("initdb") is not None and program("pg_ctl") is not None


@contextmanager
def cluster(options: tuple[str, ...] = FAST) -> Iterator[Cluster]:
    """A new server on a free port, on an empty folder; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="fastline-postgresql-"))
    if os.geteuid() == 0:  # the server refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    found = Cluster(port, folder / "data", options)
    try:
        options = ("--username", SUPER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
        _run("initdb", "-D", str(found.data), *options)
        found.start()
        try:
            yield found
        finally:
            found.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(name: str, *arguments: str) -> None:
    path = program(name)
    assert path is not None
    as_user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [path, *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # the server keeps its parent's pipes: to read them would never end
        stderr=subprocess.DEVNULL,
        timeout=60,
        cwd="/",
        **as_user,
    )
    assert done.returncode == 0, f"{name} failed with status {done.returncode}"


def migrated(url: str) -> None:
    """Bring the database up to date, away from any event loop of a test."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(schema.upgrade(url))).result()
