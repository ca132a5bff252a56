"""Ad sources: ad servers that are asked for ads, what they offered, and what they are told of the air."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field
from sqlmodel import col, delete, func, select

from control_api import ids
from control_api.advertising.models import (
    AdSourceShown,
    BeaconShown,
    DecisionShown,
    Roll,
    beacon,
    decision,
    facts,
    shown,
)
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.destinations import LONGEST, NotAllowed, examined
from control_api.ids import new_id
from control_api.models import Given, Nothing
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, leaf, page
from control_api.problems import CONFLICT, FORBIDDEN, Problem, missing, unacceptable
from control_api.scopes import Scope
from control_api.tables import AdBeacon, AdDecision, AdSource, AdSourceState
from control_api.uploads.wanted import House

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

_KIND: Final = "ad_source"
_TAG: Final = "Ad sources"
_MOST: Final = 100
"""Sources that there may be."""
_MINUTE: Final = 60_000
_DAY: Final = 24 * 60 * _MINUTE


def _asked(url: str) -> str:
    try:
        examined(url.replace("[", "1").replace("]", "1"))
    except NotAllowed as error:
        raise ValueError(str(error)) from None
    return url


def _single(some: list[Any]) -> list[Any]:
    return list(dict.fromkeys(some))


Name = Annotated[str, Field(min_length=1, max_length=200, description="What people call it.")]
Url = Annotated[
    str,
    Field(
        min_length=8,
        max_length=LONGEST,
        description="Where it answers VAST 2 to 4 or VMAP 1, by GET. Macros in it are filled in: [CACHEBUSTING], "
        "[TIMESTAMP], [CHANNEL], [ADCOUNT] and others of VAST 4. An address that the whole internet can reach, unless "
        "the setting outgoing_allow names its network.",
        examples=["https://ads.example/vast?ch=[CHANNEL]&cb=[CACHEBUSTING]"],
    ),
    AfterValidator(_asked),
]
Channel = Annotated[str, Field(max_length=128, description="What [CHANNEL] stands for when it is asked.")]
Tag = Annotated[str, Field(pattern=r"^[^\s,:{}\[\]\x00-\x1f]{1,90}$")]
Tags = Annotated[
    list[Tag],
    Field(
        min_length=1,
        max_length=8,
        description="What its ads are tagged with, for channels to choose by; each tag also with `-pre`, `-mid` and "
        "`-post` for the breaks that an ad is for.",
        examples=[["acme"]],
    ),
    AfterValidator(_single),
]
Rolls = Annotated[
    list[Roll],
    Field(
        min_length=1,
        max_length=3,
        description="For which breaks it is; breaks of VMAP that are others are left out.",
    ),
    AfterValidator(_single),
]
Every = Annotated[
    int,
    Field(ge=10_000, le=_DAY, description="How often it is asked, in milliseconds.", json_schema_extra={"unit": "ms"}),
]
Keep = Annotated[
    int,
    Field(
        ge=0,
        le=365 * _DAY,
        description="How long, in milliseconds, an ad may still be chosen after the server last offered it.",
        json_schema_extra={"unit": "ms"},
    ),
]
Most = Annotated[int, Field(ge=1, le=100, description="How many ads of one answer are taken.")]
Longest = Annotated[
    int,
    Field(
        ge=1000, le=3_600_000, description="An ad that is longer, in milliseconds, is refused.",
        json_schema_extra={"unit": "ms"},
    ),
]  # fmt: skip
Beacons = Annotated[
    bool,
    Field(
        description="Whether the server is told of each airing: impression, start, quartiles, complete. One airing is "
        "not one viewer; where players count, leave it off."
    ),
]


class SourcePath(Given):
    """Which source."""

    id: str = Field(pattern=ids.pattern("as"), description="The id of the source.")


class AdSourceGiven(Given):
    """A source that is to be made."""

    name: Name
    url: Url
    tags: Tags
    channel: Channel = ""
    rolls: Rolls = Field(default=["pre", "mid", "post"])
    house: House = Field(default="", description="The format its ads are packaged in; empty: the station's own.")
    every_ms: Every = 5 * _MINUTE
    keep_ms: Keep = 60 * _MINUTE
    most: Most = 20
    longest_ms: Longest = 2 * _MINUTE
    beacons: Beacons = False
    enabled: bool = True


class AdSourceEdit(Given):
    """What is to be another way; what is left out stays."""

    name: Name | None = None
    url: Url | None = None
    tags: Tags | None = None
    channel: Channel | None = None
    rolls: Rolls | None = None
    every_ms: Every | None = None
    keep_ms: Keep | None = None
    most: Most | None = None
    longest_ms: Longest | None = None
    beacons: Beacons | None = None
    enabled: bool | None = None


class AdSourcePage(Page[AdSourceShown]):
    """A page of sources, the newest first."""


class DecisionPage(Page[DecisionShown]):
    """A page of decisions, the newest first."""


class BeaconQuery(PageQuery):
    """Which beacons are wanted."""

    state: Literal["open", "sent", "failed", "skipped"] | None = Field(default=None, description="Only those.")


class BeaconPage(Page[BeaconShown]):
    """A page of beacons, the newest first."""


@Endpoint(
    method="GET",
    path="/api/v1/ad-sources",
    name="list_ad_sources",
    summary="All ad sources, the newest first",
    scope=Scope.ASSETS_READ,
    tag=_TAG,
    query_model=PageQuery,
    answers={200: AdSourcePage},
)
async def list_ad_sources(call: Call[Nothing, PageQuery, Nothing]) -> Answer:
    """A page of sources, with how it goes with each."""
    found = await leaf(call, select(AdSource), [(col(AdSource.id), True)])
    states = select(AdSourceState).where(col(AdSourceState.source).in_([row.id for row in found.rows]))
    known = {state.source: state for state in (await call.session.exec(states)).all()}
    return found.answer(AdSourcePage(items=[shown(row, known[row.id]) for row in found.rows], next=found.next))


@Endpoint(
    method="POST",
    path="/api/v1/ad-sources",
    name="create_ad_source",
    summary="Have an ad server asked for ads",
    description="What it offers is fetched, packaged, and tagged for channels to choose: it is asked now and then, "
    "and never while a break is near. Takes the scope uploads:write as well.",
    scope=Scope.ASSETS_WRITE,
    tag=_TAG,
    body_model=AdSourceGiven,
    answers={201: AdSourceShown},
    idempotent=True,
)
async def create_ad_source(call: Call[Nothing, Nothing, AdSourceGiven]) -> Answer:
    """A source that is asked at once."""
    _check_fetches(call)
    call.site.outgoing.check(call.body.url)
    if (await call.session.exec(select(func.count()).select_from(AdSource))).one() >= _MOST:
        raise Problem(CONFLICT, f"there are {_MOST} ad sources, and there may be no more: delete one")
    row = AdSource(id=new_id("as"), created_at=call.now, **call.body.model_dump())
    state = AdSourceState(source=row.id, due_at=call.now)
    call.session.add(row)
    await call.session.flush()
    call.session.add(state)
    call.changed(Change(_KIND, row.id, "created", after=facts(row)))
    return Answer(shown(row, state), 201, {"Location": f"/api/v1/ad-sources/{row.id}"}, row.version)


@Endpoint(
    method="GET",
    path="/api/v1/ad-sources/{id}",
    name="read_ad_source",
    summary="One ad source, and how it goes with it",
    scope=Scope.ASSETS_READ,
    tag=_TAG,
    path_model=SourcePath,
    answers={200: AdSourceShown},
)
async def read_ad_source(call: Call[SourcePath]) -> Answer:
    """What it is, its figures, and its last mistake."""
    row, state = await _row(call.session, call.path.id, held=False)
    return Answer(shown(row, state), version=row.version)


@Endpoint(
    method="PATCH",
    path="/api/v1/ad-sources/{id}",
    name="edit_ad_source",
    summary="Change an ad source, or stop and begin asking it",
    description="Of a source that is disabled no ad is chosen any more. Its format stays: make another source for "
    "another one. Takes the scope uploads:write as well.",
    scope=Scope.ASSETS_WRITE,
    tag=_TAG,
    path_model=SourcePath,
    body_model=AdSourceEdit,
    answers={200: AdSourceShown},
    precondition=Precondition.REQUIRED,
)
async def edit_ad_source(call: Call[SourcePath, Nothing, AdSourceEdit]) -> Answer:
    """Change what was sent, when nobody else has changed it since it was read; it is asked again at once."""
    _check_fetches(call)
    row, state = await _row(call.session, call.path.id)
    call.guard(row.version)
    call.site.outgoing.check(call.body.url)
    before = facts(row)
    for name in sorted(call.body.model_fields_set):
        value = getattr(call.body, name)
        if value is None:
            raise unacceptable("/" + name, "leave it out, or send a value")
        setattr(row, name, value)
    after = facts(row)
    if after != before:
        row.version += 1
        state.due_at = call.now
    call.session.add(row)
    call.session.add(state)
    call.changed(Change(_KIND, row.id, "changed", before, after))
    return Answer(shown(row, state), version=row.version)


@Endpoint(
    method="DELETE",
    path="/api/v1/ad-sources/{id}",
    name="delete_ad_source",
    summary="Delete an ad source with its decisions and beacons",
    description="Its ads stay in the library, and no channel chooses them any more unless another source offers them.",
    scope=Scope.ASSETS_WRITE,
    tag=_TAG,
    path_model=SourcePath,
    answers={204: None},
    precondition=Precondition.HEEDED,
)
async def delete_ad_source(call: Call[SourcePath]) -> Answer:
    """It is asked and told nothing more."""
    row, _ = await _row(call.session, call.path.id)
    call.guard(row.version)
    call.changed(Change(_KIND, row.id, "deleted", before=facts(row)))
    await call.session.exec(delete(AdSource).where(col(AdSource.id) == row.id))
    return Answer(status=204)


@Endpoint(
    method="POST",
    path="/api/v1/ad-sources/{id}/ask",
    name="ask_ad_source",
    summary="Ask an ad source now",
    description="What comes of it is the next of its decisions, in a few seconds.",
    scope=Scope.ASSETS_WRITE,
    tag=_TAG,
    path_model=SourcePath,
    answers={202: AdSourceShown},
    changes=False,
    cost=5,
)
async def ask_ad_source(call: Call[SourcePath]) -> Answer:
    """It is due."""
    row, state = await _row(call.session, call.path.id)
    if not row.enabled:
        raise Problem(CONFLICT, "the source is disabled: enable it, and it is asked at once")
    state.due_at = call.now
    call.session.add(state)
    return Answer(shown(row, state), 202, {"Location": f"/api/v1/ad-sources/{row.id}/decisions"}, row.version)


@Endpoint(
    method="GET",
    path="/api/v1/ad-sources/{id}/decisions",
    name="list_ad_decisions",
    summary="What a source offered, what was taken and what was not, and why",
    description="The newest first; the last 200 are kept.",
    scope=Scope.ASSETS_READ,
    tag=_TAG,
    path_model=SourcePath,
    query_model=PageQuery,
    answers={200: DecisionPage},
)
async def list_ad_decisions(call: Call[SourcePath, PageQuery, Nothing]) -> Answer:
    """A page of decisions."""
    await _row(call.session, call.path.id, held=False)
    rows = select(AdDecision).where(AdDecision.source == call.path.id)
    return await page(call, rows, [(col(AdDecision.id), True)], decision, DecisionPage)


@Endpoint(
    method="GET",
    path="/api/v1/ad-sources/{id}/beacons",
    name="list_ad_beacons",
    summary="What a source was told of the air and of mistakes",
    description="The newest first. What ended is kept as long as deliveries of webhooks are.",
    scope=Scope.ASSETS_READ,
    tag=_TAG,
    path_model=SourcePath,
    query_model=BeaconQuery,
    answers={200: BeaconPage},
)
async def list_ad_beacons(call: Call[SourcePath, BeaconQuery, Nothing]) -> Answer:
    """A page of beacons."""
    await _row(call.session, call.path.id, held=False)
    rows = select(AdBeacon).where(AdBeacon.source == call.path.id)
    if call.query.state is not None:
        rows = rows.where(AdBeacon.state == call.query.state)
    return await page(call, rows, [(col(AdBeacon.id), True)], beacon, BeaconPage)


OPERATIONS: Final = (
    list_ad_sources,
    create_ad_source,
    read_ad_source,
    edit_ad_source,
    delete_ad_source,
    ask_ad_source,
    list_ad_decisions,
    list_ad_beacons,
)


def _check_fetches(call: Call[Any, Any, Any]) -> None:
    """Who has media fetched must be allowed to."""
    if not call.caller.may(Scope.UPLOADS_WRITE):
        message = f"ads are fetched as uploads are: this needs the scope {Scope.UPLOADS_WRITE} too"
        raise Problem(FORBIDDEN, message, scope=str(Scope.UPLOADS_WRITE))


async def _row(session: AsyncSession, name: str, *, held: bool = True) -> tuple[AdSource, AdSourceState]:
    """A source with its state."""
    rows = (
        select(AdSource, AdSourceState)
        .join(AdSourceState, col(AdSourceState.source) == AdSource.id)
        .where(AdSource.id == name)
    )
    found = (await session.exec(rows.with_for_update() if held else rows)).one_or_none()
    if found is None:
        kind = "ad source"
        raise missing(kind, name)
    return found[0], found[1]
