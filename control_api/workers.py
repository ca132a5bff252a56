"""Workers of this package: all kinds of jobs that it knows, and what a process needs to do them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlmodel import select

from control_api import schema
from control_api.assets.poster import CHOOSE_POSTER
from control_api.assets.removing import PURGE_ASSET
from control_api.assets.repackaging import repacked
from control_api.backups.work import BACKUP, DROP_ARCHIVE
from control_api.database import Database, is_outage
from control_api.destinations import Reach
from control_api.happenings import append
from control_api.imports.folders import IMPORT_FOLDER
from control_api.imports.posters import POSTERS
from control_api.imports.work import DROP_FILE, IMPORT
from control_api.jobs import JobState, submit
from control_api.jobs.packaging import PACKAGE, Package, Packed
from control_api.jobs.queue import Queue, in_use
from control_api.jobs.worker import Worker
from control_api.library.purging import PURGE
from control_api.notices import languages, outbox
from control_api.outgoing import Outgoing
from control_api.privacy.exporting import EXPORT
from control_api.privacy.leaving import PURGE_ACCOUNT
from control_api.recommending.apart import RECOMMEND
from control_api.tables import Upload
from control_api.uploads.fetching import FETCH
from control_api.uploads.linking import LINK, Link
from control_api.uploads.packing import DROP, packed
from control_api.uploads.shown import unmade
from control_api.uploads.states import UploadState
from control_api.uploads.taking_in import TAKE_IN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.jobs.kinds import AnyKind
    from control_api.settings import Settings
    from control_api.tables import Job
    from playout.clock import Clock

_log: Final = logging.getLogger("fastline.jobs")
_PATIENCE: Final = 5.0  # seconds between two looks for a database

KINDS: Final[tuple[AnyKind, ...]] = (
    FETCH,
    TAKE_IN,
    PACKAGE,
    DROP,
    LINK,
    PURGE,
    PURGE_ASSET,
    CHOOSE_POSTER,
    IMPORT,
    IMPORT_FOLDER,
    DROP_FILE,
    POSTERS,
    BACKUP,
    DROP_ARCHIVE,
    RECOMMEND,
    EXPORT,
    PURGE_ACCOUNT,
)
"""The kinds of the package. Those that need another package are handed in."""


def queue(settings: Settings, database: Database, more: Iterable[AnyKind] = ()) -> Queue:
    """The queue that the settings name, known to every session of the database. Of one name the last kind counts."""
    found = _engine(settings)(settings, map(_heard, (*KINDS, *more)))
    in_use(database, found)
    outbox.in_use(database, settings)
    languages.in_use(database, settings)
    return found


def _engine(settings: Settings) -> type[Queue]:
    """What the queue runs on."""
    if settings.queue == "embedded":
        return Queue
    from control_api.jobs.procrastinated import Procrastinated  # noqa: PLC0415 — it need not be installed

    return Procrastinated


def _heard(kind: AnyKind) -> AnyKind:
    """The kind, its ends heard by what they concern."""
    return replace(kind, ended=_packaged) if kind.name == PACKAGE.name else kind


async def _packaged(session: AsyncSession, job: Job) -> None:
    """Tell of a packaging that ended whom it concerns: an upload, or an asset that was packaged anew."""
    found = await session.exec(select(Upload.state).where(Upload.id == job.subject))
    was_accepted = found.one_or_none() == UploadState.ACCEPTED  # then the upload says to which title it goes
    await packed(session, job)
    await repacked(session, job)
    if job.state == JobState.FAILED:
        await _unpackaged(session, job)
    title = job.given.get("title_id")
    if job.state == JobState.SUCCEEDED and job.result is not None and title is not None and not was_accepted:
        link = Link(asset=Packed.model_validate(job.result).asset, title=title)
        await submit(session, LINK, link, now=job.ended_at or job.created_at, subject=job.subject)


async def _unpackaged(session: AsyncSession, job: Job) -> None:
    """Tell that there will be no asset of a source."""
    given = Package.model_validate(job.given)
    upload = (await session.exec(select(Upload.id).where(Upload.id == job.subject))).one_or_none()
    source = given.name if upload is not None and given.name else given.source
    about = {"job": job.id, **({"upload": upload} if upload is not None else {})}
    told = unmade(upload or job.id, source, about, (job.reason or "", job.advice or ""))
    await append(session, [told], job.ended_at or job.created_at)


@asynccontextmanager
async def working(
    queue: Queue, database: Database, outgoing: Outgoing, clock: Clock, told: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Do jobs for as long as the block runs; then what is not done is given back."""
    worker = Worker(queue, database, outgoing, clock, told=told)
    # the block belongs to aiohttp, which leaves it in another task than it entered: no group spans that
    task = asyncio.get_running_loop().create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def work(settings: Settings, clock: Clock, kinds: Iterable[AnyKind] = ()) -> None:
    """Be a worker, until the task is cancelled. Needs the database and the store, and nothing else.

    Where there is no database yet, or none that answers, it waits for one.
    """
    database = Database(
        settings.database_url, connections=settings.database_connections, patience_ms=settings.database_patience_ms
    )
    outgoing = Outgoing(
        Reach(settings.outgoing_allow, settings.outgoing_refuse), connections=settings.outgoing_connections
    )
    line = queue(settings, database, kinds)
    try:
        while not await _is_ready(settings, database, line):  # noqa: ASYNC110 — others set no event of ours
            await asyncio.sleep(_PATIENCE)
        await Worker(line, database, outgoing, clock).run()
    finally:
        await line.close()
        await outgoing.close()
        await database.close()


async def _is_ready(settings: Settings, database: Database, line: Queue) -> bool:
    """Whether there is a database to work with, brought up to date. A file that nobody has made is left unmade."""
    if database.is_sqlite and not await asyncio.to_thread(database.has_file):
        return False
    try:
        await schema.prepare(database, migrate=settings.migrate)
        await line.open(database)
    except schema.Outdated as old:
        _log.warning("the database waits, and so does the worker: %s", old, extra={"action": "outage"})
        return False
    except Exception as error:
        if not is_outage(error):
            raise
        _log.warning("the database does not answer; the worker waits for it", extra={"action": "outage"})
        return False
    return True
