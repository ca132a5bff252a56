"""What happens often and is said seldom: the first time at once, and then once a minute with a count. Pure.

Law: of what has happened nothing is left out of the counts, but for what is not over yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SPAN: Final = timedelta(minutes=1)


@dataclass(slots=True)
class Seldom:
    """One thing that may happen often."""

    _said_at: datetime | None = None
    _unsaid: int = 0

    def count(self, now: datetime) -> int:
        """Count one more; how many have happened since it was last said, when it is to be said now, and else 0."""
        self._unsaid += 1
        if self._said_at is not None and timedelta(0) <= now - self._said_at < SPAN:
            return 0
        self._said_at, unsaid, self._unsaid = now, self._unsaid, 0
        return unsaid
