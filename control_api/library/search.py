"""The search for titles: by words, by how words begin, and by words that were mistyped.

Law: what is looked for and what is there are folded by the same function, and the index is written in the
transaction of the change. Both kinds of databases are asked for the same and answer alike, but for how they rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, column, exists, false, literal_column, select, table, text

from control_api.library.fitting import ANYBODY, FITS_AGE, FITS_GENRE, Fit
from control_api.library.folding import folded, likeness, trigrams, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import BindParameter, ColumnElement, Select, SQLColumnExpression
    from sqlmodel.ext.asyncio.session import AsyncSession

_LIKE_ENOUGH: Final = 0.4
"""How much of what was typed must be in a name, so that it is taken for a slip."""
_SIFTED: Final = 200
"""Names that the database proposes for a slip, of which we choose."""
_NARROWED: Final = 2000
"""Titles that fit best, of which those are chosen that are of the kinds and in the states that are wanted."""
_RUNS: Final = 12
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """What a title is found by."""

    title_id: str
    name: str
    """What it is called, in all its languages, the main one first; not yet folded."""
    words: str
    """Whatever else it is found by."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which titles are looked through; empty for all."""

    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    fit: Fit = ANYBODY
    """For whom they must be fit."""


EVERYTHING: Final = Scope()


