"""Rails."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """There."""
    op.create_table(
        "rail",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("names", columns.Document, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("rule", columns.Document, nullable=False),
        sa.Column("genre_id", sa.String(40), nullable=True),
        sa.Column("profiles", columns.Document, nullable=False),
        sa.Column("plans", columns.Document, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("visible_from", columns.UtcInstant(), nullable=True),
        sa.Column("visible_until", columns.UtcInstant(), nullable=True),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("updated_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(["genre_id"], ["genre.id"], name=op.f("fk_rail_genre_id_genre"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rail")),
    )
    op.create_index("ix_rail_by_place", "rail", ["place", "id"])
    op.create_index(op.f("ix_rail_genre_id"), "rail", ["genre_id"])
    op.create_table(
        "rail_pin",
        sa.Column("rail_id", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("title_id", sa.String(40), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rail_id"], ["rail.id"], name=op.f("fk_rail_pin_rail_id_rail"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_rail_pin_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rail_id", "key", name=op.f("pk_rail_pin")),
    )
    op.create_index("ix_rail_pin_by_place", "rail_pin", ["rail_id", "place"])
    op.create_index(op.f("ix_rail_pin_title_id"), "rail_pin", ["title_id"])


def downgrade() -> None:
    """And back."""
    op.drop_table("rail_pin")
    op.drop_table("rail")
