"""Cells of tables that people open in spreadsheets: what others wrote there stays text. Pure.

Law: a cell that is guarded begins with no sign by which a spreadsheet knows a formula, and a number stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)?", re.ASCII)


def inert(text: str) -> str:
    """`text`, with an apostrophe before it where a spreadsheet would take it for a formula (OWASP, CSV injection).

    A tab or a return at the beginning is one, too, and spaces before any of the signs do not help.
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
