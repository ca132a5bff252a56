"""The gate: all that is needed to let people in, for one process."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import func, select

from control_api.people import tokens
from control_api.people.issuers import Issuers
from control_api.people.passwords import Passwords
from control_api.people.ring import Ring
from control_api.people.sessions import Kind, is_live
from control_api.rotation import Needed, Rotation
from control_api.tables import Session

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.known import Known
    from control_api.outgoing import Outgoing
    from control_api.settings import Settings
    from control_api.signing import Signer
    from playout.clock import Clock

_REFRESH: Final = "refresh"
_CSRF: Final = "csrf"


class Gate:
    """What signing in takes. Its secrets lie in the database, and are there once that has answered."""

    def __init__(self, settings: Settings, database: Database, known: Known, outgoing: Outgoing, clock: Clock) -> None:
        self.settings: Final = settings
        self.database: Final = database
        self.known: Final = known
        self.clock: Final = clock
        self.passwords: Final = Passwords(settings)
        self.issuers: Final = Issuers(settings, outgoing)
        self.ring: Final = Ring(
            database, signs_for=timedelta(days=settings.signing_key_days), token_life=tokens.life(settings)
        )
        signs_for = timedelta(days=settings.signing_key_days)
        self.chain: Final = Rotation(database, _REFRESH, signs_for=signs_for, needed=_by_sessions(Kind.TOKEN))
        """The keys of refresh tokens: a session has the one that signed when it was opened, to its end."""
        self._csrf: Final = Rotation(database, _CSRF, signs_for=signs_for, needed=_by_sessions(Kind.COOKIE))

    @property
    def secrets(self) -> tuple[Rotation, ...]:
        """What is to be read, made and replaced in time."""
        return self.chain, self._csrf

    def close(self) -> None:
        """Let the threads end."""
        self.passwords.close()

    @property
    def csrf(self) -> Signer:
        """The key of what pages send with their changes. Raises `Problem` before the database has answered."""
        return self._csrf.at(self.clock())


def _by_sessions(kind: Kind) -> Needed:
    """What was signed in a session is needed until that is over."""

    async def needed(session: AsyncSession, now: datetime) -> datetime:
        rows = select(func.min(Session.created_at)).where(Session.kind == kind, is_live(now))
        oldest: datetime | None = (await session.exec(rows)).one()
        return oldest or now

    return needed
