"""`fastline api-key`: a key for the API, made without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_api.command_line.options import ALL
from control_api.command_line.settled import settled
from control_api.database import Database
from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.unserved import Unserved
from playout.clock import system_clock
from playout.commands.options import OK, Refused
from playout.commands.running import until_done

if TYPE_CHECKING:
    import argparse


def api_key(asked: argparse.Namespace) -> int:
    """Make a key, and print it."""
    return until_done(_made(asked))


async def _made(asked: argparse.Namespace) -> int:
    scopes = list(Scope) if ALL in asked.scope else [Scope(scope) for scope in asked.scope]
    settings = settled(asked)
    database = Database(settings.database_url)
    if database.is_sqlite and not database.has_file() and not asked.new:
        message = (
            f"there is no database at {database.url.database}: name the station's place with --media or "
            "FASTLINE_MEDIA, or its database with FASTLINE_DATABASE; --new makes one there"
        )
        raise Refused(message)
    try:
        print(await create_key(settings, asked.name, scopes, asked.until, system_clock))
    except Unserved as error:
        raise Refused(str(error)) from error
    return OK