async def enter(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Put titles into the index, or change how they are found."""
    statement = text(
        "INSERT INTO search_title (title_id, name, words) VALUES (:title_id, :name, :words) "
        "ON CONFLICT (title_id) DO UPDATE SET name = excluded.name, words = excluded.words"
    )
    rows = [{"title_id": one.title_id, "name": folded(one.name), "words": folded(one.words)} for one in entries]
    for start in range(0, len(rows), _AT_ONCE):
        await (await session.connection()).execute(statement, rows[start : start + _AT_ONCE])


async def leave(session: AsyncSession, titles: Iterable[str]) -> None:
    """Take titles out of it: they are found no more."""
    gone = [{"title_id": one} for one in titles]
    if gone:
        await (await session.connection()).execute(text("DELETE FROM search_title WHERE title_id = :title_id"), gone)


def holders(typed: str, *, sqlite: bool) -> Select[Any]:
    """The ids of the titles that have all these words, the last one perhaps not typed to its end."""
    found = table("search_title", column("title_id"), column("number"), column("lexemes"))
    wanted = words(typed)
    if not wanted:
        return select(found.c.title_id).where(literal_column("1") == literal_column("0"))
    if sqlite:
        return select(found.c.title_id).where(found.c.number.in_(_numbers(wanted)))
    matches = text("lexemes @@ to_tsquery('simple', :search_words)").bindparams(_words(_tsquery(wanted)))
    return select(found.c.title_id).where(matches)


def is_held(typed: str, title: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """That one title has all these words; of SQLite, which finds them for all titles once."""
    found, wanted = table("search_title", column("title_id"), column("number")), words(typed)
    if not wanted:
        return false()
    return exists().where(found.c.title_id == title, found.c.number.in_(_numbers(wanted)))


def _numbers(wanted: Sequence[str]) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """The numbers of titles that have all these words, in SQLite."""
    inside = text("SELECT rowid FROM search_title_words WHERE search_title_words MATCH :search_words")
    return inside.bindparams(_words(_match(wanted))).columns(column("rowid")).scalar_subquery()


def _words(query: str) -> BindParameter[str]:
    """What is looked for, under a name of its own: several of these may stand in one statement."""
    return bindparam("search_words", query, unique=True)


async def best(session: AsyncSession, typed: str, limit: int, scope: Scope = EVERYTHING) -> list[str]:
    """The ids of the titles that fit best, the best first; where none has these words, those that are spelt alike."""
    wanted = words(typed)
    if not wanted:
        return []
    sqlite = _is_sqlite(session)
    found = await _rows(session, _BEST[sqlite], scope, limit, words=_match(wanted) if sqlite else _tsquery(wanted))
    return [row.title_id for row in found] or await alike(session, typed, limit, scope)


async def suggested(session: AsyncSession, typed: str, limit: int, scope: Scope = EVERYTHING) -> list[str]:
    """The ids of titles that somebody may be about to type: names that begin so, then names with a word that does."""
    begun, wanted = folded(typed), words(typed)
    if not wanted:
        return []
    sqlite = _is_sqlite(session)
    ends = {"begun": begun, "beyond": begun + "\U0010ffff"}
    found = [row.title_id for row in await _rows(session, _BEGUN[sqlite], scope, limit, **ends)]
    if len(found) < limit:
        query = _match(wanted, "name") if sqlite else _tsquery(wanted, "A")
        more = await _rows(session, _HOLDING[sqlite], scope, 2 * limit, words=query)
        found = list(dict.fromkeys([*found, *(row.title_id for row in more)]))[:limit]
    return found or await alike(session, typed, limit, scope)


async def alike(session: AsyncSession, typed: str, limit: int, scope: Scope = EVERYTHING) -> list[str]:
    """The ids of titles whose names are spelt alike, the most alike first; none without trigrams in the database."""
    wanted, sqlite = folded(typed), _is_sqlite(session)
    if sqlite:
        runs = _runs(wanted)
        if not runs:
            return []
        query = " OR ".join(f'"{run}"' for run in runs)
    elif not trigrams(wanted) or not await has_trigrams(session):
        return []
    else:
        query = wanted
        await (await session.connection()).execute(text(_FOR_SLIPS))
    near = await _rows(session, _NEAR[sqlite], scope, _SIFTED, words=query)
    judged = sorted(((likeness(wanted, row.name), row.title_id) for row in near), key=lambda pair: (-pair[0], pair[1]))
    return [title for how, title in judged if how >= _LIKE_ENOUGH][:limit]


async def has_trigrams(session: AsyncSession) -> bool:
    """Whether PostgreSQL has pg_trgm; SQLite has its like in itself."""
    if _is_sqlite(session):
        return True
    there = text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
    return bool((await (await session.connection()).execute(there)).scalar_one())


def _runs(wanted: str) -> list[str]:
    """Some runs of three letters of the longest words: enough to be found by, and not more work than that."""
    by_length = sorted((f" {word} " for word in wanted.split()), key=len, reverse=True)
    runs = (word[place : place + 3] for word in by_length for place in range(len(word) - 2))
    return list(dict.fromkeys(runs))[:_RUNS]


def _match(wanted: Sequence[str], only: str = "") -> str:
    """The words as FTS5 wants them: all of them, the last one as a beginning. They are letters and digits alone."""
    terms = [f'"{word}"' for word in wanted[:-1]] + [f'"{wanted[-1]}" *']
    return " AND ".join(f"{only} : {term}" if only else term for term in terms)


def _tsquery(wanted: Sequence[str], weight: str = "") -> str:
    """The same for PostgreSQL."""
    mark = f":{weight}" if weight else ""
    return " & ".join([f"'{word}'{mark}" for word in wanted[:-1]] + [f"'{wanted[-1]}':*{weight}"])


_BEST: Final = {
    True: """SELECT s.title_id FROM (
            SELECT rowid AS number, rank FROM search_title_words
            WHERE search_title_words MATCH :words AND rank MATCH 'bm25(10.0, 1.0)' ORDER BY rank LIMIT :sifted
        ) f JOIN search_title s ON s.number = f.number {join}
        WHERE 1 = 1 {where} ORDER BY f.rank, f.number LIMIT :limit""",
    False: """SELECT s.title_id FROM search_title s {join}
        WHERE s.lexemes @@ to_tsquery('simple', :words) {where}
        ORDER BY ts_rank(s.lexemes, to_tsquery('simple', :words), 1) DESC, s.number LIMIT :limit""",
}
_BEGUN: Final = {
    True: """SELECT s.title_id FROM search_title s {join}
        WHERE s.name >= :begun AND s.name < :beyond {where} ORDER BY s.name, s.number LIMIT :limit""",
    False: """SELECT s.title_id FROM search_title s {join}
        WHERE s.name COLLATE "C" >= :begun AND s.name COLLATE "C" < :beyond {where}
        ORDER BY s.name COLLATE "C", s.number LIMIT :limit""",
}
_HOLDING: Final = {
    True: """SELECT s.title_id FROM search_title_words f JOIN search_title s ON s.number = f.rowid {join}
        WHERE search_title_words MATCH :words {where} ORDER BY f.rowid LIMIT :limit""",
    False: """SELECT s.title_id FROM search_title s {join}
        WHERE s.lexemes @@ to_tsquery('simple', :words) {where} ORDER BY s.number LIMIT :limit""",
}
_NEAR: Final = {
    True: """SELECT s.title_id, s.name FROM (
            SELECT rowid AS number, rank FROM search_title_like
            WHERE search_title_like MATCH :words ORDER BY rank LIMIT :sifted
        ) f JOIN search_title s ON s.number = f.number {join}
        WHERE 1 = 1 {where} ORDER BY f.rank, f.number LIMIT :limit""",
    False: """SELECT s.title_id, s.name FROM search_title s {join}
        WHERE :words <% s.name {where} ORDER BY word_similarity(:words, s.name) DESC, s.number LIMIT :limit""",
}


_NARROWING: Final = {"kinds": "t.kind IN :kinds", "states": "t.state IN :states", "genres": FITS_GENRE}
"""What is said of the title of a row, for each set of values that may be wanted."""


_FOR_SLIPS: Final = (
    # PostgreSQL takes to compare trigrams for as cheap as to compare numbers, and would look at every name there is
    "SELECT set_config('pg_trgm.word_similarity_threshold', '0.3', true), set_config('enable_seqscan', 'off', true)"
)
"""Until the end of the transaction."""


async def _rows(session: AsyncSession, statement: str, scope: Scope, limit: int, **values: Any) -> Sequence[Any]:  # noqa: ANN401 — what stands in the statement
    """Fill the scope into a statement and run it. It is one of ours: nothing that was typed stands in it."""
    wanted = {"kinds": scope.kinds, "states": scope.states, "genres": scope.fit.genres}
    sets = {name: some for name, some in wanted.items() if some}
    narrowed = [_NARROWING[name] for name in sets]
    if scope.fit.ceiling is not None:
        narrowed.append(FITS_AGE)
        values["ceiling"] = scope.fit.ceiling
    join = "JOIN title t ON t.id = s.title_id" if narrowed else ""
    where = "".join(f" AND {condition}" for condition in narrowed)
    ready = text(statement.format(join=join, where=where)).bindparams(
        *(bindparam(name, list(some), expanding=True) for name, some in sets.items())
    )
    if ":sifted" in statement:
        values["sifted"] = _NARROWED if narrowed else limit
    return (await (await session.connection()).execute(ready, {**values, "limit": limit})).all()


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"
