"""Blocks of a channel, put at a time by hand; and filling a stretch of time with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.channels.blocks import Block, Span, blocks, filled, local, name_of
from control_api.channels.document import CHANNELS
from control_api.channels.edits import GONE
from control_api.instants import Instant, Millis
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, sliced
from control_api.problems import CONFLICT, UNACCEPTABLE, Mistake, Problem, missing, unacceptable
from control_api.resources.air import AssetId
from control_api.resources.channels import KIND, ChannelPath
from control_api.scopes import Scope
from playout.core.asset import PROGRAM_KINDS
from playout.core.asset import Kind as AssetKind
from playout.core.shelves import shelves_of
from playout.core.ticks import TIMEBASE, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from control_api.channels.document import Document
    from playout.config import Draft
    from playout.core.catalog import Catalog
    from playout.station import Station

TAG: Final = "Blocks"
_PART: Final = "dayparts"
_MOST: Final = 500

Kind = Literal["vod", "ad"]
"""What a block airs: programs with what belongs between them, or advertising alone."""
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^/\x00-\x1f\x7f]+$", description="Its name.")]


class BlockPath(ChannelPath):
    """Which block."""

    name: Name


class BlocksQuery(PageQuery):
    """Which blocks are wanted."""

    start: Instant | None = Field(default=None, description="Those that begin at this instant or later.")
    stop: Instant | None = Field(default=None, description="Those that begin before this instant.")
    kind: Kind | None = Field(default=None, description="Those of this kind.")


class BlockShown(Shown):
    """Programs, or ads, at a time."""

    name: str
    kind: Kind = Field(description="ad: all that it airs is advertising; vod: anything else.")
    start: Instant
    stop: Instant | None = Field(description="When its programs end, without breaks; null where one is not packaged.")
    at: str = Field(description="When it begins, by the clocks of the channel.")
    assets: list[str]
    ads: list[str] = Field(description="What airs before each of its programs.")
    label: str
    late: str = Field(
        description="cut: what runs when it begins is cut; run: it plays on; skip: the block is left out."
    )


class BlockPage(Page[BlockShown]):
    """A page of blocks, in the order of time."""


class BlockGiven(Given):
    """Programs, or ads, that are to begin at a time."""

    kind: Kind = Field(default="vod", description="ad: whatever it airs must be advertising, and has no ads before it.")
    start: Instant = Field(description="When it begins, to the second.")
    assets: list[AssetId] = Field(min_length=1, max_length=100, description="What it airs, in this order.")
    ads: list[AssetId] = Field(default_factory=list, max_length=20, description="What airs before each of them.")
    label: str = Field(default="", max_length=200, description="What the guide calls it where its programs are short.")
    late: Literal["cut", "run", "skip"] = "cut"
    name: Name | None = Field(default=None, description="Null: a name is made of its time.")


class FillGiven(Given):
    """A stretch of time that is to be filled."""

    start: Instant
    stop: Instant
    gap_ms: Millis = Field(default=0, le=86_400_000, description="Between two programs; filler airs in it.")
    assets: list[AssetId] = Field(
        default_factory=list,
        max_length=_MOST,
        description="What it is filled with, programs and ads; empty: what the channel's rule matches. An ad makes a "
        "block of kind ad.",
    )
    repeat: bool = Field(default=False, description="Whether to begin again when all of them are placed.")


class BlocksMade(Shown):
    """The blocks that were made."""

    items: list[BlockShown]


class Part(Shown):
    """Blocks, for the audit."""

    value: Any = None


@Endpoint(
    method="GET",
    path="/api/v1/channels/{id}/blocks",
    name="list_blocks",
    summary="The blocks of a channel that somebody put at a time",
    description="In the file each is a daypart with a date; dayparts that say more are left to the file.",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    path_model=ChannelPath,
    query_model=BlocksQuery,
    answers={200: BlockPage},
    refusals=(CONFLICT,),
)
async def list_blocks(call: Call[ChannelPath, BlocksQuery, Nothing]) -> Answer:
    """A page of blocks."""
    master, name, query = call.site.master, call.path.id, call.query

    def found() -> tuple[list[tuple[str, BlockShown]], int]:
        document, station = master.sound(), master.station()
        shown = [_shown(one, _draft(document, name).zone, station.library.catalog) for one in _blocks(document, name)]
        kept = [
            one
            for one in shown
            if (query.start is None or one.start >= query.start)
            and (query.stop is None or one.start < query.stop)
            and query.kind in {None, one.kind}
        ]
        rows = sorted(((f"{one.start.isoformat()}/{one.name}", one) for one in kept), key=lambda row: row[0])
        return rows, document.version((CHANNELS, name))

    rows, version = await master.ask(found)
    answer = sliced(call, rows, BlockPage, known=name)
    return Answer(answer.shown, headers=answer.headers, version=version)


@Endpoint(
    method="POST",
    path="/api/v1/channels/{id}/blocks",
    name="create_block",
    summary="Put programs at a time",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    body_model=BlockGiven,
    answers={201: BlockShown},
    idempotent=True,
    precondition=Precondition.REQUIRED,
)
async def create_block(call: Call[ChannelPath, Nothing, BlockGiven]) -> Answer:
    """A daypart of the channel, with a date."""

    def made(document: Document, draft: Draft, catalog: Catalog) -> list[tuple[str, dict[str, Any]]]:
        block = _given(call.body, draft, catalog)
        if block.name in _dayparts(document, call.path.id):
            raise Problem(CONFLICT, f"there is a daypart {block.name} already")
        return [(block.name, block.daypart(_seconds(block.ads, catalog)))]

    shown, version = await _written(call, made, "block_created")
    where = f"/api/v1/channels/{call.path.id}/blocks/{shown[0].name.replace(' ', '%20')}"
    return Answer(shown[0], 201, {"Location": where}, version=version)


@Endpoint(
    method="PUT",
    path="/api/v1/channels/{id}/blocks/{name}",
    name="replace_block",
    summary="Move a block, or have it air something else",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=BlockPath,
    body_model=BlockGiven,
    answers={200: BlockShown},
    precondition=Precondition.REQUIRED,
)
async def replace_block(call: Call[BlockPath, Nothing, BlockGiven]) -> Answer:
    """The block, from now on; it keeps its name."""
    name = call.path.name

    def made(document: Document, draft: Draft, catalog: Catalog) -> list[tuple[str, dict[str, Any]]]:
        _known(document, call.path.id, name)
        block = _given(call.body, draft, catalog)
        return [(name, block.daypart(_seconds(block.ads, catalog)))]

    shown, version = await _written(call, made, "block_updated")
    return Answer(shown[0], version=version)


@Endpoint(
    method="DELETE",
    path="/api/v1/channels/{id}/blocks/{name}",
    name="delete_block",
    summary="Take a block away",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=BlockPath,
    answers={204: None},
    precondition=Precondition.REQUIRED,
    refusals=(UNACCEPTABLE,),
)
async def delete_block(call: Call[BlockPath]) -> Answer:
    """The channel's own rule airs then."""
    name, channel, master = call.path.name, call.path.id, call.site.master

    def made(document: Document) -> Any:  # noqa: ANN401 — whatever JSON has, or what stands for nothing
        _known(document, channel, name)
        rest = {key: value for key, value in _dayparts(document, channel).items() if key != name}
        return rest or GONE

    before, _ = await master.ask(
        lambda: master.edit((CHANNELS, channel, _PART), made, call.guard, guarded=(CHANNELS, channel))
    )
    was = before.part((CHANNELS, channel, _PART, name))
    call.changed(Change(KIND, channel, "block_deleted", before=Part(value={name: was}), after=Part(value={})))
    return Answer(status=204)


