"""Waiting for a process to be ready, without taking its time from it."""

from __future__ import annotations

import subprocess
from contextlib import suppress


def still_runs(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> bool:
    """Whether a process has not ended a moment from now: then it is to be looked at again."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.03)
    return process.returncode is None
