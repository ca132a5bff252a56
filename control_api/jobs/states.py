"""The states of a job, and the moves between them, as one table. Pure.

Law: no job ever gets from one state to another but by a move of this table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
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
    (State.QUEUED, Move.BEGIN): State.RUNNING,
    (State.QUEUED, Move.HOLD): State.WAITING,
    (State.QUEUED, Move.PAUSE): State.PAUSED,
    (State.QUEUED, Move.CANCEL): State.CANCELED,
    (State.WAITING, Move.RELEASE): State.QUEUED,
    (State.WAITING, Move.FAIL): State.FAILED,
    (State.WAITING, Move.PAUSE): State.PAUSED,
    (State.WAITING, Move.CANCEL): State.CANCELED,
    (State.RUNNING, Move.SUCCEED): State.SUCCEEDED,
    (State.RUNNING, Move.FAIL): State.FAILED,
    (State.RUNNING, Move.TRY_AGAIN): State.QUEUED,
    (State.RUNNING, Move.GIVE_BACK): State.QUEUED,
    (State.RUNNING, Move.HOLD): State.WAITING,
    (State.RUNNING, Move.PAUSE): State.PAUSED,
    (State.RUNNING, Move.CANCEL): State.CANCELED,
    (State.PAUSED, Move.RESUME): State.QUEUED,
    (State.PAUSED, Move.FAIL): State.FAILED,
    (State.PAUSED, Move.CANCEL): State.CANCELED,
    (State.FAILED, Move.RETRY): State.QUEUED,
    (State.CANCELED, Move.RETRY): State.QUEUED,
}
"""To which state a move leads; a pair that is not here does not happen."""

ENDED: Final = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED})
"""What stays as it is unless people want it otherwise."""
UNENDED: Final = frozenset(State) - ENDED
"""What fills the queue."""


class Immovable(ValueError):
    """A job in this state does not make that move."""


def moved(state: State, move: Move) -> State:
    """The state after `move`. Raises `Immovable`."""
    found = TABLE.get((state, move))
    if found is None:
        possible = ", ".join(sorted(allowed(state))) or "nothing"
        message = f"a job that is {state} cannot {move.replace('_', ' ')}; what it can: {possible}"
        raise Immovable(message)
    return found


def allowed(state: State) -> frozenset[Move]:
    """The moves of a job in this state."""
    return frozenset(move for (before, move) in TABLE if before is state)
