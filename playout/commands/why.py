"""`fastline why`: why something is on, was on or will be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from playout.clock import system_clock
from playout.commands.fold import show
from playout.commands.options import OK, Command
from playout.reports import why as reasons
from playout.station import Station

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option(
        "instant",
        nargs="*",
        metavar="INSTANT",
        help="`now` (default), 20:15, `yesterday 20:15` or 2026-03-01T20:15, by the clocks of the channel unless it "
        "ends in Z or an offset",
    )
    option("--format", choices=["text", "json"], default="text", help="for people (default), or for programs")


def _why(asked: argparse.Namespace) -> int:
    """Print why something is on."""
    when = " ".join(asked.instant) or "now"
    answer = reasons.asked(Station(asked.media.store()), asked.channel, when, system_clock())
    as_json = asked.format == "json"
    if as_json:
        print(json.dumps(answer.document, ensure_ascii=False, indent=1))
    else:
        show(answer.text)
    return OK


WHY: Final = Command(_options, _why)
