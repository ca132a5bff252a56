"""Break points of assets: where channels may interrupt them. Each stands at a cut, and how far it moved is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field
from sqlmodel import select

from control_api.assets.breaks import BreakState, Edit, cut_list, millis, nearest, points, ticks_of
from control_api.assets.care import due
from control_api.assets.shown import AssetPath, BreakShown, BreaksShown, break_shown
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Millis
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.problems import CONFLICT, Problem, missing, unacceptable
from control_api.resources.assets import KIND, TAG, documented, found
from control_api.scopes import Scope
from control_api.tables import BreakEdit
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from control_api.assets.breaks import Point
    from control_api.tables import Asset
    from playout.core.asset import Asset as Document

_MOST: Final = 1000


class BreakPath(AssetPath):
    """Which break point."""

    segment: int = Field(ge=1, le=1 << 31, description="The segment that plays after the break.")


class BreakGiven(Given):
    """A break point that is to be."""

    at_ms: Millis = Field(description="Where it is wanted; it goes to the nearest cut.")


class BreakEditGiven(Given):
    """What is to be said of a break point, or where it is to go; what is left out stays."""

    state: Literal["found", "confirmed", "rejected"] | None = Field(
        default=None, description="found: nothing is said of it any more."
    )
    at_ms: Millis | None = Field(default=None, description="Where it is to go: to the nearest cut.")


class CutQuery(Given):
    """Which cuts are wanted."""

    from_ms: Millis = Field(default=0, description="From here on.")
    to_ms: Millis | None = Field(default=None, description="Until before this; to the end where it is left out.")


class CutShown(Shown):
    """A place at which a break may stand."""

    segment: int
    at_ms: Millis


class CutsShown(Shown):
    """Cuts, in order: a thousand at most."""

    items: list[CutShown]
    is_all: bool = Field(description="Whether those are all that were asked for.")


@Endpoint(
    method="GET",
    path="/api/v1/assets/{id}/breaks",
    name="list_breaks",
    summary="The break points of an asset, those that people rejected too",
    scope=Scope.ASSETS_READ,
    tag=TAG,
    path_model=AssetPath,
    answers={200: BreaksShown},
)
async def list_breaks(call: Call[AssetPath]) -> Answer:
    """With what people say of each."""
    known = await documented(call)
    row = await found(call)
    return Answer(_shown(known, await _rows(call, row)), version=row.version)


@Endpoint(
    method="GET",
    path="/api/v1/assets/{id}/cuts",
    name="list_cuts",
    summary="The cuts of an asset, at which a break may stand",
    scope=Scope.ASSETS_READ,
    tag=TAG,
    path_model=AssetPath,
    query_model=CutQuery,
    answers={200: CutsShown},
)
async def list_cuts(call: Call[AssetPath, CutQuery, Nothing]) -> Answer:
    """They never change."""
    known = await documented(call)
    stop = known.cuts.end if call.query.to_ms is None else ticks_of(call.query.to_ms)
    cuts = cut_list(known, ticks_of(call.query.from_ms), stop, _MOST + 1)
    items = [CutShown(segment=segment, at_ms=millis(tick)) for segment, tick in cuts[:_MOST]]
    return Answer(CutsShown(items=items, is_all=len(cuts) <= _MOST))


@Endpoint(
    method="POST",
    path="/api/v1/assets/{id}/breaks",
    name="add_break",
    summary="Add a break point at the cut nearest to a time",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=AssetPath,
    body_model=BreakGiven,
    answers={201: BreakShown},
    precondition=Precondition.REQUIRED,
    description="If-Match names the version of the asset, or of the list. What is committed airs as it is.",
)
async def add_break(call: Call[AssetPath, Nothing, BreakGiven]) -> Answer:
    """The answer says how far it moved."""
    known = await documented(call)
    row = await found(call, held=True)
    call.guard(row.version)
    rows = await _rows(call, row)
    segment = await _put(call, row, known, rows, call.body.at_ms)
    return await _told(call, row, known, rows, (segment, "break_added", 201))


@Endpoint(
    method="PATCH",
    path="/api/v1/assets/{id}/breaks/{segment}",
    name="edit_break",
    summary="Confirm, reject or move a break point",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=BreakPath,
    body_model=BreakEditGiven,
    answers={200: BreakShown},
    precondition=Precondition.REQUIRED,
)
async def edit_break(call: Call[BreakPath, Nothing, BreakEditGiven]) -> Answer:
    """One that moves is another one: the cut is its name."""
    known = await documented(call)
    row = await found(call, held=True)
    call.guard(row.version)
    rows = await _rows(call, row)
    segment = _one(known, rows, call.path.segment).point.segment
    if call.body.at_ms is not None:
        await _drop(call, row, known, rows, segment)
        segment = await _put(call, row, known, rows, call.body.at_ms)
    if call.body.state is not None:
        await _say(call, row, known, rows, Edit(segment, BreakState(call.body.state)))
    return await _told(call, row, known, rows, (segment, "break_edited", 200))


@Endpoint(
    method="DELETE",
    path="/api/v1/assets/{id}/breaks/{segment}",
    name="delete_break",
    summary="Remove a break point that people added, or reject one that was found",
    scope=Scope.ASSETS_WRITE,
    tag=TAG,
    path_model=BreakPath,
    answers={200: BreaksShown},
    precondition=Precondition.REQUIRED,
)
async def delete_break(call: Call[BreakPath]) -> Answer:
    """Channels break there no more."""
    known = await documented(call)
    row = await found(call, held=True)
    call.guard(row.version)
    rows = await _rows(call, row)
    _one(known, rows, call.path.segment)
    await _drop(call, row, known, rows, call.path.segment)
    await _changed(call, row, known, rows, "break_deleted")
    return Answer(_shown(known, rows), version=row.version)


OPERATIONS: Final = (list_breaks, list_cuts, add_break, edit_break, delete_break)

Rows = dict[int, BreakEdit]
"""What people say, by segment."""


async def _rows(call: Call[Any, Any, Any], row: Asset) -> Rows:
    said = await call.session.exec(select(BreakEdit).where(BreakEdit.asset_id == row.id))
    return {one.segment: one for one in said.all()}


def _points(known: Document, rows: Rows) -> list[Point]:
    edits = [Edit(one.segment, BreakState(one.state), Ticks(one.snapped)) for one in rows.values()]
    return points(known.breaks, edits)


def _shown(known: Document, rows: Rows) -> BreaksShown:
    return BreaksShown(items=[break_shown(one, known) for one in _points(known, rows)])


def _one(known: Document, rows: Rows, segment: int) -> Point:
    """The break point at a cut. Raises `Problem`."""
    there = next((one for one in _points(known, rows) if one.point.segment == segment), None)
    if there is None:
        raise missing("break point at segment", str(segment))
    return there


async def _put(call: Call[Any, Any, Any], row: Asset, known: Document, rows: Rows, at_ms: int) -> int:
    """Have a break point near a time; the segment of its cut. Raises `Problem`."""
    wanted = ticks_of(at_ms)
    if not 0 < wanted < known.cuts.end:
        raise unacceptable("/at_ms", f"lies outside the asset, which plays {millis(known.cuts.end)} ms")
    near = nearest(known.cuts, wanted)
    if near is None:
        raise Problem(CONFLICT, "the asset is a single segment: there is no cut within it")
    segment, snapped = near
    there = next((one for one in _points(known, rows) if one.point.segment == segment), None)
    if there is not None and there.state is not BreakState.REJECTED:
        at = millis(known.cuts.tick(segment))
        raise Problem(CONFLICT, f"there is a break point already at the nearest cut, at {at} ms")
    is_found = any(point.segment == segment for point in known.breaks)
    await _say(call, row, known, rows, Edit(segment, BreakState.CONFIRMED if is_found else BreakState.ADDED, snapped))
    return segment


async def _drop(call: Call[Any, Any, Any], row: Asset, known: Document, rows: Rows, segment: int) -> None:
    """Have no break point at a cut."""
    if any(point.segment == segment for point in known.breaks):
        await _say(call, row, known, rows, Edit(segment, BreakState.REJECTED))
    else:
        await call.session.delete(rows.pop(segment))


async def _say(call: Call[Any, Any, Any], row: Asset, known: Document, rows: Rows, edit: Edit) -> None:
    """Write what is said of a cut."""
    is_found = any(point.segment == edit.segment for point in known.breaks)
    there = rows.get(edit.segment)
    if edit.state is BreakState.FOUND and is_found:
        if there is not None:
            await call.session.delete(rows.pop(edit.segment))
        return
    state = edit.state
    if not is_found and state in (BreakState.FOUND, BreakState.CONFIRMED):
        state = BreakState.ADDED
    if there is None:
        there = BreakEdit(asset_id=row.id, segment=edit.segment, state=state, snapped=edit.snapped, at=call.now, by="")
        rows[edit.segment] = there
    there.state, there.at, there.by = state, call.now, call.caller.id
    if edit.state is BreakState.ADDED:
        there.snapped = edit.snapped
    call.session.add(there)


async def _changed(call: Call[Any, Any, Any], row: Asset, known: Document, rows: Rows, action: str) -> None:
    """Count the edit, tell of it, and have the air told."""
    row.version += 1
    call.session.add(row)
    await due(call.session, row.id, call.now)
    call.changed(Change(KIND, row.id, action, after=_shown(known, rows)))


async def _told(
    call: Call[Any, Any, Any], row: Asset, known: Document, rows: Rows, done: tuple[int, str, int]
) -> Answer:
    segment, action, status = done
    await _changed(call, row, known, rows, action)
    here = _one(known, rows, segment)
    headers = {"Location": f"/api/v1/assets/{row.id}/breaks/{segment}"} if status == 201 else {}  # noqa: PLR2004 — made
    return Answer(break_shown(here, known), status, headers, version=row.version)
