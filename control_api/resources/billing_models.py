"""What the API is given and shows of subscriptions and payments, beside the rows themselves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from control_api import ids
from control_api.instants import Instant
from control_api.models import Given, Shown
from control_api.paging import Page, PageQuery
from control_api.plans.shown import EntitlementsShown, PaymentShown, PlanShown, SubscriptionShown
from control_api.plans.standing import State
from control_api.resources.plans import PlanId


class OwnPlanShown(Shown):
    """What an account has."""

    plan: PlanShown
    entitlements: EntitlementsShown = Field(description="What it may now: those of `free` when nothing is paid for.")
    until: Instant | None = Field(description="Until when, if nothing more is paid; null: for ever.")
    subscription: SubscriptionShown | None = Field(description="null: none is current.")


class SubscribeGiven(Given):
    """To which plan an account subscribes."""

    plan: PlanId
    method: str = Field(
        default="",
        max_length=60,
        pattern=r"^[a-z_]*$",
        description="Only where payments are tests: `test_card`, or one that goes wrong. Else the card is asked for on "
        "the page of who takes the money.",
    )
    return_to: str = Field(
        default="/account/billing",
        max_length=300,
        pattern=r"^/[A-Za-z0-9/_.-]*$",
        description="A path of the audience's pages, to which the page of who takes the money sends back.",
    )


class PaymentMethodGiven(Given):
    """By what is paid from now on."""

    method: str = Field(
        default="",
        max_length=60,
        pattern=r"^[a-z_]*$",
        description="Only where payments are tests: `test_card`, or one that goes wrong. Else the card is asked for on "
        "the page of who takes the money.",
    )
    return_to: str = Field(
        default="/account/billing",
        max_length=300,
        pattern=r"^/[A-Za-z0-9/_.-]*$",
        description="A path of the audience's pages, to which the page of who takes the money sends back.",
    )


class SubscribedShown(Shown):
    """What came of it."""

    subscription: SubscriptionShown | None = Field(description="null: it begins when it is paid for.")
    checkout_url: str | None = Field(description="Where the account pays, or confirms that it does; null: it is done.")
    payment: PaymentShown | None = Field(description="What was paid, or waits to be confirmed.")


class SubscriptionEdit(Given):
    """What is to be another way; what is left out stays."""

    plan: PlanId | None = Field(default=None, description="Another plan; see the description of how it changes.")
    auto_renew: bool | None = Field(default=None, description="false: it ends with its period. true: it does not.")


class SubscriptionPage(Page[SubscriptionShown]):
    """A page of subscriptions, the newest first."""


class PaymentPage(Page[PaymentShown]):
    """A page of payments, the newest first."""


class HistoryQuery(PageQuery):
    """Which page is wanted."""


class SubscriptionsQuery(PageQuery):
    """Which subscriptions are wanted."""

    account: str | None = Field(default=None, pattern=ids.pattern("ac"), description="Those of this account.")
    state: State | None = None
    plan: PlanId | None = None
    current: bool | None = Field(default=None, description="Only those that are current, or only the others.")


class PaymentsQuery(PageQuery):
    """Which payments are wanted."""

    account: str | None = Field(default=None, pattern=ids.pattern("ac"), description="Those of this account.")
    status: Literal["pending", "completed", "failed", "refunded"] | None = None


class PaymentPath(Given):
    """Which payment."""

    id: str = Field(pattern=ids.pattern("py"), description="The id of the payment.")


class SubscriptionPath(Given):
    """Which subscription."""

    id: str = Field(pattern=ids.pattern("sb"), description="The id of the subscription.")


class PlanSet(Given):
    """Which plan an account is to have."""

    plan: PlanId
    until: Instant | None = Field(default=None, description="Until when, where it is given; null: for ever.")


class ProlongGiven(Given):
    """For how long somebody is given what they pay for."""

    days: int = Field(ge=1, le=366)


class RefundGiven(Given):
    """What is given back."""

    amount: int | None = Field(
        default=None, ge=1, description="In the smallest unit of the currency; left out: all that is left."
    )
    reason: str = Field(default="", max_length=200, description="For the books.")
    ends: bool = Field(default=False, description="Whether the subscription ends now.")


class RefundShown(Shown):
    """Money that was given back."""

    id: str
    amount: int
    tax: int = Field(description="How much of it is tax. Those of all refunds are that of the payment, if all is back.")
    reason: str
    by: str = Field(description="Who of the staff did it; empty: it was done where the money was taken.")
    created_at: Instant


class PaymentDetail(PaymentShown):
    """A payment, with what was given back of it."""

    refunds: list[RefundShown]


class ReceiptShown(Shown):
    """A receipt."""

    number: str = Field(examples=["2026-17"])
    issued_at: Instant
    seller: str = Field(description="Who sells: name and address, in lines.")
    seller_tax: str = Field(description="Their number for taxes.")
    buyer: str = Field(description="The address of the account, or its name.")
    description: str
    period_start: Instant | None
    period_end: Instant | None
    net: int = Field(description="`net` and `tax` are `amount`.")
    net_text: str
    tax: int
    tax_text: str
    tax_rate: int | None = Field(
        description="In hundredths of a percent; null: who took the money has worked the tax out."
    )
    country: str = Field(description="Whose tax it is; empty: the seller's.")
    amount: int = Field(description="What was paid.")
    amount_text: str
    currency: str
    refunded: int
    refunded_text: str
    refunded_tax: int = Field(description="How much of what was given back is tax.")
    method: str
