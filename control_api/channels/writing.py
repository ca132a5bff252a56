"""JSON values as YAML text.

Law: what is written here is read as that value again, within braces and outside of them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from control_api.channels.marks import written

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH: Final = 110
"""Characters of a line that is still comfortable to read."""
STEP: Final = 2
"""Spaces of one indentation."""

_FEW: Final = 2  # keys near the margin that still go on one line
_PLAIN: Final = re.compile(r"[-+.]*\w(?:[\w./+%_-]|:(?=\w)| (?=[\w./+%(&_-])|[()&](?=[\w )])|\)$)*")
_UNSAFE: Final = re.compile("[\x7f-\xa0\xad\u0378\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff0-\uffff]")


def word(value: object) -> str:
    """A value without parts."""
    text = written(value)
    if not isinstance(value, str) or _PLAIN.fullmatch(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def inline(value: Any) -> str:  # noqa: ANN401 — whatever JSON has
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{word(key)}: {inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return word(value)


def entry(key: str, value: Any, indent: int) -> Iterator[str]:  # noqa: ANN401 — whatever JSON has
    """The lines of a key and its value, `indent` spaces in; what is short stands on one line, but no channel does."""
    head = " " * indent + word(key) + ":"
    if fits(len(head) + 1, value, indent):
        yield f"{head} {inline(value)}"
    else:
        yield head
        yield from block(value, indent + STEP)


def item(value: Any, indent: int) -> Iterator[str]:  # noqa: ANN401 — whatever JSON has
    """The lines of an item of a list."""
    head = " " * indent + "-"
    if isinstance(value, dict) and not fits(len(head) + 1, value, WIDTH):
        first, *rest = [line for key, inner in value.items() for line in entry(key, inner, indent + STEP)]
        yield head + first[len(head) :]
        yield from rest
    else:
        yield f"{head} {inline(value)}"


def block(value: dict[str, Any] | list[Any], indent: int) -> Iterator[str]:
    """The lines of what has parts, a line for each of them at least."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from entry(key, inner, indent)
    else:
        for inner in value:
            yield from item(inner, indent)


def fits(taken: int, value: Any, indent: int) -> bool:  # noqa: ANN401 — whatever JSON has
    """Whether a value goes on the line of its key, of which so many characters are taken."""
    if not isinstance(value, dict | list) or not value:
        return True
    if isinstance(value, dict) and indent < 2 * STEP and (indent < STEP or len(value) > _FEW):
        return False
    return taken + len(inline(value)) <= WIDTH
