"""The command line: which commands there are, and where each of them is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from playout import journal
from playout.commands.offered import Offer, offer, run
from playout.commands.options import OK, REFUSED
from playout.refusals import Unanswered
from playout.store import StoreDown

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = (
    Offer("up", "run everything in one process; on an empty media folder, make a demo first", "assembly.options:UP"),
    Offer("origin", "serve the channels of a store over HTTP, and nothing else", "assembly.options:ORIGIN"),
    Offer("commit", "publish channels.yaml and keep the logs ahead of air", "assembly.options:COMMIT"),
    Offer(
        "worker",
        "package whatever is dropped into media/sources/, and do the jobs of the API",
        "assembly.options:WORKER",
    ),
    Offer("package", "package files into the library", "assembly.options:PACKAGE"),
    # commands that ask a station, and change nothing
    Offer(
        "check",
        "say every mistake in channels.yaml, and what the library makes of it",
        "playout.commands.check:CHECK",
    ),
    Offer("plan", "say what an edited file would change on air; nothing is published", "playout.commands.plan:PLAN"),
    Offer("revisions", "say who changed what of a channel, and when", "playout.commands.revisions:REVISIONS"),
    Offer(
        "simulate",
        "run a channel ahead for a year, and say what that comes to",
        "playout.commands.simulate:SIMULATE",
    ),
    Offer(
        "schema",
        "print the JSON Schema of channels.yaml, for editors that complete it",
        "playout.commands.schema:SCHEMA",
    ),
    Offer("guide", "say what is on, and what comes", "playout.commands.guide:GUIDE"),
    Offer("asrun", "say what aired on a day, to the millisecond", "playout.commands.asrun:ASRUN"),
    Offer("why", "say why something is on, was on or will be", "playout.commands.why:WHY"),
    Offer("render", "print a playlist as any origin would serve it at an instant", "playout.commands.render:RENDER"),
    # commands that change what is published
    Offer("apply", "publish a file, after saying what that changes on air", "playout.commands.apply:APPLY"),
    Offer("rollback", "return a channel to an earlier revision", "playout.commands.rollback:ROLLBACK"),
    Offer(
        "withdraw",
        "pull assets off a channel's air; slate plays instead",
        "playout.commands.withdraw:WITHDRAW",
    ),
    Offer("give-back", "let assets that were withdrawn air again", "playout.commands.withdraw:GIVE_BACK"),
    Offer(
        "play-next",
        "air a film as the first program that is not committed yet",
        "playout.commands.wishes:PLAY_NEXT",
    ),
    Offer("skip", "pass over the first program that is not committed yet", "playout.commands.wishes:SKIP"),
    Offer("stream-key", "replace the key by which addresses are signed", "playout.commands.stream_key:STREAM_KEY"),
    Offer("migrate", "turn another program's channel into a channels.yaml", "playout.commands.migrate:MIGRATE"),
    # commands about the control API, and about a station as a whole
    Offer("api", "serve the API by which a station is managed", "control_api.command_line.options:API"),
    Offer("api-key", "make a key for the API, and print it", "control_api.command_line.options:API_KEY"),
    Offer("doctor", "say what Fastline lacks here, and what to do", "assembly.options:DOCTOR"),
    Offer(
        "settings",
        "print the settings of the API, or a sample of all of them",
        "control_api.command_line.options:SETTINGS",
    ),
    Offer("import", "import titles from a catalog, or a folder of films", "assembly.options:IMPORT"),
    Offer(
        "seed",
        "make a demo library, an audience of it, and an account of each role",
        "assembly.options:SEED",
    ),
    Offer("db", "bring the database up to date, or empty it", "control_api.command_line.options:DB"),
    Offer("backup", "write the whole station into one archive", "control_api.command_line.options:BACKUP"),
    Offer("restore", "bring a station back into an empty place", "control_api.command_line.options:RESTORE"),
)
"""In the order in which they are listed."""

_HERE: Final = Path(__file__).resolve()
_PACKAGES: Final = ("assembly", "playout", "packager", "control_api")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    asked = parser().parse_args(arguments)
    journal.start(journal.Form(asked.log))
    if getattr(asked, "reload", False):
        _reload(sys.argv[1:] if arguments is None else arguments)
        return OK
    try:
        return run(asked)
    except Unanswered as refused:
        print(f"fastline: {refused}", file=sys.stderr)
        return REFUSED
    except StoreDown as down:
        print(f"fastline: the store does not answer: {down}", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        sys.stdout = None
        return OK


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="fastline",
        description="Live 24/7 channels from a folder of videos, in HLS, with nothing encoded while on air.",
        epilog="Begin with `fastline up`. Every command has its own --help.",
    )
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    offer(top, COMMANDS)
    return top


class _Version(argparse.Action):
    """Prints the version, which takes a while to find and is asked for seldom."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415 — as above

        print(f"fastline {version('fastline')}")
        parser.exit(OK)


def _reload(words: Sequence[str]) -> None:
    """Run the command in a process that begins anew whenever code changes."""
    from playout.commands import reloading  # noqa: PLC0415 — for development alone

    command = [sys.executable, str(_HERE), *reloading.without(words)]
    reloading.run(command, [_HERE, *(_HERE.with_name(name) for name in _PACKAGES)])


if __name__ == "__main__":
    sys.exit(main())
