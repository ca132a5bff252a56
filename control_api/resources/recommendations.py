"""Recommendations: what is watched now, what is popular, what is alike, and what suits who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant
from control_api.jobs import submit
from control_api.library.cards import TitleCard
from control_api.library.kinds import TitleState
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.profiles import limits
from control_api.recommending import answers, versions
from control_api.recommending.apart import RECOMMEND, Build
from control_api.recommending.scheduling import building, due_at
from control_api.recommending.suggestions import Why
from control_api.resources.audience import cards, check_seen
from control_api.resources.title_models import TitlePath
from control_api.resources.titles import found
from control_api.scopes import Scope
from control_api.tables import Genre, Title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_api.recommending.suggestions import Reason, Suggestion

_TAG: Final = "Recommendations"
_KIND: Final = "job"
Limit: Final[Any] = Field(default=20, ge=1, le=answers.MOST)


class SuitedQuery(Given):
    """How many, and of what."""

    limit: int = Limit
    genre: str = Field(default="", max_length=100, description="Of this genre alone: its name, or its id.")


class BestQuery(SuitedQuery):
    """The same, where all are asked about."""

    seen: bool = Field(default=False, description="Whether what the profile has seen to the end is among them.")


class LikeQuery(Given):
    """How many."""

    limit: int = Limit
    seen: bool = Field(default=False, description="Whether what the profile has seen to the end is among them.")


class NamedShown(Shown):
    """A title or a genre, by its name."""

    id: str
    name: str


class ReasonShown(Shown):
    """Why a title is recommended."""

    kind: Why
    title: NamedShown | None = Field(description="The one that it is like.")
    genre: NamedShown | None = Field(description="The one in which it is popular.")


class Recommendation(Shown):
    """A title that is recommended."""

    title: TitleCard
    reason: ReasonShown
    score: float = Field(description="How much speaks for it; comparable within one answer alone.")


class Recommendations(Shown):
    """Titles, the best first."""

    items: list[Recommendation]


class BuildGiven(Given):
    """How it is to be worked out."""

    full: bool = Field(default=False, description="Whether all is worked out anew, and not only what has changed.")


class BuildShown(Shown):
    """The job that works it out."""

    job: str


class VersionShown(Shown):
    """What is read now."""

    number: int
    model: str
    begun_at: Instant = Field(description="What happened before then is in it.")
    full_at: Instant = Field(description="When all of it was last worked out anew.")
    took_ms: int
    works: int = Field(description="How many titles are in it.")
    anew: int = Field(description="Of how many of them it was worked out anew what they are like.")
    profiles: int = Field(description="How many profiles have watched, rated or listed something.")
    plays: int = Field(description="How much of that counts.")


class StatusShown(Shown):
    """How it stands."""

    version: VersionShown | None = Field(description="Null: there is none yet.")
    building: str | None = Field(description="The job that makes the next one; null: none does.")
    due_at: Instant | None = Field(description="When the next one is due; null: as soon as can be, or on wish alone.")


@Endpoint(
    method="GET", path="/api/v1/recommendations", name="list_recommendations",
    summary="Titles that suit the profile that asks, each with the reason",
    description="By what it has watched, rated and listed, lately above all; what was rated low or put away soon "
    "counts against what is like it. Nothing that it has begun or rated; of a series the series. Who has done nothing "
    "yet is shown what is popular in the genres that the profile likes, and then what is popular; so is an API key.",
    scope=Scope.CATALOG_READ, tag=_TAG, query_model=SuitedQuery, answers={200: Recommendations},
)  # fmt: skip
async def list_recommendations(call: Call[Nothing, SuitedQuery, Nothing]) -> Answer:
    """B66, C58, C73: in as many queries for few as for many."""
    query = call.query
    some = await answers.personalized(call.session, call.caller.viewer, call.now, limit=query.limit, genre=query.genre)
    return await _answer(call, some)


@Endpoint(
    method="GET", path="/api/v1/recommendations/trending", name="list_trending", summary="What is watched now",
    description="Viewers of the last days, each day's counting less than the next one's.",
    scope=Scope.CATALOG_READ, tag=_TAG, query_model=BestQuery, answers={200: Recommendations},
)  # fmt: skip
async def list_trending(call: Call[Nothing, BestQuery, Nothing]) -> Answer:
    """B64."""
    query = call.query
    some = await answers.trending(
        call.session, call.caller.viewer, call.now, limit=query.limit, genre=query.genre, seen=query.seen
    )
    return await _answer(call, some)


@Endpoint(
    method="GET", path="/api/v1/recommendations/popular", name="list_popular",
    summary="What is watched much and rated well, of all or of a genre",
    scope=Scope.CATALOG_READ, tag=_TAG, query_model=BestQuery, answers={200: Recommendations},
)  # fmt: skip
async def list_popular(call: Call[Nothing, BestQuery, Nothing]) -> Answer:
    """B65."""
    query = call.query
    some = await answers.popular(
        call.session, call.caller.viewer, call.now, limit=query.limit, genre=query.genre, seen=query.seen
    )
    return await _answer(call, some)


@Endpoint(
    method="GET", path="/api/v1/recommendations/similar/{id}", name="list_similar", summary="What is like a title",
    description="By genres, tags, people, words and years, and by who watches both.",
    scope=Scope.CATALOG_READ, tag=_TAG, path_model=TitlePath, query_model=LikeQuery, answers={200: Recommendations},
)  # fmt: skip
async def list_similar(call: Call[TitlePath, LikeQuery, Nothing]) -> Answer:
    """B67, C57; of an episode what is like its series."""
    title = await found(call.session, call.path.id, held=False)
    await check_seen(call, title)
    query = call.query
    some = await answers.similar(
        call.session, call.caller.viewer, title.id, call.now, limit=query.limit, seen=query.seen
    )
    return await _answer(call, some)


@Endpoint(
    method="POST", path="/api/v1/recommendations:build", name="build_recommendations",
    summary="Work recommendations out anew now, as a job",
    description="Where nothing has changed nothing is made. One that is being made already is answered instead, "
    "unless all is wanted anew and it is made of a part.",
    scope=Scope.RAILS_WRITE, tag=_TAG, body_model=BuildGiven, answers={202: BuildShown}, idempotent=True,
)  # fmt: skip
async def build_recommendations(call: Call[Nothing, Nothing, BuildGiven]) -> Answer:
    """C56."""
    there = await building(call.session, full=call.body.full)
    given, owner = Build(full=call.body.full), call.caller.id
    job = there or (await submit(call.session, RECOMMEND, given, now=call.now, owner=owner)).id
    shown = BuildShown(job=job)
    call.changed(Change(_KIND, job, "submitted", before=shown if there else None, after=shown))
    return Answer(shown, 202, {"Location": f"/api/v1/jobs/{job}"})


@Endpoint(
    method="GET", path="/api/v1/recommendations/status", name="read_recommendations_status",
    summary="Which version of the recommendations is read, and when the next one is due",
    scope=Scope.JOBS_READ, tag=_TAG, answers={200: StatusShown},
)  # fmt: skip
async def read_recommendations_status(call: Call) -> Answer:
    """In four queries."""
    settings = call.site.settings
    version = await versions.newest(call.session)
    return Answer(
        StatusShown(
            version=None if version is None else VersionShown.model_validate(version),
            building=await building(call.session),
            due_at=await due_at(call.session, settings) if settings.recommendation_minutes else None,
        )
    )


OPERATIONS: Final = (
    list_recommendations,
    list_recommendations.also_at("/api/v1/recommendations/personalized", "list_personalized"),
    list_trending, list_popular, list_similar, build_recommendations,
    read_recommendations_status,
)  # fmt: skip


async def _answer(call: Call[Any, Any, Any], some: Sequence[Suggestion]) -> Answer:
    there = await cards(call, [one.title_id for one in some])
    names = await _named(call, [one.reason for one in some])
    items = [
        Recommendation(title=there[one.title_id], reason=_reason(one.reason, names), score=round(one.score, 4))
        for one in some
        if one.title_id in there
    ]
    return Answer(Recommendations(items=items))


async def _named(call: Call[Any, Any, Any], reasons: Sequence[Reason]) -> dict[str, str]:
    """What titles and genres are called that are reasons."""
    names: dict[str, str] = {}
    titles = {one.title_id for one in reasons if one.title_id is not None}
    if titles:
        rows = select(Title.id, Title.name).where(col(Title.id).in_(titles), col(Title.deleted_at).is_(None))
        rows = rows.where(Title.state == TitleState.PUBLISHED, *limits.conditions(call.caller.viewer))
        names |= dict((await call.session.exec(rows)).all())
    genres = {one.genre_id for one in reasons if one.genre_id is not None}
    if genres:
        of = select(Genre.id, Genre.name).where(col(Genre.id).in_(genres))
        names |= dict((await call.session.exec(of)).all())
    return names


def _reason(reason: Reason, names: dict[str, str]) -> ReasonShown:
    title, genre = (
        NamedShown(id=one, name=names[one]) if one is not None and one in names else None
        for one in (reason.title_id, reason.genre_id)
    )
    return ReasonShown(kind=reason.why, title=title, genre=genre)
