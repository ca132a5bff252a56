"""The names that a migration gives: ids of channels, collections and tags, each once in a file."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 60


def slug(text: str, otherwise: str = "unnamed") -> str:
    """`text` in lower-case letters, digits and single hyphens; `otherwise` when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))[:LONGEST].strip("-")
    return otherwise if found in ("", "none", "null") else found


@dataclass(slots=True)
class Names:
    """Names that are given once each."""

    given: set[str] = field(default_factory=set)

    def name(self, text: str, otherwise: str = "unnamed") -> str:
        """A name like `text` that nothing else has."""
        wanted = slug(text, otherwise)
        found, at = wanted, 1
        while found in self.given:
            at += 1
            found = f"{wanted[: LONGEST - 5]}-{at}"
        self.given.add(found)
        return found
