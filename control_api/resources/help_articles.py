"""Help: articles and answers to what is asked often, in several languages. Texts are Markdown, as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.notices.languages import Tag, best
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, page
from control_api.problems import CONFLICT, Problem, missing
from control_api.scopes import OPEN, Scope
from control_api.tables import HelpArticle

if TYPE_CHECKING:
    from collections.abc import Sequence

_KIND: Final = "help_article"
_TAG: Final = "Help"
_PATH: Final = "/api/v1/help-articles"
_ORDER: Final = (
    (col(HelpArticle.section), False),
    (col(HelpArticle.category), False),
    (col(HelpArticle.position), False),
    (col(HelpArticle.id), False),
)
_SLUG: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Slug = Annotated[str, Field(pattern=_SLUG, max_length=80, description="By which it is found.", examples=["sign-in"])]
Section = Literal["help", "faq"]
Markdown = Annotated[
    str,
    Field(
        min_length=1,
        max_length=50_000,
        description="Markdown (CommonMark). It is handed out as it was written: whoever makes HTML of it cleans that.",
    ),
]


class HelpPath(Given):
    """Which article."""

    slug: Slug


class HelpQuery(PageQuery):
    """Which articles are wanted."""

    section: Section | None = Field(default=None, description="Only of it.")
    category: str | None = Field(default=None, max_length=60, description="Only of it.")
    language: Tag | None = Field(default=None, description="What is not there in it comes in that of the station.")
    q: str | None = Field(default=None, min_length=2, max_length=100, description="What stands in title or text.")


class LanguageQuery(Given):
    """In which language."""

    language: Tag | None = Field(default=None, description="Where it is not there in it: in that of the station.")


class ArticlePath(Given):
    """Which article, in which language."""

    id: str = Field(pattern=ids.pattern("ha"), description="The id of the article.")


class ArticleQuery(PageQuery):
    """Which articles are wanted."""

    section: Section | None = Field(default=None, description="Only of it.")
    language: Tag | None = Field(default=None, description="Only in it.")
    published: bool | None = Field(default=None, description="Only those that are published, or only the others.")


class ArticleGiven(Given):
    """An article in one language."""

    slug: Slug
    language: Tag
    section: Section = "help"
    category: str = Field(default="", max_length=60)
    position: int = Field(default=0, ge=0, le=1_000_000, description="Those with smaller ones come first.")
    title: str = Field(min_length=1, max_length=200)
    text: Markdown
    published: bool = False


class ArticleEdit(Given):
    """What is to be another way; what is left out stays."""

    slug: Slug | None = None
    section: Section | None = None
    category: str | None = Field(default=None, max_length=60)
    position: int | None = Field(default=None, ge=0, le=1_000_000)
    title: str | None = Field(default=None, min_length=1, max_length=200)
    text: Markdown | None = None
    published: bool | None = None


class HelpListed(Shown):
    """An article in a list."""

    slug: str
    language: str
    section: str
    category: str
    title: str
    updated_at: Instant


class HelpShown(HelpListed):
    """An article, whole."""

    text: str = Field(description="Markdown (CommonMark).")


class ArticleShown(HelpShown):
    """An article, as who writes it sees it."""

    id: str
    position: int
    published_at: Instant | None
    created_at: Instant


class HelpPage(Page[HelpListed]):
    """A page of articles."""


class ArticlePage(Page[ArticleShown]):
    """A page of articles, in their order."""


@Endpoint(
    method="GET",
    path="/api/v1/help",
    name="list_help",
    summary="Help, and answers to what is asked often",
    scope=OPEN,
    tag=_TAG,
    query_model=HelpQuery,
    answers={200: HelpPage},
)
async def list_help(call: Call[Nothing, HelpQuery, Nothing]) -> Answer:
    """A page of what is published, each article once."""
    query, usual = call.query, call.site.settings.language
    wanted, other = query.language or usual, aliased(HelpArticle)
    rows = select(HelpArticle).where(col(HelpArticle.published_at).is_not(None))
    there = select(other.id).where(
        other.slug == col(HelpArticle.slug), other.language == wanted, col(other.published_at).is_not(None)
    )
    rows = rows.where(
        or_(
            HelpArticle.language == wanted,
            (col(HelpArticle.language) == usual) & ~there.correlate(HelpArticle).exists(),
        )
    )
    if query.section is not None:
        rows = rows.where(HelpArticle.section == query.section)
    if query.category is not None:
        rows = rows.where(HelpArticle.category == query.category)
    if query.q is not None:
        found = (
            column.icontains(query.q, autoescape=True) for column in (col(HelpArticle.title), col(HelpArticle.text))
        )
        rows = rows.where(or_(*found))
    return await page(call, rows, _ORDER, HelpListed.model_validate, HelpPage)


@Endpoint(
    method="GET",
    path="/api/v1/help/{slug}",
    name="read_help",
    summary="One article",
    scope=OPEN,
    tag=_TAG,
    path_model=HelpPath,
    query_model=LanguageQuery,
    answers={200: HelpShown},
)
async def read_help(call: Call[HelpPath, LanguageQuery, Nothing]) -> Answer:
    """In the language that is asked for, or else another one."""
    rows = select(HelpArticle).where(HelpArticle.slug == call.path.slug, col(HelpArticle.published_at).is_not(None))
    found = {row.language: row for row in (await call.session.exec(rows.limit(100))).all()}
    if not found:
        raise missing("article", call.path.slug)
    usual = call.site.settings.language
    return Answer(HelpShown.model_validate(found[best(found, call.query.language or usual, usual)]))


@Endpoint(
    method="GET",
    path=_PATH,
    name="list_help_articles",
    summary="All articles, in their order, drafts too",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    query_model=ArticleQuery,
    answers={200: ArticlePage},
)
async def list_help_articles(call: Call[Nothing, ArticleQuery, Nothing]) -> Answer:
    """A page of articles."""
    rows, query = select(HelpArticle), call.query
    if query.section is not None:
        rows = rows.where(HelpArticle.section == query.section)
    if query.language is not None:
        rows = rows.where(HelpArticle.language == query.language)
    if query.published is not None:
        out = col(HelpArticle.published_at)
        rows = rows.where(out.is_not(None) if query.published else out.is_(None))
    return await page(call, rows, _ORDER, ArticleShown.model_validate, ArticlePage)


@Endpoint(
    method="POST",
    path=_PATH,
    name="create_help_article",
    summary="Write an article",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    body_model=ArticleGiven,
    answers={201: ArticleShown},
    idempotent=True,
)
async def create_help_article(call: Call[Nothing, Nothing, ArticleGiven]) -> Answer:
    """One text in one language; those of one slug are the same article."""
    given = call.body
    row = HelpArticle(
        id=ids.new_id("ha"),
        **given.model_dump(exclude={"published"}),
        published_at=call.now if given.published else None,
        created_at=call.now,
        updated_at=call.now,
    )
    await _check_free(call, row)
    call.session.add(row)
    shown = ArticleShown.model_validate(row)
    call.changed(Change(_KIND, row.id, "created", after=shown))
    return Answer(shown, 201, {"Location": f"{_PATH}/{row.id}"}, version=row.version)


@Endpoint(
    method="GET",
    path=f"{_PATH}/{{id}}",
    name="read_help_article",
    summary="One article, as it is written",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=ArticlePath,
    answers={200: ArticleShown},
)
async def read_help_article(call: Call[ArticlePath]) -> Answer:
    """A draft too."""
    row = await call.session.get(HelpArticle, call.path.id)
    if row is None:
        raise missing("article", call.path.id)
    return Answer(ArticleShown.model_validate(row), version=row.version)


@Endpoint(
    method="PATCH",
    path=f"{_PATH}/{{id}}",
    name="edit_help_article",
    summary="Change an article, publish it, or take it back",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=ArticlePath,
    body_model=ArticleEdit,
    answers={200: ArticleShown},
    precondition=Precondition.REQUIRED,
)
async def edit_help_article(call: Call[ArticlePath, Nothing, ArticleEdit]) -> Answer:
    """Change what was sent, when nobody else has changed it since it was read."""
    row = await _held(call)
    call.guard(row.version)
    before = ArticleShown.model_validate(row)
    for name, value in call.body.model_dump(exclude={"published"}, exclude_none=True).items():
        setattr(row, name, value)
    if call.body.published is not None:
        row.published_at = (row.published_at or call.now) if call.body.published else None
    await _check_free(call, row)
    if ArticleShown.model_validate(row) != before:
        row.version, row.updated_at = row.version + 1, call.now
    shown = ArticleShown.model_validate(row)
    call.changed(Change(_KIND, row.id, "updated", before, shown))
    return Answer(shown, version=row.version)


@Endpoint(
    method="DELETE",
    path=f"{_PATH}/{{id}}",
    name="delete_help_article",
    summary="Delete an article in one language",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=ArticlePath,
    answers={204: None},
)
async def delete_help_article(call: Call[ArticlePath]) -> Answer:
    """It is gone; the audit has what it said."""
    row = await _held(call)
    await call.session.delete(row)
    call.changed(Change(_KIND, row.id, "deleted", before=ArticleShown.model_validate(row)))
    return Answer(status=204)


OPERATIONS: Final[Sequence[Any]] = (
    list_help,
    read_help,
    list_help_articles,
    create_help_article,
    read_help_article,
    edit_help_article,
    delete_help_article,
)


async def _held(call: Call[ArticlePath, Any, Any]) -> HelpArticle:
    wanted = select(HelpArticle).where(HelpArticle.id == call.path.id).with_for_update()
    row = (await call.session.exec(wanted)).one_or_none()
    if row is None:
        raise missing("article", call.path.id)
    return row


async def _check_free(call: Call[Any, Any, Any], row: HelpArticle) -> None:
    with call.session.no_autoflush:
        same = (HelpArticle.slug == row.slug, HelpArticle.language == row.language, HelpArticle.id != row.id)
        if (await call.session.exec(select(HelpArticle.id).where(*same))).first() is not None:
            raise Problem(CONFLICT, f"there is an article {row.slug} in {row.language} already")
