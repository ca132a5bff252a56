"""`fastline play-next` and `fastline skip`: another first program than what comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.clock import system_clock
from playout.commands.options import OK, Command, naming, user
from playout.core.why_text import stamp
from playout.station import Station
from playout.wishes import foreseen, play_next, skip

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from playout.core.airing import Turn
    from playout.wishes import Granted


def _options(made: argparse.ArgumentParser) -> None:
    naming(made)
    made.add_argument("asset", metavar="ASSET", help="the id of the asset; `ls media/assets` shows them")


def _play_next(asked: argparse.Namespace) -> int:
    """Wish for an asset."""
    station = Station(asked.media.store())
    _granted(asked.channel, play_next(station, asked.channel, asked.asset, system_clock(), user()))
    return OK


def _skip(asked: argparse.Namespace) -> int:
    """Pass over what comes first after what is committed."""
    station = Station(asked.media.store())
    coming = foreseen(station, asked.channel, system_clock())
    _granted(asked.channel, skip(station, asked.channel, coming, system_clock(), user()))
    return OK


def _granted(channel: str, granted: Granted) -> None:
    """Say from when on what is different."""

    def titles(turns: Sequence[Turn]) -> str:
        return ", ".join(turn.title or "no program" for turn in turns)

    what_is_on = "what is committed until then airs unchanged"
    print(f"{channel}: from {stamp(granted.revision, granted.at)} on; {what_is_on}")
    print(f"  instead of  {titles(granted.before)}\n  now comes   {titles(granted.after)}")


PLAY_NEXT: Final = Command(_options, _play_next)
SKIP: Final = Command(naming, _skip)
