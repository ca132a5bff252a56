"""Uploads, and what people decide about assets."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """There."""
    op.create_table(
        "upload",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("tags", columns.Document, nullable=False),
        sa.Column("series", sa.String(500), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("house", sa.String(40), nullable=False),
        sa.Column("title_id", sa.String(40), nullable=True),
        sa.Column("fingerprint", sa.String(200), nullable=True),
        sa.Column("said", sa.String(4096), nullable=False),
        sa.Column("link", sa.String(2000), nullable=False),
        sa.Column("validator", sa.String(300), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("found", columns.Document, nullable=True),
        sa.Column("reason", sa.String(2000), nullable=True),
        sa.Column("asset_id", sa.String(128), nullable=True),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("touched_at", columns.UtcInstant(), nullable=False),
        sa.Column("expires_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_owner_state"), ["owner", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_state_expires_at"), ["state", "expires_at"], unique=False)

    op.create_table(
        "break_edit",
        sa.Column("asset_id", sa.String(128), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("snapped", sa.Integer(), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_break_edit_asset_id_asset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("asset_id", "segment", name=op.f("pk_break_edit")),
    )
    op.create_table(
        "asset_care",
        sa.Column("asset_id", sa.String(128), nullable=False),
        sa.Column("poster", sa.String(128), nullable=False),
        sa.Column("poster_ms", sa.Integer(), nullable=True),
        sa.Column("replaced_by", sa.String(128), nullable=True),
        sa.Column("deleted_at", columns.UtcInstant(), nullable=True),
        sa.Column("was", sa.String(10), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_care_asset_id_asset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_asset_care")),
    )
    with op.batch_alter_table("asset_care", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asset_care_deleted_at"), ["deleted_at"], unique=False)


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("asset_care", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_asset_care_deleted_at"))

    op.drop_table("asset_care")
    op.drop_table("break_edit")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_state_expires_at"))
        batch_op.drop_index(batch_op.f("ix_upload_owner_state"))
        batch_op.drop_index(batch_op.f("ix_upload_asset_id"))

    op.drop_table("upload")
