"""How the pages of a library are found: by walking the index of their order, or by looking up the few that fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, insert
from sqlmodel import col, func, select

from control_api.library import search
from control_api.library.kinds import TitleKind, TitleState
from control_api.library.listing import Sort, TitleFilter, common, narrowed, order
from control_api.tables import Genre, Tag, Title, TitleCountry, TitleGenre, TitleLanguage, TitleTag

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

BORN = datetime(2026, 1, 1, tzinfo=UTC)
TITLES = 1100
FILTERS: tuple[tuple[dict[str, Any], set[str], Callable[[int], bool]], ...] = (
    ({}, set(), lambda _: True),
    ({"genre": ["DRAMA"]}, {"genre"}, lambda n: n % 2 == 0),
    ({"genre": ["Noir", "drama"]}, {"genre"}, lambda n: n % 2 == 0 or n % 100 == 1),
    ({"genre": ["noir"]}, set(), lambda n: n % 100 == 1),
    ({"tag": ["most", "Rare"]}, {"tag most"}, lambda n: n % 3 != 0 and n % 50 == 1),
    ({"tag": ["most"], "without_tag": ["rare"]}, {"tag most"}, lambda n: n % 3 != 0 and n % 50 != 1),
    ({"language": ["de"], "country": ["DE"]}, {"language"}, lambda n: n % 2 == 1 and n % 7 == 0),
    ({"q": "golden nig"}, {"q"}, lambda n: n % 2 == 1),
    ({"q": "golden rarely", "year_from": 1950, "year_to": 1960}, set(), lambda n: n % 40 == 3 and 0 <= n % 90 <= 10),
    ({"q": "!?", "score_from": 1}, set(), lambda _: False),
    ({"q": "golden", "genre": ["drama"], "kind": [TitleKind.SERIES]}, {"q", "genre"}, lambda n: n % 10 == 0),
    ({"state": [TitleState.DRAFT], "score_from": 5.0}, set(), lambda n: n % 5 == 0 and n % 11 >= 5),
)  # fmt: skip
"""What is wanted, what of it many titles have, and which titles it is."""


async def test_a_page_is_the_same_however_it_is_found_and_costs_no_sorting(database: Database) -> None:
    """B24: on SQLite nobody has counted anything (ANALYZE), and the index of the order is walked all the same."""
    async with database.writing() as session:
        await fill(session)
    async with database.reading() as session:
        for given, many, fits in FILTERS:
            await _is_found(session, TitleFilter(**given), many, {f"ti_{n:04}" for n in range(TITLES) if fits(n)})
        if database.is_sqlite:
            await _is_walked(session)


async def _is_found(session: AsyncSession, wanted: TitleFilter, many: set[str], expected: set[str]) -> None:
    sqlite = session.get_bind().dialect.name == "sqlite"
    found = await common(session, wanted)
    assert found == (many if sqlite else many & {"q"}), wanted
    for some in (frozenset[str](), frozenset({"genre", "q", "language", "country", "tag most", "tag rare"}), found):
        ids: Any = select(Title.id)
        rows: Any = narrowed(ids, wanted, sqlite=sqlite, many=some)
        assert set((await session.exec(rows)).all()) == expected, (wanted, some)
        counting: Any = select(func.count(col(Title.id)))
        counted: Any = narrowed(counting, wanted, sqlite=sqlite, many=some)
        assert (await session.exec(counted)).one() == len(expected), (wanted, some)


async def _is_walked(session: AsyncSession) -> None:
    """Whatever the order is and whatever many titles have: nothing is sorted, nor another index taken for better."""
    connection = await session.connection()
    for sort in set(Sort) - {Sort.PLACE}:
        ways = [column.desc() if descends else column.asc() for column, descends in order(sort)]
        for given, many, _ in FILTERS:
            wanted = TitleFilter(**given)
            if wanted.q is not None and not many:
                continue
            rows = narrowed(select(Title), wanted, sqlite=True, many={*many, "genre", "tag rare", "country"})
            asked: list[tuple[str, Any]] = []

            def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
                asked.append((statement, values))  # noqa: B023 — it is told of this statement alone

            engine = session.get_bind()
            event.listen(engine, "before_cursor_execute", note)
            await connection.execute(rows.order_by(*ways).limit(51))
            event.remove(engine, "before_cursor_execute", note)
            [(statement, values)] = asked
            plan = str((await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)).all())
            assert "SCAN title USING INDEX ix_title_by_" in plan, (sort, given, plan)
            assert "TEMP B-TREE" not in plan, (sort, given, plan)


async def fill(session: AsyncSession) -> None:
    connection = await session.connection()
    label: dict[str, Any] = {"version": 1, "created_at": BORN}
    genres = [{"id": f"ge_{name}", "name": name, "folded": name.casefold(), **label} for name in ("Drama", "Noir")]
    tags = [{"id": f"tg_{name}", "name": name, "folded": name, **label} for name in ("most", "rare")]
    titles = [_title(n) for n in range(TITLES)]
    held: tuple[tuple[Any, list[dict[str, Any]]], ...] = (
        (Genre, genres), (Tag, tags), (Title, titles),
        (TitleGenre, [_of(n, genre_id="ge_Drama", position=0) for n in range(0, TITLES, 2)]),
        (TitleGenre, [_of(n, genre_id="ge_Noir", position=1) for n in range(1, TITLES, 100)]),
        (TitleTag, [_of(n, tag_id="tg_most") for n in range(TITLES) if n % 3]),
        (TitleTag, [_of(n, tag_id="tg_rare") for n in range(1, TITLES, 50)]),
        (TitleLanguage, [_of(n, language="de") for n in range(1, TITLES, 2)]),
        (TitleCountry, [_of(n, country="DE") for n in range(0, TITLES, 7)]),
    )  # fmt: skip
    for table, rows in held:
        await connection.execute(insert(table), rows)
    entries = [
        search.Entry(one["id"], one["name"], "rarely seen" if n % 40 == 3 else "") for n, one in enumerate(titles)
    ]
    await search.enter(session, entries)


def _of(number: int, **more: Any) -> dict[str, Any]:
    return {"title_id": f"ti_{number:04}", **more}


def _title(number: int) -> dict[str, Any]:
    name = f"Golden {'Day' if number % 2 == 0 else 'Night'} {number}"
    row = Title(
        id=f"ti_{number:04}", kind="series" if number % 10 == 0 else "movie", name=name, sort_name=name.lower(),
        state="draft" if number % 5 == 0 else "published", score=number % 11 * 100, year=1950 + number % 90,
        views=number % 13, created_at=BORN + timedelta(seconds=number), updated_at=BORN,
    )  # fmt: skip
    return row.model_dump()
