"""What a server asks its database, for tests that count it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from control_api.site import SITE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clients import Client


@contextmanager
def asked(client: Client, counts: Callable[[str], bool]) -> Iterator[list[str]]:
    """The statements that count, of all that are asked while the block runs: workers ask others meanwhile."""
    found: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if counts(statement):
            found.append(statement)

    engine = client.app[SITE].database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", listen)
