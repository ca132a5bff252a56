"""Plans, who has which, and what was paid. No number of a card is ever here: providers of payments have those."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint, text
from sqlmodel import Field

from control_api.columns import Counter, Document, UtcInstant
from control_api.tables.row import Row


def _kept(table: str) -> Any:  # noqa: ANN401 — SQLModel reads it
    """A column that names a row of `table`, and nobody any more once that is gone: what was paid stays in the books."""
    key = ForeignKey(f"{table}.id", ondelete="SET NULL")
    return Field(default=None, sa_column=Column(String(40), key, index=True, nullable=True))


class Plan(Row, table=True):
    """What an account may, and what that costs."""

    id: str = Field(primary_key=True, max_length=40)
    """A name: `free` is what everybody has who has nothing else."""
    version: int = Field(default=1)
    names: dict[str, str] = Field(sa_type=Document)
    """By BCP 47 tag; there is one in `en` at least."""
    price: int = Field(default=0, sa_type=Counter)
    """In the smallest unit of the currency, for one period."""
    currency: str = Field(max_length=3)
    """ISO 4217."""
    period: str = Field(max_length=10)
    """`month` or `year`."""
    trial_days: int = Field(default=0)
    premium: bool = Field(default=False)
    streams: int = Field(default=1)
    """How many may play at a time."""
    profiles: int = Field(default=1)
    lines: int | None = Field(default=None)
    """The best quality, in lines of the picture; None: whatever there is."""
    is_offered: bool = Field(default=True)
    """Whether it can be had; who has it already keeps it."""
    place: int = Field(default=0)
    """In which order plans are shown."""
    created_at: datetime = Field(sa_type=UtcInstant)
    updated_at: datetime = Field(sa_type=UtcInstant)


class Subscription(Row, table=True):
    """A plan that an account has, or had: what its entries say, summed up."""

    __table_args__ = (
        Index(
            "uq_subscription_current",
            "account_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
        UniqueConstraint("provider", "reference", name="uq_subscription_at_provider"),
        Index("ix_subscription_due", "due_at"),
        Index("ix_subscription_by_state", "state", "id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    account_id: str | None = _kept("account")
    plan_id: str = Field(foreign_key="plan.id", max_length=40)
    next_plan_id: str | None = Field(default=None, foreign_key="plan.id", max_length=40)
    """Which it will be from the next period on."""
    state: str = Field(max_length=10)
    """`trialing`, `active`, `past_due`, `canceled` or `expired`."""
    is_current: bool = Field(default=True)
    renews: bool = Field(default=True)
    """Whether it goes on after the period."""
    is_granted: bool = Field(default=False)
    """Whether nothing is paid for it: staff have given it."""
    price: int = Field(default=0, sa_type=Counter)
    """What was agreed on for a period."""
    currency: str = Field(max_length=3)
    period: str = Field(max_length=10)
    country: str = Field(default="", max_length=2)
    """Where its owner was when they subscribed, whose tax is in the price; empty: nobody knows."""
    provider: str = Field(max_length=20)
    """Who takes the money: `test`, `stripe`; `house` where nobody does."""
    reference: str = Field(max_length=200)
    """How the provider calls it."""
    customer: str = Field(default="", max_length=200)
    """How the provider calls the account."""
    method: str = Field(default="", max_length=60)
    """By what it is paid, for people: `test card`."""
    is_open_there: bool = Field(default=False)
    """Whether the provider goes on taking money unless it is told."""
    started_at: datetime = Field(sa_type=UtcInstant)
    trial_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    period_start: datetime | None = Field(default=None, sa_type=UtcInstant)
    period_end: datetime | None = Field(default=None, sa_type=UtcInstant)
    """Until when it is paid, given or tried; None: nothing was paid yet."""
    until: datetime | None = Field(default=None, sa_type=UtcInstant)
    """Until when it counts if nothing more is heard, days of grace included; None: not at all."""
    day: int = Field(default=1)
    """The day of the month on which its periods begin, or the last one where a month has no such day."""
    attempts: int = Field(default=0)
    """How often the money for the next period was asked for in vain."""
    due_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When something is to be done about it."""
    reminded_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When its owner was told that it ends soon."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    updated_at: datetime = Field(sa_type=UtcInstant)


