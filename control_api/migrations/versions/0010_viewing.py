"""Playing, and what was seen."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """There."""
    op.create_table(
        "play_session",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=True),
        sa.Column("key_id", sa.String(40), nullable=True),
        sa.Column("profile_id", sa.String(length=40), nullable=True),
        sa.Column("title_id", sa.String(length=40), nullable=True),
        sa.Column("asset_id", sa.String(128), nullable=True),
        sa.Column("channel", sa.String(80), nullable=True),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("device_id", sa.String(80), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("device_kind", sa.String(20), nullable=False),
        sa.Column("is_slow", sa.Boolean(), nullable=False),
        sa.Column("quality", sa.String(40), nullable=False),
        sa.Column("started_at", columns.UtcInstant(), nullable=False),
        sa.Column("touched_at", columns.UtcInstant(), nullable=False),
        sa.Column("lent_until", columns.UtcInstant(), nullable=True),
        sa.Column("ended_at", columns.UtcInstant(), nullable=True),
        sa.Column("ended_by", sa.String(20), nullable=False),
        sa.Column("position_ms", columns.Counter, nullable=False),
        sa.Column("behind_ms", columns.Counter, nullable=True),
        sa.Column("duration_ms", columns.Counter, nullable=False),
        sa.Column("watched_ms", columns.Counter, nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("startup_ms", sa.Integer(), nullable=True),
        sa.Column("stalls", sa.Integer(), nullable=False),
        sa.Column("stalled_ms", columns.Counter, nullable=False),
        sa.Column("bitrate", columns.Counter, nullable=False),
        sa.Column("bandwidth", columns.Counter, nullable=False),
        sa.Column("buffer_ms", columns.Counter, nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_play_session_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_play_session_profile_id_profile"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_play_session_title_id_title"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_play_session")),
    )
    op.create_index("ix_play_session_by_start", "play_session", ["started_at", "id"])
    op.create_index(op.f("ix_play_session_channel"), "play_session", ["channel"])
    op.create_index("ix_play_session_open", "play_session", ["account_id", "ended_at", "touched_at"])
    op.create_index(op.f("ix_play_session_profile_id"), "play_session", ["profile_id"])
    op.create_index(
        "ix_play_session_unkept",
        "play_session",
        ["ended_at"],
        sqlite_where=sa.text("account_id IS NOT NULL AND profile_id IS NULL"),
        postgresql_where=sa.text("account_id IS NOT NULL AND profile_id IS NULL"),
    )
    op.create_index("ix_play_session_silent", "play_session", ["ended_at", "touched_at"])
    op.create_index(op.f("ix_play_session_title_id"), "play_session", ["title_id"])
    op.create_table(
        "watched",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("profile_id", sa.String(40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=True),
        sa.Column("series_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("position_ms", columns.Counter, nullable=False),
        sa.Column("duration_ms", columns.Counter, nullable=False),
        sa.Column("watched_ms", columns.Counter, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("completed_at", columns.UtcInstant(), nullable=True),
        sa.Column("first_at", columns.UtcInstant(), nullable=False),
        sa.Column("watched_at", columns.UtcInstant(), nullable=False),
        sa.Column("hidden_at", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_watched_profile_id_profile"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["title.id"], name=op.f("fk_watched_series_id_title"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_watched_title_id_title"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watched")),
        sa.UniqueConstraint("profile_id", "title_id", name="uq_watched_once"),
    )
    op.create_index("ix_watched_by_time", "watched", ["profile_id", "watched_at", "id"])
    of_series = sa.text("series_id IS NOT NULL")
    op.create_index(
        "ix_watched_series",
        "watched",
        ["profile_id", "series_id"],
        sqlite_where=of_series,
        postgresql_where=of_series,
    )
    op.create_index(op.f("ix_watched_title_id"), "watched", ["title_id"])


def downgrade() -> None:
    """And back."""
    op.drop_table("watched")
    op.drop_table("play_session")
