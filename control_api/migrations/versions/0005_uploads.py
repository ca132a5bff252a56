"""Uploads and their pieces."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
