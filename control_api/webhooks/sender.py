"""Sending: the loop of a process that makes deliveries of events, and sends what is due.

Law: of one webhook, one process at a time sends; what it did not write down is sent again. A webhook that is slow or
down holds up no other one, and never more than a few requests at a time.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from control_api.database import is_outage
from control_api.destinations import NotAllowed
from control_api.duties import Duty
from control_api.ids import new_id
from control_api.outgoing import Limits, NoAnswer
from control_api.signing import signer
from control_api.trouble import Trouble
from control_api.webhooks import secrets
from control_api.webhooks.deliveries import due, due_webhooks, forget, record, spread
from control_api.webhooks.retries import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from control_api.database import Database
    from control_api.happenings import Feed
    from control_api.outgoing import Outgoing
    from control_api.settings import Settings
    from control_api.signing import Signer
    from control_api.webhooks.deliveries import Address, Parcel
    from playout.clock import Clock

_log: Final = logging.getLogger("fastline.api")

AT_ONCE: Final = 4
"""Requests to one webhook at a time."""
EXCERPT: Final = 1024
"""Bytes of an answer that are kept."""
LIMITS: Final = Limits(seconds=15, idle_seconds=15, redirects=0)
_HOURLY: Final = 3600.0


class Sender:
    """What one process sends."""

    def __init__(self, settings: Settings, database: Database, outgoing: Outgoing, feed: Feed, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._outgoing = outgoing
        self._feed = feed
        self._clock = clock
        self._name = new_id("ws")
        self._hands = asyncio.Semaphore(settings.webhooks_at_once)
        self._busy: set[str] = set()
        self._signer: Signer | None = None
        self._trouble = Trouble(_log, "no webhooks are sent now", "unsent")
        self._forgot_at = float("-inf")

    async def run(self) -> None:
        """Send until cancelled. While the database does not answer, nothing is sent and nothing is lost."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._round(tasks)

    async def _round(self, tasks: asyncio.TaskGroup) -> None:
        """Whatever is to be done now; then wait until there may be more."""
        try:
            newest = await self._feed.newest()
            while await spread(self._database, self._clock(), self._settings.deliveries_open):
                """There are more events."""
            for webhook in await due_webhooks(self._database, self._clock()):
                if webhook not in self._busy:
                    self._busy.add(webhook)
                    tasks.create_task(self._serve(webhook))
            await self._tidy()
            self._trouble.end()
            await self._feed.grown(newest, self._settings.webhook_poll_ms / 1000)
        except Exception as error:
            if not is_outage(error):
                raise
            self._trouble.say(f"the database does not answer: {type(error).__name__}")
            await asyncio.sleep(self._settings.webhook_poll_ms / 1000)

    async def _serve(self, webhook: str) -> None:
        """Send to one webhook until nothing is due, unless another process does."""
        span = timedelta(seconds=self._settings.webhook_lease_seconds)
        duty = Duty(self._database, webhook, self._name, span)
        try:
            while await self._some(webhook, duty):
                """There may be more."""
        except Exception as error:  # noqa: BLE001 — one webhook must not stop the others
            if is_outage(error):
                self._trouble.say(f"the database does not answer: {type(error).__name__}")
            else:
                _log.error("webhook %s cannot be served", webhook, exc_info=error, extra={"action": "failed"})
        finally:
            try:
                await duty.lay_down()
            finally:
                self._busy.discard(webhook)

    async def _some(self, webhook: str, duty: Duty) -> bool:
        """Send a few of what is due; whether something was."""
        if not await duty.take(self._clock()):
            return False
        found = await due(self._database, webhook, self._clock(), AT_ONCE)
        if found is None:
            return False
        address, parcels = found
        keys = await self._keys(webhook, address)
        outcomes: dict[str, Outcome] = {}

        async def one(parcel: Parcel) -> None:
            outcomes[parcel.id] = await self._send(address.url, parcel, keys)

        async with asyncio.TaskGroup() as tasks:
            for parcel in parcels:
                tasks.create_task(one(parcel))
        await record(self._database, webhook, outcomes, self._clock())
        return True

    async def _keys(self, webhook: str, address: Address) -> Sequence[bytes]:
        """The secrets by which is signed."""
        if self._signer is None:
            self._signer = await signer(self._database, secrets.NAME, self._clock())
        return [secrets.secret(self._signer, webhook, generation) for generation in address.generations]

    async def _send(self, url: str, parcel: Parcel, keys: Sequence[bytes]) -> Outcome:
        """One attempt."""
        async with self._hands:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            headers = {
                "Content-Type": "application/json",
                **secrets.headers(keys, parcel.message, self._clock(), parcel.body),
            }
            return await attempt(self._outgoing, url, headers, parcel.body, lambda: round((loop.time() - begun) * 1000))

    async def _tidy(self) -> None:
        """Forget what ended long ago, once an hour."""
        now = asyncio.get_running_loop().time()
        if now - self._forgot_at < _HOURLY:
            return
        self._forgot_at = now
        while await forget(self._database, self._clock() - timedelta(days=self._settings.delivery_days)):
            """There are more."""


async def attempt(
    outgoing: Outgoing, url: str, headers: dict[str, str], body: bytes, took: Callable[[], int]
) -> Outcome:
    """Send once; whatever becomes of it is an outcome."""
    status, words, excerpt, later = None, "", "", ""
    try:
        async with outgoing.asked("POST", url, headers=headers, body=body, limits=LIMITS) as reply:
            status, later = reply.status, reply.headers.get("Retry-After", "")
            words = _words(status)
            excerpt = _text(await reply.beginning(EXCERPT))
    except (NoAnswer, NotAllowed) as error:
        # what was answered counts, even when the rest of it did not come
        words = words or ("" if status is not None else str(error))
    return Outcome(status, words, excerpt, took(), later)


def _words(status: int) -> str:
    kind = status // 100
    if kind == 2:  # noqa: PLR2004 — the class of good answers
        return ""
    if kind == 3:  # noqa: PLR2004 — the class of redirects
        return f"it answered {status}: webhooks are not redirected, so the webhook must name where they are to go"
    return f"it answered {status}"


def _text(data: bytes) -> str:
    """What can be kept of an answer: databases cannot keep U+0000."""
    return data.decode("utf-8", "replace").replace("\0", "�")
