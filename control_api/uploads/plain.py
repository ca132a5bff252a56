"""What clients say of a file in headers, where no JSON has looked at it: text of letters, and nothing else."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator

WHY: Final = "has a control character, or half of one: it is no name that anybody can read"


def is_plain(text: str) -> bool:
    """Whether a database can keep it and a journal show it: no control characters, and no halves of a pair (UTF-16)."""
    return not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)


def _plain(text: str) -> str:
    if not is_plain(text):
        raise ValueError(WHY)
    return text


Plain = Annotated[str, AfterValidator(_plain)]
"""Such a text in a model."""
