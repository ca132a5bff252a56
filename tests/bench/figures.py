"""What a figure is, and how a table of them is printed."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable


START_UP = 60
"""Seconds that a server may take to its first answer."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement beside what is reached for."""

    what: str
    measured: str
    reach: str
    good: bool
    how: str = ""
    """What was run, in a few words."""


def best_of(times: int, run: Callable[[], object]) -> float:
    """Seconds of the quickest of some runs: the one that was disturbed least."""
    return min(_seconds(run) for _ in range(times))


def middle_of(times: int, run: Callable[[], object]) -> float:
    """Seconds of the middle one of some runs."""
    return median(_seconds(run) for _ in range(times))


def _seconds(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server that was started answers; end the bench when it does not, or has ended itself."""
    deadline = time.monotonic() + START_UP
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(url, timeout=5).read()  # noqa: S310
        except (URLError, ConnectionError):
            time.sleep(0.02)
        else:
            return
    message = f"{url} is not answered"
    raise SystemExit(message)


def show(figures: Iterable[Figure]) -> None:
    """Print the table."""
    table = Table(title="Fastline: speed and size", title_style="bold")
    for column in ("figure", "measured", "reach for", "how"):
        table.add_column(column, overflow="fold")
    for figure in figures:
        style = "green" if figure.good else "yellow"
        table.add_row(figure.what, f"[{style}]{figure.measured}[/]", figure.reach, figure.how)
    Console(width=140).print(table)
