"""One playing, as a process remembers it between two heartbeats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from control_api.viewing.beating import Played, of_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_api.tables import PlaySession

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
IN_A_SECOND: Final = 10
"""Heartbeats of one playing that are taken in a second."""


def millis(instant: datetime) -> int:
    """Milliseconds since 1970."""
    return (instant - _EPOCH) // _MS


def instant(millis: int) -> datetime:
    """The instant so many milliseconds after 1970 began."""
    return _EPOCH + _MS * millis


@dataclass(slots=True, eq=False)
class Playing:
    """A play session."""

    id: str
    owner: str
    """The id of the account, or of the API key."""
    profile: str | None
    """Whose history it goes into; None: nobody's."""
    channel: str | None
    title: str | None
    series: str | None
    """What the title is an episode of."""
    name: str
    duration_ms: int
    credits_ms: int | None
    is_slow: bool
    """Whether its player beats every two minutes only."""
    state: Played
    asked_ms: int = 0
    """In how many milliseconds it was asked to beat again."""
    second: int = 0
    beats: int = 0
    """How many were heard in that second."""

    def is_hurried(self, at: int) -> bool:
        """Whether it beats more often than anybody has to, once another heartbeat is counted."""
        second = at // 1000
        if second != self.second:
            self.second, self.beats = second, 0
        self.beats += 1
        return self.beats > IN_A_SECOND


def state_of(row: Mapping[str, Any]) -> Played:
    """What a row says, by the names of its columns."""
    ended = row["ended_at"]
    return of_row(
        {
            **row,
            "started": millis(row["started_at"]),
            "touched": millis(row["touched_at"]),
            "ended": None if ended is None else millis(ended),
        }
    )


def remembered(row: PlaySession, series: str | None, credits_ms: int | None) -> Playing:
    """What is to be remembered of a row; `series` and `credits_ms` are of its title."""
    return Playing(
        id=row.id,
        owner=row.account_id or row.key_id or "",
        profile=row.profile_id,
        channel=row.channel,
        title=row.title_id,
        series=series,
        name=row.name,
        duration_ms=row.duration_ms,
        credits_ms=credits_ms,
        is_slow=row.is_slow,
        state=state_of(row.model_dump()),
    )
