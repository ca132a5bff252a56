"""Titles: films, series with their seasons and episodes, and whatever airs between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlmodel import select

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.library import editing, listing
from control_api.library.detail import beneath, credited
from control_api.library.facts import TitleEdit, TitleGiven
from control_api.library.shown import listed, shown
from control_api.operation import Endpoint, Precondition
from control_api.paging import leaf
from control_api.plans.gate import check_closed
from control_api.problems import CONFLICT, Problem, missing
from control_api.profiles import limits
from control_api.recommending.answers import similar
from control_api.resources.audience import cards, check_seen, states, surrounded
from control_api.resources.title_models import (
    BeneathShown,
    CreditShown,
    TitleDetail,
    TitlePage,
    TitlePath,
    TitleQuery,
)
from control_api.scopes import Scope
from control_api.tables import Title

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.library.hung import Hung
    from control_api.models import Nothing

KIND: Final = "title"
TAG: Final = "Titles"
_SIMILAR: Final = 12


@Endpoint(
    method="GET",
    path="/api/v1/titles",
    name="list_titles",
    summary="Titles, by what they are, and in many orders",
    description="Who has no `titles:read` sees those that are published.",
    scope=Scope.CATALOG_READ,
    tag=TAG,
    query_model=TitleQuery,
    answers={200: TitlePage},
)
async def list_titles(call: Call[Nothing, TitleQuery, Nothing]) -> Answer:
    """A page of titles."""
    sqlite = call.site.database.is_sqlite
    seen = states(call, call.query.state, deleted=call.query.deleted)
    many = await listing.common(call.session, call.query)
    rows = listing.narrowed(select(Title), call.query.model_copy(update={"state": seen}), sqlite=sqlite, many=many)
    rows = rows.where(*limits.conditions(call.caller.viewer))
    found = await leaf(call, rows, listing.order(call.query.sort))
    there, public = await surrounded(call, found.rows), call.site.settings.public_url
    items = [listed(title, there[title.id], public) for title in found.rows]
    return found.answer(TitlePage(items=items, next=found.next))


@Endpoint(
    method="POST",
    path="/api/v1/titles",
    name="create_title",
    summary="Make a title",
    scope=Scope.TITLES_WRITE,
    tag=TAG,
    body_model=TitleGiven,
    answers={201: TitleDetail},
    idempotent=True,
)
async def create_title(call: Call[Nothing, Nothing, TitleGiven]) -> Answer:
    """A draft, unless it says otherwise."""
    check_closed(call.site.settings, call.body.access)
    done = await editing.create(call.session, call.body, call.now)
    call.changed(Change(KIND, done.title.id, "created", after=done.after))
    headers = {"Location": f"/api/v1/titles/{done.title.id}"}
    return Answer(await detailed(call, done.title, done.there), 201, headers, version=done.title.version)


@Endpoint(
    method="GET",
    path="/api/v1/titles/{id}",
    name="read_title",
    summary="One title, with who is credited and what is beneath it",
    description="Who has no `titles:read` sees it when it is published, and of what is beneath it what is.",
    scope=Scope.CATALOG_READ,
    tag=TAG,
    path_model=TitlePath,
    answers={200: TitleDetail},
)
async def read_title(call: Call[TitlePath]) -> Answer:
    """All that is known of it; one in the bin too."""
    title = await found(call.session, call.path.id, held=False)
    await check_seen(call, title)
    return Answer(await detailed(call, title), version=title.version)


@Endpoint(
    method="PATCH",
    path="/api/v1/titles/{id}",
    name="edit_title",
    summary="Change what is said of a title; what airs by it follows",
    scope=Scope.TITLES_WRITE,
    tag=TAG,
    path_model=TitlePath,
    body_model=TitleEdit,
    answers={200: TitleDetail},
    precondition=Precondition.REQUIRED,
)
async def edit_title(call: Call[TitlePath, Nothing, TitleEdit]) -> Answer:
    """Change what was sent, when nobody else has changed the title since it was read."""
    check_closed(call.site.settings, call.body.access)
    title = await found(call.session, call.path.id)
    call.guard(title.version)
    check_kept(title)
    done = await editing.edit(call.session, title, call.body, call.now)
    call.changed(Change(KIND, title.id, "updated", done.before, done.after))
    return Answer(await detailed(call, title, done.there), version=title.version)


OPERATIONS: Final = (list_titles, create_title, read_title, edit_title)


async def found(session: AsyncSession, title: str, *, held: bool = True) -> Title:
    """The row; `held` until the end of the transaction, by which it is to be changed."""
    wanted = select(Title).where(Title.id == title)
    row = (await session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        raise missing("title", title)
    return row


def check_kept(title: Title) -> None:
    """Refuse to change what lies in the bin."""
    if title.deleted_at is not None:
        raise Problem(CONFLICT, "it lies in the bin: restore it first")


async def detailed(call: Call[Any, Any, Any], title: Title, there: Hung | None = None) -> TitleDetail:
    """All that is shown of one title."""
    if there is None:
        there = (await surrounded(call, [title]))[title.id]
    fit = limits.fit(call.caller.viewer)
    rows = await beneath(call.session, title.id, states(call, ()), fit)
    alike = await similar(call.session, call.caller.viewer, title.id, call.now, limit=_SIMILAR)  # B55, C45
    near = [one.title_id for one in alike]
    there_too = await cards(call, [*(row["id"] for row in rows), *near])
    below = [
        BeneathShown(**dict(there_too[row["id"]]), state=row["state"], titles=row["titles"])
        for row in rows
        if row["id"] in there_too
    ]
    return TitleDetail(
        **dict(shown(title, there, call.site.settings.public_url)),
        credits=[CreditShown(**one) for one in await credited(call.session, title.id)],
        beneath=[one for one in below if one.kind != "trailer"],
        trailers=[one for one in below if one.kind == "trailer"],
        similar=[there_too[one] for one in near if one in there_too],
    )
