"""Numbers for titles: clients of a former system name a title by the number that it had there.

Whoever moves brings the numbers along as names of the scheme `number` (see docs/compatibility.md). At the addresses of
former systems a number then stands for the title; its own id always does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from sqlmodel import select

from control_api import ids
from control_api.models import Given
from control_api.problems import missing
from control_api.resources.content import ContentPath
from control_api.resources.title_models import TitlePath
from control_api.tables import TitleElsewhere

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.call import Answer, Call
    from control_api.operation import Operation

SCHEME: Final = "number"
"""Of names that are numbers of a former system."""
_NUMBER: Final = "[0-9]{1,18}"


class NumberedPath(Given):
    """Which title."""

    id: Annotated[
        str,
        Field(
            pattern=f"^(?:{_NUMBER}|{ids.pattern('ti')[1:-1]})$",
            description="The id of a title, or the number that it had in a former system.",
        ),
    ]


async def meant(session: AsyncSession, said: str) -> str:
    """The id of the title of a number; what is no number stays. Raises `Problem`."""
    if not (said.isascii() and said.isdecimal()):
        return said
    rows = select(TitleElsewhere.title_id).where(TitleElsewhere.scheme == SCHEME, TitleElsewhere.value == said)
    found = (await session.exec(rows)).one_or_none()
    if found is None:
        raise missing("title", said)
    return found


def by_number(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """The same operations; those of one title take its number too."""
    return tuple(_numbered(one) if one.path_model in (TitlePath, ContentPath) else one for one in operations)


def _numbered(operation: Operation) -> Operation:
    async def handler(call: Call[Any, Any, Any]) -> Answer:
        if call.path.id.isdecimal():
            async with call.site.database.reading() as session:
                call.path = operation.path_model(id=await meant(session, call.path.id))
        return await operation.handler(call)

    path = NumberedPath if operation.path_model is TitlePath else operation.path_model
    return replace(operation, path_model=path, handler=handler)
