"""`fastline plan`: what an edited file would change on air; and what `fastline apply` has in common with it."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playout import config, documents
from playout.clock import system_clock
from playout.commands.fold import show
from playout.commands.options import OK, REFUSED, WATCHED, Command, Refused, month
from playout.config import Faults, Programming
from playout.publish import Signed
from playout.reports import plan
from playout.station import Station

if TYPE_CHECKING:
    import argparse


def planning(made: argparse.ArgumentParser) -> None:
    """The options of a plan."""
    option = made.add_argument
    option("channels", nargs="?", type=Path, default=WATCHED, metavar="FILE", help="the file (default: channels.yaml)")
    option("--days", type=month, default=2, metavar="N", help="how far ahead (default: 2)")
    option("--all", action="store_true", help="tell every program; without it the first few of each channel")
    option("--format", choices=["text", "json"], default="text", help="a diff for people (default), or JSON")


def _plan(asked: argparse.Namespace) -> int:
    """Print what publishing would change."""
    gc.disable()  # a library is a million values that stay: looking through them again and again takes a second
    planned = plan_of(asked, Signed(over=asked.channels != WATCHED))
    show(plan_text(asked, planned))
    return REFUSED if planned.refused else OK


def read(asked: argparse.Namespace) -> Programming:
    """The programming in the file that was named; raises `Refused` with all its mistakes."""
    edit = config.load(asked.channels)
    if isinstance(edit, Faults):
        raise Refused(str(edit))
    return edit


def plan_text(asked: argparse.Namespace, planned: plan.Plan) -> str:
    """A plan in the form that is asked for."""
    if asked.format == "json":
        return documents.encode_readable(planned).decode()
    return plan.written(planned, None if asked.all else plan.SHOWN)


def plan_of(asked: argparse.Namespace, by: Signed) -> plan.Plan:
    """What publishing a file would change."""
    return plan.plan(Station(asked.media.store()), read(asked), system_clock(), asked.days, by)


PLAN: Final = Command(planning, _plan)
