"""`fastline import` and `fastline seed`: titles, from elsewhere or of the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembly.kinds import films_of
from control_api.command_line import importing, seeding
from packager.samples import TITLES
from playout.commands.running import until_done

if TYPE_CHECKING:
    import argparse


def imported(asked: argparse.Namespace) -> int:
    """Import what is asked for."""
    return until_done(importing.imported(asked, films_of))


def seeded(asked: argparse.Namespace) -> int:
    """Make the demo."""
    return until_done(seeding.seeded(asked, TITLES))
