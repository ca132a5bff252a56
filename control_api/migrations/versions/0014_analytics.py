"""Analytics."""

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
