"""`fastline apply`: a file published, after it is said what that changes on air."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from playout.clock import system_clock
from playout.commands.fold import show
from playout.commands.options import OK, REFUSED, WATCHED, Command, Refused, user
from playout.commands.plan import plan_of, plan_text, planning, read
from playout.library import newest, scan
from playout.publish import Signed, publish_signed

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    planning(made)
    made.add_argument("--yes", action="store_true", help="publish without asking")


def _apply(asked: argparse.Namespace) -> int:
    """Print the plan, ask, and publish; whoever watches another file does not publish that one over it."""
    store, programming = asked.media.store(), read(asked)
    library = scan(store, newest(store), system_clock())
    by = Signed(author=user(), note="apply", over=asked.channels != WATCHED)
    planned = plan_of(asked, by)
    show(plan_text(asked, planned))
    if not planned.empty and not asked.yes and not _agreed("Publish this?"):
        message = "nothing was published" if sys.stdin.isatty() else "nothing was published: to do so, add --yes"
        raise Refused(message)
    outcome = publish_signed(store, programming, library, system_clock(), by)
    for revision in outcome.revisions:
        print(f"{revision.channel.id}: revision {revision.number} published", file=sys.stderr)
    for alarm in outcome.alarms:
        print(f"fastline: {alarm.where}: {alarm.what}", file=sys.stderr)
    return REFUSED if planned.refused else OK


def _agreed(question: str) -> bool:
    """Whether somebody at a terminal says yes."""
    if not sys.stdin.isatty():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


APPLY: Final = Command(_options, _apply)
