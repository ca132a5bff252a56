"""`fastline migrate`: a channels.yaml out of another program's channel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playout.commands.options import OK, Command, Refused
from playout.migrate import LARGEST as LARGEST_EXPORT
from playout.migrate import Program, Unreadable, migrate

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("export", type=Path, metavar="FILE", help="an ErsatzTV sequential schedule, a Tunarr or a dizqueTV channel")
    option("--from", dest="program", choices=list(Program), type=Program, help="whose it is (default: as it looks)")
    option(
        "--output", type=Path, metavar="FILE", help="where to write channels.yaml; never over a file (default: print)"
    )


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


MIGRATE: Final = Command(_options, _migrate)
