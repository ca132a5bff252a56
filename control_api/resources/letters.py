"""Letters that follow from what people do with their accounts: codes that prove an address, and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlmodel import func, select

from control_api.addresses import household
from control_api.notices import outbox
from control_api.notices.kinds import Kind, Tone
from control_api.notices.languages import Language, spoken
from control_api.notices.outbox import Letter
from control_api.notices.telling import tell
from control_api.people.roles import Role
from control_api.problems import CONFLICT, Problem, unavailable
from control_api.tables import Mail

if TYPE_CHECKING:
    from control_api.call import Call
    from control_api.tables import Account

POLICY: Final = "letters"
"""By which is counted how often one address asks for mail, or writes to us."""
_MOST_OPEN: Final = 10_000  # mails that wait; nobody has a further one made then
_NEW_PASSWORD: Final = {
    Language.EN: (
        "Your password was changed",
        "Whoever was signed in elsewhere is signed out. If it was not you, set a new one at once.",
    ),
    Language.ES: (
        "Tu contraseña ha cambiado",
        "Se han cerrado las demás sesiones. Si no has sido tú, pon enseguida una contraseña nueva.",
    ),
}


async def count_letter(call: Call[Any, Any, Any]) -> None:
    """Raise `Problem` when this address has asked for too much mail."""
    await call.site.rates.spend(POLICY, household(call.address))


async def ask_for(call: Call[Any, Any, Any], letter: Letter) -> None:
    """Have a letter sent to an address, whoever has it. Raises `Problem`: the same for every address."""
    await count_letter(call)
    if not call.site.settings.smtp_host:
        raise Problem(CONFLICT, "no mail is sent here: ask whoever manages this station")
    waiting = (await call.session.exec(select(func.count()).where(Mail.state == outbox.OPEN))).one()
    if waiting >= _MOST_OPEN:
        raise unavailable("very much mail waits to be sent", seconds=600)
    outbox.put(call.session, letter, call.now)


def ask_to_verify(call: Call[Any, Any, Any], row: Account) -> None:
    """Have a code sent to the address of an account, where that is to be proven and was not."""
    if call.site.settings.verify_email != "off" and row.email is not None and not row.email_verified:
        outbox.put(call.session, Letter("verify", Kind.ACCOUNT, {}, row.id), call.now)


def tell_moved(call: Call[Any, Any, Any], row: Account, before: str | None, *, verified: bool) -> None:
    """Warn at the address that an account had; `verified` is whether it was proven."""
    if before is not None and verified and before != row.email:
        outbox.put(call.session, Letter("moved", Kind.ACCOUNT, {}, row.id, before), call.now)


async def tell_new_password(call: Call[Any, Any, Any], row: Account) -> None:
    """Warn whose password it was."""
    title, text = _NEW_PASSWORD[await spoken(call.session, row.id)]
    await tell(call.session, row.id, Kind.ACCOUNT, title, text, call.now, tone=Tone.WARNING)


def must_verify(call: Call[Any, Any, Any], role: str) -> bool:
    """Whether who has this role plays nothing before their address is proven."""
    return call.site.settings.verify_email == "required" and role == Role.VIEWER
