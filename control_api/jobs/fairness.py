"""Which job is begun next. Pure.

Laws: of jobs of the same priority, nobody's is begun twice while somebody else's, who asked before the first of
the two was begun, waits. Nothing waits for ever: an owner's turn grows in weight the longer they have not had one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

AGEING: Final = timedelta(minutes=10)
"""After so long without a turn, an owner's next job counts as one step of priority more."""
HIGHEST: Final = 100
"""The highest priority; the lowest is its negative."""

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job that may be begun."""

    id: str
    kind: str
    owner: str
    priority: int
    due_at: datetime
    """Since when it might have been begun."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is going on already."""

    by_owner: Mapping[str, int] = field(default_factory=dict)
    """How many jobs of each owner run."""
    served_at: Mapping[str, datetime] = field(default_factory=dict)
    """When a job of each owner was last begun."""


def choose(candidates: Iterable[Candidate], load: Load, now: datetime) -> Candidate | None:
    """The one whose turn it is; None when there is none."""
    return min(candidates, key=lambda one: _turn(one, load, now), default=None)


def _turn(one: Candidate, load: Load, now: datetime) -> tuple[int, int, datetime, int, datetime, str]:
    """What orders candidates: the smaller, the sooner."""
    served = load.served_at.get(one.owner, _NEVER)
    waited = max(now - max(served, one.due_at), timedelta())
    weight = one.priority + waited // AGEING
    return -weight, load.by_owner.get(one.owner, 0), served, -one.priority, one.due_at, one.id


def room(limits: Mapping[str, int | None], running: Mapping[str, int]) -> frozenset[str]:
    """The kinds of which one more may run."""
    counted = Counter(running)
    return frozenset(kind for kind, most in limits.items() if most is None or counted[kind] < most)
