"""Rows that have been there for long enough, removed some at a time.

Law: nothing goes that something else still speaks of.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import and_, col, delete, exists, func, or_, select, update

from control_api.among import among
from control_api.tables import (
    ArtworkTicket,
    Asset,
    AuditEntry,
    Broadcast,
    DataExport,
    Delivery,
    Event,
    FigureDay,
    Import,
    ImportEntry,
    Mail,
    MailToken,
    Notice,
    PlaySession,
    ProviderEvent,
    Repeat,
    Ticket,
    Upload,
    View,
    Webhook,
    WebhookPlace,
)
from control_api.uploads.states import GONE, UploadState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.settings import Settings

_TOLD: Final = timedelta(days=90)
AT_ONCE: Final = 1000
"""Rows of one transaction: who writes meanwhile has not long to wait."""


async def rows(database: Database, settings: Settings, now: datetime) -> dict[str, int]:
    """Remove all that is old enough; how many rows, by what they are. 0 days keep a kind for ever."""
    kinds = {
        "events": (_events, settings.event_days),
        "audit entries": (_audit, settings.audit_days),
        "addresses": (_addresses, settings.address_days),
        "uploads": (_uploads, settings.upload_days),
        "import entries": (_import_entries, settings.import_days),
        "imports": (_imports, settings.import_days),
        "play sessions": (_play_sessions, settings.play_session_days),
        "figures": (_figures, settings.figure_days),
        "views": (_views, settings.view_days),
        "notices": (_notices, settings.notice_days),
        "broadcasts": (_broadcasts, settings.notice_days),
        "mails": (_mails, settings.mail_days),
        "questions": (_questions, settings.ticket_days),
    }
    done = {}
    for name, (remove, days) in kinds.items():
        if days:
            done[name] = await _until_done(database, remove, now - timedelta(days=days))
    done["repeats"] = await _until_done(database, _repeats, now)
    done["exports"] = await _until_done(database, _exports, now)
    done["codes"] = await _until_done(database, _codes, now - timedelta(days=1))
    done["tickets"] = await _until_done(database, _tickets, now - timedelta(days=1))
    done["events of payments"] = await _until_done(database, _told, now - _TOLD)
    return done


async def _until_done(database: Database, remove: Any, before: datetime) -> int:  # noqa: ANN401 — one of those below
    total = 0
    while True:
        async with database.writing() as session:
            done: int = await remove(session, before)
        total += done
        if done < AT_ONCE:
            return total


async def _events(session: AsyncSession, before: datetime) -> int:
    """Events that every webhook has passed and no delivery speaks of; the newest stays, for numbers go on from it."""
    newest = (await session.exec(select(func.max(col(Event.sequence))))).one() or 0
    listens = select(func.min(WebhookPlace.after)).join(Webhook, col(Webhook.id) == col(WebhookPlace.webhook))
    passed: int | None = (await session.exec(listens.where(col(Webhook.disabled_at).is_(None)))).one()
    spoken = exists().where(col(Delivery.event) == col(Event.id))
    old = (
        select(Event.sequence)
        .where(col(Event.at) < before, col(Event.sequence) < newest, ~spoken)
        .where(col(Event.sequence) <= (newest if passed is None else passed))
        .order_by(col(Event.sequence))
        .limit(AT_ONCE)
    )
    return await _delete(session, Event.sequence, old)


async def _audit(session: AsyncSession, before: datetime) -> int:
    old = select(AuditEntry.id).where(col(AuditEntry.at) < before).limit(AT_ONCE)
    return await _delete(session, AuditEntry.id, old)


async def _addresses(session: AsyncSession, before: datetime) -> int:
    """From where something was changed, and not that it was."""
    some = select(AuditEntry.id).where(col(AuditEntry.at) < before, col(AuditEntry.address) != "").limit(AT_ONCE)
    found = (await session.exec(some)).all()
    if found:
        await session.exec(update(AuditEntry).where(col(AuditEntry.id).in_(found)).values(address=""))
    return len(found)


async def _exports(session: AsyncSession, now: datetime) -> int:
    old = select(DataExport.id).where(col(DataExport.expires_at) <= now).limit(AT_ONCE)
    return await _delete(session, DataExport.id, old)


async def _uploads(session: AsyncSession, before: datetime) -> int:
    """Uploads whose bytes are gone, and whose asset is too, where there was one."""
    there = exists().where(col(Asset.id) == col(Upload.asset_id), col(Asset.state) != "gone")
    over = or_(col(Upload.state).in_(GONE), and_(Upload.state == UploadState.PACKAGED, ~col(Upload.is_kept), ~there))
    old = select(Upload.id).where(over, ~col(Upload.is_kept), col(Upload.touched_at) < before).limit(AT_ONCE)
    return await _delete(session, Upload.id, old)


async def _import_entries(session: AsyncSession, before: datetime) -> int:
    """Lines of reports, before the imports themselves: there may be very many of one."""
    some = (
        select(ImportEntry.import_id, ImportEntry.number)
        .join(Import, col(Import.id) == col(ImportEntry.import_id))
        .where(col(Import.ended_at) < before)
        .order_by(col(ImportEntry.import_id), col(ImportEntry.number))
        .limit(AT_ONCE)
    )
    found = (await session.exec(some)).all()
    for run in {run for run, _ in found}:
        last = max(number for other, number in found if other == run)
        await session.exec(
            delete(ImportEntry).where(col(ImportEntry.import_id) == run, col(ImportEntry.number) <= last)
        )
    return len(found)


async def _imports(session: AsyncSession, before: datetime) -> int:
    return await _delete(session, Import.id, select(Import.id).where(col(Import.ended_at) < before).limit(AT_ONCE))


async def _play_sessions(session: AsyncSession, before: datetime) -> int:
    """Those that have ended, by their start: by that there is an index."""
    old = select(PlaySession.id).where(col(PlaySession.started_at) < before, col(PlaySession.ended_at) < before)
    return await _delete(session, PlaySession.id, old.order_by(col(PlaySession.started_at)).limit(AT_ONCE))


async def _figures(session: AsyncSession, before: datetime) -> int:
    """Sums of days that are over, whatever the zone."""
    columns = FigureDay.kind, FigureDay.subject, FigureDay.part, FigureDay.day
    day = (before - timedelta(days=1)).date().isoformat()
    old: Any = select(*columns).where(col(FigureDay.day) < day).order_by(col(FigureDay.day)).limit(AT_ONCE)
    found = [tuple(row) for row in (await session.exec(old)).all()]
    if found:
        await session.exec(delete(FigureDay).where(among(columns, found)))
    return len(found)


async def _views(session: AsyncSession, before: datetime) -> int:
    old = select(View.id).where(col(View.at) < before).order_by(col(View.at)).limit(AT_ONCE)
    return await _delete(session, View.id, old)


async def _repeats(session: AsyncSession, now: datetime) -> int:
    return await _delete(
        session, Repeat.digest, select(Repeat.digest).where(col(Repeat.expires_at) <= now).limit(AT_ONCE)
    )


async def _notices(session: AsyncSession, before: datetime) -> int:
    return await _delete(session, Notice.id, select(Notice.id).where(col(Notice.at) < before).limit(AT_ONCE))


async def _broadcasts(session: AsyncSession, before: datetime) -> int:
    """With who has read them; so many are live at a time that there are few."""
    old = select(Broadcast.id).where(col(Broadcast.until_at) < before).limit(AT_ONCE)
    return await _delete(session, Broadcast.id, old)


async def _mails(session: AsyncSession, before: datetime) -> int:
    return await _delete(session, Mail.id, select(Mail.id).where(col(Mail.ended_at) < before).limit(AT_ONCE))


async def _questions(session: AsyncSession, before: datetime) -> int:
    """Tickets that were closed, with what was said in them."""
    old = select(Ticket.id).where(Ticket.state == "closed", col(Ticket.closed_at) < before).limit(AT_ONCE)
    return await _delete(session, Ticket.id, old)


async def _codes(session: AsyncSession, before: datetime) -> int:
    """Codes of mail; those of the last day say how many were sent lately."""
    old = select(MailToken.digest).where(col(MailToken.expires_at) < before).limit(AT_ONCE)
    return await _delete(session, MailToken.digest, old)


async def _told(session: AsyncSession, before: datetime) -> int:
    """What providers of payments have told: none tells the same again after so long."""
    columns = ProviderEvent.provider, ProviderEvent.event
    old = select(*columns).where(col(ProviderEvent.received_at) < before).limit(AT_ONCE)
    found = [tuple(row) for row in (await session.exec(old)).all()]
    if found:
        await session.exec(delete(ProviderEvent).where(among(columns, found)))
    return len(found)


async def _tickets(session: AsyncSession, before: datetime) -> int:
    old = select(ArtworkTicket.id).where(col(ArtworkTicket.expires_at) < before).limit(AT_ONCE)
    return await _delete(session, ArtworkTicket.id, old)


async def _delete(session: AsyncSession, key: Any, old: Any) -> int:  # noqa: ANN401 — a column, and a question for it
    found = (await session.exec(old)).all()
    if found:
        await session.exec(delete(key.class_).where(key.in_(found)))
    return len(found)
