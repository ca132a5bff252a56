"""What an account is told of its plan and its payments, in its language."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from control_api.notices.kinds import Kind, Tone
from control_api.notices.languages import Language, spoken
from control_api.notices.telling import tell
from control_api.plans.offers import called

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.tables import Plan

LINK: Final = "/account/billing"


class Note(StrEnum):
    """Of what somebody is told."""

    RECEIPT = "receipt"
    FAILED = "failed"
    ENDS = "ends"
    TRIED = "tried"
    """A trial becomes a payment."""
    RENEWS = "renews"
    EXPIRED = "expired"
    CANCELED = "canceled"
    REFUNDED = "refunded"
    GRANTED = "granted"
    ENDLESS = "endless"
    """Granted, and without an end."""


_WORDS: Final = {
    (Note.RECEIPT, Language.EN): ("Your receipt {number}", "We have received {amount} for {plan}. Thank you."),
    (Note.RECEIPT, Language.ES): ("Tu recibo {number}", "Hemos recibido {amount} por {plan}. Gracias."),
    (Note.FAILED, Language.EN): (
        "Your payment has failed",
        "{amount} for {plan} could not be taken: {why}. We try again; until {day} your plan stays as it is.",
    ),
    (Note.FAILED, Language.ES): (
        "Tu pago ha fallado",
        "No se pudo cobrar {amount} por {plan}: {why}. Lo intentaremos de nuevo; hasta el {day} tu plan sigue igual.",
    ),
    (Note.ENDS, Language.EN): ("Your plan ends soon", "{plan} ends on {day}. It is not renewed unless you say so."),
    (Note.ENDS, Language.ES): ("Tu plan termina pronto", "{plan} termina el {day}. No se renueva si no lo pides."),
    (Note.TRIED, Language.EN): (
        "Your trial ends soon",
        "{plan} costs you nothing until {day}. {amount} will be taken then, unless you cancel before.",
    ),
    (Note.TRIED, Language.ES): (
        "Tu prueba termina pronto",
        "{plan} no te cuesta nada hasta el {day}. Ese día se cobrará {amount}, si no lo cancelas antes.",
    ),
    (Note.RENEWS, Language.EN): (
        "Your plan renews soon",
        "{plan} renews on {day}. {amount} will be taken then, unless you cancel before.",
    ),
    (Note.RENEWS, Language.ES): (
        "Tu plan se renueva pronto",
        "{plan} se renueva el {day}. Ese día se cobrará {amount}, si no lo cancelas antes.",
    ),
    (Note.EXPIRED, Language.EN): ("Your plan has ended", "{plan} has ended. What is free stays yours to watch."),
    (Note.EXPIRED, Language.ES): ("Tu plan ha terminado", "{plan} ha terminado. Lo gratuito sigue a tu alcance."),
    (Note.CANCELED, Language.EN): (
        "Your plan has ended",
        "{plan} has ended, as was asked. Come back any time.",
    ),
    (Note.CANCELED, Language.ES): (
        "Tu plan ha terminado",
        "{plan} ha terminado, como se pidió. Vuelve cuando quieras.",
    ),
    (Note.REFUNDED, Language.EN): ("We have given you money back", "{amount} for {plan} is on its way back to you."),
    (Note.REFUNDED, Language.ES): ("Te hemos devuelto dinero", "{amount} por {plan} está en camino de vuelta."),
    (Note.GRANTED, Language.EN): ("A plan for you", "You have {plan} until {day}, for nothing."),
    (Note.GRANTED, Language.ES): ("Un plan para ti", "Tienes {plan} hasta el {day}, sin coste."),
    (Note.ENDLESS, Language.EN): ("A plan for you", "You have {plan}, for nothing and without an end."),
    (Note.ENDLESS, Language.ES): ("Un plan para ti", "Tienes {plan}, sin coste y sin fecha de fin."),
}
_TONES: Final = {
    Note.RECEIPT: Tone.SUCCESS,
    Note.FAILED: Tone.ERROR,
    Note.ENDS: Tone.WARNING,
    Note.EXPIRED: Tone.WARNING,
}


async def note(
    session: AsyncSession, account: str | None, what: Note, now: datetime, *, plan: Plan, **words: str
) -> None:
    """Tell an account, if there is one still. The plan is called as its language has it."""
    if account is None:
        return
    language = await spoken(session, account)
    title, text = _WORDS[what, language]
    said = {"plan": called(plan, language), **words}
    await tell(
        session,
        account,
        Kind.BILLING,
        title.format(**said),
        text.format(**said),
        now,
        LINK,
        tone=_TONES.get(what, Tone.INFO),
    )


def day(instant: datetime | None) -> str:
    """A day of UTC as it is written everywhere."""
    return "—" if instant is None else instant.date().isoformat()
