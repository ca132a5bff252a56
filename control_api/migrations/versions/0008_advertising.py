"""Advertising."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
