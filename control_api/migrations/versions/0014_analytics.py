"""Analytics."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """There."""
    op.create_table(
        "figure_day",
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("part", sa.String(100), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("sessions", columns.Counter, nullable=False),
        sa.Column("on_demand", columns.Counter, nullable=False),
        sa.Column("views", columns.Counter, nullable=False),
        sa.Column("viewers", columns.Counter, nullable=False),
        sa.Column("watched_ms", columns.Counter, nullable=False),
        sa.Column("completions", columns.Counter, nullable=False),
        sa.Column("shares", columns.Counter, nullable=False),
        sa.Column("stalls", columns.Counter, nullable=False),
        sa.Column("stalled_ms", columns.Counter, nullable=False),
        sa.Column("errors", columns.Counter, nullable=False),
        sa.Column("bits", columns.Counter, nullable=False),
        sa.Column("bits_ms", columns.Counter, nullable=False),
        sa.Column("peak", columns.Counter, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", "part", "day", name=op.f("pk_figure_day")),
    )
    op.create_index("ix_figure_day_age", "figure_day", ["day"])
    op.create_index("ix_figure_day_by_day", "figure_day", ["kind", "part", "day", "subject"])

    op.create_table(
        "figure_place",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_figure_place")),
    )
    op.create_table(
        "view_sent",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("title_id", sa.String(40), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("visitor", sa.String(32), nullable=False),
        sa.Column("device_kind", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view_sent")),
    )
    op.create_table(
        "visit",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("visitor", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(220), nullable=False),
        sa.Column("viewed_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("day", "visitor", "subject", name=op.f("pk_visit")),
    )
    op.create_table(
        "visit_key",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_visit_key")),
    )
    op.create_table(
        "title_seen",
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("sessions", columns.Counter, nullable=False),
        sa.Column("hundredths", columns.Document, nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_title_seen_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", name=op.f("pk_title_seen")),
    )
    op.create_table(
        "title_view",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.Column("via", sa.String(10), nullable=False),
        sa.Column("device_kind", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_title_view_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_title_view")),
    )
    op.create_index("ix_title_view_by_time", "title_view", ["at", "id"])
    op.create_index("ix_title_view_latest", "title_view", ["title_id", "at", "id"])

    op.create_table(
        "viewer_days",
        sa.Column("profile_id", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.String(10), nullable=False),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_viewer_days_profile_id_profile"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_viewer_days")),
    )
    op.create_index(op.f("ix_viewer_days_last_day"), "viewer_days", ["last_day"])

    op.create_table(
        "play_counted",
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.Column("touched_at", columns.UtcInstant(), nullable=False),
        sa.Column("watched_ms", columns.Counter, nullable=False),
        sa.Column("position_ms", columns.Counter, nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("stalls", sa.Integer(), nullable=False),
        sa.Column("stalled_ms", columns.Counter, nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("bits", columns.Counter, nullable=False),
        sa.Column("bits_ms", columns.Counter, nullable=False),
        sa.Column("is_started", sa.Boolean(), nullable=False),
        sa.Column("is_viewed", sa.Boolean(), nullable=False),
        sa.Column("is_completed", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.String(25), nullable=False),
        sa.Column("program", sa.String(200), nullable=False),
        sa.Column("program_from", columns.Counter, nullable=False),
        sa.Column("program_ms", columns.Counter, nullable=False),
        sa.Column("program_viewed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["play_session.id"],
            name=op.f("fk_play_counted_session_id_play_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_play_counted")),
    )


def downgrade() -> None:
    """And back."""
    op.drop_table("play_counted")
    op.drop_table("viewer_days")
    op.drop_table("title_view")
    op.drop_table("title_seen")
    op.drop_table("visit_key")
    op.drop_table("visit")
    op.drop_table("view_sent")
    op.drop_table("figure_place")
    op.drop_table("figure_day")
