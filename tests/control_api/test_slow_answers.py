"""Others that are slow to answer, the store and who takes the money, hold up nobody who waits for something else."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clients import running
from films import films, statements
from persons import Times, account, cheap, person, signed_in

from control_api.people.roles import Role
from control_api.plans.renewing import Renewer
from control_api.site import SITE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desks import House

    from control_api.settings import Settings

BORN = datetime(2026, 1, 31, 12, tzinfo=UTC)
OWN = "/api/v1/subscription"
V1 = "/api/v1"


class Slow(Renewer):
    """One in whose way somebody comes when the money was asked for, and nothing of it is written down yet."""

    meanwhile: Callable[[], Awaitable[Any]]

    async def _asked(self, *args: Any) -> Any:
        found = await Renewer._asked(self, *args)
        if found is not None:
            await self.meanwhile()
        return found


async def test_money_is_asked_for_while_others_write_and_is_never_lost(settings: Settings) -> None:
    """C39c: what has ended meanwhile has ended, and what was taken for it is in the books."""
    times = Times(BORN)
    wanted = cheap(settings, payments="test", access_token_minutes=1440, session_days=3660)
    async with running(wanted, clock=times) as client:
        site, ada = client.app[SITE], await person(client, "ada")
        await account(client, "boss", Role.ADMIN)
        made = (await ada.post(OWN, {"plan": "premium", "method": "test_card"})).json["subscription"]
        renewer = Slow(site.settings, site.database, site.outgoing, site.feed.ring, times)

        async def end() -> None:
            found = f"{V1}/billing/subscriptions/{made['id']}"
            staff = client.known_by((await signed_in(client, "boss"))["access_token"])
            await staff.ask("DELETE", found, 200)

        renewer.meanwhile = end
        times.now = BORN + timedelta(days=7)
        await renewer.once()
        ada = client.known_by((await signed_in(client, "ada"))["access_token"])
        assert (await ada.get(OWN)).json["plan"]["id"] == "free"
        [paid] = (await ada.get(f"{V1}/payments")).json["items"]
        assert (paid["status"], paid["receipt"]) == ("completed", "2026-1")


async def test_what_is_due_is_found_without_looking_at_all_that_is_not(settings: Settings) -> None:
    async with running(cheap(settings, payments="test")) as client:
        site = client.app[SITE]
        with statements(client) as asked:
            await Renewer(site.settings, site.database, site.outgoing, site.feed.ring, Times(BORN)).once()
        asked = [one for one in asked if one.startswith("SELECT")]
        assert len(asked) == 3
        if site.database.is_sqlite:  # PostgreSQL reads a table whole that is as small as this one
            async with site.database.reading() as session:
                connection = await session.connection()
                for one in asked:
                    values = (BORN.isoformat(),) * (one.count("?") - 2)
                    told = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", (*values, 1, 0))
                    assert [str(row.detail).partition(" ")[0] for row in told.all()] == ["SEARCH"], one


async def test_who_waits_for_the_store_holds_no_connection(desk: House, settings: Settings, key: str) -> None:
    wanted = cheap(settings, database_connections=1, database_patience_ms=500, hot_ms=0, caller_cache_ms=60_000)
    async with running(wanted, clock=desk.clock) as client:
        api, site, opened = client.known_by(key), client.app[SITE], threading.Event()
        await films(client, 1)
        rails = (await api.get(f"{V1}/home")).json["items"]
        live = next(rail["id"] for rail in rails if rail["source"] == "live_channels")
        async with asyncio.TaskGroup() as tasks:
            for _ in range(settings.report_threads):
                tasks.create_task(site.master.ask(opened.wait))
            waiting = [tasks.create_task(api.get(path)) for path in (f"{V1}/home", f"{V1}/rails/{live}/items")]
            try:
                for _ in range(3):
                    assert len((await api.get(f"{V1}/titles")).json["items"]) == 1
                assert not any(one.done() for one in waiting)
            finally:
                opened.set()
        assert all(one.result().json["items"] for one in waiting)
