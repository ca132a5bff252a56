"""The search: titles that fit what was typed, the best first, and what somebody may be about to type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, model_validator
from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.library import search
from control_api.library.flags import Flags
from control_api.library.kinds import TitleKind, TitleState
from control_api.library.shown import TitleListed, listed
from control_api.lists.flags import flagged
from control_api.models import Given, Shown
from control_api.operation import Endpoint
from control_api.profiles import limits
from control_api.recommending.answers import MOST, similar
from control_api.resources.audience import states, surrounded
from control_api.resources.titles import TAG
from control_api.scopes import Scope
from control_api.tables import Title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_api.models import Nothing


_TYPED: Final = "What was typed. Accents, case and slips are forgiven."


class SearchQuery(Given):
    """What is looked for, and where."""

    q: str = Field(min_length=1, max_length=200, description=_TYPED)
    kind: list[TitleKind] = Field(default_factory=list, max_length=20)
    state: list[TitleState] = Field(default_factory=list, max_length=3)
    limit: int = Field(default=20, ge=1, le=100)


class LikeQuery(SearchQuery):
    """What is looked for, or what it shall be like."""

    q: str = Field(default="", max_length=200, description=_TYPED)
    similar_to: str = Field(
        default="", max_length=200, description="The name of a title, as well as somebody knows it: what is like it."
    )

    @model_validator(mode="after")
    def _says_one(self) -> LikeQuery:
        if bool(self.q) == bool(self.similar_to):
            message = "say either `q`, what is looked for, or `similar_to`, what it shall be like"
            raise ValueError(message)
        return self


class SuggestQuery(SearchQuery):
    """What was typed so far."""

    limit: int = Field(default=10, ge=1, le=20)


class SuggestionShown(Shown):
    """A title that may be meant."""

    id: str
    name: str
    kind: str
    year: int | None
    mine: Flags | None = Field(default=None, description="What it is to the profile that asks; null for who has none.")


class TitlesFound(Shown):
    """Titles, the best first."""

    items: list[TitleListed]
    meant: SuggestionShown | None = Field(
        default=None, description="With `similar_to`: the title that was found by it."
    )


class Suggestions(Shown):
    """Titles that may be meant, the likeliest first."""

    items: list[SuggestionShown]


@Endpoint(
    method="GET", path="/api/v1/search", name="search_titles", summary="Titles that fit what was typed, the best first",
    description="All words must be there, the last one perhaps not typed to its end: in names, descriptions, of those "
    "who are credited, or of the series. Where nothing has them, names that are spelt alike are found. Who has no "
    "`titles:read` finds what is published. With `similar_to` what is like the title that fits best is found.",
    scope=Scope.CATALOG_READ, tag=TAG, query_model=LikeQuery, answers={200: TitlesFound},
)  # fmt: skip
async def search_titles(call: Call[Nothing, LikeQuery, Nothing]) -> Answer:
    """At most a hundred: who wants more looks for more words, or walks the list with `q`."""
    meant: SuggestionShown | None = None
    if call.query.similar_to:
        ids, meant = await _like(call)
    else:
        ids = await search.best(call.session, call.query.q, call.query.limit, scope(call))
    titles = await titled(call, ids)
    there, public = await surrounded(call, titles), call.site.settings.public_url
    return Answer(TitlesFound(items=[listed(title, there[title.id], public) for title in titles], meant=meant))


@Endpoint(
    method="GET", path="/api/v1/suggestions", name="suggest_titles", summary="What somebody may be about to type",
    scope=Scope.CATALOG_READ, tag=TAG, query_model=SuggestQuery, answers={200: Suggestions},
)  # fmt: skip
async def suggest_titles(call: Call[Nothing, SuggestQuery, Nothing]) -> Answer:
    """Names that begin so, names with a word that does, or else names that are spelt alike."""
    ids = await search.suggested(call.session, call.query.q, call.query.limit, scope(call))
    viewer = call.caller.viewer
    flags = await flagged(call.session, viewer.id, ids) if viewer is not None else {}
    items = [_brief(title, flags.get(title.id)) for title in await titled(call, ids)]
    return Answer(Suggestions(items=items))


OPERATIONS: Final = (search_titles, suggest_titles)


def _brief(title: Title, mine: Flags | None = None) -> SuggestionShown:
    return SuggestionShown(id=title.id, name=title.name, kind=title.kind, year=title.year or None, mine=mine)


async def _like(call: Call[Nothing, LikeQuery, Nothing]) -> tuple[list[str], SuggestionShown | None]:
    """What is like the title that is called so, or nearly so (C57); and that title."""
    named = await titled(call, await search.best(call.session, call.query.similar_to, 1, scope(call)))
    if not named:
        return [], None
    limit = min(call.query.limit, MOST)
    some = await similar(call.session, call.caller.viewer, named[0].id, call.now, limit=limit, seen=True)
    return [one.title_id for one in some], _brief(named[0])


def scope(call: Call[Nothing, Any, Nothing]) -> search.Scope:
    """Where to look."""
    query: SearchQuery = call.query
    kinds, seen = query.kind, states(call, query.state)
    fit = limits.fit(call.caller.viewer)
    return search.Scope(tuple(kind.value for kind in kinds), tuple(state.value for state in seen), fit)


async def titled(call: Call[Any, Any, Any], ids: Sequence[str]) -> list[Title]:
    """The titles with these ids, in their order."""
    if not ids:
        return []
    rows = {title.id: title for title in (await call.session.exec(select(Title).where(col(Title.id).in_(ids)))).all()}
    return [rows[one] for one in ids if one in rows]
