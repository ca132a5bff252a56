"""Artwork of titles and people: where a picture comes from, and that there is one of a shape and a language."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from control_api.destinations import NotAllowed
from control_api.ids import new_id
from control_api.library.pictures import LARGEST, NoPicture, Picture, Shape, drawn, kept
from control_api.outgoing import LEAST_RATE, Limits, NoAnswer
from control_api.problems import unacceptable, unavailable
from control_api.tables import Artwork, Asset
from playout import keys
from playout.store import Store, StoreDown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.outgoing import Outgoing

_AT_A_TIME: Final = 1
_WAITING: Final = 8
_COMING: Final = 12
"""Pictures that may be on their way at a time; each may take `LARGEST` bytes of memory."""
_COMING_EACH: Final = 4
"""Those of one caller."""
_LIMITS: Final = Limits(seconds=30, size=LARGEST, least_rate=LEAST_RATE, rate_seconds=10)


class Easel:
    """Where pictures are drawn: a few at a time, off the event loop, and no more waiting than memory bears."""

    def __init__(self, at_a_time: int = _AT_A_TIME, waiting: int = _WAITING) -> None:
        self._hands = ThreadPoolExecutor(at_a_time, thread_name_prefix="easel")
        self._free = at_a_time + waiting
        self._coming: Counter[str] = Counter()

    @contextmanager
    def coming(self, who: str) -> Iterator[None]:
        """Room for a picture of theirs that is on its way, for as long as the block runs. Raises `Problem`.

        While it comes it takes nobody's place at the easel, so that slow connections stop no picture that is there.
        """
        if self._coming[who] >= _COMING_EACH or self._coming.total() >= _COMING:
            message = "as many pictures as can be are on their way"
            raise unavailable(message, seconds=2)
        self._coming[who] += 1
        try:
            yield
        finally:
            self._coming[who] -= 1
            if not self._coming[who]:
                del self._coming[who]

    @contextmanager
    def place(self) -> Iterator[None]:
        """Room for one more, for as long as the block runs. Raises `Problem` when there is none."""
        if self._free <= 0:
            message = "as many pictures as can be are being drawn"
            raise unavailable(message, seconds=2)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def draw(self, store: Store, sent: bytes, shape: Shape | None, pointer: str = "") -> Picture:
        """Draw a picture and keep it in the store. Raises `Problem` when it is none, or the store is down."""
        loop = asyncio.get_running_loop()
        try:
            picture = await loop.run_in_executor(self._hands, drawn, sent, shape)
            await loop.run_in_executor(self._hands, kept, store, picture)
        except NoPicture as error:
            raise unacceptable(pointer, str(error)) from error
        except StoreDown as error:
            message = "the store does not answer"
            raise unavailable(message) from error
        return picture


EASEL: Final = Easel()
"""That of this process."""


@dataclass(frozen=True, slots=True)
class Hanging:
    """Where a picture is to hang, and where it came from."""

    origin: str
    source: str = ""
    title_id: str | None = None
    person_id: str | None = None
    channel: str | None = None
    shape: Shape = Shape.PORTRAIT
    language: str = ""


async def hang(
    session: AsyncSession, where: Hanging, picture: Picture, now: datetime
) -> tuple[Artwork | None, Artwork]:
    """The picture instead of the one that hangs there; both."""
    row = await hanging(session, where)
    before = None if row is None else row.model_copy()
    if row is None:
        row = Artwork(
            id=new_id("aw"), title_id=where.title_id, person_id=where.person_id, channel=where.channel,
            shape=where.shape.value, language=where.language, digest="", media_type="", width=0, height=0, size=0,
            origin="", created_at=now,
        )  # fmt: skip
    row.digest, row.media_type, row.size = picture.digest, picture.media_type, len(picture.body)
    row.width, row.height = picture.width, picture.height
    row.origin, row.source, row.created_at = where.origin, where.source[:2000], now
    session.add(row)
    await session.flush()
    return before, row


async def hanging(session: AsyncSession, where: Hanging) -> Artwork | None:
    """The picture that hangs there."""
    if where.channel is not None:
        rows = select(Artwork).where(Artwork.channel == where.channel)
    elif where.person_id is not None:
        rows = select(Artwork).where(Artwork.person_id == where.person_id)
    else:
        rows = select(Artwork).where(
            Artwork.title_id == where.title_id,
            Artwork.shape == where.shape.value,
            Artwork.language == where.language,
        )
    return (await session.exec(rows.with_for_update())).one_or_none()


async def fetched(outgoing: Outgoing, url: str, pointer: str) -> bytes:
    """The bytes at a link. Raises `Problem` when there are none, or nobody may ask there."""
    try:
        found = await outgoing.fetch("GET", url, limits=_LIMITS)
    except (NoAnswer, NotAllowed) as error:
        raise unacceptable(pointer, str(error)) from error
    if found.status != 200:  # noqa: PLR2004 — HTTP's
        raise unacceptable(pointer, f"the other server answered {found.status}")
    return found.body


async def frame(session: AsyncSession, store: Store, title: str, asset: str | None, pointer: str) -> tuple[str, bytes]:
    """The poster that the packager took from an asset of the title, the newest one's unless it is named."""
    rows = select(Asset).where(Asset.title_id == title, Asset.poster != "", Asset.state != "gone")
    if asset is not None:
        rows = rows.where(Asset.id == asset)
    row = (await session.exec(rows.order_by(col(Asset.added_at).desc()).limit(1))).one_or_none()
    if row is None:
        raise unacceptable(
            pointer, "no asset of this title has a poster" if asset is None else f"{asset} has no poster"
        )
    where = keys.asset_file(row.id, row.poster)
    try:
        found = await asyncio.to_thread(store.read, where)
    except StoreDown as error:
        message = "the store does not answer"
        raise unavailable(message) from error
    if found is None:
        raise unacceptable(pointer, f"{where} is not in the store")
    return row.id, found
