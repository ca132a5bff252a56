"""Figures as a table for spreadsheets. Pure.

Law: no cell that holds what others wrote is a formula (see `playout.core.cells`).
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

from playout.core.cells import inert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel


def comma_separated(model: type[BaseModel], rows: Sequence[BaseModel]) -> str:
    """The rows as CSV (RFC 4180), a column for each field; fields of fields are named with a dot."""
    out = StringIO()
    writer = csv.DictWriter(out, list(_columns(model)), lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(_flat(row.model_dump(mode="json")))
    return out.getvalue()


def _columns(model: type[BaseModel], above: str = "") -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        inner: Any = field.annotation
        if hasattr(inner, "model_fields"):
            found += _columns(inner, f"{above}{name}.")
        else:
            found.append(f"{above}{name}")
    return found


def _flat(found: dict[str, Any], above: str = "") -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            cells |= _flat(value, f"{above}{name}.")
        else:
            cells[f"{above}{name}"] = inert(value) if isinstance(value, str) else value
    return cells
