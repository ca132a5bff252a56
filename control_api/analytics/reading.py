"""Reading figures: sums of days, asked for in a constant number of questions however many days and things there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, cast
from sqlmodel import col, func, or_, select

from control_api.analytics.counting import ALL, AMOUNTS, AUDIENCE, BUCKETS, CHANNEL, HOUR, HUNDREDTHS, SLOWEST, STARTUP
from control_api.analytics.sums import PARTS
from control_api.tables import FigureDay, PlaySession, Title, TitleGenre, TitleSeen, View, ViewerDays
from control_api.viewing.silence import told
from control_api.viewing.streams import plays

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.settings import Settings

LATEST: Final = 10
OTHER: Final = "other"
_SPANS: Final = (1, 7, 30)
_AIR: Final = ("program", "ad", "bumper", "filler", "slate", "unlogged")


@dataclass(frozen=True, slots=True)
class Amounts:
    """Sums of some days."""

    sessions: int = 0
    on_demand: int = 0
    views: int = 0
    viewers: int = 0
    watched_ms: int = 0
    completions: int = 0
    shares: int = 0
    stalls: int = 0
    stalled_ms: int = 0
    errors: int = 0
    bits: int = 0
    bits_ms: int = 0
    peak: int = 0
    """The greatest one, and no sum."""

    def __add__(self, other: Amounts) -> Amounts:
        """Of both together."""
        found = {name: getattr(self, name) + getattr(other, name) for name in AMOUNTS}
        return Amounts(**found, peak=max(self.peak, other.peak))


NOTHING: Final = Amounts()


@dataclass(frozen=True, slots=True)
class Span:
    """Some days, the last one too."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Span:
        """As many days, just before these."""
        return Span(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def group(self, day: str, by: str) -> str:
        """The first day of the group that a day is in: itself, its week from Monday on, or its month."""
        if by == "month":
            return f"{day[:7]}-01"
        if by == "week":
            found = date.fromisoformat(day)
            return (found - timedelta(days=found.weekday())).isoformat()
        return day

    def groups(self, by: str) -> list[str]:
        """All of them."""
        days = (self.first + timedelta(days=number) for number in range(self.days))
        return list(dict.fromkeys(self.group(day.isoformat(), by) for day in days))


def _summed() -> list[Any]:
    """The columns of sums; PostgreSQL would answer decimals for them."""
    found = [cast(func.sum(getattr(FigureDay, name)), BigInteger) for name in AMOUNTS]
    return [*found, func.max(FigureDay.peak)]


def _within(span: Span) -> list[Any]:
    day = col(FigureDay.day)
    return [day >= span.first.isoformat(), day <= span.last.isoformat()]


def _amounts(found: Sequence[Any]) -> Amounts:
    return Amounts(*(int(one or 0) for one in found))


async def total(session: AsyncSession, kind: str, subject: str, span: Span, part: str = "") -> Amounts:
    """What all days come to."""
    rows: Any = select(*_summed()).where(
        FigureDay.kind == kind, FigureDay.subject == subject, FigureDay.part == part, *_within(span)
    )
    return _amounts((await session.exec(rows)).one())


async def days(
    session: AsyncSession, kind: str, subject: str, span: Span, prefix: str = ""
) -> list[tuple[str, str, Amounts]]:
    """Each day of a thing, or of each of those parts of it whose names begin so: day, part, amounts."""
    part = col(FigureDay.part)
    which = part.startswith(prefix, autoescape=True) if prefix else part == ""
    rows: Any = (
        select(FigureDay.day, FigureDay.part, *(getattr(FigureDay, one.name) for one in fields(Amounts)))
        .where(FigureDay.kind == kind, FigureDay.subject == subject, which, *_within(span))
        .order_by(col(FigureDay.day), part)
    )
    return [(day, name.removeprefix(prefix), _amounts(found)) for day, name, *found in (await session.exec(rows)).all()]


async def parts(session: AsyncSession, kind: str, subject: str, span: Span, prefix: str) -> dict[str, Amounts]:
    """What each part comes to whose name begins so."""
    part = col(FigureDay.part)
    rows: Any = (
        select(part, *_summed())
        .where(FigureDay.kind == kind, FigureDay.subject == subject, part.startswith(prefix, autoescape=True))
        .where(*_within(span))
        .group_by(part)
        .order_by(part)
    )
    return {name.removeprefix(prefix): _amounts(found) for name, *found in (await session.exec(rows)).all()}


async def subjects(
    session: AsyncSession, kind: str, span: Span, part: str = "", of: Sequence[str] | None = None
) -> dict[str, Amounts]:
    """What each thing of a kind comes to; of few kinds only, for all of them are answered."""
    rows: Any = select(FigureDay.subject, *_summed()).where(
        FigureDay.kind == kind, FigureDay.part == part, *_within(span)
    )
    if of is not None:
        rows = rows.where(col(FigureDay.subject).in_(of))
    found = (await session.exec(rows.group_by(FigureDay.subject).order_by(FigureDay.subject))).all()
    return {name: _amounts(amounts) for name, *amounts in found}


@dataclass(frozen=True, slots=True)
class Most:
    """Of what the most is wanted."""

    kind: str
    by: str
    limit: int
    part: str | None = ""
    """None: each part by itself."""
    kinds: tuple[str, ...] = ()
    """Of titles: of these kinds alone."""
    is_whole: bool = False
    """Of titles: whether what is a part of another one (`PARTS`) counts as that alone."""


async def top(session: AsyncSession, span: Span, most: Most) -> list[tuple[str, str, Amounts]]:
    """The things with the most of something: id, part, amounts."""
    amount = func.sum(getattr(FigureDay, most.by))
    named = FigureDay.subject, FigureDay.part
    rows: Any = select(*named, *_summed()).where(FigureDay.kind == most.kind, *_within(span))
    if most.part is not None:
        rows = rows.where(FigureDay.part == most.part)
    if most.kinds:
        rows = rows.join(Title, col(Title.id) == FigureDay.subject).where(col(Title.kind).in_(most.kinds))
    elif most.is_whole:
        rows = rows.outerjoin(Title, col(Title.id) == FigureDay.subject)
        rows = rows.where(or_(col(Title.id).is_(None), col(Title.kind).not_in(PARTS), col(Title.parent_id).is_(None)))
    rows = rows.group_by(*named).having(amount > 0).order_by(amount.desc(), *named).limit(most.limit)
    return [(name, within, _amounts(found)) for name, within, *found in (await session.exec(rows)).all()]


async def top_genres(session: AsyncSession, span: Span, by: str, limit: int) -> list[tuple[str, Amounts]]:
    """The genres with the most of something; a title counts for each of its own."""
    most = func.sum(getattr(FigureDay, by))
    rows: Any = (
        select(TitleGenre.genre_id, *_summed())
        .join(FigureDay, col(FigureDay.subject) == col(TitleGenre.title_id))
        .where(FigureDay.kind == "title", FigureDay.part == "", *_within(span))
        .group_by(TitleGenre.genre_id)
        .having(most > 0)
        .order_by(most.desc(), TitleGenre.genre_id)
        .limit(limit)
    )
    return [(name, _amounts(found)) for name, *found in (await session.exec(rows)).all()]


def legible(found: Mapping[str, Amounts], smallest: int) -> dict[str, Amounts]:
    """The same without groups so small that they tell of single people: these are one, if that is large enough."""
    large = {name: one for name, one in found.items() if one.sessions >= smallest and name != OTHER}
    rest = NOTHING
    for name, one in found.items():
        if name not in large:
            rest += one
    return {**large, OTHER: rest} if rest.sessions >= smallest else large


# Viewers


async def active(session: AsyncSession, today: date) -> tuple[int, int, int]:
    """How many profiles have watched today, in seven days and in thirty, today included."""
    since = [(today - timedelta(days=days - 1)).isoformat() for days in _SPANS]
    last = col(ViewerDays.last_day)
    counts: Any = [func.count().filter(last >= day) for day in since]
    found = (await session.exec(select(*counts).where(last >= since[-1]))).one()
    return int(found[0]), int(found[1]), int(found[2])


async def came(session: AsyncSession, span: Span) -> tuple[int, int]:
    """How many came for the first time, and how often somebody came back on another day."""
    found = await subjects(session, AUDIENCE, span)
    return found.get("new", NOTHING).viewers, found.get("returning", NOTHING).viewers


# How far, how fast, and how many now


async def drop_off(session: AsyncSession, title: str) -> tuple[int, list[int]]:
    """How many sessions of a title were looked at, and how many have seen each of its hundredths."""
    found = await session.get(TitleSeen, title)
    return (found.sessions, found.hundredths) if found is not None else (0, [0] * HUNDREDTHS)


async def startup(session: AsyncSession, span: Span, part: str = "") -> dict[int, int]:
    """How many sessions took up to so many milliseconds to begin."""
    return {int(name): one.sessions for name, one in (await subjects(session, STARTUP, span, part)).items()}


def percentile(buckets: Mapping[int, int], percent: int) -> int | None:
    """The time within which so many have begun, in ms: between the bounds of its bucket it is told by even steps."""
    total = sum(buckets.values())
    if not total:
        return None
    wanted, below, low = total * percent / 100, 0, 0
    for high in (*BUCKETS, SLOWEST):
        count = buckets.get(high, 0)
        if count and below + count >= wanted:
            return round(low + (high - low) * (wanted - below) / count)
        below, low = below + count, high
    return SLOWEST


@dataclass(frozen=True, slots=True)
class Now:
    """What plays now."""

    total: int
    live: int
    channels: dict[str, int]
    devices: dict[str, int]
    qualities: dict[str, int]
    watched_ms: int
    stalled_ms: int
    """Of the sessions that were open within the last hour."""


async def playing(session: AsyncSession, settings: Settings, now: datetime) -> Now:
    """The sessions that are open and were heard of lately; two questions."""
    ended, touched = col(PlaySession.ended_at), col(PlaySession.touched_at)
    groups: Any = PlaySession.channel, PlaySession.device_kind, PlaySession.quality
    columns: Any = (*groups, func.count())
    rows: Any = select(*columns).where(*plays(settings, now), told()).group_by(*groups)
    channels: Counter[str] = Counter()
    devices: Counter[str] = Counter()
    qualities: Counter[str] = Counter()
    for channel, device, quality, count in (await session.exec(rows)).all():
        channels[channel or ""] += count
        devices[device or OTHER] += count
        qualities[quality or OTHER] += count
    lately = now - timedelta(hours=1)
    stood: Any = select(func.sum(PlaySession.watched_ms), func.sum(PlaySession.stalled_ms)).where(
        or_(ended > lately, (ended.is_(None)) & (touched > lately))
    )
    watched, stalled = (await session.exec(stood)).one()
    total = channels.total()
    on_demand = channels.pop("", 0)
    return Now(
        total, total - on_demand, _sorted(channels), _sorted(devices), _sorted(qualities), int(watched or 0),
        int(stalled or 0),
    )  # fmt: skip


def _sorted(found: Counter[str]) -> dict[str, int]:
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


async def latest(session: AsyncSession, title: str) -> list[View]:
    """The last views of a title, the newest first."""
    rows = select(View).where(View.title_id == title).order_by(col(View.at).desc(), col(View.id).desc())
    return list((await session.exec(rows.limit(LATEST))).all())


def grouped(
    found: Iterable[tuple[str, str, Amounts]], span: Span, by: str, names: Sequence[str]
) -> list[tuple[str, str, Amounts]]:
    """Days put together to groups, for each of these parts; a group without anything is there as well."""
    sums: dict[tuple[str, str], Amounts] = {(group, name): NOTHING for group in span.groups(by) for name in names}
    for day, part, amounts in found:
        place = span.group(day, by), part if part in names else OTHER
        if place in sums:
            sums[place] += amounts
    return [(group, name, amounts) for (group, name), amounts in sums.items()]


async def aired(session: AsyncSession, channel: str, span: Span) -> dict[str, int]:
    """For how long, in ms, what kind of air was watched on a channel."""
    rows: Any = (
        select(FigureDay.kind, cast(func.sum(FigureDay.watched_ms), BigInteger))
        .where(FigureDay.part == f"channel:{channel}", col(FigureDay.kind).in_(_AIR), *_within(span))
        .group_by(FigureDay.kind)
        .order_by(FigureDay.kind)
    )
    return {kind: int(found) for kind, found in (await session.exec(rows)).all() if found}


async def hours(session: AsyncSession, span: Span, part: str = "") -> dict[tuple[int, int], Amounts]:
    """The hours of the week, by weekday from 1 for Monday and hour."""
    rows: Any = select(FigureDay.day, FigureDay.subject, FigureDay.watched_ms, FigureDay.views).where(
        FigureDay.kind == HOUR, FigureDay.part == part, *_within(span)
    )
    found: dict[tuple[int, int], Amounts] = {}
    for day, hour, watched, views in (await session.exec(rows)).all():
        place = date.fromisoformat(day).isoweekday(), int(hour)
        found[place] = found.get(place, NOTHING) + Amounts(watched_ms=watched, views=views)
    return found


async def peaks(session: AsyncSession, span: Span) -> dict[str, tuple[int, str]]:
    """The most that played at once and on which day, by channel; of all together by no name."""
    rows: Any = (
        select(FigureDay.kind, FigureDay.subject, FigureDay.day, FigureDay.peak)
        .where(col(FigureDay.kind).in_((ALL, CHANNEL)), FigureDay.part == "", col(FigureDay.peak) > 0, *_within(span))
        .order_by(col(FigureDay.day))
    )
    found: dict[str, tuple[int, str]] = {}
    for kind, name, day, peak in (await session.exec(rows)).all():
        subject = name if kind == CHANNEL else ""
        if subject not in found or peak > found[subject][0]:
            found[subject] = peak, day
    return found
