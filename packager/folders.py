"""A folder of videos with their side-cars, as people bring it: which files it holds, and what each becomes.

Law: nothing is read that does not lie below the root that people have let in, whatever links are called.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from packager import sidecar
from packager.batch import mistaken, overlaid
from packager.faults import Faults
from packager.identity import asset_id, content_digest
from packager.source import Refusal
from packager.watch import NO_SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.batch import Batch


def films(folder: Path, most: int) -> list[Path]:
    """The files below `folder` that may be sources, in order: `most` and one more at most. Blocks.

    Folders that are links, or that cannot be read, are not entered, and what begins with a dot is left out.
    Raises `OSError` when `folder` itself cannot be read.
    """
    os.scandir(folder).close()
    found: list[Path] = []
    for path in _walked(folder):
        found.append(path)
        if len(found) > most:
            break
    return found


def _walked(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            if not name.startswith(".") and path.suffix.lower() not in NO_SOURCES and path.is_file():
                yield path


def strays(film: Path, root: Path) -> list[Path]:
    """What would be read of `film`, itself and what lies beside it, although it leads out of `root`. Blocks.

    Subtitles that its side-car names are looked at too, where it can be read.
    """
    near = [film, *(film.with_name(film.stem + suffix) for suffix in sidecar.SUFFIXES)]
    out = [path for path in near if not path.resolve().is_relative_to(root)]
    if out:
        return out
    said = sidecar.read(film)
    subtitles = () if isinstance(said, Faults) else said.subtitles
    return [path for _, path in subtitles if not path.resolve().is_relative_to(root)]


async def becomes(film: Path, root: Path, batch: Batch) -> str | Refusal:
    """The id of the asset that packaging `film`, which lies below `root`, gives; reads it whole.

    Whether it is a video at all is not looked at. Raises `OSError`.
    """
    out = await asyncio.to_thread(strays, film, root)
    if out:
        return astray(film, out)
    beside = await asyncio.to_thread(sidecar.read, film)
    if isinstance(beside, Faults):
        return mistaken(film, beside)
    said = overlaid(beside, batch.said)
    content = await asyncio.to_thread(content_digest, film)
    texts = [await asyncio.to_thread(content_digest, path) for _, path in said.subtitles]
    return asset_id(content, said, texts, batch.house, batch.chunk)


def astray(film: Path, out: list[Path]) -> Refusal:
    """The answer for what leads out of its root."""
    names = ", ".join(path.name for path in out)
    return Refusal(str(film), f"{names} leads out of the folder", "Put the file itself there, and no link to it.")
