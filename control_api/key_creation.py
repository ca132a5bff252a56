"""A key for the API, made in the database itself: what the command line asks for when there is none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_api import keys, schema
from control_api.changes import Actor, Change, audited
from control_api.database import Database
from control_api.happenings import append
from control_api.instants import whole_millis
from control_api.keys import KeyShown
from control_api.unserved import unserved

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from control_api.scopes import Scope
    from control_api.settings import Settings
    from playout.clock import Clock


async def create_key(
    settings: Settings, name: str, scopes: Iterable[Scope], until: datetime | None, clock: Clock
) -> str:
    """Make an API key in the database itself, and answer it; there is no other place that has it."""
    database = Database(settings.database_url, connections=1)
    try:
        await schema.upgrade(settings.database_url)
        now = whole_millis(clock())
        made = keys.make(name, scopes, now, until)
        shown = KeyShown.model_validate(made.row)
        actor = Actor("command", "command line", "api-key create")
        async with database.writing() as session:
            session.add(made.row)
            happening = audited(session, actor, Change("api_key", made.row.id, "created", after=shown), now)
            await append(session, [happening] if happening else [], now)
    except Exception as error:
        raise unserved(settings, error) from error
    finally:
        await database.close()
    return made.secret
