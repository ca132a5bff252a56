"""Going back: an earlier revision of a channel, published once more as its newest.

Law: nothing that was published is changed. The revision that is taken back is not published again by whoever
still wants it, until something else is wanted of the channel; what is packaged meanwhile reaches it all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.publish import RETIRED, Signed, drafted, restored, wish
from playout.refusals import Unanswered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from playout.core.channel import Revision
    from playout.station import Station

ROLLED_BACK: Final = "rollback"


class NoWayBack(Unanswered):
    """A channel cannot go back there: it says why, and what to do."""


def rollback(station: Station, channel: str, number: int | None, now: datetime, author: str = "") -> Revision:
    """Publish revision `number` once more, or by default the one before the rules and the identity changed last.

    Raises `NoWayBack`, `UnknownChannel`, `StoreDown`, `Corrupt` and `UnknownZone`.
    """
    revisions = station.revisions(channel)
    old = _before(revisions) if number is None else _numbered(revisions, number)
    note = f"{ROLLED_BACK} to revision {old.number}"
    found = restored(station.store, old, station.library, now, Signed(revisions[-1].source, author, note))
    if found is None:
        message = f"{channel} says already what revision {old.number} says: `fastline revisions {channel}` lists them"
        raise NoWayBack(message)
    return found


def _numbered(revisions: Sequence[Revision], number: int) -> Revision:
    channel = revisions[-1].channel.id
    found = next((revision for revision in revisions if revision.number == number), None)
    if found is None:
        last = revisions[-1].number
        message = f"{channel} has no revision {number}: it has 1 to {last}. `fastline revisions {channel}` lists them"
        raise NoWayBack(message)
    if found.retired:
        message = f"revision {number} is the end of {channel}: to end it, take it out of channels.yaml"
        raise NoWayBack(message)
    return found


def _before(revisions: Sequence[Revision]) -> Revision:
    """The revision that was in force before the newest wish, or before what the last rollback went back to."""
    newest = revisions[-1]
    since = newest.restores or newest.number
    wanted = next((_wish(revision) for revision in revisions if revision.number == since), _wish(newest))
    for revision in reversed(revisions):
        if revision.number < since and not revision.retired and _wish(revision) != wanted:
            return revision
    message = f"{newest.channel.id} has nothing to go back to: before this it was never programmed otherwise"
    raise NoWayBack(message)


def _wish(revision: Revision) -> str:
    return RETIRED if revision.retired else wish(drafted(revision))
