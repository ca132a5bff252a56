"""The states of a job, and the moves between them, as one table. Pure.

Law: no job ever gets from one state to another but by a move of this table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    """It may be begun as soon as it is due and a worker has time."""
    WAITING = "waiting"
    """Something must happen before: the job's `reason` says what."""
    RUNNING = "running"
    """A worker holds its lease."""
    PAUSED = "paused"
    """People want it to rest."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It is not tried again by itself."""
    CANCELED = "canceled"
    """People want it no more."""


class Move(StrEnum):
    """What happens to a job."""

    BEGIN = "begin"
    """A worker takes it."""
    HOLD = "hold"
    """It has to wait for its parent, or for room on the disk."""
    RELEASE = "release"
    """What it waited for has come."""
    SUCCEED = "succeed"
    FAIL = "fail"
    """For good: the attempts are used up, or another would end the same way."""
    TRY_AGAIN = "try_again"
    """This attempt failed, or its worker died, and there are attempts left."""
    GIVE_BACK = "give_back"
    """Its worker is being stopped; the attempt does not count."""
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    """People want it once more."""


TABLE: Final = {
    (JobState.QUEUED, Move.BEGIN): JobState.RUNNING,
    (JobState.QUEUED, Move.HOLD): JobState.WAITING,
    (JobState.QUEUED, Move.PAUSE): JobState.PAUSED,
    (JobState.QUEUED, Move.CANCEL): JobState.CANCELED,
    (JobState.WAITING, Move.RELEASE): JobState.QUEUED,
    (JobState.WAITING, Move.FAIL): JobState.FAILED,
    (JobState.WAITING, Move.PAUSE): JobState.PAUSED,
    (JobState.WAITING, Move.CANCEL): JobState.CANCELED,
    (JobState.RUNNING, Move.SUCCEED): JobState.SUCCEEDED,
    (JobState.RUNNING, Move.FAIL): JobState.FAILED,
    (JobState.RUNNING, Move.TRY_AGAIN): JobState.QUEUED,
    (JobState.RUNNING, Move.GIVE_BACK): JobState.QUEUED,
    (JobState.RUNNING, Move.HOLD): JobState.WAITING,
    (JobState.RUNNING, Move.PAUSE): JobState.PAUSED,
    (JobState.RUNNING, Move.CANCEL): JobState.CANCELED,
    (JobState.PAUSED, Move.RESUME): JobState.QUEUED,
    (JobState.PAUSED, Move.FAIL): JobState.FAILED,
    (JobState.PAUSED, Move.CANCEL): JobState.CANCELED,
    (JobState.FAILED, Move.RETRY): JobState.QUEUED,
    (JobState.CANCELED, Move.RETRY): JobState.QUEUED,
}
"""To which state a move leads; a pair that is not here does not happen."""

ENDED: Final = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED})
"""What stays as it is unless people want it otherwise."""
UNENDED: Final = frozenset(JobState) - ENDED
"""What fills the queue."""


class Immovable(ValueError):
    """A job in this state does not make that move."""


def moved(state: JobState, move: Move) -> JobState:
    """The state after `move`. Raises `Immovable`."""
    found = TABLE.get((state, move))
    if found is None:
        possible = ", ".join(sorted(allowed(state))) or "nothing"
        message = f"a job that is {state} cannot {move.replace('_', ' ')}; what it can: {possible}"
        raise Immovable(message)
    return found


def allowed(state: JobState) -> frozenset[Move]:
    """The moves of a job in this state."""
    return frozenset(move for (before, move) in TABLE if before is state)
