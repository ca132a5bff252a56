"""Accounts, their profiles, identities, sessions, invitations, and what access tokens are signed with."""

import sqlalchemy as sa
from alembic import op

from control_api import columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """There."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("username", sa.String(60), nullable=False),
        sa.Column("username_folded", sa.String(240), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("email_folded", sa.String(1000), nullable=True),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password", sa.String(300), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("blocked_at", columns.UtcInstant(), nullable=True),
        sa.Column("closes_at", columns.UtcInstant(), nullable=True),
        sa.Column("signed_in_at", columns.UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email_folded", name=op.f("uq_account_email_folded")),
        sa.UniqueConstraint("username_folded", name=op.f("uq_account_username_folded")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_closes_at"), ["closes_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_role"), ["role"], unique=False)

    op.create_table(
        "failures",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_failures")),
    )
    with op.batch_alter_table("failures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_failures_last_at"), ["last_at"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("expires_at", columns.UtcInstant(), nullable=False),
        sa.Column("revoked_at", columns.UtcInstant(), nullable=True),
        sa.Column("used_at", columns.UtcInstant(), nullable=True),
        sa.Column("used_by", sa.String(40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitation_digest")),
    )
    op.create_table(
        "signing_key",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("key", columns.Document, nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_identity_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("digest", name=op.f("uq_identity_digest")),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_account_id"), ["account_id"], unique=False)

    op.create_table(
        "profile",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("avatar", sa.String(40), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("is_kids", sa.Boolean(), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=True),
        sa.Column("genres_allowed", columns.Document, nullable=False),
        sa.Column("pin", sa.String(300), nullable=True),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("subtitles", sa.String(35), nullable=False),
        sa.Column("autoplay", sa.Boolean(), nullable=False),
        sa.Column("genres_liked", columns.Document, nullable=False),
        sa.Column("settings", columns.Document, nullable=False),
        sa.Column("keeps_history", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("updated_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_profile_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile")),
    )
    op.create_index(op.f("ix_profile_account_id"), "profile", ["account_id"])
    op.create_index(
        "uq_profile_main",
        "profile",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("is_main"),
        postgresql_where=sa.text("is_main"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("profile_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("turned_at", columns.UtcInstant(), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("address", sa.String(80), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("proven_at", columns.UtcInstant(), nullable=False),
        sa.Column("seen_at", columns.UtcInstant(), nullable=False),
        sa.Column("seen_from", sa.String(80), nullable=False),
        sa.Column("idle_at", columns.UtcInstant(), nullable=False),
        sa.Column("expires_at", columns.UtcInstant(), nullable=False),
        sa.Column("revoked_at", columns.UtcInstant(), nullable=True),
        sa.Column("revoked_for", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_session_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_session_profile_id_profile"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_session_digest")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_idle_at"), ["idle_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_profile_id"), ["profile_id"], unique=False)


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_profile_id"))
        batch_op.drop_index(batch_op.f("ix_session_idle_at"))
        batch_op.drop_index(batch_op.f("ix_session_account_id"))

    op.drop_table("session")
    op.drop_table("profile")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_account_id"))

    op.drop_table("identity")
    op.drop_table("signing_key")
    op.drop_table("invitation")
    with op.batch_alter_table("failures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_failures_last_at"))

    op.drop_table("failures")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_role"))

    op.drop_table("account")
