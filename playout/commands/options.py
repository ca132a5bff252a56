"""What commands have in common: their options, how they refuse, and what they end with."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playout import journal
from playout.media import FOLDER, Nowhere, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from playout.media import Place

OK: Final = 0
REFUSED: Final = 1
"""Exit codes; argparse itself ends with 2."""

WATCHED: Final = Path(os.environ.get("FASTLINE_CHANNELS") or "channels.yaml")
"""The file that is watched, unless somebody says otherwise."""

Commands = argparse._SubParsersAction  # noqa: SLF001 — argparse has no public name for what it returns


class Refused(Exception):
    """A command cannot do what it was asked: it says why, and what to do."""


def command(
    commands: Commands[argparse.ArgumentParser], name: str, run: Callable[[argparse.Namespace], int], does: str
) -> argparse.ArgumentParser:
    """A command called `name`, which `run` runs; with the options that all commands have."""
    made = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
    made.set_defaults(command=run)
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
    return made


def _media(text: str) -> Place:
    try:
        return place(text)
    except Nowhere as nowhere:
        raise argparse.ArgumentTypeError(str(nowhere)) from None


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
