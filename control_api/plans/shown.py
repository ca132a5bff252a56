"""What is shown of plans, subscriptions and payments. Never a card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from control_api.instants import Instant
from control_api.models import Shown
from control_api.plans.money import written
from control_api.plans.offers import called
from control_api.plans.standing import OVER, bounded
from control_api.plans.taxes import tax_back, tax_in

if TYPE_CHECKING:
    from datetime import datetime

    from control_api.tables import Payment, Plan, Subscription


class EntitlementsShown(Shown):
    """What a plan includes."""

    premium: bool = Field(description="Whether titles and channels that are premium are played.")
    streams: int = Field(description="How many may play at a time.")
    profiles: int = Field(description="How many profiles an account may have.")
    lines: int | None = Field(description="The best quality, in lines of the picture; null: whatever there is.")
    downloads: bool = Field(default=False, description="Nothing can be downloaded to be played without a network.")


class PlanShown(Shown):
    """What an account can have."""

    id: str
    version: int
    name: str = Field(description="In the language of who asks.")
    names: dict[str, str] = Field(description="By BCP 47 tags.")
    price: int = Field(description="For one period, in the smallest unit of the currency.")
    price_text: str = Field(examples=["EUR 7.99"])
    net: int = Field(description="The price without the tax that is in it.")
    tax: int = Field(description="That tax: `net` and `tax` are the price.")
    tax_rate: int = Field(description="In hundredths of a percent, for who is where you are: 1900 is 19 %.")
    currency: str = Field(description="ISO 4217.")
    period: str = Field(description="`month` or `year`.")
    trial_days: int = Field(description="For how many days it is tried for nothing, once.")
    entitlements: EntitlementsShown
    is_offered: bool = Field(description="Whether it can be had; who has it keeps it.")
    place: int = Field(description="In which order plans are shown.")

    @classmethod
    def of(cls, row: Plan, rate: int, tag: str = "") -> Self:
        """What is shown of a row, where the tax is so many basis points."""
        tax = tax_in(row.price, rate)
        return cls(
            **{name: getattr(row, name) for name in _PLAN},
            net=row.price - tax,
            tax=tax,
            tax_rate=rate,
            name=called(row, tag),
            price_text=written(row.price, row.currency),
            entitlements=EntitlementsShown.model_validate(
                {name: getattr(row, name) for name in ("premium", "streams", "profiles", "lines")}
            ),
        )


_PLAN = ("id", "version", "names", "price", "currency", "period", "trial_days", "is_offered", "place")


class SubscriptionShown(Shown):
    """A plan that an account has, or had."""

    id: str
    version: int
    account_id: str | None = Field(description="null: the account is no more.")
    plan: str
    next_plan: str | None = Field(description="Which it will be from the next period on; null: the same.")
    state: str = Field(description="`trialing`, `active`, `past_due`, `canceled` or `expired`.")
    is_active: bool = Field(description="Whether it counts now: tried, paid for, given, or within the days of grace.")
    auto_renew: bool = Field(description="Whether it goes on after the period.")
    is_granted: bool = Field(description="Whether staff have given it.")
    price: int = Field(description="What was agreed on for a period, in the smallest unit of the currency.")
    currency: str
    period: str
    country: str = Field(description="Whose tax is in the price: where somebody was who subscribed; empty: unknown.")
    provider: str = Field(description="Who takes the money; `house`: nobody does.")
    method: str = Field(description="By what it is paid.")
    started_at: Instant
    period_start: Instant | None
    period_end: Instant | None = Field(
        description="Until when it is paid for, given or tried; null: not yet, or what was given has no end."
    )
    trial_until: Instant | None
    grace_until: Instant | None = Field(
        description="Until when it counts if nothing more is paid; null: it does not, or what was given has no end."
    )
    ended_at: Instant | None

    @classmethod
    def of(cls, row: Subscription, now: datetime) -> Self:
        """What is shown of a row at `now`."""
        same = cls.model_fields.keys() & set(type(row).model_fields) - {"period_end"}
        return cls(
            **{name: getattr(row, name) for name in same},
            period_end=bounded(row.period_end),
            plan=row.plan_id,
            next_plan=row.next_plan_id,
            is_active=row.state not in OVER and row.until is not None and now < row.until,
            auto_renew=row.renews,
            grace_until=bounded(row.until),
        )


class PaymentShown(Shown):
    """Money for one period, or an attempt to take it."""

    id: str
    account_id: str | None
    subscription_id: str | None
    plan: str
    description: str
    amount: int = Field(description="In the smallest unit of the currency, with the tax in it.")
    amount_text: str = Field(examples=["EUR 7.99"])
    net: int = Field(description="The amount without the tax: `net` and `tax` are the amount.")
    tax: int = Field(description="Rounded to the nearest unit, and what lies in the middle up.")
    tax_rate: int | None = Field(
        description="In hundredths of a percent, as it was then; null: who took the money has worked the tax out."
    )
    country: str = Field(description="Whose tax it is, ISO 3166-1; empty: the seller's.")
    refunded: int = Field(description="How much of the amount was given back.")
    refunded_tax: int = Field(description="How much of that is tax.")
    currency: str
    method: str
    status: str = Field(description="`pending`, `completed`, `failed` or `refunded`.")
    failure: str = Field(description="Why it failed.")
    provider: str
    created_at: Instant
    completed_at: Instant | None
    period_start: Instant | None
    period_end: Instant | None
    receipt: str | None = Field(description="The number of its receipt; null: nothing was paid.", examples=["2026-17"])

    @classmethod
    def of(cls, row: Payment) -> Self:
        """What is shown of a row."""
        same = cls.model_fields.keys() & set(type(row).model_fields)
        return cls(
            **{name: getattr(row, name) for name in same},
            plan=row.plan_id,
            amount_text=written(row.amount, row.currency),
            net=row.amount - row.tax,
            refunded_tax=tax_back(row.tax, row.amount, row.refunded),
            receipt=number(row),
        )


def number(row: Payment) -> str | None:
    """The number of a receipt, as people read it."""
    return None if row.receipt_number is None else f"{row.receipt_year}-{row.receipt_number}"
