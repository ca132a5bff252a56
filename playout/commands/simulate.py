"""`fastline simulate`: a channel run ahead, in figures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from playout import config
from playout.clock import system_clock
from playout.commands.options import OK, Command, Refused, count, decade, instant
from playout.config import Draft, Faults
from playout.reports import simulate
from playout.station import Station

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option("--days", type=decade, default=365, metavar="N", help="how far ahead (default: 365)")
    option("--from", dest="start", type=instant, metavar="INSTANT", help="when to begin (default: where the log ends)")
    option("--channels", type=Path, metavar="FILE", help="a file that is not published: what if it were")
    form = simulate.Form
    option("--format", choices=list(form), type=form, default=form.TEXT, help="tables (default), JSON, or a picture")
    option("--output", type=Path, metavar="FILE", help="where to write it (default: print)")


def _simulate(asked: argparse.Namespace) -> int:
    """Print or write what a channel would air, in figures."""
    station, now = Station(asked.media.store()), system_clock().replace(microsecond=0)
    with Console(stderr=True).status(f"running {asked.channel} ahead for {count(asked.days, 'day')} …"):
        if asked.channels is None:
            run = simulate.of_station(station, asked.channel, asked.days, asked.start, now)
        else:
            run = simulate.of_revision(station, simulate.wanted(_draft(asked), station, now), asked.days, asked.start)
    if asked.output is None:
        simulate.write(run, asked.format, sys.stdout, Console(highlight=False) if sys.stdout.isatty() else None)
        return OK
    try:
        with asked.output.open("w", encoding="utf-8") as file:
            simulate.write(run, asked.format, file)
    except OSError as error:
        message = f"{asked.output} cannot be written: {error.strerror}"
        raise Refused(message) from error
    return OK


def _draft(asked: argparse.Namespace) -> Draft:
    """The channel that is asked for, as a file has it."""
    edit = config.load(asked.channels)
    if isinstance(edit, Faults):
        raise Refused(str(edit))
    found = next((draft for draft in edit.drafts if draft.id == asked.channel), None)
    if found is None:
        known = ", ".join(draft.id for draft in edit.drafts) or "none"
        message = f"there is no channel {asked.channel!r} in {asked.channels}; there is: {known}"
        raise Refused(message)
    return found


SIMULATE: Final = Command(_options, _simulate)
