"""What airs, what aired, and why: guide, reasons, as-run; and what is pulled off air."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field
from sqlmodel import col, select

from control_api.assets.withdrawing import Order, carry_out, unheard_of
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.channels import overview
from control_api.instants import Instant, Millis
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Media
from control_api.paging import Page, PageQuery, resumed, sliced
from control_api.problems import CONFLICT, NOT_FOUND, UNACCEPTABLE, Mistake, Problem
from control_api.profiles.channels import aired as shown_of
from control_api.profiles.channels import sees
from control_api.profiles.limits import is_limited
from control_api.resources.channels import ChannelId, ChannelPath, check_channel_seen, links
from control_api.scopes import Scope
from control_api.tables import Asset
from playout.core.asrun_text import comma_separated, fields, header, jsonl
from playout.core.ticks import TIMEBASE
from playout.reports import guide
from playout.reports.asrun import aired, withdrawn
from playout.reports.why import Answer as Explained
from playout.reports.why import NoInstant
from playout.reports.why import asked as reasons
from playout.wishes import Unfulfillable, foreseen, play_next, skip

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from control_api.channels.master import MasterControl
    from playout.core.airing import Turn
    from playout.core.guide import Entry, Part
    from playout.core.listing import Links
    from playout.station import Station
    from playout.wishes import Granted

TAG: Final = "Air"
_DAY: Final = timedelta(days=1)
_MOMENT: Final = timedelta(microseconds=1)
_AT_ONCE: Final = timedelta(days=2)
"""How much of the guide is made for one page."""
_MIMES: Final = {
    "xmltv": "text/xml",
    "csv": "text/csv",
    "json": "application/json",
    "text": "text/plain",
    "roku": "application/json",
    "schema-org": "application/ld+json",
}
_WITHDRAWAL: Final = "withdrawal"
"""What is ordered here. That the air obeys, it tells itself: `channel.withdrawn`, `channel.restored`."""
_JSONL: Final = "application/jsonl"
_CSV: Final = "text/csv"

AssetId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^[^/\x00-\x1f\x7f]+$",
        description="The id of an asset.",
        examples=["film-a"],
    ),
]


class GuideQuery(PageQuery):
    """Which stretch of the guide is wanted."""

    start: Instant | None = Field(default=None, description="From when on; now, if it is left out.")
    stop: Instant | None = Field(default=None, description="Until when; a day after `start`, if it is left out.")


class PartShown(Shown):
    """A program inside an entry."""

    start: Instant
    stop: Instant
    length_ms: Millis = Field(description="Without its breaks.")
    title: str
    subtitle: str
    asset: str


class GuideEntryShown(Shown):
    """An entry of the guide: a program, or a run of short ones."""

    id: str = Field(description="The same whenever the guide is made.")
    start: Instant
    stop: Instant
    length_ms: Millis = Field(description="How long its programs are, without breaks.")
    title: str
    subtitle: str
    kind: str
    description: str
    series: str
    season: int
    episode: int
    released: str
    genres: list[str]
    rating: str
    asset: str | None
    poster_url: str | None
    catchup_url: str
    parts: list[PartShown]


class GuidePage(Page[GuideEntryShown]):
    """A page of a guide, in the order of time."""


class ExportQuery(Given):
    """Which guide is wanted, in which form."""

    format: Literal["xmltv", "csv", "json", "text", "roku", "schema-org"] = "xmltv"
    channel: list[ChannelId] = Field(default_factory=list, max_length=1000, description="Of these; all, if left out.")
    at: Instant | None = Field(default=None, description="When it begins; now, if it is left out.")
    days: int | None = Field(default=None, ge=-31, le=31, description="How many days; negative for days gone by.")
    hours: int = Field(default=6, ge=1, le=744, description="How many hours, without `days`.")


class WhyQuery(Given):
    """Of when."""

    at: str = Field(
        default="now",
        min_length=1,
        max_length=40,
        description="`now`, a time of day like 20:15, `yesterday 20:15`, or an instant; without an offset by the "
        "clocks of the channel.",
    )


class WhyShown(Shown):
    """Why something is on."""

    channel: str
    text: str = Field(description="The answer for people, as `fastline why` prints it.")
    document: dict[str, Any] = Field(description="The answer for programs.")


class AsRunQuery(Given):
    """Which day is wanted."""

    day: str = Field(
        default="today",
        max_length=20,
        pattern=r"^(today|yesterday|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
        description="A date, `today` or `yesterday`, by the clocks of the channel.",
    )
    utc: bool = Field(default=False, description="Whether a day of UTC is meant instead.")
    format: Literal["json", "jsonl", "csv"] = Field(default="json", description="jsonl ends with its own digest.")


class AsRunShown(Shown):
    """What aired on a day, to the millisecond."""

    header: dict[str, Any] = Field(description="What the day comes to.")
    rows: list[dict[str, Any]]
    discrepancies: list[dict[str, Any]]


class WithdrawalsQuery(PageQuery):
    """Which withdrawals are wanted."""

    channel: ChannelId | None = None


class WithdrawnShown(Shown):
    """An asset that is off a channel's air."""

    channel: str
    asset: str
    since: Instant
    reason: str


