"""The command line, and the whole of Fastline in one process: the only module that knows all its packages."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING, Final

import uvloop
from aiohttp import web
from rich.console import Console

from control_api import command_line as api
from control_api import keeping_commands as keeping
from packager import batch, folders, samples
from packager import watch as dropbox
from packager.bars import SHARES, Bars, shown
from packager.batch import Batch, Interrupted, Packaged
from packager.look import Look, Unseen, look
from packager.run import ffmpeg_binary
from packager.samples import NotDrawn
from packager.sidecar import Sidecar
from packager.source import Refusal
from playout import config, journal
from playout.clock import SteadyClock, system_clock
from playout.commands import OK, REFUSED, UNANSWERED, Refused, command, register, reloading
from playout.commands.options import WATCHED, whole
from playout.commit import Committer
from playout.config import Faults, Programming
from playout.core.asset import Kind
from playout.core.house import DEFAULT_HOUSE, HOUSES, House
from playout.core.listing import by_number
from playout.core.shelves import Shelves
from playout.core.ticks import TIMEBASE
from playout.core.token import OnDemand
from playout.follow import Follower
from playout.keyring import keys_file
from playout.library import newest, scan
from playout.origin import LaneRunner, Settings, create_app
from playout.page.build import HLS
from playout.publish import newest_revision, publish
from playout.store import StoreDown
from playout.watch import Desk, watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence

    from control_api.beside import Neighbor
    from control_api.imports.folders import Reading
    from control_api.jobs.kinds import AnyKind
    from control_api.jobs.packaging import Order, Packed, Unpackaged
    from control_api.settings import Settings as ApiSettings
    from control_api.uploads.content import Probed, Unfit
    from packager.job import Outcome
    from packager.progress import Progress
    from playout.core.asset import Asset
    from playout.core.ticks import Ticks
    from playout.store import Store


VIDEOS: Final = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".ts", ".m2ts", ".mts", ".avi", ".mpg", ".mpeg", ".wmv", ".flv"),
    *(".mxf", ".ogv", ".3gp"),
)
"""What counts as a film among the files in `media/sources/`."""

_HERE: Final = Path(__file__).resolve()
_PACKAGES: Final = ("playout", "packager", "control_api")

_log = logging.getLogger("fastline")
_out = Console(highlight=False, soft_wrap=True)


# The command line


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    asked = parser().parse_args(arguments)
    journal.start(journal.Form(asked.log))
    if getattr(asked, "reload", False):
        words = reloading.without(sys.argv[1:] if arguments is None else arguments)
        reloading.run([sys.executable, str(_HERE), *words], [_HERE, *(_HERE.with_name(name) for name in _PACKAGES)])
        return OK
    try:
        code: int = asked.command(asked)
    except (NotDrawn, *UNANSWERED) as refused:
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
    up = command(commands, "up", _up, "run everything in one process; on an empty media folder, make a demo first")
    _serving(up)
    up.add_argument("--api-port", type=_port, metavar="PORT", help="the port of the API (default: 8081)")
    up.add_argument("--reload", action="store_true", help=api.RELOAD)
    up.add_argument("--no-api", action="store_true", help="leave the API out: `fastline api` serves it by itself")
    _serving(command(commands, "origin", _origin, "serve the channels of a store over HTTP, and nothing else"))
    _channels(command(commands, "commit", _commit, "publish channels.yaml and keep the logs ahead of air"))
    worker = "package whatever is dropped into media/sources/, and do the jobs of the API"
    _working(command(commands, "worker", _worker, worker))
    _packaging(command(commands, "package", _package, "package files into the library"))
    register(commands)
    api.register(commands, _until_done, ffmpeg_binary, [("python -m playout.page.build hls.js", HLS.built)])
    keeping.register(commands, _until_done, films_of, samples.TITLES)
    return top


def _channels(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--channels",
        type=Path,
        default=WATCHED,
        metavar="FILE",
        help="the channels (default: FASTLINE_CHANNELS, or channels.yaml); watched, so a good edit is published and a "
        "bad one is reported",
    )


def _serving(made: argparse.ArgumentParser) -> None:
    _channels(made)
    option = made.add_argument
    option(
        "--host",
        default="127.0.0.1",
        help="the address to listen on; 0.0.0.0 lets TVs and phones in (default: 127.0.0.1)",
    )
    option("--port", type=_port, default=os.environ.get("PORT") or "8080", help="the port (default: PORT, or 8080)")
    option("--base-path", default="", metavar="PATH", help="what stands before every path, e.g. /tv, behind a proxy")
    option("--access-log", action="store_true", help="write every answer to the journal")
    option(
        "--on-demand",
        choices=list(OnDemand),
        default=os.environ.get("FASTLINE_ON_DEMAND") or OnDemand.AUTO.value,
        help="whether films on demand take a signed address (default: auto, as soon as one channel does)",
    )
    option("--public-url", default="", metavar="URL", help="how the world reaches this server, base path included")
    option(
        "--trusted-proxy",
        type=ip_network,
        action="append",
        default=[],
        metavar="NETWORK",
        help="believe X-Forwarded-* from here, e.g. 127.0.0.1/32; may be repeated",
    )
    option(
        "--tokens-checked",
        action="store_true",
        help="every proxy before this server asks whether a token is good before it gives away what it keeps, as in "
        "docs/delivery.md: it may share what is bound to a network",
    )


def _working(made: argparse.ArgumentParser) -> None:
    _channels(made)
    made.set_defaults(media=None)
    made.add_argument("--house", choices=list(HOUSES), help="the format (default: that of the first channel)")
    made.add_argument(
        "--jobs", type=_jobs, default=_cores(), metavar="N", help="encoders at the same time (default: one a core)"
    )
    made.add_argument(
        "--queue-only",
        action="store_true",
        help="leave the folder alone and do jobs: of several workers on one store, one watches it",
    )


def _packaging(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("files", nargs="+", type=Path, metavar="FILE", help="a video; what stands in its side-car film.yaml counts")
    option("--title", default="", help="its title")
    option("--tag", action="append", default=[], metavar="TAG", help="a tag, by which channels choose; may be repeated")
    option("--kind", choices=list(Kind), type=Kind, metavar="KIND", help=f"one of {', '.join(Kind)}")
    option("--house", choices=list(HOUSES), default=DEFAULT_HOUSE, help=f"the format (default: {DEFAULT_HOUSE})")
    option("--jobs", type=_jobs, default=_cores(), metavar="N", help="encoders at the same time (default: one a core)")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 16:
        message = f"{text!r} is not a port: write a number from 1 to 65535"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _jobs(text: str) -> int:
    return whole(text, 64)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


# Commands that end by themselves


def _package(asked: argparse.Namespace) -> int:
    """Package the files; 1 when one of them was refused."""
    said = Sidecar(title=asked.title, tags=tuple(asked.tag), kind=asked.kind)
    order = Batch(asked.media.folder, HOUSES[asked.house], said, asked.jobs, store=asked.media.store())

    async def work() -> int:
        with shown(wanted=asked.log == journal.Form.HUMAN) as bars:
            outcomes = await batch.package(asked.files, order, tell=bars.tell, clock=system_clock, done=bars.done)
        packaged = [outcome for outcome in outcomes if isinstance(outcome, Packaged)]
        for outcome in packaged:
            print(f"{outcome.asset.id}  {outcome.asset.about.title}")
        return OK if len(packaged) == len(outcomes) else REFUSED

    return _until_done(work(), stopped="stopped; what is encoded is kept, and the next run goes on from there")


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
    """A packager of the watched folder, which also does the jobs of the API where there is a database."""
    settings = api.settled(asked)
    asked.media = settings.place

    async def work() -> int:
        async with asyncio.TaskGroup() as tasks:
            if not asked.queue_only:
                house = HOUSES[asked.house] if asked.house else await asyncio.to_thread(_house, asked)
                tasks.create_task(_take_in(asked, house, asked.jobs))
            tasks.create_task(_labour(asked, settings, asked.jobs))
        return OK

    return _until_done(work())


async def _labour(asked: argparse.Namespace, settings: ApiSettings, jobs: int) -> None:
    """Do the jobs of the API."""
    from control_api import workers  # noqa: PLC0415 — the libraries of the database take a second to read

    await workers.work(settings, system_clock, _kinds(asked, jobs, settings.packages_at_once))


def _kinds(asked: argparse.Namespace, jobs: int, at_once: int) -> list[AnyKind]:
    """The kinds of jobs for which the API needs the packager; `jobs` encoders at the same time, so many sources."""
    from control_api.assets.poster import drawing  # noqa: PLC0415 — as above
    from control_api.imports.folders import importing  # noqa: PLC0415 — as above
    from control_api.jobs.packaging import packaging  # noqa: PLC0415 — as above
    from control_api.uploads.taking_in import taking_in  # noqa: PLC0415 — as above

    store: Store = asked.media.store()

    async def package(order: Order) -> Packed | Unpackaged:
        given = order.given
        if given.folder and (out := await asyncio.to_thread(folders.strays, order.source, order.within)):
            return _came(folders.astray(order.source, out))
        said = Sidecar(
            title=given.title,
            tags=given.tags,
            kind=given.kind,
            series=given.series,
            season=given.season,
            episode=given.episode,
            description=given.description,
            rating=given.rating,
            language=given.language,
        )
        chosen = HOUSES[given.house] if given.house else await asyncio.to_thread(_usual, asked)
        outcome = await batch.package_one(
            order.source,
            Batch(order.media, chosen, said, jobs, store=store),
            tell=lambda step: _hear(order, step),
            clock=system_clock,
            called=given.name,
            rendition=given.rendition,
            keeps=order.keeps,
        )
        return _came(outcome)

    films = importing(lambda: _films_of(asked))
    return [packaging(package, at_once=at_once), taking_in(_looked), drawing(_drawn), films]


def _usual(asked: argparse.Namespace) -> House:
    """The format of what nobody said a format of."""
    try:
        return HOUSES[asked.house] if getattr(asked, "house", None) else _house(asked)
    except Refused:  # a worker on another machine may have no channels.yaml, and need none
        return HOUSES[DEFAULT_HOUSE]


def films_of(settings: ApiSettings) -> Reading:
    """How the API reads the films of a folder, and their side-cars."""
    return _films_of(argparse.Namespace(channels=settings.channels, media=settings.place))


def _films_of(asked: argparse.Namespace) -> Reading:
    from control_api.imports.folders import Becoming, Reading  # noqa: PLC0415 — as above
    from control_api.uploads.content import Unfit  # noqa: PLC0415 — as above

    async def becomes(film: Path, root: Path, house: str) -> Becoming | Unfit:
        chosen = HOUSES[house] if house else await asyncio.to_thread(_usual, asked)
        found = await folders.becomes(film, root, Batch(asked.media.folder, chosen))
        if isinstance(found, Refusal):
            return Unfit(reason=found.reason, advice=found.advice)
        return Becoming(found, chosen.name)

    return Reading(folders.films, becomes, _looked)


async def _drawn(store: Store, asset: Asset, moment: Ticks) -> bytes:
    """The picture of an asset at a moment."""
    from packager.pictures import still  # noqa: PLC0415 — the libraries of pictures take a while to read

    return await asyncio.to_thread(still, store, asset, moment)


async def _looked(path: Path) -> Probed | Unfit:
    """What is in an uploaded file, as a process of the packager sees it."""
    from control_api.uploads.content import Probed, Unfit  # noqa: PLC0415 — as above

    found = await look(path)
    if isinstance(found, Look):
        return Probed.model_validate(asdict(found))
    advice = found.advice if isinstance(found, Refusal) else ""
    return Unfit(reason=found.reason, advice=advice, again=isinstance(found, Unseen) and found.again)


def _hear(order: Order, step: Progress) -> None:
    """Tell a job how far its source is; not how far the house's slate is, which comes before."""
    from control_api.jobs.packaging import Heard  # noqa: PLC0415 — as above

    if step.file != str(order.source):
        return
    start, length = SHARES[step.stage]
    parts = {name: round(share * 1000) for name, share in step.parts}
    order.hear(Heard(step.stage.value, round((start + length * step.fraction) * 1000), parts))


