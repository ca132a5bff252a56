"""What people are told of their data."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from control_api.notices.kinds import Kind
from control_api.notices.languages import Language, spoken
from control_api.notices.telling import tell

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

LINK: Final = "/account/data"
"""A path of the audience's pages."""


class Note(StrEnum):
    """Of what."""

    READY = "ready"
    CLOSED = "closed"


_WORDS: Final = {
    (Note.READY, Language.EN): (
        "Your data are ready",
        "The archive with everything that is kept of you is there until {day}.",
    ),
    (Note.READY, Language.ES): (
        "Tus datos están listos",
        "El archivo con todo lo que se guarda de ti está disponible hasta el {day}.",
    ),
    (Note.CLOSED, Language.EN): (
        "Your account was closed",
        "Everything that is kept of you is removed on {day}. Sign in before then to keep your account.",
    ),
    (Note.CLOSED, Language.ES): (
        "Tu cuenta se ha cerrado",
        "Todo lo que se guarda de ti se borrará el {day}. Inicia sesión antes para conservar tu cuenta.",
    ),
}


async def note(session: AsyncSession, account: str, what: Note, now: datetime, until: datetime) -> None:
    """Tell an account, in its language; by mail too, where it has an address that was proven."""
    title, text = _WORDS[what, await spoken(session, account)]
    await tell(session, account, Kind.PRIVACY, title, text.format(day=until.date().isoformat()), now, LINK)
