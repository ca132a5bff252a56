"""Development: a command that runs for long, begun anew whenever its code changes.

Law: what runs goes on until what is to take its place can be read; nothing of the station is touched but its process.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchfiles import watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

PATIENCE: Final = 15.0
"""Seconds that a process may take to end before it is killed."""
_LOOK_MS: Final = 250
_OPTION: Final = "--reload"
_SHORTEST: Final = len("--r")

_log = logging.getLogger("fastline.reload")


def without(arguments: Iterable[str]) -> list[str]:
    """The arguments without the option that asks for this. Pure."""
    return [word for word in arguments if len(word) < _SHORTEST or not _OPTION.startswith(word)]


def run(command: Sequence[str], places: Sequence[Path]) -> None:
    """Run the command, anew whenever a .py file in `places` changes; until Ctrl-C or SIGTERM, which ends it."""
    stop = threading.Event()

    def stopped(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, stopped) for number in (signal.SIGINT, signal.SIGTERM)}
    process = _Process(command)
    try:
        process.begin()
        for changed in _changes(places, stop):
            process.look(changed)
    finally:
        process.end()
        for number, old in before.items():
            signal.signal(number, old)


def _changes(places: Sequence[Path], stop: threading.Event) -> Iterator[set[Path]]:
    """The files that were changed, each time some were; now and then none. Ends when it is told to stop."""
    rounds = watch(
        *places,
        watch_filter=lambda _change, path: path.endswith(".py"),
        stop_event=stop,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for changes in rounds:
        yield {Path(path) for _, path in changes}


@dataclass(slots=True)
class _Process:
    """The process, and the files that cannot be read as they are."""

    command: Sequence[str]
    running: subprocess.Popen[bytes] | None = None
    broken: set[Path] = field(default_factory=set)

    def begin(self) -> None:
        """Begin it. It has a session of its own, so that Ctrl-C reaches it by us alone."""
        self.running = subprocess.Popen(self.command, start_new_session=True)  # noqa: S603 — ourselves

    def look(self, changed: set[Path]) -> None:
        """Begin it anew when something has changed and all of that can be read."""
        if not changed:
            self._say_end()
            return
        faults = {path: fault for path in self.broken | changed if (fault := unreadable(path))}
        self.broken = set(faults)
        for _, fault in sorted(faults.items()):
            _log.error("%s. What runs goes on; the next good save begins it anew", fault, extra={"action": "broken"})
        if faults:
            return
        names = ", ".join(sorted(path.name for path in changed))
        _log.info("%s changed: beginning anew", names, extra={"action": "reload"})
        self.end()
        self.begin()

    def end(self) -> None:
        """End it: politely, and after a while not."""
        process, self.running = self.running, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _say_end(self) -> None:
        """Say it, once, when the process has ended by itself."""
        if self.running is not None and self.running.poll() is not None:
            words = "it has ended with code %d; the next save begins it anew, Ctrl-C ends this"
            _log.error(words, self.running.returncode, extra={"action": "ended"})
            self.running = None


def unreadable(path: Path) -> str:
    """Why a file is no Python, with its line; empty when it is, or is gone."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"{path}, line {error.lineno or 1}: {error.msg}"
    except ValueError as error:
        return f"{path}: {error}"
    except OSError:
        return ""
    return ""
