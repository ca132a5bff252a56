"""Where titles stand: what may be beneath what, and that every place in a parent is taken once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func
from sqlmodel import col, select

from control_api.library.kinds import FOLDERS, NUMBERED, PARENTS, TitleKind
from control_api.problems import Mistake
from control_api.tables import Title

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.library.facts import TitleEdit


async def misplaced(session: AsyncSession, title: Title, given: TitleEdit, *, has_assets: bool) -> list[Mistake]:
    """What is wrong with the place that `given` would give to the title; nothing when it moves nothing."""
    sent = given.model_fields_set
    fresh = title.version == 1 and title.sort_name == ""
    if not sent & {"kind", "parent_id", "number"} and not fresh:
        return []
    kind = TitleKind(given.kind or title.kind)
    parent_id = given.parent_id if "parent_id" in sent else title.parent_id
    number = given.number if "number" in sent else title.number
    wrong = _needs(kind, parent_id, number)
    if kind != title.kind:
        wrong += await _outgrown(session, title, kind, has_assets=has_assets)
    if parent_id is None:
        return wrong
    parent = await session.get(Title, parent_id)
    if parent is None or parent.deleted_at is not None:
        return [*wrong, _at("parent_id", f"there is no title {parent_id}")]
    if TitleKind(parent.kind) not in PARENTS[kind]:
        may = ", ".join(sorted(PARENTS[kind])) or "nothing"
        return [*wrong, _at("parent_id", f"{_a(kind)} belongs to {may}, and that is {_a(parent.kind)}")]
    return wrong + await _taken(session, title, kind, parent_id, number)


def _needs(kind: TitleKind, parent_id: str | None, number: int | None) -> list[Mistake]:
    wrong = []
    if kind in NUMBERED and parent_id is None:
        wrong.append(_at("parent_id", f"{_a(kind)} belongs to something: name its parent"))
    if kind in NUMBERED and number is None:
        wrong.append(_at("number", f"{_a(kind)} has a number in its parent"))
    if number is not None and parent_id is None and kind not in NUMBERED:
        wrong.append(_at("number", "a number is a place in a parent, and it has none"))
    return wrong


async def _outgrown(session: AsyncSession, title: Title, kind: TitleKind, *, has_assets: bool) -> list[Mistake]:
    """What belongs to the title and could not with another kind."""
    if has_assets and kind in FOLDERS:
        return [_at("kind", f"it has media of its own, and {_a(kind)} is made of other titles")]
    rows = select(Title.kind, func.count()).where(Title.parent_id == title.id).group_by(col(Title.kind))
    beneath = dict((await session.exec(rows)).all())
    lost = sorted(name for name in beneath if kind not in PARENTS[TitleKind(name)])
    if lost:
        return [_at("kind", f"it has {beneath[lost[0]]} of the kind {lost[0]}, which cannot belong to {_a(kind)}")]
    return []


async def _taken(
    session: AsyncSession, title: Title, kind: TitleKind, parent_id: str, number: int | None
) -> list[Mistake]:
    if number is None:
        return []
    rows = select(Title).where(
        Title.parent_id == parent_id, Title.kind == kind, Title.number == number, Title.id != title.id
    )
    other = (await session.exec(rows)).one_or_none()
    if other is None:
        return []
    where = ", and lies in the bin" if other.deleted_at is not None else ""
    return [_at("number", f"{kind} {number} is {other.id}, {other.name!r}{where}")]


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" if kind != TitleKind.SERIES else "a series"


def _at(name: str, detail: str) -> Mistake:
    return Mistake(part="body", pointer=f"/{name}", detail=detail)
