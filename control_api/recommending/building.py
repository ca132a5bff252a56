"""Building a version: what has changed is worked out anew, and all of it now and then.

Law: a version that takes neighbours over from the one before has the neighbours that one made anew of the same
would have, but for what a change far away does to them a little (how seldom a word is, who else likes the same); all is
worked out anew after a day, when the model is another one, and when much has changed.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel
from sqlmodel import select

from control_api.recommending import days, history, reading, versions
from control_api.recommending.model import NEIGHBOURS, Model, named
from control_api.recommending.packed import unpacked
from control_api.recommending.works import Library, Work
from control_api.tables import Title

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from control_api.database import Database
    from control_api.recommending.packed import Near
    from control_api.recommending.works import Plays
    from control_api.tables import RecommendationBuild

_log: Final = logging.getLogger("fastline.api")

ANEW: Final = timedelta(days=1)
"""After so long all is worked out anew."""
MUCH: Final = 0.3
"""Where more of the titles than this have changed, all are worked out anew."""
_AT_ONCE: Final = 500
_RATED: Final = 0.25
"""How much ratings count for how popular a title is, of 1; the rest is how much it is watched."""


class Built(BaseModel):
    """What came of it."""

    number: int
    """Of the version that is read now."""
    is_new: bool
    """Whether it was made now; otherwise nothing had changed."""
    works: int
    anew: int
    profiles: int
    plays: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class Wish:
    """How a version is wanted."""

    model: str = "blend"
    half_life: timedelta = timedelta(days=3)
    """Of viewers, for what is trending."""
    full: bool = False
    """Whether all is to be worked out anew, whatever has changed."""
    neighbours: int = NEIGHBOURS
    """How many are kept of a title."""


@dataclass(slots=True)
class _Making:
    """A version that is being made."""

    model: Model
    works: Sequence[Work]
    most: int
    """Neighbours of a title."""
    old: versions.Former
    """Those that may stay; empty where all are worked out anew."""
    anew: set[int]
    """The places of which they are."""
    places: dict[str, int]

    def look_around(self) -> None:
        """Work out anew what is near to new titles, too: they may be neighbours now."""
        known = self.old.kept
        fresh = {place for place in self.anew if self.works[place].id not in known} if known else set()
        self.anew |= {other for place in fresh for other, _ in self.model.near(place, self.most)}

    def near(self, place: int) -> Sequence[Near]:
        """The neighbours of a title."""
        if place in self.anew:
            return self.model.near(place, self.most)
        return [(self.places[name], near) for name, near in self.old.near(self.works[place].id) if name in self.places]


def _quiet(_permille: int, _words: str) -> None:
    """Nobody is told how far it is."""


async def build(
    database: Database,
    wish: Wish,
    now: datetime,
    tell: Callable[[int, str], None] = _quiet,
    made: Callable[[Library], Model] | None = None,
) -> Built:
    """Build a version, unless nothing has changed; blocks for seconds at a time. `made` makes the model instead."""
    begun = perf_counter()
    made = made or named(wish.model)
    async with database.reading() as session:
        last = await versions.newest(session)
    if last is not None and not wish.full and not await _is_due(database, last, wish, now):
        return _told(last, is_new=False)
    tell(10, "counting viewers")
    await days.counted(database, None if last is None else last.begun_at, now)
    tell(50, "reading titles")
    works = await reading.works(database)
    plays, whose = await reading.plays(
        database, works, now, lambda done, all_: tell(100 + 300 * done // max(all_, 1), f"{done} profiles")
    )
    old, anew = await _taken_over(database, last, wish, now, works, plays, whose)
    row = await versions.begun(database, wish.model, now, now if not old.kept or last is None else last.full_at)
    popular, trending = await _watched(database, wish, now, works)
    places = {work.id: place for place, work in enumerate(works)}
    making = _Making(made(Library(works, plays)), works, wish.neighbours, old, anew, places)
    making.look_around()
    for start in range(0, len(works), _AT_ONCE):
        known = [
            versions.Known(work.id, popular[place], trending[place], next(iter(work.genres), None), making.near(place))
            for place, work in enumerate(works[start : start + _AT_ONCE], start)
        ]
        await versions.written(database, row.number, start, known)
        tell(400 + 580 * start // len(works), f"{start} of {len(works)} titles")
    took = round((perf_counter() - begun) * 1000)
    counts = {"works": len(works), "anew": len(making.anew), "profiles": len(plays), "plays": len(plays.places)}
    await versions.finished(database, row, {"built_at": now, "took_ms": took, **counts})
    await versions.pruned(database)
    return Built(number=row.number, is_new=True, took_ms=took, **counts)


def _told(row: RecommendationBuild, *, is_new: bool) -> Built:
    return Built(is_new=is_new, **{name: getattr(row, name) for name in Built.model_fields if name != "is_new"})


async def _is_due(database: Database, last: RecommendationBuild, wish: Wish, now: datetime) -> bool:
    """Whether anything has changed; after a day something has, if only the day."""
    if last.model != wish.model or now - last.begun_at >= ANEW:
        return True
    async with database.reading() as session:
        edited = select(Title.id).where(Title.updated_at >= last.begun_at).limit(1)
        return (await session.exec(edited)).first() is not None or await history.is_changed(session, last.begun_at)


async def _taken_over(  # noqa: PLR0913, PLR0917 — what was and what is
    database: Database,
    last: RecommendationBuild | None,
    wish: Wish,
    now: datetime,
    works: Sequence[Work],
    plays: Plays,
    whose: Sequence[str],
) -> tuple[versions.Former, set[int]]:
    """The neighbours that stay, and the places at which they do not. Nothing stays where all is made anew."""
    everything = versions.Former({}, {}), set(range(len(works)))
    if last is None or wish.full or last.model != wish.model or now - last.full_at >= ANEW:
        return everything
    old = await versions.former(database, last.number)
    async with database.reading() as session:
        edited = set((await session.exec(select(Title.id).where(Title.updated_at >= last.begun_at))).all())
        spoken = await history.changed(session, last.begun_at)
    there = {work.id for work in works}
    changed = {place for place, work in enumerate(works) if work.id in edited or work.id not in old.kept}
    gone = (old.kept.keys() - there) | edited
    lost = {at for at, name in old.titles.items() if name in gone}
    changed |= {
        place
        for place, work in enumerate(works)
        if not lost.isdisjoint(at for at, _ in unpacked(old.kept.get(work.id, b"")))
    }
    for profile, (begins, ends) in zip(whose, plays.spans(), strict=True):
        if profile in spoken:
            changed.update(plays.places[begins:ends])
    return everything if len(changed) > MUCH * len(works) else (old, changed)


async def _watched(
    database: Database, wish: Wish, now: datetime, works: Sequence[Work]
) -> tuple[list[float], list[float]]:
    """How popular each title is, and how much it is watched now."""
    async with database.reading() as session:
        lately, long = await days.watched(session, now, wish.half_life)
    most = max((math.log1p(long[work.id]) for work in works if work.id in long), default=0.0) or 1.0
    popular = [_RATED * work.rating + (1 - _RATED) * math.log1p(long.get(work.id, 0.0)) / most for work in works]
    return popular, [lately.get(work.id, 0.0) for work in works]
