"""What a profile has seen of a title, as one playing after another goes on.

Law: for how long it was watched is the sum of all playings, whatever order they are told in. Where it stopped, the
playing says that was heard of last. It was seen to the end once for each time that it came from before the end to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

_PERCENT: Final = 95
"""How much of a title is all of it, where nobody said when its credits begin."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of it; instants in milliseconds since 1970."""

    position_ms: int
    duration_ms: int
    watched_ms: int
    times: int
    first_at: int
    watched_at: int
    completed_at: int | None = None
    hidden_at: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a playing adds to it."""

    started: int
    at: int
    """When it was heard of last."""
    position_ms: int
    more_ms: int
    """For how long it has played since the step before."""
    duration_ms: int
    """0: nobody knows."""
    credits_ms: int | None = None


def is_whole(position_ms: int, duration_ms: int, credits_ms: int | None) -> bool:
    """Whether who has come as far has seen it: its credits begin there, or 95 % of it lie behind."""
    if credits_ms:
        return position_ms >= credits_ms
    return bool(duration_ms) and position_ms * 100 >= duration_ms * _PERCENT


def seen(before: Seen | None, step: Step) -> Seen:
    """What is kept after a step."""
    end = is_whole(step.position_ms, step.duration_ms, step.credits_ms)
    if before is None:
        completed = step.at if end else None
        return Seen(
            step.position_ms, step.duration_ms, step.more_ms, int(end), step.started, step.at, completed_at=completed
        )
    watched = before.watched_ms + step.more_ms
    if step.at < before.watched_at:  # another playing has been heard of since
        return replace(before, watched_ms=watched)
    completed, times = before.completed_at, before.times
    if end and completed is None:
        completed, times = step.at, times + 1
    elif not end and completed is not None and step.started >= completed:
        completed = None  # it is seen once more, from the beginning or from wherever
    is_back = before.hidden_at is not None and step.at > before.hidden_at
    return Seen(
        step.position_ms,
        step.duration_ms or before.duration_ms,
        watched,
        times,
        before.first_at,
        step.at,
        completed,
        None if is_back else before.hidden_at,
    )
