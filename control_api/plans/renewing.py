"""What time does to subscriptions: renewed, asked for money again, ended, and their owners told before. A duty.

Law: to take a turn twice is to take it once. What is due stands in the database, so nothing is lost by a process that
dies, and one that was stopped for long goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import literal_column
from sqlmodel import col, select, update

from control_api.changes import Actor, Change, audited
from control_api.database import Database, is_outage
from control_api.destinations import NotAllowed
from control_api.duties import Duty
from control_api.happenings import append
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.outgoing import NoAnswer, Outgoing
from control_api.plans import books, ledger
from control_api.plans.hearing import over_note
from control_api.plans.ledger import entered, happened
from control_api.plans.money import written
from control_api.plans.notes import Note, day, note
from control_api.plans.offers import plan_of
from control_api.plans.owing import Owed, charged, order, owed
from control_api.plans.providers import Money, Refused
from control_api.plans.shown import SubscriptionShown
from control_api.plans.standing import OVER, Kind, State, due
from control_api.plans.subscribing import Book, took
from control_api.plans.taking import configured
from control_api.settings import Settings
from control_api.tables import Payment, Subscription
from playout.clock import Clock

if TYPE_CHECKING:
    from control_api.plans.providers import Provider
    from control_api.tables import Plan

EVERY: Final = 60.0
"""Seconds from one look to the next."""
_DUTY: Final = "plans"
_SPAN: Final = timedelta(minutes=15)
_AT_ONCE: Final = 200
_TURNS: Final = 4
_PENDING: Final = timedelta(days=1)
"""For so long a payment may wait for its owner."""
_ACTOR: Final = Actor("billing", "billing", "renew")
_log: Final = logging.getLogger("fastline.plans")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What has come of asking for the money of a period."""

    next_one: Owed
    money: Money
    end: datetime
    """Of the period before it, as it was when it was asked for."""
    attempts: int
    """How often it was asked for in vain before."""


@dataclass(slots=True)
class Renewer:
    """One process that would do it; of several one does."""

    settings: Settings
    database: Database
    outgoing: Outgoing
    told: Callable[[], None]
    """Called after events were written."""
    clock: Clock
    every: float = EVERY
    _duty: Duty = field(init=False)

    def __post_init__(self) -> None:
        """Nobody else has this name."""
        self._duty = Duty(self.database, _DUTY, new_id("rn"), _SPAN)

    async def run(self) -> None:
        """Look now and then, until the task is cancelled."""
        await self._duty.done(self._looked, self.every)

    async def _looked(self) -> None:
        try:
            await self.once()
        except Exception as error:
            if not is_outage(error):
                raise
            _log.warning("subscriptions were not looked through: the database does not answer")

    async def once(self) -> int:
        """Do what is due, when it is this process's turn; how many subscriptions that were."""
        now = whole_millis(self.clock())
        if not await self._duty.take(now):
            return 0
        await self._forget_pending(now)
        seen: set[str] = set()
        while some := [name for name in await self._due(now, seen) if name not in seen]:
            for name in some:
                seen.add(name)
                await self._tried(name, now)
        if seen:
            self.told()
        return len(seen)

    async def _tried(self, name: str, now: datetime) -> None:
        """A turn; what goes wrong with one subscription is no affair of the others."""
        try:
            await self._turn(name, now)
        except Exception as error:
            if is_outage(error):
                raise
            _log.exception("what is due of the subscription %s was not done, and is tried again", name)

    async def _due(self, now: datetime, seen: set[str]) -> list[str]:
        """Each by an index of its own: what has come due, and what nobody has any more."""
        some, most = select(Subscription.id), _AT_ONCE + len(seen)
        late = some.where(col(Subscription.due_at) <= now).order_by(col(Subscription.due_at)).limit(most)
        gone = some.where(col(Subscription.account_id).is_(None), col(Subscription.is_current)).limit(most)
        async with self.database.reading() as session:
            found = [*(await session.exec(late)).all(), *(await session.exec(gone)).all()]
        return list(dict.fromkeys(found))

    async def _forget_pending(self, now: datetime) -> None:
        """Nobody has confirmed them. Who finds none does not write."""
        # told and not handed over: SQLite uses an index on a part of the rows for no value that it does not know
        pending = col(Payment.status) == literal_column(f"'{books.PENDING}'")
        old = select(Payment.id).where(pending, col(Payment.created_at) < now - _PENDING).limit(_AT_ONCE)
        while True:
            async with self.database.reading() as session:
                some = (await session.exec(old)).all()
            if not some:
                return
            over = update(Payment).where(col(Payment.id).in_(some), pending)
            async with self.database.writing() as session:
                await session.exec(over.values(status=books.FAILED, failure="nobody confirmed it"))

    async def _turn(self, name: str, now: datetime) -> None:
        """What is due of one subscription; what another one has changed meanwhile waits for the next look."""
        provider = configured(self.settings, self.outgoing)
        row: Subscription | None = None
        for _ in range(_TURNS):
            asked = await self._asked(name, now, provider)
            row = await self._written(name, now, asked)
            if asked is None or asked.money.status == books.COMPLETED:
                break
        if row is not None and row.is_open_there and not row.is_current:
            await self._end_there(row, provider)

    async def _asked(self, name: str, now: datetime, provider: Provider | None) -> _Asked | None:
        """Ask for the money of the next period, where it is time. No transaction waits for the answer."""
        if provider is None or provider.renews:
            return None
        async with self.database.reading() as session:
            row = await session.get(Subscription, name)
            if row is None or row.provider != provider.name or row.period_end is None or not _is_time(row, now):
                return None
            end, next_one = row.period_end, await owed(session, row, row.period_end, now)
        try:
            money = await provider.charge(order(row, next_one, end, row.method), next_one.price)
        except (NoAnswer, NotAllowed, Refused) as error:
            _log.warning("the next period of %s was not paid for: %s", row.id, error)
            return None
        return _Asked(next_one, money, end, row.attempts)

    async def _written(self, name: str, now: datetime, asked: _Asked | None) -> Subscription | None:
        """Write down what has come to pass of one subscription."""
        async with self.database.writing() as session:
            held = select(Subscription).where(Subscription.id == name).with_for_update()
            row = (await session.exec(held)).one_or_none()
            if row is None:
                return None
            book = Book(session, self.settings, now)
            before = SubscriptionShown.of(row, now)
            await _passed(book, row, asked)
            change = Change("subscription", row.id, "updated", before, SubscriptionShown.of(row, now))
            happening = audited(session, _ACTOR, change, now)
            await append(session, [] if happening is None else [happening], now)
        return row

    async def _end_there(self, row: Subscription, provider: Provider | None) -> None:
        """Have the provider take no more money for what has ended here."""
        if provider is None or provider.name != row.provider:
            return
        try:
            await provider.end(row.reference)
        except (NoAnswer, NotAllowed, Refused) as error:
            _log.warning("%s does not end %s, which is tried again: %s", row.provider, row.id, error)
            return
        async with self.database.writing() as session:
            over = update(Subscription).where(col(Subscription.id) == row.id)
            await session.exec(over.values(is_open_there=False))


