"""`fastline backup` and `fastline restore`: the whole station in one archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_api.backups.archive import BadArchive
from control_api.backups.restoring import NotEmpty, restore
from control_api.backups.sealing import SHORTEST
from control_api.command_line.answered import answered
from control_api.command_line.settled import settled
from control_api.keeping import back_up
from playout.clock import system_clock
from playout.commands.options import OK, Refused, check_file
from playout.commands.running import until_done

if TYPE_CHECKING:
    import argparse

    from control_api.settings import Settings


def backup(asked: argparse.Namespace) -> int:
    """Write the archive."""
    return until_done(_saved(asked))


def restored(asked: argparse.Namespace) -> int:
    """Bring back what is in the archive."""
    return until_done(_restored(asked))


async def _saved(asked: argparse.Namespace) -> int:
    settings = settled(asked)
    passphrase = _passphrase(asked, settings)
    with answered(settings):
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
    settings = settled(asked)
    check_file(asked.file)
    with answered(settings):
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
