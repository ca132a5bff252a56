"""Text as it is compared: without case, accents and signs, alike in every database.

Law: folding what is folded changes nothing, and what differs in case or accents alone folds to the same.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_APART: Final = str.maketrans({
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t",
})  # fmt: skip
"""Letters that Unicode does not take apart, and people type without their strokes."""
_WORD: Final = re.compile(r"[^\W_]+")
_ARTICLE: Final = re.compile(r"(the|a|an|der|die|das|le|la|les|el|los|las|il|lo)\s+(?=\S)")
_LONGEST: Final = 500
_LONG_ENOUGH: Final = 4
"""Letters of a word, in fewer of which one slip makes another word."""
MOST_WORDS: Final = 12
"""Words of a search that count."""


def folded(text: str) -> str:
    """The words of `text`, folded, with a space between."""
    if text.isascii():  # there is nothing to take apart, as in most names
        return " ".join(_WORD.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = unicodedata.normalize("NFKC", plain.casefold().translate(_APART))
    return " ".join(_WORD.findall(plain))


def same(text: str) -> str:
    """What two names of one tag or genre have in common: the engine, too, looks at case alone."""
    return " ".join(text.split()).casefold()


def sort_name(text: str) -> str:
    """By which a name is sorted: folded, without an article before it."""
    found = folded(text) or text.casefold().strip()
    return _ARTICLE.sub("", found, count=1)[:_LONGEST]


def words(text: str) -> list[str]:
    """The words that are searched for, without repeats, the first ones of many."""
    return list(dict.fromkeys(folded(text).split()))[:MOST_WORDS]


def trigrams(text: str) -> frozenset[str]:
    """The runs of three letters of the folded words, each word with its edges."""
    return _trigrams(folded(text).split())


def _trigrams(folded_words: Iterable[str]) -> frozenset[str]:
    return frozenset(
        padded[place : place + 3]
        for word in folded_words
        for padded in [f"  {word} "]
        for place in range(len(padded) - 2)
    )


@lru_cache(maxsize=16)
def _typed(text: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """What of that which was typed is compared with one name after the other."""
    return trigrams(text), tuple(words(text))


def likeness(typed: str, name: str) -> float:
    """How much of what was typed is in the name, from 0 to 1, letter by letter and whatever stands beside it."""
    wanted, typed_words = _typed(typed)
    names = folded(name).split()
    there = _trigrams(names)
    if not wanted or not there:
        return 0.0
    common = len(wanted & there)
    # a short name of which all is meant goes before a long one that has the same in it
    alike = common / len(wanted) * 0.9 + common / len(wanted | there) * 0.1
    meant = sum(any(slipped(word, other) for other in names) for word in typed_words)
    return max(alike, 0.8 * meant / max(len(typed_words), 1))


def slipped(typed: str, meant: str) -> bool:
    """Whether a word is the other one but for one letter: wrong, missing, too many, or changed places with the next."""
    if typed == meant:
        return True
    if min(len(typed), len(meant)) < _LONG_ENOUGH or abs(len(typed) - len(meant)) > 1:
        return False
    same_until = next((n for n, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), None)
    if same_until is None:
        return abs(len(typed) - len(meant)) == 1
    one, other = typed[same_until:], meant[same_until:]
    swapped = one[:2] == other[:2][::-1] and one[2:] == other[2:]
    return swapped or one[1:] == other[1:] or one[1:] == other or one == other[1:]
