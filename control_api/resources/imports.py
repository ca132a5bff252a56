"""Imports: catalogs of others, as files, by link, or from TMDB by number; and what became of every item of them."""

from __future__ import annotations

import asyncio
import csv
import io
import os
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, Field
from sqlmodel import col, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.imports.folders import IMPORT_FOLDER, FolderBring, NotAdmitted, admitted
from control_api.imports.formats import FILES, Format
from control_api.imports.room import Filling, turn
from control_api.imports.running import Wanted, new, place
from control_api.imports.tmdb import Ask
from control_api.imports.work import IMPORT, Bring
from control_api.instants import Instant
from control_api.jobs import JobKind, submit
from control_api.jobs.packaging import House
from control_api.library.facts import Address
from control_api.library.kinds import TitleState
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Media, Raw
from control_api.paging import Page, PageQuery, page
from control_api.pieces import BrokenOff, agree, pieces
from control_api.problems import FILE_TOO_LARGE, MALFORMED, NO_ROOM, Problem, missing, unacceptable
from control_api.scopes import Scope
from control_api.tables import Import, ImportEntry
from control_api.uploads.shown import bare
from playout.core.cells import inert

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_TAG: Final = "Imports"
_KIND: Final = "import"
_CSV: Final = "text/csv"
_TYPES: Final = ("application/octet-stream", _CSV)
_AT_ONCE: Final = 500

FeedName = Annotated[
    str,
    Field(max_length=100, pattern=r"^[a-z0-9._-]*$", description="Whose titles these are; empty: that of the form. "
          "What a feed said last time is remembered, and only what it says anew is changed."),
]  # fmt: skip


class ImportPath(Given):
    """Which import."""

    id: str = Field(pattern=ids.pattern("im"), description="The id of the import.")


class Ways(Given):
    """How titles are to be imported."""

    feed: FeedName = ""
    dry_run: bool = Field(default=False, description="Only report what would be done.")
    state: TitleState = Field(default=TitleState.DRAFT, description="In which titles begin that do not say.")
    name: str = Field(default="", max_length=255, description="What people call the file.")


class FileQuery(Ways):
    """What the file is, and how it is to be imported."""

    format: Format = Field(description="`csv`, `json`, `mrss`, or `tmdb` for a file of the TMDB 5000 data set.")


class FileLinked(FileQuery):
    """A file that is to be fetched."""

    url: Annotated[Address, Field(min_length=1)] = Field(description="Where it is: http or https.")


class TmdbGiven(Ways, Ask):
    """Films and series of TMDB."""


class FolderGiven(Given):
    """A folder of films."""

    folder: str = Field(
        min_length=1, max_length=1000, description="Its whole path on the machine that packages: one of the folders "
        "that the setting `import_folders` names, or one below.", examples=["/srv/films/2026"],
    )  # fmt: skip
    house: House = Field(default="", description="The format, and with it the ladder; empty: the station's own.")
    dry_run: bool = Field(default=False, description="Only report what would be done.")
    name: str = Field(default="", max_length=255, description="What people call it; empty: its path.")


class ImportShown(Shown):
    """An import."""

    id: str
    format: Format
    name: str
    feed: str
    dry_run: bool
    job: str = Field(description="The job that does it: how far it is, why it failed, and how to cancel it.")
    owner: str
    made: int = Field(description="Titles that were made.")
    changed: int
    unchanged: int
    refused: int = Field(description="Items that were refused; the entries say where and why.")
    notes: list[str] = Field(description="What is to be said of the file as a whole, attributions too.")
    created_at: Instant
    ended_at: Instant | None


class ImportPage(Page[ImportShown]):
    """A page of imports, the newest first."""


class ImportEntryShown(Shown):
    """What became of one item."""

    number: int
    line: int = Field(description="Where it begins in the file; 0 where there are no lines.")
    outcome: str = Field(description="`made`, `changed`, `unchanged` or `refused`.")
    title_id: str | None
    asset_id: str | None = Field(description="Of a film of a folder: the asset that it becomes.")
    job: str | None = Field(description="Of a film of a folder: the job that packages it.")
    name: str
    implied: bool = Field(description="Whether it is a series or a season that an item named.")
    details: list[Any] = Field(description="The fields that were changed; or what is wrong, each with `where`.")


class ImportEntryPage(Page[ImportEntryShown]):
    """A page of entries, in the order of the file."""


class ImportEntryQuery(PageQuery):
    """Which entries are wanted."""

    outcome: str | None = Field(default=None, pattern="^(made|changed|unchanged|refused)$", description="Only these.")


