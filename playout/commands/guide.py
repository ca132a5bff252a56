"""`fastline guide`: what is on, and what comes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from playout.clock import system_clock
from playout.commands.options import OK, Command, Refused, days, hours, instant
from playout.reports import guide
from playout.station import Station

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", nargs="*", metavar="CHANNEL", help="ids of channels (default: all)")
    option("--at", type=instant, metavar="INSTANT", help="when to begin, e.g. 2026-03-01T20:15Z (default: now)")
    option("--days", type=days, metavar="N", help="how many days, at most 31; negative for days gone by")
    option("--hours", type=hours, default=6, metavar="N", help="how many hours, without --days (default: 6)")
    option("--format", choices=list(guide.Form), type=guide.Form, default=guide.Form.TEXT, help="how it is written")
    option("--public-url", default="http://127.0.0.1:8080", metavar="URL", help="what the addresses in it begin with")


def _guide(asked: argparse.Namespace) -> int:
    """Print what is on; what a partner would refuse of it is said beside it."""
    station, now = Station(asked.media.store()), system_clock().replace(microsecond=0)
    channels = asked.channel or station.channels(now)
    if not channels:
        message = f"there are no channels in {asked.media}: `fastline up` or `fastline commit` publishes channels.yaml"
        raise Refused(message)
    start, stop = guide.between(asked.format, now, asked.at, asked.days, asked.hours)
    now = guide.as_of(asked.format, now, asked.at)
    listed = [guide.listed(station, channel, start, stop) for channel in channels]
    try:
        print(guide.written(asked.format, listed, asked.public_url, now), end="")
    except guide.OneChannel as several:
        raise Refused(str(several)) from several
    for fault in guide.refused(asked.format, listed, now):
        print(f"fastline: would be refused: {fault}", file=sys.stderr)
    return OK


GUIDE: Final = Command(_options, _guide)
