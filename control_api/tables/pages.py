"""Pages: help, legal texts and who has agreed to them, and what people ask."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class HelpArticle(Row, table=True):
    """A text that helps, in one language."""

    __tablename__ = "help_article"
    __table_args__ = (
        UniqueConstraint("slug", "language", name="uq_help_article_slug"),
        Index("ix_help_article_order", "section", "category", "position", "id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    slug: str = Field(max_length=80)
    """The same for a text in each of its languages."""
    language: str = Field(max_length=35)
    section: str = Field(max_length=10)
    """`help` or `faq`."""
    category: str = Field(default="", max_length=60)
    position: int = Field(default=0)
    title: str = Field(max_length=200)
    text: str = Field(sa_type=Text)
    """Markdown (CommonMark), as it was written."""
    published_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    created_at: datetime = Field(sa_type=UtcInstant)
    updated_at: datetime = Field(sa_type=UtcInstant)


class LegalText(Row, table=True):
    """One version of a legal text, in all its languages. The published one with the highest number is in force."""

    __tablename__ = "legal_text"
    __table_args__ = (UniqueConstraint("kind", "number", name="uq_legal_text_number"),)

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    kind: str = Field(max_length=10)
    """`privacy` or `terms`."""
    number: int | None = Field(default=None)
    """From 1; given when it is published, after which nothing of it changes."""
    words: dict[str, Any] = Field(sa_type=Document)
    """By language (BCP 47): title and text (Markdown)."""
    note: str = Field(default="", max_length=500)
    """What is another way than before."""
    asks: bool = Field(default=True)
    """Whether those must agree anew who agreed to the one before."""
    created_at: datetime = Field(sa_type=UtcInstant)
    published_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class Consent(Row, table=True):
    """That an account has agreed to a version of a legal text. No address and no device is kept with it."""

    __tablename__ = "consent"

    account_id: str = Field(primary_key=True, foreign_key="account.id", max_length=40, ondelete="CASCADE")
    kind: str = Field(primary_key=True, max_length=10)
    number: int = Field(primary_key=True)
    language: str = Field(max_length=35)
    """In which it was read."""
    at: datetime = Field(sa_type=UtcInstant)


class Ticket(Row, table=True):
    """A question of somebody, and what came of it."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_own", "account_id", "touched_at", "id"),
        Index("ix_ticket_state", "state", "touched_at", "id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    account_id: str | None = Field(
        default=None, sa_column=Column(String(40), ForeignKey("account.id", ondelete="CASCADE"), nullable=True)
    )
    """None of who wrote by the contact form."""
    name: str = Field(default="", max_length=100)
    email: str = Field(default="", max_length=254)
    """Of who wrote by the contact form, where an answer goes by mail."""
    language: str = Field(default="", max_length=35)
    category: str = Field(default="", max_length=60)
    subject: str = Field(max_length=200)
    state: str = Field(max_length=10)
    """`open`: staff is to answer. `answered`: they have. `closed`."""
    assignee_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("account.id", ondelete="SET NULL"), index=True, nullable=True),
    )
    created_at: datetime = Field(sa_type=UtcInstant)
    touched_at: datetime = Field(sa_type=UtcInstant)
    closed_at: datetime | None = Field(default=None, sa_type=UtcInstant, index=True)


class TicketEntry(Row, table=True):
    """One thing that was said in a ticket."""

    __tablename__ = "ticket_entry"

    id: str = Field(primary_key=True, max_length=40)
    ticket_id: str = Field(foreign_key="ticket.id", index=True, max_length=40, ondelete="CASCADE")
    author_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("account.id", ondelete="SET NULL"), index=True, nullable=True),
    )
    author: str = Field(max_length=10)
    """`asker` or `staff`."""
    is_note: bool = Field(default=False)
    """Of staff to staff: who asked is not shown it."""
    text: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=UtcInstant)
