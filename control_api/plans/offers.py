"""Plans that there are: three of them where nobody has said anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from control_api.library.names import add_absent
from control_api.notices.languages import best
from control_api.plans.entitled import FREE
from control_api.problems import missing
from control_api.tables import Plan

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

_ALIKE: Final = {"version": 1, "currency": "EUR", "period": "month", "lines": None, "is_offered": True}
DEFAULTS: Final = (
    {
        "id": FREE, "names": {"en": "Free", "es": "Gratis"}, "price": 0, "trial_days": 0, "premium": False,
        "streams": 1, "profiles": 2, "place": 0, **_ALIKE,
    },
    {
        "id": "premium", "names": {"en": "Premium", "es": "Premium"}, "price": 799, "trial_days": 7, "premium": True,
        "streams": 2, "profiles": 5, "place": 1, **_ALIKE,
    },
    {
        "id": "family", "names": {"en": "Family", "es": "Familiar"}, "price": 1299, "trial_days": 7, "premium": True,
        "streams": 5, "profiles": 10, "place": 2, **_ALIKE,
    },
)  # fmt: skip
"""What is offered before anybody has changed it."""


async def prepare(database: Database, now: datetime) -> None:
    """See to it that there are plans."""
    async with database.reading() as session:
        if (await session.exec(select(Plan.id).where(Plan.id == FREE))).one_or_none() is not None:
            return
    async with database.writing() as session:
        await add_absent(session, Plan, [{**one, "created_at": now, "updated_at": now} for one in DEFAULTS])


async def plan_of(session: AsyncSession, plan: str, *, held: bool = False) -> Plan:
    """The plan of this name. Raises `Problem`."""
    wanted = select(Plan).where(Plan.id == plan)
    row = (await session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        raise missing("plan", plan)
    return row


async def all_of(session: AsyncSession, *, offered: bool) -> list[Plan]:
    """All plans in their order, or those that can be had."""
    rows = select(Plan).order_by(col(Plan.place), col(Plan.id))
    return list((await session.exec(rows.where(col(Plan.is_offered)) if offered else rows)).all())


def called(plan: Plan, tag: str = "") -> str:
    """What it is called, for somebody of this language."""
    return plan.names[best(plan.names, tag)] if plan.names else plan.id
