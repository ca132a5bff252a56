"""Notices: what people are told, and the mail by which they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class Notice(Row, table=True):
    """Something that one account is told; see `control_api.notices.telling`."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_inbox", "account_id", "at", "id"),)

    id: str = Field(primary_key=True, max_length=40)
    account_id: str = Field(foreign_key="account.id", max_length=40, ondelete="CASCADE")
    kind: str = Field(max_length=20)
    """Of what it is: `control_api.notices.kinds`."""
    tone: str = Field(max_length=10)
    """`info`, `success`, `warning` or `error`."""
    title: str = Field(max_length=200)
    text: str = Field(max_length=2000)
    link: str = Field(default="", max_length=500)
    at: datetime = Field(sa_type=UtcInstant, index=True)
    read_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class Broadcast(Row, table=True):
    """Something that many are told: one row, however many they are."""

    __tablename__ = "broadcast"

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    kind: str = Field(max_length=20)
    """`service` or `news`."""
    tone: str = Field(max_length=10)
    words: dict[str, Any] = Field(sa_type=Document)
    """By language (BCP 47): title and text."""
    link: str = Field(default="", max_length=500)
    audience: str = Field(max_length=20)
    """`everybody`, `role`, `plan` or `accounts`."""
    named: str = Field(default="", max_length=80)
    """The role or the plan."""
    from_at: datetime = Field(sa_type=UtcInstant)
    until_at: datetime = Field(sa_type=UtcInstant, index=True)
    is_mailed: bool = Field(default=False)
    """Whether it goes by mail as well, to whom wants that."""
    mailed_to: str = Field(default="", max_length=40)
    """Up to which account the mail is made, in the order of their ids."""
    mailed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When the last mail of it was made."""
    mails: int = Field(default=0)
    """How many were."""
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=UtcInstant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class BroadcastAccount(Row, table=True):
    """One of the accounts that a broadcast is for, where they are listed."""

    __tablename__ = "broadcast_account"

    broadcast_id: str = Field(primary_key=True, foreign_key="broadcast.id", max_length=40, ondelete="CASCADE")
    account_id: str = Field(primary_key=True, foreign_key="account.id", index=True, max_length=40, ondelete="CASCADE")


class BroadcastReceipt(Row, table=True):
    """What an account has done with a broadcast; there is none before it does something."""

    __tablename__ = "broadcast_receipt"

    broadcast_id: str = Field(primary_key=True, foreign_key="broadcast.id", max_length=40, ondelete="CASCADE")
    account_id: str = Field(primary_key=True, foreign_key="account.id", index=True, max_length=40, ondelete="CASCADE")
    read_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class Mail(Row, table=True):
    """A mail that is to be sent; see `control_api.notices.outbox`. What it says goes when it has ended."""

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_due", "state", "due_at", "id"),)

    id: str = Field(primary_key=True, max_length=40)
    account_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("account.id", ondelete="CASCADE"), index=True, nullable=True),
    )
    address: str = Field(default="", max_length=254)
    """To whom; empty: to the address that the account has when it is sent."""
    kind: str = Field(max_length=20)
    form: str = Field(max_length=20)
    """What is written: `notice`, `verify`, `reset`, `moved`, `ticket`, `trial`."""
    said: dict[str, Any] = Field(sa_type=Document)
    """What is put into the form: texts, never a secret."""
    broadcast_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("broadcast.id", ondelete="SET NULL"), index=True, nullable=True),
    )
    state: str = Field(max_length=10)
    """`open`, `sent`, `failed` or `dropped`."""
    attempts: int = Field(default=0)
    due_at: datetime = Field(sa_type=UtcInstant)
    created_at: datetime = Field(sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant, index=True)
    error: str = Field(default="", max_length=300)
    """Of the last attempt."""


class MailChoice(Row, table=True):
    """What an account wants by mail, where it is not what everybody gets."""

    __tablename__ = "mail_choice"

    account_id: str = Field(primary_key=True, foreign_key="account.id", max_length=40, ondelete="CASCADE")
    wanted: dict[str, Any] = Field(sa_type=Document)
    """By kind: whether."""
    changed_at: datetime = Field(sa_type=UtcInstant)


class MailToken(Row, table=True):
    """What was sent to an address, and proves to whom it is sent back that they read mail there."""

    __tablename__ = "mail_token"

    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of it: it is in the mail alone."""
    account_id: str = Field(foreign_key="account.id", index=True, max_length=40, ondelete="CASCADE")
    purpose: str = Field(max_length=10)
    """`verify` or `reset`."""
    address: str = Field(max_length=254)
    """Where it was sent: it is good for no other one."""
    created_at: datetime = Field(sa_type=UtcInstant)
    expires_at: datetime = Field(sa_type=UtcInstant, index=True)
