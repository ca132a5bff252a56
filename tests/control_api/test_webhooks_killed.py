"""A process that is killed while it sends: the next one sends the same again, and knows nothing less."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web
from clients import running
from labour import soon
from others import HERE, other
from processes import fastline, line

from control_api.happenings import Happening, append
from playout.clock import system_clock

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from subprocess import Popen

    from control_api.database import Database
    from control_api.settings import Settings


def sending(settings: Settings) -> AbstractContextManager[Popen[str]]:
    return fastline(
        "api", "--media", str(settings.media), "--port", "0", database=settings.database, works=False,
        outgoing_allow="127.0.0.0/8", webhook_poll_ms=20, webhook_lease_seconds=1,
    )  # fmt: skip


async def test_what_was_being_sent_when_the_process_was_killed_is_sent_again(
    settings: Settings, key: str, database: Database
) -> None:
    gate = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.Response()

    here = settings.model_copy(update={"outgoing_allow": HERE})
    async with other(answer) as there, running(here) as found:
        client = found.known_by(key)
        hook = (await client.post("/api/v1/webhooks", {"url": there.url(), "types": ["asset.ready"]})).json["id"]
        async with database.writing() as session:
            await append(session, [Happening("asset.ready", "s")] * 3, system_clock())
        with sending(settings) as first:
            await asyncio.to_thread(line, first, "The API is at")
            await there.until(3)
            first.kill()
        gate.set()
        quick = {"tells": True, "webhook_poll_ms": 20, "webhook_lease_seconds": 1}
        async with running(here.model_copy(update=quick)):
            await there.until(6)
            path = f"/api/v1/webhooks/{hook}/deliveries?state=delivered"

            async def are_delivered() -> bool:
                return len((await client.get(path)).json["items"]) >= 3

            await soon(are_delivered)
        sent = [headers["webhook-id"] for _, _, headers, _ in there.asked]
        assert sorted(sent[:3]) == sorted(sent[3:])
        assert len(set(sent)) == 3
