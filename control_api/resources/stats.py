"""Statistics: how much of everything there is, on one page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, func, select

from control_api.analytics import reading
from control_api.analytics.counting import ALL
from control_api.analytics.reading import Span
from control_api.call import Answer, Call
from control_api.instants import Millis
from control_api.jobs.states import JobState
from control_api.library.kinds import TitleKind, TitleState
from control_api.models import Shown
from control_api.operation import Endpoint
from control_api.people import figures
from control_api.people.roles import Role
from control_api.resources.accounts import ActiveShown, DayShown
from control_api.resources.figures import DAYS, ActiveProfiles, days_of
from control_api.scopes import Scope
from control_api.tables import Asset, Job, Subscription, Title, Upload
from control_api.uploads.states import UploadState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlmodel.ext.asyncio.session import AsyncSession

_TOP: Final = 10


class TopTitle(Shown):
    """A title that many have watched."""

    id: str
    name: str
    views: int


class TitlesCounted(Shown):
    """How many titles there are, without those in the bin."""

    total: int
    by_kind: dict[str, int]
    by_state: dict[str, int]
    top: list[TopTitle] = Field(description="Those with the most views, the first ten.")


class AssetsCounted(Shown):
    """What is packaged."""

    total: int
    by_state: dict[str, int]
    duration_ms: Millis = Field(description="How long all of it plays, without what is gone.")


class StatesCounted(Shown):
    """How many there are in each state."""

    total: int
    by_state: dict[str, int]


class AccountsCounted(Shown):
    """How many people there are."""

    total: int
    blocked: int
    by_role: dict[str, int]
    active: ActiveShown
    growth: list[DayShown] = Field(description="The days of the last 30 on which accounts were made, the oldest first.")


class AudienceCounted(Shown):
    """How much is watched, of what really was."""

    playing: int = Field(description="Play sessions that are open now.")
    views_today: int
    views_month: int = Field(description="In thirty days, today included.")
    watched_ms_month: Millis
    active_profiles: ActiveProfiles
    subscriptions: dict[str, dict[str, int]] = Field(
        description="How many present ones each plan has in each state: trialing, active, past_due, canceled."
    )


class StatsShown(Shown):
    """How much of everything there is now."""

    titles: TitlesCounted
    assets: AssetsCounted
    accounts: AccountsCounted
    audience: AudienceCounted
    uploads: StatesCounted
    jobs: StatesCounted


@Endpoint(
    method="GET",
    path="/api/v1/stats",
    name="read_stats",
    summary="How many titles, assets, accounts, uploads and jobs there are, and how much is watched",
    scope=Scope.METRICS_READ,
    tag="Server",
    answers={200: StatsShown},
    cost=10,
    description="Counted now. `/metrics` has the figures of a process, to be asked again and again.",
)
async def read_stats(call: Call) -> Answer:
    """In fourteen queries, however much there is (B70)."""
    session = call.session
    return Answer(
        StatsShown(
            titles=await _titles(session),
            assets=await _assets(session),
            accounts=await _accounts(call),
            audience=await _audience(call),
            uploads=_counted(await _by(session, col(Upload.state)), UploadState),
            jobs=_counted(await _by(session, col(Job.state)), JobState),
        )
    )


OPERATIONS: Final = (read_stats,)


async def _by(session: AsyncSession, column: Any, *where: Any) -> dict[str, int]:  # noqa: ANN401 — a column of any table
    return dict((await session.exec(select(column, func.count()).where(*where).group_by(column))).all())


def _counted(found: dict[str, int], states: Iterable[str]) -> StatesCounted:
    return StatesCounted(total=sum(found.values()), by_state={str(state): found.get(state, 0) for state in states})


async def _titles(session: AsyncSession) -> TitlesCounted:
    kept = col(Title.deleted_at).is_(None)
    rows = select(Title.kind, Title.state, func.count()).where(kept).group_by(col(Title.kind), col(Title.state))
    found = (await session.exec(rows)).all()
    most = select(Title.id, Title.name, Title.views).where(kept, col(Title.views) > 0)
    top = (await session.exec(most.order_by(col(Title.views).desc(), col(Title.id)).limit(_TOP))).all()
    return TitlesCounted(
        total=sum(count for *_, count in found),
        by_kind={one.value: sum(count for kind, _, count in found if kind == one) for one in TitleKind},
        by_state={one.value: sum(count for _, state, count in found if state == one) for one in TitleState},
        top=[TopTitle(id=title, name=name, views=views) for title, name, views in top],
    )


async def _assets(session: AsyncSession) -> AssetsCounted:
    rows = select(Asset.state, func.count(), func.sum(Asset.duration_ms)).group_by(Asset.state)
    found = (await session.exec(rows)).all()
    return AssetsCounted(
        total=sum(count for _, count, _ in found),
        by_state={state: count for state, count, _ in found},
        duration_ms=sum(int(long) for state, _, long in found if state != "gone"),
    )


async def _audience(call: Call) -> AudienceCounted:
    session, today = call.session, days_of(call).today(call.now)
    month = Span(today - timedelta(days=DAYS - 1), today)
    now = await reading.playing(session, call.site.settings, call.now)
    whole = await reading.total(session, ALL, "", month)
    day, week, lately = await reading.active(session, today)
    rows: Any = select(Subscription.plan_id, Subscription.state, func.count()).where(col(Subscription.is_current))
    plans: dict[str, dict[str, int]] = {}
    for plan, state, count in (await session.exec(rows.group_by(Subscription.plan_id, Subscription.state))).all():
        plans.setdefault(plan, {})[state] = count
    return AudienceCounted(
        playing=now.total,
        views_today=(await reading.total(session, ALL, "", Span(today, today))).views,
        views_month=whole.views,
        watched_ms_month=whole.watched_ms,
        active_profiles=ActiveProfiles(day=day, week=week, month=lately),
        subscriptions=plans,
    )


async def _accounts(call: Call) -> AccountsCounted:
    found = await figures.counted(call.session, call.now)
    return AccountsCounted(
        total=sum(found.roles.values()),
        blocked=found.blocked,
        by_role={role: found.roles.get(role, 0) for role in Role},
        active=ActiveShown(day=found.active[0], week=found.active[1], month=found.active[2]),
        growth=[DayShown(day=day, accounts=count) for day, count in found.growth],
    )
