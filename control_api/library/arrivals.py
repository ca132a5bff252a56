"""Assets that lie in the store: what is read of one, and which title each belongs to or makes. Pure, but for reading.

Law: an asset belongs to the title that has one of its names elsewhere; else to that of another packaging of the same
work; else, an episode, to the one in its place; else it makes a title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from control_api.library.folding import same
from control_api.library.kinds import kept_as
from control_api.library.told import readable
from playout import keys
from playout.core.asset import Cuts, Kind
from playout.core.asset import Title as Told
from playout.core.ticks import TIMEBASE
from playout.documents import Corrupt, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playout.amend import Amended
    from playout.store import Store

_RELEASED: Final = re.compile(r"[1-9]\d{3}(-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?", re.ASCII)
_LONGEST_ID: Final = 240
_LONGEST_SCHEME: Final = 40


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is read of an asset's document; the places of its segments are not."""

    id: str
    house: str
    about: Told
    added: datetime
    cuts: Cuts
    poster: str = ""

    @property
    def duration_ms(self) -> int:
        """How long it plays, in milliseconds."""
        return self.cuts.end * 1000 // TIMEBASE

    @property
    def facts(self) -> Told:
        """What it says of itself, as far as it can be kept."""
        about = readable(self.about)
        ids = tuple(one for one in about.ids if ":" in one and len(one) <= _LONGEST_ID)
        return replace(
            about,
            title=about.title or self.id[:12],
            released=about.released if _RELEASED.fullmatch(about.released) else "",
            ids=tuple(one for one in ids if len(one.partition(":")[0]) <= _LONGEST_SCHEME),
        )


def arrivals(store: Store, names: Iterable[str], said: Mapping[str, Amended]) -> tuple[list[Arrival], list[str]]:
    """The assets of these names that have titles, and the names of those that never will. Raises `StoreDown`.

    One that is being packaged still is in neither list. What was said of an asset after it was packaged counts.
    """
    found: list[Arrival] = []
    never: list[str] = []
    for name in names:
        try:
            where = keys.asset(name)
            data = store.read(where)
            arrival = None if data is None else decode(data, Arrival, where)
        except (Corrupt, keys.BadKey):
            never.append(name)
            continue
        if arrival is None:
            continue
        if arrival.id != name or arrival.about.kind is Kind.SLATE or len(arrival.cuts.corners) < 2:  # noqa: PLR2004 — a start and an end
            never.append(name)
            continue
        later = said.get(name)
        about = arrival.about if later is None or later.said.about is None else later.said.about
        found.append(replace(arrival, about=about))
    return found, never


@dataclass(slots=True)
class Known:
    """Which titles there are, as far as some arrivals may belong to them; it grows with what they make."""

    by_id: dict[str, str] = field(default_factory=dict)
    """By names elsewhere."""
    by_work: dict[str, str] = field(default_factory=dict)
    """By the names of works."""
    by_place: dict[tuple[str, int], str] = field(default_factory=dict)
    """Episodes, by the id of what they belong to and their number."""
    series: dict[str, str] = field(default_factory=dict)
    """By name, without regard to case."""
    seasons: dict[tuple[str, int], str] = field(default_factory=dict)
    """By the id of the series and the number."""

    def parent(self, about: Told) -> str | None:
        """What it belongs to, when that is known."""
        series = self.series.get(same(about.series)) if about.series else None
        if series is None or not about.season:
            return series
        return self.seasons.get((series, about.season))

    def owner(self, about: Told) -> str | None:
        """The title that the asset belongs to, when there is one."""
        named = next((self.by_id[one] for one in about.ids if one in self.by_id), None)
        if named is not None or about.work in self.by_work:
            return named or self.by_work[about.work]
        parent = self.parent(about)
        if parent is None or about.kind is not Kind.EPISODE or not about.episode:
            return None
        return self.by_place.get((parent, about.episode))

    def made(self, title: str, parent: str | None, about: Told) -> None:
        """Remember a title that an arrival has made."""
        for one in about.ids:
            self.by_id.setdefault(one, title)
        self.by_work.setdefault(about.work, title)
        if parent is not None and kept_as(about.kind) == "episode" and about.episode:
            self.by_place.setdefault((parent, about.episode), title)
