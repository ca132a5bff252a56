"""The folder of films that is watched, and the format that they are packaged in."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from packager import watch as dropbox
from packager.bars import shown
from packager.batch import Batch
from playout import config, journal
from playout.clock import system_clock
from playout.commands.options import OK, Refused
from playout.config import Faults, Programming
from playout.core.house import HOUSES, House
from playout.library import newest

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

VIDEOS: Final = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".ts", ".m2ts", ".mts", ".avi", ".mpg", ".mpeg", ".wmv", ".flv"),
    *(".mxf", ".ogv", ".3gp"),
)
"""What counts as a film among the files in `media/sources/`."""

_log = logging.getLogger("fastline")


async def take_in(asked: argparse.Namespace, house: House, jobs: int) -> int:
    """Package what is dropped into the watched folder."""
    _log.info("watching %s", asked.media.folder / dropbox.FOLDER, extra={"action": "watching"})
    with shown(wanted=asked.log == journal.Form.HUMAN) as bars:
        order = Batch(asked.media.folder, house, jobs=jobs, store=asked.media.store())
        await dropbox.watch(order, tell=bars.tell, clock=system_clock, done=bars.done, stop=asyncio.Event())
    return OK


def house_of(asked: argparse.Namespace) -> House:
    """The format of the first channel: what is dropped in is packaged for it.

    While there are mistakes in the channels it is that of the library, which plays on.
    """
    edit = config.load(asked.channels)
    houses = [draft.house for draft in edit.drafts] if isinstance(edit, Programming) else []
    houses += [kit.house for kit in newest(asked.media.store()).catalog.kits]
    if not houses:
        raise Refused(nothing_to_air(edit))
    return HOUSES[houses[0]]


def nothing_to_air(edit: Programming | Faults) -> str:
    """Why nothing can go on air with these channels."""
    if isinstance(edit, Faults):
        return f"there are mistakes in the channels, so nothing can go on air:\n{edit}"
    return f"{edit.where} has no channels: add one"


def films(sources: Path) -> list[Path]:
    """The films that lie in `sources`, the smallest first."""
    if not sources.is_dir():
        return []
    found = [entry for entry in sources.rglob("*") if entry.suffix.lower() in VIDEOS and not entry.name.startswith(".")]
    return sorted(found, key=lambda film: (film.stat().st_size, film.name))
