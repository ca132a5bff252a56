"""A folder of films with their side-cars: each becomes a job that packages it, unless just that is there already.

Laws. The same folder twice makes nothing: what a film would become is known by the digest of everything that decides
it. Only what lies below one of `import_folders` is read, and every path is resolved and looked at before it is read.

The control API does not read side-cars itself. Who does is handed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field
from sqlmodel import col, select

from control_api.assets.documents import document
from control_api.changes import Actor
from control_api.imports.bringing import Bringing
from control_api.imports.records import Notes
from control_api.imports.running import ended, resume
from control_api.imports.work import Brought, row_of, set_ended
from control_api.instants import whole_millis
from control_api.jobs import Broken, JobKind, submit
from control_api.jobs.legible import legible
from control_api.jobs.packaging import PACKAGE, House, Package
from control_api.jobs.states import UNENDED, JobState
from control_api.problems import Problem
from control_api.tables import Import, ImportEntry, Job
from control_api.uploads.content import Probe, Unfit
from playout.clock import Clock
from playout.store import Store

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.imports.running import Tell
    from control_api.jobs import Work
    from control_api.settings import Settings

MOST: Final = 20_000
"""Films of one import; each is read whole, for its digest."""
_LONGEST: Final = 500
"""Letters of a path in the report."""


class NotAdmitted(Exception):
    """The folder is none that may be imported."""


@dataclass(frozen=True, slots=True)
class Becoming:
    """What a film becomes."""

    asset: str
    """The id of the asset."""
    house: str
    """Its format."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How films and their side-cars are read."""

    films: Callable[[Path, int], list[Path]]
    """The films below a folder, so many and one more at most. Blocks; raises `OSError`."""
    becomes: Callable[[Path, Path, str], Awaitable[Becoming | Unfit]]
    """What a film, which lies below a root, becomes in a format; raises `OSError`."""
    look: Probe


class FolderBring(BaseModel):
    """What is to be imported; the rest stands in the row of the import."""

    run: str = Field(max_length=40)
    """Its id."""
    folder: str = Field(max_length=1000)
    house: House = ""
    by_name: str = Field(default="", max_length=200)
    """What who wanted it was called then."""


def admitted(settings: Settings, folder: str) -> tuple[Path, Path]:
    """The root and the folder, both resolved. Raises `NotAdmitted`. Blocks.

    Nobody learns in this way whether something is there that they may not import.
    """
    path = Path(folder)
    if not path.is_absolute() or ".." in path.parts or "\0" in folder:
        raise NotAdmitted("a folder is named by its whole path, without `..`")
    try:
        found = path.resolve()
        roots = [root.resolve() for root in settings.import_folders]
    except (OSError, RuntimeError) as error:  # a ring of links
        raise NotAdmitted("it cannot be told where that leads") from error
    for root in roots:
        if found.is_relative_to(root):
            if not found.is_dir():
                raise NotAdmitted("there is no such folder")
            return root, found
    raise NotAdmitted("nothing is imported from there: the setting import_folders names the folders that may be")


