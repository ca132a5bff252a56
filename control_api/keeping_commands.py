"""The commands about a station as a whole: `import`, `seed`, `db`, `backup` and `restore`.

What they need is imported when one of them runs, as in `control_api.command_line`.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from control_api.command_line import settled
from playout.clock import system_clock
from playout.commands.options import OK, REFUSED, Refused, command, whole
from playout.media import Nowhere
from playout.store import StoreDown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Coroutine, Iterator

    from control_api.imports.folders import Reading
    from control_api.imports.running import Wanted
    from control_api.settings import Settings
    from control_api.tables import Import
    from playout.commands.options import Commands

    Run = Callable[[Coroutine[Any, Any, int]], int]
    """Runs something to its end, or until the process is told to stop; its exit code."""
    Read = Callable[[Settings], Reading]
    """Reads films and their side-cars."""

_SHOWN: Final = 20
"""Refusals that are printed; the rest is counted."""
_MOST: Final = 1_000_000


def register(commands: Commands[argparse.ArgumentParser], run: Run, read: Read, samples: Collection[str] = ()) -> None:
    """Add the commands; `read` reads the films of a folder, `samples` are titles of films that a first start makes."""
    words = "import titles from a catalog, or a folder of films"
    _import(command(commands, "import", lambda asked: run(_imported(asked, read)), words))
    seed = command(
        commands,
        "seed",
        lambda asked: run(_seeded(asked, samples)),
        "make a demo library, an audience of it, and an account of each role",
    )
    seed.add_argument("--titles", type=_titles, default=120, metavar="N", help="about how many titles (default: 120)")
    seed.add_argument("--seed", type=_seed, default=1, metavar="N", help="another number, another library (default: 1)")
    seed.add_argument("--yes", action="store_true", help="also where there are titles that are not of the demo")
    base = command(commands, "db", lambda asked: run(_database(asked)), "bring the database up to date, or empty it")
    base.add_argument("action", choices=["upgrade", "reset"], help="reset deletes everything that is in it")
    base.add_argument("--yes", action="store_true", help="do not ask")
    save = command(commands, "backup", lambda asked: run(_saved(asked)), "write the whole station into one archive")
    save.add_argument("file", type=Path, metavar="FILE", help="the archive, e.g. station.tar.gz; it must not be there")
    save.add_argument("--with-media", action="store_true", help="what is packaged, too; not of a bucket")
    back = command(commands, "restore", lambda asked: run(_restored(asked)), "bring a station back into an empty place")
    back.add_argument("file", type=Path, metavar="FILE", help="the archive")
    for made in (save, back):
        made.add_argument(
            "--passphrase-file",
            type=Path,
            metavar="FILE",
            help="seals what the station signs with (default: the setting backup_passphrase)",
        )
    for made in (seed, base, save, back):
        made.set_defaults(media=None)


def _import(made: argparse.ArgumentParser) -> None:
    made.set_defaults(media=None)
    made.add_argument(
        "format", choices=["csv", "json", "mrss", "tmdb", "folder"], help="what is read; see docs/imports.md"
    )
    made.add_argument("files", nargs="*", type=Path, metavar="FILE", help="the files; of TMDB 5000 the films first")
    made.add_argument("--house", default="", metavar="FORMAT", help="of films: their format (default: the station's)")
    made.add_argument("--movie", type=_number, action="append", default=[], metavar="N", help="a film of TMDB")
    made.add_argument("--series", type=_number, action="append", default=[], metavar="N", help="a series of TMDB")
    made.add_argument("--list", default="", metavar="ID", help="all of a list of TMDB")
    made.add_argument("--feed", default="", metavar="NAME", help="whose titles these are (default: that of the format)")
    made.add_argument("--state", choices=["draft", "published"], default="draft", help="in which titles begin")
    made.add_argument("--dry-run", action="store_true", help="only say what would be done")


def _titles(text: str) -> int:
    return whole(text, _MOST)


def _number(text: str) -> int:
    return whole(text, 2_000_000_000)


def _seed(text: str) -> int:
    return whole(text, 1 << 31)


async def _imported(asked: argparse.Namespace, read: Read) -> int:
    from control_api.imports.formats import Format  # noqa: PLC0415 — see the module
    from control_api.imports.running import Wanted  # noqa: PLC0415

    settings = settled(asked)
    form, feed = Format(asked.format), asked.feed
    asks = asked.movie or asked.series or asked.list
    if not asked.files and not (form is Format.TMDB and asks):
        raise Refused("name the file, or of TMDB a film (--movie), a series (--series) or a list (--list)")
    with _answered(settings):
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
    from control_api.imports.records import Unreadable  # noqa: PLC0415 — see the module
    from control_api.keeping import import_file  # noqa: PLC0415

    _check_file(path)
    try:
        done = await import_file(settings, wanted, path, system_clock, _told)
    except Unreadable as error:
        message = f"{path}: {error}. What came before it is kept; mend the file, and import it again"
        raise Refused(message) from error
    return await _report(settings, done, str(path))


async def _folder(settings: Settings, asked: argparse.Namespace, path: Path, reading: Reading) -> int:
    from control_api.imports.folders import NotAdmitted  # noqa: PLC0415 — see the module
    from control_api.imports.formats import Format  # noqa: PLC0415
    from control_api.imports.running import Wanted  # noqa: PLC0415
    from control_api.keeping import import_folder  # noqa: PLC0415
    from playout.core.house import HOUSES  # noqa: PLC0415

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
    from control_api.imports.tmdb import Ask, Unanswered  # noqa: PLC0415 — see the module
    from control_api.keeping import import_tmdb  # noqa: PLC0415

    try:
        ask = Ask(movies=asked.movie, series=asked.series, list_id=asked.list)
        done = await import_tmdb(settings, wanted, ask, system_clock, _told)
    except Unanswered as error:
        raise Refused(str(error)) from error
    return await _report(settings, done, "TMDB")


def _check_file(path: Path) -> None:
    if not path.is_file():
        message = f"there is no file {path}"
        raise Refused(message)


async def _told(_seen: int) -> None:
    """Nothing is said before the end."""


async def _report(settings: Settings, done: Import, where: str) -> int:
    """Print what became of it."""
    from control_api.keeping import refusals  # noqa: PLC0415 — see the module

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


async def _seeded(asked: argparse.Namespace, samples: Collection[str]) -> int:
    from control_api.demo.seeding import NotOurs, seed  # noqa: PLC0415 — see the module

    settings = settled(asked)
    with _answered(settings):
        try:
            beside = None if asked.yes else frozenset(samples)
            done = await seed(settings, asked.titles, asked.seed, system_clock, beside=beside)
        except NotOurs as error:
            message = f"{error}. `--yes` adds the demo to it all the same"
            raise Refused(message) from error
    print(f"{done.made} titles made, {done.unchanged} were there; {done.pictures} pictures drawn")
    print(f"{done.viewers} profiles made with what they have watched")
    for name, role, password in done.accounts:
        print(f"  {role:<9} {name:<16} {password}")
    return OK


async def _database(asked: argparse.Namespace) -> int:
    from control_api import schema  # noqa: PLC0415 — see the module
    from control_api.doctor import hidden  # noqa: PLC0415
    from control_api.keeping import reset  # noqa: PLC0415

    settings = settled(asked)
    with _answered(settings):
        if asked.action == "upgrade":
            await schema.upgrade(settings.database_url)
            print(f"{hidden(settings)} is up to date: revision {schema.head()}")
            return OK
        if not asked.yes and not _confirmed(f"Everything in {hidden(settings)} is deleted: titles, accounts, jobs."):
            raise Refused("nothing was deleted")
        await reset(settings)
    print(f"{hidden(settings)} is empty. Media and channels are untouched")
    return OK


def _confirmed(words: str) -> bool:
    """Whether somebody at the terminal says so."""
    if not sys.stdin.isatty():
        message = f"{words} Nobody is there to be asked: say --yes"
        raise Refused(message)
    return input(f"{words} Type `reset` to go on: ").strip() == "reset"


async def _saved(asked: argparse.Namespace) -> int:
    from control_api.backups.archive import BadArchive  # noqa: PLC0415 — see the module
    from control_api.keeping import back_up  # noqa: PLC0415

    settings = settled(asked)
    passphrase = _passphrase(asked, settings)
    with _answered(settings):
        try:
            made = await back_up(settings, asked.file, passphrase, system_clock, media=asked.with_media)
        except (BadArchive, OSError) as error:
            raise Refused(str(error)) from error
    print(f"{asked.file}: {made.size} bytes, SHA-256 {made.digest}")
    if not made.secrets:
        print("  without what the station signs with: restored, it signs anew, and people sign in again.")
        print("  Name a passphrase (--passphrase-file) to have that sealed into it.")
    return OK


async def _restored(asked: argparse.Namespace) -> int:
    from control_api.backups.archive import BadArchive  # noqa: PLC0415 — see the module
    from control_api.backups.restoring import NotEmpty, restore  # noqa: PLC0415

    settings = settled(asked)
    _check_file(asked.file)
    with _answered(settings):
        try:
            done = await restore(asked.file, settings, _passphrase(asked, settings))
        except BadArchive as error:
            message = f"{asked.file} is refused, and nothing of it is there: {error}"
            raise Refused(message) from error
        except (NotEmpty, OSError) as error:
            raise Refused(str(error)) from error
    print(f"The station of {done.made_at} is back: {done.rows} rows and {done.files} files")
    if not done.secrets:
        print("  It signs anew: people sign in again, and webhooks have new secrets.")
    return OK


def _passphrase(asked: argparse.Namespace, settings: Settings) -> str:
    from control_api.backups.sealing import SHORTEST  # noqa: PLC0415 — see the module

    found = settings.backup_passphrase.get_secret_value()
    if asked.passphrase_file is not None:
        try:
            found = asked.passphrase_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            message = f"{asked.passphrase_file} cannot be read: {error}"
            raise Refused(message) from error
    if found and len(found) < SHORTEST:
        message = f"a passphrase of {SHORTEST} letters at least is expected"
        raise Refused(message)
    return found


@contextmanager
def _answered(settings: Settings) -> Iterator[None]:
    """Say of a database or a store that does not answer that it does not."""
    from control_api.commands import Unserved, unserved  # noqa: PLC0415 — see the module

    try:
        yield
    except Refused:
        raise
    except (StoreDown, Nowhere) as error:
        raise Refused(str(error)) from error
    except Exception as error:
        told = unserved(settings, error)
        if isinstance(told, Unserved):
            raise Refused(str(told)) from error
        raise
