"""The command line, and the whole of Fastline in one process: the only module that knows all its packages."""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import json
import logging
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from getpass import getuser
from ipaddress import ip_network
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING, Final

import uvloop
from aiohttp import web
from rich.console import Console

from packager import batch, samples
from packager import watch as dropbox
from packager.bars import Bars, shown
from packager.batch import Batch, Packaged
from packager.samples import NotDrawn
from packager.sidecar import Sidecar
from playout import config, documents, journal
from playout.clock import SteadyClock, system_clock
from playout.commit import Committer
from playout.config import Draft, Faults, Programming
from playout.config.schema import json_schema
from playout.core.asrun_text import comma_separated, jsonl
from playout.core.asset import Kind
from playout.core.house import DEFAULT_HOUSE, HOUSES, House
from playout.core.lint import Level
from playout.core.listing import by_number
from playout.core.manifest import Rendering
from playout.core.shelves import Shelves
from playout.documents import Corrupt
from playout.follow import Follower
from playout.keys import BadKey
from playout.library import newest, scan
from playout.migrate import LARGEST as LARGEST_EXPORT
from playout.migrate import Program, Unreadable, migrate
from playout.origin import LaneRunner, Settings, create_app
from playout.publish import Signed, newest_revision, publish, publish_signed
from playout.render import NotOnAir, render
from playout.reports import check, guide, plan, revisions, simulate
from playout.reports import why as reasons
from playout.reports.asrun import NotAired, aired, keep
from playout.rollback import NoWayBack, rollback
from playout.station import Station
from playout.station import UnknownChannel as NoSuchChannel
from playout.store import DirStore, StoreDown
from playout.watch import Desk, watch
from playout.withdraw import UnknownChannel, withdraw
from playout.zones import UnknownZone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence


_UNANSWERED: Final = (
    NotAired,
    reasons.Unexplained,
    UnknownChannel,
    NoSuchChannel,
    NoWayBack,
    UnknownZone,
    BadKey,
    Corrupt,
)
"""What a command says when it was asked for what is not there."""

_WATCHED: Final = Path("channels.yaml")
"""The file that is watched, unless somebody says otherwise."""

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
"""Exit codes; argparse itself ends with 2."""

VIDEOS: Final = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".ts", ".m2ts", ".mts", ".avi", ".mpg", ".mpeg", ".wmv", ".flv"),
    *(".mxf", ".ogv", ".3gp"),
)
"""What counts as a film among the files in `media/sources/`."""

_log = logging.getLogger("fastline")
_out = Console(highlight=False, soft_wrap=True)


class Refused(Exception):
    """A command cannot do what it was asked: it says why, and what to do."""


