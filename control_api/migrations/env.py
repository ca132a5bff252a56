"""What Alembic runs for each move: on the connection that `control_api.schema` has opened."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import BigInteger
from sqlalchemy.types import JSON
from sqlmodel import AutoString

from control_api.columns import UtcInstant
from control_api.tables import METADATA
from control_api.tables.search import is_modelled


def _drafted(kind: str, found: Any, _context: object) -> str | Literal[False]:  # noqa: ANN401 — anything of a schema
    """How a draft names a type: by what it is called here, and without sqlmodel's own type, which means a string."""
    if kind == "type":
        names = {UtcInstant: "columns.UtcInstant()", JSON: "columns.Document", BigInteger: "columns.Counter"}
        if isinstance(found, AutoString):
            return f"sa.String({found.length or ''})"
        return names.get(type(found), False)
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite alters little: it gets a new table and the rows of the old one
    render_item=_drafted,
    compare_type=True,
    include_name=is_modelled,
)
with context.begin_transaction():
    context.run_migrations()
