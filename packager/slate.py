"""The slate kit of a house: what airs where nothing else can, at any length the grid allows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from packager.card import card
from packager.encode import Sound
from packager.identity import RECIPE
from packager.job import Order, Outcome, Shop, answered, once, silent
from packager.plan import kit
from playout import documents
from playout.core.asset import Kind, Title
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from packager.progress import Tell
    from packager.work import Work
    from playout.core.house import House
    from playout.store import Store

HEADING: Final = "We’ll be right back"
_NAME: Final = "slate"
_DESIGN: Final = 2


async def ensure(
    media: Path, house: House, tell: Tell, clock: Callable[[], datetime], store: Store | None = None
) -> Outcome:
    """The slate of `house` in the store, which is the folder `media` unless another is given; made if it is not there.

    Its segment k is k + 1 grid units long. The first slate of a house also sets the init segments that
    every later asset must share.
    """
    shop = Shop(store or DirStore(media), house, asyncio.Semaphore(1), tell, clock, work_folder=media)
    identity = slate_id(house)
    return await answered(_NAME, once(_NAME, identity, shop, lambda folder: _order(identity, house, folder)))


def slate_id(house: House) -> str:
    """The id of the house's own slate."""
    return documents.digest(documents.encode([_NAME, RECIPE, _DESIGN, HEADING, house]))


async def _order(identity: str, house: House, folder: Work) -> Order:
    picture = folder.path("card.png")
    await asyncio.to_thread(picture.write_bytes, card(house.rungs[0], HEADING))
    about = Title("Slate", Kind.SLATE, language="und")
    return Order(identity, about, kit(house), picture, (Sound("und", None),), silent)
