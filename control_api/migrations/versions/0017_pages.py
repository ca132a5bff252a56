"""Pages."""

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