@Endpoint(
    method="POST",
    path="/api/v1/imports",
    name="import_file",
    summary="Import titles from a file: its bytes are the body",
    description="CSV, JSON, Media RSS, or a file of the TMDB 5000 data set. It is read by a job. The same file twice "
    "changes nothing; what people have changed since stays, unless the file says something new.",
    scope=Scope.IMPORTS_WRITE,
    tag=_TAG,
    raw=Raw(_TYPES),
    query_model=FileQuery,
    answers={202: ImportShown},
    refusals=(MALFORMED, FILE_TOO_LARGE, NO_ROOM),
)
async def import_file(call: Call[Nothing, FileQuery, Nothing]) -> Answer:
    """The file goes to the disk as it comes, and then a job is made for it."""
    _check_file(call.query.format)
    async with call.site.database.reading() as session:  # that of the request would wait for the body
        await turn(session, call.caller.id)
    row = _new(call, call.query, call.query.format)
    path = place(call.site.settings.media, row.id)
    try:
        await _taken(call, path)
        return await _begun(call, row, Bring(run=row.id, state=call.query.state, by_name=call.caller.name))
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise


@Endpoint(
    method="POST",
    path="/api/v1/imports:fetch",
    name="import_link",
    summary="Import titles from a file that is fetched by its link",
    scope=Scope.IMPORTS_WRITE,
    tag=_TAG,
    body_model=FileLinked,
    answers={202: ImportShown},
    idempotent=True,
    description="Addresses of the house are refused unless `outgoing_allow` names them.",
)
async def import_link(call: Call[Nothing, Nothing, FileLinked]) -> Answer:
    """The job fetches it."""
    _check_file(call.body.format)
    row = _new(call, call.body, call.body.format)
    row.name, row.link = row.name or bare(call.body.url)[:255], call.body.url
    return await _begun(call, row, Bring(run=row.id, state=call.body.state, by_name=call.caller.name))


@Endpoint(
    method="POST",
    path="/api/v1/imports:tmdb",
    name="import_tmdb",
    summary="Import films and series of TMDB by their numbers there, or all of a list",
    scope=Scope.IMPORTS_WRITE,
    tag=_TAG,
    body_model=TmdbGiven,
    answers={202: ImportShown},
    idempotent=True,
    description="Needs the setting `tmdb_key`. To ask again refreshes what is there. This product uses the TMDB API "
    "but is not endorsed or certified by TMDB.",
)
async def import_tmdb(call: Call[Nothing, Nothing, TmdbGiven]) -> Answer:
    """The job asks TMDB, not faster than it wants to be asked."""
    if not call.site.settings.tmdb_key.get_secret_value():
        raise unacceptable("", "there is no key for TMDB: set `tmdb_key`")
    row = _new(call, call.body, Format.TMDB)
    ask = Ask(movies=call.body.movies, series=call.body.series, list_id=call.body.list_id)
    return await _begun(call, row, Bring(run=row.id, state=call.body.state, ask=ask, by_name=call.caller.name))


@Endpoint(
    method="POST",
    path="/api/v1/imports:folder",
    name="import_folder",
    summary="Import a folder of films with their side-cars: each becomes a job that packages it",
    scope=Scope.IMPORTS_WRITE,
    tag=_TAG,
    body_model=FolderGiven,
    answers={202: ImportShown},
    idempotent=True,
    description="Only folders that the setting `import_folders` names are read; by default none is. What is packaged "
    "already, or will be, is known by its digest and left alone, so the same folder twice makes nothing. Each file "
    "has an entry in the report, with its job and its asset.",
)
async def import_folder(call: Call[Nothing, Nothing, FolderGiven]) -> Answer:
    """The job reads it."""
    try:
        _, folder = await asyncio.to_thread(admitted, call.site.settings, call.body.folder)
    except NotAdmitted as error:
        raise unacceptable("/folder", str(error)) from error
    name = call.body.name or call.body.folder
    wanted = Wanted(format=Format.FOLDER, name=name, dry_run=call.body.dry_run)
    row = new(wanted, call.caller.id, call.now)
    given = FolderBring(run=row.id, folder=str(folder), house=call.body.house, by_name=call.caller.name)
    return await _begun(call, row, given, IMPORT_FOLDER)


@Endpoint(
    method="GET",
    path="/api/v1/imports",
    name="list_imports",
    summary="Imports, the newest first",
    scope=Scope.IMPORTS_WRITE,
    tag=_TAG,
    query_model=PageQuery,
    answers={200: ImportPage},
)
async def list_imports(call: Call[Nothing, PageQuery, Nothing]) -> Answer:
    """A page of imports."""
    return await page(call, select(Import), [(col(Import.id), True)], ImportShown.model_validate, ImportPage)


@Endpoint(
    method="GET",
    path="/api/v1/imports/{id}",
    name="read_import",
    summary="One import",
    scope=Scope.IMPORTS_WRITE,
    tag=_TAG,
    path_model=ImportPath,
    answers={200: ImportShown},
)
async def read_import(call: Call[ImportPath]) -> Answer:
    """What is known of it."""
    row = await _row(call)
    return Answer(ImportShown.model_validate(row), version=row.version)


@Endpoint(
    method="GET",
    path="/api/v1/imports/{id}/entries",
    name="list_import_entries",
    summary="What became of every item of an import",
    scope=Scope.IMPORTS_WRITE,
    tag=_TAG,
    path_model=ImportPath,
    query_model=ImportEntryQuery,
    answers={200: ImportEntryPage},
)
async def list_import_entries(call: Call[ImportPath, ImportEntryQuery, Nothing]) -> Answer:
    """A page of its report."""
    await _row(call)
    rows = select(ImportEntry).where(ImportEntry.import_id == call.path.id)
    if call.query.outcome is not None:
        rows = rows.where(ImportEntry.outcome == call.query.outcome)
    order = [(col(ImportEntry.number), False)]
    return await page(call, rows, order, ImportEntryShown.model_validate, ImportEntryPage)


