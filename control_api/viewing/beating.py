"""What is known of a playing by its heartbeats.

Law: heartbeats may come in any order, and any of them again: what is known at last is the same. Where a playing is,
its newest heartbeat says, by the number that the player gave it; sums never fall. What is watched or stands still
takes no longer than the time that has passed.

All instants are milliseconds since 1970. What one heartbeat says, what all so far have said, and what a row says, are
of one kind, and joined in one way: the greater one of each part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAYER: Final = "player"
SILENCE: Final = "silence"
LIMIT: Final = "limit"
ACCOUNT: Final = "account"

FURTHEST: Final = (1 << 31) - 1
"""The greatest number of a heartbeat."""
FASTEST: Final = 10**9
"""Bits a second that a player is believed, at most: sums over all of them stay numbers that a database holds."""
OLDEST_MS: Final = 86_400_000
"""How far behind the air a player is believed to be, at most: so much of the log is read, and no more."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat. Sums are those since the start, so that one which is lost takes nothing with it."""

    number: int
    """Which heartbeat of the playing it is, from 1."""
    at: int
    """When it was heard."""
    position_ms: int = 0
    behind_ms: int | None = None
    """Of a channel: how far behind the air it plays."""
    played_ms: int = 0
    """For how long it has played in all; what stood still is not of it."""
    quality: str = ""
    bitrate: int | None = None
    bandwidth: int | None = None
    buffer_ms: int | None = None
    startup_ms: int | None = None
    stalls: int = 0
    stalled_ms: int = 0
    errors: int = 0
    error: str = ""


class Place(NamedTuple):
    """Where a playing is; of two, the greater one counts."""

    number: int = 0
    """Of the heartbeat that said so."""
    before: int = 0
    """When it was heard, negative: of one that came twice the first one counts."""
    position_ms: int = 0
    watched_ms: int = 0


class Ending(NamedTuple):
    """When and by what a playing ended; of two, the smaller one counts."""

    at: int
    by: str


_START: Final = Place()
_Number = tuple[int, int]
_Word = tuple[int, str]
"""What was said, after the number of the heartbeat that said so."""


@dataclass(frozen=True, slots=True)
class Played:
    """What is known of a playing."""

    started: int
    touched: int
    """When it was last heard of."""
    place: Place = _START
    quality: _Word = (0, "")
    bitrate: _Number = (0, 0)
    bandwidth: _Number = (0, 0)
    buffer: _Number = (0, 0)
    startup: _Number = (0, -1)
    """-1: nobody said."""
    error: _Word = (0, "")
    behind: _Number = (0, -1)
    """Of a channel: how far behind the air it plays; -1: nobody said."""
    stalls: int = 0
    stalled_ms: int = 0
    errors: int = 0
    ending: Ending | None = None

    @property
    def number(self) -> int:
        """Of its newest heartbeat."""
        return self.place.number

    @property
    def counted_to(self) -> int:
        """Until when `place` has counted what was watched: an old heartbeat that comes again counts nothing."""
        return max(-self.place.before, self.started)

    @property
    def position_ms(self) -> int:
        """Where it is."""
        return self.place.position_ms

    @property
    def heard(self) -> int:
        """When it was last heard of while it played."""
        return self.touched if self.ending is None else min(self.touched, self.ending.at)

    @property
    def watched_ms(self) -> int:
        """For how long it has really played."""
        watched = self.place.watched_ms
        return watched if self.ending is None else min(watched, self.ending.at - self.started)


def begun(at: int, position_ms: int = 0) -> Played:
    """A playing that begins."""
    return Played(at, at, Place(position_ms=position_ms))


def said(beat: Beat, started: int) -> Played:
    """What one heartbeat says of a playing that began at `started`."""
    number, passed = beat.number, max(beat.at - started, 0)
    return Played(
        started,
        max(beat.at, started),
        Place(number, -beat.at, beat.position_ms, min(beat.played_ms, passed)),
        quality=(number, beat.quality) if beat.quality else (0, ""),
        bitrate=(0, 0) if beat.bitrate is None else (number, min(beat.bitrate, FASTEST)),
        bandwidth=(0, 0) if beat.bandwidth is None else (number, min(beat.bandwidth, FASTEST)),
        buffer=(0, 0) if beat.buffer_ms is None else (number, beat.buffer_ms),
        startup=(0, -1) if beat.startup_ms is None else (number, beat.startup_ms),
        error=(number, beat.error) if beat.error else (0, ""),
        behind=(0, -1) if beat.behind_ms is None else (number, min(beat.behind_ms, OLDEST_MS)),
        stalls=beat.stalls,
        stalled_ms=min(beat.stalled_ms, passed),
        errors=beat.errors,
    )


