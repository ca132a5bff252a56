"""The outbox: mail that is due, written with what it is about, and what becomes of it.

Law: a mail is written in the transaction of what it tells, so each is sent that is committed, and none that is not.
A row holds no secret: whatever proves something is made when the mail is sent, and is in the mail alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from control_api.ids import new_id
from control_api.tables import Mail

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.settings import Settings

OPEN, SENT, FAILED, DROPPED = "open", "sent", "failed", "dropped"
_NOTE: Final = "mails"


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be written, and to whom."""

    form: str
    """As `control_api.notices.writing` has them."""
    kind: str
    said: dict[str, Any]
    account: str | None = None
    address: str = ""
    """Empty: the one that the account has when the mail is sent."""
    broadcast: str | None = None


def in_use(database: Database, settings: Settings) -> None:
    """Have every session of the database know whether mail is sent here."""
    database.notes[_NOTE] = bool(settings.smtp_host)


def is_sent(session: AsyncSession) -> bool:
    """Whether this station sends mail."""
    return bool(session.info.get(_NOTE, False))


def put(session: AsyncSession, letter: Letter, now: datetime) -> None:
    """Write a mail that is due, where mail is sent at all."""
    if is_sent(session):
        session.add(row(letter, now))


def row(letter: Letter, now: datetime) -> Mail:
    """A mail that nobody has tried to send yet."""
    return Mail(
        id=new_id("ml"),
        account_id=letter.account,
        address=letter.address,
        kind=letter.kind,
        form=letter.form,
        said=letter.said,
        broadcast_id=letter.broadcast,
        state=OPEN,
        due_at=now,
        created_at=now,
    )
