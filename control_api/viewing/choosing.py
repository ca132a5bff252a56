"""Which of the languages that there are a viewer hears and reads.

Law: what is chosen is one of those that there are. The very tag goes before another one of the same language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def matching(there: Sequence[str], wanted: str) -> str | None:
    """The one that is meant by a BCP 47 tag; None where there is none of that language."""
    if not wanted:
        return None
    lower = wanted.casefold()
    same = (one for one in there if one.casefold() == lower)
    alike = (one for one in there if one.casefold().partition("-")[0] == lower.partition("-")[0])
    return next(same, None) or next(alike, None)


def audio(there: Sequence[str], wanted: str, own: str) -> str | None:
    """What is heard: the wanted language, or else `own`, that of the work itself, or else the first."""
    return matching(there, wanted) or matching(there, own) or next(iter(there), None)


def subtitles(there: Sequence[str], wanted: str) -> str | None:
    """What is read: the wanted language, or nothing."""
    return matching(there, wanted)
