"""Analytics: what is watched, for how long, by how many and how well, of no single person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from control_api.analytics import reading
from control_api.analytics.counting import ALL, CHANNEL, HOUR, LIVE, PROGRAM, TITLE
from control_api.analytics.reading import NOTHING, Amounts, Most
from control_api.analytics.sums import PARTS
from control_api.call import Answer, Call
from control_api.operation import Endpoint, Media
from control_api.problems import NOT_FOUND, missing
from control_api.resources.analytics_models import (
    By,
    ChannelFiguresShown,
    ConcurrentPeak,
    ConcurrentShown,
    DropOffQuery,
    DropOffShown,
    EngagementShown,
    FigurePart,
    FigureParts,
    FigurePoint,
    FigureSeries,
    FiguresQuery,
    HourOfWeek,
    HoursOfWeek,
    OverviewShown,
    PeriodShown,
    PlayingCounted,
    PlayQuality,
    PointOfDrop,
    ProgramsQuery,
    ProgramsWatched,
    ProgramWatched,
    SeriesQuery,
    StreamingFigures,
    TitleFiguresShown,
    TopQuery,
    TopWatched,
    WatchedMost,
)
from control_api.resources.channels import ChannelPath
from control_api.resources.figures import (
    CSV,
    TAG,
    ActiveProfiles,
    TableQuery,
    again,
    amounts,
    days_of,
    share,
    span_of,
    spanned,
    table,
)
from control_api.resources.title_models import TitlePath
from control_api.scopes import Scope
from control_api.tables import Asset, Genre, Title
from playout.documents import Corrupt
from playout.store import StoreDown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.analytics.reading import Span
    from control_api.models import Nothing

_FEW: Final = 5
_WEEKDAYS: Final = 7
_HOURS: Final = 24


def _declared(path: str, name: str, summary: str, **more: Any) -> Endpoint[Any, Any, Any]:  # noqa: ANN401 — as an Endpoint takes them
    return Endpoint(
        method="GET",
        path=f"/api/v1/{path}",
        name=name,
        summary=summary,
        scope=Scope.ANALYTICS_READ,
        tag=TAG,
        **{"cost": 5, **more},
    )


@_declared(
    "analytics/overview", "read_analytics_overview", "Views, viewers and time of some days, and what plays now",
    query_model=TableQuery, answers={200: Media((CSV,), OverviewShown)},
)  # fmt: skip
async def read_analytics_overview(call: Call[Nothing, TableQuery, Nothing]) -> Answer:
    """In a dozen queries, however much was watched. As CSV, the amounts of these days and of those before (B15)."""

    async def found() -> Answer:
        session, span = call.session, span_of(call)
        now = await _playing(call)
        total, before = [await reading.total(session, ALL, "", one) for one in (span, span.before)]
        titles = await reading.top(session, span, Most(TITLE, "views", _FEW, is_whole=True))
        shown = OverviewShown(
            span=spanned(call, span),
            amounts=amounts(total),
            before=amounts(before),
            playing=PlayingCounted(total=now.total, live=now.live, on_demand=now.total - now.live),
            active=await _active(call),
            titles=await _named(session, titles),
            channels=await _channels(call, await reading.top(session, span, Most(CHANNEL, "watched_ms", _FEW))),
        )
        periods = [
            PeriodShown(span=spanned(call, one), amounts=amounts(sums))
            for one, sums in ((span.before, before), (span, total))
        ]
        return table(call.query, shown, PeriodShown, periods, "overview")

    return await again(call, found)


@_declared(
    "analytics/series", "read_analytics_series", "What each day, week or month comes to",
    query_model=SeriesQuery, answers={200: Media((CSV,), FigureSeries)},
)  # fmt: skip
async def read_analytics_series(call: Call[Nothing, SeriesQuery, Nothing]) -> Answer:
    """Of all, of a title or of a channel (B15)."""

    async def found() -> Answer:
        query, span = call.query, span_of(call)
        kind = TITLE if query.title else CHANNEL if query.channel else ALL
        prefix = "" if query.split == "none" else f"{query.split}:"
        items = await _points(call, kind, query.title or query.channel or "", span, query.by, prefix)
        shown = FigureSeries(span=spanned(call, span), items=items)
        return table(query, shown, FigurePoint, items, "series")

    return await again(call, found)


@_declared(
    "analytics/titles/{id}", "read_title_analytics", "How a title is watched: views, time, devices, where people leave",
    path_model=TitlePath, query_model=TableQuery, answers={200: Media((CSV,), TitleFiguresShown)},
)  # fmt: skip
async def read_title_analytics(call: Call[TitlePath, TableQuery, Nothing]) -> Answer:
    """Of a series: of all its episodes together. As CSV, its days (B79, B98)."""

    async def found() -> Answer:
        session, span, title = call.session, span_of(call), call.path.id
        name = (await session.exec(select(Title.name).where(Title.id == title))).first()
        if name is None:
            raise missing("title", title)
        points = await _points(call, TITLE, title, span, "day", "")
        shown = TitleFiguresShown(
            id=title,
            name=name,
            span=spanned(call, span),
            amounts=amounts(await reading.total(session, TITLE, title, span)),
            live=amounts(await reading.total(session, TITLE, title, span, LIVE)),
            days=points,
            devices=await _devices(call, TITLE, title, span),
            drop_off=(await _drop_off(call, title))[1],
        )
        return table(call.query, shown, FigurePoint, points, title)

    return await again(call, found)


@_declared(
    "analytics/channels/{id}", "read_channel_analytics", "How a channel is watched: viewers, time, programs, ads apart",
    path_model=ChannelPath, query_model=TableQuery, answers={200: Media((CSV,), ChannelFiguresShown)},
)  # fmt: skip
async def read_channel_analytics(call: Call[ChannelPath, TableQuery, Nothing]) -> Answer:
    """What nobody watched has zeros. As CSV, its days."""

    async def found() -> Answer:
        session, span, channel = call.session, span_of(call), call.path.id
        points = await _points(call, CHANNEL, channel, span, "day", "")
        shown = ChannelFiguresShown(
            id=channel,
            span=spanned(call, span),
            amounts=amounts(await reading.total(session, CHANNEL, channel, span)),
            playing=(await _playing(call)).channels.get(channel, 0),
            aired=await reading.aired(session, channel, span),
            days=points,
            devices=await _devices(call, CHANNEL, channel, span),
            programs=await _programs(session, span, Most(PROGRAM, "watched_ms", 10, f"channel:{channel}")),
        )
        return table(call.query, shown, FigurePoint, points, channel)

    return await again(call, found)


@_declared(
    "analytics/programs", "read_program_analytics", "What was watched of the programs that aired, by the logs",
    query_model=ProgramsQuery, answers={200: Media((CSV,), ProgramsWatched)},
)  # fmt: skip
async def read_program_analytics(call: Call[Nothing, ProgramsQuery, Nothing]) -> Answer:
    """Live viewing is of the program that was on: ads and slate are not of it."""

    async def found() -> Answer:
        query, span = call.query, span_of(call)
        part = f"channel:{query.channel}" if query.channel else None
        items = await _programs(call.session, span, Most(PROGRAM, query.by, query.limit, part))
        return table(query, ProgramsWatched(span=spanned(call, span), items=items), ProgramWatched, items, "programs")

    return await again(call, found)


@_declared(
    "analytics/top", "read_top_analytics", "What is watched most: titles, channels, programs or genres",
    query_model=TopQuery, answers={200: Media((CSV,), TopWatched)},
)  # fmt: skip
async def read_top_analytics(call: Call[Nothing, TopQuery, Nothing]) -> Answer:
    """The period is the days that are asked for (B101)."""

    async def found() -> Answer:
        session, query, span = call.session, call.query, span_of(call)
        kinds = {"titles": TITLE, "channels": CHANNEL, "programs": PROGRAM}
        if query.what == "genres":
            items = await _genres(session, await reading.top_genres(session, span, query.by, query.limit))
        else:
            items = await _top(call, Most(
                kinds[query.what], query.by, query.limit, None if query.what == "programs" else "", tuple(query.kind),
                is_whole=query.what == "titles",
            ))  # fmt: skip
        return table(query, TopWatched(span=spanned(call, span), items=items), WatchedMost, items, f"top-{query.what}")

    return await again(call, found)


@_declared(
    "analytics/engagement", "read_engagement", "How long people watch, how far, and whether they come back",
    query_model=TableQuery, answers={200: Media((CSV,), EngagementShown)},
)  # fmt: skip
async def read_engagement(call: Call[Nothing, TableQuery, Nothing]) -> Answer:
    """As CSV, one row of all of it (B99)."""

    async def found() -> Answer:
        session, span = call.session, span_of(call)
        total = await reading.total(session, ALL, "", span)
        new, returns = await reading.came(session, span)
        shown = EngagementShown(
            span=spanned(call, span),
            amounts=amounts(total),
            watched_ms_per_session=total.watched_ms // total.sessions if total.sessions else None,
            watched_ms_per_viewer=total.watched_ms // total.viewers if total.viewers else None,
            new_viewers=new,
            returns=returns,
            active=await _active(call),
        )
        return table(call.query, shown, EngagementShown, [shown], "engagement")

    return await again(call, found)


@_declared(
    "analytics/drop-off", "read_drop_off", "Where people leave a title: how many have seen each hundredth of it",
    query_model=DropOffQuery, answers={200: Media((CSV,), DropOffShown)}, refusals=(NOT_FOUND,),
)  # fmt: skip
async def read_drop_off(call: Call[Nothing, DropOffQuery, Nothing]) -> Answer:
    """B102."""

    async def found() -> Answer:
        title = call.query.title
        if (await call.session.exec(select(Title.id).where(Title.id == title))).first() is None:
            raise missing("title", title)
        sessions, items = await _drop_off(call, title)
        shown = DropOffShown(title_id=title, sessions=sessions, items=items)
        return table(call.query, shown, PointOfDrop, items or [], f"drop-off-{title}")

    return await again(call, found)


@_declared(
    "analytics/hours", "read_hours", "At which hours of the week people watch",
    query_model=FiguresQuery, answers={200: Media((CSV,), HoursOfWeek)},
)  # fmt: skip
async def read_hours(call: Call[Nothing, FiguresQuery, Nothing]) -> Answer:
    """A map of 7 by 24 (B102)."""

    async def found() -> Answer:
        span, channel = span_of(call), call.query.channel
        cells = await reading.hours(call.session, span, f"channel:{channel}" if channel else "")
        least = call.site.settings.figures_smallest if channel else 0
        items = [
            _hour(weekday, hour, cells.get((weekday, hour), NOTHING), least)
            for weekday in range(1, _WEEKDAYS + 1)
            for hour in range(_HOURS)
        ]
        return table(call.query, HoursOfWeek(span=spanned(call, span), items=items), HourOfWeek, items, HOUR)

    return await again(call, found)


@_declared(
    "analytics/concurrent", "read_concurrent", "How many watch at once, now and at the most, by channel",
    query_model=TableQuery, answers={200: Media((CSV,), ConcurrentShown)},
)  # fmt: skip
async def read_concurrent(call: Call[Nothing, TableQuery, Nothing]) -> Answer:
    """Together first, then each channel."""

    async def found() -> Answer:
        span, now = span_of(call), await _playing(call)
        peaks = await reading.peaks(call.session, span)
        names = ["", *sorted({*now.channels, *peaks} - {""})]
        items = [_peak(name, now.channels.get(name, 0) if name else now.total, peaks.get(name)) for name in names]
        shown = ConcurrentShown(at=call.now, span=spanned(call, span), items=items)
        return table(call.query, shown, ConcurrentPeak, items, "concurrent")

    return await again(call, found)


@_declared(
    "analytics/quality", "read_play_quality", "How well it plays: time to begin, standstills, bitrate, errors",
    query_model=FiguresQuery, answers={200: Media((CSV,), PlayQuality)},
)  # fmt: skip
async def read_play_quality(call: Call[Nothing, FiguresQuery, Nothing]) -> Answer:
    """As CSV, the qualities (B100)."""

    async def found() -> Answer:
        session, span, channel = call.session, span_of(call), call.query.channel
        total = await reading.total(session, CHANNEL if channel else ALL, channel or "", span)
        buckets = await reading.startup(session, span, f"channel:{channel}" if channel else "")
        qualities = {} if channel else await reading.parts(session, ALL, "", span, "quality:")
        items = _parts(qualities)
        shown = PlayQuality(
            span=spanned(call, span),
            amounts=amounts(total),
            startup_sessions=sum(buckets.values()),
            startup_ms={f"p{one}": reading.percentile(buckets, one) for one in (50, 90, 99)},
            errors_per_session=share(total.errors, total.sessions),
            items=items,
        )
        return table(call.query, shown, FigurePart, items, "quality")

    return await again(call, found)


@_declared(
    "analytics/devices", "read_devices", "On which kinds of devices people watch",
    query_model=FiguresQuery, answers={200: Media((CSV,), FigureParts)},
)  # fmt: skip
async def read_devices(call: Call[Nothing, FiguresQuery, Nothing]) -> Answer:
    """Of all, or of a channel."""

    async def found() -> Answer:
        span, channel = span_of(call), call.query.channel
        if channel:
            items = await _devices(call, CHANNEL, channel, span)
        else:
            items = _parts(await reading.parts(call.session, ALL, "", span, "device:"))
        return table(call.query, FigureParts(span=spanned(call, span), items=items), FigurePart, items, "devices")

    return await again(call, found)


@_declared(
    "streaming/analytics", "read_streaming_analytics", "What plays now: sessions by quality, device, channel; stalls",
    answers={200: StreamingFigures},
)  # fmt: skip
async def read_streaming_analytics(call: Call) -> Answer:
    """B63."""

    async def found() -> Answer:
        now = await _playing(call)
        shown = StreamingFigures(
            at=call.now,
            active_sessions=now.total,
            live_sessions=now.live,
            by_quality=now.qualities,
            by_device=now.devices,
            by_channel=now.channels,
            stall_rate=share(now.stalled_ms, now.watched_ms + now.stalled_ms),
        )
        return Answer(shown)

    return await again(call, found)


OPERATIONS: Final = (
    read_analytics_overview,
    read_analytics_series,
    read_title_analytics,
    read_channel_analytics,
    read_program_analytics,
    read_top_analytics,
    read_engagement,
    read_drop_off,
    read_hours,
    read_concurrent,
    read_play_quality,
    read_devices,
    read_streaming_analytics,
)


async def _playing(call: Call[Any, Any, Any]) -> reading.Now:
    return await reading.playing(call.session, call.site.settings, call.now)


async def _active(call: Call[Any, Any, Any]) -> ActiveProfiles:
    day, week, month = await reading.active(call.session, days_of(call).today(call.now))
    return ActiveProfiles(day=day, week=week, month=month)


async def _points(
    call: Call[Any, Any, Any], kind: str, subject: str, span: Span, by: By, prefix: str = ""
) -> list[FigurePoint]:  # fmt: skip
    """A series; of parts, those that are large enough over all of it."""
    found = await reading.days(call.session, kind, subject, span, prefix)
    names = [""]
    if prefix:
        sums: dict[str, Amounts] = {}
        for _, part, one in found:
            sums[part] = sums.get(part, NOTHING) + one
        names = list(reading.legible(sums, call.site.settings.figures_smallest) if kind != ALL else sums)
    return [
        FigurePoint(day=day, part=part, amounts=amounts(one))
        for day, part, one in reading.grouped(found, span, by, names)
    ]


async def _devices(call: Call[Any, Any, Any], kind: str, subject: str, span: Span) -> list[FigurePart]:
    """The kinds of devices of one thing, as far as they tell of nobody."""
    found = await reading.parts(call.session, kind, subject, span, "device:")
    return _parts(reading.legible(found, call.site.settings.figures_smallest))


def _parts(found: Mapping[str, Amounts]) -> list[FigurePart]:
    longest = sorted(found.items(), key=lambda one: (-one[1].watched_ms, one[0]))
    return [FigurePart(name=name, amounts=amounts(one)) for name, one in longest]


async def _drop_off(call: Call[Any, Any, Any], title: str) -> tuple[int, list[PointOfDrop] | None]:
    sessions, seen = await reading.drop_off(call.session, title)
    if sessions < call.site.settings.figures_smallest:
        return sessions, None
    return sessions, [
        PointOfDrop(percent=number, share=share(count, sessions) or 0.0) for number, count in enumerate(seen)
    ]


def _hour(weekday: int, hour: int, found: Amounts, least: int) -> HourOfWeek:
    is_few = bool(found.watched_ms) and found.views < least
    return HourOfWeek(
        weekday=weekday,
        hour=hour,
        watched_ms=None if is_few else found.watched_ms,
        views=None if is_few else found.views,
    )


def _peak(channel: str, now: int, peak: tuple[int, str] | None) -> ConcurrentPeak:
    most, day = peak or (0, None)
    return ConcurrentPeak(channel=channel, now=now, peak=most, peak_day=day)


@dataclass(frozen=True, slots=True)
class _Named:
    """What is shown of a title beside its amounts."""

    name: str
    kind: str = ""
    series: str = ""


async def _names(session: AsyncSession, titles: Collection[str]) -> dict[str, _Named]:
    """Of those of these titles that are there: an episode by its series, for there are many of one name."""
    parent, above = aliased(Title), aliased(Title)
    series = case((col(Title.kind).in_(PARTS), func.coalesce(above.name, parent.name)))
    rows: Any = (
        select(Title.id, Title.name, Title.kind, series)
        .outerjoin(parent, col(parent.id) == col(Title.parent_id))
        .outerjoin(above, col(above.id) == col(parent.parent_id))
        .where(col(Title.id).in_(titles))
    )
    return {title: _Named(name, kind, whole or "") for title, name, kind, whole in (await session.exec(rows)).all()}


async def _top(call: Call[Any, Any, Any], most: Most) -> list[WatchedMost]:
    """What is at the top of titles, channels or programs."""
    session, span = call.session, span_of(call)
    if most.kind == PROGRAM:
        return [
            WatchedMost(id=one.asset, name=one.name, kind=one.kind, series=one.series, amounts=one.amounts)
            for one in await _programs(session, span, most)
        ]
    rows = await reading.top(session, span, most)
    return await (_channels(call, rows) if most.kind == CHANNEL else _named(session, rows))


async def _named(session: AsyncSession, rows: Sequence[tuple[str, str, Amounts]]) -> list[WatchedMost]:
    names = await _names(session, [title for title, *_ in rows])
    return [WatchedMost(id=id_, **asdict(names.get(id_, _Named(id_))), amounts=amounts(one)) for id_, _, one in rows]


async def _channels(call: Call[Any, Any, Any], rows: Sequence[tuple[str, str, Amounts]]) -> list[WatchedMost]:
    """By the names that the station has for them; where its store is down, by their ids."""

    def found() -> dict[str, str]:
        try:
            station = call.site.master.station()
            there = set(station.channels())
            return {name: station.revisions(name)[-1].channel.name for name, *_ in rows if name in there}
        except (StoreDown, Corrupt):
            return {}

    names = await call.site.master.ask(found) if rows else {}
    return [
        WatchedMost(id=name, name=names.get(name) or name, kind="", series="", amounts=amounts(one))
        for name, _, one in rows
    ]


async def _genres(session: AsyncSession, rows: Sequence[tuple[str, Amounts]]) -> list[WatchedMost]:
    found = select(Genre.id, Genre.name).where(col(Genre.id).in_([genre for genre, _ in rows]))
    names = dict((await session.exec(found)).all())
    return [
        WatchedMost(id=genre, name=names.get(genre, genre), kind="", series="", amounts=amounts(one))
        for genre, one in rows
    ]


async def _programs(session: AsyncSession, span: Span, most: Most) -> list[ProgramWatched]:
    rows = await reading.top(session, span, most)
    found = select(Asset.id, Asset.title_id).where(col(Asset.id).in_([asset for asset, *_ in rows]))
    titles = dict((await session.exec(found)).all())
    names = await _names(session, set(titles.values()))
    return [
        ProgramWatched(
            asset=asset,
            title_id=titles.get(asset),
            **asdict(names.get(titles.get(asset, ""), _Named(asset))),
            channel=part.removeprefix("channel:"),
            amounts=amounts(one),
        )
        for asset, part, one in rows
    ]
