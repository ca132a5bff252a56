"""Rolling up: one process of all counts what was played since, some sessions at a time, beside all that answers.

Law: what is counted of a session and the sums that it is counted in are written in one transaction, and whoever writes
one holds the place meanwhile. So a process that dies at any instant, or two that take themselves for the one, count
nothing twice and lose nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, func, or_, select

from control_api.analytics import sums, visitors
from control_api.analytics.airings import Airings
from control_api.analytics.counting import ALL, CHANNEL, About, Count, Key, Look, Rules, State, Viewing
from control_api.analytics.days import Days
from control_api.database import Database, is_outage
from control_api.duties import Duty
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.settings import Settings
from control_api.tables import FigurePlace, PlayCounted, PlaySession, Title, ViewSent
from control_api.trouble import Trouble
from control_api.viewing.beating import OLDEST_MS
from control_api.viewing.playing import millis
from control_api.viewing.silence import told
from control_api.viewing.streams import plays
from playout.clock import Clock
from playout.core.manifest import HOLD_BACK
from playout.station import Station
from playout.store import StoreDown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.analytics.counting import Aired

_log: Final = logging.getLogger("fastline.api")

DUTY: Final = "figures"
LEASE: Final = timedelta(minutes=3)
AT_ONCE: Final = 100
"""Sessions in one transaction: on SQLite nobody else writes meanwhile."""
SESSIONS: Final = "sessions"
_BACK: Final = timedelta(minutes=15)
"""How far behind its place the work looks again: rows are written a moment after what they tell."""
_LATE: Final = timedelta(hours=2)
"""How long after a day its visitors are still known again: what was played at its end is counted by then."""
BEHIND_MS: Final = HOLD_BACK * 1000

_Cursor = tuple[datetime, str]


@dataclass(slots=True, eq=False)
class Roller:
    """One process that would do it."""

    settings: Settings
    database: Database
    station: Callable[[], Station]
    """The station as it is now; it blocks."""
    clock: Clock
    duty: Duty = field(init=False)
    _airings: Airings = field(default_factory=Airings)
    _days: Days = field(init=False)
    _rules: Rules = field(init=False)
    _trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        """Nobody else has this name."""
        settings = self.settings
        self.duty = Duty(self.database, DUTY, new_id("fg"), LEASE)
        self._days = Days(settings.figures_zone)
        self._rules = Rules(int(settings.view_seconds * 1000), settings.view_again_minutes * 60_000, BEHIND_MS)
        self._trouble = Trouble(_log, "what is played is not counted now", "uncounted")

    async def run(self) -> None:
        """Do it until cancelled. What is not counted while the store or the database is down is made up for.

        Where nothing is to be counted it only lets nobody be known any more.
        """
        await self.duty.done(self._turned, self.settings.figures_beat_seconds)

    async def _turned(self) -> None:
        try:
            if await self.duty.holds(whole_millis(self.clock())):
                await self.once()
            self._trouble.end()
        except Exception as error:
            if not is_outage(error) and not isinstance(error, (StoreDown, IntegrityError)):
                raise
            self._trouble.say(type(error).__name__)

    async def once(self) -> int:
        """Count all that is not counted yet; how many sessions and told views that were."""
        now = whole_millis(self.clock())
        if not self.settings.figures:
            await self._forget(now)
            return 0
        place = await self._place()
        floor = place - _BACK if place is not None else None
        done = 0
        for is_over in (False, True):
            cursor: _Cursor | None = None
            while True:
                some, cursor = await self._some(floor, cursor, is_over=is_over)
                done += await self._all_counted(some, now)
                if cursor is None:
                    break
                await self.duty.holds(whole_millis(self.clock()))
        done += await self._told(now)
        await self._peaks(now)
        await self._forget(now)
        return done

    async def _place(self) -> datetime | None:
        async with self.database.reading() as session:
            return (await session.exec(select(FigurePlace.at).where(FigurePlace.name == SESSIONS))).first()

    # Sessions

    async def _some(
        self, floor: datetime | None, cursor: _Cursor | None, *, is_over: bool
    ) -> tuple[dict[str, str | None], _Cursor | None]:
        """The next sessions of which something is new, with their channels, and where those after them begin."""
        touched = col(PlaySession.touched_at)
        at = col(PlaySession.ended_at) if is_over else touched
        is_new = or_(
            col(PlayCounted.session_id).is_(None),
            col(PlayCounted.touched_at) != touched,
            col(PlayCounted.watched_ms) < col(PlaySession.watched_ms),
        )
        rows: Any = (
            select(PlaySession.id, PlaySession.channel, at)
            .outerjoin(PlayCounted, col(PlayCounted.session_id) == col(PlaySession.id))
            .where(
                is_new,
                told(),
                col(PlaySession.ended_at).is_not(None) if is_over else col(PlaySession.ended_at).is_(None),
            )
            .order_by(at, col(PlaySession.id))
            .limit(AT_ONCE)
        )
        if floor is not None:
            rows = rows.where(at >= floor)
        if cursor is not None:
            behind = or_(at > cursor[0], col(PlaySession.id) > cursor[1])
            rows = rows.where(at >= cursor[0], behind)  # the first one alone is what an index can begin with
        async with self.database.reading() as session:
            found = (await session.exec(rows)).all()
        cursor = (found[-1][2], found[-1][0]) if len(found) == AT_ONCE else None
        return {name: channel for name, channel, _ in found}, cursor

    async def _all_counted(self, found: dict[str, str | None], now: datetime) -> int:
        """Count these; where that cannot be for one of them, all others."""
        try:
            return await self._counted(found, now)
        except Exception as error:
            if is_outage(error) or isinstance(error, (StoreDown, IntegrityError)):
                raise
            if len(found) == 1:
                _log.exception("%s: what was played of it cannot be counted", next(iter(found)))
                return 0
        some, middle = list(found.items()), len(found) // 2
        return sum([await self._all_counted(dict(half), now) for half in (some[:middle], some[middle:])])

    async def _counted(self, found: dict[str, str | None], now: datetime) -> int:
        """Count these, in one transaction; what aired is read before, for nobody waits for the store in one."""
        some, live = list(found), [name for name, channel in found.items() if channel]
        if not some:
            return 0
        air: dict[str, tuple[Aired, ...]] = {}
        if live:
            async with self.database.reading() as session:
                watched = await _looks(session, live), await sums.states(session, live)
            air = await self._air(*watched)
        time = asyncio.get_running_loop().time
        begun = time()
        async with self.database.writing() as session:
            await _hold(session)
            looks = await _looks(session, some)
            states = await sums.states(session, some)
            count = Count(self._rules, self._days, await _about(session, looks, air))
            after = {}
            for look in looks:
                before = states.get(look.id)
                after[look.id] = count.look(look if self.settings.viewers else _veiled(look), before)
            await self._settled(session, count, now)
            await sums.keep(session, after)
        await asyncio.sleep(time() - begun)  # others write as long: whoever waits for SQLite looks now and then only
        return len(looks)

    async def _air(self, looks: Sequence[Look], states: dict[str, State]) -> dict[str, tuple[Aired, ...]]:
        """What aired on the channels that were watched."""
        stretches: dict[str, tuple[int, int]] = {}
        for look in looks:
            if look.channel:
                was = states.get(look.id)
                more = max(look.watched_ms - (was.watched_ms if was else 0), 0)
                behind = BEHIND_MS if look.behind_ms is None else look.behind_ms
                start, stop = look.touched - more - behind, look.touched - behind
                since, until = stretches.get(look.channel, (start, stop))
                stretches[look.channel] = min(since, start), max(until, stop)
        if not stretches:
            return {}
        return await asyncio.to_thread(lambda: self._airings.of(self.station(), stretches))

    async def _settled(self, session: AsyncSession, count: Count, now: datetime) -> None:
        """Count views and visitors, and write all sums."""
        days = {one.day for one in count.viewings}
        secret = await visitors.keys(session, days, now) if days and self.settings.viewers else {}

        def hashed(day: str, who: str) -> str:
            return visitors.hashed(secret[day], who)

        visits = await sums.visits(session, count.viewings, hashed)
        known = dict(visits)
        views = count.settle(visits, hashed)
        came = count.came(await sums.viewer_days(session, [profile for profile, _ in count.profiles]))
        await sums.add(session, count.sums)
        await sums.keep_visits(session, {key: at for key, at in visits.items() if known.get(key) != at})
        await sums.keep_viewer_days(session, came)
        await sums.add_seen(session, count.seen)
        await sums.add_views(session, _of_titles(views))
        await sums.note_views(session, views)

    # Views that apps tell

    async def _told(self, now: datetime) -> int:
        done = 0
        while True:
            async with self.database.writing() as session:
                await _hold(session)
                rows = select(ViewSent).order_by(col(ViewSent.at), col(ViewSent.id)).limit(AT_ONCE)
                found = (await session.exec(rows)).all()
                titles = [row.title_id for row in found]
                there = await _above(session, titles)
                count = Count(self._rules, self._days, About(above=there))
                for row in found:
                    if row.title_id in there:
                        count.told(row.title_id, millis(row.at), row.visitor, row.device_kind)
                await self._settled(session, count, now)
                await session.exec(delete(ViewSent).where(col(ViewSent.id).in_([row.id for row in found])))
            done += len(found)
            if len(found) < AT_ONCE:
                return done

    # The end of a turn

    async def _peaks(self, now: datetime) -> None:
        """Note how many play now, where they are more than before on that day; and how far all is counted."""
        day = self._days.day(millis(now))
        async with self.database.writing() as session:
            await _hold(session)
            rows = select(PlaySession.channel, func.count()).where(*plays(self.settings, now), told())
            found = (await session.exec(rows.group_by(col(PlaySession.channel)))).all()
            peaks = {Key(CHANNEL, name, "", day): count for name, count in found if name}
            peaks[Key(ALL, "", "", day)] = sum(count for _, count in found)
            await sums.raise_peaks(session, peaks)
            place = await session.get_one(FigurePlace, SESSIONS)
            place.at = now

    async def _forget(self, now: datetime) -> None:
        """Let nobody be known of a day that is over."""
        before = self._days.day(millis(now - _LATE))
        while True:
            async with self.database.writing() as session:
                gone = await visitors.forget(session, before)
            if gone < visitors.AT_ONCE:
                return


async def _hold(session: AsyncSession) -> None:
    """Let nobody else count until this transaction ends."""
    held = select(FigurePlace.name).where(FigurePlace.name == SESSIONS).with_for_update()
    if (await session.exec(held)).first() is None:
        await sums.make_place(session, SESSIONS)
        await session.exec(held)


_SAME: Final = (
    "id", "quality", "position_ms", "duration_ms", "watched_ms", "startup_ms", "stalls", "stalled_ms", "bitrate",
    "errors",
)  # fmt: skip
_READ: Final = (
    *_SAME, "title_id", "channel", "profile_id", "account_id", "key_id", "device_id", "device_kind", "started_at",
    "touched_at", "behind_ms",
)  # fmt: skip


async def _looks(session: AsyncSession, some: Sequence[str]) -> list[Look]:
    """These sessions as they are now, in the order in which they were heard of."""
    columns: Any = [*(getattr(PlaySession, name) for name in _READ), Title.credits_ms]
    rows: Any = (
        select(*columns)
        .select_from(PlaySession)
        .outerjoin(Title, col(Title.id) == col(PlaySession.title_id))
        .where(col(PlaySession.id).in_(some))
        .order_by(col(PlaySession.touched_at), col(PlaySession.id))
    )
    return [_look(row) for row in (await session.exec(rows)).all()]


def _look(row: Any) -> Look:  # noqa: ANN401 — a row of those columns
    return Look(
        **{name: getattr(row, name) for name in _SAME},
        started=millis(row.started_at),
        touched=millis(row.touched_at),
        title=row.title_id or "",
        channel=row.channel or "",
        profile=row.profile_id or "",
        who=visitors.of_session(row),
        device=row.device_kind,
        credits_ms=row.credits_ms or 0,
        behind_ms=min(row.behind_ms, OLDEST_MS) if row.channel and row.behind_ms is not None else None,
    )


def _veiled(look: Look) -> Look:
    """The same of nobody."""
    return replace(look, who="", profile="")


async def _about(session: AsyncSession, looks: Sequence[Look], air: dict[str, tuple[Aired, ...]]) -> About:
    """What is to be known of what is played."""
    assets = {one.program for aired in air.values() for one in aired if one.program}
    titles = await sums.titles(session, assets)
    return About(await _above(session, {*titles.values(), *(look.title for look in looks if look.title)}), titles, air)


async def _above(session: AsyncSession, titles: Sequence[str] | set[str]) -> dict[str, tuple[str, ...]]:
    """Of those titles that are there, what each is a part of, the nearest first."""
    return await sums.above(session, titles)


def _of_titles(views: Sequence[Viewing]) -> Counter[str]:
    """How many more views each title has, those above it too."""
    found: Counter[str] = Counter()
    for view in views:
        for key in {view.first, *view.others}:
            if key.kind == "title" and not key.part:
                found[key.subject] += 1
    return found
