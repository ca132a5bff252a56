"""Several edits in one request: all happen in its one transaction, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pydantic import Field

from control_api.models import Given
from control_api.problems import UNACCEPTABLE, Mistake, Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Edit = TypeVar("Edit", bound=Given)
Done = TypeVar("Done")

MOST: Final = 500
"""Edits in one request."""


class Batch(Given, Generic[Edit]):
    """Edits that happen together."""

    edits: list[Edit] = Field(min_length=1, max_length=MOST, description="What is to be done, in this order.")


async def each(edits: Sequence[Edit], do: Callable[[Edit], Awaitable[Done]]) -> list[Done]:
    """What became of each edit. Raises one `Problem` that names all that are refused; then none has happened."""
    done: list[Done] = []
    refused: list[Mistake] = []
    for number, edit in enumerate(edits):
        try:
            done.append(await do(edit))
        except Problem as problem:
            refused += _inside(number, problem)
    if refused:
        detail = f"{_places(refused)} of {len(edits)} edits are refused, so none has happened"
        raise Problem(UNACCEPTABLE, detail, errors=refused)
    return done


def _inside(number: int, problem: Problem) -> list[Mistake]:
    """The mistakes of one edit, by where they stand in the whole body."""
    place = f"/edits/{number}"
    found = [Mistake(part="body", pointer=place + wrong.pointer, detail=wrong.detail) for wrong in problem.errors]
    return found or [Mistake(part="body", pointer=place, detail=problem.detail)]


def _places(refused: Sequence[Any]) -> int:
    return len({wrong.pointer.split("/")[2] for wrong in refused})