# The command line


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    asked = parser().parse_args(arguments)
    journal.start(journal.Form(asked.log))
    try:
        code: int = asked.command(asked)
    except (Refused, NotOnAir, NotDrawn, *_UNANSWERED) as refused:
        print(f"fastline: {refused}", file=sys.stderr)
        return REFUSED
    except StoreDown as down:
        print(f"fastline: the store does not answer: {down}", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        sys.stdout = None
        return OK
    return code


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="fastline",
        description="Live 24/7 channels from a folder of videos, in HLS, with nothing encoded while on air.",
        epilog="Begin with `fastline up`. Every command has its own --help.",
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _serving(
        _command(commands, "up", _up, "run everything in one process; on an empty media folder, make a demo first")
    )
    _serving(_command(commands, "origin", _origin, "serve the channels of a store over HTTP, and nothing else"))
    _channels(_command(commands, "commit", _commit, "publish channels.yaml and keep the logs ahead of air"))
    _working(_command(commands, "worker", _worker, "package whatever is dropped into media/sources/"))
    _packaging(_command(commands, "package", _package, "package files into the library"))
    _checking(
        _command(commands, "check", _check, "say every mistake in channels.yaml, and what the library makes of it")
    )
    _planning(_command(commands, "plan", _plan, "say what an edited file would change on air; nothing is published"))
    _applying(_command(commands, "apply", _apply, "publish a file, after saying what that changes on air"))
    _going_back(_command(commands, "rollback", _rollback, "return a channel to an earlier revision"))
    _naming(_command(commands, "revisions", _revisions, "say who changed what of a channel, and when"))
    _simulating(_command(commands, "simulate", _simulate, "run a channel ahead for a year, and say what that comes to"))
    _command(commands, "schema", _schema, "print the JSON Schema of channels.yaml, for editors that complete it")
    _migrating(_command(commands, "migrate", _migrate, "turn another program's channel into a channels.yaml"))
    _listing(_command(commands, "guide", _guide, "say what is on, and what comes"))
    _asking_what_aired(_command(commands, "asrun", _asrun, "say what aired on a day, to the millisecond"))
    _asking_why(_command(commands, "why", _why, "say why something is on, was on or will be"))
    _rendering(_command(commands, "render", _render, "print a playlist as any origin would serve it at an instant"))
    _withdrawing(_command(commands, "withdraw", _withdraw, "pull assets off a channel's air; slate plays instead"))
    return top


Commands = argparse._SubParsersAction  # noqa: SLF001 — argparse has no public name for what it returns


def _command(
    commands: Commands[argparse.ArgumentParser], name: str, run: Callable[[argparse.Namespace], int], does: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
    command.set_defaults(command=run)
    command.add_argument(
        "--media", type=Path, default=Path("media"), metavar="DIR", help="the folder of the store (default: media)"
    )
    command.add_argument(
        "--log", choices=list(journal.Form), default=journal.Form.HUMAN.value, help="how the journal is written"
    )
    return command


def _channels(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--channels",
        type=Path,
        default=Path("channels.yaml"),
        metavar="FILE",
        help="the channels (default: channels.yaml); watched, so a good edit is published and a bad one is reported",
    )


def _serving(command: argparse.ArgumentParser) -> None:
    _channels(command)
    option = command.add_argument
    option(
        "--host",
        default="127.0.0.1",
        help="the address to listen on; 0.0.0.0 lets TVs and phones in (default: 127.0.0.1)",
    )
    option("--port", type=_port, default=os.environ.get("PORT") or "8080", help="the port (default: PORT, or 8080)")
    option("--base-path", default="", metavar="PATH", help="what stands before every path, e.g. /tv, behind a proxy")
    option("--access-log", action="store_true", help="write every answer to the journal")
    option("--public-url", default="", metavar="URL", help="how the world reaches this server, base path included")
    option(
        "--trusted-proxy",
        type=ip_network,
        action="append",
        default=[],
        metavar="NETWORK",
        help="believe X-Forwarded-* from here, e.g. 127.0.0.1/32; may be repeated",
    )


def _working(command: argparse.ArgumentParser) -> None:
    _channels(command)
    command.add_argument("--house", choices=list(HOUSES), help="the format (default: that of the first channel)")
    command.add_argument(
        "--jobs", type=_jobs, default=_cores(), metavar="N", help="encoders at the same time (default: one a core)"
    )


def _packaging(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("files", nargs="+", type=Path, metavar="FILE", help="a video; what stands in its side-car film.yaml counts")
    option("--title", default="", help="its title")
    option("--tag", action="append", default=[], metavar="TAG", help="a tag, by which channels choose; may be repeated")
    option("--kind", choices=list(Kind), type=Kind, metavar="KIND", help=f"one of {', '.join(Kind)}")
    option("--house", choices=list(HOUSES), default=DEFAULT_HOUSE, help=f"the format (default: {DEFAULT_HOUSE})")
    option("--jobs", type=_jobs, default=_cores(), metavar="N", help="encoders at the same time (default: one a core)")


def _checking(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("channels", nargs="?", type=Path, default=Path("channels.yaml"), metavar="FILE", help="the file")
    option("--strict", action="store_true", help="let warnings count as mistakes: exit code 1")
    option("--quick", action="store_true", help="leave out the simulation of the coming week")
    option("--format", choices=["text", "json"], default="text", help="lines for people (default), or JSON")


def _planning(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("channels", nargs="?", type=Path, default=_WATCHED, metavar="FILE", help="the file (default: channels.yaml)")
    option("--days", type=_month, default=2, metavar="N", help="how far ahead (default: 2)")
    option("--format", choices=["text", "json"], default="text", help="a diff for people (default), or JSON")


def _applying(command: argparse.ArgumentParser) -> None:
    _planning(command)
    command.add_argument("--yes", action="store_true", help="publish without asking")


def _going_back(command: argparse.ArgumentParser) -> None:
    _naming(command)
    command.add_argument(
        "revision", nargs="?", type=_number, metavar="REVISION", help="its number (default: the one before)"
    )


def _naming(command: argparse.ArgumentParser) -> None:
    command.add_argument("channel", metavar="CHANNEL", help="the channel's id")


def _simulating(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option("--days", type=_decade, default=365, metavar="N", help="how far ahead (default: 365)")
    option("--from", dest="start", type=_instant, metavar="INSTANT", help="when to begin (default: where the log ends)")
    option("--channels", type=Path, metavar="FILE", help="a file that is not published: what if it were")
    form = simulate.Form
    option("--format", choices=list(form), type=form, default=form.TEXT, help="tables (default), JSON, or a picture")
    option("--output", type=Path, metavar="FILE", help="where to write it (default: print)")


def _migrating(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("export", type=Path, metavar="FILE", help="an ErsatzTV sequential schedule, a Tunarr or a dizqueTV channel")
    option("--from", dest="program", choices=list(Program), type=Program, help="whose it is (default: as it looks)")
    option(
        "--output", type=Path, metavar="FILE", help="where to write channels.yaml; never over a file (default: print)"
    )


def _listing(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("channel", nargs="*", metavar="CHANNEL", help="ids of channels (default: all)")
    option("--at", type=_instant, metavar="INSTANT", help="when to begin, e.g. 2026-03-01T20:15Z (default: now)")
    option("--days", type=_days, metavar="N", help="how many days, at most 31; negative for days gone by")
    option("--hours", type=_hours, default=6, metavar="N", help="how many hours, without --days (default: 6)")
    option("--format", choices=list(guide.Form), type=guide.Form, default=guide.Form.TEXT, help="how it is written")
    option("--public-url", default="http://127.0.0.1:8080", metavar="URL", help="what the addresses in it begin with")


def _asking_what_aired(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option("day", metavar="DAY", help="e.g. 2026-03-01, or `today`, or `yesterday`, by the clocks of the channel")
    option("--utc", action="store_true", help="a day of UTC instead")
    option("--format", choices=["jsonl", "csv"], default="jsonl", help="JSON Lines (default) or CSV")
    option("--output", type=Path, metavar="FILE", help="where to write it, whole, with its digest in FILE.sha256")


def _asking_why(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option(
        "instant",
        nargs="*",
        metavar="INSTANT",
        help="`now` (default), 20:15, `yesterday 20:15` or 2026-03-01T20:15, by the clocks of the channel unless it "
        "ends in Z or an offset",
    )
    option("--format", choices=["text", "json"], default="text", help="for people (default), or for programs")


def _rendering(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option("rendition", metavar="RENDITION", help="e.g. v360 or a-en; `index` for the multivariant playlist")
    option("--at", type=_instant, metavar="INSTANT", help="when, e.g. 2026-03-01T20:15Z (default: now)")
    option(
        "--rendering", choices=list(Rendering), type=Rendering, default=Rendering.CMAF, help="how it is put on the wire"
    )


def _withdrawing(command: argparse.ArgumentParser) -> None:
    command.add_argument("channel", metavar="CHANNEL", help="the channel's id")
    command.add_argument("assets", nargs="+", metavar="ASSET", help="ids of assets")
    command.add_argument("--reason", default="", help="why, for whoever asks later")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 16:
        message = f"{text!r} is not a port: write a number from 1 to 65535"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _jobs(text: str) -> int:
    return _whole(text, 64)


def _month(text: str) -> int:
    return _whole(text, 31)


def _number(text: str) -> int:
    return _whole(text, 10**8 - 1)


def _hours(text: str) -> int:
    return _whole(text, 24 * 31)


def _days(text: str) -> int:
    return -_whole(text[1:], 31) if text.startswith("-") else _whole(text, 31)


def _decade(text: str) -> int:
    return _whole(text, 3653)


def _whole(text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= most:
        message = f"{text!r} is not a whole number from 1 to {most}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _instant(text: str) -> datetime:
    """An instant as people write it; without a zone it is UTC."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not an instant: write one like 2026-03-01T20:15Z or 2026-03-01T21:15+01:00"
        raise argparse.ArgumentTypeError(message) from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


# Commands that end by themselves


def _check(asked: argparse.Namespace) -> int:
    """Print every mistake, or what the channels would find in the library."""
    edit = config.load(asked.channels)
    as_json = asked.format == "json"
    if isinstance(edit, Faults):
        print(check.as_json(edit) if as_json else edit, file=sys.stdout if as_json else sys.stderr)
        return REFUSED
    now = system_clock().replace(microsecond=0)
    checked = check.check(edit, Station(DirStore(asked.media)), now, quick=asked.quick)
    if as_json:
        print(check.as_json(checked), end="")
    else:
        print(f"{asked.channels}: {_count(len(edit.drafts), 'channel')}, no mistakes")
        for number, name, programs in checked.channels:
            print(f"  {number:>5}  {name}: {_count(programs, 'program')} in the library")
        for line in check.lines(checked):
            print(line)
        print(check.summary(checked))
    return REFUSED if asked.strict and checked.count(Level.WARNING) else OK


def _plan(asked: argparse.Namespace) -> int:
    """Print what publishing would change."""
    gc.disable()  # a library is a million values that stay: looking through them again and again takes a second
    planned = _planned(asked, Signed(over=asked.channels != _WATCHED))
    print(documents.encode_readable(planned).decode() if asked.format == "json" else plan.written(planned), end="")
    return REFUSED if planned.refused else OK


def _planned(asked: argparse.Namespace, by: Signed) -> plan.Plan:
    return plan.plan(Station(DirStore(asked.media)), _programming(asked), system_clock(), asked.days, by)


def _programming(asked: argparse.Namespace) -> Programming:
    edit = config.load(asked.channels)
    if isinstance(edit, Faults):
        raise Refused(str(edit))
    return edit


def _apply(asked: argparse.Namespace) -> int:
    """Print the plan, ask, and publish; whoever watches another file does not publish that one over it."""
    store, programming = DirStore(asked.media), _programming(asked)
    library = scan(store, newest(store), system_clock())
    by = Signed(author=_user(), note="apply", over=asked.channels != _WATCHED)
    planned = _planned(asked, by)
    print(documents.encode_readable(planned).decode() if asked.format == "json" else plan.written(planned), end="")
    if not planned.empty and not asked.yes and not _agreed("Publish this?"):
        message = "nothing was published" if sys.stdin.isatty() else "nothing was published: to do so, add --yes"
        raise Refused(message)
    outcome = publish_signed(store, programming, library, system_clock(), by)
    for revision in outcome.revisions:
        print(f"{revision.channel.id}: revision {revision.number} published", file=sys.stderr)
    for alarm in outcome.alarms:
        print(f"fastline: {alarm.where}: {alarm.what}", file=sys.stderr)
    return REFUSED if planned.refused else OK


def _agreed(question: str) -> bool:
    """Whether somebody at a terminal says yes."""
    if not sys.stdin.isatty():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def _user() -> str:
    """Who is at work, as far as the system knows."""
    try:
        return getuser()
    except (KeyError, OSError):  # a container has users without names
        return ""


def _rollback(asked: argparse.Namespace) -> int:
    """Publish an earlier revision once more."""
    station = Station(DirStore(asked.media))
    found = rollback(station, asked.channel, asked.revision, system_clock(), _user())
    airs = f"reaches air after {found.effective + found.horizon:%Y-%m-%d %H:%M:%SZ}, and the program that is on then"
    print(f"{asked.channel}: revision {found.number} says what revision {found.restores} said; it {airs}")
    return OK


def _revisions(asked: argparse.Namespace) -> int:
    """Print a channel's revisions, the newest first."""
    told = revisions.revisions(Station(DirStore(asked.media)), asked.channel)
    print(revisions.written(told), end="")
    return OK


def _simulate(asked: argparse.Namespace) -> int:
    """Print or write what a channel would air, in figures."""
    station, now = Station(DirStore(asked.media)), system_clock().replace(microsecond=0)
    if asked.channels is None:
        run = simulate.of_station(station, asked.channel, asked.days, asked.start, now)
    else:
        run = simulate.of_revision(station, simulate.wanted(_draft(asked), station, now), asked.days, asked.start)
    if asked.output is None:
        simulate.write(run, asked.format, sys.stdout, Console(highlight=False) if sys.stdout.isatty() else None)
        return OK
    try:
        with asked.output.open("w", encoding="utf-8") as file:
            simulate.write(run, asked.format, file)
    except OSError as error:
        message = f"{asked.output} cannot be written: {error.strerror}"
        raise Refused(message) from error
    return OK


def _draft(asked: argparse.Namespace) -> Draft:
    """The channel that is asked for, as a file has it."""
    edit = config.load(asked.channels)
    if isinstance(edit, Faults):
        raise Refused(str(edit))
    found = next((draft for draft in edit.drafts if draft.id == asked.channel), None)
    if found is None:
        known = ", ".join(draft.id for draft in edit.drafts) or "none"
        message = f"there is no channel {asked.channel!r} in {asked.channels}; there is: {known}"
        raise Refused(message)
    return found


def _schema(_asked: argparse.Namespace) -> int:
    """Print what editors need to know of channels.yaml."""
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return OK


def _migrate(asked: argparse.Namespace) -> int:
    """Print the channels.yaml for an export, and on standard error what is different."""
    try:
        with asked.export.open("rb") as file:
            migration = migrate(file.read(LARGEST_EXPORT + 1), asked.export.name, asked.program)
    except (Unreadable, OSError) as error:
        message = f"{asked.export}: {error.strerror if isinstance(error, OSError) else error}"
        raise Refused(message) from error
    print(f"from {migration.program}\n\n{migration.report}", file=sys.stderr)
    if asked.output is None:
        print(migration.text, end="")
        return OK
    try:
        with asked.output.open("x", encoding="utf-8") as file:
            file.write(migration.text)
    except OSError as error:
        message = f"{asked.output}: {error.strerror}; nothing was written, so give --output another name"
        raise Refused(message) from error
    return OK


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _package(asked: argparse.Namespace) -> int:
    """Package the files; 1 when one of them was refused."""
    said = Sidecar(title=asked.title, tags=tuple(asked.tag), kind=asked.kind)
    order = Batch(asked.media, HOUSES[asked.house], said, asked.jobs)

    async def work() -> int:
        with shown(wanted=asked.log == journal.Form.HUMAN) as bars:
            outcomes = await batch.package(asked.files, order, tell=bars.tell, clock=system_clock, done=bars.done)
        packaged = [outcome for outcome in outcomes if isinstance(outcome, Packaged)]
        for outcome in packaged:
            print(f"{outcome.asset.id}  {outcome.asset.about.title}")
        return OK if len(packaged) == len(outcomes) else REFUSED

    return _until_done(work(), stopped="stopped; what is encoded is kept, and the next run goes on from there")


def _guide(asked: argparse.Namespace) -> int:
    """Print what is on; what a partner would refuse of it is said beside it."""
    station, now = Station(DirStore(asked.media)), system_clock().replace(microsecond=0)
    channels = asked.channel or station.channels(now)
    if not channels:
        message = f"there are no channels in {asked.media}: `fastline up` or `fastline commit` publishes channels.yaml"
        raise Refused(message)
    start, stop = guide.between(asked.format, now, asked.at, asked.days, asked.hours)
    now = guide.as_of(asked.format, now, asked.at)
    listed = [guide.listed(station, channel, start, stop) for channel in channels]
    try:
        print(guide.written(asked.format, listed, asked.public_url, now), end="")
    except guide.OneChannel as several:
        raise Refused(str(several)) from several
    for fault in guide.refused(asked.format, listed, now):
        print(f"fastline: would be refused: {fault}", file=sys.stderr)
    return OK


def _asrun(asked: argparse.Namespace) -> int:
    """Print or write what aired; the same bytes on every machine."""
    report = aired(Station(DirStore(asked.media)), asked.channel, asked.day, system_clock(), utc=asked.utc)
    text = jsonl(report) if asked.format == "jsonl" else comma_separated(report)
    if asked.output is None:
        sys.stdout.buffer.write(text.encode())
        return OK
    try:
        digest = keep(text, asked.output)
    except OSError as error:
        message = f"{asked.output} cannot be written: {error.strerror}"
        raise Refused(message) from error
    state = "complete" if report.complete else "not complete"
    found = f"{_count(len(report.rows), 'row')}, {state}, {len(report.discrepancies)} discrepancies"
    print(f"{asked.channel} {report.day.date}: {found}; {asked.output} has SHA-256 {digest}")
    return OK


def _why(asked: argparse.Namespace) -> int:
    """Print why something is on."""
    when = " ".join(asked.instant) or "now"
    answer = reasons.asked(Station(DirStore(asked.media)), asked.channel, when, system_clock())
    as_json = asked.format == "json"
    print(json.dumps(answer.document, ensure_ascii=False, indent=1) if as_json else answer.text.rstrip())
    return OK


def _render(asked: argparse.Namespace) -> int:
    """Print one playlist."""
    store, at = DirStore(asked.media), asked.at or system_clock()
    print(render(store, asked.channel, asked.rendition, at, asked.rendering), end="")
    return OK


def _withdraw(asked: argparse.Namespace) -> int:
    """Write the order."""
    store = DirStore(asked.media)
    unknown = [asset for asset in asked.assets if asset not in newest(store)]
    if unknown:
        message = f"not in the library: {', '.join(unknown)}. `ls {asked.media}/assets` shows the ids"
        raise Refused(message)
    number = withdraw(store, asked.channel, asked.assets, system_clock(), asked.reason)
    print(f"order {number}: {len(asked.assets)} off the air of {asked.channel}, within seconds on every origin")
    return OK


# Commands that run until they are stopped


def _up(asked: argparse.Namespace) -> int:
    """The whole of Fastline in one process."""
    return _until_done(_all(asked))


def _origin(asked: argparse.Namespace) -> int:
    """An origin alone."""
    return _until_done(_serve(asked))


def _commit(asked: argparse.Namespace) -> int:
    """A publisher and committer alone."""
    return _until_done(_keep(asked))


def _worker(asked: argparse.Namespace) -> int:
    """A packager of the watched folder alone."""
    house = HOUSES[asked.house] if asked.house else _house(asked)
    return _until_done(_take_in(asked, house, asked.jobs))


def _until_done(work: Coroutine[None, None, int], stopped: str = "") -> int:
    """Run `work` to its end, or until Ctrl-C or SIGTERM; that cancels it, and says `stopped`."""

    async def cancellable() -> int:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is not None:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, task.cancel)
        try:
            return await work
        except asyncio.CancelledError:
            if stopped:
                print(f"\n{stopped}", file=sys.stderr)
            return REFUSED if stopped else OK
        except ExceptionGroup as group:
            raise _only(group) from group

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(cancellable())


def _only(failure: Exception) -> Exception:
    """The failure that a task group passed on, where it is a single one."""
    while isinstance(failure, ExceptionGroup) and len(failure.exceptions) == 1:
        failure = failure.exceptions[0]
    return failure


async def _all(asked: argparse.Namespace) -> int:
    """HTTP first, so that the page can say what is going on; then the library; then whatever changes."""
    store, clock = DirStore(asked.media), SteadyClock()
    follower = Follower(store, clock)
    async with _listening(asked, follower, clock) as address, asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(Committer(store, follower, clock).run())
        tasks.create_task(_announce(follower, address))
        await follower.ready.wait()  # what is on air is served before anything else is read
        await _fill(asked, store)
        house = await asyncio.to_thread(_house, asked)
        tasks.create_task(_take_in(asked, house, _cores()))
        tasks.create_task(watch(asked.channels, store, clock, Reporter().report))
    return OK


async def _serve(asked: argparse.Namespace) -> int:
    clock = SteadyClock()
    follower = Follower(DirStore(asked.media), clock)
    async with _listening(asked, follower, clock) as address, asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(_announce(follower, address))
    return OK


async def _keep(asked: argparse.Namespace) -> int:
    store, clock = DirStore(asked.media), SteadyClock()
    follower = Follower(store, clock)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(Committer(store, follower, clock).run())
        tasks.create_task(watch(asked.channels, store, clock, Reporter().report))
    return OK


async def _take_in(asked: argparse.Namespace, house: House, jobs: int) -> int:
    """Package what is dropped into the watched folder."""
    _log.info("watching %s", asked.media / dropbox.FOLDER, extra={"action": "watching"})
    with shown(wanted=asked.log == journal.Form.HUMAN) as bars:
        order = Batch(asked.media, house, jobs=jobs)
        await dropbox.watch(order, tell=bars.tell, clock=system_clock, done=bars.done, stop=asyncio.Event())
    return OK


def _house(asked: argparse.Namespace) -> House:
    """The format of the first channel: what is dropped in is packaged for it.

    While there are mistakes in the channels it is that of the library, which plays on.
    """
    edit = config.load(asked.channels)
    houses = [draft.house for draft in edit.drafts] if isinstance(edit, Programming) else []
    houses += [kit.house for kit in newest(DirStore(asked.media)).catalog.kits]
    if not houses:
        raise Refused(_nothing_to_air(edit))
    return HOUSES[houses[0]]


@asynccontextmanager
async def _listening(asked: argparse.Namespace, follower: Follower, clock: SteadyClock) -> AsyncIterator[str]:
    """An origin that answers; the address under which people reach it."""
    try:
        networks = tuple(asked.trusted_proxy)
        settings = Settings(asked.base_path, asked.public_url, networks, access_log=asked.access_log)
    except ValueError as error:
        raise Refused(str(error)) from error
    store = DirStore(asked.media)
    app = create_app(lambda: follower.view, lambda: follower.changed, store, clock, settings, catalogs=follower.catalog)
    runner = LaneRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, asked.host, asked.port).start()
        except OSError as error:
            raise Refused(_unheard(asked, error)) from error
        host = gethostname() if asked.host in {"0.0.0.0", "::"} else asked.host  # noqa: S104 — compared, not bound
        yield asked.public_url or f"http://{host}:{asked.port}{asked.base_path}"
    finally:
        await runner.cleanup()


def _unheard(asked: argparse.Namespace, error: OSError) -> str:
    """Why nobody can listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        other = asked.port % 65535 + 1
        return (
            f"port {asked.port} is in use by another program, perhaps by another Fastline. Stop it, or take "
            f"another port: `PORT={other} make up` or `fastline {asked.command.__name__[1:]} --port {other}`"
        )
    return f"cannot listen on {asked.host} port {asked.port}: {error.strerror or error}"


async def _announce(follower: Follower, address: str) -> None:
    """Say what to open, as soon as there is something to see; then each channel that is added."""
    _out.print(f"The page is at {address}/")
    known: set[str] = set()
    while True:
        changed = follower.changed
        fresh = by_number(on_air.channel for on_air in follower.view.channels.values() if on_air.log.airings)
        fresh = [channel for channel in fresh if channel.id not in known]
        if fresh:
            if not known:
                _out.print(f"\n[bold]On air.[/bold] Open [bold]{address}/[/bold] or, in a player:\n")
                _out.print(f"  all channels  {address}/iptv/channels.m3u\n  their guide   {address}/iptv/xmltv.xml")
            for channel in fresh:
                _out.print(f"  {channel.number:>5}  {channel.name:<22}  {address}/live/{channel.id}/index.m3u8")
            known |= {channel.id for channel in fresh}
        await changed.wait()


@dataclass(slots=True)
class Reporter:
    """Tells the journal what a watch comes to, each thing once."""

    said: frozenset[str] = frozenset()

    def report(self, desk: Desk) -> None:
        """Say what is new since the last report."""
        for revision in desk.published.revisions:
            name, number = revision.channel.id, revision.number
            _log.info("%s: revision %d published", name, number, extra={"action": "published", "channel": name})
        alarms = {f"{alarm.where}: {alarm.what}": alarm for alarm in desk.alarms}
        for words, alarm in alarms.items():
            if words not in self.said:
                _log.warning("%s", words, extra={"action": "alarm", "where": alarm.where})
        self.said = frozenset(alarms)


# The first start: a library from nothing


async def _fill(asked: argparse.Namespace, store: DirStore) -> None:
    """Package what lies in `media/sources/` when the library is empty; with no film there, make the demo's.

    The shortest comes first, and a channel is published as soon as there is a program for it: one that
    was published before would have its horizon full of slate. Of the demo's channels the one with the
    shortest horizon goes ahead, and the others wait until they can choose from all films.
    """
    sources = asked.media / dropbox.FOLDER
    # what `fastline package` made counts as well, though nobody has made an edition of it yet
    library = await asyncio.to_thread(lambda: scan(store, newest(store), system_clock()))
    if not library.catalog.items and not _films(sources):
        await asyncio.to_thread(samples.begin, sources)
    demo = await asyncio.to_thread(samples.unfinished, sources)
    if library.catalog.items and not demo:
        return
    programming = config.load(asked.channels)
    if isinstance(programming, Faults):
        if library.catalog.items:
            return
        raise Refused(_nothing_to_air(programming))
    with shown(wanted=asked.log == journal.Form.HUMAN) as bars:
        if demo:
            _log.info("making a demo library in %s", sources, extra={"action": "samples"})
        await samples.draw(sources, demo[:1])
        first, *rest = _films(sources)
        await _package_all(asked, programming, [first], bars)
        await asyncio.to_thread(_publish_ready, store, programming, all_of_them=not demo)
        await samples.draw(sources, demo[1:])
        if demo:
            await _package_all(asked, programming, _films(sources), bars)
            return
        for film in rest:
            await _package_all(asked, programming, [film], bars)
            await asyncio.to_thread(_publish_ready, store, programming, all_of_them=True)


async def _package_all(asked: argparse.Namespace, programming: Programming, films: list[Path], bars: Bars) -> None:
    """Package `films` for every house that has a channel."""
    for house in dict.fromkeys(draft.house for draft in programming.drafts):
        order = Batch(asked.media, HOUSES[house], jobs=_cores())
        await batch.package(films, order, tell=bars.tell, clock=system_clock, done=bars.done)


def _publish_ready(store: DirStore, programming: Programming, *, all_of_them: bool) -> None:
    """Publish the channels that have a program, or, at first, one of them."""
    now = system_clock()
    library = scan(store, newest(store), now)
    shelves = Shelves(library.catalog)
    known = [draft for draft in programming.drafts if newest_revision(store, draft.id) is not None]
    fresh = [draft for draft in programming.drafts if draft not in known and shelves.programs(draft.house, draft.rules)]
    fresh.sort(key=lambda draft: draft.horizon)
    publish(store, replace(programming, drafts=(*known, *(fresh if all_of_them else fresh[:1]))), library, now)


def _nothing_to_air(edit: Programming | Faults) -> str:
    """Why nothing can go on air with these channels."""
    if isinstance(edit, Faults):
        return f"there are mistakes in the channels, so nothing can go on air:\n{edit}"
    return f"{edit.where} has no channels: add one"


def _films(sources: Path) -> list[Path]:
    """The films that lie in `sources`, the smallest first."""
    if not sources.is_dir():
        return []
    found = [entry for entry in sources.rglob("*") if entry.suffix.lower() in VIDEOS and not entry.name.startswith(".")]
    return sorted(found, key=lambda film: (film.stat().st_size, film.name))


if __name__ == "__main__":
    sys.exit(main())
