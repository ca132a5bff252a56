"""What commands have in common: their options, how they refuse, and what they end with."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playout import journal
from playout.media import FOLDER, Nowhere, place
from playout.refusals import Unanswered

if TYPE_CHECKING:
    from playout.media import Place

OK: Final = 0
REFUSED: Final = 1
"""Exit codes; argparse itself ends with 2."""

WATCHED: Final = Path(os.environ.get("FASTLINE_CHANNELS") or "channels.yaml")
"""The file that is watched, unless somebody says otherwise."""
RELOAD: Final = "for development: begin anew whenever a .py file of Fastline changes"
"""What the option `--reload` does."""


class Refused(Unanswered):
    """A command cannot do what it was asked: it says why, and what to do."""


Run = Callable[[argparse.Namespace], int]


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked with a command, and what it does."""

    options: Callable[[argparse.ArgumentParser], None]
    run: Run | str
    """Answers its exit code. Where it takes long to read, its place, as `package.module:name`: it is read when all of
    the command line is understood."""


def everywhere(made: argparse.ArgumentParser) -> None:
    """The options that all commands have."""
    made.add_argument(
        "--media",
        type=_media,
        default=os.environ.get("FASTLINE_BUCKET") or os.environ.get("FASTLINE_MEDIA") or str(FOLDER),
        metavar="PLACE",
        help="the store: a folder, or s3://bucket/prefix (default: FASTLINE_BUCKET, else FASTLINE_MEDIA, else media)",
    )
    made.add_argument(
        "--log", choices=list(journal.Form), default=journal.Form.HUMAN.value, help="how the journal is written"
    )


def naming(made: argparse.ArgumentParser) -> None:
    """The name of a channel."""
    made.add_argument("channel", metavar="CHANNEL", help="the channel's id")


def nothing(_made: argparse.ArgumentParser) -> None:
    """No options of its own."""


def user() -> str:
    """Who is at work, as far as the system knows."""
    try:
        return getuser()
    except (KeyError, OSError):  # a container has users without names
        return ""


def _media(text: str) -> Place:
    try:
        return place(text)
    except Nowhere as nowhere:
        raise argparse.ArgumentTypeError(str(nowhere)) from None


def check_file(path: Path) -> None:
    """Raises `Refused` where there is no file."""
    if not path.is_file():
        message = f"there is no file {path}"
        raise Refused(message)


def month(text: str) -> int:
    """A number of days up to a month."""
    return whole(text, 31)


def number(text: str) -> int:
    """The number of a revision."""
    return whole(text, 10**8 - 1)


def hours(text: str) -> int:
    """A number of hours up to a month."""
    return whole(text, 24 * 31)


def days(text: str) -> int:
    """A number of days up to a month; negative for days gone by."""
    return -whole(text[1:], 31) if text.startswith("-") else whole(text, 31)


def decade(text: str) -> int:
    """A number of days up to ten years."""
    return whole(text, 3653)


def whole(text: str, most: int) -> int:
    """A whole number from 1 to `most`."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= most:
        message = f"{text!r} is not a whole number from 1 to {most}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


YEARS: Final = range(1970, 2200)
"""Those in which an instant may lie: a typing mistake is told, and whoever counts on from it finds a date."""


def instant(text: str) -> datetime:
    """An instant as people write it; without a zone it is UTC."""
    try:
        written = datetime.fromisoformat(text)
        found = (written if written.tzinfo else written.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text!r} is not an instant: write one like 2026-03-01T20:15Z or 2026-03-01T21:15+01:00"
        raise argparse.ArgumentTypeError(message) from None
    if found.year not in YEARS:
        message = f"{text!r} is out of range: no channel is on air before {YEARS.start} or after {YEARS.stop - 1}"
        raise argparse.ArgumentTypeError(message)
    return found


def count(number: int, thing: str) -> str:
    """`3 channels`, `1 channel`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