@Endpoint(
    method="POST",
    path="/api/v1/channels/{id}/blocks:fill",
    name="fill_blocks",
    summary="Fill a stretch of time with programs, one after the other",
    description="Blocks that are there already stay, and what is laid goes around them. All of it is one edit.",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    body_model=FillGiven,
    answers={200: BlocksMade},
    idempotent=True,
    precondition=Precondition.REQUIRED,
)
async def fill_blocks(call: Call[ChannelPath, Nothing, FillGiven]) -> Answer:
    """The blocks that were laid."""
    body = call.body
    if body.stop <= body.start or body.stop - body.start > timedelta(days=31):
        raise unacceptable("/stop", "lies after the start, and at most 31 days after it")

    def made(document: Document, draft: Draft, catalog: Catalog) -> list[tuple[str, dict[str, Any]]]:
        present = [_shown(one, draft.zone, catalog) for one in _blocks(document, call.path.id)]
        taken = [Span(one.start, one.stop or one.start + timedelta(seconds=1)) for one in present]
        choices = _choices(body, draft, catalog)
        gap = timedelta(milliseconds=body.gap_ms)
        found = []
        for start, asset in islice(filled(choices, body.start, body.stop, gap, taken), _MOST):
            at = _local(start, draft.zone, "/start")
            block = Block(name_of(at), at, (asset,), is_ads=_kind_of(asset, catalog) is AssetKind.AD)
            found.append((block.name, block.daypart(0)))
        if not found:
            raise unacceptable("/stop", "nothing fits into this stretch of time")
        return found

    shown, version = await _written(call, made, "filled")
    return Answer(BlocksMade(items=shown), version=version)


