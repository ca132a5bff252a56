"""What many ask for again and again, remembered for a moment, so that most of them cost no database anything.

Law: once a change of this process is committed, nothing is remembered that it could be seen in, nor what was read
before it. What another process changes, and what changes without anybody saying so (how often a title was seen), counts
after `span` at the latest. What is one's own is never put in.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

    from prometheus_client import Counter

MOST: Final = 1000
"""How many answers are remembered; what was not asked for the longest time is forgotten first."""
_SHOWN: Final = frozenset(
    ("title", "rail", "genre", "tag", "asset", "artwork_ticket", "channel", "channels_file", "import")
)
"""Kinds of things of which a change may be seen in what is remembered."""


@dataclass(frozen=True, slots=True)
class _Held:
    value: Any
    at: datetime


class Hot:
    """What a process remembers."""

    def __init__(self, span: timedelta, looks: Counter, most: int = MOST) -> None:
        """`span` is how long something is remembered; zero remembers nothing. `looks` counts by what was found."""
        self._span = span
        self._looks = looks
        self._most = most
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()
        self.changes = 0
        """How often everything was forgotten: who reads notes it before, and says it when they have something."""

    def __len__(self) -> int:
        return len(self._held)

    def look(self, key: Hashable, now: datetime) -> Any | None:  # noqa: ANN401 — whatever was remembered
        """What is remembered by this key, if it is young enough."""
        held = self._held.get(key)
        # a clock that was set back makes nothing younger
        if held is not None and timedelta(0) <= now - held.at < self._span:
            self._held.move_to_end(key)
            self._looks.labels("hit").inc()
            return held.value
        self._held.pop(key, None)
        self._looks.labels("miss").inc()
        return None

    def hold(self, key: Hashable, value: Any, now: datetime, changes: int) -> None:  # noqa: ANN401 — whatever is worth it
        """Remember what was read when there had been so many `changes`."""
        if not self._span or changes != self.changes:
            return
        self._held[key] = _Held(value, now)
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)

    def changed(self, kinds: set[str]) -> None:
        """Things of these kinds have changed."""
        if kinds & _SHOWN:
            self.changes += 1
            self._held.clear()
