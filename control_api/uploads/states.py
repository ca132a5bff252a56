"""The states of an upload, and the moves between them, as one table. Pure.

Law: nothing is packaged that the probe has not accepted; there is no way past quarantine.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where an upload is."""

    RECEIVING = "receiving"
    """Bytes are missing."""
    QUARANTINED = "quarantined"
    """It is whole, and nobody knows what it is."""
    ACCEPTED = "accepted"
    """The probe has said what it is; it is being packaged."""
    PACKAGED = "packaged"
    """There is an asset of it."""
    REFUSED = "refused"
    """It is no media, or could not be fetched; its bytes are gone."""
    ENDED = "ended"
    """Its owner wants it no more; its bytes are gone."""
    EXPIRED = "expired"
    """Nobody went on with it for too long; its bytes are gone."""


MOVES: Final = {
    State.RECEIVING: frozenset({State.QUARANTINED, State.REFUSED, State.ENDED, State.EXPIRED}),
    State.QUARANTINED: frozenset({State.ACCEPTED, State.REFUSED, State.ENDED}),
    State.ACCEPTED: frozenset({State.PACKAGED, State.REFUSED, State.ENDED}),
    State.PACKAGED: frozenset({State.ENDED}),
    State.REFUSED: frozenset({State.ENDED}),
    State.ENDED: frozenset[State](),
    State.EXPIRED: frozenset[State](),
}
"""To which states a state leads."""

GONE: Final = frozenset({State.REFUSED, State.ENDED, State.EXPIRED})
"""The states in which there are no bytes any more."""


def leads(before: State, after: State) -> bool:
    """Whether there is such a move."""
    return after in MOVES[before]
