"""Lists of profiles, and what they think of titles."""

import sqlalchemy as sa
from alembic import op

from control_api import columns
from control_api.tables import lists

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """There."""
    op.create_table(
        "listed",
        sa.Column("profile_id", sa.String(40), nullable=False),
        sa.Column("list", sa.String(10), nullable=False),
        sa.Column("title_id", sa.String(40), nullable=False),
        sa.Column("added_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_listed_profile_id_profile"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["title_id"], ["title.id"], name=op.f("fk_listed_title_id_title"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile_id", "list", "title_id", name=op.f("pk_listed")),
    )
    op.create_index("ix_listed_by_time", "listed", ["profile_id", "list", "added_at", "title_id"])
    op.create_index(op.f("ix_listed_title_id"), "listed", ["title_id"])
    op.create_table(
        "rated",
        sa.Column("profile_id", sa.String(40), nullable=False),
        sa.Column("title_id", sa.String(40), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("rated_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_rated_profile_id_profile"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["title_id"], ["title.id"], name=op.f("fk_rated_title_id_title"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile_id", "title_id", name=op.f("pk_rated")),
    )
    op.create_index("ix_rated_by_time", "rated", ["profile_id", "rated_at", "title_id"])
    op.create_index(op.f("ix_rated_title_id"), "rated", ["title_id"])
    op.create_table(
        "rating_sum",
        sa.Column("title_id", sa.String(40), nullable=False),
        sa.Column("ratings", sa.Integer(), nullable=False),
        sa.Column("total", columns.Counter, nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_rating_sum_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", name=op.f("pk_rating_sum")),
    )
    lists.summed(op.get_bind())


def downgrade() -> None:
    """And back."""
    lists.unsummed(op.get_bind())
    op.drop_table("rating_sum")
    op.drop_table("rated")
    op.drop_table("listed")
