"""Webhooks and deliveries."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
