"""The first start: a library from nothing."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from assembly.films import films, nothing_to_air
from assembly.options import cores
from packager import batch, samples
from packager import watch as dropbox
from packager.bars import Bars, shown
from packager.batch import Batch
from playout import config, journal
from playout.clock import system_clock
from playout.commands.options import Refused
from playout.config import Faults, Programming
from playout.core.house import HOUSES
from playout.core.shelves import Shelves
from playout.library import newest, scan
from playout.publish import newest_revision, publish

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from playout.store import Store

_log = logging.getLogger("fastline")


async def fill(asked: argparse.Namespace, store: Store) -> None:
    """Package what lies in `media/sources/` when the library is empty; with no film there, make the demo's.

    The shortest comes first, and a channel is published as soon as there is a program for it: one that
    was published before would have its horizon full of slate. Of the demo's channels the one with the
    shortest horizon goes ahead, and the others wait until they can choose from all films.
    """
    sources = asked.media.folder / dropbox.FOLDER
    # what `fastline package` made counts as well, though nobody has made an edition of it yet
    library = await asyncio.to_thread(lambda: scan(store, newest(store), system_clock()))
    if not library.catalog.items and not films(sources):
        await asyncio.to_thread(samples.begin, sources)
    demo = await asyncio.to_thread(samples.unfinished, sources)
    if library.catalog.items and not demo:
        return
    programming = config.load(asked.channels)
    if isinstance(programming, Faults):
        if library.catalog.items:
            return
        raise Refused(nothing_to_air(programming))
    with shown(wanted=asked.log == journal.Form.HUMAN) as bars:
        if demo:
            _log.info("making a demo library in %s", sources, extra={"action": "samples"})
        await samples.draw(sources, demo[:1])
        first, *rest = films(sources)
        await _package_all(asked, programming, [first], bars)
        await asyncio.to_thread(_publish_ready, store, programming, all_of_them=not demo)
        await samples.draw(sources, demo[1:])
        if demo:
            await _package_all(asked, programming, films(sources), bars)
            return
        for film in rest:
            await _package_all(asked, programming, [film], bars)
            await asyncio.to_thread(_publish_ready, store, programming, all_of_them=True)


async def _package_all(asked: argparse.Namespace, programming: Programming, films: list[Path], bars: Bars) -> None:
    """Package `films` for every house that has a channel."""
    for house in dict.fromkeys(draft.house for draft in programming.drafts):
        order = Batch(asked.media.folder, HOUSES[house], jobs=cores(), store=asked.media.store())
        await batch.package(films, order, tell=bars.tell, clock=system_clock, done=bars.done)


def _publish_ready(store: Store, programming: Programming, *, all_of_them: bool) -> None:
    """Publish the channels that have a program, or, at first, one of them."""
    now = system_clock()
    library = scan(store, newest(store), now)
    shelves = Shelves(library.catalog)
    known = [draft for draft in programming.drafts if newest_revision(store, draft.id) is not None]
    fresh = [draft for draft in programming.drafts if draft not in known and shelves.programs(draft.house, draft.rules)]
    fresh.sort(key=lambda draft: draft.horizon)
    publish(store, replace(programming, drafts=(*known, *(fresh if all_of_them else fresh[:1]))), library, now)
