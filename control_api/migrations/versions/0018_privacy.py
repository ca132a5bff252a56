"""Archives of what is kept of people."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """There."""
    op.create_table(
        "data_export",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("job", sa.String(40), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("size", columns.Counter, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("ended_at", columns.UtcInstant(), nullable=True),
        sa.Column("expires_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_data_export_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_export")),
    )
    op.create_index(op.f("ix_data_export_account_id"), "data_export", ["account_id"])
    op.create_index(op.f("ix_data_export_expires_at"), "data_export", ["expires_at"])
    op.create_table(
        "data_export_piece",
        sa.Column("export_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["data_export.id"],
            name=op.f("fk_data_export_piece_export_id_data_export"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("pk_data_export_piece")),
    )


def downgrade() -> None:
    """And back."""
    op.drop_table("data_export_piece")
    op.drop_table("data_export")
