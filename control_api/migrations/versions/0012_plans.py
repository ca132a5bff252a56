"""Plans."""

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
