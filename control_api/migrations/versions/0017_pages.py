"""Pages."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """There."""
    op.create_table(
        "help_article",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("section", sa.String(10), nullable=False),
        sa.Column("category", sa.String(60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", columns.UtcInstant(), nullable=True),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("updated_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_article")),
        sa.UniqueConstraint("slug", "language", name="uq_help_article_slug"),
    )
    op.create_index("ix_help_article_order", "help_article", ["section", "category", "position", "id"])
    op.create_table(
        "legal_text",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("words", columns.Document, nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("published_at", columns.UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_text")),
        sa.UniqueConstraint("kind", "number", name="uq_legal_text_number"),
    )
    op.create_table(
        "consent",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_consent_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "kind", "number", name=op.f("pk_consent")),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("category", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("assignee_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("touched_at", columns.UtcInstant(), nullable=False),
        sa.Column("closed_at", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_ticket_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["account.id"], name=op.f("fk_ticket_assignee_id_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
    )
    op.create_index(op.f("ix_ticket_assignee_id"), "ticket", ["assignee_id"])
    op.create_index(op.f("ix_ticket_closed_at"), "ticket", ["closed_at"])
    op.create_index("ix_ticket_own", "ticket", ["account_id", "touched_at", "id"])
    op.create_index("ix_ticket_state", "ticket", ["state", "touched_at", "id"])
    op.create_table(
        "ticket_entry",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("ticket_id", sa.String(40), nullable=False),
        sa.Column("author_id", sa.String(length=40), nullable=True),
        sa.Column("author", sa.String(10), nullable=False),
        sa.Column("is_note", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_ticket_entry_author_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_entry_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_entry")),
    )
    op.create_index(op.f("ix_ticket_entry_author_id"), "ticket_entry", ["author_id"])
    op.create_index(op.f("ix_ticket_entry_ticket_id"), "ticket_entry", ["ticket_id"])


def downgrade() -> None:
    """And back."""
    op.drop_table("ticket_entry")
    op.drop_table("ticket")
    op.drop_table("consent")
    op.drop_table("legal_text")
    op.drop_table("help_article")
