"""Imports and backups."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """There."""
    op.create_table(
        "backup",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("job", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("media", sa.Boolean(), nullable=False),
        sa.Column("secrets", sa.Boolean(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("ended_at", columns.UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup")),
    )
    with op.batch_alter_table("backup", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_backup_job"), ["job"], unique=False)

    op.create_table(
        "import",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("link", sa.String(2000), nullable=False),
        sa.Column("feed", sa.String(100), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("job", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("notes", columns.Document, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("ended_at", columns.UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
    )
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_job"), ["job"], unique=False)

    op.create_table(
        "import_entry",
        sa.Column("import_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("title_id", sa.String(40), nullable=True),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("implied", sa.Boolean(), nullable=False),
        sa.Column("details", columns.Document, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name=op.f("fk_import_entry_import_id_import"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_entry")),
    )
    op.create_index("ix_import_entry_of_title", "import_entry", ["import_id", "title_id"])
    op.create_table(
        "import_memory",
        sa.Column("title_id", sa.String(40), nullable=False),
        sa.Column("feed", sa.String(100), nullable=False),
        sa.Column("said", columns.Document, nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_import_memory_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", "feed", name=op.f("pk_import_memory")),
    )
    op.create_table(
        "poster_due",
        sa.Column("title_id", sa.String(40), nullable=False),
        sa.Column("shape", sa.String(10), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_poster_due_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", "shape", name=op.f("pk_poster_due")),
    )


def downgrade() -> None:
    """And back."""
    op.drop_table("poster_due")
    op.drop_table("import_memory")
    op.drop_table("import_entry")
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_job"))

    op.drop_table("import")
    with op.batch_alter_table("backup", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_backup_job"))

    op.drop_table("backup")
