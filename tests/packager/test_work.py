"""The work folder of an asset, when several want it at once."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from packager import work

if TYPE_CHECKING:
    from pathlib import Path


def test_of_many_one_has_it_at_a_time_though_each_takes_it_away(tmp_path: Path) -> None:
    """Folders come and go between any two looks at them: whoever looks in vain tries again, and none fails."""
    folder, inside = tmp_path / work.FOLDER / "asset", list[int]()

    def use(number: int) -> None:
        for _ in range(200):
            while (lock := work._locked(folder)) is None:
                pass
            inside.append(number)
            assert inside == [number]
            inside.remove(number)
            work._remove(folder)
            with suppress(OSError):
                folder.parent.rmdir()
            os.close(lock)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))


async def test_what_lies_in_its_place_is_a_failure_and_nothing_to_wait_for(tmp_path: Path) -> None:
    (tmp_path / work.FOLDER).write_text("a file")
    with pytest.raises(OSError, match=work.FOLDER):
        async with asyncio.timeout(20), work.opened(tmp_path, "asset"):
            pytest.fail("nobody can work there")