def _came(outcome: Outcome) -> Packed | Unpackaged:
    """What came of packaging, as a job tells it."""
    from control_api.jobs.packaging import Packed, Rendition, Unpackaged  # noqa: PLC0415 — as above

    if not isinstance(outcome, Packaged):
        return Unpackaged(outcome.reason, outcome.advice, again=isinstance(outcome, Interrupted))
    asset = outcome.asset
    renditions = [
        Rendition(
            name=track.name,
            media=track.media.value,
            codecs=track.codecs,
            language=track.language,
            bandwidth=track.bandwidth,
            average=track.average,
            bytes=track.offsets[-1],
        )
        for track in asset.tracks
    ]
    length = asset.cuts.end * 1000 // TIMEBASE
    return Packed(
        asset=asset.id, house=asset.house, is_new=outcome.new, duration_ms=length, renditions=renditions,
        notes=list(outcome.notes),
    )  # fmt: skip


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
    """HTTP first, so that the page can say what is going on; then the library; then whatever changes, and the API."""
    store, clock = asked.media.store(), SteadyClock()
    follower = Follower(store, clock)
    async with _listening(asked, follower, clock) as address, asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(Committer(store, follower, clock).run())
        tasks.create_task(_announce(follower, address))
        await follower.ready.wait()  # what is on air is served before anything else is read
        if not asked.no_api:
            tasks.create_task(_manage(asked, address))
        await _fill(asked, store)
        house = await asyncio.to_thread(_house, asked)
        tasks.create_task(_take_in(asked, house, _cores()))
        tasks.create_task(watch(asked.channels, store, clock, Reporter().report))
    return OK


