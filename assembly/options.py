"""The commands that run a station: what is asked with each of them. What each does is read after that."""

from __future__ import annotations

import argparse
import os
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from control_api.command_line import options
from playout.commands.options import RELOAD, WATCHED, Command, whole
from playout.core.asset import Kind
from playout.core.house import DEFAULT_HOUSE, HOUSES
from playout.core.token import OnDemand


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


def _package(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("files", nargs="+", type=Path, metavar="FILE", help="a video; what stands in its side-car film.yaml counts")
    option("--title", default="", help="its title")
    option("--tag", action="append", default=[], metavar="TAG", help="a tag, by which channels choose; may be repeated")
    option("--kind", choices=list(Kind), type=Kind, metavar="KIND", help=f"one of {', '.join(Kind)}")
    option("--house", choices=list(HOUSES), default=DEFAULT_HOUSE, help=f"the format (default: {DEFAULT_HOUSE})")
    option("--jobs", type=_jobs, default=cores(), metavar="N", help="encoders at the same time (default: one a core)")


def _worker(made: argparse.ArgumentParser) -> None:
    _channels(made)
    made.set_defaults(media=None)
    made.add_argument("--house", choices=list(HOUSES), help="the format (default: that of the first channel)")
    made.add_argument(
        "--jobs", type=_jobs, default=cores(), metavar="N", help="encoders at the same time (default: one a core)"
    )
    made.add_argument(
        "--queue-only",
        action="store_true",
        help="leave the folder alone and do jobs: of several workers on one store, one watches it",
    )


def _up(made: argparse.ArgumentParser) -> None:
    _serving(made)
    made.add_argument("--api-port", type=_port, metavar="PORT", help="the port of the API (default: 8081)")
    made.add_argument("--reload", action="store_true", help=RELOAD)
    made.add_argument("--no-api", action="store_true", help="leave the API out: `fastline api` serves it by itself")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 16:
        message = f"{text!r} is not a port: write a number from 1 to 65535"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _jobs(text: str) -> int:
    return whole(text, 64)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


UP: Final = Command(_up, "assembly.up:up")
ORIGIN: Final = Command(_serving, "assembly.origin:origin")
COMMIT: Final = Command(_channels, "assembly.commit:commit")
WORKER: Final = Command(_worker, "assembly.worker:worker")
PACKAGE: Final = Command(_package, "assembly.package:package")
DOCTOR: Final = Command(options.doctor, "assembly.doctor:examined")
IMPORT: Final = Command(options.imports, "assembly.stock:imported")
SEED: Final = Command(options.demo, "assembly.stock:seeded")
