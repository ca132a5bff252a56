"""Titles, and what hangs on them: texts, credits, genres, tags, names elsewhere."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint, text
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row

UNPLACED: Final = (1 << 31) - 1
"""Stands behind every number."""
_LEFT_OUT: Final = ("kind", "state", "deleted_at", "age")


def _there(name: str) -> dict[str, Any]:
    """Of an index: that it has those rows alone that have this."""
    said = text(f"{name} IS NOT NULL")
    return {"sqlite_where": said, "postgresql_where": said}


def _of(table: str, *, primary: bool = False, index: bool = False, null: bool = False) -> Any:  # noqa: ANN401 — SQLModel reads it
    """A column that names a row of `table`, and goes when that row goes."""
    key = ForeignKey(f"{table}.id", ondelete="CASCADE")
    return Field(sa_column=Column(String(40), key, primary_key=primary, index=index, nullable=null))


class Title(Row, table=True):
    """A work, or something that airs between works."""

    __tablename__ = "title"
    __table_args__ = (
        UniqueConstraint("parent_id", "kind", "number", name="uq_title_place"),
        # one for each way in which a list is sorted, with what most lists leave out: it is seen without the row
        Index("ix_title_by_name", "sort_name", "id", *_LEFT_OUT),
        Index("ix_title_by_year", "year", "id", *_LEFT_OUT),
        Index("ix_title_by_score", "score", "id", *_LEFT_OUT),
        Index("ix_title_by_age", "created_at", "id", *_LEFT_OUT),
        Index("ix_title_by_views", "views", "score", "id", *_LEFT_OUT),
        # for the home page: the top of a kind, and the few that are featured
        Index("ix_title_top", "kind", "views", "score", "id"),
        Index(
            "ix_title_featured",
            "created_at",
            "id",
            sqlite_where=text("featured = 1"),
            postgresql_where=text("featured"),
        ),
        Index("ix_title_by_place", "parent_id", "place", "id"),
        # of few; SQLite would look up by it the many that are not of them
        Index("ix_title_deleted_at", "deleted_at", **_there("deleted_at")),
        Index("ix_title_opens_at", "opens_at", **_there("opens_at")),
    )

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    """Counts its edits, those of what hangs on it as well."""
    kind: str = Field(max_length=10)
    state: str = Field(default="draft", max_length=10)
    """`draft`, `published` or `archived`."""
    parent_id: str | None = Field(default=None, sa_column=Column(String(40), ForeignKey("title.id"), nullable=True))
    """Of a season its series, of an episode its season or its series, of a trailer what it is for."""
    number: int | None = Field(default=None)
    """Its place in its parent; no other of its kind has it there. None where it has none."""
    place: int = Field(default=UNPLACED)
    """The same for sorting: what has no number comes last."""
    name: str = Field(max_length=500)
    """In the language of the station's own texts."""
    sort_name: str = Field(max_length=500)
    """Folded, and without a leading article: by which lists are sorted."""
    summary: str = Field(default="", max_length=1000)
    """The short description."""
    description: str = Field(default="")
    """The long one."""
    language: str = Field(default="und", max_length=35)
    """BCP 47: of the main sound."""
    released: str = Field(default="", max_length=10)
    """`1949`, or `1949-09-02`; empty where nobody said."""
    year: int = Field(default=0)
    """Of `released`; 0 where nobody said."""
    age_rating: str = Field(default="", max_length=40)
    age: int = Field(default=-1)
    """From which age on it is for, in years, as its rating says; -1 where that is not known."""
    access: str = Field(default="free", max_length=20)
    """`free`, or `premium`: for whom has a plan that includes it."""
    credits_ms: int | None = Field(default=None)
    """Where its closing credits begin: who has come as far has seen it."""
    score: int = Field(default=-1)
    """What audiences think, in hundredths from 0 to 1000; -1 where nobody said."""
    votes: int = Field(default=0)
    """How many said so."""
    views: int = Field(default=0)
    """How often it was seen; counted from events."""
    featured: bool = Field(default=False)
    story: str = Field(default="", max_length=200)
    """The story that it is a part of."""
    part: int = Field(default=0)
    advertiser: str = Field(default="", max_length=200)
    category: str = Field(default="", max_length=200)
    """What an ad is for."""
    video_url: str = Field(default="", max_length=2000)
    """Where it plays when no asset of the station has it: an HLS playlist of somebody else."""
    trailer_url: str = Field(default="", max_length=2000)
    rights: list[dict[str, Any]] = Field(default_factory=list, sa_type=Document)
    """When and where it may be shown; empty for always and everywhere."""
    opens_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """From when on, at the earliest; None: ever since. See `control_api.library.opening`."""
    closes_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """Until when, at the latest; None: for ever."""
    countries_allowed: list[str] = Field(default_factory=list, sa_type=Document)
    """Where alone it may be seen on demand; empty for everywhere."""
    countries_denied: list[str] = Field(default_factory=list, sa_type=Document)
    """Where it may not."""
    created_at: datetime = Field(sa_type=UtcInstant)
    updated_at: datetime = Field(sa_type=UtcInstant)
    published_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When it was first published."""
    deleted_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When it was put into the bin."""