@dataclass(slots=True)
class Folder:
    """One import of a folder on its way."""

    row: Import
    actor: Actor
    root: Path
    folder: Path
    house: str
    reading: Reading
    store: Store
    clock: Clock
    _seen: dict[str, str] = field(default_factory=dict)
    """Which film of this run becomes which asset."""

    async def bring(self, database: Database, tell: Tell) -> Import:
        """Bring all films in; the row as it is in the end. Goes on behind what an attempt before has reported."""
        notes = Notes()
        bringing = Bringing(self.row.id, self.row.feed, self.actor, dry_run=self.row.dry_run)
        await resume(database, bringing)
        known = await self._reported(database)
        try:
            films = await asyncio.to_thread(self.reading.films, self.folder, MOST)
        except OSError as error:
            films = []
            notes.add(f"The folder cannot be read: {error.strerror or error}")
        if len(films) > MOST:
            notes.add(f"There are more than {MOST} files, and only so many are brought in: name folders in it.")
        for number, film in enumerate(films[:MOST]):
            name = legible(str(film.relative_to(self.folder)), _LONGEST)
            if name not in known and not await self._one(database, film, name):
                notes.add(f"Files that have not been looked at, because the queue is full: {len(films) - number - 1}.")
                break
            await tell(1000 * (number + 1) // len(films))
        return await ended(database, bringing, notes, self.clock)

    async def _reported(self, database: Database) -> set[str]:
        async with database.reading() as session:
            rows = select(ImportEntry.name).where(ImportEntry.import_id == self.row.id)
            return set((await session.exec(rows)).all())

    async def _one(self, database: Database, film: Path, name: str) -> bool:
        """Bring one film in; False when there is no room in the queue."""
        source = await asyncio.to_thread(self._source, film)
        if isinstance(source, Unfit):
            return await self._write(database, _refused(name, source))
        try:
            found = await self.reading.becomes(self.root / source, self.root, self.house)
            if isinstance(found, Becoming):
                entry = await self._there(database, name, found)
                if entry is not None:
                    return await self._write(database, entry)
                looked = await self.reading.look(self.root / source)
                found = looked if isinstance(looked, Unfit) else found
        except OSError as error:
            found = Unfit(reason=f"it cannot be read: {error.strerror or error}")
        if isinstance(found, Unfit):
            return await self._write(database, _refused(name, found))
        self._seen[found.asset] = name
        return await self._write(database, _entry(name, "made", asset_id=found.asset), self._order(source, film, found))

    def _source(self, film: Path) -> str | Unfit:
        """Where the film lies below the root, all links followed. Blocks."""
        path = film.resolve()
        if not path.is_relative_to(self.root):
            return Unfit(reason="it is a link that leads out of the folder", advice="Put the file itself there.")
        source = str(path.relative_to(self.root))
        if source != legible(source, len(source)) or "\\" in source or len(str(film)) > _LONGEST:
            advice = "Rename it: letters that everybody can read, and not too many."
            return Unfit(reason="its path is no text, has a `\\`, or is too long", advice=advice)
        return source

    def _order(self, source: str, film: Path, found: Becoming) -> Package:
        return Package(source=source, folder=str(self.root), name=film.name[:255], house=found.house)

    async def _there(self, database: Database, name: str, found: Becoming) -> dict[str, Any] | None:
        """What is to be reported of a film that needs no job: it is packaged, or will be, or could not be."""
        if found.asset in self._seen:
            return _entry(name, "unchanged", [f"the same as {self._seen[found.asset]}"], asset_id=found.asset)
        if await asyncio.to_thread(document, self.store, found.asset) is not None:
            return _entry(name, "unchanged", asset_id=found.asset)
        async with database.reading() as session:
            rows = select(Job).where(Job.kind == PACKAGE.name, Job.subject == found.asset)
            job = (await session.exec(rows.order_by(col(Job.id).desc()).limit(1))).first()
        if job is not None and job.state in UNENDED:
            return _entry(name, "unchanged", asset_id=found.asset, job=job.id)
        if job is not None and job.state == JobState.FAILED:
            failed = Unfit(reason=f"packaging it has failed: {job.reason}", advice=f"Retry job {job.id}.")
            return _refused(name, failed) | {"asset_id": found.asset, "job": job.id}
        return None

    async def _write(self, database: Database, entry: dict[str, Any], order: Package | None = None) -> bool:
        """Report, and submit the job, both or none; False when there is no room in the queue."""
        now = whole_millis(self.clock())
        has_room = True
        async with database.writing() as session:
            if order is not None and not self.row.dry_run:
                try:
                    asset = entry["asset_id"]
                    job = await submit(session, PACKAGE, order, now=now, owner=self.actor.id, subject=asset)
                    entry |= {"job": job.id}
                except Problem as full:
                    has_room = False
                    advice = "Import the folder again once some have ended."
                    entry = _refused(entry["name"], Unfit(reason=full.detail, advice=advice))
            await self._report(session, entry)
        return has_room

    async def _report(self, session: AsyncSession, entry: dict[str, Any]) -> None:
        row = (await session.exec(select(Import).where(Import.id == self.row.id).with_for_update())).one()
        row.entries += 1
        setattr(row, entry["outcome"], getattr(row, entry["outcome"]) + 1)
        session.add(ImportEntry(import_id=row.id, number=row.entries, **entry))
        session.add(row)


def importing(reading: Callable[[], Reading]) -> JobKind[FolderBring]:
    """The kind of job where films and their side-cars can be read."""

    async def work(work: Work, given: FolderBring) -> Brought:
        row = await row_of(work, given.run)
        try:
            root, folder = await asyncio.to_thread(admitted, work.settings, given.folder)
        except NotAdmitted as error:
            raise Broken(str(error), "Mend the setting, for workers too, and import the folder again.") from error
        actor = Actor(work.owner, given.by_name, "import_folder", request_id=given.run)
        store = work.settings.place.store()
        run = Folder(row, actor, root, folder, given.house, reading(), store, work.clock)

        async def tell(permille: int) -> None:
            await work.progress(permille, "reading films")

        done = await run.bring(work.database, tell)
        return Brought(**{name: getattr(done, name) for name in Brought.model_fields})

    return replace(IMPORT_FOLDER, work=work)


IMPORT_FOLDER: Final = JobKind("import_folder", FolderBring, None, everywhere=1, ended=set_ended)
"""In a process that has nobody who reads side-cars."""


def _entry(name: str, outcome: str, details: list[Any] | None = None, **more: str) -> dict[str, Any]:
    return {"name": name, "outcome": outcome, "details": details or [], **more}


def _refused(name: str, why: Unfit) -> dict[str, Any]:
    said = legible(f"{why.reason}. {why.advice}".strip(), _LONGEST)
    return _entry(name, "refused", [{"where": "", "detail": said}])
