"""What is kept for a time."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
