"""Webhooks, deliveries, and how far the air has been told."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """There."""
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_at"), ["at"], unique=False)

    op.create_table(
        "webhook",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("types", columns.Document, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("former_until", columns.UtcInstant(), nullable=True),
        sa.Column("disabled_at", columns.UtcInstant(), nullable=True),
        sa.Column("disabled_why", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "webhook_place",
        sa.Column("webhook", sa.String(40), nullable=False),
        sa.Column("after", columns.Counter, nullable=False),
        sa.Column("succeeded_at", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhook.id"], name=op.f("fk_webhook_place_webhook_webhook"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("webhook", name=op.f("pk_webhook_place")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("webhook", sa.String(40), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("sequence", columns.Counter, nullable=True),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", columns.UtcInstant(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("ended_at", columns.UtcInstant(), nullable=True),
        sa.Column("log", columns.Document, nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhook.id"], name=op.f("fk_delivery_webhook_webhook"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_webhook"), ["webhook"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_event"), ["event"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index("ix_delivery_webhook_state_due_at", ["webhook", "state", "due_at"], unique=False)

    op.create_table(
        "air_place",
        sa.Column("channel", sa.String(128), nullable=False),
        sa.Column("told", columns.Document, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_air_place")),
    )


def downgrade() -> None:
    """And back."""
    op.drop_table("air_place")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_webhook_state_due_at")
        batch_op.drop_index(batch_op.f("ix_delivery_ended_at"))
        batch_op.drop_index(batch_op.f("ix_delivery_event"))
        batch_op.drop_index(batch_op.f("ix_delivery_webhook"))

    op.drop_table("delivery")
    op.drop_table("webhook_place")
    op.drop_table("webhook")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_at"))
