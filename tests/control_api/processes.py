"""Real processes of Fastline for tests, with settings in their environment."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def fastline(*arguments: str, **settings: object) -> Iterator[subprocess.Popen[str]]:
    """A process that is killed at the end, if it has not ended; settings are spelt as in the file of settings."""
    given = {f"FASTLINE_{name.upper()}": str(value) for name, value in settings.items()}
    with subprocess.Popen(
        [sys.executable, "-m", "fastline", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **given, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str], word: str) -> str:
    """The next line that it prints with this word in it."""
    assert process.stdout is not None
    heard = []
    for text in process.stdout:
        heard.append(text)
        if word in text:
            return text
    raise AssertionError("".join(heard))
