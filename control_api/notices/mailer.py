"""The mailer: the loop of the one process that sends what is due.

Law: one process at a time sends. What it did not write down is sent again: at least once. No more is sent in a
minute than the settings say, whatever waits.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from control_api.database import is_outage
from control_api.duties import Duty
from control_api.ids import new_id
from control_api.notices import outbox, proofs, unsubscribing, writing
from control_api.notices.hosts import plain
from control_api.notices.kinds import BROADCAST, Kind
from control_api.notices.languages import Language, tag_of, written
from control_api.notices.proofs import Purpose
from control_api.notices.smtp import AT_ONCE, Counter, Outcome, Parcel, Unreachable, Verdict, hard_limit
from control_api.notices.spreading import spread
from control_api.notices.writing import Envelope
from control_api.people import accounts
from control_api.people.names import is_one_address
from control_api.signing import signer
from control_api.tables import Account, Broadcast, Mail, Profile
from control_api.trouble import Trouble
from control_api.webhooks.retries import wait

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.notices.spreading import PlansOf
    from control_api.settings import Settings
    from control_api.signing import Signer
    from playout.clock import Clock

_log: Final = logging.getLogger("fastline.api")
_DUTY: Final = "mail"


@dataclass(frozen=True, slots=True)
class Addressed:
    """A mail, and who reads it."""

    row: Mail
    address: str
    name: str
    language: Language
    account: Account | None = None


class Mailer:
    """What one process sends."""

    def __init__(self, settings: Settings, database: Database, plans_of: PlansOf, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._plans_of = plans_of
        self._clock = clock
        span = timedelta(seconds=2 * hard_limit(settings))
        self._duty = Duty(database, _DUTY, new_id("mr"), span)
        self._signer: Signer | None = None
        self._trouble = Trouble(_log, "no mail is sent now", "unsent")
        self._allowed = float(min(AT_ONCE, settings.mail_per_minute))
        self._counted_at: float | None = None

    async def run(self) -> None:
        """Send until cancelled. While the database or the server does not answer, nothing is sent and nothing lost."""
        if not self._settings.smtp_host:
            await asyncio.Event().wait()
        await self._duty.done(self._turn, self._settings.mail_poll_ms / 1000)

    async def _turn(self) -> None:
        try:
            while await self.once():
                """There is more."""
        except Unreachable as error:
            self._trouble.say(f"{self._settings.smtp_host} cannot be spoken to: {error}")
        except Exception as error:
            if not is_outage(error):
                raise
            self._trouble.say(f"the database does not answer: {type(error).__name__}")

    async def once(self) -> bool:
        """Send some of what is due, if it is this process's to do; whether there may be more that can be sent now.

        Raises `Unreachable`, after that was written down.
        """
        now = self._clock()
        if not await self._duty.holds(now):
            return False
        if self._signer is None:
            self._signer = await signer(self._database, unsubscribing.NAME, now)
        more = await spread(self._database, self._plans_of, self._settings.language, now)
        room = self._room()
        if not room:
            return False
        async with self._database.writing() as session:
            parcels = await self._parcels(session, room, now)
        if parcels is None:
            return more
        self._allowed -= len(parcels)
        try:
            outcomes = await self._sent(parcels)
        except Unreachable as error:
            outcomes = {parcel.id: Outcome(Verdict.AGAIN, str(error)) for parcel in parcels}
            await self._record(parcels, outcomes)
            raise
        await self._record(parcels, outcomes)
        self._trouble.end()
        return True

    def _room(self) -> int:
        """How many may be sent now."""
        now, rate = asyncio.get_running_loop().time(), self._settings.mail_per_minute
        gone = 0.0 if self._counted_at is None else now - self._counted_at
        self._counted_at = now
        self._allowed = min(self._allowed + gone * rate / 60, float(min(AT_ONCE, rate)))
        return int(self._allowed)

    async def _parcels(self, session: AsyncSession, room: int, now: datetime) -> list[Parcel] | None:
        """What is due, written; what is for nobody any more is dropped. None when nothing is due at all."""
        rows = (
            select(Mail)
            .where(Mail.state == outbox.OPEN, col(Mail.due_at) <= now)
            .order_by(col(Mail.due_at), col(Mail.id))
            .limit(room)
            .with_for_update(skip_locked=True)
        )
        found = (await session.exec(rows)).all()
        if not found:
            return None
        readers = await _readers(session, found)
        parcels = []
        for row in found:
            addressed = await self._addressed(session, row, readers)
            parcel = None if addressed is None else await self._written(session, addressed, now)
            if parcel is None:
                _end(row, outbox.DROPPED, now)
            else:
                parcels.append(parcel)
        return parcels

    async def _addressed(
        self, session: AsyncSession, row: Mail, readers: Mapping[str, tuple[Account, str]]
    ) -> Addressed | None:
        """Who reads a mail; None where nobody does now."""
        usual = Language(self._settings.language)
        if row.account_id is None and row.form not in set(Purpose):
            return Addressed(row, row.address, "", written(row.said.get("language", ""), usual))
        if row.account_id is None:  # looked for now, so that who has asked cannot tell whether there is anybody
            account = await accounts.of_name(session, row.address)
            tag = "" if account is None else await tag_of(session, account.id)
        else:
            account, tag = readers.get(row.account_id, (None, ""))
        if account is None or account.email is None or account.blocked_at is not None or not _is_due(row, account):
            return None
        address = row.address if row.account_id is not None and row.address else account.email
        return Addressed(row, address, account.username, written(tag, usual), account)

    async def _written(self, session: AsyncSession, to: Addressed, now: datetime) -> Parcel | None:
        """The mail itself; a code that it needs is made, and None when there were enough of them."""
        settings, row = self._settings, to.row
        said = {
            **row.said,
            "name": to.name,
            "hours": str(settings.verify_hours),
            "minutes": str(settings.reset_minutes),
        }
        link, digest = writing.whole(str(row.said.get("link", "")), settings.pages_url), ""
        if row.form in set(Purpose) and to.account is not None:
            code = await proofs.made(session, settings, to.account, Purpose(row.form), now)
            if code is None:
                return None
            said["code"], digest = code, proofs.digest(code)
            # behind the sign that no browser sends: it is in no journal of a server
            link = f"{settings.pages_url}/{_PAGES[Purpose(row.form)]}#{code}" if settings.pages_url else ""
        envelope = Envelope(row.id, settings.mail_from, plain(to.address), now, link, self._away(to))
        try:
            message = writing.written(envelope, row.form, to.language, said)
        except Exception as error:  # noqa: BLE001 — an address that the library trips over must not hold up the others
            row.error = f"it cannot be written: {type(error).__name__}"
            await proofs.unsent(session, [digest])
            return None
        return Parcel(row.id, parseaddr(settings.mail_from)[1], plain(to.address), message, digest)

    def _away(self, to: Addressed) -> str:
        """Where one POST keeps such mail away; empty for what nobody can keep away."""
        if not self._settings.public_url or to.row.kind not in BROADCAST:
            return ""
        if self._signer is None or to.account is None:
            return ""
        ticket = unsubscribing.ticket(self._signer, to.account.id, Kind(to.row.kind))
        return f"{self._settings.public_url}{unsubscribing.PATH}/{ticket}"

    async def _sent(self, parcels: Sequence[Parcel]) -> dict[str, Outcome]:
        """What became of each that was begun. Raises `Unreachable`."""
        if not parcels:
            return {}
        counter = Counter(self._settings)
        task = asyncio.get_running_loop().run_in_executor(None, counter.send, parcels)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            counter.cut()
            raise

    async def _record(self, parcels: Sequence[Parcel], outcomes: Mapping[str, Outcome]) -> None:
        """Write down what became of attempts. The code in a mail that did not go is forgotten: the next has its own."""
        now = self._clock()
        async with self._database.writing() as session:
            wanted = select(Mail).where(col(Mail.id).in_(outcomes)).order_by(col(Mail.id)).with_for_update()
            for row in (await session.exec(wanted)).all():
                _mark(row, outcomes[row.id], now)
            sent = {name for name, outcome in outcomes.items() if outcome.verdict is Verdict.SENT}
            if kept := [parcel.digest for parcel in parcels if parcel.digest and parcel.id not in sent]:
                await proofs.unsent(session, kept)


_PAGES: Final = {Purpose.VERIFY: "verify-email", Purpose.RESET: "reset-password"}
"""Where the audience's pages take a code."""


