"""Jobs, their steps and their logs."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
