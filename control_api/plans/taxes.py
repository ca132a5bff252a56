"""The tax that is in a price: worked out when money is taken, and kept with it. Pure.

Prices are what people pay, with the tax in them. A rate is in basis points, hundredths of a percent, of what is left
without it: 1900 is 19 %.

Laws. Net and tax are whole numbers of the smallest unit, and together exactly what was paid. The tax is what is nearest
to the exact one, and of two that are as near the greater. What is given back in parts has the tax in it that it has in
one piece, and all of it when all is given back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from control_api.plans.providers import Paid
    from control_api.settings import Settings

WHOLE: Final = 10_000
"""Basis points of a whole."""


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax that is in an amount."""

    amount: int
    rate: int | None
    """In basis points; None where who takes the money has worked it out, and said no rate."""
    country: str
    """Whose it is, ISO 3166-1; empty: where the seller is, for nobody knows where the buyer is."""


def rate_of(settings: Settings, country: str) -> int:
    """The rate for who is in this country."""
    own = dict(one.split("=") for one in settings.tax_countries)
    return int(own[country]) if country in own else settings.tax_rate


def tax_in(gross: int, rate: int) -> int:
    """The tax that is in an amount."""
    return part(gross, rate, WHOLE + rate)


def tax_back(tax: int, gross: int, back: int) -> int:
    """The tax that is in what was given back, of an amount with so much tax in it."""
    return part(tax, back, gross) if gross else 0


def part(amount: int, share: int, of: int) -> int:
    """So many shares of so many of an amount: the nearest whole number, the greater one of two that are as near."""
    return (2 * amount * share + of) // (2 * of)


def tax_on(settings: Settings, country: str, gross: int) -> Tax:
    """The tax in what is taken here."""
    rate = rate_of(settings, country)
    return Tax(tax_in(gross, rate), rate, country)


def told(settings: Settings, paid: Paid) -> Tax:
    """The tax in what a provider has taken: as it says, where it says so. It follows from what is told alone."""
    if paid.tax is None:
        return tax_on(settings, paid.country, paid.amount)
    return Tax(min(max(paid.tax, 0), paid.amount), None, paid.country)
