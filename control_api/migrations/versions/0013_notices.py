"""Notices."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """There."""
    op.create_table(
        "notice",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("tone", sa.String(10), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("link", sa.String(500), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.Column("read_at", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_notice_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_at"), "notice", ["at"])
    op.create_index("ix_notice_inbox", "notice", ["account_id", "at", "id"])
    op.create_table(
        "broadcast",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("tone", sa.String(10), nullable=False),
        sa.Column("words", columns.Document, nullable=False),
        sa.Column("link", sa.String(500), nullable=False),
        sa.Column("audience", sa.String(20), nullable=False),
        sa.Column("named", sa.String(80), nullable=False),
        sa.Column("from_at", columns.UtcInstant(), nullable=False),
        sa.Column("until_at", columns.UtcInstant(), nullable=False),
        sa.Column("is_mailed", sa.Boolean(), nullable=False),
        sa.Column("mailed_to", sa.String(40), nullable=False),
        sa.Column("mailed_at", columns.UtcInstant(), nullable=True),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("withdrawn_at", columns.UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
    )
    op.create_index(op.f("ix_broadcast_until_at"), "broadcast", ["until_at"])
    op.create_table(
        "broadcast_account",
        sa.Column("broadcast_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_broadcast_account_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcast.id"],
            name=op.f("fk_broadcast_account_broadcast_id_broadcast"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "account_id", name=op.f("pk_broadcast_account")),
    )
    op.create_index(op.f("ix_broadcast_account_account_id"), "broadcast_account", ["account_id"])
    op.create_table(
        "broadcast_receipt",
        sa.Column("broadcast_id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("read_at", columns.UtcInstant(), nullable=True),
        sa.Column("deleted_at", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_broadcast_receipt_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcast.id"],
            name=op.f("fk_broadcast_receipt_broadcast_id_broadcast"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "account_id", name=op.f("pk_broadcast_receipt")),
    )
    op.create_index(op.f("ix_broadcast_receipt_account_id"), "broadcast_receipt", ["account_id"])
    op.create_table(
        "mail",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("form", sa.String(20), nullable=False),
        sa.Column("said", columns.Document, nullable=False),
        sa.Column("broadcast_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", columns.UtcInstant(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("ended_at", columns.UtcInstant(), nullable=True),
        sa.Column("error", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mail_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_mail_broadcast_id_broadcast"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    op.create_index(op.f("ix_mail_account_id"), "mail", ["account_id"])
    op.create_index(op.f("ix_mail_broadcast_id"), "mail", ["broadcast_id"])
    op.create_index("ix_mail_due", "mail", ["state", "due_at", "id"])
    op.create_index(op.f("ix_mail_ended_at"), "mail", ["ended_at"])
    op.create_table(
        "mail_choice",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("wanted", columns.Document, nullable=False),
        sa.Column("changed_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mail_choice_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_mail_choice")),
    )
    op.create_table(
        "mail_token",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("expires_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mail_token_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_mail_token")),
    )
    op.create_index(op.f("ix_mail_token_account_id"), "mail_token", ["account_id"])
    op.create_index(op.f("ix_mail_token_expires_at"), "mail_token", ["expires_at"])


def downgrade() -> None:
    """And back."""
    op.drop_table("mail_token")
    op.drop_table("mail_choice")
    op.drop_table("mail")
    op.drop_table("broadcast_receipt")
    op.drop_table("broadcast_account")
    op.drop_table("broadcast")
    op.drop_table("notice")
