"""Stories in parts, told from the titles of episodes: `The Siege (1)`, `The Siege, Part Two`. Pure.

Law: only what is marked as a part counts; a number that merely ends a title, as in `Apollo 13`, does not.
"""

from __future__ import annotations

import re
from typing import Final

SEPARATOR: Final = "\x1f"
"""Between the series and the title in the name of a story that nobody named: no text that people write has it."""
MOST: Final = 20
"""Parts of a story that are still plausible."""

_WORDS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_NUMBERS: Final = {name: at for names in (_WORDS, _ROMAN) for at, name in enumerate(names, 1)}
"""Numbers that are not written in digits."""

_NUMBER: Final = rf"(?P<number>\d{{1,2}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_OF: Final = rf"(?:\s*(?:of|/)\s*(?:\d{{1,2}}|{'|'.join(_WORDS)}))?"
_PART: Final = r"(?:(?:part|pt)\s+|pt\.\s*|(?:part|pt)(?=\d))"
"""A party is no part: only a figure may follow the word without a space."""
_MARKED: Final = (
    re.compile(rf"(?P<name>.+?)\s*[(\[]\s*(?:{_PART})?{_NUMBER}{_OF}\s*[)\]]", re.IGNORECASE),
    re.compile(rf"(?P<name>.+?)(?:\s*[,:;–—-]\s*|\s+){_PART}{_NUMBER}{_OF}", re.IGNORECASE),
)
"""In brackets, where the number alone is enough; and after the word itself."""


def part_of(title: str) -> tuple[str, int] | None:
    """The title without its part, and the number of the part from 1; None when it is marked as no part."""
    for marked in _MARKED:
        match = marked.fullmatch(" ".join(title.split()))
        if match is None:
            continue
        name = match["name"].rstrip(" ,:;–—-")
        number = _NUMBERS.get(match["number"].lower()) or int(match["number"])
        if name and 0 < number <= MOST:
            return name, number
    return None


def story_of(title: str, series: str) -> tuple[str, int]:
    """The name of the story that an episode of `series` called `title` is part of, and which; ("", 0) for none.

    However the parts are marked and whatever their case, they have one story; a season's end between them
    changes nothing.
    """
    found = part_of(title) if series else None
    if found is None:
        return "", 0
    name, part = found
    return SEPARATOR.join(" ".join(words.casefold().split()) for words in (series, name)), part
