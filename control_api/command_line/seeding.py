"""What `fastline seed` does: a demo library, an audience of it, and an account of each role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from control_api.command_line.answered import answered
from control_api.command_line.settled import settled
from control_api.demo.seeding import NotOurs, seed
from playout.clock import system_clock
from playout.commands.options import OK, Refused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection

_MOST: Final = 1_000_000


async def seeded(asked: argparse.Namespace, samples: Collection[str]) -> int:
    """Make them; `samples` are titles of films that a first start makes."""
    settings = settled(asked)
    with answered(settings):
        try:
            beside = None if asked.yes else frozenset(samples)
            done = await seed(settings, asked.titles, asked.seed, system_clock, beside=beside)
        except NotOurs as error:
            message = f"{error}. `--yes` adds the demo to it all the same"
            raise Refused(message) from error
    print(f"{done.made} titles made, {done.unchanged} were there; {done.pictures} pictures drawn")
    print(f"{done.viewers} profiles made with what they have watched")
    for name, role, password in done.accounts:
        print(f"  {role:<9} {name:<16} {password}")
    return OK