OPERATIONS: Final = (list_blocks, create_block, replace_block, delete_block, fill_blocks)


def _choices(body: FillGiven, draft: Draft, catalog: Catalog) -> Iterable[tuple[str, timedelta]]:
    """What a stretch is filled with, in order, and how long each is."""
    if body.assets:
        _check(body.assets, "/assets", draft, catalog)
        if wrong := _unfit(body.assets, {*PROGRAM_KINDS, AssetKind.AD}, "by itself", catalog):
            raise Problem(UNACCEPTABLE, "some assets are no programs", errors=wrong)
        named = [catalog.item(asset) for asset in body.assets]
        items = [item for item in named if item is not None]
    else:
        shelves = shelves_of(catalog)
        places = frozenset[int]().union(*(shelves.wanted(draft.house, one) for one in draft.rules.block.sources))
        items = sorted(
            (catalog.items[place] for place in places),
            key=lambda item: (item.about.series, item.about.season, item.about.episode, item.about.title, item.id),
        )
    known = [(item.id, span_of(item.length)) for item in items]
    if not known:
        raise unacceptable("/assets", "the channel's rule matches nothing: name what it is to be filled with")
    laps = _MOST if body.repeat else 1
    return (one for _ in range(laps) for one in known)


def _given(body: BlockGiven, draft: Draft, catalog: Catalog) -> Block:
    """The block that is meant. Raises `Problem` for an asset that is not there."""
    _check(body.assets, "/assets", draft, catalog)
    _check(body.ads, "/ads", draft, catalog)
    _check_kind(body, catalog)
    at = _local(body.start, draft.zone, "/start")
    return Block(
        body.name or name_of(at),
        at,
        tuple(body.assets),
        body.label,
        tuple(body.ads),
        body.late,
        is_ads=body.kind == "ad",
    )


def _check(assets: Sequence[str], pointer: str, draft: Draft, catalog: Catalog) -> None:
    """Refuse assets that the channel cannot air, all of them at once."""
    wrong = []
    for number, asset in enumerate(assets):
        item = catalog.item(asset)
        if item is None or item.house != draft.house:
            detail = f"{asset!r} is not in the library, or not packaged in house {draft.house}"
            wrong.append(Mistake(part="body", pointer=f"{pointer}/{number}", detail=detail))
    if wrong:
        raise Problem(UNACCEPTABLE, "some assets cannot air on this channel", errors=wrong)


def _check_kind(body: BlockGiven, catalog: Catalog) -> None:
    """Refuse what does not air in a block of this kind, all of it at once."""
    allowed = {AssetKind.AD} if body.kind == "ad" else PROGRAM_KINDS
    wrong = _unfit(body.assets, allowed, f"in a block of kind {body.kind}", catalog)
    if body.kind == "ad" and body.ads:
        detail = "a block of ads has none before them: list them as assets"
        wrong.append(Mistake(part="body", pointer="/ads", detail=detail))
    if wrong:
        raise Problem(UNACCEPTABLE, f"this is no block of kind {body.kind}", errors=wrong)


def _unfit(assets: Sequence[str], allowed: Collection[AssetKind], where: str, catalog: Catalog) -> list[Mistake]:
    """What is said of those that are of another kind."""
    kinds = ((number, asset, _kind_of(asset, catalog)) for number, asset in enumerate(assets))
    return [
        Mistake(
            part="body",
            pointer=f"/assets/{number}",
            detail=f"{asset!r} is of kind {kind}, which does not air {where}",
        )
        for number, asset, kind in kinds
        if kind is not None and kind not in allowed
    ]