class SubscriptionEntry(Row, table=True):
    """Something that has happened to a subscription. What it is now follows from all of them, in whatever order."""

    __tablename__ = "subscription_entry"
    __table_args__ = (UniqueConstraint("subscription_id", "key", name="uq_subscription_entry_once"),)

    id: str = Field(primary_key=True, max_length=40)
    subscription_id: str = Field(
        sa_column=Column(String(40), ForeignKey("subscription.id", ondelete="CASCADE"), index=True, nullable=False)
    )
    key: str = Field(max_length=120)
    """What makes it one: of an event of a provider its id."""
    kind: str = Field(max_length=10)
    at: datetime = Field(sa_type=UtcInstant)
    plan_id: str = Field(default="", max_length=40)
    since: datetime | None = Field(default=None, sa_type=UtcInstant)
    until: datetime | None = Field(default=None, sa_type=UtcInstant)


class Payment(Row, table=True):
    """Money for one period, or an attempt to take it."""

    __table_args__ = (
        UniqueConstraint("provider", "reference", name="uq_payment_at_provider"),
        UniqueConstraint("receipt_year", "receipt_number", name="uq_payment_receipt"),
        Index("ix_payment_by_account", "account_id", "created_at", "id"),
        Index(
            "ix_payment_pending",
            "created_at",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
    )

    id: str = Field(primary_key=True, max_length=40)
    account_id: str | None = Field(
        default=None, sa_column=Column(String(40), ForeignKey("account.id", ondelete="SET NULL"), nullable=True)
    )
    subscription_id: str | None = _kept("subscription")
    plan_id: str = Field(max_length=40)
    description: str = Field(max_length=200)
    """What it is for, as the receipt has it."""
    amount: int = Field(sa_type=Counter)
    """In the smallest unit of the currency, with the tax in it."""
    tax: int = Field(default=0, sa_type=Counter)
    """How much of it is tax."""
    tax_rate: int | None = Field(default=None)
    """In hundredths of a percent, as it was then; None: its provider has worked the tax out."""
    country: str = Field(default="", max_length=2)
    """Whose tax it is; empty: the seller's."""
    refunded: int = Field(default=0, sa_type=Counter)
    currency: str = Field(max_length=3)
    method: str = Field(default="", max_length=60)
    status: str = Field(max_length=10)
    """`pending`, `completed`, `failed` or `refunded`."""
    failure: str = Field(default="", max_length=200)
    provider: str = Field(max_length=20)
    reference: str = Field(max_length=200)
    charge: str = Field(default="", index=True, max_length=200)
    """By what the provider knows the money itself."""
    created_at: datetime = Field(sa_type=UtcInstant)
    completed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    period_start: datetime | None = Field(default=None, sa_type=UtcInstant)
    period_end: datetime | None = Field(default=None, sa_type=UtcInstant)
    receipt_year: int | None = Field(default=None)
    receipt_number: int | None = Field(default=None)
    """From 1 in each year, without a gap; None: nothing was paid."""


class Refund(Row, table=True):
    """Money that was given back."""

    __table_args__ = (UniqueConstraint("provider", "reference", name="uq_refund_at_provider"),)

    id: str = Field(primary_key=True, max_length=40)
    payment_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("payment.id", ondelete="CASCADE"), index=True, nullable=True),
    )
    """None: the payment is not known yet; `charge` says which."""
    charge: str = Field(default="", index=True, max_length=200)
    amount: int = Field(sa_type=Counter)
    reason: str = Field(default="", max_length=200)
    by: str = Field(default="", max_length=80)
    """Which of the staff; empty: it was done at the provider."""
    provider: str = Field(max_length=20)
    reference: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcInstant)


class ReceiptCount(Row, table=True):
    """How many receipts a year has."""

    __tablename__ = "receipt_count"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    count: int = Field(default=0)


class ProviderEvent(Row, table=True):
    """That a provider of payments has told something: by which it is heeded once."""

    __tablename__ = "provider_event"

    provider: str = Field(primary_key=True, max_length=20)
    event: str = Field(primary_key=True, max_length=120)
    kind: str = Field(max_length=80)
    received_at: datetime = Field(sa_type=UtcInstant, index=True)
