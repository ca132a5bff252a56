"""What was offered, as rows: each creative once for a house, each offer of it once for a source.

Law: what a question came to stands in one transaction with what follows from it: offers, fetches, errors that are told.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, delete, select

from control_api.advertising.beacons import errors_told
from control_api.destinations import NotAllowed, examined
from control_api.happenings import Happening
from control_api.ids import new_id
from control_api.jobs import submit
from control_api.problems import Problem
from control_api.tables import AdCreative, AdDecision, AdOffer, AdSourceState
from control_api.uploads import beginning
from control_api.uploads.fetching import FETCH, Fetch
from control_api.uploads.shown import STATION, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.advertising.asking import Decision, Offered, Turned
    from control_api.settings import Settings
    from control_api.tables import AdSource

WANTED, FETCHING, READY, REFUSED = "wanted", "fetching", "ready", "refused"
"""The states of a creative."""
AGAIN: Final = timedelta(days=1)
"""After which a creative that was refused is tried once more, when it is still offered."""
_KEPT: Final = 200
"""Decisions that are kept of a source."""
_DOWNLOADING: Final = 407


async def decided(  # noqa: PLR0913 — who was asked, what came of it, when and how long, and what there is room for
    session: AsyncSession,
    source: AdSource,
    decision: Decision,
    now: datetime,
    *,
    took_ms: int,
    settings: Settings,
    free: int,
) -> list[Happening]:
    """Write down what a question came to, and begin to fetch what is new; what happened. `free` are bytes."""
    creatives = await _creatives(session, source, decision.offered, now)
    told, entries = list(decision.told), list[dict[str, Any]]()
    for one in decision.offered:
        creative = creatives[one.key]
        await _offer(session, source, creative, one, now)
        reason = ""
        if creative.state == WANTED or (creative.state == REFUSED and now - creative.tried_at >= AGAIN):
            reason = await _begin(session, source, creative, one, now, settings, free)
            told += [(url, _DOWNLOADING) for url in one.errors if not reason]
        entries.append(_entry(one, creative, reason))
    entries += [_turned(one) for one in decision.turned]
    await errors_told(session, source.id, told, now)
    row = AdDecision(
        id=new_id("dc"),
        source=source.id,
        at=now,
        took_ms=took_ms,
        requests=decision.requests,
        fault=decision.fault[:500],
        offered=len(decision.offered),
        refused=len(decision.turned),
        ads=entries,
    )
    session.add(row)
    await session.flush()
    await _forget(session, source.id)
    return await _count(session, source, row, now)


async def _creatives(
    session: AsyncSession, source: AdSource, offered: Sequence[Offered], now: datetime
) -> dict[str, AdCreative]:
    """The creative of each offer, by its key; new ones are made."""
    keys = [one.key for one in offered]
    rows = select(AdCreative).where(AdCreative.house == source.house, col(AdCreative.key).in_(keys))
    found = {row.key: row for row in (await session.exec(rows)).all()}
    for one in offered:
        if one.key not in found:
            found[one.key] = AdCreative(
                id=new_id("cr"), key=one.key, house=source.house, name=one.name, advertiser=one.advertiser,
                category=one.category, duration_ms=one.duration_ms, state=WANTED, tags=[], tried_at=now, created_at=now,
            )  # fmt: skip
            session.add(found[one.key])
    await session.flush()
    return found


async def _offer(session: AsyncSession, source: AdSource, creative: AdCreative, one: Offered, now: datetime) -> None:
    """That the source offers it now, and until when that holds."""
    wanted = select(AdOffer).where(AdOffer.source == source.id, AdOffer.creative == creative.id)
    row = (await session.exec(wanted)).one_or_none()
    if row is None:
        row = AdOffer(
            id=new_id("of"), source=source.id, creative=creative.id, ad="", rolls=[], tracking={},
            first_at=now, last_at=now, until=now,
        )  # fmt: skip
    row.ad, row.rolls = one.ad, list(one.rolls)
    row.tracking = {event: list(urls) for event, urls in one.tracking.items()} | {"error": list(one.errors)}
    row.last_at, row.until = now, now + timedelta(milliseconds=source.keep_ms)
    session.add(row)


async def _begin(  # noqa: PLR0913, PLR0917 — what is fetched, for whom, when, and what there is room for
    session: AsyncSession,
    source: AdSource,
    creative: AdCreative,
    one: Offered,
    now: datetime,
    settings: Settings,
    free: int,
) -> str:
    """Have the file fetched; why it is not, which the next question may change."""
    try:
        link = str(examined(one.media.url))
        upload = beginning.new(
            source.id, "link", now, settings, link=link, name=f"{creative.id}{_suffix(link)}",
            # no other work has this name: what is packaged joins no title of the house
            title=f"{one.name or 'Ad'} ({one.key})"[:500], kind="ad", house=source.house,
        )  # fmt: skip
        await beginning.begin(session, upload, free, settings)
        await submit(session, FETCH, Fetch(upload=upload.id), now=now, owner=source.id, subject=upload.id)
    except NotAllowed as error:
        return str(error)
    except Problem as error:
        return error.detail
    await tell(session, STATION, upload, "created", now)
    creative.state, creative.reason, creative.upload_id, creative.tried_at = FETCHING, "", upload.id, now
    session.add(creative)
    return ""


def _suffix(link: str) -> str:
    """How the name of the file ends: people know formats by it."""
    name = link.partition("?")[0].rpartition("/")[2]
    end = name.rpartition(".")[2]
    return f".{end.lower()}" if "." in name and end.isalnum() and len(end) <= 5 else ""  # noqa: PLR2004 — as in .webm


def _entry(one: Offered, creative: AdCreative, reason: str) -> dict[str, Any]:
    return {
        "ad": one.ad, "key": one.key, "name": one.name, "creative": creative.id, "state": creative.state,
        "rolls": list(one.rolls), "code": None, "words": reason or creative.reason,
    }  # fmt: skip


def _turned(one: Turned) -> dict[str, Any]:
    return {
        "ad": one.ad, "key": "", "name": "", "creative": None, "state": "turned_down", "rolls": [], "code": one.code,
        "words": one.words,
    }  # fmt: skip


async def _count(session: AsyncSession, source: AdSource, row: AdDecision, now: datetime) -> list[Happening]:
    """The figures of the source, and when it is asked next; that it fails now, or no longer."""
    state = (await session.exec(select(AdSourceState).where(AdSourceState.source == source.id).with_for_update())).one()
    before, state.fault = state.fault, row.fault
    state.asked_at, state.due_at = now, now + timedelta(milliseconds=source.every_ms)
    state.asks += 1
    state.failures += bool(row.fault)
    state.offered += row.offered
    state.refused += row.refused
    if not row.fault:
        state.answered_at = now
    session.add(state)
    if bool(before) == bool(row.fault):
        return []
    said = {"name": source.name, "fault": row.fault}
    return [Happening("ad_source.failing" if row.fault else "ad_source.answering", source.id, said)]


async def _forget(session: AsyncSession, source: str) -> None:
    """Leave the newest decisions alone."""
    ids = select(AdDecision.id).where(AdDecision.source == source).order_by(col(AdDecision.id).desc())
    last = (await session.exec(ids.offset(_KEPT).limit(1))).one_or_none()
    if last is not None:
        await session.exec(delete(AdDecision).where(col(AdDecision.source) == source, col(AdDecision.id) <= last))
