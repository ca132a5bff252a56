"""What `fastline doctor` asks: whether everything that Fastline stands on is there, and what to do where it is not."""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from platform import platform, python_version
from typing import TYPE_CHECKING, Final

import av

from control_api import schema
from control_api.channels.file import trouble
from control_api.database import Database, is_outage
from control_api.library.search import has_trigrams
from control_api.notices.smtp import Counter, Unreachable
from control_api.settings import hidden
from control_api.sizes import MIB, sized
from control_api.tables.search import MISSING_TRIGRAMS
from playout.clock import system_clock
from playout.media import Nowhere, Place
from playout.store import StoreDown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from control_api.settings import Settings

_SCARCE: Final = 10 << 30
_TOO_LITTLE: Final = 1 << 30
_APART_SECONDS: Final = 2.0
_BUILT: Final = datetime(2026, 1, 1, tzinfo=UTC)  # a clock that says less was never set
_NOT_IN_STEP: Final = 5  # adjtimex(2): TIME_ERROR
_ENCODERS: Final = ("libx264", "aac")
_PATIENCE: Final = 20  # seconds


class State(StrEnum):
    """How something is."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look came to."""

    name: str
    state: State
    text: str
    """What was found."""
    advice: str = ""
    """What to do, unless all is well."""


def written(findings: Iterable[Finding]) -> str:
    """The findings as people read them: a line each, and what to do below it."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<8} {finding.name:<10} {finding.text}")
        if finding.advice:
            lines.append(f"{'':<19} {finding.advice}")
    return "\n".join(lines)


def as_json(findings: Iterable[Finding]) -> str:
    """The same for programs."""
    rows = [{"name": one.name, "state": one.state, "text": one.text, "advice": one.advice or None} for one in findings]
    return json.dumps({"findings": rows}, indent=1, ensure_ascii=False)


async def examine(settings: Settings, ffmpeg: Finding | str, assets: Sequence[tuple[str, Path]]) -> list[Finding]:
    """Look at everything; `ffmpeg` is its path, or why there is none, `assets` are built files and who builds them."""
    return [
        itself(),
        ffmpeg if isinstance(ffmpeg, Finding) else encoder(ffmpeg),
        decoder(),
        await database(settings),
        store(settings.place),
        disk(settings),
        channels(settings.channels),
        clock(settings.media),
        port(settings),
        mail(settings),
        *([bound(settings)] if settings.stream_bound_to != "none" else []),
        *(asset(command, path) for command, path in assets),
    ]


def itself() -> Finding:
    """Which version this is, and what it runs on: what every report begins with."""
    return Finding("Fastline", State.OK, f"version {version('fastline')}, Python {python_version()}, {platform()}")


def encoder(path: str) -> Finding:
    """Whether ffmpeg runs, and has the encoders of the house format."""
    advice = "Unset FASTLINE_FFMPEG for the ffmpeg that comes with Fastline, or name one with libx264 and aac."
    command = [path, "-hide_banner", "-encoders"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)  # noqa: S603 — the ffmpeg that is set
        named = subprocess.run([path, "-version"], capture_output=True, text=True, check=False, timeout=_PATIENCE)  # noqa: S603 — the same
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("ffmpeg", State.FAULT, f"{path} cannot be run: {error}", advice)
    known = {words[1] for line in done.stdout.splitlines() if len(words := line.split()) > 1}
    lacking = [name for name in _ENCODERS if name not in known]
    if done.returncode != 0 or lacking:
        return Finding("ffmpeg", State.FAULT, f"{path} has no encoder {', '.join(lacking or ['at all'])}", advice)
    told = (named.stdout.split() or ["", "", "?"])[2:3]
    return Finding("ffmpeg", State.OK, f"version {told[0] if told else '?'}, {path}")


def decoder() -> Finding:
    """Whether PyAV can look into files."""
    if "h264" not in av.codecs_available:
        advice = "Install the wheel of PyAV anew: `pip install --force-reinstall av`."
        return Finding("PyAV", State.FAULT, f"version {av.__version__} was built without H.264", advice)
    return Finding("PyAV", State.OK, f"version {av.__version__}")


async def database(settings: Settings) -> Finding:
    """Whether the database answers, and has the tables of this version."""
    found = Database(settings.database_url, connections=1, patience_ms=settings.database_patience_ms)
    where = hidden(settings)
    if found.is_sqlite and not found.has_file():
        return Finding("database", State.OK, f"{where} is not there yet; the first start makes it")
    try:
        revision = await schema.current(found)
        forgives = await _forgives_slips(found)
    except Exception as error:
        if not is_outage(error):
            raise
        first = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        advice = "Start it, or correct FASTLINE_DATABASE. Channels play on without it."
        return Finding("database", State.FAULT, f"{where} does not answer: {first}", advice)
    finally:
        await found.close()
    needed = schema.head()
    if revision == needed and not forgives:
        text = f"{where} answers, revision {revision}, without pg_trgm: the search forgives no slips"
        advice = (
            f"Install Debian's package postgresql, and run as its administrator in this database: {MISSING_TRIGRAMS};"
        )
        return Finding("database", State.WARNING, text, advice)
    if revision == needed:
        return Finding("database", State.OK, f"{where} answers, revision {revision}")
    if revision is None or revision in schema.revisions():
        text = f"{where} is at revision {revision or 'none'}, and this version needs {needed}"
        return Finding("database", State.WARNING, text, "The next start of `fastline api` brings it up to date.")
    text = f"{where} is at revision {revision}, which this version does not know"
    return Finding("database", State.FAULT, text, "A newer Fastline has used it: run that one, or restore a backup.")


async def _forgives_slips(found: Database) -> bool:
    """Whether the search finds what was mistyped: SQLite always does."""
    async with found.reading() as session:
        return await has_trigrams(session)


def store(media: Place) -> Finding:
    """Whether objects can be put once, and no second time: by hard links or by conditional puts, as the store does."""
    advice = f"Let the user of this process write to {media}, on a file system with hard links."
    if media.bucket:
        advice = "See AWS_ENDPOINT_URL, AWS_REGION and the keys; the service must know If-None-Match in puts."
    try:
        media.folder.mkdir(parents=True, exist_ok=True)
        kept, key = media.store(), f"doctor-{secrets.token_hex(6)}"
        try:
            first, second = kept.put_new(key, b"doctor"), kept.put_new(key, b"again")
            whole = kept.read(key) == b"doctor"
        finally:
            kept.remove(key)
    except (OSError, StoreDown, Nowhere) as error:
        return Finding("store", State.FAULT, f"{media} cannot be written: {error}", advice)
    if not first or second or not whole:
        return Finding("store", State.FAULT, f"{media} does not keep an object from being overwritten", advice)
    return Finding("store", State.OK, f"{media} can be written, and nothing in it twice")


def disk(settings: Settings, free: int | None = None) -> Finding:
    """Whether there is room for films, and for jobs and uploads to begin; `free` is what the disk says, in bytes."""
    media = settings.media
    if free is None:
        try:
            free = shutil.disk_usage(media).free
        except OSError as error:
            return Finding("disk", State.FAULT, f"{media} cannot be asked: {error.strerror}", "See the store above.")
    text = f"{sized(free)} free in {media}"
    advice = "Make room, or set FASTLINE_MEDIA to a larger disk: an hour of film takes 1 to 3 GiB."
    reserve, spared = settings.disk_reserve_mb * MIB, settings.upload_free_bytes
    kept = (
        (reserve, f"disk_reserve_mb leaves {sized(reserve)} of it free, so jobs wait"),
        (spared, f"upload_free_bytes leaves {sized(spared)} of it free, so uploads are refused"),
    )
    if lacking := [words for size, words in kept if free <= size]:
        return Finding("disk", State.FAULT, f"{text}; {'; '.join(lacking)}", f"{advice} Or set these settings lower.")
    if free < _TOO_LITTLE:
        return Finding("disk", State.FAULT, text, advice)
    return Finding("disk", State.WARNING, text, advice) if free < _SCARCE else Finding("disk", State.OK, text)


def channels(path: Path) -> Finding:
    """Whether the API could edit the file of the channels."""
    wrong, _, advice = trouble(path).partition(": ")
    if wrong:
        return Finding(
            "channels", State.WARNING, f"{wrong}: the API edits no channel", f"{advice[:1].upper()}{advice[1:]}."
        )
    if not path.is_file():
        return Finding("channels", State.OK, f"{path} is not there yet; whoever edits the first channel makes it")
    return Finding("channels", State.OK, f"{path} can be edited")


def clock(media: Path) -> Finding:
    """Whether the clock can be right: what it says, whether it is kept in step, and that the disk's agrees with it."""
    now = system_clock()
    advice = "Run chrony or systemd-timesyncd: every machine of a station must tell the same time."
    if now < _BUILT:
        return Finding("clock", State.FAULT, f"it is set to {now:%Y-%m-%d}", advice)
    apart = _apart(media)
    if apart is not None and abs(apart) > _APART_SECONDS:
        return Finding("clock", State.FAULT, f"the disk's clock is {apart:+.1f} s from this machine's", advice)
    in_step = _in_step()
    if in_step is None:
        return Finding("clock", State.OK, f"{now:%Y-%m-%dT%H:%M:%SZ}; this system does not tell whether it is in step")
    if not in_step:
        return Finding("clock", State.WARNING, "nothing keeps it in step with a time server", advice)
    return Finding("clock", State.OK, f"{now:%Y-%m-%dT%H:%M:%SZ}, in step with a time server")


