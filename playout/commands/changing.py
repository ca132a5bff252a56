"""Commands that change what is published."""

from __future__ import annotations

import os
import sys
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING

from playout.clock import system_clock
from playout.commands.asking import naming, plan_of, plan_text, planning, read
from playout.commands.fold import show
from playout.commands.options import OK, REFUSED, WATCHED, Refused, command, number
from playout.core.why_text import stamp
from playout.keyring import Keyring, NoKeys, keys_file
from playout.library import newest, scan
from playout.migrate import LARGEST as LARGEST_EXPORT
from playout.migrate import Program, Unreadable, migrate
from playout.publish import Signed, publish_signed
from playout.rollback import rollback
from playout.station import Station
from playout.wishes import foreseen, play_next, skip
from playout.withdraw import give_back, withdraw

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from playout.commands.options import Commands
    from playout.core.airing import Turn
    from playout.store import Store
    from playout.wishes import Granted


def register(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the commands and their options."""
    _applying(command(commands, "apply", _apply, "publish a file, after saying what that changes on air"))
    _going_back(command(commands, "rollback", _rollback, "return a channel to an earlier revision"))
    _withdrawing(command(commands, "withdraw", _withdraw, "pull assets off a channel's air; slate plays instead"))
    _withdrawing(command(commands, "give-back", _give_back, "let assets that were withdrawn air again"))
    _wishing(command(commands, "play-next", _play_next, "air a film as the first program that is not committed yet"))
    naming(command(commands, "skip", _skip, "pass over the first program that is not committed yet"))
    _rotating(command(commands, "stream-key", _stream_key, "replace the key by which addresses are signed"))
    _migrating(command(commands, "migrate", _migrate, "turn another program's channel into a channels.yaml"))


def _applying(made: argparse.ArgumentParser) -> None:
    planning(made)
    made.add_argument("--yes", action="store_true", help="publish without asking")


def _going_back(made: argparse.ArgumentParser) -> None:
    naming(made)
    made.add_argument(
        "revision", nargs="?", type=number, metavar="REVISION", help="its number (default: the one before)"
    )


def _migrating(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("export", type=Path, metavar="FILE", help="an ErsatzTV sequential schedule, a Tunarr or a dizqueTV channel")
    option("--from", dest="program", choices=list(Program), type=Program, help="whose it is (default: as it looks)")
    option(
        "--output", type=Path, metavar="FILE", help="where to write channels.yaml; never over a file (default: print)"
    )


def _withdrawing(made: argparse.ArgumentParser) -> None:
    made.add_argument("channel", metavar="CHANNEL", help="the channel's id")
    made.add_argument("assets", nargs="+", metavar="ASSET", help="ids of assets")
    made.add_argument("--reason", default="", help="why, for whoever asks later")


def _rotating(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "action", choices=["rotate", "list"], help="add a key, or say which there are; never what they are"
    )
    made.add_argument(
        "--forget",
        action="store_true",
        help="drop the former keys now, for one has leaked: whoever plays by a signed address is stopped",
    )


def _wishing(made: argparse.ArgumentParser) -> None:
    naming(made)
    made.add_argument("asset", metavar="ASSET", help="the id of the asset; `ls media/assets` shows them")


def _apply(asked: argparse.Namespace) -> int:
    """Print the plan, ask, and publish; whoever watches another file does not publish that one over it."""
    store, programming = asked.media.store(), read(asked)
    library = scan(store, newest(store), system_clock())
    by = Signed(author=_user(), note="apply", over=asked.channels != WATCHED)
    planned = plan_of(asked, by)
    show(plan_text(asked, planned))
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
    station = Station(asked.media.store())
    found = rollback(station, asked.channel, asked.revision, system_clock(), _user())
    airs = f"reaches air after {stamp(found, found.effective + found.horizon)}, and the program that is on then"
    print(f"{asked.channel}: revision {found.number} says what revision {found.restores} said; it {airs}")
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


def _stream_key(asked: argparse.Namespace) -> int:
    """Rotate or list the keys."""
    ring, now = Keyring(keys_file(asked.media.folder, os.environ)), system_clock()
    try:
        keys = ring.rotate(now, forget=asked.forget) if asked.action == "rotate" else ring.all()
    except NoKeys as error:
        raise Refused(str(error)) from error
    for key in keys:
        until = f", verifies until {key.until:%Y-%m-%d %H:%M} UTC" if key.until else ""
        print(f"key {key.number}: signs from {key.since:%Y-%m-%d %H:%M:%S} UTC{until}")
    print(f"in {ring.path}", file=sys.stderr)
    return OK


def _play_next(asked: argparse.Namespace) -> int:
    """Wish for an asset."""
    station = Station(asked.media.store())
    _granted(asked.channel, play_next(station, asked.channel, asked.asset, system_clock(), _user()))
    return OK


def _skip(asked: argparse.Namespace) -> int:
    """Pass over what comes first after what is committed."""
    station = Station(asked.media.store())
    coming = foreseen(station, asked.channel, system_clock())
    _granted(asked.channel, skip(station, asked.channel, coming, system_clock(), _user()))
    return OK


def _granted(channel: str, granted: Granted) -> None:
    """Say from when on what is different."""

    def titles(turns: Sequence[Turn]) -> str:
        return ", ".join(turn.title or "no program" for turn in turns)

    what_is_on = "what is committed until then airs unchanged"
    print(f"{channel}: from {stamp(granted.revision, granted.at)} on; {what_is_on}")
    print(f"  instead of  {titles(granted.before)}\n  now comes   {titles(granted.after)}")


def _withdraw(asked: argparse.Namespace) -> int:
    """Write the order."""
    store = _holding(asked)
    number = withdraw(store, asked.channel, asked.assets, system_clock(), asked.reason)
    print(f"order {number}: {len(asked.assets)} off the air of {asked.channel}, within seconds on every origin")
    return OK


def _give_back(asked: argparse.Namespace) -> int:
    """Write the opposite order."""
    number = give_back(_holding(asked), asked.channel, asked.assets, system_clock(), asked.reason)
    print(f"order {number}: {len(asked.assets)} may air on {asked.channel} again, within seconds on every origin")
    return OK


def _holding(asked: argparse.Namespace) -> Store:
    """The store, if it holds these assets."""
    store: Store = asked.media.store()
    library = newest(store)
    unknown = [asset for asset in asked.assets if asset not in library]
    if unknown:
        message = f"not in the library: {', '.join(unknown)}. Their ids are the names in {asked.media}/assets"
        raise Refused(message)
    return store
