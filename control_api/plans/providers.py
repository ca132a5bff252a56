"""Providers of payments: who takes the money. What all of them can do, and what they tell.

No number of a card comes here, ever: an account pays on a page of its provider, and what comes back is a reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from control_api.plans.standing import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping


HOUSE: Final = "house"
"""The provider of what staff give: nobody takes money."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an account is to pay for."""

    account: str
    email: str
    plan: str
    name: str
    """What the plan is called."""
    price: int
    currency: str
    period: str
    trial_days: int = 0
    method: str = ""
    """Which card, where the provider has no page of its own."""
    country: str = ""
    """Where the account is, as far as is known here."""
    back: str = ""
    """Where the page of the provider sends the account in the end."""
    key: str = ""
    """By which the provider knows a repeat."""


@dataclass(frozen=True, slots=True)
class Money:
    """What became of an attempt to take money."""

    status: str
    """`completed`, `failed`, or `pending`: the account has to do something."""
    reference: str
    charge: str = ""
    method: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """How a subscription begins: on a page of the provider, or at once."""

    url: str = ""
    """Where the account pays. All else is told later."""
    reference: str = ""
    method: str = ""
    money: Money | None = None
    """None where there is nothing to pay yet."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What a provider tells of money that it has taken, or not."""

    reference: str
    charge: str
    status: str
    amount: int
    currency: str
    since: datetime | None
    until: datetime | None
    method: str = ""
    failure: str = ""
    tax: int | None = None
    """How much of it is tax, where the provider has worked that out."""
    country: str = ""
    """Whose tax it is; empty: the seller's."""


@dataclass(frozen=True, slots=True)
class Back:
    """What a provider tells of money that was given back."""

    reference: str
    charge: str
    amount: int
    payment: str = ""
    """The reference of the payment, where its money was not known by `charge` yet."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that a provider tells."""

    event: str
    kind: str
    at: datetime
    subscription: str = ""
    account: str = ""
    plan: str = ""
    customer: str = ""
    entries: tuple[Entry, ...] = ()
    paid: Paid | None = None
    back: tuple[Back, ...] = ()
    is_over: bool = False
    """Whether the provider takes no money any more."""
    country: str = ""
    """Where the account was when it subscribed; empty: nobody knows."""


class Unsigned(Exception):
    """Nobody knows who tells this. Says why."""


class Refused(Exception):
    """The provider does not do what it was asked. Says why, for people."""


class Provider(Protocol):
    """Who takes the money. All of them raise `Refused`, and `NoAnswer` or `NotAllowed` of `control_api.outgoing`."""

    name: str
    renews: bool
    """Whether it takes the money for what follows by itself, and tells."""

    async def begin(self, order: Order) -> Begun:
        """Begin a subscription."""

    async def charge(self, order: Order, amount: int) -> Money:
        """Take money for a subscription that there is; of a provider that does not do so by itself."""

    async def replace(self, customer: str, order: Order) -> Begun:
        """Another card in the place of the one that there is: on a page of the provider, or at once."""

    async def move(self, reference: str, order: Order, *, at_once: bool) -> None:
        """Make it a subscription of another plan: at once, what is left of the old one credited, or when it renews."""

    async def stop(self, reference: str, *, stops: bool) -> None:
        """Have it end with its period, or go on."""

    async def end(self, reference: str) -> None:
        """End it now. One that is not there has ended."""

    async def give_back(self, charge: str, amount: int, key: str) -> str:
        """Give money back; by what the provider knows that."""

    async def charge_of(self, reference: str) -> str:
        """By what the provider knows the money of a payment; empty: there is none."""

    async def payment_of(self, charge: str) -> str:
        """The reference of the payment whose money this is; empty: of none."""

    def heard(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Heard:
        """What is told here, once it is sure by whom; raises `Unsigned`, and `ValueError` for what is no such thing."""
