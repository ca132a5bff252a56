"""Payments that are pretended: everything but the money, for tests and for whoever tries a station out.

What a card does is said by its name, so that each way in which a payment goes can be tried. Settings refuse this
provider to a station that is public.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from control_api.ids import new_id
from control_api.plans.providers import Begun, Heard, Money, Order, Refused, Unsigned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

NAME: Final = "test"
GOOD: Final = "test_card"
CARDS: Final = {
    GOOD: "pays always",
    "test_declined": "is declined",
    "test_no_funds": "has no money",
    "test_needs_action": "wants its owner to confirm the first payment",
    "test_fails_later": "pays the first time, and never again",
}
"""All cards, and what each does."""
_WHY: Final = {
    "test_declined": "the card was declined",
    "test_no_funds": "there is not enough money on the card",
    "test_fails_later": "the card has expired",
}


class Pretended:
    """Takes no money."""

    name = NAME
    renews = False

    async def begin(self, order: Order) -> Begun:
        """The first payment, or a look at the card where there is nothing to pay yet."""
        card = _looked_at(order.method)
        reference = new_id("tp")
        if card == "test_needs_action":
            return Begun(method=card, reference=reference, money=Money("pending", reference, reference, card))
        money = Money("completed", reference, reference, card) if not order.trial_days else None
        return Begun(method=card, reference=reference, money=money)

    async def charge(self, order: Order, amount: int) -> Money:  # noqa: ARG002 — the same for any amount
        """A later payment."""
        reference, card = new_id("tp"), order.method
        if card in _WHY:
            return Money("failed", reference, "", card, _WHY[card])
        return Money("completed", reference, reference, card)

    async def replace(self, customer: str, order: Order) -> Begun:  # noqa: ARG002 — nobody is known by anything
        """A look at the card."""
        return Begun(method=_looked_at(order.method))

    async def move(self, reference: str, order: Order, *, at_once: bool) -> None:
        """Nothing: who renews knows the plan."""

    async def stop(self, reference: str, *, stops: bool) -> None:
        """Nothing."""

    async def end(self, reference: str) -> None:
        """Nothing."""

    async def give_back(self, charge: str, amount: int, key: str) -> str:  # noqa: ARG002 — nobody has any
        """As if."""
        return f"back-{key}"

    async def charge_of(self, reference: str) -> str:  # noqa: ARG002 — what was paid was told at once
        """None but what is known."""
        return ""

    async def payment_of(self, charge: str) -> str:  # noqa: ARG002 — it tells nothing that would be looked for
        """None."""
        return ""

    def heard(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Heard:  # noqa: ARG002 — none is looked at
        """It tells nothing, so whoever says so is not it."""
        raise Unsigned("the provider of tests tells nothing")


def _looked_at(method: str) -> str:
    """The card that is meant, which may be good. Raises `Refused`."""
    card = method or GOOD
    if card not in CARDS:
        message = f"there is no card {card}: take one of {', '.join(CARDS)}"
        raise Refused(message)
    if card in ("test_declined", "test_no_funds"):
        raise Refused(_WHY[card])
    return card
