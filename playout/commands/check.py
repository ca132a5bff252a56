"""`fastline check`: every mistake in channels.yaml, and what the library makes of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playout import config
from playout.clock import system_clock
from playout.commands.fold import show
from playout.commands.options import OK, REFUSED, WATCHED, Command
from playout.config import Faults
from playout.core.lint import Level
from playout.reports import check
from playout.station import Station

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channels", nargs="?", type=Path, default=WATCHED, metavar="FILE", help="the file (default: channels.yaml)")
    option("--strict", action="store_true", help="let warnings count as mistakes: exit code 1")
    option("--all", action="store_true", help="also tell what is for information: what platforms ask for, and more")
    option("--quick", action="store_true", help="leave out the simulation of the coming week")
    option("--format", choices=["text", "json"], default="text", help="lines for people (default), or JSON")


def _check(asked: argparse.Namespace) -> int:
    """Print every mistake, or what the channels would find in the library."""
    edit = config.load(asked.channels)
    as_json = asked.format == "json"
    if isinstance(edit, Faults):
        print(check.as_json(edit) if as_json else edit, file=sys.stdout if as_json else sys.stderr)
        return REFUSED
    now = system_clock().replace(microsecond=0)
    checked = check.check(edit, Station(asked.media.store()), now, quick=asked.quick)
    if as_json:
        print(check.as_json(checked), end="")
    else:
        show(check.written(checked, everything=asked.all))
    return REFUSED if asked.strict and checked.count(Level.WARNING) else OK


CHECK: Final = Command(_options, _check)
