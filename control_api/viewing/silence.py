"""How often a player says where it is, and after how long a silence its playing is over.

Who was given an address, and began no session, says nothing. What plays by it counts for as long as it is likely to
play: else the limit of streams would hold for those alone who say what they do.

Players of a former system say so every two minutes, and are given up after five: theirs are the slow ones.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import and_, col, or_

from control_api.tables import PlaySession

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from control_api.settings import Settings

    Instant = datetime | ColumnElement[Any]

SLOW_BEAT_MS: Final = 120_000
"""How often a slow one says where it is."""
_SLOW: Final = timedelta(minutes=5)


def silence(settings: Settings, *, is_slow: bool) -> timedelta:
    """After how long a silence a playing is over."""
    usual = timedelta(seconds=settings.play_silence_seconds)
    return max(usual, _SLOW) if is_slow else usual


def next_beat(next_ms: int, *, is_slow: bool) -> int:
    """In how many milliseconds a player is to beat again; `next_ms` is what is asked of all others now."""
    return max(next_ms, SLOW_BEAT_MS) if is_slow else next_ms


def heard(settings: Settings, now: datetime) -> ColumnElement[bool]:
    """The condition on play sessions that they are not silent, or that nobody has promised to say anything."""
    return heard_since(**instants(settings, now))


def instants(settings: Settings, now: datetime) -> dict[str, datetime]:
    """Since when a usual one and a slow one must have been heard of, and until when one is lent that is not heard."""
    usual, slow = (now - silence(settings, is_slow=is_slow) for is_slow in (False, True))
    return {"usual": usual, "slow": slow, "now": now}


def heard_since(usual: Instant, slow: Instant, now: Instant) -> ColumnElement[bool]:
    """The same condition; what it is given may be parameters of a statement: `instants`."""
    touched = col(PlaySession.touched_at)
    said = and_(touched > slow, or_(touched > usual, col(PlaySession.is_slow)))
    return or_(said, and_(col(PlaySession.beats) == 0, col(PlaySession.lent_until) > now))


def silent(settings: Settings, now: datetime) -> ColumnElement[bool]:
    """The condition that they are."""
    touched = col(PlaySession.touched_at)
    usual, slow = (now - silence(settings, is_slow=is_slow) for is_slow in (False, True))
    lent = col(PlaySession.lent_until)
    promised = or_(lent.is_(None), lent <= now, col(PlaySession.beats) > 0)
    return and_(touched <= usual, or_(touched <= slow, ~col(PlaySession.is_slow)), promised)


def told() -> ColumnElement[bool]:
    """The condition that it was asked for, or its player says something: else it is an address, and plays or not."""
    return or_(col(PlaySession.lent_until).is_(None), col(PlaySession.beats) > 0)