class WithdrawnPage(Page[WithdrawnShown]):
    """A page of withdrawals, by channel and asset."""


class WithdrawalGiven(Given):
    """Assets that are to leave the air, or to come back to it."""

    assets: list[AssetId] = Field(min_length=1, max_length=500)
    channels: list[ChannelId] | None = Field(
        default=None, min_length=1, max_length=1000, description="Of these channels; null: of all."
    )
    reason: str = Field(default="", max_length=500, description="Why, for whoever asks later.")


class OrderShown(Shown):
    """An order that every origin obeys at once."""

    channel: str
    number: int
    assets: list[str]
    reason: str


class WithdrawalOrders(Shown):
    """What was ordered."""

    orders: list[OrderShown]


class TurnShown(Shown):
    """A program with its breaks, as it is to come."""

    asset: str | None
    title: str


class PlayNextGiven(Given):
    """What is to air next."""

    asset: AssetId


class SkipGiven(Given):
    """What is to be passed over."""

    asset: AssetId | None = Field(
        default=None,
        description="The asset that is expected to come, so that two who skip the same program skip one. Null: any.",
    )


class GrantedShown(Shown):
    """What comes of it."""

    revision: int
    at: Instant = Field(description="From when on air is another: what is committed until then airs unchanged.")
    before: list[TurnShown] = Field(description="What would have come from there on.")
    after: list[TurnShown] = Field(description="What comes instead.")


@Endpoint(
    method="GET",
    path="/api/v1/channels/{id}/guide",
    name="read_guide",
    summary="What is on a channel, and what comes, entry by entry",
    description="Past from the log, future from the schedule run ahead: the guide that origins serve.",
    scope=Scope.CATALOG_READ,
    tag=TAG,
    path_model=ChannelPath,
    query_model=GuideQuery,
    answers={200: GuidePage},
    refusals=(CONFLICT,),
)
async def read_guide(call: Call[ChannelPath, GuideQuery, Nothing]) -> Answer:
    """A page of the guide. It is made for two days at a time; a page may so be shorter than asked for."""
    master, name, query = call.site.master, call.path.id, call.query
    after = resumed(call, name)
    await check_channel_seen(call, name)

    def found() -> tuple[list[tuple[str, GuideEntryShown]], str | None]:
        start = overview.foreseeable(query.start or call.now, call.now)
        stop = min(query.stop or start + _DAY, start + overview.FURTHEST)
        since = max(datetime.fromisoformat(after), start) if after else start
        until = min(stop, since + _AT_ONCE)
        station = master.station()
        station.revisions(name)
        if until <= since:
            return [], None
        listed = guide.listed(station, name, since, until)
        rows = [(_key(entry.start), _entry(entry, listed, links(master))) for entry in listed.entries]
        return rows, _key(until - _MOMENT) if until < stop else None

    rows, reach = await master.ask(found)
    fit = await _fit(call, ((row.asset, *(part.asset for part in row.parts)) for _, row in rows))
    kept = [(key, row) for key, row in rows if fit is None or fit.issuperset(_programs(row))]
    return sliced(call, kept, GuidePage, known=name, reach=reach)


