"""Legal texts in force, and who has agreed to them.

Law: of each kind the published version with the highest number is in force, and what was published never changes.
Who has agreed to a version need not agree to a later one that does not ask for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlmodel import case, col, func, select

from control_api.tables import Consent, LegalText

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession


class LegalKind(StrEnum):
    """Of what."""

    PRIVACY = "privacy"
    TERMS = "terms"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is still to be agreed to."""

    kind: str
    number: int
    """Of the version that is in force."""


async def in_force(session: AsyncSession, kind: str, number: int | None = None) -> LegalText | None:
    """The version that is in force, or a published one of this number."""
    rows = select(LegalText).where(LegalText.kind == kind, col(LegalText.number).is_not(None))
    if number is not None:
        rows = rows.where(LegalText.number == number)
    return (await session.exec(rows.order_by(col(LegalText.number).desc()).limit(1))).one_or_none()


async def due(session: AsyncSession, account: str) -> list[Due]:
    """What an account has still to agree to, in two queries."""
    asking = func.max(case((col(LegalText.asks), col(LegalText.number))))
    texts = (
        select(LegalText.kind, func.max(col(LegalText.number)), asking)
        .where(col(LegalText.number).is_not(None))
        .group_by(LegalText.kind)
        .order_by(LegalText.kind)
    )
    given = select(Consent.kind, func.max(col(Consent.number))).where(Consent.account_id == account)
    agreed: dict[str, int] = dict((await session.exec(given.group_by(Consent.kind))).all())
    return [
        Due(kind, number)
        for kind, number, asks in (await session.exec(texts)).all()
        if number is not None and asks is not None and agreed.get(kind, 0) < asks
    ]


async def next_number(session: AsyncSession, kind: str) -> int:
    """The number of the version that is published now; holds all of the kind, so that no two get the same."""
    rows = select(LegalText).where(LegalText.kind == kind).order_by(col(LegalText.id)).with_for_update()
    return max((row.number or 0 for row in (await session.exec(rows)).all()), default=0) + 1
