"""Rows whose columns are among some values: found by an index on either database.

The values go as one: a statement is the same however many they are, and is written once and for all. SQLite takes them
as a JSON text, as which it reads the whole table for none; PostgreSQL takes those of one column as an array.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, String, TypeDecorator, bindparam, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Dialect
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.types import TypeEngine


def bare(column: Any) -> ColumnElement[Any]:  # noqa: ANN401 — a column
    """The column as a mere value: SQLite looks nothing up by an index of it."""
    return _Bare(column)


def one_of(column: Any, named: str) -> ColumnElement[Any]:  # noqa: ANN401 — a column
    """The condition that `column`, which is of texts, is one of those that the statement is given by this name."""
    return _OneOf(column, bindparam(named, type_=_Texts()))


def among(columns: tuple[Any, ...], wanted: Iterable[tuple[str, ...]]) -> ColumnElement[bool]:
    """The condition that `columns`, which are of texts, are one of `wanted`, each in its place."""
    each = _Each(json.dumps([list(one) for one in wanted])).table_valued("value", name="wanted")
    return tuple_(*columns).in_(select(*(_Part(each.c.value, number) for number in range(len(columns)))))


class _Texts(TypeDecorator[Sequence[str]]):
    """Texts that are one value."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """How they are told to this kind of database."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else ARRAY(String()))

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401 — as it takes them
        """What it is told."""
        some = list(value or ())
        return json.dumps(some) if dialect.name == "sqlite" else some


class _Bare(FunctionElement[Any]):
    """A column of which no index counts."""

    name = "bare"
    inherit_cache = True

    def __init__(self, column: Any) -> None:  # noqa: ANN401 — a column
        super().__init__(column)
        self.type = column.type


class _OneOf(FunctionElement[Any]):
    """That a column is one of some texts."""

    name = "one_of"
    inherit_cache = True


class _Each(FunctionElement[Any]):
    """The values of a JSON list, as rows."""

    name = "each"
    inherit_cache = True


class _Part(FunctionElement[str]):
    """What stands at a place of a JSON list, as text."""

    name = "part"
    type = String()
    inherit_cache = True


@compiles(_Bare)  # type: ignore[no-untyped-call, misc, unused-ignore] # it has no types
def _bare(element: _Bare, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 — SQLAlchemy's
    return f"+{compiler.process(element.clauses, **how)}"


@compiles(_Bare, "postgresql")  # type: ignore[no-untyped-call, misc, unused-ignore] # the same
def _bare_of_postgresql(element: _Bare, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 — the same
    return compiler.process(element.clauses, **how)


@compiles(_OneOf)  # type: ignore[no-untyped-call, misc, unused-ignore] # the same
def _one_of(element: _OneOf, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 — the same
    column, some = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({some}))"  # noqa: S608 — both are SQLAlchemy's words


@compiles(_OneOf, "postgresql")  # type: ignore[no-untyped-call, misc, unused-ignore] # the same
def _one_of_postgresql(element: _OneOf, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 — the same
    column, some = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} = ANY({some})"


@compiles(_Each)  # type: ignore[no-untyped-call, misc, unused-ignore] # the same
def _each(element: _Each, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 — the same
    return f"json_each{compiler.process(element.clause_expr, **how)}"


@compiles(_Each, "postgresql")  # type: ignore[no-untyped-call, misc, unused-ignore] # the same
def _each_of_postgresql(element: _Each, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 — the same
    return f"json_array_elements(CAST({compiler.process(element.clause_expr, **how)} AS JSON))"


@compiles(_Part)  # type: ignore[no-untyped-call, misc, unused-ignore] # the same
def _part(element: _Part, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 — the same
    value, number = (compiler.process(one, **how) for one in element.clauses)
    return f"json_extract({value}, '$[' || {number} || ']')"


@compiles(_Part, "postgresql")  # type: ignore[no-untyped-call, misc, unused-ignore] # the same
def _part_of_postgresql(element: _Part, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 — the same
    value, number = (compiler.process(one, **how) for one in element.clauses)
    return f"({value} ->> {number})"
