"""Assets for tests of the library: their documents alone, which is all that the control API reads of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from playout import keys
from playout.core.asset import Asset, Cuts, Kind, Rights, Title
from playout.core.house import HOUSES
from playout.documents import encode
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from clients import Client

BORN = datetime(2026, 3, 1, tzinfo=UTC)
HOUSE = HOUSES["fast"]


def packaged(media: Path, name: str, about: Title, *, units: int = 70, days: int = 0, poster: str = "") -> Asset:
    """An asset in the store, packaged so many days later than others."""
    asset = Asset(
        id=name,
        house=HOUSE.name,
        about=about,
        added=BORN + timedelta(days=days),
        cuts=Cuts.of([HOUSE.unit * n for n in range(0, units + 1, 7)]),
        breaks=(),
        tracks=(),
        loudness=None,
        source={},
        poster=poster,
    )
    assert DirStore(media).put_new(keys.asset(name), encode(asset))
    return asset


def film(title: str = "The Third Man", **more: Any) -> Title:
    return Title(title, Kind.MOVIE, **more)


async def eventually(holds: Callable[[], Awaitable[Any]]) -> Any:
    """What it answers, as soon as that is something; the test fails when it never is."""
    async with asyncio.timeout(30):
        while not (found := await holds()):  # noqa: ASYNC110 — another process, or the disk, has no event for us
            await asyncio.sleep(0.02)
    return found


async def titles(client: Client, query: str = "") -> list[Any]:
    """All titles that are listed."""
    items: list[Any] = (await client.get(f"/api/v1/titles?limit=100&{query}")).json["items"]
    return items


_words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=12
)
_kinds = st.sampled_from([kind for kind in Kind if kind is not Kind.SLATE])
_days = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2019, 1, 1)).map(  # noqa: DTZ001 — the zone follows
    lambda at: at.replace(tzinfo=UTC, microsecond=at.microsecond // 1000 * 1000)
)
_rights = st.builds(
    lambda start, territories: Rights(start, None, tuple(sorted(territories))),
    _days,
    st.sets(st.sampled_from(["PT", "US", "DE"]), max_size=3),
)


@st.composite
def abouts(draw: st.DrawFn) -> Title:
    """What a packaged asset may say of itself."""
    kind, story, series = draw(_kinds), draw(st.just("") | _words), draw(st.just("") | _words)
    return Title(
        title=draw(_words),
        kind=kind,
        tags=tuple(sorted(draw(st.sets(st.sampled_from(["a", "B", "ç", "d e"]))), key=str.casefold)),
        series=series,
        season=draw(st.integers(0, 3)) if series else 0,
        episode=draw(st.integers(0, 5)) if kind is Kind.EPISODE else 0,
        description=draw(st.just("") | _words),
        rating=draw(st.sampled_from(["", "PG", "TV-14", "12"])),
        language=draw(st.sampled_from(["und", "en", "pt-BR"])),
        released=draw(st.sampled_from(["", "1949", "1949-09-02"])),
        genres=tuple(draw(st.lists(st.sampled_from(["Noir", "Drama", "War"]), unique=True))),
        story=story,
        part=draw(st.integers(0, 3)) if story else 0,
        ids=tuple(sorted(draw(st.sets(st.sampled_from(["imdb:tt1", "tms:2", "eidr:10.5240/3"]))))),
        advertiser=draw(st.just("") | _words),
        category=draw(st.just("") | _words),
        rights=tuple(draw(st.lists(_rights, max_size=2))),
    )
