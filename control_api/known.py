"""Who was known a moment ago: callers are remembered for a short time, so that most requests ask no database.

Law: whatever a change of this process is of, nobody is remembered by it once it is committed. What was read before
that is not remembered after it either. What another process changes counts after `patience` at the latest.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from control_api.callers import Caller, Stranger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Spare = Callable[[str], Awaitable[None]]

MOST: Final = 50_000
"""How many are remembered; who has not asked for the longest time is forgotten first."""
PATIENT: Final = ContextVar("patient", default=False)
"""Whether what is asked is what players say time and again: for that, somebody is remembered for `LONG`."""
LONG: Final = timedelta(minutes=5)
"""What another process changes counts as late for that; a player then is told where it asks for anything else."""


@dataclass(frozen=True, slots=True)
class _Seen:
    caller: Caller
    at: datetime


class Known:
    """The callers that a process knows, by what they sent. The credentials themselves are not kept."""

    def __init__(self, patience: timedelta, most: int = MOST, spare: Spare | None = None) -> None:
        """`patience` is how long somebody is remembered; zero remembers nobody.

        `spare` is asked, with the address that a request came from, before the database is; it raises `Problem`.
        """
        self._patience = patience
        self._most = most
        self._spare = spare
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()
        self._named: dict[str, set[bytes]] = {}
        self._changes = 0
        self.looks = 0
        """How often the database was asked."""

    def __len__(self) -> int:
        return len(self._seen)

    async def caller(
        self,
        credentials: str,
        now: datetime,
        look: Callable[[], Awaitable[Caller | Stranger | None]],
        address: str = "",
    ) -> Caller | Stranger | None:
        """Who sends this from `address`, by memory or else by `look`.

        Strangers are not remembered: they may be known soon.
        """
        key = hashlib.sha256(credentials.encode("utf-8", "surrogateescape")).digest()
        seen = self._seen.get(key)
        if seen is not None and self._is_fresh(seen, now):
            self._seen.move_to_end(key)
            return seen.caller
        if self._spare is not None:
            await self._spare(address)
        before = self._changes
        self.looks += 1
        found = await look()
        self._drop(key)
        if isinstance(found, Caller) and self._patience and before == self._changes:
            self._keep(key, _Seen(found, now))
        return found

    def forget(self, name: str) -> None:
        """Nobody is remembered by this id any more: of an account, a profile, a session, an API key, or its maker."""
        self._changes += 1
        for key in self._named.get(name, set()).copy():
            self._drop(key)

    def _is_fresh(self, seen: _Seen, now: datetime) -> bool:
        # a clock that was set back makes nobody younger
        patience = max(self._patience, LONG) if self._patience and PATIENT.get() else self._patience
        is_young = timedelta(0) <= now - seen.at < patience
        return is_young and (seen.caller.until is None or now < seen.caller.until)

    def _keep(self, key: bytes, seen: _Seen) -> None:
        self._seen[key] = seen
        for name in _names(seen.caller):
            self._named.setdefault(name, set()).add(key)
        while len(self._seen) > self._most:
            self._drop(next(iter(self._seen)))

    def _drop(self, key: bytes) -> None:
        seen = self._seen.pop(key, None)
        if seen is None:
            return
        for name in _names(seen.caller):
            keys = self._named[name]
            keys.discard(key)
            if not keys:
                del self._named[name]


def _names(caller: Caller) -> set[str]:
    viewer = caller.viewer.id if caller.viewer is not None else ""
    return {caller.id, caller.session, viewer, *caller.behind} - {""}
