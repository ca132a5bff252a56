"""Ads from servers of others."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """There."""
    op.create_table(
        "ad_creative",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("house", sa.String(40), nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("advertiser", sa.String(200), nullable=False),
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("upload_id", sa.String(40), nullable=True),
        sa.Column("asset_id", sa.String(128), nullable=True),
        sa.Column("title_id", sa.String(40), nullable=True),
        sa.Column("tags", columns.Document, nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.Column("tried_at", columns.UtcInstant(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ad_creative")),
        sa.UniqueConstraint("key", "house", name=op.f("uq_ad_creative_key_house")),
    )
    with op.batch_alter_table("ad_creative", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ad_creative_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ad_creative_state"), ["state"], unique=False)

    op.create_table(
        "ad_place",
        sa.Column("channel", sa.String(128), nullable=False),
        sa.Column("tick", columns.Counter, nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_ad_place")),
    )
    op.create_table(
        "ad_source",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("channel", sa.String(128), nullable=False),
        sa.Column("tags", columns.Document, nullable=False),
        sa.Column("rolls", columns.Document, nullable=False),
        sa.Column("house", sa.String(40), nullable=False),
        sa.Column("every_ms", columns.Counter, nullable=False),
        sa.Column("keep_ms", columns.Counter, nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("longest_ms", sa.Integer(), nullable=False),
        sa.Column("beacons", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ad_source")),
    )
    op.create_table(
        "ad_beacon",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(128), nullable=False),
        sa.Column("aired_at", columns.UtcInstant(), nullable=False),
        sa.Column("asset", sa.String(128), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("url", sa.String(4096), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(300), nullable=False),
        sa.Column("due_at", columns.UtcInstant(), nullable=False),
        sa.Column("ended_at", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source"], ["ad_source.id"], name=op.f("fk_ad_beacon_source_ad_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ad_beacon")),
        sa.UniqueConstraint(
            "source",
            "channel",
            "aired_at",
            "event",
            "digest",
            name=op.f("uq_ad_beacon_source_channel_aired_at_event_digest"),
        ),
    )
    with op.batch_alter_table("ad_beacon", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ad_beacon_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index("ix_ad_beacon_state_due_at", ["state", "due_at"], unique=False)

    op.create_table(
        "ad_decision",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(500), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("ads", columns.Document, nullable=False),
        sa.ForeignKeyConstraint(
            ["source"], ["ad_source.id"], name=op.f("fk_ad_decision_source_ad_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ad_decision")),
    )
    with op.batch_alter_table("ad_decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ad_decision_source"), ["source"], unique=False)

    op.create_table(
        "ad_offer",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("creative", sa.String(40), nullable=False),
        sa.Column("ad", sa.String(200), nullable=False),
        sa.Column("rolls", columns.Document, nullable=False),
        sa.Column("tracking", columns.Document, nullable=False),
        sa.Column("first_at", columns.UtcInstant(), nullable=False),
        sa.Column("last_at", columns.UtcInstant(), nullable=False),
        sa.Column("until", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["creative"], ["ad_creative.id"], name=op.f("fk_ad_offer_creative_ad_creative"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source"], ["ad_source.id"], name=op.f("fk_ad_offer_source_ad_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ad_offer")),
        sa.UniqueConstraint("source", "creative", name=op.f("uq_ad_offer_source_creative")),
    )
    with op.batch_alter_table("ad_offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ad_offer_creative"), ["creative"], unique=False)

    op.create_table(
        "ad_source_state",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("due_at", columns.UtcInstant(), nullable=False),
        sa.Column("asked_at", columns.UtcInstant(), nullable=True),
        sa.Column("answered_at", columns.UtcInstant(), nullable=True),
        sa.Column("fault", sa.String(500), nullable=False),
        sa.Column("asks", columns.Counter, nullable=False),
        sa.Column("failures", columns.Counter, nullable=False),
        sa.Column("offered", columns.Counter, nullable=False),
        sa.Column("refused", columns.Counter, nullable=False),
        sa.ForeignKeyConstraint(
            ["source"], ["ad_source.id"], name=op.f("fk_ad_source_state_source_ad_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_ad_source_state")),
    )
    with op.batch_alter_table("ad_source_state", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ad_source_state_due_at"), ["due_at"], unique=False)


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("ad_source_state", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ad_source_state_due_at"))

    op.drop_table("ad_source_state")
    with op.batch_alter_table("ad_offer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ad_offer_creative"))

    op.drop_table("ad_offer")
    with op.batch_alter_table("ad_decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ad_decision_source"))

    op.drop_table("ad_decision")
    with op.batch_alter_table("ad_beacon", schema=None) as batch_op:
        batch_op.drop_index("ix_ad_beacon_state_due_at")
        batch_op.drop_index(batch_op.f("ix_ad_beacon_ended_at"))

    op.drop_table("ad_beacon")
    op.drop_table("ad_source")
    op.drop_table("ad_place")
    with op.batch_alter_table("ad_creative", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ad_creative_state"))
        batch_op.drop_index(batch_op.f("ix_ad_creative_asset_id"))

    op.drop_table("ad_creative")