def joined(one: Played, other: Played) -> Played:
    """What is known by both."""
    return Played(
        one.started,
        max(one.touched, other.touched),
        max(one.place, other.place),
        max(one.quality, other.quality),
        max(one.bitrate, other.bitrate),
        max(one.bandwidth, other.bandwidth),
        max(one.buffer, other.buffer),
        max(one.startup, other.startup),
        max(one.error, other.error),
        max(one.behind, other.behind),
        max(one.stalls, other.stalls),
        max(one.stalled_ms, other.stalled_ms),
        max(one.errors, other.errors),
        other.ending if one.ending is None else one.ending if other.ending is None else min(one.ending, other.ending),
    )


def ended(one: Played, at: int, by: str) -> Played:
    """That it ends; the first end of several counts."""
    ending = Ending(max(at, one.started), by)
    return replace(one, ending=ending if one.ending is None else min(one.ending, ending))


def revived(one: Played) -> Played:
    """That it goes on after it was thought to be over."""
    return replace(one, ending=None)


def unsilenced(one: Played) -> Played:
    """The same, if it was nothing but silence that has ended it: it may have been taken up again."""
    return revived(one) if one.ending is not None and one.ending.by == SILENCE else one


def counted(before: Played, at: int, position_ms: int | None, longest_ms: int) -> int:
    """For how long it has played, where the player does not count that itself.

    Of the time since it was last counted, as much as its position has gone on counts, however long it said nothing.
    Of what has leapt (or plays twice as fast), and of what has no position, `longest_ms` at most.
    """
    passed = max(at - before.counted_to, 0)
    moved = None if position_ms is None else position_ms - before.position_ms
    if moved is None or not 0 <= 2 * moved <= 3 * passed:
        moved = longest_ms
    return before.place.watched_ms + min(passed, moved)


def loaded_at(loaded_bytes: int, played_ms: int, passed_ms: int) -> int | None:
    """The bits a second of what was loaded since the start; None: nothing has played yet."""
    played = min(played_ms, passed_ms)
    return min(loaded_bytes * 8000 // played, FASTEST) if played > 0 else None


# What is kept


def of_row(row: Mapping[str, Any]) -> Played:
    """What a row says: `started`, `touched` and `ended` in milliseconds, all else by the names of its columns."""
    number = row["beats"]
    touched, ended_at = row["touched"], row["ended"]
    return Played(
        row["started"],
        touched,
        Place(number, -touched, row["position_ms"], row["watched_ms"]),
        (number, row["quality"]) if row["quality"] else (0, ""),
        (number, row["bitrate"]) if row["bitrate"] else (0, 0),
        (number, row["bandwidth"]) if row["bandwidth"] else (0, 0),
        (number, row["buffer_ms"]) if row["buffer_ms"] else (0, 0),
        (0, -1) if row["startup_ms"] is None else (number, row["startup_ms"]),
        (number, row["error"]) if row["error"] else (0, ""),
        (0, -1) if row["behind_ms"] is None else (number, row["behind_ms"]),
        row["stalls"],
        row["stalled_ms"],
        row["errors"],
        None if ended_at is None else Ending(ended_at, row["ended_by"]),
    )


def kept(one: Played) -> dict[str, Any]:
    """What the row says of it, but for instants."""
    return {
        "beats": one.number,
        "position_ms": one.position_ms,
        "behind_ms": None if one.behind[1] < 0 else one.behind[1],
        "watched_ms": one.watched_ms,
        "quality": one.quality[1],
        "bitrate": one.bitrate[1],
        "bandwidth": one.bandwidth[1],
        "buffer_ms": one.buffer[1],
        "startup_ms": None if one.startup[1] < 0 else one.startup[1],
        "error": one.error[1],
        "stalls": one.stalls,
        "stalled_ms": one.stalled_ms,
        "errors": one.errors,
        "ended_by": "" if one.ending is None else one.ending.by,
    }
