"""What is kept for a time, and what became of the films of a folder."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """There."""
    op.add_column("import_entry", sa.Column("asset_id", sa.String(length=80), nullable=True))
    op.add_column("import_entry", sa.Column("job", sa.String(length=40), nullable=True))


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("import_entry") as table:
        table.drop_column("job")
        table.drop_column("asset_id")