async def _readers(session: AsyncSession, rows: Sequence[Mail]) -> dict[str, tuple[Account, str]]:
    """The accounts that these mails are for, and in which language each is spoken to; what is withdrawn has none."""
    withdrawn = select(Broadcast.id).where(col(Broadcast.withdrawn_at).is_not(None))
    gone = set((await session.exec(withdrawn.where(col(Broadcast.id).in_({row.broadcast_id for row in rows})))).all())
    names = {row.account_id for row in rows if row.account_id is not None and row.broadcast_id not in gone}
    found = (
        select(Account, Profile.language)
        .outerjoin(Profile, (col(Profile.account_id) == col(Account.id)) & col(Profile.is_main))
        .where(col(Account.id).in_(names))
    )
    return {account.id: (account, tag or "") for account, tag in (await session.exec(found)).all()}


def _is_due(row: Mail, account: Account) -> bool:
    """Whether a mail is still to go to an account."""
    if row.form == Purpose.VERIFY and account.email_verified:
        return False
    if row.address:
        return row.account_id is not None or is_one_address(account.email or "", row.address)
    return account.email_verified or row.form in set(Purpose)


def _mark(row: Mail, outcome: Outcome, now: datetime) -> None:
    """Write one attempt down."""
    row.attempts += 1
    row.error = outcome.words
    later = wait(row.id, row.attempts) if outcome.verdict is Verdict.AGAIN else None
    if outcome.verdict is Verdict.SENT:
        _end(row, outbox.SENT, now)
    elif later is None:
        _end(row, outbox.FAILED, now)
    else:
        row.due_at = now + later


def _end(row: Mail, state: str, now: datetime) -> None:
    """It is over: what it said, and to which address, is kept no longer."""
    row.state, row.ended_at, row.said, row.address = state, now, {}, ""
