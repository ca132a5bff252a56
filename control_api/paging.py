"""Lists, page by page: a page begins where the one before it ended, whatever was added or removed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, Field
from sqlalchemy import and_, or_

from control_api.call import Answer, Call
from control_api.cursors import LONGEST, sealed, unsealed
from control_api.models import Given, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement
    from sqlmodel.sql.expression import SelectOfScalar

    from control_api.tables.row import Row

Item = TypeVar("Item", bound=BaseModel)
Found = TypeVar("Found", bound="Row")


class PageQuery(Given):
    """Which page of a list is wanted. Lists with filters have a model of their own that inherits from this one."""

    limit: int = Field(default=50, ge=1, le=100, description="How many items a page has at most.")
    cursor: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST,
        description="Where the page begins: from `next` of the page before.",
    )


class Page(Shown, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    next: str | None = Field(description="The address of the next page; null on the last one.")


async def page(
    call: Call[Any, Any, Any],
    rows: SelectOfScalar[Found],
    order: Sequence[tuple[Any, bool]],
    shown: Callable[[Found], Item],
    model: type[Page[Item]],
) -> Answer:
    """One page of `rows`, in the order of these columns, each with whether it descends.

    No column has nulls, and together they are unique. The query of the call is a `PageQuery`.
    """
    found = await leaf(call, rows, order)
    return found.answer(model(items=[shown(row) for row in found.rows], next=found.next))


@dataclass(frozen=True, slots=True)
class Leaf(Generic[Found]):
    """The rows of one page, for who shows them together."""

    rows: list[Found]
    next: str | None
    """The address of the next page."""

    def answer(self, shown: BaseModel) -> Answer:
        """The answer with these rows, which `shown` shows."""
        return Answer(shown, headers={} if self.next is None else {"Link": f'<{self.next}>; rel="next"'})


async def leaf(
    call: Call[Any, Any, Any], rows: SelectOfScalar[Found], order: Sequence[tuple[Any, bool]], known: str = ""
) -> Leaf[Found]:
    """The rows of one page; as `page`, which shows each for itself.

    `known` tells what else the list is of, besides its query: a cursor is good for no other.
    """
    signer = call.site.signer
    query: PageQuery = call.query
    place = _of_rows(call, known)
    if query.cursor is not None:
        rows = rows.where(_after(order, unsealed(signer, place, query.cursor)))
    rows = rows.order_by(*(column.desc() if descends else column.asc() for column, descends in order))
    found = list((await call.session.exec(rows.limit(query.limit + 1))).all())
    if len(found) <= query.limit:
        return Leaf(found, None)
    last = found[query.limit - 1]
    cursor = sealed(signer, place, [getattr(last, str(column.key)) for column, _ in order])
    address = call.site.settings.public_url + str(call.request.rel_url.update_query(cursor=cursor))
    return Leaf(found[: query.limit], address)


def sliced(
    call: Call[Any, Any, Any],
    rows: Sequence[tuple[str, Item]],
    model: type[Page[Item]],
    *,
    known: str = "",
    reach: str | None = None,
) -> Answer:
    """One page of what is at hand, each with a key by which they are in order; no two have the same.

    `known` tells what else the list is of: a cursor is good for no other. `reach` is up to which key the rows go,
    where there may be more after them.
    """
    query: PageQuery = call.query
    after = resumed(call, known)
    found = [row for row in rows if after is None or row[0] > after]
    items = [item for _, item in found[: query.limit]]
    last = found[query.limit - 1][0] if len(found) > query.limit else reach
    if last is None:
        return Answer(model(items=items, next=None))
    cursor = sealed(call.site.signer, _of_rows(call, known), [last])
    address = call.site.settings.public_url + str(call.request.rel_url.update_query(cursor=cursor))
    return Answer(model(items=items, next=address), headers={"Link": f'<{address}>; rel="next"'})


def resumed(call: Call[Any, Any, Any], known: str = "") -> str | None:
    """The key after which the page begins that a call asks for, as `sliced` wrote it; None for the first page."""
    cursor: str | None = call.query.cursor
    return None if cursor is None else str(unsealed(call.site.signer, _of_rows(call, known), cursor)[0])


def _of_rows(call: Call[Any, Any, Any], known: str) -> str:
    return f"{call.operation}\n{known}\n{call.query.model_dump_json(exclude={'limit', 'cursor'})}"


def _after(order: Sequence[tuple[Any, bool]], values: Sequence[Any]) -> ColumnElement[bool]:
    """What comes after the row with these values."""
    ways = []
    for number, (column, descends) in enumerate(order):
        same = [before == value for (before, _), value in zip(order[:number], values, strict=False)]
        ways.append(and_(*same, column < values[number] if descends else column > values[number]))
    column, descends = order[0]
    # says nothing new, but lets a database begin at the right place of an index
    return and_(column <= values[0] if descends else column >= values[0], or_(*ways))
