"""What an origin knows: a frozen picture of everything on air, replaced whole.

Law: the request path reads one view and nothing else, so every answer is of one moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from playout.core.catalog import Item, Kit
from playout.core.channel import Access, Channel, Revision
from playout.core.playlog import Log

if TYPE_CHECKING:
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
    parent: OnAir | None = None
    """What it repeats, when it is derived. A mirror's log, and what is committed of it, are its parent's."""

    @property
    def channel(self) -> Channel:
        """The channel as its newest revision describes it."""
        return self.revisions[-1].channel

    @property
    def mirror(self) -> bool:
        """Whether its log is its parent's."""
        return self.parent is not None and bool(self.revisions[-1].mirrors)

    @property
    def logged(self) -> Channel:
        """The channel whose log it is: under its id the turns lie, on the days that its genesis gives them."""
        return self.parent.channel if self.parent and self.mirror else self.channel

    @property
    def programmed(self) -> tuple[Revision, ...]:
        """The revisions that choose its turns: a mirror's parent's."""
        return self.parent.revisions if self.parent and self.mirror else self.revisions

    @property
    def end(self) -> Ticks | None:
        """How far the log reaches; None while it is empty."""
        return self.log.airings[-1].end if self.log.airings else None


def alternatives(channel: Channel) -> tuple[str, ...]:
    """The names of a channel's audio and subtitle renditions."""
    return (*(f"a-{language}" for language in channel.languages), *(f"s-{language}" for language in channel.subtitles))


@dataclass(frozen=True, eq=False)
class View:
    """Everything on air. What is looked up by anything but the channel is sorted out once, when first asked for."""

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

    @cached_property
    def withdrawn(self) -> frozenset[str]:
        """Assets that were pulled off any channel's air."""
        return frozenset().union(*(on_air.withdrawn for on_air in self.channels.values() if on_air.withdrawn))

    @cached_property
    def signed(self) -> frozenset[str]:
        """The ids of the channels that take a token."""
        return frozenset(
            channel for channel, on_air in self.channels.items() if on_air.channel.access is not Access.OPEN
        )

    @cached_property
    def airing(self) -> Mapping[str, tuple[OnAir, ...]]:
        """By asset id, the channels whose logs at hand name it."""
        found: dict[str, list[OnAir]] = {}
        for on_air in self.channels.values():
            for asset in {airing.asset for airing in on_air.log.airings}:
                found.setdefault(asset, []).append(on_air)
        return {asset: tuple(channels) for asset, channels in found.items()}

    @cached_property
    def begun(self) -> Mapping[str, tuple[Ticks, int]]:
        """By house, the highest tick and the highest sequence number with which a log at hand begins."""
        found: dict[str, tuple[Ticks, int]] = {}
        for on_air in self.channels.values():
            if on_air.log.airings:
                first, house = on_air.log.airings[0], on_air.channel.house
                tick, msn = found.get(house, (first.start, first.first_msn))
                found[house] = max(tick, first.start), max(msn, first.first_msn)
        return found

    @cached_property
    def alternatives(self) -> Mapping[str, frozenset[str]]:
        """By house, the audio and subtitle renditions that its channels have between them."""
        found: dict[str, set[str]] = {}
        for on_air in self.channels.values():
            found.setdefault(on_air.channel.house, set()).update(alternatives(on_air.channel))
        return {house: frozenset(names) for house, names in found.items()}

    def numbered(self, number: str) -> OnAir | None:
        """The channel that people find under `number`."""
        return next((on_air for on_air in self.channels.values() if on_air.channel.number == number), None)
