"""The commands about the control API and about a station as a whole: what is asked with each of them.

What each of them does is read after that: the libraries of the database take seconds.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from control_api.scopes import MEANINGS, Scope
from playout.clock import system_clock
from playout.commands.options import RELOAD, Command, whole

ALL: Final = "all"
"""Stands for every scope."""
_MOST: Final = 1_000_000


def _api(made: argparse.ArgumentParser) -> None:
    made.set_defaults(media=None)
    made.add_argument("--host", help="the address to listen on (default: 127.0.0.1)")
    made.add_argument("--port", type=int, help="the port (default: 8081)")
    made.add_argument("--reload", action="store_true", help=RELOAD)


def _api_key(made: argparse.ArgumentParser) -> None:
    made.set_defaults(media=None)
    option = made.add_argument
    option("action", choices=["create"], help="what is to be done")
    option("--name", default="command line", help="what people call it")
    option(
        "--scope",
        action="append",
        required=True,
        choices=[*Scope, ALL],
        metavar="SCOPE",
        help=f"what it may do; may be repeated: {', '.join(MEANINGS)}, or {ALL}",
    )
    option("--new", action="store_true", help="make the database where there is none yet")
    option("--until", type=_instant, metavar="INSTANT", help="until when it is good (default: until revoked)")


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


def doctor(made: argparse.ArgumentParser) -> None:
    """In which form it is printed what Fastline lacks."""
    made.set_defaults(media=None)
    made.add_argument("--format", choices=["text", "json"], default="text", help="lines for people (default), or JSON")


def _settings(made: argparse.ArgumentParser) -> None:
    made.set_defaults(media=None)
    made.add_argument("--sample", action="store_true", help="print a file with every setting and its default")


def imports(made: argparse.ArgumentParser) -> None:
    """What is imported, and how."""
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


def _number(text: str) -> int:
    return whole(text, 2_000_000_000)


def demo(made: argparse.ArgumentParser) -> None:
    """How large the demo is, and which."""
    made.set_defaults(media=None)
    made.add_argument("--titles", type=_titles, default=120, metavar="N", help="about how many titles (default: 120)")
    made.add_argument("--seed", type=_seed, default=1, metavar="N", help="another number, another library (default: 1)")
    made.add_argument("--yes", action="store_true", help="also where there are titles that are not of the demo")


def _titles(text: str) -> int:
    return whole(text, _MOST)


def _seed(text: str) -> int:
    return whole(text, 1 << 31)


def _db(made: argparse.ArgumentParser) -> None:
    made.set_defaults(media=None)
    made.add_argument("action", choices=["upgrade", "reset"], help="reset deletes everything that is in it")
    made.add_argument("--yes", action="store_true", help="do not ask")


def _saving(made: argparse.ArgumentParser) -> None:
    made.add_argument("file", type=Path, metavar="FILE", help="the archive, e.g. station.tar.gz; it must not be there")
    made.add_argument("--with-media", action="store_true", help="what is packaged, too; not of a bucket")
    _sealing(made)


def _restoring(made: argparse.ArgumentParser) -> None:
    made.add_argument("file", type=Path, metavar="FILE", help="the archive")
    _sealing(made)


def _sealing(made: argparse.ArgumentParser) -> None:
    made.set_defaults(media=None)
    made.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="seals what the station signs with (default: the setting backup_passphrase)",
    )


API: Final = Command(_api, "control_api.command_line.serving:api")
API_KEY: Final = Command(_api_key, "control_api.command_line.api_key:api_key")
SETTINGS: Final = Command(_settings, "control_api.command_line.settings:settings")
DB: Final = Command(_db, "control_api.command_line.db:db")
BACKUP: Final = Command(_saving, "control_api.command_line.backups:backup")
RESTORE: Final = Command(_restoring, "control_api.command_line.backups:restored")
