"""Commands by name: all are there, and who asks for one waits for nothing that only another one needs."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest

import fastline
from playout.commands.offered import reading
from playout.commands.options import Command

CHECKOUT = Path(__file__).resolve().parents[1]

READ = """
import sys
import fastline
try:
    asked = fastline.parser().parse_args(sys.argv[1:])
except SystemExit:
    pass
print(*sys.modules)
"""
LIBRARIES = {"aiohttp", "av", "msgspec", "pydantic", "rich", "ruamel", "sqlalchemy", "uvloop", "watchfiles"}
OURS = {"packager", "control_api", "playout.config", "playout.core.simulation", "playout.reports", "playout.origin"}


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["--help"], set()),
        (["fly"], set()),
        (["up", "--port", "1"], {"control_api"}),  # for its scopes alone, which are words
        (["api", "--port", "1"], {"control_api"}),
        (["import", "--help"], {"control_api"}),
        (["withdraw", "films", "0123"], {"msgspec"}),
        (["guide"], {"msgspec", "playout.reports"}),
        (["schema"], {"ruamel", "playout.config"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_command_reads_what_it_needs(words: list[str], read: set[str]) -> None:
    """Before it does anything: what is read after that is its own matter."""
    done = subprocess.run(
        [sys.executable, "-c", READ, *words], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.splitlines()[-1].split())
    assert "playout.commands.options" in modules
    assert modules & (LIBRARIES | OURS) == read


def test_every_command_is_where_it_is_said_to_be() -> None:
    for offer in fastline.COMMANDS:
        command = resolve_name(offer.where)
        assert isinstance(command, Command), offer
        assert callable(resolve_name(command.run) if isinstance(command.run, str) else command.run), offer


def test_garbage_is_looked_for_again_after_reading() -> None:
    with reading():
        assert not gc.isenabled()
        with reading():
            assert not gc.isenabled()
        assert not gc.isenabled(), "one within another"
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError), reading():
        resolve_name("playout.commands.none:NONE")
    assert gc.isenabled()
