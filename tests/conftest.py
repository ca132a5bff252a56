"""What tests of all parts share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"


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
