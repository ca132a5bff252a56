"""What tests of all parts share."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

GOLDEN = Path(__file__).parent / "golden"

# A busy machine makes no test fail. Fifty examples of a law do, for there are hundreds of laws: CI tries the same ones
# each time, every other run others.
settings.register_profile("fastline", deadline=None, max_examples=50)
settings.load_profile("fastline")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while modules are read and tests are made of them: it takes two thirds of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


_ORDER = ("tests", "packager", "control_api", "playout", "origin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits longest, for processes and for encoders: what is short fills the gaps at the end."""

    def rank(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return _ORDER.index(folder) if folder in _ORDER else len(_ORDER)

    items.sort(key=rank)


LONGEST = 300
"""Seconds that a test may take, with all that it stands on: one that hangs fails, and the others go on."""
_AGAIN = 30


def pytest_collection_finish() -> None:
    """Look for garbage among what the tests make, and not again and again through a million things that stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Break off a test that hangs, and then, if need be, what is to end it."""

    def broken_off(_number: int, frame: FrameType | None) -> None:
        stack = "".join(traceback.format_stack(frame, limit=12))
        pytest.fail(f"{item.nodeid} hangs, after {LONGEST} s, here:\n{stack}", pytrace=False)

    before = signal.signal(signal.SIGALRM, broken_off)
    signal.setitimer(signal.ITIMER_REAL, LONGEST, _AGAIN)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def golden() -> Callable[[str, str | bytes], None]:
    """Compares a text with the file of that name in tests/golden; with FASTLINE_GOLDEN set it writes the file."""

    def compare(name: str, found: str | bytes) -> None:
        data = found.encode() if isinstance(found, str) else found
        path = GOLDEN / name
        if os.environ.get("FASTLINE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        assert path.is_file(), f"no golden file {name}; `make golden` writes it"
        assert data.decode() == path.read_bytes().decode()

    return compare


@pytest.fixture
def program() -> Callable[[str], str]:
    """Answers where a program of the system is. Without it the test is skipped; in CI, where all are, it fails."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            message = f"{name} is not installed; .ci/run names the package that has it"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return path

    return find
