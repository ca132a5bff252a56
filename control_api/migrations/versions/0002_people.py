"""Accounts, identities, sessions, invitations."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
