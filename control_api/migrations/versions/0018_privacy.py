"""Privacy."""

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
