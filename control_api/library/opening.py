"""When a title may be shown for the first time and until when, kept in its row, so that lists can ask for it.

Law: whoever writes rights writes both with them; whatever shows titles for being watched asks `is_open_now`. Where, and
a gap between two rights, is judged when it is played (`control_api.library.licence`): in a gap a title stays in lists,
and who plays it is told from when on they may.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from control_api.tables import Title

if TYPE_CHECKING:
    from collections.abc import Sequence


def opening(rights: Sequence[dict[str, Any]]) -> datetime | None:
    """The first instant of any of these rights, as they are stored; None where it may be shown ever since."""
    return min(_bounds(rights, "start"), default=None)


def closing(rights: Sequence[dict[str, Any]]) -> datetime | None:
    """The instant from which on none of these rights holds any more; None where it may be shown for ever."""
    return max(_bounds(rights, "stop"), default=None)


def is_open_now(now: datetime | ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Conditions on titles whose rights have begun, and have not ended; `now` may be a parameter of the statement."""
    opens = col(Title.opens_at)
    return [or_(opens.is_(None), opens <= now), is_not_over(now)]


def is_not_over(now: datetime | ColumnElement[Any]) -> ColumnElement[bool]:
    """That their rights have not ended; they may not have begun."""
    closes = col(Title.closes_at)
    return or_(closes.is_(None), closes > now)


def _bounds(rights: Sequence[dict[str, Any]], name: str) -> list[datetime]:
    """That end of each of them; nothing where one of them has none."""
    said = [right.get(name) for right in rights]
    return [] if None in said else [datetime.fromisoformat(str(one)) for one in said]
