"""What providers tell, written down: once each, in whatever order it comes.

Law: any order and any repetition of what a provider tells ends in the same subscription and the same books. A late
payment of a subscription that has ended is in the books, and brings nothing back.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, text
from sqlmodel import select

from control_api.columns import UtcInstant
from control_api.plans import books, ledger, taxes
from control_api.plans.ledger import entered, happened
from control_api.plans.money import written
from control_api.plans.notes import Note, note
from control_api.plans.offers import plan_of
from control_api.plans.standing import OVER, Kind
from control_api.plans.subscribing import tell_of, what_for
from control_api.tables import Account, Plan, Subscription

if TYPE_CHECKING:
    from control_api.plans.providers import Back, Heard
    from control_api.plans.subscribing import Book

_log: Final = logging.getLogger("fastline.plans")


async def hear(book: Book, provider: str, heard: Heard) -> Subscription | None:
    """Heed what was told; the subscription that it is about, where it is one of ours."""
    if not await _is_new(book, provider, heard):
        return None
    for back in heard.back:
        await _given_back(book, provider, back)
    row = await _row(book, provider, heard) if heard.subscription else None
    if row is None:
        return None
    before = row.plan_id
    row.customer, row.country = heard.customer or row.customer, row.country or heard.country
    row.is_open_there = row.is_open_there and not heard.is_over
    found = await happened(book.session, row, heard.entries, book.now, book.settings)
    plan = await plan_of(book.session, row.plan_id)
    if plan.id != before:
        row.price, row.currency, row.period = plan.price, plan.currency, plan.period
    row.due_at = ledger.due_at(row)
    if heard.paid is not None:
        tax = taxes.told(book.settings, heard.paid)
        payment = await books.booked(book.session, row, heard.paid, tax, what_for(plan), book.now)
        await tell_of(book, row, payment, plan)
        if found.state in OVER and payment.status == books.COMPLETED:
            _log.warning("payment %s is of the subscription %s, which has ended", payment.id, row.id)
    book.session.add(row)
    await book.session.flush()
    return row


_NEW: Final = text(
    "INSERT INTO provider_event (provider, event, kind, received_at) VALUES (:provider, :event, :kind, :now) "
    "ON CONFLICT DO NOTHING"
).bindparams(bindparam("now", type_=UtcInstant()))


async def _is_new(book: Book, provider: str, heard: Heard) -> bool:
    """Write down that this was told; whether it is for the first time. Who tells it at the same moment waits."""
    said = {"provider": provider, "event": heard.event[:120], "kind": heard.kind[:80], "now": book.now}
    done = await (await book.session.connection()).execute(_NEW, said)
    return bool(done.rowcount)


async def _given_back(book: Book, provider: str, back: Back) -> None:
    missed = await books.found(book.session, provider, back.payment) if back.payment else None
    if missed is not None and not missed.charge:
        await books.known_by(book.session, missed, back.charge)
    payment = await books.given_back(book.session, provider, back, book.now)
    if payment is not None:
        plan, amount = await plan_of(book.session, payment.plan_id), written(back.amount, payment.currency)
        await note(book.session, payment.account_id, Note.REFUNDED, book.now, plan=plan, amount=amount)


async def _row(book: Book, provider: str, heard: Heard) -> Subscription | None:
    """The subscription that is meant, made where it is new; None: it is none of ours."""
    wanted = select(Subscription).where(Subscription.provider == provider, Subscription.reference == heard.subscription)
    row = (await book.session.exec(wanted.with_for_update())).one_or_none()
    if row is not None or not heard.entries:
        return row
    account = await book.session.get(Account, heard.account) if heard.account else None
    plan = await book.session.get(Plan, heard.plan) if heard.plan else None
    if account is None or plan is None:
        _log.warning("a provider tells of a subscription of nobody here, or to a plan that is none: left alone")
        return None
    await book.session.exec(select(Account.id).where(Account.id == account.id).with_for_update(key_share=True))
    present = await ledger.current(book.session, account.id)
    if present is not None and not heard.is_over:
        # two were paid for, or one was given: the newer one counts, and the older one takes no more money
        await happened(book.session, present, [entered(Kind.ENDED, book.now)], book.now, book.settings)
    row = ledger.begun(account.id, plan, provider, heard.subscription, heard.at)
    row.is_open_there, row.method, row.day = not heard.is_over, "card", heard.at.day
    return row


async def over_note(book: Book, row: Subscription, plan: Plan) -> None:
    """Tell the account that its plan has ended."""
    what = Note.CANCELED if row.state == "canceled" else Note.EXPIRED
    await note(book.session, row.account_id, what, book.now, plan=plan)
