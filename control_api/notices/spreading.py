"""Broadcasts on their way to the mail: some accounts at a time, each once, in the order of their ids.

Law: the accounts up to `mailed_to` have been looked at, those after it have not, and both are written in one
transaction. So nobody gets a broadcast twice because a process was killed, and no request writes a row for each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import and_, col, exists, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from control_api.notices import outbox
from control_api.notices.kinds import Kind, is_mailed
from control_api.notices.languages import best
from control_api.notices.outbox import Letter
from control_api.tables import Account, Broadcast, BroadcastAccount, BroadcastReceipt, Mail, MailChoice, Profile

if TYPE_CHECKING:
    from control_api.database import Database

PlanOf = Callable[[AsyncSession, str, datetime], Awaitable[str]]
"""Tells which plan an account has, by its id: plans stand above this package."""
PlansOf = Callable[[AsyncSession, Sequence[str], datetime], Awaitable[Mapping[str, str]]]
"""The same of many accounts, by one query."""
AT_ONCE: Final = 200
"""Accounts of one transaction."""
MOST_OPEN: Final = 1000
"""Mails that wait: with so many, no further ones are made."""


async def spread(database: Database, plans_of: PlansOf, usual: str, now: datetime) -> bool:
    """Make the mails of some accounts; whether there is more to do at once. `usual` is a language."""
    async with database.reading() as session:
        waiting = (await session.exec(select(func.count()).where(Mail.state == outbox.OPEN))).one()
        due = select(Broadcast.id).where(_is_due(now)).order_by(col(Broadcast.id)).limit(1)
        name = (await session.exec(due)).one_or_none()
    if name is None or waiting >= MOST_OPEN:
        return False
    async with database.writing() as session:
        wanted = select(Broadcast).where(Broadcast.id == name, _is_due(now)).with_for_update()
        row = (await session.exec(wanted)).one_or_none()
        if row is None:
            return False
        await _some(session, row, plans_of, usual, now)
    return True


def _is_due(now: datetime) -> Any:  # noqa: ANN401 — a condition
    return and_(
        col(Broadcast.is_mailed),
        col(Broadcast.mailed_at).is_(None),
        col(Broadcast.withdrawn_at).is_(None),
        col(Broadcast.from_at) <= now,
        col(Broadcast.until_at) > now,
    )


async def _some(session: AsyncSession, row: Broadcast, plans_of: PlansOf, usual: str, now: datetime) -> None:
    # who has read it in the inbox already is not written to
    known = exists().where(
        col(BroadcastReceipt.broadcast_id) == row.id, col(BroadcastReceipt.account_id) == col(Account.id)
    )
    rows = (
        select(Account.id, MailChoice, Profile.language)
        .outerjoin(MailChoice, col(MailChoice.account_id) == col(Account.id))
        .outerjoin(Profile, and_(col(Profile.account_id) == col(Account.id), col(Profile.is_main)))
        .where(col(Account.id) > row.mailed_to, col(Account.blocked_at).is_(None), col(Account.email_verified), ~known)
        .order_by(col(Account.id))
        .limit(AT_ONCE)
    )
    if row.audience == "role":
        rows = rows.where(Account.role == row.named)
    if row.audience == "accounts":
        listed = select(BroadcastAccount.account_id).where(BroadcastAccount.broadcast_id == row.id)
        rows = rows.where(col(Account.id).in_(listed))
    found = (await session.exec(rows)).all()
    plans: Mapping[str, str] = {}
    if row.audience == "plan":
        plans = await plans_of(session, [account for account, _, _ in found], now)
    for account, choice, language in found:
        chosen: MailChoice | None = choice
        if not is_mailed(Kind(row.kind), {} if chosen is None else chosen.wanted):
            continue
        if row.audience == "plan" and plans.get(account) != row.named:
            continue
        words = row.words[best(row.words, language or "", usual)]
        said = {"title": words["title"], "text": words["text"], "link": row.link}
        session.add(outbox.row(Letter("notice", row.kind, said, account, broadcast=row.id), now))
        row.mails += 1
    row.mailed_to = found[-1][0] if found else row.mailed_to
    if len(found) < AT_ONCE:
        row.mailed_at = now
    session.add(row)
