"""What many ask for again and again, remembered for a moment, so that most of them cost no database anything.

Law: once a change is committed that a request to this process has made, nobody who asks is told what was read before.
What jobs and other processes change, and what changes without anybody saying so (how often a title was seen), counts
after `span` at the latest. Of many who ask at a time one reads, and the others wait for that. What is one's own is
never put in.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence

    from prometheus_client import Counter

MOST: Final = 1000
"""How many answers are remembered; what was not asked for the longest time is forgotten first."""
PATIENCE: Final = 2.0
"""For how many seconds somebody waits for what another one makes."""
_NOTHING: Final = object()
"""Stands for what was not found."""
_T = TypeVar("_T")
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
        self._flights: dict[Hashable, asyncio.Future[Any]] = {}
        """What is being made; who asks meanwhile waits for that."""
        self._changes = 0
        """How often everything was forgotten: what was read before that is not remembered after it."""

    def __len__(self) -> int:
        return len(self._held)

    async def shared(
        self, keys: Mapping[str, Hashable], now: datetime, make: Callable[[Sequence[str]], Awaitable[Mapping[str, _T]]]
    ) -> dict[str, _T]:
        """What is remembered by each of these keys; `make` finds the others, by their names, all at once.

        What somebody else is making already is waited for. What fails for them is made by the next one, and so is what
        takes longer than `PATIENCE`: they may wait for a connection that we hold. Raises what `make` raises.
        """
        found: dict[str, Any] = {}
        clock = asyncio.get_running_loop().time
        until = clock() + PATIENCE
        while lacking := [name for name in keys if name not in found]:
            held = {name: one for name in lacking if (one := self._look(keys[name], now)) is not None}
            flights = {
                name: flight
                for name in lacking
                if name not in held and (flight := self._flights.get(keys[name])) is not None and clock() < until
            }
            ours = [name for name in lacking if name not in held and name not in flights]
            found |= held
            if ours:  # before others are waited for: so nobody waits in a circle
                found |= await self._made({name: keys[name] for name in ours}, now, make)
            elif flights:
                await asyncio.wait(flights.values(), timeout=max(until - clock(), 0))
            told = {name: one.result() for name, one in flights.items() if one.done() and not one.cancelled()}
            found |= told
            self._looks.labels("hit").inc(len(held) + len(told))
            self._looks.labels("miss").inc(len(ours))
        return {name: one for name, one in found.items() if one is not _NOTHING}

    async def _made(
        self, keys: Mapping[str, Hashable], now: datetime, make: Callable[[Sequence[str]], Awaitable[Mapping[str, Any]]]
    ) -> dict[str, Any]:
        """What is made of these, and told to all who wait for it."""
        changes = self._changes
        flights = {name: asyncio.get_running_loop().create_future() for name in keys}
        if self._span:
            self._flights |= {keys[name]: flight for name, flight in flights.items()}
        try:
            new = await make(list(keys))
            found = {name: new.get(name, _NOTHING) for name in keys}
            for name, one in found.items():
                self._hold(keys[name], one, now, changes)
                flights[name].set_result(one)
            return found
        finally:
            for name, flight in flights.items():
                flight.cancel()  # changes nothing where it is done
                if self._flights.get(keys[name]) is flight:
                    del self._flights[keys[name]]

    def _look(self, key: Hashable, now: datetime) -> Any | None:  # noqa: ANN401 — whatever was remembered
        held = self._held.get(key)
        # a clock that was set back makes nothing younger
        if held is not None and timedelta(0) <= now - held.at < self._span:
            self._held.move_to_end(key)
            return held.value
        self._held.pop(key, None)
        return None

    def _hold(self, key: Hashable, value: Any, now: datetime, changes: int) -> None:  # noqa: ANN401 — whatever it is
        if not self._span or changes != self._changes:
            return
        self._held[key] = _Held(value, now)
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)

    def changed(self, kinds: set[str]) -> None:
        """Things of these kinds have changed."""
        if kinds & _SHOWN:
            self._changes += 1
            self._held.clear()
            self._flights.clear()
