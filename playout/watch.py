"""Watching what people change, channels.yaml and the assets folder, and publishing it.

Law: a good edit is published, a bad one changes nothing and is reported; so is an outage of the store,
which lasts until a later look succeeds. Nothing is reported twice.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from watchfiles import awatch
from watchfiles._rust_notify import WatchfilesRustInternalError

from playout.config import Faults, Programming, read_bytes
from playout.core.view import Alarm
from playout.library import Library, newest, scan
from playout.publish import Published, publish
from playout.store import StoreDown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from datetime import datetime
    from pathlib import Path

    from playout.clock import Clock
    from playout.store import Store

PERIOD: Final = timedelta(seconds=2)
"""From one look at the assets to the next, times the store's pace; the file is looked at when it changes, too."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What is known after a look, so that the next one does only what is new."""

    data: bytes | None = None
    """The file as it was read last."""
    programming: Programming | None = None
    """The last good one; None before the first."""
    library: Library | None = None
    """None before the first look."""
    faults: tuple[Alarm, ...] = ()
    """The mistakes in the file, if the last edit was a bad one."""
    published: Published = field(default_factory=Published)
    """What the last publishing came to."""
    outage: tuple[Alarm, ...] = ()

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """All that people should know of now."""
        scanned = self.library.alarms if self.library else ()
        return (*self.outage, *self.faults, *scanned, *self.published.alarms)


def look(path: Path, store: Store, desk: Desk, now: datetime) -> Desk:
    """One look at the file at `path` and at the assets, where the last look left `desk`; blocks.

    What `published` says is of this look: no revisions when nothing was new.
    """
    try:
        return _look(path, store, desk, now)
    except StoreDown as down:
        told = Alarm("store", f"nothing can be published: {down}; what is on air stays on air")
        return replace(desk, outage=(told,), published=replace(desk.published, revisions=()))


def _look(path: Path, store: Store, desk: Desk, now: datetime) -> Desk:
    """As `look`. Raises `StoreDown`, and then the next look finds the same things new again."""
    before = newest(store) if desk.library is None else desk.library
    library = scan(store, before, now)
    data, programming, faults = _edited(path, desk)
    new = replace(desk, data=data, programming=programming, library=library, faults=faults, outage=())
    same = desk.library is not None and desk.library.catalog is library.catalog and desk.programming is programming
    if programming is None or (same and not desk.published.unfinished):
        return replace(new, published=replace(desk.published, revisions=()))
    return replace(new, published=publish(store, programming, library, now))


def _edited(path: Path, desk: Desk) -> tuple[bytes | None, Programming | None, tuple[Alarm, ...]]:
    """The file's content, the last good programming, and the faults of this content."""
    try:
        data = path.read_bytes()
    except OSError as error:
        told = f"cannot be read: {error.strerror or error}; the last good one stays in force"
        return None, desk.programming, (Alarm(path.name, told),)
    if data == desk.data:
        return data, desk.programming, desk.faults
    edit = read_bytes(data, path.name)
    if isinstance(edit, Faults):
        return data, desk.programming, tuple(Alarm(path.name, line) for line in edit.lines)
    unchanged = desk.programming is not None and edit.drafts == desk.programming.drafts
    return data, desk.programming if unchanged else edit, ()


async def watch(path: Path, store: Store, clock: Clock, report: Callable[[Desk], None]) -> None:
    """Look, and look again whenever something may have changed, until cancelled.

    `report` is called with the desk after the first look, and after every one that published something
    or that left other alarms than before.
    """
    desk = await asyncio.to_thread(look, path, store, Desk(), clock())
    report(desk)
    async with aclosing(_ticks(path.parent, PERIOD * store.pace)) as ticks:
        async for _ in ticks:
            before = desk
            desk = await asyncio.to_thread(look, path, store, desk, clock())
            if desk.published.revisions or desk.alarms != before.alarms:
                report(desk)


async def _ticks(folder: Path, period: timedelta) -> AsyncGenerator[None]:
    """A tick whenever something changes in `folder`, and every period: some file systems tell nobody."""
    while True:
        try:
            async for _ in awatch(
                folder,
                watch_filter=None,
                debounce=1000,
                rust_timeout=period // timedelta(milliseconds=1),
                yield_on_timeout=True,
                recursive=False,
            ):
                yield
        except* WatchfilesRustInternalError:  # somebody else's file has a name that is no text: watch on
            yield
