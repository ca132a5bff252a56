"""`fastline db`: the database brought up to date, or emptied."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from control_api import schema
from control_api.command_line.answered import answered
from control_api.command_line.settled import settled
from control_api.keeping import reset
from control_api.settings import hidden
from playout.commands.options import OK, Refused
from playout.commands.running import until_done

if TYPE_CHECKING:
    import argparse


def db(asked: argparse.Namespace) -> int:
    """Bring it up to date, or empty it."""
    return until_done(_database(asked))


async def _database(asked: argparse.Namespace) -> int:
    settings = settled(asked)
    with answered(settings):
        if asked.action == "upgrade":
            await schema.upgrade(settings.database_url)
            print(f"{hidden(settings)} is up to date: revision {schema.head()}")
            return OK
        if not asked.yes and not _confirmed(f"Everything in {hidden(settings)} is deleted: titles, accounts, jobs."):
            raise Refused("nothing was deleted")
        await reset(settings)
    print(f"{hidden(settings)} is empty. Media and channels are untouched")
    return OK


def _confirmed(words: str) -> bool:
    """Whether somebody at the terminal says so."""
    if not sys.stdin.isatty():
        message = f"{words} Nobody is there to be asked: say --yes"
        raise Refused(message)
    return input(f"{words} Type `reset` to go on: ").strip() == "reset"
