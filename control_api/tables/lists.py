"""What profiles put on their lists, and what they think of titles.

What they think is summed up by triggers, so that the sums are right whatever takes a rating away: who rates, a profile
that goes, an account, a title.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Index, text
from sqlmodel import Field

from control_api.columns import Counter, UtcInstant
from control_api.tables.row import Row


class Listed(Row, table=True):
    """A title on a list of a profile."""

    __tablename__ = "listed"
    __table_args__ = (Index("ix_listed_by_time", "profile_id", "list", "added_at", "title_id"),)

    profile_id: str = Field(foreign_key="profile.id", primary_key=True, max_length=40, ondelete="CASCADE")
    list: str = Field(primary_key=True, max_length=10)
    """`watchlist` or `favorites`."""
    title_id: str = Field(foreign_key="title.id", primary_key=True, index=True, max_length=40, ondelete="CASCADE")
    added_at: datetime = Field(sa_type=UtcInstant)


class Rated(Row, table=True):
    """What a profile thinks of a title."""

    __tablename__ = "rated"
    __table_args__ = (Index("ix_rated_by_time", "profile_id", "rated_at", "title_id"),)

    profile_id: str = Field(foreign_key="profile.id", primary_key=True, max_length=40, ondelete="CASCADE")
    title_id: str = Field(foreign_key="title.id", primary_key=True, index=True, max_length=40, ondelete="CASCADE")
    score: int
    """From 1 to 10."""
    rated_at: datetime = Field(sa_type=UtcInstant)


class RatingSum(Row, table=True):
    """What all profiles together think of a title. Nobody writes it but the triggers of `rated`."""

    __tablename__ = "rating_sum"

    title_id: str = Field(foreign_key="title.id", primary_key=True, max_length=40, ondelete="CASCADE")
    ratings: int
    total: int = Field(sa_type=Counter)
    """Of their scores."""


_ADDED: Final = """INSERT INTO rating_sum (title_id, ratings, total) VALUES (new.title_id, 1, new.score)
    ON CONFLICT (title_id) DO UPDATE SET ratings = rating_sum.ratings + 1, total = rating_sum.total + excluded.total"""
_REMOVED: Final = """UPDATE rating_sum SET ratings = ratings - 1, total = total - old.score
    WHERE title_id = old.title_id"""
_CHANGED: Final = "UPDATE rating_sum SET total = total + new.score - old.score WHERE title_id = new.title_id"
_SQLITE: Final = (
    f"CREATE TRIGGER rated_added AFTER INSERT ON rated BEGIN {_ADDED}; END",
    f"CREATE TRIGGER rated_removed AFTER DELETE ON rated BEGIN {_REMOVED}; END",
    f"CREATE TRIGGER rated_changed AFTER UPDATE OF score ON rated BEGIN {_CHANGED}; END",
)
_POSTGRESQL: Final = (
    f"""CREATE FUNCTION rated_summed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN {_ADDED};
        ELSIF TG_OP = 'DELETE' THEN {_REMOVED};
        ELSE {_CHANGED}; END IF;
        RETURN NULL; END $$""",
    """CREATE TRIGGER rated_summed AFTER INSERT OR DELETE OR UPDATE OF score ON rated
        FOR EACH ROW EXECUTE FUNCTION rated_summed()""",
)


def summed(connection: Connection) -> None:
    """Make the triggers, in a migration, once both tables are there."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.execute(text(statement))


def unsummed(connection: Connection) -> None:
    """And drop them, before the tables are: those of SQLite go with the table."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("DROP TRIGGER rated_summed ON rated"))
        connection.execute(text("DROP FUNCTION rated_summed()"))
