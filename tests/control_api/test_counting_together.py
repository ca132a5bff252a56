"""Several processes count requests in one store, and allow all while it is away (rows B95, DX5)."""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from shelf import eventually

from control_api.rates import Rates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICIES = {"caller": "3/hour"}


@contextmanager
def store(folder: Path, port: int) -> Iterator[None]:
    """A server that keeps nothing; Valkey and Redis speak alike."""
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        pytest.skip("neither Valkey nor Redis is installed; .ci/run names the package that has one")
    words = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


async def test_two_processes_count_together_and_nobody_is_refused_while_the_store_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    one, other = (Rates(f"async+valkey://127.0.0.1:{port}", POLICIES) for _ in range(2))
    assert await one.take("caller", "ada") is None, "who cannot be counted is let in"
    with store(tmp_path, port):
        first = await eventually(lambda: one.left("caller", "ada"))
        assert first is not None
        counted = [await rates.take("caller", "ada") for rates in (one, other, one, other)]
        assert [taken is not None and (taken.left, taken.allowed) for taken in counted] == [
            (2, True), (1, True), (0, True), (0, False),
        ]  # fmt: skip
        someone_else = await other.take("caller", "grace")
        assert someone_else is not None
        assert someone_else.allowed
    assert await other.take("caller", "ada") is None
    for rates in (one, other):
        await rates.close()
    assert [record.message.partition(":")[0] for record in caplog.records] == ["requests are not counted"] * 2
