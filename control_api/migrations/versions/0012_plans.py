"""Plans."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """There."""
    op.create_table(
        "plan",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("names", columns.Document, nullable=False),
        sa.Column("price", columns.Counter, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("trial_days", sa.Integer(), nullable=False),
        sa.Column("premium", sa.Boolean(), nullable=False),
        sa.Column("streams", sa.Integer(), nullable=False),
        sa.Column("profiles", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=True),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("updated_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_table(
        "provider_event",
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("event", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("received_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "event", name=op.f("pk_provider_event")),
    )
    with op.batch_alter_table("provider_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_event_received_at"), ["received_at"], unique=False)

    op.create_table(
        "receipt_count",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_receipt_count")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=True),
        sa.Column("plan_id", sa.String(40), nullable=False),
        sa.Column("next_plan_id", sa.String(40), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("renews", sa.Boolean(), nullable=False),
        sa.Column("is_granted", sa.Boolean(), nullable=False),
        sa.Column("price", columns.Counter, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("customer", sa.String(200), nullable=False),
        sa.Column("method", sa.String(60), nullable=False),
        sa.Column("is_open_there", sa.Boolean(), nullable=False),
        sa.Column("started_at", columns.UtcInstant(), nullable=False),
        sa.Column("trial_until", columns.UtcInstant(), nullable=True),
        sa.Column("period_start", columns.UtcInstant(), nullable=True),
        sa.Column("period_end", columns.UtcInstant(), nullable=True),
        sa.Column("until", columns.UtcInstant(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", columns.UtcInstant(), nullable=True),
        sa.Column("reminded_at", columns.UtcInstant(), nullable=True),
        sa.Column("ended_at", columns.UtcInstant(), nullable=True),
        sa.Column("updated_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_subscription_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["next_plan_id"], ["plan.id"], name=op.f("fk_subscription_next_plan_id_plan")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_subscription_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("provider", "reference", name="uq_subscription_at_provider"),
    )
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_subscription_by_state", ["state", "id"], unique=False)
        batch_op.create_index("ix_subscription_due", ["due_at"], unique=False)
        batch_op.create_index(
            "uq_subscription_current",
            ["account_id"],
            unique=True,
            sqlite_where=sa.text("is_current"),
            postgresql_where=sa.text("is_current"),
        )

    op.create_table(
        "payment",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=True),
        sa.Column("subscription_id", sa.String(length=40), nullable=True),
        sa.Column("plan_id", sa.String(40), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("amount", columns.Counter, nullable=False),
        sa.Column("tax", columns.Counter, nullable=False),
        sa.Column("tax_rate", sa.Integer(), nullable=True),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("refunded", columns.Counter, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("method", sa.String(60), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("failure", sa.String(200), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("charge", sa.String(200), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("completed_at", columns.UtcInstant(), nullable=True),
        sa.Column("period_start", columns.UtcInstant(), nullable=True),
        sa.Column("period_end", columns.UtcInstant(), nullable=True),
        sa.Column("receipt_year", sa.Integer(), nullable=True),
        sa.Column("receipt_number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_payment_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_payment_subscription_id_subscription"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("provider", "reference", name="uq_payment_at_provider"),
        sa.UniqueConstraint("receipt_year", "receipt_number", name="uq_payment_receipt"),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index("ix_payment_by_account", ["account_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_charge"), ["charge"], unique=False)
        batch_op.create_index(
            "ix_payment_pending",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )
        batch_op.create_index(batch_op.f("ix_payment_subscription_id"), ["subscription_id"], unique=False)

    op.create_table(
        "subscription_entry",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("subscription_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.Column("plan_id", sa.String(40), nullable=False),
        sa.Column("since", columns.UtcInstant(), nullable=True),
        sa.Column("until", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_subscription_entry_subscription_id_subscription"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_entry")),
        sa.UniqueConstraint("subscription_id", "key", name="uq_subscription_entry_once"),
    )
    with op.batch_alter_table("subscription_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_entry_subscription_id"), ["subscription_id"], unique=False)

    op.create_table(
        "refund",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("payment_id", sa.String(length=40), nullable=True),
        sa.Column("charge", sa.String(200), nullable=False),
        sa.Column("amount", columns.Counter, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(200), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id_payment"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("provider", "reference", name="uq_refund_at_provider"),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_charge"), ["charge"], unique=False)
        batch_op.create_index(batch_op.f("ix_refund_payment_id"), ["payment_id"], unique=False)


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refund_payment_id"))
        batch_op.drop_index(batch_op.f("ix_refund_charge"))

    op.drop_table("refund")
    with op.batch_alter_table("subscription_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscription_entry_subscription_id"))

    op.drop_table("subscription_entry")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_subscription_id"))
        batch_op.drop_index(
            "ix_payment_pending",
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )
        batch_op.drop_index(batch_op.f("ix_payment_charge"))
        batch_op.drop_index("ix_payment_by_account")

    op.drop_table("payment")
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_subscription_current", sqlite_where=sa.text("is_current"), postgresql_where=sa.text("is_current")
        )
        batch_op.drop_index("ix_subscription_due")
        batch_op.drop_index("ix_subscription_by_state")
        batch_op.drop_index(batch_op.f("ix_subscription_account_id"))

    op.drop_table("subscription")
    op.drop_table("receipt_count")
    with op.batch_alter_table("provider_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_provider_event_received_at"))

    op.drop_table("provider_event")
    op.drop_table("plan")
