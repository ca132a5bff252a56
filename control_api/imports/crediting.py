"""People of imports: found by their names elsewhere or by what they are called, made where there is nobody."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert
from sqlmodel import col, select

from control_api.among import among
from control_api.ids import new_id
from control_api.imports.matching import portions
from control_api.library.folding import folded
from control_api.library.names import add_absent
from control_api.tables import Credit, Person, PersonElsewhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.imports.records import CreditRecord, Record

_LONGEST: Final = 300


async def recredited(session: AsyncSession, records: Mapping[str, Record], now: datetime) -> None:
    """The credits of these records, by title, instead of those that were there."""
    who = await _people(session, [one for record in records.values() for one in record.credits or []], now)
    connection = await session.connection()
    await connection.execute(delete(Credit).where(col(Credit.title_id).in_(list(records))))
    rows: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for title, record in records.items():
        for position, one in enumerate(record.credits or []):
            person = who[_key(one)]
            rows.setdefault(
                (title, person, one.job, one.character),
                {"id": new_id("cr"), "title_id": title, "person_id": person, "job": one.job,
                 "character": one.character, "position": position},
            )  # fmt: skip
    if rows:
        await connection.execute(insert(Credit), list(rows.values()))


async def of(session: AsyncSession, titles: Sequence[str]) -> dict[str, list[tuple[str, ...]]]:
    """Who is credited with what, by title, in order."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for some in portions(titles):
        rows = (
            select(Credit.title_id, Person.name, Credit.job, Credit.character)
            .join(Person, col(Person.id) == Credit.person_id)
            .where(col(Credit.title_id).in_(some))
            .order_by(col(Credit.title_id), col(Credit.position), col(Credit.id))
        )
        for title, name, job, character in (await session.exec(rows)).all():
            found[title].append((name, job, character))
    return found


def _key(one: CreditRecord) -> tuple[str, ...]:
    return tuple(sorted(one.ids)) or ("", _sorted(one.name))


def _sorted(name: str) -> str:
    return (folded(name) or name.casefold())[:_LONGEST]


async def _people(
    session: AsyncSession,
    wanted: Iterable[CreditRecord],
    now: datetime,
) -> dict[tuple[str, ...], str]:
    """The id of each person who is meant."""
    meant = {_key(one): one for one in wanted}
    by_id = await _by_ids(session, {name for one in meant.values() for name in one.ids})
    by_name = await _by_names(session, {_sorted(one.name) for one in meant.values()})
    schemes = await _schemes(session, {person for people in by_name.values() for person in people})
    found: dict[tuple[str, ...], str] = {}
    people: list[dict[str, Any]] = []
    elsewhere: list[dict[str, Any]] = []
    for key, one in meant.items():
        person = next((by_id[name] for name in one.ids if name in by_id), None) or _called(one, by_name, schemes)
        if person is None:
            person = new_id("pe")
            people.append(_row(person, one, now))
            by_name[_sorted(one.name)].append(person)
        fresh = [name for name in one.ids if name not in by_id]
        elsewhere += [{"scheme": n.partition(":")[0], "value": n.partition(":")[2], "person_id": person} for n in fresh]
        by_id |= dict.fromkeys(fresh, person)
        schemes[person] |= {name.partition(":")[0] for name in one.ids}
        found[key] = person
    if people:
        await (await session.connection()).execute(insert(Person), people)
    if elsewhere:
        await add_absent(session, PersonElsewhere, elsewhere)
    return found


def _row(person: str, one: CreditRecord, now: datetime) -> dict[str, Any]:
    return {"id": person, "version": 1, "name": one.name, "sort_name": _sorted(one.name), "biography": "", "born": "",
            "died": "", "created_at": now, "updated_at": now}  # fmt: skip


def _called(one: CreditRecord, by_name: Mapping[str, list[str]], schemes: Mapping[str, set[str]]) -> str | None:
    """The oldest of those who are called so, and are not somebody else in a list where this one stands too."""
    mine = {name.partition(":")[0] for name in one.ids}
    return next((person for person in by_name.get(_sorted(one.name), ()) if not mine & schemes[person]), None)


async def _by_ids(session: AsyncSession, ids: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in portions([tuple(one.partition(":")[::2]) for one in sorted(ids)]):
        wanted = among((PersonElsewhere.scheme, PersonElsewhere.value), some)
        for row in (await session.exec(select(PersonElsewhere).where(wanted))).all():
            found[f"{row.scheme}:{row.value}"] = row.person_id
    return found


async def _by_names(session: AsyncSession, names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for some in portions(sorted(names)):
        rows = select(Person.sort_name, Person.id).where(col(Person.sort_name).in_(some)).order_by(col(Person.id))
        for name, person in (await session.exec(rows)).all():
            found[name].append(person)
    return found


async def _schemes(session: AsyncSession, people: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for some in portions(sorted(people)):
        rows = select(PersonElsewhere.person_id, PersonElsewhere.scheme).where(col(PersonElsewhere.person_id).in_(some))
        for person, scheme in (await session.exec(rows)).all():
            found[person].add(scheme)
    return found
