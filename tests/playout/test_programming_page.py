"""Every example of the page on programming is read as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playout.config import Faults, read

PAGE = Path(__file__).parents[2] / "docs" / "programming.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def whole(example: str) -> str:
    """The example as a file: one that is less than that shows keys of a channel."""
    if example.startswith("version:"):
        return example
    lines = "".join(f"    {line}\n" for line in example.splitlines())
    return f"version: 1\nchannels:\n  example:\n    number: 1\n    name: Example\n{lines}"


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_of_the_page_is_read(example: str) -> None:
    edit = read(whole(example), "page")
    if isinstance(edit, Faults) and "group:" in example:  # the page says that one channel alone makes no group
        assert [fault.text for fault in edit.faults] == [fault.text for fault in edit.faults if "group" in fault.text]
    else:
        assert not isinstance(edit, Faults), str(edit)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 9
