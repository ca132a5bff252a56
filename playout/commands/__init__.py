"""The commands that need a store and nothing else; a module each for those that ask and those that change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.commands import asking, changing
from playout.commands.options import OK, REFUSED, Refused, command
from playout.documents import Corrupt
from playout.keys import BadKey
from playout.media import Nowhere
from playout.render import NotOnAir
from playout.reports.asrun import NotAired
from playout.reports.guide import TooFar
from playout.reports.why import Unexplained
from playout.rollback import NoWayBack
from playout.station import UnknownChannel as NoSuchChannel
from playout.wishes import Unfulfillable
from playout.withdraw import UnknownChannel
from playout.zones import UnknownZone

if TYPE_CHECKING:
    import argparse

    from playout.commands.options import Commands

__all__ = ["OK", "REFUSED", "UNANSWERED", "Refused", "command", "register"]

UNANSWERED: Final = (
    Refused,
    NotAired,
    TooFar,
    NotOnAir,
    Unexplained,
    Unfulfillable,
    UnknownChannel,
    NoSuchChannel,
    NoWayBack,
    UnknownZone,
    BadKey,
    Nowhere,
    Corrupt,
)
"""What a command raises that was asked for what it cannot do or what is not there: it says why, and what to do."""


def register(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the commands and their options."""
    asking.register(commands)
    changing.register(commands)
