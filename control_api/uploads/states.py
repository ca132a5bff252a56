"""The states of an upload, and the moves between them, as one table. Pure.

Law: nothing is packaged that the probe has not accepted; there is no way past quarantine.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class UploadState(StrEnum):
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
    UploadState.RECEIVING: frozenset(
        {UploadState.QUARANTINED, UploadState.REFUSED, UploadState.ENDED, UploadState.EXPIRED}
    ),
    UploadState.QUARANTINED: frozenset({UploadState.ACCEPTED, UploadState.REFUSED, UploadState.ENDED}),
    UploadState.ACCEPTED: frozenset({UploadState.PACKAGED, UploadState.REFUSED, UploadState.ENDED}),
    UploadState.PACKAGED: frozenset({UploadState.ENDED}),
    UploadState.REFUSED: frozenset({UploadState.ENDED}),
    UploadState.ENDED: frozenset[UploadState](),
    UploadState.EXPIRED: frozenset[UploadState](),
}
"""To which states a state leads."""

GONE: Final = frozenset({UploadState.REFUSED, UploadState.ENDED, UploadState.EXPIRED})
"""The states in which there are no bytes any more."""


def leads(before: UploadState, after: UploadState) -> bool:
    """Whether there is such a move."""
    return after in MOVES[before]
