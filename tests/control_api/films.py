"""Films of tests, written into the database of a server as nobody would write them by hand, and what is asked of it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from questions import asked
from sqlalchemy import insert

from control_api.ids import new_id
from control_api.library.folding import sort_name
from control_api.site import SITE
from control_api.tables import Title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clients import Client

BORN = datetime(2026, 1, 1, tzinfo=UTC)
_OF_INTEREST = (
    "title", "listed", "rated", "watched", "rail", "genre", "tag", "artwork", "asset", "subscription", "payment",
)  # fmt: skip


async def films(client: Client, count: int, name: str = "Film", **more: Any) -> list[str]:
    """The ids of so many published films, each a second younger than the one before it."""
    like = Title(
        **{
            "id": "", "kind": "movie", "state": "published", "name": "", "sort_name": "", "created_at": BORN,
            "updated_at": BORN, "published_at": BORN, "age": 0, **more,
        }
    ).model_dump()  # fmt: skip
    rows = [
        {
            **like, "id": new_id("ti"), "name": f"{name} {number}", "sort_name": sort_name(f"{name} {number}"),
            "created_at": BORN + timedelta(seconds=number),
        }
        for number in range(count)
    ]  # fmt: skip
    await put(client, Title, rows)
    return [row["id"] for row in rows]


async def put(client: Client, table: Any, rows: list[dict[str, Any]]) -> None:
    """Write rows."""
    async with client.app[SITE].database.writing() as session:
        await (await session.connection()).execute(insert(table), rows)


@contextmanager
def statements(client: Client) -> Iterator[list[str]]:
    """What the database is asked while the block runs."""
    # workers look for jobs meanwhile
    with asked(client, lambda statement: any(table in statement for table in _OF_INTEREST)) as found:
        yield found
