"""Long lines at a terminal: folded between words, under where their words began, with nothing lost."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.commands.fold import NARROW, folded

LINES = st.text(st.sampled_from("ab:;.–  "), max_size=200)


@given(st.lists(LINES, max_size=5), st.integers(NARROW, 120))
def test_folding_loses_no_word_and_keeps_to_the_columns(lines: list[str], columns: int) -> None:
    text = "\n".join(lines)
    told = folded(text, columns)
    assert told.split() == text.split()
    if max(map(len, text.split()), default=0) <= columns // 2:
        assert max((len(row.rstrip()) for row in told.splitlines()), default=0) <= columns


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("short\n", "short\n"),
        (f"At noon {'word ' * 8}end\n", f"At noon {'word ' * 5}word\nword word end\n"),
        (f"file.yaml:3: {'word ' * 6}end\n", f"file.yaml:3: {'word ' * 4}word\n    word end\n"),
        (f"  on air      {'word ' * 6}end\n", f"  on air      {'word ' * 4}word\n{' ' * 14}word end\n"),
        (f"              {'word ' * 6}end\n", f"              {'word ' * 4}word\n{' ' * 14}word end\n"),
        (f"  ! {'word ' * 8}end\n", f"  ! {'word ' * 6}word\n    word end\n"),
        (f"  {'x' * 50}\n", f"  {'x' * 50}\n"),
    ],
)
def test_what_goes_on_stands_under_where_it_began(text: str, told: str) -> None:
    assert folded(text, NARROW) == told


def test_a_terminal_that_is_too_narrow_folds_by_itself() -> None:
    assert folded("word " * 20, NARROW - 1) == "word " * 20


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_lines_that_fit(tmp_path: Path, columns: int) -> None:
    file = tmp_path / "channels.yaml"
    asks = "".join(f"  c{n}: {{number: {n}, name: C, house: hd30, include: {{any: [nowhere]}}}}\n" for n in range(1, 4))
    file.write_text(f"version: 1\nchannels:\n{asks}", "utf-8")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    command = [sys.executable, "-m", "fastline", "check", file.name, "--media", str(tmp_path / "media")]
    checkout = Path(__file__).resolve().parents[2]
    env = {**os.environ, "PYTHONPATH": str(checkout)}
    env.pop("COLUMNS", None)
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=env) as process:
        os.close(theirs)
        told = b""
        while True:
            try:
                got = os.read(ours, 65536)
            except OSError:  # Linux says so when the other end has closed
                break
            if not got:
                break
            told += got
        assert process.wait(timeout=60) == 0, told
    os.close(ours)
    rows = told.decode().splitlines()
    assert any(": warning: c1: " in row for row in rows)
    assert max(map(len, rows)) <= columns
    assert any(row.startswith("    ") for row in rows)
