"""Text for a terminal of so many columns: long lines are folded between words, and go on under where they began."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from typing import Final

NARROW: Final = 40
"""A terminal with fewer columns folds by itself."""
_LABEL: Final = re.compile(r"\s+\S(?:.*?\S)?\s{2,}|\s+[-+~!*…]\s+|\s+")
"""What stands before the words: `  on air      `, `  ! `, or the margin alone."""
_PLACE: Final = re.compile(r"\S+:\d*:? ")
"""`channels.yaml:12: `, as editors read it."""


def folded(text: str, columns: int) -> str:
    """`text` in lines of at most so many columns, words that are longer apart."""
    if columns < NARROW:
        return text
    return "".join(_line(line, columns) for line in text.splitlines(keepends=True))


def _line(line: str, columns: int) -> str:
    words = line.rstrip("\n")
    if len(words) <= columns:
        return line
    label = _LABEL.match(words)
    begun = label.end() if label and label.end() <= columns // 2 else 0
    margin = begun or (4 if _PLACE.match(words) else 0)
    rows = textwrap.wrap(
        words[begun:],
        columns,
        initial_indent=words[:begun],
        subsequent_indent=" " * margin,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return "\n".join(rows) + line[len(words) :]


def show(text: str) -> None:
    """Print `text`; folded when somebody reads it at a terminal, as it is when a program does."""
    print(folded(text, shutil.get_terminal_size().columns) if sys.stdout.isatty() else text, end="")