def _programs(entry: GuideEntryShown) -> list[str]:
    """The assets of an entry; none of a time without a program."""
    return [part.asset for part in entry.parts]


def _key(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds")


@Endpoint(
    method="GET",
    path="/api/v1/guide",
    name="export_guide",
    summary="The guide in the forms that others read: XMLTV, CSV, JSON, Roku, schema.org",
    description="The same as `fastline guide --format`.",
    scope=Scope.CATALOG_READ,
    tag=TAG,
    query_model=ExportQuery,
    answers={200: Media(tuple(dict.fromkeys(_MIMES.values())))},
    refusals=(CONFLICT, NOT_FOUND),
    cost=5,
)
async def export_guide(call: Call[Nothing, ExportQuery, Nothing]) -> Answer:
    """The whole guide, in one text."""
    master, query, form = call.site.master, call.query, guide.Form(call.query.format)

    now = call.now.replace(microsecond=0)
    for name in query.channel:
        await check_channel_seen(call, name)

    def found() -> list[guide.Listed]:
        station = master.station()
        overview.foreseeable(query.at or now, now)
        start, stop = guide.between(form, now, query.at, query.days, query.hours)
        channels = dict.fromkeys(query.channel or station.channels(now))
        whole = [guide.listed(station, name, start, stop) for name in channels]
        return [one for one in whole if sees(call.caller.viewer, one.channel.ages)]

    listed = await master.ask(found)
    fit = await _fit(call, ([part.asset for part in one.parts] for channel in listed for one in channel.entries))
    if fit is not None:
        listed = [
            guide.Listed(
                channel.channel,
                tuple(one for one in channel.entries if fit.issuperset(part.asset for part in one.parts)),
            )
            for channel in listed
        ]

    def written() -> str:
        return guide.written(form, listed, master.settings.origin_url, guide.as_of(form, now, query.at))

    return Answer(raw=(await master.ask(written)).encode(), media_type=_MIMES[query.format])


async def _fit(call: Call[Any, Any, Any], assets: Iterable[Iterable[str | None]]) -> set[str] | None:
    """Those of these assets that the viewer may know of; None: all of them."""
    viewer = call.caller.viewer
    return await shown_of(call.session, viewer, chain.from_iterable(assets)) if is_limited(viewer) else None


@Endpoint(
    method="GET",
    path="/api/v1/channels/{id}/why",
    name="explain_air",
    summary="Why something is on, was on or will be",
    description="The same as `fastline why`.",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    path_model=ChannelPath,
    query_model=WhyQuery,
    answers={200: WhyShown},
    refusals=(CONFLICT, UNACCEPTABLE),
)
async def explain_air(call: Call[ChannelPath, WhyQuery, Nothing]) -> Answer:
    """The rule that put it on air, and what was passed over for which reason."""
    master, name, at = call.site.master, call.path.id, call.query.at

    def explained() -> Explained:
        try:
            return reasons(master.station(), name, at, call.now)
        except NoInstant as wrong:
            mistake = Mistake(part="query", pointer="/at", detail=str(wrong))
            raise Problem(UNACCEPTABLE, str(wrong), errors=[mistake]) from wrong

    found = await master.ask(explained)
    return Answer(WhyShown(channel=name, text=found.text, document=found.document))


@Endpoint(
    method="GET",
    path="/api/v1/channels/{id}/as-run",
    name="read_as_run",
    summary="What aired on a day, to the millisecond",
    description="The same as `fastline asrun`: as JSON, as JSON Lines with a digest, or as CSV.",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    path_model=ChannelPath,
    query_model=AsRunQuery,
    answers={200: Media((_JSONL, _CSV), AsRunShown)},
    refusals=(CONFLICT,),
)
async def read_as_run(call: Call[ChannelPath, AsRunQuery, Nothing]) -> Answer:
    """The day, as far as it has come."""
    master, name, query = call.site.master, call.path.id, call.query
    report = await master.ask(lambda: aired(master.station(), name, query.day, call.now, utc=query.utc))
    if query.format == "jsonl":
        return Answer(raw=(await master.ask(lambda: jsonl(report))).encode(), media_type=_JSONL)
    if query.format == "csv":
        return Answer(raw=(await master.ask(lambda: comma_separated(report))).encode(), media_type=_CSV)

    def found() -> AsRunShown:
        return AsRunShown(
            header=header(report),
            rows=[fields(row, report) for row in report.rows],
            discrepancies=[
                {
                    "code": str(one.code),
                    "row": one.row,
                    "start_ms": one.start,
                    "length_ms": one.length,
                    "words": one.words,
                }
                for one in report.discrepancies
            ],
        )

    return Answer(await master.ask(found))


@Endpoint(
    method="GET",
    path="/api/v1/withdrawals",
    name="list_withdrawals",
    summary="What is pulled off air",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    query_model=WithdrawalsQuery,
    answers={200: WithdrawnPage},
    refusals=(CONFLICT, NOT_FOUND),
)
async def list_withdrawals(call: Call[Nothing, WithdrawalsQuery, Nothing]) -> Answer:
    """A page of assets that are off the air of a channel."""
    master, wanted = call.site.master, call.query.channel

    def found() -> list[tuple[str, WithdrawnShown]]:
        station = master.station()
        names = [wanted] if wanted else station.channels()
        return sorted(
            (
                (f"{name}/{asset}", WithdrawnShown(channel=name, asset=asset, since=order.at, reason=order.reason))
                for name in names
                if station.revisions(name)
                for asset, order in withdrawn(station, name).items()
            ),
            key=lambda row: row[0],
        )

    return sliced(call, await master.ask(found), WithdrawnPage)


@Endpoint(
    method="POST",
    path="/api/v1/withdrawals",
    name="withdraw_assets",
    summary="Pull assets off air: slate plays in their place at once, on every origin",
    description="They stay in the schedule, so that nothing else moves, and can be given back. An id that nobody knows "
    "is refused, and then nothing is ordered.",
    scope=Scope.AIR_WRITE,
    tag=TAG,
    body_model=WithdrawalGiven,
    answers={200: WithdrawalOrders},
    idempotent=True,
    refusals=(NOT_FOUND,),
)
async def withdraw_assets(call: Call[Nothing, Nothing, WithdrawalGiven]) -> Answer:
    """An order for each channel."""
    return await _ordered(call, "ordered", back=False)


@Endpoint(
    method="POST",
    path="/api/v1/withdrawals:give-back",
    name="give_assets_back",
    summary="Let assets that were withdrawn air again",
    scope=Scope.AIR_WRITE,
    tag=TAG,
    body_model=WithdrawalGiven,
    answers={200: WithdrawalOrders},
    idempotent=True,
    refusals=(NOT_FOUND,),
)
async def give_assets_back(call: Call[Nothing, Nothing, WithdrawalGiven]) -> Answer:
    """An order for each channel."""
    return await _ordered(call, "taken_back", back=True)


@Endpoint(
    method="POST",
    path="/api/v1/channels/{id}/play-next",
    name="play_next",
    summary="Air an asset as the first program that is not committed yet",
    description="What is committed airs, and so does the program that is on: `at` says from when on air is another.",
    scope=Scope.AIR_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    body_model=PlayNextGiven,
    answers={200: GrantedShown},
    idempotent=True,
)
async def play_it_next(call: Call[ChannelPath, Nothing, PlayNextGiven]) -> Answer:
    """What goes and what comes."""
    asset, name = call.body.asset, call.path.id
    return await _granted(
        call, "play_next", lambda station: play_next(station, name, asset, call.now, call.caller.name)
    )


@Endpoint(
    method="POST",
    path="/api/v1/channels/{id}/skip",
    name="skip_program",
    summary="Pass over the first program that is not committed yet",
    description="What is committed airs, and so does the program that is on: `at` says from when on air is another.",
    scope=Scope.AIR_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    body_model=SkipGiven,
    answers={200: GrantedShown},
    idempotent=True,
)
async def skip_program(call: Call[ChannelPath, Nothing, SkipGiven]) -> Answer:
    """What goes and what comes."""
    asset, name = call.body.asset, call.path.id

    def made(station: Station) -> Granted:
        coming = asset or foreseen(station, name, call.now)
        return skip(station, name, coming, call.now, call.caller.name)

    return await _granted(call, "skipped", made)


OPERATIONS: Final = (
    read_guide,
    export_guide,
    explain_air,
    read_as_run,
    list_withdrawals,
    withdraw_assets,
    give_assets_back,
    play_it_next,
    skip_program,
)


async def _ordered(call: Call[Any, Any, WithdrawalGiven], action: str, *, back: bool) -> Answer:
    """An order for each channel, each told of."""
    master, body, now = call.site.master, call.body, call.now
    assets = tuple(dict.fromkeys(body.assets))
    channels = tuple(body.channels) if body.channels else None
    # read aside: no transaction waits for the store
    async with call.site.database.reading() as session:
        known = set((await session.exec(select(Asset.id).where(col(Asset.id).in_(assets)))).all())

    def made() -> list[OrderShown]:
        station = master.station()
        unknown = unheard_of(station, set(assets) - known, now)
        if unknown:
            raise _unknown(body.assets, unknown)
        orders = carry_out(station, Order(assets, channels, body.reason, back), now)
        return [
            OrderShown(channel=name, number=number, assets=list(assets), reason=body.reason)
            for name, number in orders.items()
        ]

    orders = await master.ask(made)
    call.is_told = True  # each order tells of itself
    for one in orders:
        call.changed(Change(_WITHDRAWAL, one.channel, action, after=one))
    return Answer(WithdrawalOrders(orders=orders))


def _unknown(assets: Sequence[str], unknown: Collection[str]) -> Problem:
    """Assets that are nowhere, each with its place in the body."""
    wrong = [
        Mistake(part="body", pointer=f"/assets/{number}", detail=f"there is no asset {asset!r}: look at its id again")
        for number, asset in enumerate(assets)
        if asset in unknown
    ]
    return Problem(UNACCEPTABLE, f"{len(unknown)} of the assets are unknown; nothing is ordered", errors=wrong)


async def _granted(call: Call[ChannelPath, Any, Any], action: str, make: Callable[[Station], Granted]) -> Answer:
    """What comes of a wish."""
    master: MasterControl = call.site.master

    def made() -> GrantedShown:
        station = master.station()
        try:
            granted = make(station)
        except Unfulfillable as refused:
            raise Problem(CONFLICT, str(refused)) from refused
        return GrantedShown(
            revision=granted.revision.number,
            at=granted.at,
            before=[_turn(turn) for turn in granted.before],
            after=[_turn(turn) for turn in granted.after],
        )

    shown = await master.ask(made)
    call.changed(Change("channel", call.path.id, action, after=shown))
    return Answer(shown)


def _turn(turn: Turn) -> TurnShown:
    return TurnShown(asset=turn.program[0].asset if turn.program else None, title=turn.title)


def _entry(entry: Entry, listed: guide.Listed, known: Links) -> GuideEntryShown:
    about = entry.about
    return GuideEntryShown(
        id=entry.id,
        start=entry.start,
        stop=entry.stop,
        length_ms=entry.length * 1000 // TIMEBASE,
        title=entry.title,
        subtitle=entry.subtitle,
        kind=entry.kind.value,
        description=about.description,
        series=about.series,
        season=about.season,
        episode=about.episode,
        released=about.released,
        genres=list(about.genres),
        rating=about.rating,
        asset=entry.asset if entry.parts else None,
        poster_url=known.poster(entry.asset, entry.poster) if entry.poster else None,
        catchup_url=known.catchup(listed.channel, entry.start, entry.stop),
        parts=[_part(part) for part in entry.parts],
    )


def _part(part: Part) -> PartShown:
    return PartShown(
        start=part.start,
        stop=part.stop,
        length_ms=part.length * 1000 // TIMEBASE,
        title=part.title,
        subtitle=part.subtitle,
        asset=part.asset,
    )
