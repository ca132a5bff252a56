"""What an origin knows: a frozen picture of everything on air, replaced whole.

Law: the request path reads one view and nothing else, so every answer is of one moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from playout.core.catalog import Item, Kit
from playout.core.channel import Channel, Revision
from playout.core.playlog import Log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playout.core.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that people must know of; it lasts until what causes it is mended."""

    where: str
    """The channel, document or process that it is about."""
    what: str
    """What is wrong and what to do, in one sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class OnAir:
    """One channel."""

    revisions: tuple[Revision, ...]
    """At least one, in the order of their numbers; those before the log's stretch are left out."""
    log: Log
    """From before the window to the end of what is known, in-memory turns included."""
    committed: int
    """The index after the last airing that the store has; the airings of `log` from there on are our own."""
    withdrawn: frozenset[str] = frozenset()
    """Assets that were pulled off air: their segments play as slate."""

    @property
    def channel(self) -> Channel:
        """The channel as its newest revision describes it."""
        return self.revisions[-1].channel

    @property
    def end(self) -> Ticks | None:
        """How far the log reaches; None while it is empty."""
        return self.log.airings[-1].end if self.log.airings else None


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Everything on air."""

    channels: Mapping[str, OnAir] = field(default_factory=lambda: MappingProxyType({}))
    """By channel id."""
    items: Mapping[str, Item] = field(default_factory=lambda: MappingProxyType({}))
    """By asset id: all of the newest catalog, and all that the logs at hand name."""
    kits: Mapping[str, Kit] = field(default_factory=lambda: MappingProxyType({}))
    """By house."""
    alarms: tuple[Alarm, ...] = ()

    def library(self, asset: str) -> Item | None:
        """The item of this asset id."""
        return self.items.get(asset)

    def numbered(self, number: str) -> OnAir | None:
        """The channel that people find under `number`."""
        return next((on_air for on_air in self.channels.values() if on_air.channel.number == number), None)

    def by_number(self) -> Iterator[OnAir]:
        """The channels in the order of their numbers, `2` before `2.1` before `10`."""

        def place(on_air: OnAir) -> tuple[list[int], str]:
            return [int(part) for part in on_air.channel.number.split(".") if part.isdigit()], on_air.channel.id

        yield from sorted(self.channels.values(), key=place)
