"""Another frame as poster: drawn by whoever can decode pictures, laid beside the asset's own, which never changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from control_api.assets.breaks import ticks_of
from control_api.assets.care import care_of
from control_api.assets.documents import document
from control_api.changes import Actor, Change, audited
from control_api.happenings import append
from control_api.instants import whole_millis
from control_api.jobs import Broken, JobKind, Work
from control_api.models import Shown
from control_api.tables import Asset as Row
from playout import keys
from playout.core.asset import Asset
from playout.core.ticks import Ticks
from playout.store import Store, StoreDown

if TYPE_CHECKING:
    from datetime import datetime

Draw = Callable[[Store, Asset, Ticks], Awaitable[bytes]]
"""The picture of an asset at a moment, as a JPEG. Raises `OSError` where there is none."""


class ChoosePoster(BaseModel):
    """Which moment of which asset."""

    asset: str
    at_ms: int


class PosterShown(Shown):
    """Which poster an asset has."""

    file: str
    at_ms: int | None


CHOOSE_POSTER: Final = JobKind("choose_poster", ChoosePoster, None)
"""In a process that has nobody who decodes pictures."""


def drawing(draw: Draw) -> JobKind[ChoosePoster]:
    """The same where `draw` decodes them."""

    async def work(work: Work, given: ChoosePoster) -> PosterShown:
        store = work.settings.place.store()
        try:
            known = await asyncio.to_thread(document, store, given.asset)
            if known is None:
                message = "its files are not in the store any more"
                raise Broken(message)
            data = await draw(store, known, ticks_of(given.at_ms))
            file = f"poster-{given.at_ms}.jpg"
            await asyncio.to_thread(store.put_new, keys.asset_file(given.asset, file), data)
        except (OSError, StoreDown) as error:
            raise Broken(str(error), again=isinstance(error, StoreDown)) from error
        await _chosen(work, given, file, whole_millis(work.clock()))
        return PosterShown(file=file, at_ms=given.at_ms)

    return replace(CHOOSE_POSTER, work=work)


async def _chosen(work: Work, given: ChoosePoster, file: str, now: datetime) -> None:
    async with work.database.writing() as session:
        row = await session.get(Row, given.asset, with_for_update=True)
        if row is None:
            return
        care = await care_of(session, given.asset)
        before = PosterShown(file=care.poster or row.poster, at_ms=care.poster_ms)
        care.poster, care.poster_ms = file, given.at_ms
        row.version += 1
        session.add(row)
        change = Change("asset", row.id, "poster_chosen", before, PosterShown(file=file, at_ms=given.at_ms))
        happening = audited(session, Actor(work.owner, work.owner, "choose_poster"), change, now)
        await append(session, [happening] if happening else [], now)
