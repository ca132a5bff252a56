"""The inbox of an account: what it alone was told, and what all or many are, as one list.

Law: a broadcast is one row. That somebody has read or deleted it is written when they do so, and not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import and_, col, delete, exists, func, or_, select, update

from control_api.notices.languages import best
from control_api.notices.spreading import PlanOf
from control_api.tables import Account, Broadcast, BroadcastAccount, BroadcastReceipt, Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession


MOST_LIVE: Final = 50
"""Broadcasts that are shown or will be: whoever looks into the inbox looks at each of them."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in an inbox."""

    id: str
    kind: str
    tone: str
    title: str
    text: str
    link: str
    at: datetime
    read_at: datetime | None
    is_broadcast: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose inbox it is, when, and how they are spoken to."""

    account: str
    tag: str
    """A language (BCP 47); empty: none was said."""
    usual: str
    """The language of who has said none."""
    now: datetime
    plan_of: PlanOf


def is_shown(now: datetime) -> Any:  # noqa: ANN401 — a condition
    """Of a broadcast that whom it is for sees now."""
    return and_(col(Broadcast.withdrawn_at).is_(None), col(Broadcast.from_at) <= now, col(Broadcast.until_at) > now)


async def broadcasts(session: AsyncSession, reader: Reader) -> list[Item]:
    """What many are told, this account among them, but for what it has deleted."""
    rows = _aimed(select(Broadcast, BroadcastReceipt).select_from(Broadcast), reader)
    found: list[tuple[Broadcast, BroadcastReceipt | None]] = list((await session.exec(rows)).all())
    plan = await _plan(session, reader, (row.audience for row, _ in found))
    return [_of_all(row, receipt, reader) for row, receipt in found if row.audience != "plan" or row.named == plan]


def _aimed(rows: Any, reader: Reader) -> Any:  # noqa: ANN401 — a statement of whatever is wanted
    """Of those broadcasts that this account sees or, where they are for a plan, may see."""
    listed = exists().where(
        col(BroadcastAccount.broadcast_id) == col(Broadcast.id), col(BroadcastAccount.account_id) == reader.account
    )
    ours = and_(
        col(BroadcastReceipt.broadcast_id) == col(Broadcast.id), col(BroadcastReceipt.account_id) == reader.account
    )
    return (
        rows.join(Account, col(Account.id) == reader.account)
        .outerjoin(BroadcastReceipt, ours)
        .where(
            is_shown(reader.now),
            col(BroadcastReceipt.deleted_at).is_(None),
            or_(
                col(Broadcast.audience).in_(("everybody", "plan")),
                and_(Broadcast.audience == "role", col(Broadcast.named) == col(Account.role)),
                and_(Broadcast.audience == "accounts", listed),
            ),
        )
    )


async def _plan(session: AsyncSession, reader: Reader, audiences: Iterable[str]) -> str:
    """The plan of the account, which is looked for where something is for one."""
    if "plan" not in audiences:
        return ""
    return await reader.plan_of(session, reader.account, reader.now)


async def own(
    session: AsyncSession, reader: Reader, limit: int, after: tuple[datetime, str] | None, *, unread: bool | None
) -> list[Item]:
    """What the account alone was told, the newest first, `after` an instant and the id of what was told then."""
    rows = select(Notice).where(Notice.account_id == reader.account)
    if unread is not None:
        rows = rows.where(col(Notice.read_at).is_(None) if unread else col(Notice.read_at).is_not(None))
    if after is not None:
        at, name = after
        rows = rows.where(or_(col(Notice.at) < at, and_(col(Notice.at) == at, col(Notice.id) > name)))
    rows = rows.order_by(col(Notice.at).desc(), col(Notice.id)).limit(limit)
    return [of_one(row) for row in (await session.exec(rows)).all()]


async def unread(session: AsyncSession, reader: Reader) -> int:
    """How much the account has not read: two queries, whatever was told to how many, and one more for its plan."""
    waiting = select(func.count()).where(Notice.account_id == reader.account, col(Notice.read_at).is_(None))
    alone = (await session.exec(waiting)).one()
    rows = _aimed(select(Broadcast.audience, Broadcast.named).select_from(Broadcast), reader)
    new = rows.where(col(BroadcastReceipt.read_at).is_(None))
    found: list[tuple[str, str]] = list((await session.exec(new)).all())
    plan = await _plan(session, reader, (audience for audience, _ in found))
    return alone + sum(audience != "plan" or named == plan for audience, named in found)


async def mark(session: AsyncSession, reader: Reader, names: Iterable[str], read_at: datetime | None) -> None:
    """Have these broadcasts be read by the account, or not."""
    await _receive(session, reader, names, {"read_at": read_at})


async def remove(session: AsyncSession, reader: Reader, items: Sequence[Item]) -> None:
    """Delete from the inbox: rows of its own go, and of broadcasts it is written that they have."""
    ours = [item.id for item in items if not item.is_broadcast]
    await session.exec(delete(Notice).where(col(Notice.id).in_(ours), col(Notice.account_id) == reader.account))
    await _receive(session, reader, [item.id for item in items if item.is_broadcast], {"deleted_at": reader.now})


async def read_all(session: AsyncSession, reader: Reader) -> None:
    """Have everything be read."""
    ours = (col(Notice.account_id) == reader.account, col(Notice.read_at).is_(None))
    await session.exec(update(Notice).where(*ours).values(read_at=reader.now))
    new = [item.id for item in await broadcasts(session, reader) if item.read_at is None]
    await _receive(session, reader, new, {"read_at": reader.now})


async def remove_read(session: AsyncSession, reader: Reader) -> None:
    """Delete everything that was read."""
    ours = (col(Notice.account_id) == reader.account, col(Notice.read_at).is_not(None))
    await session.exec(delete(Notice).where(*ours))
    await remove(session, reader, [item for item in await broadcasts(session, reader) if item.read_at is not None])


def of_one(row: Notice) -> Item:
    """A row of an account's own."""
    return Item(row.id, row.kind, row.tone, row.title, row.text, row.link, row.at, row.read_at, is_broadcast=False)


def _of_all(row: Broadcast, receipt: BroadcastReceipt | None, reader: Reader) -> Item:
    words = row.words[best(row.words, reader.tag, reader.usual)]
    read_at = None if receipt is None else receipt.read_at
    return Item(
        row.id, row.kind, row.tone, words["title"], words["text"], row.link, row.from_at, read_at, is_broadcast=True
    )


async def _receive(session: AsyncSession, reader: Reader, names: Iterable[str], what: dict[str, Any]) -> None:
    """Write what the account has done with broadcasts, for the first time or anew."""
    values = [{"broadcast_id": name, "account_id": reader.account, **what} for name in names]
    if not values:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    written: Any = dialect.insert(BroadcastReceipt).values(values)
    await session.exec(written.on_conflict_do_update(index_elements=["broadcast_id", "account_id"], set_=what))
