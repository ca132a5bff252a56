"""Jobs, and what is told of them."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """There."""
    op.create_table(
        "job",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("given", columns.Document, nullable=False),
        sa.Column("result", columns.Document, nullable=True),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("parent", sa.String(40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempts_most", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=True),
        sa.Column("advice", sa.String(500), nullable=True),
        sa.Column("permille", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("parts", columns.Document, nullable=False),
        sa.Column("needs_bytes", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.String(40), nullable=True),
        sa.Column("leased_until", columns.UtcInstant(), nullable=True),
        sa.Column("worker", sa.String(120), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("due_at", columns.UtcInstant(), nullable=False),
        sa.Column("started_at", columns.UtcInstant(), nullable=True),
        sa.Column("ended_at", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["job.id"], name=op.f("fk_job_parent_job"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_kind_state"), ["kind", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_leased_until"), ["leased_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_owner_started_at"), ["owner", "started_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_parent"), ["parent"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_state_due_at"), ["state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_subject"), ["subject"], unique=False)

    op.create_table(
        "job_entry",
        sa.Column("job", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(2000), nullable=False),
        sa.Column("permille", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name=op.f("fk_job_entry_job_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "number", name=op.f("pk_job_entry")),
    )


def downgrade() -> None:
    """And back."""
    op.drop_table("job_entry")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_subject"))
        batch_op.drop_index(batch_op.f("ix_job_state_due_at"))
        batch_op.drop_index(batch_op.f("ix_job_parent"))
        batch_op.drop_index(batch_op.f("ix_job_owner_started_at"))
        batch_op.drop_index(batch_op.f("ix_job_leased_until"))
        batch_op.drop_index(batch_op.f("ix_job_kind_state"))
        batch_op.drop_index(batch_op.f("ix_job_ended_at"))

    op.drop_table("job")
