"""The ground: events, audit, API keys, repeats and secrets."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0001"
down_revision = None


def upgrade() -> None:
    """There."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("hint", sa.String(16), nullable=False),
        sa.Column("scopes", columns.Document, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("expires_at", columns.UtcInstant(), nullable=True),
        sa.Column("revoked_at", columns.UtcInstant(), nullable=True),
        sa.Column("used_at", columns.UtcInstant(), nullable=True),
        sa.Column("made_by", sa.String(40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_key_digest")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("caller_name", sa.String(200), nullable=False),
        sa.Column("address", sa.String(80), nullable=False),
        sa.Column("request_id", sa.String(80), nullable=False),
        sa.Column("operation", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("before", columns.Document, nullable=True),
        sa.Column("after", columns.Document, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_caller"), ["caller"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_subject"), ["subject"], unique=False)

    op.create_table(
        "event",
        sa.Column("sequence", columns.Counter, nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("data", columns.Document, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_event")),
        sa.UniqueConstraint("id", name=op.f("uq_event_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_subject"), ["subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_type"), ["type"], unique=False)

    op.create_table(
        "idempotency",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("held_until", columns.UtcInstant(), nullable=False),
        sa.Column("expires_at", columns.UtcInstant(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", columns.Document, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "secret",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
    )


def downgrade() -> None:
    """And back."""
    op.drop_table("secret")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_expires_at"))

    op.drop_table("idempotency")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_type"))
        batch_op.drop_index(batch_op.f("ix_event_subject"))

    op.drop_table("event")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_subject"))
        batch_op.drop_index(batch_op.f("ix_audit_caller"))

    op.drop_table("audit")
    op.drop_table("api_key")
