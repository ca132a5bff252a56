"""`fastline rollback`: a channel returned to an earlier revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.clock import system_clock
from playout.commands.options import OK, Command, naming, number, user
from playout.core.why_text import stamp
from playout.rollback import rollback
from playout.station import Station

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    naming(made)
    made.add_argument(
        "revision", nargs="?", type=number, metavar="REVISION", help="its number (default: the one before)"
    )


def _rollback(asked: argparse.Namespace) -> int:
    """Publish an earlier revision once more."""
    station = Station(asked.media.store())
    found = rollback(station, asked.channel, asked.revision, system_clock(), user())
    airs = f"reaches air after {stamp(found, found.effective + found.horizon)}, and the program that is on then"
    print(f"{asked.channel}: revision {found.number} says what revision {found.restores} said; it {airs}")
    return OK


ROLLBACK: Final = Command(_options, _rollback)
