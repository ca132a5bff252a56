"""Something to watch for tests, written straight into the database of a server: films, and series with episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.site import SITE, Site
from control_api.tables import Asset, Plan, Title

if TYPE_CHECKING:
    from clients import Client

MINUTE = 60_000


async def titled(client: Client | Site, name: str, kind: str = "movie", *, minutes: int = 100, **more: Any) -> str:
    """A title that is published, with an asset of so many minutes (none at all: 0); its id."""
    site = client if isinstance(client, Site) else client.app[SITE]
    now = whole_millis(site.clock())
    title = new_id("ti")
    number = more.get("number")
    place = {} if number is None else {"place": number}
    about = {"state": "published", "published_at": now, **place, **more}
    asset = Asset(
        id=f"as-{title}",
        title_id=title,
        house="fast",
        kind=kind,
        work=title,
        duration_ms=minutes * MINUTE,
        added_at=now,
    )
    row = Title(
        id=title, kind=kind, name=name, sort_name=name.casefold(), created_at=now, updated_at=now, **about
    )  # fmt: skip
    async with site.database.writing() as session:
        session.add(row)
        await session.flush()
        if minutes:
            session.add(asset)
    return title


async def series(client: Client, name: str, seasons: dict[int, int], *, minutes: int = 50, **more: Any) -> list[str]:
    """A series with so many episodes in each season; the ids of all: its own first, then those of the episodes."""
    whole = [await titled(client, name, "series", minutes=0, **more)]
    for season, episodes in seasons.items():
        under = await titled(
            client, f"{name} {season}", "season", minutes=0, parent_id=whole[0], number=season, **more
        )  # fmt: skip
        for episode in range(1, episodes + 1):
            about = {"parent_id": under, "number": episode, **more}
            whole.append(await titled(client, f"{name} {season}x{episode}", "episode", minutes=minutes, **about))
    return whole


async def free_plan(client: Client, streams: int, lines: int | None = None) -> None:
    """Have whoever pays nothing play so much at a time, and no finer pictures than that."""
    site = client.app[SITE]
    now = whole_millis(site.clock())
    async with site.database.writing() as session:
        plan = await session.get(Plan, "free")
        if plan is None:
            plan = Plan(id="free", names={"en": "Free"}, currency="EUR", period="month", created_at=now, updated_at=now)
        plan.streams, plan.lines = streams, lines
        session.add(plan)
