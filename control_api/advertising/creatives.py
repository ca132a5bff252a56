"""Creatives on their way: from a fetched file to an asset with a title of its own, and on and off the shelf.

Law: an asset is shelved when it is an ad of servers and none offers it; whatever is told, is told by the amendment of
its title, in the transaction in which it changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, or_, select

from control_api.advertising.beacons import errors_told
from control_api.advertising.offers import FETCHING, READY, REFUSED
from control_api.assets.care import due
from control_api.library.editing import create, edit
from control_api.library.facts import TitleEdit, TitleGiven
from control_api.library.hung import hung
from control_api.library.kinds import TitleKind
from control_api.problems import Problem
from control_api.tables import AdCreative, AdOffer, AdSource, Asset, Title, Upload
from control_api.uploads.linking import give
from control_api.uploads.states import GONE, UploadState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

_AT_ONCE: Final = 50
_TAGS: Final = 100
_NOT_FOUND, _TOO_LATE, _UNPLAYABLE = 401, 402, 405


@dataclass(slots=True)
class _Wanted:
    """What the sources that offer a creative now want of it."""

    tags: list[str] = field(default_factory=list)


async def follow(database: Database, now: datetime) -> int:
    """See what became of what was fetched; how many creatives have moved on."""
    async with database.reading() as session:
        rows = (
            select(AdCreative.id, Upload, Asset.id)
            .join(Upload, col(Upload.id) == AdCreative.upload_id, isouter=True)
            .join(Asset, col(Asset.id) == Upload.asset_id, isouter=True)
            .where(AdCreative.state == FETCHING)
            .order_by(col(AdCreative.id))
        )
        found: Sequence[Any] = (await session.exec(rows)).all()
    moved = 0
    for creative, upload, asset in found:
        if upload is None or UploadState(upload.state) in GONE:
            why = "its upload is gone" if upload is None else upload.reason or f"its upload is {upload.state}"
            await _refuse(database, creative, why, _code(upload), now)
        elif upload.state == UploadState.PACKAGED and asset is not None:
            try:
                await _dress(database, creative, asset, now)
            except Problem as error:
                await _refuse(database, creative, error.detail, _UNPLAYABLE, now)
        else:
            continue
        moved += 1
    return moved


def _code(upload: Upload | None) -> int:
    """What VAST calls it when a file comes to nothing."""
    if upload is not None and upload.digest:  # it was there whole
        return _UNPLAYABLE
    return _TOO_LATE if upload is not None and upload.state == UploadState.EXPIRED else _NOT_FOUND


async def _refuse(database: Database, name: str, why: str, code: int, now: datetime) -> None:
    """It came to nothing: those who offer it are told."""
    async with database.writing() as session:
        creative = await session.get(AdCreative, name, with_for_update=True)
        if creative is None or creative.state != FETCHING:
            return
        await _told_off(session, creative, why, code, now)


async def _told_off(session: AsyncSession, creative: AdCreative, why: str, code: int, now: datetime) -> None:
    creative.state, creative.reason = REFUSED, why[:500]
    session.add(creative)
    for offer in (await session.exec(select(AdOffer).where(AdOffer.creative == creative.id))).all():
        await errors_told(session, offer.source, [(url, code) for url in offer.tracking.get("error", ())], now)


async def _dress(database: Database, name: str, asset_id: str, now: datetime) -> None:
    """Give what was packaged a title of its own, with what the server says of it."""
    async with database.writing() as session:
        creative = await session.get(AdCreative, name, with_for_update=True)
        asset = await session.get(Asset, asset_id, with_for_update=True)
        if creative is None or asset is None or creative.state != FETCHING:
            return
        others = select(AdCreative).where(AdCreative.asset_id == asset_id, col(AdCreative.title_id).is_not(None))
        twin = (await session.exec(others.order_by(col(AdCreative.id)).limit(1))).one_or_none()
        if twin is None and asset.added_at < creative.tried_at:
            why = f"the library had the same file before, as the asset {asset_id}; it stays as it is"
            await _told_off(session, creative, why, _UNPLAYABLE, now)
            return
        creative.state, creative.asset_id, creative.reason, creative.is_offered = READY, asset_id, "", True
        creative.title_id = twin.title_id if twin is not None else (await _titled(session, creative, now)).id
        session.add(creative)
        await session.flush()
        await give(session, asset, creative.title_id or "", now)


async def _titled(session: AsyncSession, creative: AdCreative, now: datetime) -> Title:
    said = {
        "kind": TitleKind.AD, "name": creative.name or creative.key, "advertiser": creative.advertiser,
        "category": creative.category,
    }  # fmt: skip
    names = [] if creative.key.startswith("url:") else [creative.key]
    try:
        return (await create(session, TitleGiven.model_validate({**said, "ids": names}), now, state="published")).title
    except (Problem, ValueError):  # another title has that name elsewhere, or it is none that is kept
        return (await create(session, TitleGiven.model_validate(said), now, state="published")).title


async def settle(database: Database, now: datetime) -> int:
    """Let tags and shelf follow what is offered now; how many creatives that changed."""
    async with database.reading() as session:
        live = await _live(session, now)
        rows = select(AdCreative).where(
            AdCreative.state == READY, or_(col(AdCreative.is_offered), col(AdCreative.id).in_(live))
        )
        ready = (await session.exec(rows)).all()
    changed = [row.id for row in ready if _differs(row, live.get(row.id))]
    for start in range(0, len(changed), _AT_ONCE):
        async with database.writing() as session:
            await _settled(session, changed[start : start + _AT_ONCE], now)
    return len(changed)


def _differs(row: AdCreative, wanted: _Wanted | None) -> bool:
    return row.is_offered != (wanted is not None) or (wanted is not None and row.tags != wanted.tags)


async def _live(session: AsyncSession, now: datetime) -> dict[str, _Wanted]:
    """What is offered now, by creative."""
    rows = (
        select(AdOffer.creative, AdOffer.rolls, AdSource.tags)
        .join(AdSource, col(AdSource.id) == AdOffer.source)
        .where(col(AdSource.enabled), col(AdOffer.until) > now)
        .order_by(col(AdOffer.creative), col(AdOffer.source))
    )
    found: dict[str, _Wanted] = {}
    for creative, rolls, tags in (await session.exec(rows)).all():
        wanted = found.setdefault(creative, _Wanted())
        fresh = [*tags, *(f"{tag}-{roll}" for tag in tags for roll in rolls)]
        wanted.tags = list(dict.fromkeys([*wanted.tags, *fresh]))[:_TAGS]
    return found


async def _settled(session: AsyncSession, names: Sequence[str], now: datetime) -> None:
    """The same in one transaction, for these: what is offered is looked up again in it."""
    live = await _live(session, now)
    rows = select(AdCreative).where(col(AdCreative.id).in_(names)).order_by(col(AdCreative.id)).with_for_update()
    for creative in (await session.exec(rows)).all():
        wanted = live.get(creative.id)
        if not _differs(creative, wanted):
            continue
        creative.is_offered = wanted is not None
        before = creative.tags
        if wanted is not None:
            creative.tags = wanted.tags
        session.add(creative)
        await session.flush()
        title = None if creative.title_id is None else await session.get(Title, creative.title_id)
        if title is not None and before != creative.tags:
            await _tagged(session, title, before, creative.tags, now)
        if creative.asset_id is not None and await session.get(Asset, creative.asset_id) is not None:
            await due(session, creative.asset_id, now)


async def _tagged(
    session: AsyncSession, title: Title, before: Sequence[str], wanted: Sequence[str], now: datetime
) -> None:
    """Change the tags that are of us, and leave those that people have given it."""
    there = (await hung(session, [title]))[title.id]
    ours = {tag.casefold() for tag in before}
    theirs = [tag for tag in there.tags if tag.casefold() not in ours]
    await edit(session, title, TitleEdit(tags=[*theirs, *wanted][:_TAGS]), now)
