"""Taking in what lies in the store and nobody knows: assets become rows, and make titles of what they say.

Law: doing it twice does no more than doing it once, and by itself it changes nothing that airs. Where people have
changed a title since, a later packaging of it is told what they changed.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert
from sqlmodel import col, select, update

from control_api.among import among
from control_api.database import Database
from control_api.happenings import Happening, append
from control_api.ids import new_id
from control_api.library.access import inherit
from control_api.library.ages import aged, rated
from control_api.library.amendments import due
from control_api.library.arrivals import Arrival, Known, arrivals
from control_api.library.editing import edit
from control_api.library.facts import RightsGiven, TitleEdit
from control_api.library.folding import same, sort_name
from control_api.library.hung import hung
from control_api.library.indexing import reindexed
from control_api.library.kinds import FOLDERS, TitleKind, TitleState, kept_as
from control_api.library.names import add_absent, ensured
from control_api.library.opening import closing, opening
from control_api.library.told import NOTHING, agree, document, from_document, merged, stored, told
from control_api.problems import Problem
from control_api.tables import Asset, Genre, Tag, Title, TitleElsewhere, TitleGenre, TitleLanguage, TitleTag
from control_api.tables.titles import UNPLACED
from playout.amend import amended
from playout.core.asset import Title as Told
from playout.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from playout.amend import Amended

_log: Final = logging.getLogger("fastline.library")
AT_ONCE: Final = 100
"""Assets in one transaction."""
_MANY: Final = 500
_HELD: Final = ("gone", "withdrawn", "deleted")
"""States that an asset keeps when its files are not there: with them it would not come back as it was."""

Columns = dict[str, Any]


@dataclass(slots=True)
class Intake:
    """One process's view of the store: which names it has dealt with."""

    database: Database
    store: Store
    passed: set[str] = field(default_factory=set)
    """Folders that are no assets with titles, and never will be: slates, and what cannot be read."""
    settled: tuple[str, ...] = ()
    """The folders of the last look, when nothing of it was left to do."""

    async def look(self, now: datetime, go_on: Callable[[], Awaitable[bool]]) -> int:
        """Take in what is new; how many assets that were. Raises `StoreDown`.

        `go_on` is asked between two transactions: whether this process still has the duty.
        """
        names = tuple(await asyncio.to_thread(self.store.names, "assets"))
        if names == self.settled:
            return 0
        async with self.database.reading() as session:
            known = dict((await session.exec(select(Asset.id, Asset.state))).all())
        fresh = [name for name in names if name not in known and name not in self.passed]
        # a store without any assets is most likely a disk that is not there
        lost = sorted({name for name, state in known.items() if state not in _HELD} - set(names)) if names else []
        back = sorted({name for name, state in known.items() if state == "gone"} & set(names))
        await self._mark(lost, "gone", now)
        await self._mark(back, "packaged", now)
        said: Mapping[str, Amended] = (await asyncio.to_thread(amended, self.store)).said if fresh else {}
        taken = 0
        for start in range(0, len(fresh), AT_ONCE):
            found, never = await asyncio.to_thread(arrivals, self.store, fresh[start : start + AT_ONCE], said)
            self.passed.update(never)
            if found:
                async with self.database.writing() as session:
                    happenings = await adopted(session, found, now)
                    await append(session, happenings, now)
                taken += len(found)
            if not await go_on():
                return taken
        self.settled = names if len(fresh) == taken + len(self.passed.intersection(fresh)) else ()
        if taken:
            _log.info("%d assets taken in", taken, extra={"action": "taken_in", "assets": taken})
        return taken

    async def _mark(self, assets: Sequence[str], state: str, now: datetime) -> None:
        for start in range(0, len(assets), _MANY):
            some = assets[start : start + _MANY]
            async with self.database.writing() as session:
                marked = update(Asset).where(col(Asset.id).in_(some))
                await session.exec(marked.values(state=state, version=col(Asset.version) + 1))
                kind = "asset.gone" if state == "gone" else "asset.back"
                await append(session, [Happening(kind, asset) for asset in some], now)


async def adopted(session: AsyncSession, found: Sequence[Arrival], now: datetime) -> list[Happening]:
    """Make rows of these assets, and titles of those that belong to none; what happened."""
    known = await _known(session, [one.facts for one in found])
    added = set(await _present(session, [one.id for one in found]))
    fresh = [one for one in found if one.id not in added]
    batch = _Batch(known, now)
    for one in fresh:
        batch.take(one)
    await batch.write(session)
    joined = [(one, title) for one, title in batch.owners if title not in batch.titles]
    for one, title in joined:
        await _joined(session, one, title, now)
    await aged(session, [title for title, row in batch.titles.items() if row["parent_id"] is not None])
    await reindexed(session, list(batch.titles))
    return [Happening("asset.added", one.id, {"title": title, "house": one.house}) for one, title in batch.owners]


