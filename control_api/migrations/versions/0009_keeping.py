"""What is kept for a time, and what became of the films of a folder."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """There."""
    op.add_column("import_entry", sa.Column("asset_id", sa.String(length=128), nullable=True))
    op.create_table(
        "picture_stray",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("since", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_picture_stray")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.add_column("import_entry", sa.Column("job", sa.String(length=40), nullable=True))


def downgrade() -> None:
    """And back."""
    op.drop_index(op.f("ix_audit_at"), "audit")
    op.drop_table("picture_stray")
    with op.batch_alter_table("import_entry") as table:
        table.drop_column("job")
        table.drop_column("asset_id")
