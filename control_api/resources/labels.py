"""Genres and tags, which are managed alike: listed, made, renamed, merged, and taken away when nothing holds them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.library import merging
from control_api.library.facts import Name
from control_api.library.folding import same
from control_api.library.names import ensured
from control_api.library.programmed import Naming, naming_genres, naming_tags
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, leaf
from control_api.problems import CONFLICT, Problem, missing, unacceptable
from control_api.profiles import desk, limits
from control_api.resources.audience import states
from control_api.scopes import Scope
from control_api.tables import Genre, Tag
from playout.store import Store

if TYPE_CHECKING:
    from control_api.operation import Operation

Label = Tag | Genre


class LabelShown(Shown):
    """A genre or a tag."""

    id: str
    name: str
    titles: int = Field(description="How many titles have it; those in the bin do not count.")


class NamingShown(Shown):
    """A channel whose rules name it."""

    channel: str = Field(description="The id of the channel.")
    name: str
    revision: int = Field(description="The newest revision, whose rules these are.")


class LabelDetail(LabelShown):
    """A genre or a tag, and who chooses by it."""

    channels: list[NamingShown] = Field(description="The channels whose published rules name it.")


class LabelPage(Page[LabelShown]):
    """A page of genres or tags."""


class LabelQuery(PageQuery):
    """Which are wanted."""

    q: str | None = Field(default=None, min_length=1, max_length=100, description="Those whose name begins so.")


class LabelGiven(Given):
    """One that is to be made, or renamed."""

    name: Name


class MergeGiven(Given):
    """What it is to become."""

    into: str = Field(max_length=40, description="The id of the one that stays.")


class DetachQuery(Given):
    """What may be undone for it."""

    detach: bool = Field(default=False, description="Do it though titles have it, or channels choose by it.")


@dataclass(frozen=True, slots=True)
class Sort:
    """What tells genres and tags apart."""

    table: Any
    """`Tag` or `Genre`."""
    kind: str
    path: str
    heading: str
    naming: Callable[[Store, Collection[str]], list[Naming]]
    seen_with: Scope
    """What it takes to list them; with `catalog:read`: those of published titles."""


GENRES: Final = Sort(Genre, "genre", "/api/v1/genres", "Genres", naming_genres, Scope.CATALOG_READ)
TAGS: Final = Sort(Tag, "tag", "/api/v1/tags", "Tags", naming_tags, Scope.TITLES_READ)


class GenrePath(Given):
    """Which genre."""

    id: Annotated[str, Field(pattern=ids.pattern("ge"), description="The id of the genre.")]


class TagPath(Given):
    """Which tag."""

    id: Annotated[str, Field(pattern=ids.pattern("tg"), description="The id of the tag.")]


def operations(sort: Sort, path_model: type[GenrePath | TagPath]) -> tuple[Operation, ...]:
    """All that can be done with one of the two."""
    return (
        _listed(sort), _made(sort), _read(sort, path_model), _renamed(sort, path_model),
        _merged(sort, path_model), _deleted(sort, path_model),
    )  # fmt: skip


def _listed(sort: Sort) -> Operation:
    async def listed(call: Call[Nothing, LabelQuery, Nothing]) -> Answer:
        rows = select(sort.table)
        if call.query.q is not None:
            begun = same(call.query.q)
            rows = rows.where(col(sort.table.folded) >= begun, col(sort.table.folded) < begun + "\U0010ffff")
        seen, fit = states(call, ()), limits.fit(call.caller.viewer)
        if seen or limits.is_limited(call.caller.viewer):
            rows = rows.where(col(sort.table.id).in_(merging.borne(sort.table, seen, fit)))
        found = await leaf(call, rows, [(col(sort.table.folded), False)])
        counts = await merging.counted(call.session, sort.table, [row.id for row in found.rows], seen, fit)
        items = [LabelShown(id=row.id, name=row.name, titles=counts.get(row.id, 0)) for row in found.rows]
        return found.answer(LabelPage(items=items, next=found.next))

    return Endpoint(
        method="GET", path=sort.path, name=f"list_{sort.kind}s", summary=f"All {sort.kind}s, by name",
        scope=sort.seen_with, tag=sort.heading, query_model=LabelQuery, answers={200: LabelPage},
    )(listed)  # fmt: skip


def _made(sort: Sort) -> Operation:
    async def made(call: Call[Nothing, Nothing, LabelGiven]) -> Answer:
        name = call.body.name
        channels = await _channels(call, sort, same(name))
        taken = select(sort.table.id).where(sort.table.folded == same(name))
        if (await call.session.exec(taken)).one_or_none() is not None:
            message = f"there is a {sort.kind} called {name!r}"
            raise Problem(CONFLICT, message)
        row = (await ensured(call.session, sort.table, [name], call.now))[same(name)]
        shown = LabelDetail(id=row, name=name, titles=0, channels=channels)
        call.changed(Change(sort.kind, row, "created", after=LabelGiven(name=name)))
        return Answer(shown, 201, {"Location": f"{sort.path}/{row}"}, version=1)

    return Endpoint(
        method="POST", path=sort.path, name=f"create_{sort.kind}", summary=f"Make a {sort.kind}",
        scope=Scope.TITLES_WRITE, tag=sort.heading, body_model=LabelGiven, answers={201: LabelDetail}, idempotent=True,
    )(made)  # fmt: skip


def _read(sort: Sort, path_model: type[Any]) -> Operation:
    async def read(call: Call[Any, Nothing, Nothing]) -> Answer:
        channels = await _choosing(call, sort, call.path.id)
        row = await _row(call, sort, call.path.id, held=False)
        return Answer(await _detail(call, sort, row, channels), version=row.version)

    return Endpoint(
        method="GET", path=f"{sort.path}/{{id}}", name=f"read_{sort.kind}",
        summary=f"One {sort.kind}, and the channels that choose by it",
        scope=Scope.TITLES_READ, tag=sort.heading, path_model=path_model, answers={200: LabelDetail},
    )(read)  # fmt: skip


def _renamed(sort: Sort, path_model: type[Any]) -> Operation:
    async def renamed(call: Call[Any, DetachQuery, LabelGiven]) -> Answer:
        channels = await _choosing(call, sort, call.path.id)
        then = await _channels(call, sort, same(call.body.name))
        row = await _row(call, sort, call.path.id)
        call.guard(row.version)
        before, name = row.name, call.body.name
        if same(name) != row.folded:
            _check(call, sort, channels)
        if name != before:
            await merging.rename(call.session, row, name, call.now)
        call.changed(Change(sort.kind, row.id, "renamed", LabelGiven(name=before), LabelGiven(name=name)))
        return Answer(await _detail(call, sort, row, then), version=row.version)

    return Endpoint(
        method="PATCH", path=f"{sort.path}/{{id}}", name=f"rename_{sort.kind}",
        summary=f"Rename a {sort.kind} on all titles that have it",
        description="Refused while the rules of a channel name it, for they then match less, unless `detach` says so.",
        scope=Scope.TITLES_WRITE, tag=sort.heading, path_model=path_model, query_model=DetachQuery,
        body_model=LabelGiven, answers={200: LabelDetail}, precondition=Precondition.REQUIRED,
    )(renamed)  # fmt: skip


def _merged(sort: Sort, path_model: type[Any]) -> Operation:
    async def merged(call: Call[Any, DetachQuery, MergeGiven]) -> Answer:
        channels = await _choosing(call, sort, call.path.id)
        then = await _choosing(call, sort, call.body.into)
        row = await _row(call, sort, call.path.id)
        wanted = select(sort.table).where(sort.table.id == call.body.into)
        into = (await call.session.exec(wanted.with_for_update())).one_or_none()
        if into is None or into.id == row.id:
            message = "is the one that is to be gone" if into is not None else f"there is no {sort.kind} of this id"
            raise unacceptable("/into", message)
        _check(call, sort, channels)
        gone = LabelGiven(name=row.name)
        await merging.merge(call.session, row, into, call.now)
        if sort is GENRES:
            call.outdated += await desk.merged(call.session, row.id, into.id)
        call.changed(Change(sort.kind, row.id, "merged", gone, MergeGiven(into=into.id)))
        return Answer(await _detail(call, sort, into, then), version=into.version)

    return Endpoint(
        method="POST", path=f"{sort.path}/{{id}}/merge", name=f"merge_{sort.kind}",
        summary=f"Give another {sort.kind} to all titles that have this one, which is gone then",
        scope=Scope.TITLES_WRITE, tag=sort.heading, path_model=path_model, query_model=DetachQuery,
        body_model=MergeGiven, answers={200: LabelDetail},
    )(merged)  # fmt: skip


def _deleted(sort: Sort, path_model: type[Any]) -> Operation:
    async def deleted(call: Call[Any, DetachQuery, Nothing]) -> Answer:
        channels = await _choosing(call, sort, call.path.id)
        row = await _row(call, sort, call.path.id)
        call.guard(row.version)
        holders = await merging.holders(call.session, row)
        if holders and not call.query.detach:
            message = f"{len(holders)} titles have it: send `detach=true` to take it from them"
            raise Problem(CONFLICT, message)
        _check(call, sort, channels)
        await merging.detach(call.session, row, call.now)
        call.changed(Change(sort.kind, row.id, "deleted", before=LabelGiven(name=row.name)))
        return Answer(status=204)

    return Endpoint(
        method="DELETE", path=f"{sort.path}/{{id}}", name=f"delete_{sort.kind}", summary=f"Delete a {sort.kind}",
        description="Refused while a title has it, or the rules of a channel name it, unless `detach` is asked for.",
        scope=Scope.TITLES_WRITE, tag=sort.heading, path_model=path_model, query_model=DetachQuery,
        answers={204: None}, precondition=Precondition.HEEDED,
    )(deleted)  # fmt: skip


async def _row(call: Call[Any, Any, Any], sort: Sort, which: str, *, held: bool = True) -> Label:
    wanted = select(sort.table).where(sort.table.id == which)
    row: Label | None = (await call.session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        raise missing(sort.kind, which)
    return row


async def _detail(call: Call[Any, Any, Any], sort: Sort, row: Label, channels: list[NamingShown]) -> LabelDetail:
    counts = await merging.counted(call.session, sort.table, [row.id])
    return LabelDetail(id=row.id, name=row.name, titles=counts.get(row.id, 0), channels=channels)


async def _choosing(call: Call[Any, Any, Any], sort: Sort, which: str) -> list[NamingShown]:
    """The channels that choose by it, read before the transaction begins, which nobody shall wait for."""
    async with call.site.database.reading() as session:
        folded = (await session.exec(select(sort.table.folded).where(sort.table.id == which))).one_or_none()
    return [] if folded is None else await _channels(call, sort, folded)


async def _channels(call: Call[Any, Any, Any], sort: Sort, folded: str) -> list[NamingShown]:
    found = await asyncio.to_thread(sort.naming, call.site.settings.place.store(), (folded,))
    return [NamingShown.model_validate(one) for one in found]


def _check(call: Call[Any, DetachQuery, Any], sort: Sort, channels: list[NamingShown]) -> None:
    if channels and not call.query.detach:
        named = ", ".join(f"{one.channel} (revision {one.revision})" for one in channels)
        message = f"channels choose by this {sort.kind}: {named}; change their rules first, or send `detach=true`"
        raise Problem(CONFLICT, message)
