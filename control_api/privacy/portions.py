"""Portions of a table that is large, and must be looked through whole: no statement takes long, whatever it seeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, select

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

PORTION: Final = 5000
"""Rows that one statement looks at."""


async def portions(
    connection: AsyncConnection, key: ColumnElement[Any], size: int = PORTION
) -> AsyncIterator[tuple[ColumnElement[bool], str]]:
    """Conditions on the ids that `key` is, which together are true of each row once, each with the last id in it."""
    last = ""
    while True:
        some = select(key).where(key > last).order_by(key).limit(size).subquery()
        upto = (await connection.execute(select(some.c[0]).order_by(some.c[0].desc()).limit(1))).scalar_one_or_none()
        if upto is None:
            return
        yield and_(key > last, key <= upto), upto
        last = upto
