"""The id of an asset: a digest of the source's bytes and of everything that decides what is made of them.

Law: equal ids mean equal assets. Analysis (loudness, black pictures) is a function of the source, so it
needs no place in the digest; the recipe's number stands for the code.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from playout import documents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.sidecar import Sidecar
    from playout.core.house import House

RECIPE: Final = 1
"""The number of this way of packaging; it grows whenever the same plan would give other media."""

_BLOCK: Final = 1 << 20
_LATER: Final = ("released", "genres", "story", "part", "ids", "advertiser", "category", "rights")
"""Facts that people could not tell from the beginning; where they do not, assets keep the ids that they have."""


def content_digest(path: Path) -> bytes:
    """The SHA-256 of a file. Blocks."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def asset_id(content: bytes, said: Sidecar, subtitles: Sequence[bytes], house: House, chunk: int) -> str:
    """The id of the asset that a source becomes.

    `said` is what people said of it, by side-car or by option; a title that was only guessed from the
    file's name does not count, so a file that was renamed is still the same asset. `subtitles` are the
    digests of the subtitle files of `said`, in its order.
    """
    told = {
        "recipe": RECIPE,
        "content": content.hex(),
        "house": house,
        "chunk": chunk,
        "title": said.title,
        "kind": said.kind,
        "tags": said.tags,
        "series": [said.series, said.season, said.episode],
        "about": [said.description, said.rating, said.language],
        "breaks": said.break_points,
        "subtitles": [
            [language, digest.hex()] for (language, _), digest in zip(said.subtitles, subtitles, strict=True)
        ],
    }
    told |= {name: fact for name in _LATER if (fact := getattr(said, name))}
    return documents.digest(documents.encode(told))