def _kind_of(asset: str, catalog: Catalog) -> AssetKind | None:
    item = catalog.item(asset)
    return None if item is None else item.about.kind


def _local(start: datetime, zone: str, pointer: str) -> str:
    """What the clocks show then; refused where they show it twice and would mean the other one."""
    at = local(start, zone)
    if Block("", at, ()).start(zone) != start.replace(microsecond=0).astimezone(UTC):
        raise unacceptable(pointer, f"the clocks of {zone} show {at} twice on that day: take another time")
    return at


def _seconds(assets: Iterable[str], catalog: Catalog) -> int:
    """How long some assets are together, in whole seconds, rounded up."""
    items = [item for item in map(catalog.item, assets) if item is not None]
    return -(-sum(item.length for item in items) // TIMEBASE)


def _draft(document: Document, channel: str) -> Draft:
    """The channel as the file has it. Raises `Problem`."""
    if channel not in document.names(CHANNELS):
        raise missing("channel", f"{channel} in {document.where}")
    draft = document.draft(channel)
    if draft is None:
        raise Problem(CONFLICT, f"{document.where} has mistakes: mend them first")
    if draft.parent is not None:
        raise Problem(CONFLICT, f"{channel} repeats {draft.parent.channel}: put blocks there")
    return draft


def _dayparts(document: Document, channel: str) -> dict[str, Any]:
    found = document.part((CHANNELS, channel, _PART))
    return found if isinstance(found, dict) else {}


def _blocks(document: Document, channel: str) -> list[Block]:
    _draft(document, channel)
    return list(blocks(_dayparts(document, channel)))


def _known(document: Document, channel: str, name: str) -> None:
    if all(block.name != name for block in _blocks(document, channel)):
        raise missing("block", f"{name} of {channel}")


def _shown(block: Block, zone: str, catalog: Catalog) -> BlockShown:
    start = block.start(zone)
    items = [catalog.item(asset) for asset in block.assets]
    length = sum(item.length for item in items if item is not None)
    return BlockShown(
        name=block.name,
        kind="ad" if block.is_ads else "vod",
        start=start,
        stop=None if None in items else start + timedelta(milliseconds=-(-length * 1000 // TIMEBASE)),
        at=block.at,
        assets=list(block.assets),
        ads=list(block.ads),
        label=block.label,
        late=block.late,
    )


def _in_file(wrong: Mistake, channel: str) -> Mistake:
    """A mistake in what a block becomes, by its place in the file."""
    if wrong.line is None:
        return wrong
    place = f"/{CHANNELS}/{channel}/{_PART}{wrong.pointer}" if wrong.part == "body" else wrong.pointer
    return wrong.model_copy(update={"part": "file", "pointer": place})


async def _written(
    call: Call[Any, Any, Any],
    make: Callable[[Document, Draft, Catalog], list[tuple[str, dict[str, Any]]]],
    action: str,
) -> tuple[list[BlockShown], int]:
    """Write the dayparts that `make` makes, tell of them, and show them; and the version of the channel."""
    master, channel = call.site.master, call.path.id
    names: list[str] = []

    def done() -> tuple[Document, Document, Station]:
        station = master.station()

        def made(document: Document) -> Any:  # noqa: ANN401 — whatever JSON has
            found = make(document, _draft(document, channel), station.library.catalog)
            names[:] = [name for name, _ in found]
            return {**_dayparts(document, channel), **dict(found)}

        path = (CHANNELS, channel, _PART)
        before, after = master.edit(path, made, call.guard, guarded=(CHANNELS, channel))
        return before, after, station

    try:
        before, after, station = await master.ask(done)
    except Problem as problem:
        problem.errors = tuple(_in_file(wrong, channel) for wrong in problem.errors)
        raise
    was, is_now = _dayparts(before, channel), _dayparts(after, channel)
    call.changed(
        Change(
            KIND,
            channel,
            action,
            before=Part(value={name: was[name] for name in names if name in was}),
            after=Part(value={name: is_now[name] for name in names}),
        )
    )
    draft = _draft(after, channel)
    known = {one.name: one for one in _blocks(after, channel)}
    shown = [_shown(known[name], draft.zone, station.library.catalog) for name in names]
    return shown, after.version((CHANNELS, channel))