class TitleText(Row, table=True):
    """What a title is called, and what is said of it, in one more language."""

    __tablename__ = "title_text"

    title_id: str = _of("title", primary=True)
    language: str = Field(primary_key=True, max_length=35)
    """BCP 47."""
    name: str = Field(default="", max_length=500)
    summary: str = Field(default="", max_length=1000)
    description: str = Field(default="")


class TitleLanguage(Row, table=True):
    """A language in which a title is heard, the main one too."""

    __tablename__ = "title_language"

    title_id: str = _of("title", primary=True)
    language: str = Field(primary_key=True, max_length=35, index=True)


class TitleCountry(Row, table=True):
    """A country that a title comes from."""

    __tablename__ = "title_country"

    title_id: str = _of("title", primary=True)
    country: str = Field(primary_key=True, max_length=2, index=True)


class TitleElsewhere(Row, table=True):
    """A title's name in somebody else's list: `imdb`, `tt0041959`."""

    __tablename__ = "title_elsewhere"

    scheme: str = Field(primary_key=True, max_length=40)
    value: str = Field(primary_key=True, max_length=200)
    title_id: str = _of("title", index=True)


class Genre(Row, table=True):
    """A genre."""

    __tablename__ = "genre"

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    name: str = Field(max_length=100)
    folded: str = Field(unique=True, max_length=300)
    """Its name without regard to case, which is what the engine compares."""
    created_at: datetime = Field(sa_type=UtcInstant)


class TitleGenre(Row, table=True):
    """A genre of a title."""

    __tablename__ = "title_genre"

    title_id: str = _of("title", primary=True)
    genre_id: str = _of("genre", primary=True, index=True)
    position: int = Field(default=0)
    """The first is the main one."""


class Tag(Row, table=True):
    """A tag, by which channels choose."""

    __tablename__ = "tag"

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    name: str = Field(max_length=100)
    folded: str = Field(unique=True, max_length=300)
    """Its name without regard to case, which is what the engine compares."""
    created_at: datetime = Field(sa_type=UtcInstant)


class TitleTag(Row, table=True):
    """A tag of a title."""

    __tablename__ = "title_tag"

    title_id: str = _of("title", primary=True)
    tag_id: str = _of("tag", primary=True, index=True)


class Person(Row, table=True):
    """Somebody who is credited."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_by_name", "sort_name", "id"),)

    id: str = Field(primary_key=True, max_length=40)
    version: int = Field(default=1)
    name: str = Field(max_length=300)
    sort_name: str = Field(max_length=300)
    """Folded: by which lists are sorted, and people are found."""
    biography: str = Field(default="")
    born: str = Field(default="", max_length=10)
    """`1915`, or `1915-05-06`."""
    died: str = Field(default="", max_length=10)
    created_at: datetime = Field(sa_type=UtcInstant)
    updated_at: datetime = Field(sa_type=UtcInstant)


class PersonElsewhere(Row, table=True):
    """A person's name in somebody else's list."""

    __tablename__ = "person_elsewhere"

    scheme: str = Field(primary_key=True, max_length=40)
    value: str = Field(primary_key=True, max_length=200)
    person_id: str = _of("person", index=True)


class Credit(Row, table=True):
    """What a person did for a title."""

    __tablename__ = "credit"
    __table_args__ = (UniqueConstraint("title_id", "person_id", "job", "character", name="uq_credit_once"),)

    id: str = Field(primary_key=True, max_length=40)
    title_id: str = _of("title", index=True)
    person_id: str = _of("person", index=True)
    job: str = Field(max_length=60)
    """`actor`, `director`, `writer`…"""
    character: str = Field(default="", max_length=300)
    """Whom an actor plays."""
    position: int = Field(default=0)
    """In which order credits are listed."""
