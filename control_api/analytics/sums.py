"""Sums in the database: what a batch has counted is added to what is there, a statement for each table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, insert, select, update

from control_api.analytics.counting import AMOUNTS, HUNDREDTHS, Key, State
from control_api.ids import new_id
from control_api.library.kinds import TitleKind
from control_api.tables import Asset, FigureDay, FigurePlace, PlayCounted, Title, TitleSeen, View, ViewerDays, Visit
from control_api.viewing.playing import instant, millis

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.analytics.counting import Sums, Viewing, Visits

_AT_ONCE: Final = 500
"""Names in one question."""
_MINUTE: Final = 60_000
PARTS: Final = (TitleKind.EPISODE, TitleKind.SEASON)
"""What is seen when it is: a trailer is no part of what it is for."""


def _insert(session: AsyncSession, table: Any) -> Any:  # noqa: ANN401 — any table
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


async def _put(session: AsyncSession, statement: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 — any statement
    if rows:
        await session.flush()
        await (await session.connection()).execute(statement, rows)


async def make_place(session: AsyncSession, name: str) -> None:
    """Have a place, which another process may have made at the same time."""
    await _put(session, _insert(session, FigurePlace).on_conflict_do_nothing(), [{"name": name, "at": None}])


async def add(session: AsyncSession, sums: Sums) -> None:
    """Add to the figures of days, in the order of their keys."""
    rows = [
        {**key._asdict(), **{name: amounts[name] for name in AMOUNTS}, "peak": 0}
        for key, amounts in sorted(sums.items())
        if any(amounts.values())
    ]
    statement = _insert(session, FigureDay)
    more = {name: getattr(FigureDay, name) + getattr(statement.excluded, name) for name in AMOUNTS}
    await _put(session, statement.on_conflict_do_update(index_elements=list(Key._fields), set_=more), rows)


async def raise_peaks(session: AsyncSession, peaks: Mapping[Key, int]) -> None:
    """Let the peaks of days be these, where they were lower."""
    rows = [
        {**key._asdict(), **dict.fromkeys(AMOUNTS, 0), "peak": count} for key, count in sorted(peaks.items()) if count
    ]
    statement = _insert(session, FigureDay)
    higher = case((statement.excluded.peak > FigureDay.peak, statement.excluded.peak), else_=FigureDay.peak)
    await _put(session, statement.on_conflict_do_update(index_elements=list(Key._fields), set_={"peak": higher}), rows)


# Sessions

_STATE: Final = (
    "watched_ms", "position_ms", "share", "stalls", "stalled_ms", "errors", "bits", "bits_ms", "is_started",
    "is_viewed", "is_completed", "program", "program_from", "program_ms", "program_viewed",
)  # fmt: skip


async def states(session: AsyncSession, some: Sequence[str]) -> dict[str, State]:
    """How much of these sessions is counted."""
    columns: Any = [getattr(PlayCounted, name) for name in ("session_id", "touched_at", "seen", *_STATE)]
    rows: Any = select(*columns).where(col(PlayCounted.session_id).in_(some))
    return {
        name: State(touched=millis(touched), seen=int(seen or "0", 16), **dict(zip(_STATE, found, strict=True)))
        for name, touched, seen, *found in (await session.exec(rows)).all()
    }


async def keep(session: AsyncSession, states: Mapping[str, State]) -> None:
    """Write how much of these sessions is counted."""
    rows = [
        {
            "session_id": name,
            "touched_at": instant(one.touched),
            "seen": f"{one.seen:x}" if one.seen else "",
            **{column: getattr(one, column) for column in _STATE},
        }
        for name, one in states.items()
    ]
    statement = _insert(session, PlayCounted)
    changed = {name: getattr(statement.excluded, name) for name in ("touched_at", "seen", *_STATE)}
    await _put(session, statement.on_conflict_do_update(index_elements=["session_id"], set_=changed), rows)


# Visitors


async def visits(session: AsyncSession, viewings: Sequence[Viewing], hashed: Callable[[str, str], str]) -> Visits:
    """What is known of the visits of those who have these viewings."""
    pairs = {(one.day, one.visitor or hashed(one.day, one.who)) for one in viewings if one.visitor or one.who}
    found: Visits = {}
    for day in {day for day, _ in pairs}:
        for some in _portions(sorted(visitor for other, visitor in pairs if other == day)):
            rows = select(Visit).where(Visit.day == day, col(Visit.visitor).in_(some))
            for row in (await session.exec(rows)).all():
                found[row.day, row.visitor, row.subject] = millis(row.viewed_at)
    return found


async def keep_visits(session: AsyncSession, changed: Visits) -> None:
    """Write when each of these visitors was last counted."""
    rows = [
        {"day": day, "visitor": visitor, "subject": subject, "viewed_at": instant(at)}
        for (day, visitor, subject), at in sorted(changed.items())
    ]
    statement = _insert(session, Visit)
    later = {"viewed_at": statement.excluded.viewed_at}
    await _put(session, statement.on_conflict_do_update(index_elements=["day", "visitor", "subject"], set_=later), rows)


async def viewer_days(session: AsyncSession, profiles: Iterable[str]) -> dict[str, tuple[str, str]]:
    """On which days these profiles were first and last counted."""
    found: dict[str, tuple[str, str]] = {}
    for some in _portions(sorted(set(profiles))):
        rows = select(ViewerDays).where(col(ViewerDays.profile_id).in_(some))
        found |= {row.profile_id: (row.first_day, row.last_day) for row in (await session.exec(rows)).all()}
    return found


async def keep_viewer_days(session: AsyncSession, came: Mapping[str, tuple[str, str]]) -> None:
    """Write on which days they were."""
    rows = [
        {"profile_id": profile, "first_day": first, "last_day": last} for profile, (first, last) in sorted(came.items())
    ]
    statement = _insert(session, ViewerDays)
    later = {"last_day": statement.excluded.last_day}
    await _put(session, statement.on_conflict_do_update(index_elements=["profile_id"], set_=later), rows)


# Titles


async def add_seen(session: AsyncSession, seen: Mapping[tuple[str, int], int]) -> None:
    """Add to what was seen of titles, by whoever holds the place."""
    counts: dict[str, list[int]] = {}
    for some in _portions(sorted({title for title, _ in seen})):
        rows = select(TitleSeen).where(col(TitleSeen.title_id).in_(some))
        there = {row.title_id: [*row.hundredths, row.sessions] for row in (await session.exec(rows)).all()}
        counts |= {title: there.get(title, [0] * (HUNDREDTHS + 1)) for title in some}
    for (title, part), count in seen.items():
        counts[title][part] += count
    found = [{"title_id": title, "sessions": one[-1], "hundredths": one[:-1]} for title, one in counts.items()]
    statement = _insert(session, TitleSeen)
    changed = {"sessions": statement.excluded.sessions, "hundredths": statement.excluded.hundredths}
    await _put(session, statement.on_conflict_do_update(index_elements=["title_id"], set_=changed), found)


async def add_views(session: AsyncSession, views: Mapping[str, int]) -> None:
    """Add to the views that titles show."""
    if views:
        more = case(dict(sorted(views.items())), value=Title.id, else_=0)
        await session.exec(update(Title).where(col(Title.id).in_(sorted(views))).values(views=Title.views + more))


async def note_views(session: AsyncSession, views: Sequence[Viewing]) -> None:
    """Note when something was viewed, to the minute."""
    rows = [
        {
            "id": new_id("vw"),
            "title_id": one.title,
            "at": instant(one.at // _MINUTE * _MINUTE),
            "via": one.via,
            "device_kind": one.device,
        }
        for one in views
    ]
    await _put(session, insert(View), rows)


async def titles(session: AsyncSession, assets: Collection[str]) -> dict[str, str]:
    """The titles of these assets, as far as they are known."""
    found: dict[str, str] = {}
    for some in _portions(sorted(assets)):
        rows = select(Asset.id, Asset.title_id).where(col(Asset.id).in_(some))
        found |= dict((await session.exec(rows)).all())
    return found


async def above(session: AsyncSession, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Of those titles that are there, what each is a part of, the nearest first: the season, the series."""
    found: dict[str, tuple[str, ...]] = {}
    parent = aliased(Title)
    for some in _portions(sorted(set(names))):
        rows: Any = (
            select(Title.id, parent.id, parent.parent_id)
            .outerjoin(parent, and_(col(parent.id) == col(Title.parent_id), col(Title.kind).in_(PARTS)))
            .where(col(Title.id).in_(some))
        )
        found |= {name: tuple(one for one in more if one) for name, *more in (await session.exec(rows)).all()}
    return found


def _portions(whole: Sequence[str]) -> Iterable[Sequence[str]]:
    return (whole[start : start + _AT_ONCE] for start in range(0, len(whole), _AT_ONCE))
