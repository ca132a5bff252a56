"""When a title may be shown for the first time, kept in its row, so that lists can ask for what is coming.

Law: whoever writes rights writes this with them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def opening(rights: Sequence[dict[str, Any]]) -> datetime | None:
    """The first instant of any of these rights, as they are stored; None where it may be shown ever since."""
    starts = [right.get("start") for right in rights]
    if not starts or None in starts:
        return None
    return min(datetime.fromisoformat(str(start)) for start in starts)
