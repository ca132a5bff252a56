"""Tickets: what somebody asks, what is answered, and whose turn it is.

Law: `open` waits for staff, `answered` for who has asked, `closed` for nobody. Whatever who asked says opens it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlmodel import col, func, select

from control_api.ids import new_id
from control_api.problems import CONFLICT, Problem
from control_api.tables import Ticket, TicketEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

MOST_OPEN: Final = 20
"""Tickets of one account that are not closed."""
MOST_STRANGE: Final = 1000
"""Tickets of strangers that staff is to answer."""
MOST_ENTRIES: Final = 200


class TicketState(StrEnum):
    """Whose turn it is."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Author(StrEnum):
    """Who says something in a ticket."""

    ASKER = "asker"
    STAFF = "staff"


async def say(session: AsyncSession, ticket: Ticket, entry: TicketEntry) -> None:
    """Add an entry, and let the ticket be whose turn it is then. Raises `Problem` when there are very many."""
    count = (await session.exec(select(func.count()).where(TicketEntry.ticket_id == ticket.id))).one()
    if count >= MOST_ENTRIES:
        raise Problem(CONFLICT, f"a ticket has {MOST_ENTRIES} entries at most: open another one")
    session.add(entry)
    if entry.is_note:
        return
    move(ticket, TicketState.OPEN if entry.author == Author.ASKER else TicketState.ANSWERED, entry.at)


def move(ticket: Ticket, state: str, now: datetime) -> None:
    """Bring a ticket into a state."""
    ticket.state = state
    ticket.closed_at = (ticket.closed_at or now) if state == TicketState.CLOSED else None
    ticket.touched_at = now
    ticket.version += 1


def entry(ticket: Ticket, author: Author, text: str, now: datetime, by: str | None = None) -> TicketEntry:
    """One thing that is said; `by` is the id of an account."""
    return TicketEntry(id=new_id("te"), ticket_id=ticket.id, author=author, author_id=by, text=text, at=now)


async def entries(session: AsyncSession, ticket: str, *, notes: bool) -> Sequence[TicketEntry]:
    """What was said, the oldest first; with what staff has noted for staff."""
    rows = select(TicketEntry).where(TicketEntry.ticket_id == ticket).order_by(col(TicketEntry.id))
    if not notes:
        rows = rows.where(~col(TicketEntry.is_note))
    return (await session.exec(rows)).all()


async def waiting(session: AsyncSession, account: str | None) -> int:
    """How many tickets of an account are not closed, or of strangers are to be answered."""
    if account is None:
        rows = select(func.count()).where(col(Ticket.account_id).is_(None), Ticket.state == TicketState.OPEN)
    else:
        rows = select(func.count()).where(Ticket.account_id == account, Ticket.state != TicketState.CLOSED)
    return (await session.exec(rows)).one()
