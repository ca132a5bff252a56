"""How far the air has been told: of each channel, and of the library. Frozen, and kept as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Place:
    """What has been told of one channel."""

    tick: int = -1
    """Whatever began at this tick of its original's timeline, or before, has been told. None has: -1."""
    on_slate: bool = False
    """Whether slate was told last."""
    revision: int = 0
    """Which revision chose what was told last."""
    orders: int = 0
    """The number of the last order of withdrawal that was told."""
    is_behind: bool = False
    """Whether it was told that its log is behind."""

    def kept(self) -> dict[str, Any]:
        """As the database has it."""
        return asdict(self)

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """What `kept` has said; what another version has kept besides is left out."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in names})


@dataclass(frozen=True, slots=True)
class Shelf:
    """What has been told of the library."""

    edition: int = 0
    """The number of the edition whose assets have all been told; 0: nothing was told ever."""
    going: int = 0
    """The edition of which some have been told; 0: of none."""
    done: int = 0
    """How many of its new assets."""

    def kept(self) -> dict[str, Any]:
        """As the database has it."""
        return asdict(self)

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """What `kept` has said."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in names})
