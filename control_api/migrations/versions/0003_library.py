"""Titles, people, genres, tags, artwork, and assets."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """There."""


def downgrade() -> None:
    """And back."""
