"""Which title an item means: by its names elsewhere, by its place in a series, or by kind, name and year.

Law: how many queries it takes does not depend on how many items there are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, select

from control_api.among import among
from control_api.imports.records import Record
from control_api.library.folding import folded, sort_name
from control_api.library.kinds import TitleKind
from control_api.tables import Title, TitleElsewhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession


_AT_ONCE: Final = 300
PLACED: Final = frozenset((TitleKind.SEASON, TitleKind.EPISODE))
"""Kinds that are known by their places."""


@dataclass(frozen=True, slots=True)
class Made:
    """A title that this import has made, or would make in a dry run: nothing more is to be read of it."""

    id: str
    kind: str
    name: str
    deleted_at: None = None


@dataclass(slots=True, eq=False)
class Wish:
    """An item on its way into the library."""

    record: Record
    line: int
    implied: bool = False
    """Whether it only names what an item belongs to."""
    only_known: bool = False
    parent_id: str | None = None
    number: int | None = None
    found: Title | Made | None = None
    faults: list[tuple[str, str]] = field(default_factory=list)
    """What is wrong: where, and what."""

    @property
    def tokens(self) -> set[tuple[str, ...]]:
        """By what two items of one batch are the same title."""
        named: set[tuple[str, ...]] = {("id", one) for one in self.record.ids or ()}
        if self.record.kind in PLACED:
            return {*named, ("place", str(self.parent_id), self.record.kind, str(self.number))}
        return {*named, ("name", self.record.kind, folded(self.record.name))} if self.record.name else named

    def refuse(self, detail: str, where: str = "") -> None:
        """Say what is wrong with it."""
        self.faults.append((where, detail))


async def match(session: AsyncSession, wishes: Sequence[Wish]) -> None:
    """Find the title of each, or say why it cannot be told."""
    owners = await _owners(session, {one for wish in wishes for one in wish.record.ids or ()})
    places = await _at_places(session, wishes)
    named = await _by_names(session, [wish for wish in wishes if wish.record.kind not in PLACED and wish.record.name])
    schemes = await _schemes(session, {title.id for titles in named.values() for title in titles})
    titles = await _titles(session, {one for some in owners.values() for one in some})
    for wish in wishes:
        by_id = {owner for one in wish.record.ids or () for owner in owners.get(one, ())}
        if len(by_id) > 1:
            wish.refuse(f"its ids are those of several titles: {', '.join(sorted(by_id))}", "ids")
        elif by_id:
            wish.found = titles[by_id.pop()]
        elif wish.record.kind not in PLACED:
            _choose(wish, named.get((wish.record.kind, sort_name(wish.record.name)), []), schemes)
        _check_place(wish, places)
        _check_found(wish)


def _check_place(wish: Wish, places: dict[tuple[str, str, int], Title]) -> None:
    """Of what has a place: the title that is there is the one that is meant."""
    if wish.parent_id is None or wish.number is None:
        return
    there = places.get((wish.parent_id, wish.record.kind, wish.number))
    if there is None:
        return
    if wish.found is None:
        wish.found = there
    elif wish.found.id != there.id:
        wish.refuse(
            f"its place is taken by {there.id}, {there.name!r}, and its ids are those of {wish.found.id}", "ids"
        )


def _check_found(wish: Wish) -> None:
    title = wish.found
    if title is None:
        if wish.only_known:
            wish.refuse("there is no such title: import the titles before their credits")
        return
    if title.deleted_at is not None:
        wish.refuse(f"{title.id} lies in the bin: restore it first, or purge it")
    elif title.kind != wish.record.kind:
        wish.refuse(f"{title.id} is of the kind {title.kind}, and this is of the kind {wish.record.kind}", "kind")


def _choose(wish: Wish, candidates: Sequence[Title], schemes: dict[str, set[str]]) -> None:
    """Of titles that sort alike the one that is meant: the same words, no other year, no other id of one scheme."""
    year = int((wish.record.released or "0")[:4] or 0)
    mine = {one.partition(":")[0] for one in wish.record.ids or ()}
    same = [
        one for one in candidates
        if folded(one.name) == folded(wish.record.name)
        and (not year or not one.year or one.year == year)
        and not mine & schemes.get(one.id, set())
    ]  # fmt: skip
    exact = [one for one in same if year and one.year == year] or same
    if len(exact) > 1:
        names = ", ".join(sorted(one.id for one in exact)[:5])
        wish.refuse(f"several titles are called so: {names}; say which in `ids`, or the year in `released`", "name")
    elif exact:
        wish.found = exact[0]


async def _owners(session: AsyncSession, ids: Iterable[str]) -> dict[str, set[str]]:
    """Whose each name elsewhere is."""
    found: dict[str, set[str]] = defaultdict(set)
    for some in portions([tuple(one.partition(":")[::2]) for one in ids]):
        meant = among((TitleElsewhere.scheme, TitleElsewhere.value), some)
        for row in (await session.exec(select(TitleElsewhere).where(meant))).all():
            found[f"{row.scheme}:{row.value}"].add(row.title_id)
    return found


async def _titles(session: AsyncSession, ids: Iterable[str]) -> dict[str, Title]:
    found: dict[str, Title] = {}
    for some in portions(list(ids)):
        for title in (await session.exec(select(Title).where(col(Title.id).in_(some)))).all():
            found[title.id] = title
    return found


async def _at_places(session: AsyncSession, wishes: Sequence[Wish]) -> dict[tuple[str, str, int], Title]:
    parents = {wish.parent_id for wish in wishes if wish.parent_id is not None and wish.number is not None}
    found: dict[tuple[str, str, int], Title] = {}
    for some in portions(list(parents)):
        numbers = {wish.number for wish in wishes if wish.parent_id in some}
        rows = select(Title).where(col(Title.parent_id).in_(some), col(Title.number).in_(numbers))
        for title in (await session.exec(rows)).all():
            found[title.parent_id or "", title.kind, title.number or 0] = title
    return found


async def _by_names(session: AsyncSession, wishes: Sequence[Wish]) -> dict[tuple[str, str], list[Title]]:
    """The titles that sort alike, by kind and that name; of a kind that stands alone."""
    found: dict[tuple[str, str], list[Title]] = defaultdict(list)
    for some in portions(sorted({sort_name(wish.record.name) for wish in wishes})):
        rows = select(Title).where(col(Title.sort_name).in_(some), col(Title.kind).not_in([*PLACED, "trailer"]))
        for title in (await session.exec(rows.order_by(col(Title.id)))).all():
            if title.deleted_at is None:
                found[title.kind, title.sort_name].append(title)
    return found


async def _schemes(session: AsyncSession, titles: Iterable[str]) -> dict[str, set[str]]:
    """In whose lists each title stands."""
    found: dict[str, set[str]] = defaultdict(set)
    for some in portions(list(titles)):
        rows = select(TitleElsewhere.title_id, TitleElsewhere.scheme).where(col(TitleElsewhere.title_id).in_(some))
        for title, scheme in (await session.exec(rows)).all():
            found[title].add(scheme)
    return found


def portions(whole: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """As many as fit into one statement."""
    return (whole[start : start + _AT_ONCE] for start in range(0, len(whole), _AT_ONCE))
