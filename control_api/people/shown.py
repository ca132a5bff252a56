"""What is shown of people: never what proves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from control_api.instants import Instant
from control_api.models import Shown
from control_api.people.roles import Role, scopes_of

if TYPE_CHECKING:
    from control_api.tables import Account, Session


class AccountShown(Shown):
    """A person."""

    id: str
    username: str
    email: str | None
    email_verified: bool = Field(description="Whether the address was proven to be theirs.")
    role: str
    scopes: list[str] = Field(description="What the role may do.")
    is_admin: bool = Field(description="Whether the role is `admin`.")
    has_password: bool = Field(description="Whether they can sign in by a password.")
    created_at: Instant
    blocked_at: Instant | None = Field(description="Since when they are shut out.")
    closes_at: Instant | None = Field(
        description="When all that is kept of them is removed, unless they sign in before; null: they have not left."
    )
    signed_in_at: Instant | None = Field(description="When they last signed in.")

    @classmethod
    def of(cls, row: Account) -> Self:
        """What is shown of a row."""
        return cls(
            id=row.id,
            username=row.username,
            email=row.email,
            email_verified=row.email_verified,
            role=row.role,
            scopes=sorted(scopes_of(row.role)),
            is_admin=row.role == Role.ADMIN,
            has_password=row.password is not None,
            created_at=row.created_at,
            blocked_at=row.blocked_at,
            closes_at=row.closes_at,
            signed_in_at=row.signed_in_at,
        )


def lasting(shown: AccountShown) -> AccountShown:
    """What counts as a change of it: not that somebody signed in."""
    return shown.model_copy(update={"signed_in_at": None})


class SessionShown(Shown):
    """One sign-in."""

    id: str
    account_id: str
    kind: str = Field(description="`token` or `cookie`.")
    device: str = Field(description="What the program called itself.")
    address: str = Field(description="From where it was opened.")
    created_at: Instant
    seen_at: Instant = Field(description="When it was last used, to the minute.")
    seen_from: str = Field(description="From where.")
    expires_at: Instant = Field(description="When it ends if it is not used before, or whatever happens.")
    revoked_at: Instant | None = Field(description="When it was ended.")
    revoked_for: str = Field(description="Why: `signed_out`, `revoked`, `reused`, `password`, `replaced` or `profile`.")
    is_this: bool = Field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, row: Session, asking: str = "") -> Self:
        """What is shown of a row to whom is in the session `asking`."""
        return cls(
            id=row.id,
            account_id=row.account_id,
            kind=row.kind,
            device=row.device,
            address=row.address,
            created_at=row.created_at,
            seen_at=row.seen_at,
            seen_from=row.seen_from,
            expires_at=min(row.idle_at, row.expires_at),
            revoked_at=row.revoked_at,
            revoked_for=row.revoked_for,
            is_this=row.id == asking,
        )
