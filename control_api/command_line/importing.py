"""What `fastline import` does: titles from a catalog, or a folder of films."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from control_api.command_line.answered import answered
from control_api.command_line.settled import settled
from control_api.imports.folders import NotAdmitted
from control_api.imports.formats import Format
from control_api.imports.records import Unreadable
from control_api.imports.running import Wanted
from control_api.imports.tmdb import Ask, Unanswered
from control_api.keeping import import_file, import_folder, import_tmdb, refusals
from playout.clock import system_clock
from playout.commands.options import OK, REFUSED, Refused, check_file
from playout.core.house import HOUSES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from control_api.imports.folders import Reading
    from control_api.settings import Settings
    from control_api.tables import Import

    Read = Callable[[Settings], Reading]
    """Reads films and their side-cars."""

_SHOWN: Final = 20
"""Refusals that are printed; the rest is counted."""


async def imported(asked: argparse.Namespace, read: Read) -> int:
    """Import what is asked for; `read` reads the films of a folder."""
    settings = settled(asked)
    form, feed = Format(asked.format), asked.feed
    asks = asked.movie or asked.series or asked.list
    if not asked.files and not (form is Format.TMDB and asks):
        raise Refused("name the file, or of TMDB a film (--movie), a series (--series) or a list (--list)")
    with answered(settings):
        if form is Format.FOLDER:
            return max([await _folder(settings, asked, path, read(settings)) for path in asked.files])
        code = OK
        for path in asked.files:
            wanted = Wanted(format=form, name=path.name, feed=feed, dry_run=asked.dry_run, state=asked.state)
            code = max(code, await _one(settings, wanted, path))
        if asks:
            wanted = Wanted(format=form, name="TMDB", feed=feed, dry_run=asked.dry_run, state=asked.state)
            code = max(code, await _asked(settings, wanted, asked))
        return code


async def _one(settings: Settings, wanted: Wanted, path: Path) -> int:
    check_file(path)
    try:
        done = await import_file(settings, wanted, path, system_clock, _told)
    except Unreadable as error:
        message = f"{path}: {error}. What came before it is kept; mend the file, and import it again"
        raise Refused(message) from error
    return await _report(settings, done, str(path))


async def _folder(settings: Settings, asked: argparse.Namespace, path: Path, reading: Reading) -> int:
    if asked.house and asked.house not in HOUSES:
        message = f"there is no house {asked.house}; there is: {', '.join(HOUSES)}"
        raise Refused(message)
    wanted = Wanted(format=Format.FOLDER, name=str(path), dry_run=asked.dry_run)
    try:
        done = await import_folder(settings, wanted, os.path.abspath(path), asked.house, reading, system_clock)  # noqa: ASYNC240, PTH100 — no link is followed here: that is looked at later
    except NotAdmitted as error:
        message = f"{path}: {error}"
        raise Refused(message) from error
    if done.made and not done.dry_run:
        print(f"{done.made} films are packaged by `fastline up` or `fastline worker`")
    return await _report(settings, done, str(path))


async def _asked(settings: Settings, wanted: Wanted, asked: argparse.Namespace) -> int:
    try:
        ask = Ask(movies=asked.movie, series=asked.series, list_id=asked.list)
        done = await import_tmdb(settings, wanted, ask, system_clock, _told)
    except Unanswered as error:
        raise Refused(str(error)) from error
    return await _report(settings, done, "TMDB")


async def _told(_seen: int) -> None:
    """Nothing is said before the end."""


async def _report(settings: Settings, done: Import, where: str) -> int:
    """Print what became of it."""
    would = "would be " if done.dry_run else ""
    counts = f"{done.made} {would}made, {done.changed} {would}changed, {done.unchanged} left alone"
    print(f"{where}: {counts}, {done.refused} refused")
    for note in done.notes:
        print(f"  {note}")
    for line, name, details in await refusals(settings, done.id, _SHOWN):
        for wrong in details:
            place = ", ".join(part for part in (f"line {line}" if line else "", wrong["where"]) if part)
            print(f"  {place or name}: {wrong['detail']}", file=sys.stderr)
    if done.refused > _SHOWN:
        print(f"  and {done.refused - _SHOWN} more; /api/v1/imports/{done.id}/report.csv has all", file=sys.stderr)
    return REFUSED if done.refused else OK
