"""The schema of the database: brought up to date when a process starts, by the migrations in the package.

Law: the migrations, run one after the other from nothing, make exactly the tables of `control_api.tables`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from control_api.database import Database
from control_api.tables import METADATA
from control_api.tables.search import is_modelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection

FOLDER: Final = Path(__file__).parent / "migrations"
NOTHING: Final = "base"
"""The revision before the first."""
_NOTED: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE name = 'alembic_version'",
    "postgresql": "SELECT to_regclass('alembic_version')::text",
}
"""Whether there is a table in which Alembic notes the revision."""
_LOCK: Final = 0x46415354  # any number that only we use: of several processes that start at once, one migrates


@cache
def head() -> str:
    """The revision that this version of Fastline needs."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    if found is None:
        message = f"there are no migrations in {FOLDER}"
        raise RuntimeError(message)
    return found


def revisions() -> list[str]:
    """All revisions, the first one first."""
    return [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()][::-1]


async def current(database: Database) -> str | None:
    """The revision that the database is at; None before the first."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(revision_of)


def revision_of(connection: Connection) -> str | None:
    """The same, of a connection. Every process asks this when it starts: Alembic would look at much more for it."""
    if connection.exec_driver_sql(_NOTED[connection.dialect.name]).scalar() is None:
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    return found


class Outdated(Exception):
    """The database is not at the revision that this version needs, and nobody is to move it: says what to do."""


async def prepare(database: Database, *, migrate: bool) -> None:
    """Bring the database up to date where that is wanted (D27); else raise `Outdated` unless it is."""
    if await _is_there(database):
        return
    if not migrate:
        message = f"it is not at revision {head()}, and `migrate` is off: run `fastline db upgrade`"
        raise Outdated(message)
    await _moved(database.url, lambda config: command.upgrade(config, "head"))


async def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database up to `revision`; nothing happens when it is there already."""
    if revision == "head":
        database = Database(url, connections=1)
        try:
            await prepare(database, migrate=True)
        finally:
            await database.close()
    else:
        await _moved(url, lambda config: command.upgrade(config, revision))


async def downgrade(url: str, revision: str) -> None:
    """Bring the database back to `revision`; what only newer ones have is lost."""
    await _moved(url, lambda config: command.downgrade(config, revision))


async def differences(database: Database) -> list[object]:
    """What the tables of the database have that the models have not, and the other way round."""

    def compared(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "target_metadata": METADATA,
            "include_name": is_modelled,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))

    async with database.engine.connect() as connection:
        return await connection.run_sync(compared)


def config(connection: Connection | None = None) -> Config:
    """What Alembic wants to know; the environment of the migrations finds its connection in it."""
    found = Config()
    found.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    found.set_main_option("path_separator", "os")
    if connection is not None:
        found.attributes["connection"] = connection
    return found


async def _is_there(database: Database) -> bool:
    """Whether the database has all tables; asked first, because most starts find it so."""
    return (not database.is_sqlite or database.has_file()) and await current(database) == head()


async def _moved(url: str | URL, move: Callable[[Config], None]) -> None:
    """Run `move` in one transaction: the schema is at the one revision or at the other, never between."""
    database = Database(url, connections=1, patience_ms=60_000, guarded=False)

    def inside(connection: Connection) -> None:
        move(config(connection))
        if database.is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
            message = f"the migration leaves {len(broken)} rows that point to nothing, and is taken back"
            raise RuntimeError(message)

    try:
        database.make_room()
        async with database.engine.execution_options(fastline_writing=True).begin() as connection:
            if not database.is_sqlite:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            await connection.run_sync(inside)
    finally:
        await database.close()