async def _manage(asked: argparse.Namespace, address: str) -> None:
    """Serve the API in a thread of its own, of which the engine notices nothing: no mistake in its settings, either."""
    try:
        neighbor = await asyncio.to_thread(_neighbor, asked, address)
    except Refused as refused:
        left_out = "the API is left out until the next start; channels play on"
        for line in (*str(refused).splitlines(), left_out):  # a line of the journal for each
            _log.error("%s", line, extra={"action": "unserved"})
        return
    from control_api.beside import beside  # noqa: PLC0415 — as above

    async with beside(neighbor):
        await asyncio.Event().wait()


def _neighbor(asked: argparse.Namespace, address: str) -> Neighbor:
    """The API that is to run; raises `Refused` with every mistake in its settings."""
    from control_api.beside import Neighbor  # noqa: PLC0415 — the libraries of the database take a second to read

    given = {
        "media": asked.media,
        "channels": asked.channels,
        "port": asked.api_port,
        "trusted_proxies": asked.trusted_proxy or None,
        "on_demand": asked.on_demand,
    }
    settings = api.settled(argparse.Namespace(**given), tuple(given))
    if "origin_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"origin_url": address})
    return Neighbor(settings, api.tell, api.welcome, _kinds(asked, _cores(), settings.packages_at_once))


