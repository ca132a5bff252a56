"""Beacons as rows: made with the place in the log that they follow from, sent when due, written down.

Law: a URL is told of one event of one airing once; the key of the table holds that, whoever looks twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, delete, select, update

from control_api.advertising import macros
from control_api.advertising.counting import POSITIONS, moments, playhead
from control_api.ids import new_id
from control_api.outgoing import Limits
from control_api.tables import AdBeacon, AdCreative, AdOffer, AdSource, Asset

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.advertising.counting import Aired
    from control_api.database import Database

OPEN, SENT, FAILED, SKIPPED = "open", "sent", "failed", "skipped"
METHOD: Final = "server, by the log of the air; one for an airing, of nobody's device"
"""How it was counted (V-4)."""
LIMITS: Final = Limits(seconds=3, idle_seconds=3, size=1 << 16, redirects=5)
"""Of one attempt (V-5)."""
PAUSES: Final = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
"""Before the second, third and fourth attempt."""
STALE: Final = timedelta(hours=1)
"""What could not be sent for so long tells nobody anything."""
_LONGEST: Final = 4096
"""Letters of a row's URL; of more than 2048 none is asked."""
_PORTION: Final = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """What is to be told of an asset, and to whom."""

    source: str
    key: str
    tracking: Mapping[str, Sequence[str]]
    duration_ms: int


async def wanted(session: AsyncSession, assets: Sequence[str]) -> dict[str, list[Offer]]:
    """Who wants to be told of these assets."""
    rows = (
        select(AdCreative, AdOffer, AdSource, Asset)
        .join(AdOffer, col(AdOffer.creative) == AdCreative.id)
        .join(AdSource, col(AdSource.id) == AdOffer.source)
        .join(Asset, col(Asset.id) == AdCreative.asset_id)
        .where(col(AdCreative.asset_id).in_(assets), col(AdSource.beacons), col(AdSource.enabled))
        .order_by(col(AdOffer.id))
    )
    found: dict[str, list[Offer]] = {}
    for creative, offer, source, asset in (await session.exec(rows)).all():
        found.setdefault(asset.id, []).append(Offer(source.id, creative.key, offer.tracking, asset.duration_ms))
    return found


def rows_of(aired: Aired, offers: Sequence[Offer], chance: Callable[[int], int]) -> list[dict[str, Any]]:
    """The beacons of one airing."""
    found = []
    for offer in offers:
        for event, due in moments(aired, offer.duration_ms).items():
            values = {
                **macros.general(due, chance(1 << 62)),
                "CHANNEL": aired.channel,
                "ADPLAYHEAD": playhead(due - aired.at),
                "MEDIAPLAYHEAD": macros.UNKNOWN,
                "CONTENTPLAYHEAD": macros.UNKNOWN,
                "BREAKPOSITION": POSITIONS[aired.roll],
                "UNIVERSALADID": macros.UNKNOWN if offer.key.startswith("url:") else offer.key.replace(":", " ", 1),
            }
            found += [
                _row(offer.source, aired.channel, aired.at, aired.asset, event, due, url, values)
                for url in offer.tracking.get(event, ())
            ]
    return found


def _row(  # noqa: PLR0913, PLR0917 — the columns of a row
    source: str,
    channel: str,
    at: datetime,
    asset: str,
    event: str,
    due: datetime,
    url: str,
    values: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "id": new_id("bc"), "source": source, "channel": channel, "aired_at": at, "asset": asset, "event": event,
        "url": macros.filled(url, values)[:_LONGEST], "digest": hashlib.sha256(url.encode()).hexdigest(),
        "state": OPEN, "attempts": 0, "status": None, "words": "", "due_at": due, "ended_at": None,
    }  # fmt: skip


async def add(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> int:
    """Write beacons; those that are there stay as they are. How many are new."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    made = 0
    for start in range(0, len(rows), _PORTION):
        some = list(rows[start : start + _PORTION])
        statement = insert(AdBeacon).values(some).on_conflict_do_nothing()
        made += (await (await session.connection()).execute(statement)).rowcount
    return made


async def errors_told(session: AsyncSession, source: str, told: Sequence[tuple[str, int]], now: datetime) -> None:
    """Have these URLs told of a mistake: each with VAST's code of it."""
    rows = [
        _row(
            source, "", now, "", f"error {code}", now, url, {**macros.general(now, number), macros.CODE: str(code)}
        )
        for number, (url, code) in enumerate(dict.fromkeys(told))
    ]  # fmt: skip
    await add(session, rows)


async def due(database: Database, now: datetime, limit: int) -> Sequence[AdBeacon]:
    """What is to be sent now, what waits longest first."""
    async with database.reading() as session:
        rows = select(AdBeacon).where(AdBeacon.state == OPEN, col(AdBeacon.due_at) <= now)
        return (await session.exec(rows.order_by(col(AdBeacon.due_at), col(AdBeacon.id)).limit(limit))).all()


async def record(database: Database, row: AdBeacon, status: int | None, words: str, now: datetime) -> None:
    """Write down what became of an attempt: it is done, or tried again, or given up."""
    attempts = row.attempts + 1
    values: dict[str, Any] = {"attempts": attempts, "status": status, "words": words[:300]}
    passing = status is None or status in (408, 425, 429) or status >= 500  # noqa: PLR2004 — the server's own failures
    if not words:
        values |= {"state": SENT, "ended_at": now}
    elif passing and attempts <= len(PAUSES) and now - row.aired_at < STALE:
        values["due_at"] = now + PAUSES[attempts - 1]
    else:
        values |= {"state": FAILED, "ended_at": now}
    async with database.writing() as session:
        await session.exec(
            update(AdBeacon).where(col(AdBeacon.id) == row.id, col(AdBeacon.state) == OPEN).values(**values)
        )


async def give_up(session: AsyncSession, now: datetime) -> None:
    """Fail what was due too long ago."""
    late = (col(AdBeacon.state) == OPEN, col(AdBeacon.due_at) < now - STALE)
    await session.exec(
        update(AdBeacon).where(*late).values(state=FAILED, ended_at=now, words="it could not be sent for an hour")
    )


async def cut_off(session: AsyncSession, channel: str, gone: Mapping[str, datetime], now: datetime) -> None:
    """Leave out what a withdrawal has kept from airing."""
    for asset, since in gone.items():
        rest = (col(AdBeacon.channel) == channel, col(AdBeacon.asset) == asset, col(AdBeacon.state) == OPEN)
        words = "it was withdrawn before"
        await session.exec(
            update(AdBeacon).where(*rest, col(AdBeacon.due_at) > since).values(state=SKIPPED, ended_at=now, words=words)
        )


async def forget(session: AsyncSession, before: datetime) -> None:
    """Delete what ended long ago, some at a time."""
    old = select(AdBeacon.id).where(col(AdBeacon.ended_at) < before).limit(1000)
    await session.exec(delete(AdBeacon).where(col(AdBeacon.id).in_(old.scalar_subquery())))
