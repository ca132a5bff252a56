"""A transaction that fails only when it is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database


async def with_a_promise(database: Database) -> None:
    """Make a table whose rows name rows that have to be there in the end."""
    above = "above INTEGER REFERENCES above (id) DEFERRABLE INITIALLY DEFERRED"
    async with database.writing() as session:
        connection = await session.connection()
        await connection.execute(text("CREATE TABLE above (id INTEGER PRIMARY KEY)"))
        await connection.execute(text(f"CREATE TABLE beneath (id INTEGER PRIMARY KEY, {above})"))


async def broken_promise(session: AsyncSession) -> None:
    """Write a row that names one which never comes."""
    await (await session.connection()).execute(text("INSERT INTO beneath VALUES (1, 7)"))
