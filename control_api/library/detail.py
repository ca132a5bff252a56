"""What is shown of one title alone: who is credited, and what is beneath it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func
from sqlalchemy import select as selected
from sqlmodel import col, select

from control_api.library.fitting import ANYBODY, Fit, fits
from control_api.tables import Credit, Person, Title
from control_api.tables.kin import CHILD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

MOST: Final = 500
"""Credits, or titles beneath, that are shown with a title; lists have all of them."""


async def credited(session: AsyncSession, title: str) -> list[dict[str, Any]]:
    """Who did what, in order."""
    rows = (
        select(Credit, Person.name)
        .join(Person, col(Person.id) == Credit.person_id)
        .where(Credit.title_id == title)
        .order_by(col(Credit.position), col(Credit.id))
        .limit(MOST)
    )
    return [
        {
            "person_id": credit.person_id, "name": name, "job": credit.job,
            "character": credit.character, "position": credit.position,
        }
        for credit, name in (await session.exec(rows)).all()
    ]  # fmt: skip


async def beneath(
    session: AsyncSession, title: str, states: Sequence[str] = (), fit: Fit = ANYBODY
) -> list[dict[str, Any]]:
    """What is right beneath it and fits, by place, each with how much is beneath that; `states`: of these alone."""
    names, lower = ("id", "kind", "number", "name", "state"), CHILD
    count = (
        select(func.count(col(lower.id)))
        .where(col(lower.parent_id) == col(Title.id), col(lower.deleted_at).is_(None), col(lower.kind) != "trailer")
        .where(*([col(lower.state).in_(states)] if states else []), *fits(fit, lower))
        .scalar_subquery()
    )
    rows: Any = (
        selected(*(getattr(Title, name) for name in names), count.label("titles"))
        .where(col(Title.parent_id) == title, col(Title.deleted_at).is_(None))
        .where(*([col(Title.state).in_(states)] if states else []), *fits(fit))
        .order_by(col(Title.place), col(Title.id))
        .limit(MOST)
    )
    return [dict(row) for row in (await session.exec(rows)).mappings()]
