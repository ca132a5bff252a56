"""Recommendations."""

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
