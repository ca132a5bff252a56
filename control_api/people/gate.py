"""The gate: all that is needed to let people in, for one process."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from control_api.people import tokens
from control_api.people.issuers import Issuers
from control_api.people.passwords import Passwords
from control_api.people.ring import Ring
from control_api.problems import unavailable
from control_api.signing import Signer, signer

if TYPE_CHECKING:
    from control_api.database import Database
    from control_api.known import Known
    from control_api.outgoing import Outgoing
    from control_api.settings import Settings
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
        self._chain: Signer | None = None
        self._csrf: Signer | None = None

    async def open(self) -> None:
        """Read the secrets, or make them."""
        self._chain = await signer(self.database, _REFRESH, self.clock())
        self._csrf = await signer(self.database, _CSRF, self.clock())

    def close(self) -> None:
        """Let the threads end."""
        self.passwords.close()

    @property
    def chain(self) -> Signer:
        """The key of refresh tokens. Raises `Problem` before the database has answered."""
        return _there(self._chain)

    @property
    def csrf(self) -> Signer:
        """The key of what pages send with their changes. Raises `Problem` before the database has answered."""
        return _there(self._csrf)


def _there(found: Signer | None) -> Signer:
    if found is None:
        raise unavailable("the database has not answered since the start")
    return found
