"""Telling one account something: a row of its inbox, and a mail that is due where it wants one.

Law: both stand or fall with the transaction of whoever tells. No account has more than `MOST` rows of its own: the
oldest go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlmodel import col, delete, select

from control_api.ids import new_id
from control_api.notices import outbox
from control_api.notices.kinds import Kind, Tone, is_mailed
from control_api.tables import Account, MailChoice, Notice

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

MOST: Final = 500
"""Rows that an inbox has at most, besides what all are told."""
_TITLE: Final = 200
_TEXT: Final = 2000


async def tell(  # noqa: PLR0913, PLR0917 — what is told has that many parts
    session: AsyncSession,
    account: str,
    kind: Kind,
    title: str,
    text: str,
    now: datetime,
    link: str = "",
    *,
    tone: Tone = Tone.INFO,
) -> None:
    """Tell the account of this id something, in its language: see `control_api.notices.languages.spoken`.

    `link` is a path of the audience's pages, e.g. `/account/billing`, or an address. What is longer than the inbox
    takes (a title of 200 characters, a text of 2000) is cut. An account that is gone is told nothing.
    """
    found = (
        await session.exec(
            select(Account, MailChoice)
            .outerjoin(MailChoice, col(MailChoice.account_id) == col(Account.id))
            .where(Account.id == account)
        )
    ).one_or_none()
    if found is None:
        return
    row: Account = found[0]
    choice: MailChoice | None = found[1]
    wanted = {} if choice is None else choice.wanted
    title, text = _cut(title, _TITLE), _cut(text, _TEXT)
    session.add(
        Notice(
            id=new_id("no"), account_id=account, kind=kind, tone=tone, title=title, text=text, link=link[:500], at=now
        )
    )
    await session.flush()
    past = select(Notice.id).where(Notice.account_id == account).order_by(col(Notice.at).desc(), col(Notice.id))
    oldest = (await session.exec(past.offset(MOST))).all()
    if oldest:
        await session.exec(delete(Notice).where(col(Notice.id).in_(oldest)))
    if row.email is not None and row.email_verified and is_mailed(kind, wanted):
        said = {"title": title, "text": text, "link": link[:500]}
        outbox.put(session, outbox.Letter("notice", kind, said, account=account), now)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
