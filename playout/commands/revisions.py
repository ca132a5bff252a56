"""`fastline revisions`: who changed what of a channel, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.commands.options import OK, Command, naming
from playout.reports import revisions
from playout.station import Station

if TYPE_CHECKING:
    import argparse


def _revisions(asked: argparse.Namespace) -> int:
    """Print a channel's revisions, the newest first."""
    told = revisions.revisions(Station(asked.media.store()), asked.channel)
    print(revisions.written(told), end="")
    return OK


REVISIONS: Final = Command(naming, _revisions)
