"""All that a request has at hand: what the process is made of, and what is known of the request itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiohttp import web

from control_api.callers import ANONYMOUS, Caller, Scheme, Stranger
from control_api.channels.master import MasterControl
from control_api.database import Database
from control_api.happenings import Feed
from control_api.hot import Hot
from control_api.jobs.queue import Queue
from control_api.known import Known
from control_api.measures import Measures
from control_api.outgoing import Outgoing
from control_api.people.gate import Gate
from control_api.rates import Rates
from control_api.readiness import Readiness
from control_api.rotation import Rotation, look
from control_api.seldom import Seldom
from control_api.settings import Settings
from control_api.streams import Streams
from control_api.tracing import Tracing
from control_api.uploads.receiving import Receiver
from control_api.viewing.gathering import Gathering
from playout.clock import Clock

if TYPE_CHECKING:
    from control_api.signing import Signer


@dataclass(slots=True, eq=False)
class Site:
    """One process of the control API."""

    settings: Settings
    clock: Clock
    database: Database
    rates: Rates
    streams: Streams
    feed: Feed
    measures: Measures
    known: Known
    hot: Hot
    figures: Hot
    """Answers with figures, which are given again for a while."""
    gate: Gate
    schemes: tuple[Scheme, ...]
    outgoing: Outgoing
    master: MasterControl
    queue: Queue
    receiver: Receiver
    viewing: Gathering
    """What players say."""
    readiness: Readiness
    cursors: Rotation
    """What cursors and other addresses of ours are signed with."""
    tracing: Tracing | None = None
    """Where spans go; None: nobody collects them."""
    outages: Seldom = field(default_factory=Seldom)
    """Requests that the database has not answered."""

    @property
    def signer(self) -> Signer:
        """Who signs now. Raises `Problem` before the database has answered."""
        return self.cursors.at(self.clock())

    async def look(self) -> None:
        """Have the secrets at hand that hold now."""
        await look((self.cursors, *self.gate.secrets), self.clock())


@dataclass(slots=True)
class Asked:
    """What is known of a request before anybody looks at what it wants."""

    id: str
    address: str
    """The client's, as far as trusted proxies tell."""
    caller: Caller | Stranger = ANONYMOUS
    headers: dict[str, str] = field(default_factory=dict)
    """What every answer to this request carries, whether it is a good one or not."""


SITE: Final = web.AppKey("site", Site)
ASKED: Final = web.RequestKey("asked", Asked)


def site_of(request: web.Request) -> Site:
    """The site that this request came to."""
    return request.config_dict[SITE]