async def _passed(book: Book, row: Subscription, asked: _Asked | None) -> None:
    """Let the time until now pass for a subscription. What is paid for now needs nothing else."""
    plan = await plan_of(book.session, row.plan_id)
    is_paid = asked is not None and await _heeded(book, row, asked)
    for _ in range(0 if is_paid else _TURNS):
        kind = await _next(book, row)
        if kind is None:
            break
        await happened(book.session, row, [entered(kind, book.now, since=row.period_end)], book.now, book.settings)
        if row.state in OVER:
            await over_note(book, row, plan)
    if row.is_current:
        await _remind(book, row, plan)
    row.due_at = ledger.due_at(row)
    if not row.is_current and row.is_open_there:  # should its provider not answer
        row.due_at = book.now + timedelta(minutes=10)
    book.session.add(row)
    await book.session.flush()


async def _next(book: Book, row: Subscription) -> Kind | None:
    """What has come to pass."""
    if row.is_current and row.account_id is None:
        return Kind.ENDED
    return due(book.now, await ledger.stands(book.session, row, book.settings))


def _is_time(row: Subscription, now: datetime) -> bool:
    """Whether the money of the next period is to be asked for."""
    end = row.period_end
    if not row.is_current or row.account_id is None or not row.renews or end is None:
        return False
    if row.attempts >= len(ledger.AGAIN) or now < end + ledger.AGAIN[row.attempts]:
        return False
    return not (row.attempts and row.until is not None and now >= row.until)


async def _heeded(book: Book, row: Subscription, asked: _Asked) -> bool:
    """Write down what has come of asking; whether the period is paid for.

    Meanwhile the subscription may have ended, or another one may have paid. The money is in the books then, where it
    was taken, and changes nothing.
    """
    if row.is_current and (row.period_end, row.attempts) == (asked.end, asked.attempts):
        return await charged(book, row, asked.next_one, asked.money)
    if asked.money.status == books.COMPLETED:
        _log.warning("a period of %s was paid for that it was not to be paid for any more", row.id)
        one = asked.next_one
        await took(book, row, one.plan, asked.money, one.price, one.since, one.until)
    return False


async def _remind(book: Book, row: Subscription, plan: Plan) -> None:
    """Tell whoever has a plan that it ends soon, or is to be paid for the first time, or for another year."""
    end = row.period_end
    if end is None or not end - ledger.REMINDED <= book.now < end or not ledger.is_announced(row):
        return
    row.reminded_at = book.now
    if not row.renews:
        await note(book.session, row.account_id, Note.ENDS, book.now, plan=plan, day=day(end))
        return
    next_one = await owed(book.session, row, end, book.now)
    if next_one.price:
        what = Note.TRIED if row.state == State.TRIALING else Note.RENEWS
        amount = written(next_one.price, row.currency)
        await note(book.session, row.account_id, what, book.now, plan=next_one.plan, day=day(end), amount=amount)
