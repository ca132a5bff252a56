"""What titles are parts of, told in statements: a trailer of an episode of a season of a series, and nothing deeper.

Law: there is one answer to what the series of a title is, whoever asks. Of an episode or a season it is the series
above it; whatever else stands alone has none.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import case, col

from control_api.tables import Title
from control_api.tables.kin import GRANDPARENT, PARENT

UPPERMOST: Final[Any] = aliased(Title)
"""What the grandparent is right beneath."""
ABOVE: Final[ColumnElement[bool]] = col(PARENT.id) == col(Title.parent_id)
"""By which `PARENT` is joined to a title; `HIGHER` joins what is above that, and `HIGHEST` the last."""
HIGHER: Final[ColumnElement[bool]] = col(GRANDPARENT.id) == col(PARENT.parent_id)
HIGHEST: Final[ColumnElement[bool]] = col(UPPERMOST.id) == col(GRANDPARENT.parent_id)
SERIES: Final[ColumnElement[str | None]] = case(
    (col(PARENT.kind) == "series", col(PARENT.id)), (col(PARENT.kind) == "season", PARENT.parent_id)
)
"""The id of the series of a title of which `PARENT` is joined."""
ROOT: Final[ColumnElement[str]] = func.coalesce(PARENT.parent_id, Title.parent_id, Title.id)
"""The id of what is uppermost of it: the series of an episode, or the title itself."""
