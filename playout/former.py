"""Revisions as former versions of Fastline wrote them: an upgrade takes no channel off the air.

Before channels had dayparts, the rules of a revision were one source with its ads and filler. They are read as
the block that says the same. What was committed by them stays as it is; what follows is chosen as this version
chooses, and the next publication writes the channel down anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from playout.core.catalog import Query
from playout.core.channel import Channel, Revision
from playout.core.rules import Ads, Block, Order, Rules, Source
from playout.core.ticks import Ticks
from playout.documents import Corrupt, decode


def revision_of(data: bytes, where: str) -> Revision:
    """The revision that `data` holds, whichever version wrote it; raises `Corrupt`, naming `where` it was read."""
    try:
        return decode(data, Revision, where)
    except Corrupt as unknown:
        try:
            former = decode(data, _Revision, where)
        except Corrupt:
            raise unknown from None  # of neither form: what is wrong with it is told for today's
        return former.today()


@dataclass(frozen=True, slots=True)
class _Ads:
    every: Ticks
    pod: Ticks
    query: Query
    bumper: Query | None = None
    """What opens and closes a break."""

    def today(self) -> Ads:
        """The same, as it is written now."""
        return Ads(self.every, self.pod, self.query, opens=self.bumper, closes=self.bumper)


@dataclass(frozen=True, slots=True)
class _Rules:
    include: Query
    exclude: Query | None = None
    order: Order = Order.SHUFFLE
    ads: _Ads | None = None
    filler: Query | None = None


@dataclass(frozen=True, slots=True)
class _Revision:
    number: int
    effective: datetime
    catalog: str
    channel: Channel
    rules: _Rules
    horizon: timedelta = field(default=timedelta(minutes=10))
    retired: bool = False
    source: str = "file"
    choice: str = ""

    def today(self) -> Revision:
        """The same. Its zone had no part in what aired, so no clock changes are carried."""
        rules = self.rules
        source = Source((rules.include,), (rules.exclude,) if rules.exclude else (), rules.order)
        return Revision(
            self.number,
            self.effective,
            self.catalog,
            self.channel,
            Rules(Block((source,), rules.ads.today() if rules.ads else None, rules.filler)),
            self.horizon,
            self.retired,
            self.source,
            self.choice,
        )