@Endpoint(
    method="GET",
    path="/api/v1/imports/{id}/report.csv",
    name="read_import_report",
    summary="The same as a table, whole",
    scope=Scope.IMPORTS_WRITE,
    tag=_TAG,
    path_model=ImportPath,
    answers={200: Media((_CSV,))},
)
async def read_import_report(call: Call[ImportPath]) -> Answer:
    """A line an item, as it is read from the database."""
    await _row(call)
    named = {"Content-Disposition": f'attachment; filename="{call.path.id}.csv"'}
    return Answer(stream=lambda: _reported(call), media_type=_CSV, headers=named)


OPERATIONS: Final = (
    list_imports, import_file, import_link, import_tmdb, import_folder, read_import, list_import_entries,
    read_import_report,
)  # fmt: skip


def _check_file(form: Format) -> None:
    if form not in FILES:
        raise unacceptable("/format", f"no file is read as {form}; there is: {', '.join(FILES)}")


def _new(call: Call[Any, Any, Any], ways: Ways, form: Format) -> Import:
    wanted = Wanted(format=form, name=ways.name, feed=ways.feed, dry_run=ways.dry_run, state=ways.state)
    return new(wanted, call.caller.id, call.now)


async def _begun(call: Call[Any, Any, Any], row: Import, given: BaseModel, kind: JobKind[Any] = IMPORT) -> Answer:
    """Write the import and its job. Raises `Problem` where too many of this owner wait already."""
    await turn(call.session, call.caller.id)
    job = await submit(call.session, kind, given, now=call.now, owner=call.caller.id, subject=row.id)
    row.job = job.id
    call.session.add(row)
    await call.session.flush()
    shown = ImportShown.model_validate(row)
    call.changed(Change(_KIND, row.id, "created", after=shown))
    headers = {"Location": f"/api/v1/imports/{row.id}"}
    return Answer(shown, 202, headers, version=row.version)


async def _taken(call: Call[Any, Any, Any], path: Path) -> None:
    """Write the body to the disk. Raises `Problem`; then nothing of it stays."""
    most = call.site.settings.import_bytes
    too_large = Problem(FILE_TOO_LARGE, f"a file to import has {most} bytes at most: part it, or raise `import_bytes`")
    if (call.request.content_length or 0) > most:
        raise too_large
    filling = Filling(call.site.settings)
    await filling.take(0, announced=call.request.content_length or 0)
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    await agree(call.request)
    taken = 0
    with await asyncio.to_thread(path.open, "xb") as file:
        try:
            async for piece in pieces(call.request.content.read):
                taken += len(piece)
                if taken > most:
                    raise too_large
                await filling.take(len(piece))
                await asyncio.to_thread(file.write, piece)
        except BrokenOff as error:
            raise Problem(MALFORMED, str(error)) from error
        await asyncio.to_thread(file.flush)
        await asyncio.to_thread(os.fsync, file.fileno())
    if not taken:
        raise unacceptable("", "the body is empty: it is the file")


async def _row(call: Call[ImportPath, Any, Any]) -> Import:
    found = (await call.session.exec(select(Import).where(Import.id == call.path.id))).one_or_none()
    if found is None:
        raise missing("import", call.path.id)
    return found


async def _reported(call: Call[ImportPath, Any, Any]) -> AsyncIterator[bytes]:
    """The lines, some at a time; each from a session of its own, because a reader may be slow."""
    yield _line(["number", "line", "outcome", "title_id", "name", "implied", "where", "detail", "asset_id", "job"])
    after = 0
    while True:
        rows = select(ImportEntry).where(ImportEntry.import_id == call.path.id, col(ImportEntry.number) > after)
        async with call.site.database.reading() as session:
            found = (await session.exec(rows.order_by(col(ImportEntry.number)).limit(_AT_ONCE))).all()
        if not found:
            return
        yield b"".join(_line(cells) for entry in found for cells in _cells(entry))
        after = found[-1].number


def _cells(entry: ImportEntry) -> list[list[str]]:
    """A line for each thing that is wrong, and one for what is not."""
    first = [str(entry.number), str(entry.line), entry.outcome, entry.title_id or "", entry.name]
    first.append("yes" if entry.implied else "")
    last = [entry.asset_id or "", entry.job or ""]
    if entry.outcome != "refused":
        return [[*first, "", ", ".join(entry.details), *last]]
    return [[*first, wrong["where"], wrong["detail"], *last] for wrong in entry.details] or [[*first, "", "", *last]]


def _line(cells: list[str]) -> bytes:
    """One line; what a spreadsheet would take for a formula is not one any more."""
    text = io.StringIO()
    csv.writer(text).writerow(map(inert, cells))
    return text.getvalue().encode()
