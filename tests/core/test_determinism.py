"""A month of the whole language is the same on every Python, for every hash seed, time zone and locale."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

MONTH = Path(__file__).parents[1] / "month.py"


def _works(python: str) -> bool:
    """Whether it is there, and no shim for one that was not chosen."""
    return shutil.which(python) is not None and not subprocess.run([python, "-c", ""], capture_output=True).returncode  # noqa: PLW1510


PYTHONS = [python for minor in range(11, 16) if _works(python := f"python3.{minor}")]


@cache
def month(python: str = sys.executable, seed: str = "0", zone: str = "UTC", locale: str = "C") -> str:
    env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([python, str(MONTH)], env=env, capture_output=True, text=True, check=True).stdout


def test_a_month_is_these_turns() -> None:
    """Four channels, each with a month of turns; a change of these lines moves what is on air, and must be meant."""
    assert month() == (MONTH.parent / "golden" / "month.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("seed", "zone", "locale"), [
    ("1", "Asia/Kathmandu", "C.UTF-8"), ("random", "America/St_Johns", "de_DE.UTF-8"),
])  # fmt: skip
def test_hash_seeds_zones_and_locales_are_of_no_account(seed: str, zone: str, locale: str) -> None:
    assert month(seed=seed, zone=zone, locale=locale) == month()


@pytest.mark.parametrize("python", PYTHONS)
def test_so_is_the_version_of_python(python: str) -> None:
    """Those that are installed here; the core needs nothing else."""
    assert month(python) == month()