async def _serve(asked: argparse.Namespace) -> int:
    clock = SteadyClock()
    follower = Follower(asked.media.store(), clock)
    async with _listening(asked, follower, clock) as address, asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(_announce(follower, address))
    return OK


async def _keep(asked: argparse.Namespace) -> int:
    store, clock = asked.media.store(), SteadyClock()
    follower = Follower(store, clock)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(Committer(store, follower, clock).run())
        tasks.create_task(watch(asked.channels, store, clock, Reporter().report))
    return OK


async def _take_in(asked: argparse.Namespace, house: House, jobs: int) -> int:
    """Package what is dropped into the watched folder."""
    _log.info("watching %s", asked.media.folder / dropbox.FOLDER, extra={"action": "watching"})
    with shown(wanted=asked.log == journal.Form.HUMAN) as bars:
        order = Batch(asked.media.folder, house, jobs=jobs, store=asked.media.store())
        await dropbox.watch(order, tell=bars.tell, clock=system_clock, done=bars.done, stop=asyncio.Event())
    return OK


def _house(asked: argparse.Namespace) -> House:
    """The format of the first channel: what is dropped in is packaged for it.

    While there are mistakes in the channels it is that of the library, which plays on.
    """
    edit = config.load(asked.channels)
    houses = [draft.house for draft in edit.drafts] if isinstance(edit, Programming) else []
    houses += [kit.house for kit in newest(asked.media.store()).catalog.kits]
    if not houses:
        raise Refused(_nothing_to_air(edit))
    return HOUSES[houses[0]]


@asynccontextmanager
async def _listening(asked: argparse.Namespace, follower: Follower, clock: SteadyClock) -> AsyncIterator[str]:
    """An origin that answers; the address under which people reach it."""
    try:
        networks = tuple(asked.trusted_proxy)
        settings = Settings(
            asked.base_path,
            asked.public_url,
            networks,
            access_log=asked.access_log,
            stream_keys=keys_file(asked.media.folder, os.environ),
            on_demand=_on_demand(asked.on_demand),
            tokens_checked=asked.tokens_checked,
        )
    except ValueError as error:
        raise Refused(str(error)) from error
    store = asked.media.store()
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


def _on_demand(text: str) -> OnDemand:
    """Raises `ValueError` for another word in the environment."""
    if text not in set(OnDemand):
        message = f"FASTLINE_ON_DEMAND is {text!r}: write {', '.join(OnDemand)}"
        raise ValueError(message)
    return OnDemand(text)


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


async def _fill(asked: argparse.Namespace, store: Store) -> None:
    """Package what lies in `media/sources/` when the library is empty; with no film there, make the demo's.

    The shortest comes first, and a channel is published as soon as there is a program for it: one that
    was published before would have its horizon full of slate. Of the demo's channels the one with the
    shortest horizon goes ahead, and the others wait until they can choose from all films.
    """
    sources = asked.media.folder / dropbox.FOLDER
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
        order = Batch(asked.media.folder, HOUSES[house], jobs=_cores(), store=asked.media.store())
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
