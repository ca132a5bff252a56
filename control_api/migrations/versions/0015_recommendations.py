"""Recommendations."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """There."""
    op.create_table(
        "recommendation_build",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("begun_at", columns.UtcInstant(), nullable=False),
        sa.Column("built_at", columns.UtcInstant(), nullable=True),
        sa.Column("full_at", columns.UtcInstant(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("works", sa.Integer(), nullable=False),
        sa.Column("anew", sa.Integer(), nullable=False),
        sa.Column("profiles", sa.Integer(), nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_recommendation_build")),
    )
    op.create_table(
        "recommendation_work",
        sa.Column("build", sa.Integer(), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("popular", sa.Float(), nullable=False),
        sa.Column("trending", sa.Float(), nullable=False),
        sa.Column("genre_id", sa.String(40), nullable=True),
        sa.Column("similar", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["build"],
            ["recommendation_build.number"],
            name=op.f("fk_recommendation_work_build_recommendation_build"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_recommendation_work_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("build", "title_id", name=op.f("pk_recommendation_work")),
        sa.UniqueConstraint("build", "place", name="uq_recommendation_work_place"),
    )
    op.create_index("ix_recommendation_work_popular", "recommendation_work", ["build", "popular", "title_id"])
    op.create_index("ix_recommendation_work_trending", "recommendation_work", ["build", "trending", "title_id"])
    op.create_index(op.f("ix_recommendation_work_title_id"), "recommendation_work", ["title_id"])
    op.create_table(
        "recommendation_day",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("viewers", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_recommendation_day_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("day", "title_id", name=op.f("pk_recommendation_day")),
    )
    op.create_index(op.f("ix_recommendation_day_title_id"), "recommendation_day", ["title_id"])


def downgrade() -> None:
    """And back."""
    op.drop_table("recommendation_day")
    op.drop_table("recommendation_work")
    op.drop_table("recommendation_build")
