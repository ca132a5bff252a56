"""Drafts the next migration, from what the models have and the migrations so far have not."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from control_api import schema
from control_api.database import Database


async def draft(words: str) -> None:
    """Write a migration called `words`; it is read and tidied by hand."""
    number = len(schema.revisions()) + 1
    with TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'draft.db'}"
        if number > 1:
            await schema.upgrade(url)
        database = Database(url, connections=1)
        async with database.engine.connect() as connection:
            await connection.run_sync(
                lambda plain: command.revision(
                    schema.config(plain), message=words, autogenerate=True, rev_id=f"{number:04d}"
                )
            )
        await database.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 — the program and its one argument
        sys.exit("usage: python -m control_api.migrations WORDS")
    asyncio.run(draft(sys.argv[1]))