def _apart(media: Path) -> float | None:
    """How far the clock of the disk, which may be another machine's, is ahead of ours, in seconds."""
    probe = media / f".doctor-{secrets.token_hex(6)}"
    try:
        probe.write_bytes(b"")
        return probe.stat().st_mtime - system_clock().timestamp()
    except OSError:
        return None
    finally:
        with suppress(OSError):
            probe.unlink()


def _in_step() -> bool | None:
    """Whether the kernel's clock is disciplined; None where that cannot be told."""
    if sys.platform != "linux":
        return None
    asked = ctypes.create_string_buffer(512)  # struct timex, all zero: to ask and set nothing
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(asked)
    except (AttributeError, OSError):
        return None
    return None if state < 0 else bool(state != _NOT_IN_STEP)


def port(settings: Settings) -> Finding:
    """Whether the API could listen where it is set to."""
    where = f"{settings.host} port {settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        advice = "Unless that is the API itself, already running: stop the other program, or set FASTLINE_PORT."
        return Finding("port", State.WARNING, f"{where} cannot be had: {os.strerror(error.errno or 0)}", advice)
    return Finding("port", State.OK, f"{where} is free")


def mail(settings: Settings) -> Finding:
    """Whether the server that mail is sent by lets us in, and proves who it is."""
    if not settings.smtp_host:
        return Finding("mail", State.OK, "none is sent: smtp_host is not set")
    where = f"{settings.smtp_host} port {settings.smtp_port}"
    try:
        Counter(settings).look()
    except Unreachable as error:
        advice = "See smtp_host, smtp_port, smtp_tls, smtp_ca and smtp_user. What is due is sent once it can be."
        return Finding("mail", State.FAULT, f"{where} cannot be spoken to: {error}", advice)
    if not settings.pages_url:
        advice = "Set app_url, or public_url: until then mail has codes and no links."
        return Finding("mail", State.WARNING, f"{where} takes mail", advice)
    return Finding("mail", State.OK, f"{where} takes mail")


def bound(settings: Settings) -> Finding:
    """Whether it is known from where people ask, where addresses play from there alone."""
    if settings.public_url and not settings.trusted_proxies:
        text = "signed addresses are for who asked for them, and no proxy is believed that says who that is"
        advice = "If one stands before the API, set trusted_proxies; and --trusted-proxy of every origin behind one."
        return Finding("addresses", State.WARNING, text, advice)
    believed = ", ".join(map(str, settings.trusted_proxies)) or "nobody"
    return Finding("addresses", State.OK, f"they play from where they were asked for; {believed} is believed of that")


def asset(command: str, path: Path) -> Finding:
    """Whether a file of a page was built."""
    if path.is_file():
        return Finding("page", State.OK, f"{path.name} is built")
    advice = f"`{command}` fetches it, once, with a network. Until then the page does with less."
    return Finding("page", State.WARNING, f"{path.name} is not built", advice)
