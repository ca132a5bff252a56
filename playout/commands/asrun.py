"""`fastline asrun`: what aired on a day, to the millisecond."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playout.clock import system_clock
from playout.commands.options import OK, Command, Refused, count
from playout.core.asrun_text import comma_separated, jsonl
from playout.reports.asrun import aired, keep
from playout.station import Station

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option("day", metavar="DAY", help="e.g. 2026-03-01, or `today`, or `yesterday`, by the clocks of the channel")
    option("--utc", action="store_true", help="a day of UTC instead")
    option("--format", choices=["jsonl", "csv"], default="jsonl", help="JSON Lines (default) or CSV")
    option("--output", type=Path, metavar="FILE", help="where to write it, whole, with its digest in FILE.sha256")


def _asrun(asked: argparse.Namespace) -> int:
    """Print or write what aired; the same bytes on every machine."""
    report = aired(Station(asked.media.store()), asked.channel, asked.day, system_clock(), utc=asked.utc)
    text = jsonl(report) if asked.format == "jsonl" else comma_separated(report)
    if asked.output is None:
        sys.stdout.buffer.write(text.encode())
        return OK
    try:
        digest = keep(text, asked.output)
    except OSError as error:
        message = f"{asked.output} cannot be written: {error.strerror}"
        raise Refused(message) from error
    state = "complete" if report.complete else "not complete"
    found = f"{count(len(report.rows), 'row')}, {state}, {len(report.discrepancies)} discrepancies"
    print(f"{asked.channel} {report.day.date}: {found}; {asked.output} has SHA-256 {digest}")
    return OK


ASRUN: Final = Command(_options, _asrun)