async def _present(session: AsyncSession, assets: list[str]) -> Sequence[str]:
    return (await session.exec(select(Asset.id).where(col(Asset.id).in_(assets)))).all()


@dataclass(slots=True)
class _Batch:
    """Rows that are to be written together."""

    known: Known
    now: datetime
    titles: dict[str, Columns] = field(default_factory=dict)
    """New titles, parents before what belongs to them."""
    facts: dict[str, Told] = field(default_factory=dict)
    """What hangs on each of them."""
    owners: list[tuple[Arrival, str]] = field(default_factory=list)
    """Each asset, with the id of its title."""

    def take(self, one: Arrival) -> None:
        """An asset, and whatever it makes."""
        about = one.facts
        owner = self.known.owner(about)
        if owner is None:
            parent = self._parent(about)
            kind = kept_as(about.kind)
            number = about.episode or None
            if number is not None and (parent, number) in self.known.by_place and kind is TitleKind.EPISODE:
                number = None
            owner = self._title(kind, about.title, parent, number if kind is TitleKind.EPISODE else None, about)
            self.known.made(owner, parent, about)
        self.owners.append((one, owner))

    def _parent(self, about: Told) -> str | None:
        if not about.series:
            return None
        series = self.known.series.get(same(about.series))
        if series is None:
            series = self._title(TitleKind.SERIES, about.series, None, None)
            self.known.series[same(about.series)] = series
        if not about.season:
            return series
        season = self.known.seasons.get((series, about.season))
        if season is None:
            season = self._title(TitleKind.SEASON, f"Season {about.season}", series, about.season)
            self.known.seasons[series, about.season] = season
        return season

    def _title(self, kind: TitleKind, name: str, parent: str | None, number: int | None, about: Told = NOTHING) -> str:
        rights = [stored(right) for right in about.rights]
        row = Title(
            id=new_id("ti"), kind=kind.value, state=TitleState.PUBLISHED.value, parent_id=parent, number=number,
            place=UNPLACED if number is None else number, name=name, sort_name=sort_name(name),
            description=about.description, language=about.language, released=about.released, year=about.year,
            age_rating=about.rating, age=rated(about.rating), story=about.story, part=about.part,
            advertiser=about.advertiser, category=about.category, rights=rights, opens_at=opening(rights),
            closes_at=closing(rights),
            created_at=self.now, updated_at=self.now, published_at=self.now,
        )  # fmt: skip
        self.titles[row.id] = row.model_dump()
        self.facts[row.id] = about
        return row.id

    async def write(self, session: AsyncSession) -> None:
        """Write all of it."""
        await session.flush()
        connection = await session.connection()
        if self.titles:
            await connection.execute(insert(Title), list(self.titles.values()))
            await inherit(session, list(self.titles))
            await self._hang(session)
        rows = [
            {
                "id": one.id, "title_id": title, "house": one.house, "kind": one.about.kind.value,
                "work": one.facts.work, "about": document(one.facts), "duration_ms": one.duration_ms,
                "poster": one.poster, "added_at": one.added, "state": "packaged", "version": 1,
            }
            for one, title in self.owners
        ]  # fmt: skip
        if rows:
            await connection.execute(insert(Asset), rows)

    async def _hang(self, session: AsyncSession) -> None:
        genres = await ensured(session, Genre, [name for one in self.facts.values() for name in one.genres], self.now)
        tags = await ensured(session, Tag, [name for one in self.facts.values() for name in one.tags], self.now)
        hanging: list[tuple[Any, list[Columns]]] = [
            (TitleGenre, [
                {"title_id": title, "genre_id": genres[same(name)], "position": place}
                for title, about in self.facts.items() for place, name in enumerate(about.genres)
            ]),
            (TitleTag, [
                {"title_id": title, "tag_id": tags[same(name)]}
                for title, about in self.facts.items() for name in about.tags
            ]),
            (TitleElsewhere, [
                {"scheme": name.partition(":")[0], "value": name.partition(":")[2], "title_id": title}
                for title, about in self.facts.items() for name in about.ids
            ]),
            (TitleLanguage, [
                {"title_id": title, "language": about.language}
                for title, about in self.facts.items() if about.language != "und"
            ]),
        ]  # fmt: skip
        for table, rows in hanging:
            await add_absent(session, table, rows)


