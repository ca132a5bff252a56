"""Changes outside of a handler: what has to stand although the request is refused, or belongs to no operation."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from control_api.changes import Actor, Change, audited
from control_api.happenings import append

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.happenings import Happening
    from control_api.people.gate import Gate


@asynccontextmanager
async def telling(
    gate: Gate, actor: Actor, now: datetime
) -> AsyncIterator[tuple[AsyncSession, Callable[[Change], None]]]:
    """A transaction of its own, and what tells of its changes: audit, events, and who is known no longer."""
    happenings: list[Happening] = []
    async with gate.database.writing() as session:

        def tell(change: Change) -> None:
            happening = audited(session, actor, change, now)
            happenings.extend([] if happening is None else [happening])

        yield session, tell
        await append(session, happenings, now)
    for happening in happenings:
        gate.known.forget(happening.subject)
