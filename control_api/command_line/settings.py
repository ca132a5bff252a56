"""`fastline settings`: the settings of the API, or a sample of all of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from control_api.command_line.settled import settled
from control_api.settings import FILE, hidden, sample
from playout.commands.options import OK

if TYPE_CHECKING:
    import argparse


def settings(asked: argparse.Namespace) -> int:
    """Print them."""
    if asked.sample:
        print(sample(), end="")
        return OK
    found = settled(asked)
    for name, value in found.told().items():
        if name != "database":
            print(f"{name} = {value}")
    print(f"database = {hidden(found)}")
    if os.environ.get(FILE):
        print(f"from {os.environ[FILE]}, and the environment", file=sys.stderr)
    return OK
