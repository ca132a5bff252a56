"""Rows whose columns, taken together, are among some values: found by an index on either database.

SQLite reads the whole table for `(a, b) IN (VALUES …)`, and looks each pair up by the index of both where the values
are the answer to a question. They go as one JSON text: a statement of thousands of values is written once and for all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.compiler import SQLCompiler


def among(columns: tuple[Any, ...], wanted: Iterable[tuple[str, ...]]) -> ColumnElement[bool]:
    """The condition that `columns`, which are of texts, are one of `wanted`, each in its place."""
    each = _Each(json.dumps([list(one) for one in wanted])).table_valued("value", name="wanted")
    return tuple_(*columns).in_(select(*(_Part(each.c.value, number) for number in range(len(columns)))))


class _Each(FunctionElement[Any]):
    """The values of a JSON list, as rows."""

    name = "each"
    inherit_cache = True


class _Part(FunctionElement[str]):
    """What stands at a place of a JSON list, as text."""

    name = "part"
    type = String()
    inherit_cache = True


@compiles(_Each)  # type: ignore[no-untyped-call, misc, unused-ignore] # it has no types
def _each(element: _Each, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 — SQLAlchemy's
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
