"""How far a piece of packaging is: what whoever waits for it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What is being done to a source, in this order."""

    PROBE = "probe"
    ANALYSE = "analyse"
    ENCODE = "encode"
    VERIFY = "verify"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one source is."""

    file: str
    """The source, as it was named."""
    stage: Stage
    fraction: float
    """How much of the stage is done, from 0 to 1."""
    resumed: int = 0
    """Chunks that were found finished, from a run that was interrupted."""
    encoded: int = 0
    """Chunks that this run has encoded."""
    parts: tuple[tuple[str, float], ...] = ()
    """How much of each rendition with pictures or sound is encoded, from 0 to 1; empty while nobody knows which."""


Tell = Callable[[Progress], None]
"""Whoever wants to know."""
