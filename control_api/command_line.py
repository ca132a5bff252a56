"""The commands about the control API: `api`, `api-key`, `doctor` and `settings`, with their options.

What they need is imported when one of them runs: the libraries of the database take a second to read, and
most commands of Fastline have no use for them.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from control_api.scopes import MEANINGS, Scope
from playout.clock import system_clock
from playout.commands.options import OK, REFUSED, Refused, command

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

    from control_api.doctor import Finding
    from control_api.settings import Settings
    from playout.commands.options import Commands

    Run = Callable[[Coroutine[Any, Any, int]], int]
    """Runs something to its end, or until the process is told to stop; its exit code."""

RELOAD: Final = "for development: begin anew whenever a .py file of Fastline changes"
ALL: Final = "all"
"""Stands for every scope."""


def register(
    commands: Commands[argparse.ArgumentParser],
    run: Run,
    encoder: Callable[[], str],
    pages: Sequence[tuple[str, Path]],
) -> None:
    """Add the commands. `encoder` answers where ffmpeg is, or raises; `pages` are built files and who builds them."""
    api = command(commands, "api", lambda asked: run(_api(asked)), "serve the API by which a station is managed")
    api.set_defaults(media=None)
    api.add_argument("--host", help="the address to listen on (default: 127.0.0.1)")
    api.add_argument("--port", type=int, help="the port (default: 8081)")
    api.add_argument("--reload", action="store_true", help=RELOAD)
    key = command(commands, "api-key", lambda asked: run(_api_key(asked)), "make a key for the API, and print it")
    key.set_defaults(media=None)
    key.add_argument("action", choices=["create"], help="what is to be done")
    key.add_argument("--name", default="command line", help="what people call it")
    key.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[*Scope, ALL],
        metavar="SCOPE",
        help=f"what it may do; may be repeated: {', '.join(MEANINGS)}, or {ALL}",
    )
    key.add_argument("--new", action="store_true", help="make the database where there is none yet")
    key.add_argument("--until", type=_instant, metavar="INSTANT", help="until when it is good (default: until revoked)")
    look = command(commands, "doctor", _doctor(run, encoder, pages), "say what Fastline lacks here, and what to do")
    look.set_defaults(media=None)
    look.add_argument("--format", choices=["text", "json"], default="text", help="lines for people (default), or JSON")
    settings = command(commands, "settings", _settings, "print the settings of the API, or a sample of all of them")
    settings.set_defaults(media=None)
    settings.add_argument("--sample", action="store_true", help="print a file with every setting and its default")


def settled(asked: argparse.Namespace, names: Sequence[str] = ("media", "host", "port")) -> Settings:
    """The settings of the file, the environment and the options `names`; raises `Refused` with every mistake."""
    from control_api.settings import Unsettled, read  # noqa: PLC0415 — see the module

    given = {name: getattr(asked, name) for name in names if getattr(asked, name, None) is not None}
    if "media" in given:
        place = given.pop("media")
        given |= {"media": place.folder, "bucket": place.bucket}
    found = read(os.environ, given)
    if isinstance(found, Unsettled):
        message = f"the settings cannot be used:\n{found}\n`fastline settings --sample` explains all of them"
        raise Refused(message)
    return found


def tell(address: str) -> None:
    """Say where the API is."""
    print(f"The API is at {address}/api/v1, its reference at {address}/docs", flush=True)


def welcome(token: str) -> None:
    """Say how the first account is made."""
    print(
        f"Nobody has an account here. This token makes the first one, an administrator, once, until tomorrow:\n"
        f"  {token}\nSend it to POST /api/v1/auth/register as `invitation`, with `username` and `password`.",
        flush=True,
    )


async def _api(asked: argparse.Namespace) -> int:
    from control_api.commands import Unserved, serve  # noqa: PLC0415 — see the module

    settings = settled(asked)
    try:
        await serve(settings, tell, welcome)
    except Unserved as error:
        raise Refused(str(error)) from error
    return OK


async def _api_key(asked: argparse.Namespace) -> int:
    from control_api.commands import Unserved, create_key  # noqa: PLC0415 — see the module
    from control_api.database import Database  # noqa: PLC0415 — the same

    scopes = list(Scope) if ALL in asked.scope else [Scope(scope) for scope in asked.scope]
    settings = settled(asked)
    database = Database(settings.database_url)
    if database.is_sqlite and not database.has_file() and not asked.new:
        message = (
            f"there is no database at {database.url.database}: name the station's place with --media or "
            "FASTLINE_MEDIA, or its database with FASTLINE_DATABASE; --new makes one there"
        )
        raise Refused(message)
    try:
        print(await create_key(settings, asked.name, scopes, asked.until, system_clock))
    except Unserved as error:
        raise Refused(str(error)) from error
    return OK


def _doctor(
    run: Run, encoder: Callable[[], str], pages: Sequence[tuple[str, Path]]
) -> Callable[[argparse.Namespace], int]:
    async def look(asked: argparse.Namespace) -> int:
        from control_api import doctor, swagger  # noqa: PLC0415 — see the module

        settings = settled(asked)
        reference = [("python -m control_api.swagger", package.built) for package in (swagger.SCRIPT, swagger.STYLE)]
        findings = await doctor.examine(settings, _encoder(encoder), [*pages, *reference])
        print(doctor.as_json(findings) if asked.format == "json" else doctor.written(findings))
        return REFUSED if any(finding.state is doctor.State.FAULT for finding in findings) else OK

    return lambda asked: run(look(asked))


def _encoder(find: Callable[[], str]) -> Finding | str:
    """Where ffmpeg is, or why there is none."""
    from control_api.doctor import Finding, State  # noqa: PLC0415 — see the module

    try:
        return find()
    except Exception as error:  # noqa: BLE001 — whatever the reason is, it is what the doctor is asked for
        return Finding("ffmpeg", State.FAULT, str(error), "Let FASTLINE_FFMPEG name an ffmpeg, or unset it.")


def _settings(asked: argparse.Namespace) -> int:
    from control_api.doctor import hidden  # noqa: PLC0415 — see the module
    from control_api.settings import FILE, sample  # noqa: PLC0415 — see the module

    if asked.sample:
        print(sample(), end="")
        return OK
    settings = settled(asked)
    for name, value in settings.told().items():
        if name != "database":
            print(f"{name} = {value}")
    print(f"database = {hidden(settings)}")
    if os.environ.get(FILE):
        print(f"from {os.environ[FILE]}, and the environment", file=sys.stderr)
    return OK


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not an instant: write one like 2027-03-01T20:15Z"
        raise argparse.ArgumentTypeError(message) from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found <= system_clock():
        message = f"{text!r} lies in the past: such a key would never be good"
        raise argparse.ArgumentTypeError(message)
    return found
