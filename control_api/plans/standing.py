"""How a subscription stands: a function of what has happened to it, and of nothing else. Pure.

A subscription is kept as entries: opened, paid for until then, not paid for, not to be renewed, ended. Providers of
payments tell the same thing twice, and the later thing first; so what it is now follows from the *set* of its entries.

Laws. In whatever order and however often entries come, the subscription stands the same. What has ended stays ended,
whatever comes after: who comes back has a new subscription. What counts never counts longer than what is paid for and
the days of grace; of a trial that nobody has paid for yet that is a day at most, until the money is there.

    state      is              becomes
    trialing   opened, tried   active (paid), past_due (unpaid), canceled (ended), expired (lapsed)
    active     paid for        past_due (unpaid), canceled, expired
    past_due   not paid for    active (paid), canceled, expired
    canceled   somebody ended it: for ever
    expired    nobody paid, or what was given is over: for ever
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


class State(StrEnum):
    """How a subscription stands."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    EXPIRED = "expired"


ENDLESS: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Until when something is given that nobody has set an end to; shown as no end at all."""

OVER: Final = frozenset((State.CANCELED, State.EXPIRED))


class Kind(StrEnum):
    """What has happened."""

    OPENED = "opened"
    """It began with a plan; `until`: it may be tried so long."""
    PAID = "paid"
    """The time from `since` to `until` is paid for."""
    GRANTED = "granted"
    """Staff have given the time from `since` to `until`."""
    UNPAID = "unpaid"
    """The time from `since` on was to be paid for, and was not."""
    STOPPING = "stopping"
    """It is not to be renewed."""
    RENEWING = "renewing"
    """It is, again."""
    PLANNED = "planned"
    """The next period is to be of another plan; of none: as it was."""
    MOVED = "moved"
    """It is of another plan from now on."""
    ENDED = "ended"
    """Somebody has ended it, or it was not to be renewed."""
    LAPSED = "lapsed"
    """Nobody paid."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that has happened."""

    kind: Kind
    at: datetime
    key: str
    """What makes it one; of entries of one instant the lesser key was first."""
    plan: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands."""

    state: State
    plan: str
    next_plan: str = ""
    renews: bool = True
    is_granted: bool = False
    """Whether nothing of it was ever paid for."""
    opened: datetime | None = None
    trial_until: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    """Until when it is paid for, given or tried; None: not at all yet."""
    until: datetime | None = None
    """Until when it counts, grace included; None: not at all."""
    ended_at: datetime | None = None

    def counts(self, now: datetime) -> bool:
        """Whether its owner has the plan at `now`."""
        return self.state not in OVER and self.until is not None and now < self.until


PATIENCE: Final = timedelta(days=1)
"""For so long the first payment may be on its way, and no longer."""


def bounded(until: datetime | None) -> datetime | None:
    """An end as people are told of it; None: there is none."""
    return None if until is None or until >= ENDLESS else until


def standing(entries: Iterable[Entry], grace: timedelta) -> Standing:
    """How a subscription stands to which this has happened. There is at least one entry."""
    some = sorted(set(entries), key=lambda entry: (entry.at, entry.key, entry.kind))
    plan, next_plan = _plans(some)
    renews = next((one.kind is Kind.RENEWING for one in reversed(some) if one.kind in _WISHES), True)
    paid = [one for one in some if one.kind is Kind.PAID]
    trial = max((one.until for one in some if one.kind is Kind.OPENED and one.until is not None), default=None)
    last = max((one for one in some if one.kind in _LAST_LONG and one.until is not None), key=_reach, default=None)
    through = None if last is None else last.until
    is_granted = not paid and any(one.kind is Kind.GRANTED for one in some)
    end = next((one for one in some if one.kind in _ENDS), None)
    until = through
    if end is not None:
        until = None
    elif through is not None and renews and not is_granted:
        until = through + (grace if paid else min(grace, PATIENCE))
    return Standing(
        state=_state(some, end, through, trial),
        plan=plan,
        next_plan=next_plan if end is None else "",
        renews=renews and not is_granted and end is None,
        is_granted=is_granted,
        opened=next((one.at for one in some), None),
        trial_until=trial,
        period_start=None if last is None else last.since or last.at,
        period_end=through,
        until=until,
        ended_at=None if end is None else end.at,
    )


def due(now: datetime, found: Standing) -> Kind | None:
    """What has come to pass by `now` without anybody's doing; None: nothing. `found` stands without it."""
    if found.state in OVER:
        return None
    through = found.period_end
    if through is None:
        return Kind.LAPSED if found.opened is not None and now >= found.opened + PATIENCE else None
    if now < through:
        return None
    if not found.renews:
        return Kind.LAPSED if found.is_granted else Kind.ENDED
    if found.until is None or now >= found.until:
        return Kind.LAPSED
    return None if found.state is State.PAST_DUE else Kind.UNPAID


_WISHES: Final = frozenset((Kind.STOPPING, Kind.RENEWING))
_ENDS: Final = frozenset((Kind.ENDED, Kind.LAPSED))
_LAST_LONG: Final = frozenset((Kind.OPENED, Kind.PAID, Kind.GRANTED))
_OF_A_PLAN: Final = frozenset((Kind.OPENED, Kind.PAID, Kind.GRANTED, Kind.MOVED))


def _reach(entry: Entry) -> tuple[datetime, datetime, str]:
    """Of two that reach as far, the one that was later."""
    return entry.until or entry.at, entry.at, entry.key


def _plans(some: list[Entry]) -> tuple[str, str]:
    """The plan, and the one that is to follow."""
    plan, following = "", ""
    for one in some:
        if one.kind in _OF_A_PLAN and one.plan and one.plan != plan:
            plan, following = one.plan, ""
        elif one.kind is Kind.PLANNED:
            following = one.plan
        elif one.kind is Kind.MOVED:
            following = ""
    return plan, following if following != plan else ""


def _state(some: list[Entry], end: Entry | None, through: datetime | None, trial: datetime | None) -> State:
    if end is not None:
        return State.CANCELED if end.kind is Kind.ENDED else State.EXPIRED
    if through is None or any(
        one.kind is Kind.UNPAID and one.since is not None and one.since >= through for one in some
    ):
        return State.PAST_DUE
    return State.TRIALING if through == trial else State.ACTIVE
