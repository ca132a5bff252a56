"""Bringing items into the library, batch by batch: found or made, changed where they say something new, and reported.

Laws. The same items twice change nothing. A batch happens whole, with its report, or not at all; so whoever goes on
after a crash goes on behind the last batch. A dry run reports the same, and writes the report alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert
from sqlmodel import col, select

from control_api.changes import Actor
from control_api.ids import new_id
from control_api.imports import crediting, writing
from control_api.imports.comparing import PICTURES, differing, fresh
from control_api.imports.matching import Made, Wish, match, portions
from control_api.imports.records import Fault, Item, Record, said
from control_api.imports.writing import Writing
from control_api.library.hung import Hung, hung
from control_api.library.kinds import TitleAccess, TitleKind
from control_api.plans.gate import OPEN
from control_api.tables import AuditEntry, Import, ImportEntry, ImportMemory, Title
from control_api.uploads.shown import bare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession


BATCH: Final = 500
"""Items that are brought in together."""
MOST: Final = 200_000
"""Items of one import; each has its line in the report."""
_ALIKE: Final = 20
"""How often items of one batch may be the same title."""


@dataclass(slots=True)
class Bringing:
    """One import on its way."""

    id: str
    feed: str
    actor: Actor
    dry_run: bool = False
    state: str = "draft"
    """In which titles begin that do not say."""
    is_closed: bool = False
    """Whether what is on demand takes a signed address everywhere, so that something may be premium."""
    _entries: list[dict[str, Any]] = field(default_factory=list)
    _made: dict[bytes, str] = field(default_factory=dict)
    """Of a dry run: the ids of what it would have made, by what that is known by."""

    async def batch(self, session: AsyncSession, items: Sequence[Item], now: datetime) -> dict[str, int]:
        """Bring these in, in the transaction of the session; how many came to what."""
        self._entries = []
        wishes = []
        for item in items:
            if item.record is None:
                self._refused(item.line, item.name, item.faults)
            elif item.record.access == TitleAccess.PREMIUM and not self.is_closed:
                self._refused(item.line, item.name, (Fault(OPEN, "access"),))
            else:
                wishes.append(Wish(item.record, item.line, only_known=item.only_known))
        above = [wish for wish in wishes if not wish.record.series and not wish.record.series_ids]
        below = [wish for wish in wishes if wish.record.series or wish.record.series_ids]
        series = _implied_series(below)
        await self._each(session, [*above, *series], now)
        await self._beneath(session, below, series, now)
        return await self._report(session)

    async def _beneath(
        self, session: AsyncSession, wishes: Sequence[Wish], series: Sequence[Wish], now: datetime
    ) -> None:
        """What belongs to series: seasons first, then what is in them."""
        if not wishes:
            return
        placed = self._placed(wishes, series)
        seasons = [wish for wish in placed if wish.record.kind == TitleKind.SEASON]
        others = [wish for wish in placed if wish.record.kind != TitleKind.SEASON]
        implied = _implied_seasons(others)
        await self._each(session, [*seasons, *implied.values()], now)
        for wish in others:
            season = implied.get((wish.parent_id, wish.record.season)) if wish.record.season is not None else None
            if season is not None:
                wish.parent_id = season.found.id if season.found is not None else None
                if season.faults:
                    wish.refuse(f"its season cannot be told: {season.faults[0][1]}", "season")
            wish.number = wish.record.episode
        await self._each(session, others, now)

    def _placed(self, wishes: Sequence[Wish], series: Sequence[Wish]) -> list[Wish]:
        """Each with the series that it belongs to."""
        by_key = {_series_key(wish.record.name, wish.record.ids or []): wish for wish in series}
        for wish in wishes:
            above = by_key[_series_key(wish.record.series, wish.record.series_ids)]
            if above.found is not None and not above.faults:
                wish.parent_id, wish.number = above.found.id, wish.record.season
            else:
                why = above.faults[0][1] if above.faults else "there is none"
                wish.refuse(f"its series cannot be told: {why}", "series")
                self._refused(wish.line, wish.record.name, _faults(wish))
        return [wish for wish in wishes if not wish.faults]

    async def _each(self, session: AsyncSession, wishes: Sequence[Wish], now: datetime) -> None:
        """Bring in what stands on one level. What is the same title as another one waits until that is there."""
        pending = list(wishes)
        for _ in range(_ALIKE):
            seen: set[tuple[str, ...]] = set()
            first: list[Wish] = []
            later: list[Wish] = []
            for wish in pending:
                (later if wish.tokens & seen else first).append(wish)
                seen |= wish.tokens
            if not first:
                return
            await self._level(session, first, now)
            pending = later
        for wish in pending:
            self._refused(wish.line, wish.record.name, (Fault("too many items near it are the same title"),))

    async def _level(self, session: AsyncSession, wishes: Sequence[Wish], now: datetime) -> None:
        await match(session, wishes)
        if self.dry_run:
            self._foresee(wishes)
        await self._check_repeats(session, wishes)
        good = []
        for wish in wishes:
            if wish.faults and not wish.implied:
                self._refused(wish.line, wish.record.name, _faults(wish))
            elif not wish.faults:
                good.append(wish)
        whole = await self._compared(session, good)
        fresh_ones = [one for one in whole if one.names or one.before is None]
        audited = [_audited(one, self.actor, self.id, now) for one in fresh_ones]
        for one in whole:  # from here on nothing is asked of the rows as they were: they are written
            self._came(one)
        if fresh_ones and not self.dry_run:
            await writing.write(session, fresh_ones, self.state, now)
            await self._remember(session, whole)
            await (await session.connection()).execute(insert(AuditEntry), audited)

    async def _compared(self, session: AsyncSession, wishes: Sequence[Wish]) -> list[Writing]:
        """What each would change."""
        known = [wish.found for wish in wishes if isinstance(wish.found, Title)]
        memory = await self._memory(session, [title.id for title in known])
        open_: list[tuple[Wish, list[str]]] = []
        for wish in wishes:
            before = memory.get(wish.found.id, {}) if wish.found is not None else {}
            names = [] if wish.implied and wish.found is not None else fresh(wish.record, before)
            open_.append((wish, names))
        titles = [wish.found for wish, names in open_ if names and isinstance(wish.found, Title)]
        there = await hung(session, titles)
        credits = await crediting.of(session, [title.id for title in titles])  # noqa: A001 — what they are
        found = []
        for wish, names in open_:
            title = wish.found
            if title is None:
                found.append(Writing(wish, writing.title_id(), names, None, Hung()))
            elif isinstance(title, Made) or title.id not in there:
                found.append(Writing(wish, title.id, [], title, Hung()))
            else:
                others = differing(wish.record, names, title, there[title.id], credits.get(title.id, []))
                found.append(Writing(wish, title.id, others, title, there[title.id]))
        return found

    async def _memory(self, session: AsyncSession, titles: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for some in portions(titles):
            rows = select(ImportMemory).where(ImportMemory.feed == self.feed, col(ImportMemory.title_id).in_(some))
            found.update({row.title_id: row.said for row in (await session.exec(rows)).all()})
        return found

    async def _remember(self, session: AsyncSession, whole: Sequence[Writing]) -> None:
        """Keep what was said of each, so that it is told from what will be."""
        items = [one for one in whole if not one.wish.implied]
        memory = await self._memory(session, [one.title_id for one in items if one.before is not None])
        rows = [
            {
                "title_id": one.title_id,
                "feed": self.feed,
                "said": {**memory.get(one.title_id, {}), **said(one.wish.record)},
            }
            for one in items
        ]
        connection = await session.connection()
        for some in portions([row["title_id"] for row in rows if row["title_id"] in memory]):
            gone = ImportMemory.__table__.delete().where(  # type: ignore[attr-defined] # SQLAlchemy's own
                col(ImportMemory.feed) == self.feed, col(ImportMemory.title_id).in_(some)
            )
            await connection.execute(gone)
        if rows:
            await connection.execute(insert(ImportMemory), rows)

    async def _check_repeats(self, session: AsyncSession, wishes: Sequence[Wish]) -> None:
        """Refuse what an earlier item was about: of two that differ, none would be the one that holds."""
        known = {wish.found.id: wish for wish in wishes if wish.found is not None and not wish.implied}
        for some in portions(list(known)):
            rows = select(ImportEntry.title_id, ImportEntry.line).where(
                ImportEntry.import_id == self.id,
                col(ImportEntry.title_id).in_(some),
                col(ImportEntry.implied).is_(False),
            )
            for title, line in (await session.exec(rows)).all():
                known[title or ""].refuse(f"it is the same title as in line {line}" if line else "it was there before")
        here = {entry["title_id"]: entry["line"] for entry in self._entries if not entry["implied"]}
        for title, wish in known.items():
            if title in here and not wish.faults:
                wish.refuse(f"it is the same title as in line {here[title]}")

    def _foresee(self, wishes: Sequence[Wish]) -> None:
        """Of a dry run: take what it would have made before for made."""
        for wish in wishes:
            made = next((self._made[key] for key in _keys(wish) if key in self._made), None)
            if made is not None and wish.found is None and not wish.faults:
                wish.found = Made(made, wish.record.kind, wish.record.name)

    def _came(self, one: Writing) -> None:
        """Report what becomes of it, and let what belongs to it find it."""
        wish, record = one.wish, one.wish.record
        name = record.name or (one.before.name if one.before is not None else f"{record.kind} {wish.number}")
        if one.before is None and self.dry_run:
            self._made |= dict.fromkeys(_keys(wish), one.title_id)
        wish.found = Made(one.title_id, record.kind, name)
        if wish.implied and one.before is not None:
            return
        outcome = "made" if one.before is None else "changed" if one.names else "unchanged"
        self._entry(wish, outcome, one.title_id, name, [] if outcome == "made" else list(one.names))

    def _entry(self, wish: Wish, outcome: str, title: str | None, name: str, details: list[Any]) -> None:
        entry = {"line": wish.line, "outcome": outcome, "title_id": title, "name": name[:500]}
        self._entries.append({**entry, "implied": wish.implied, "details": details})

    def _refused(self, line: int, name: str, faults: Sequence[Fault]) -> None:
        details = [{"where": fault.where[:200], "detail": fault.detail[:500]} for fault in faults[:100]]
        entry = {"line": line, "outcome": "refused", "title_id": None, "name": name[:500]}
        self._entries.append({**entry, "implied": False, "details": details})

    async def _report(self, session: AsyncSession) -> dict[str, int]:
        """Write the report of this batch."""
        row = (await session.exec(select(Import).where(Import.id == self.id))).one()
        counts = dict.fromkeys(("made", "changed", "unchanged", "refused"), 0)
        self._entries.sort(key=itemgetter("line"))
        for number, entry in enumerate(self._entries, row.entries + 1):
            entry |= {"import_id": self.id, "number": number}
            counts[entry["outcome"]] += 1
        if self._entries:
            await (await session.connection()).execute(insert(ImportEntry), self._entries)
        row.entries += len(self._entries)
        for name, count in counts.items():
            setattr(row, name, getattr(row, name) + count)
        session.add(row)
        return counts


def _faults(wish: Wish) -> list[Fault]:
    return [Fault(detail, where) for where, detail in wish.faults]


def _keys(wish: Wish) -> list[bytes]:
    return [blake2b("\0".join(token).encode(), digest_size=12).digest() for token in sorted(wish.tokens)]


def _series_key(name: str, ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(ids)) or ("", " ".join(name.split()).casefold())


def _implied_series(wishes: Sequence[Wish]) -> list[Wish]:
    """The series that items name, each once; they come after those that are items themselves."""
    found: dict[tuple[str, ...], Wish] = {}
    for wish in wishes:
        ids = list(wish.record.series_ids)
        key = _series_key(wish.record.series, ids)
        if key not in found:
            known: dict[str, Any] = {"ids": ids} if ids else {}
            known |= {"name": " ".join(wish.record.series.split())} if wish.record.series else {}
            found[key] = Wish(Record(kind=TitleKind.SERIES, **known), wish.line, implied=True)
    return list(found.values())


def _implied_seasons(wishes: Sequence[Wish]) -> dict[tuple[str | None, int | None], Wish]:
    """The seasons that items name, by series and number."""
    found: dict[tuple[str | None, int | None], Wish] = {}
    for wish in wishes:
        key = (wish.parent_id, wish.record.season)
        if wish.record.season is None or key in found:
            continue
        record = Record(kind=TitleKind.SEASON, series="-", season=wish.record.season)
        found[key] = Wish(record, wish.line, implied=True, parent_id=wish.parent_id, number=wish.record.season)
    return found


def _audited(one: Writing, actor: Actor, run: str, now: datetime) -> dict[str, Any]:
    record = one.wish.record.model_dump(mode="json", include=set(one.names))
    record |= {name: bare(record[name]) for name in PICTURES if name in record}
    before = {name: getattr(one.before, name) for name in one.names if name in _AUDITED} if one.before else None
    return {
        "id": new_id("au"), "at": now, "caller": actor.id, "caller_name": actor.name, "address": actor.address,
        "request_id": run, "operation": "import", "kind": "title", "subject": one.title_id,
        "action": "created" if one.before is None else "updated", "before": before, "after": record,
    }  # fmt: skip


_AUDITED: Final = frozenset(Title.model_fields) - {"score"}
"""Fields that are columns of a title."""
