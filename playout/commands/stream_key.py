"""`fastline stream-key`: the keys by which addresses are signed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from playout.clock import system_clock
from playout.commands.options import OK, Command, Refused
from playout.keyring import Keyring, NoKeys, keys_file

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "action", choices=["rotate", "list"], help="add a key, or say which there are; never what they are"
    )
    made.add_argument(
        "--forget",
        action="store_true",
        help="drop the former keys now, for one has leaked: whoever plays by a signed address is stopped",
    )


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


STREAM_KEY: Final = Command(_options, _stream_key)
