"""Titles, people, genres, tags, artwork, and assets."""

import sqlalchemy as sa
from alembic import op

from control_api import columns
from control_api.tables import search

revision = "0003"
down_revision = "0002"
_LEFT_OUT = ("kind", "state", "deleted_at", "age")


def upgrade() -> None:
    """There."""
    op.create_table(
        "duty",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("until", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duty")),
    )
    op.create_table(
        "genre",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("folded", sa.String(300), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_genre")),
        sa.UniqueConstraint("folded", name=op.f("uq_genre_folded")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("sort_name", sa.String(300), nullable=False),
        sa.Column("biography", sa.String(), nullable=False),
        sa.Column("born", sa.String(10), nullable=False),
        sa.Column("died", sa.String(10), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("updated_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("ix_person_by_name", ["sort_name", "id"], unique=False)

    op.create_table(
        "tag",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("folded", sa.String(300), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("folded", name=op.f("uq_tag_folded")),
    )
    op.create_table(
        "title",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("parent_id", sa.String(length=40), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("sort_name", sa.String(500), nullable=False),
        sa.Column("summary", sa.String(1000), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("released", sa.String(10), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("age_rating", sa.String(40), nullable=False),
        sa.Column("age", sa.Integer(), nullable=False),
        sa.Column("access", sa.String(20), nullable=False),
        sa.Column("credits_ms", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.Column("story", sa.String(200), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("advertiser", sa.String(200), nullable=False),
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("video_url", sa.String(2000), nullable=False),
        sa.Column("trailer_url", sa.String(2000), nullable=False),
        sa.Column("rights", columns.Document, nullable=False),
        sa.Column("opens_at", columns.UtcInstant(), nullable=True),
        sa.Column("closes_at", columns.UtcInstant(), nullable=True),
        sa.Column("countries_allowed", columns.Document, nullable=False),
        sa.Column("countries_denied", columns.Document, nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.Column("updated_at", columns.UtcInstant(), nullable=False),
        sa.Column("published_at", columns.UtcInstant(), nullable=True),
        sa.Column("deleted_at", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["title.id"], name=op.f("fk_title_parent_id_title")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_title")),
        sa.UniqueConstraint("parent_id", "kind", "number", name="uq_title_place"),
    )
    with op.batch_alter_table("title", schema=None) as batch_op:
        batch_op.create_index("ix_title_by_age", ["created_at", "id", *_LEFT_OUT], unique=False)
        batch_op.create_index("ix_title_by_name", ["sort_name", "id", *_LEFT_OUT], unique=False)
        batch_op.create_index("ix_title_by_place", ["parent_id", "place", "id"], unique=False)
        batch_op.create_index("ix_title_by_score", ["score", "id", *_LEFT_OUT], unique=False)
        batch_op.create_index("ix_title_by_views", ["views", "score", "id", *_LEFT_OUT], unique=False)
        batch_op.create_index("ix_title_by_year", ["year", "id", *_LEFT_OUT], unique=False)
        batch_op.create_index(
            "ix_title_featured",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("featured = 1"),
            postgresql_where=sa.text("featured"),
        )
        batch_op.create_index("ix_title_top", ["kind", "views", "score", "id"], unique=False)
        for name in ("deleted_at", "opens_at"):
            there = sa.text(f"{name} IS NOT NULL")
            batch_op.create_index(f"ix_title_{name}", [name], unique=False, sqlite_where=there, postgresql_where=there)

    op.create_table(
        "artwork",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=True),
        sa.Column("person_id", sa.String(length=40), nullable=True),
        sa.Column("channel", sa.String(80), nullable=True),
        sa.Column("shape", sa.String(10), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(10), nullable=False),
        sa.Column("source", sa.String(2000), nullable=False),
        sa.Column("created_at", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_artwork_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["title_id"], ["title.id"], name=op.f("fk_artwork_title_id_title"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artwork")),
    )
    with op.batch_alter_table("artwork", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_artwork_digest"), ["digest"], unique=False)
        batch_op.create_index("ix_artwork_of_person", ["person_id"], unique=True)
        batch_op.create_index("ix_artwork_of_channel", ["channel"], unique=True)
        batch_op.create_index("ix_artwork_of_title", ["title_id", "shape", "language"], unique=True)

    op.create_table(
        "artwork_ticket",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("shape", sa.String(10), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("made_by_name", sa.String(200), nullable=False),
        sa.Column("expires_at", columns.UtcInstant(), nullable=False),
        sa.Column("used_at", columns.UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_artwork_ticket_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artwork_ticket")),
    )
    with op.batch_alter_table("artwork_ticket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_artwork_ticket_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "asset",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("house", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("work", sa.String(40), nullable=False),
        sa.Column("about", columns.Document, nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("poster", sa.String(128), nullable=False),
        sa.Column("added_at", columns.UtcInstant(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["title_id"], ["title.id"], name=op.f("fk_asset_title_id_title")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
    )
    with op.batch_alter_table("asset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asset_added_at"), ["added_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_asset_title_id"), ["title_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_asset_work"), ["work"], unique=False)

    op.create_table(
        "credit",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("job", sa.String(60), nullable=False),
        sa.Column("character", sa.String(300), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_credit_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["title_id"], ["title.id"], name=op.f("fk_credit_title_id_title"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit")),
        sa.UniqueConstraint("title_id", "person_id", "job", "character", name="uq_credit_once"),
    )
    with op.batch_alter_table("credit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_title_id"), ["title_id"], unique=False)

    op.create_table(
        "person_elsewhere",
        sa.Column("scheme", sa.String(40), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_elsewhere_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scheme", "value", name=op.f("pk_person_elsewhere")),
    )
    with op.batch_alter_table("person_elsewhere", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_elsewhere_person_id"), ["person_id"], unique=False)

    op.create_table(
        "title_country",
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_title_country_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", "country", name=op.f("pk_title_country")),
    )
    with op.batch_alter_table("title_country", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_title_country_country"), ["country"], unique=False)

    op.create_table(
        "title_elsewhere",
        sa.Column("scheme", sa.String(40), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_title_elsewhere_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scheme", "value", name=op.f("pk_title_elsewhere")),
    )
    with op.batch_alter_table("title_elsewhere", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_title_elsewhere_title_id"), ["title_id"], unique=False)

    op.create_table(
        "title_genre",
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("genre_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["genre_id"], ["genre.id"], name=op.f("fk_title_genre_genre_id_genre"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_title_genre_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", "genre_id", name=op.f("pk_title_genre")),
    )
    with op.batch_alter_table("title_genre", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_title_genre_genre_id"), ["genre_id"], unique=False)

    op.create_table(
        "title_language",
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_title_language_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", "language", name=op.f("pk_title_language")),
    )
    with op.batch_alter_table("title_language", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_title_language_language"), ["language"], unique=False)

    op.create_table(
        "title_tag",
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("tag_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_title_tag_tag_id_tag"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_title_tag_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", "tag_id", name=op.f("pk_title_tag")),
    )
    with op.batch_alter_table("title_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_title_tag_tag_id"), ["tag_id"], unique=False)

    op.create_table(
        "title_text",
        sa.Column("title_id", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("summary", sa.String(1000), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["title_id"], ["title.id"], name=op.f("fk_title_text_title_id_title"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("title_id", "language", name=op.f("pk_title_text")),
    )
    op.create_table(
        "amendment_due",
        sa.Column("asset_id", sa.String(length=128), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("since", columns.UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_amendment_due_asset_id_asset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_amendment_due")),
    )
    search.made(op.get_bind())


def downgrade() -> None:
    """And back."""
    search.unmade(op.get_bind())
    op.drop_table("amendment_due")
    op.drop_table("title_text")
    op.drop_table("title_tag")
    op.drop_table("title_language")
    op.drop_table("title_genre")
    op.drop_table("title_elsewhere")
    op.drop_table("title_country")
    op.drop_table("person_elsewhere")
    op.drop_table("credit")
    op.drop_table("asset")
    op.drop_table("artwork_ticket")
    op.drop_table("artwork")
    op.drop_table("title")
    op.drop_table("tag")
    op.drop_table("person")
    op.drop_table("genre")
    op.drop_table("duty")
