"""People: accounts, how they sign in, and the sessions in which they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, String
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class Account(Row, table=True):
    """A person. Their password is kept as a slow hash alone."""

    id: str = Field(primary_key=True, max_length=40)
    username: str = Field(max_length=60)
    """As its owner writes it."""
    username_folded: str = Field(unique=True, max_length=240)
    """By which it is one name in whatever case; see `control_api.people.names`."""
    email: str | None = Field(default=None, max_length=254)
    email_folded: str | None = Field(default=None, unique=True, max_length=1000)
    email_verified: bool = Field(default=False)
    role: str = Field(max_length=20, index=True)
    password: str | None = Field(default=None, max_length=300)
    """Its hash; None for who signs in by an issuer alone."""
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcInstant)
    blocked_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    closes_at: datetime | None = Field(default=None, sa_type=UtcInstant, index=True)
    """When all that is kept of it is removed, unless its owner comes back before; None: it is not closed."""
    signed_in_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class Identity(Row, table=True):
    """Who somebody is for an issuer of ID tokens (OpenID Connect)."""

    id: str = Field(primary_key=True, max_length=40)
    digest: str = Field(unique=True, max_length=64)
    """SHA-256 of issuer and subject, which may be long."""
    account_id: str = Field(foreign_key="account.id", index=True, max_length=40, ondelete="CASCADE")
    issuer: str = Field(max_length=500)
    subject: str = Field(max_length=255)
    created_at: datetime = Field(sa_type=UtcInstant)


class Session(Row, table=True):
    """One sign-in of an account, until it ends. What proves it is kept as a digest."""

    id: str = Field(primary_key=True, max_length=40)
    account_id: str = Field(foreign_key="account.id", index=True, max_length=40, ondelete="CASCADE")
    profile_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("profile.id", ondelete="SET NULL"), index=True, nullable=True),
    )
    """Which profile watches; None: the main one."""
    kind: str = Field(max_length=10)
    """`token` or `cookie`."""
    digest: str = Field(unique=True, max_length=64)
    """Of the cookie, or of the newest refresh token."""
    turns: int = Field(default=0)
    """How often the refresh token was replaced."""
    turned_at: datetime = Field(sa_type=UtcInstant)
    """When it was last."""
    device: str = Field(max_length=200)
    address: str = Field(max_length=80)
    """From where it was opened."""
    place: str = Field(max_length=80)
    """The network that counts as one place; see `control_api.people.lockout`."""
    created_at: datetime = Field(sa_type=UtcInstant)
    proven_at: datetime = Field(sa_type=UtcInstant)
    """When its owner has last proven who they are: typed the password, or signed in at the issuer."""
    seen_at: datetime = Field(sa_type=UtcInstant)
    """When it was last used, to the minute or so."""
    seen_from: str = Field(max_length=80)
    """From which address."""
    idle_at: datetime = Field(sa_type=UtcInstant, index=True)
    """When it ends if it is not used."""
    expires_at: datetime = Field(sa_type=UtcInstant)
    """When it ends whatever happens."""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    revoked_for: str = Field(default="", max_length=20)
    """Why it was ended: `signed_out`, `revoked`, `reused`, `password`, `replaced`, `profile`."""


class Invitation(Row, table=True):
    """A token by which somebody makes an account; the one of the first start is an invitation too."""

    id: str = Field(primary_key=True, max_length=40)
    digest: str = Field(unique=True, max_length=64)
    role: str = Field(max_length=20)
    note: str = Field(default="", max_length=200)
    is_first: bool = Field(default=False)
    """Whether it is good as long as there is no account, and no longer."""
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=UtcInstant)
    expires_at: datetime = Field(sa_type=UtcInstant)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    used_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    used_by: str | None = Field(default=None, max_length=40)


class Failures(Row, table=True):
    """How often somebody failed to sign in; see `control_api.people.lockout`."""

    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of what is counted: a name, a place, or a name in a place."""
    count: int
    last_at: datetime = Field(sa_type=UtcInstant, index=True)


class SigningKey(Row, table=True):
    """A key that access tokens are signed with."""

    __tablename__ = "signing_key"

    id: str = Field(primary_key=True, max_length=40)
    key: dict[str, Any] = Field(sa_type=Document)
    """A private JSON Web Key (RFC 7517)."""
    created_at: datetime = Field(sa_type=UtcInstant)