async def _known(session: AsyncSession, facts: Sequence[Told]) -> Known:
    """Which titles there are that some assets may belong to."""
    found = Known()
    pairs = [(one.partition(":")[0], one.partition(":")[2]) for about in facts for one in about.ids]
    if pairs:
        meant = among((TitleElsewhere.scheme, TitleElsewhere.value), pairs)
        # a series may have a name that its episodes give as theirs; no asset belongs to it
        named = (
            select(TitleElsewhere)
            .join(Title, col(Title.id) == TitleElsewhere.title_id)
            .where(meant, col(Title.kind).not_in(FOLDERS))
        )
        found.by_id = {f"{row.scheme}:{row.value}": row.title_id for row in (await session.exec(named)).all()}
    packaged = select(Asset.work, Asset.title_id).where(col(Asset.work).in_({about.work for about in facts}))
    found.by_work = dict((await session.exec(packaged.order_by(col(Asset.added_at)))).all())
    wanted = {same(about.series): about.series for about in facts if about.series}
    if wanted:
        await _placed(session, found, wanted)
    return found


async def _placed(session: AsyncSession, found: Known, wanted: Mapping[str, str]) -> None:
    """The series of these names, with their seasons and the places of episodes."""
    named = select(Title.id, Title.name).where(
        Title.kind == TitleKind.SERIES,
        col(Title.sort_name).in_({sort_name(name) for name in wanted.values()}),
        col(Title.deleted_at).is_(None),
    )
    for one, name in (await session.exec(named.order_by(col(Title.id)))).all():
        if same(name) in wanted:
            found.series.setdefault(same(name), one)
    above = list(found.series.values())
    seasons = select(Title.id, Title.parent_id, Title.number).where(
        Title.kind == TitleKind.SEASON, col(Title.parent_id).in_(above)
    )
    for season, series, number in (await session.exec(seasons)).all():
        found.seasons[series or "", number or 0] = season
    parents = [*above, *found.seasons.values()]
    for start in range(0, len(parents), _MANY):
        episodes = select(Title.id, Title.parent_id, Title.number).where(
            Title.kind == TitleKind.EPISODE, col(Title.parent_id).in_(parents[start : start + _MANY])
        )
        for episode, parent, number in (await session.exec(episodes)).all():
            if number is not None:
                found.by_place[parent or "", number] = episode


async def _joined(session: AsyncSession, one: Arrival, title_id: str, now: datetime) -> None:
    """A later packaging of a title: where people have changed nothing, the title follows what it says."""
    title = (await session.exec(select(Title).where(Title.id == title_id).with_for_update())).one()
    there = (await hung(session, [title]))[title.id]
    packaged = select(Asset).where(Asset.title_id == title_id, Asset.id != one.id)
    packaged = packaged.order_by(col(Asset.added_at), col(Asset.id))
    before = [asset for asset in (await session.exec(packaged)).all() if asset.about]
    same_work = [asset for asset in before if asset.work == one.facts.work]
    base = from_document(same_work[-1].about) if same_work else NOTHING
    mine, theirs = told(title, there, inherits=False), one.facts
    wanted = merged(base, mine, theirs)
    if not agree(mine, wanted):
        try:
            await edit(session, title, _edit(mine, wanted), now)
        except Problem as refused:
            _log.warning("%s stays as it is: %s", title.id, refused, extra={"action": "not_followed", "asset": one.id})
        there = (await hung(session, [title]))[title.id]
    people_said = not same_work or not agree(mine, base) or title.deleted_at is not None
    if people_said and not agree(told(title, there), theirs) and _is_meant(before, same_work, one):
        await due(session, [title.id], now)


def _is_meant(before: Iterable[Asset], same_work: Iterable[Asset], one: Arrival) -> bool:
    """Whether the asset is the same work for certain, and not only in the same place."""
    return bool(list(same_work)) or not list(before) or bool(one.facts.ids)


def _edit(mine: Told, wanted: Told) -> TitleEdit:
    """What of a title is to follow; its place stays."""
    said = {
        "name": wanted.title, "tags": list(wanted.tags), "description": wanted.description,
        "age_rating": wanted.rating, "language": wanted.language, "released": wanted.released,
        "genres": list(wanted.genres), "story": wanted.story, "part": wanted.part, "ids": list(wanted.ids),
        "advertiser": wanted.advertiser, "category": wanted.category,
        "rights": [RightsGiven.model_validate(stored(right)) for right in wanted.rights],
    }  # fmt: skip
    named = {"name": "title", "age_rating": "rating"}
    changed = {
        name: value
        for name, value in said.items()
        if getattr(mine, named.get(name, name)) != getattr(wanted, named.get(name, name))
    }
    return TitleEdit.model_construct(_fields_set=set(changed), **changed)
