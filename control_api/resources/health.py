"""Whether the process lives, whether it can do its work, and its figures."""

from __future__ import annotations

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from control_api import schema
from control_api.call import Answer, Call
from control_api.database import is_outage
from control_api.models import Shown
from control_api.operation import Endpoint, Media
from control_api.problems import unavailable
from control_api.resources.gauges import gauged
from control_api.scopes import OPEN, Scope


class Health(Shown):
    """How the process is."""

    status: str = Field(description="`ok`, and nothing else: whatever is wrong is a problem.")


@Endpoint(
    method="GET",
    path="/healthz",
    name="check_health",
    summary="Whether the process lives",
    description="Says nothing of the database: a process is not to be restarted because that one is down.",
    scope=OPEN,
    tag="Operations",
    answers={200: Health},
    counted=False,
)
async def check_health(_call: Call) -> Answer:
    """It answers, so it lives."""
    return Answer(Health(status="ok"))


@Endpoint(
    method="GET",
    path="/readyz",
    name="check_readiness",
    summary="Whether requests should be sent here",
    scope=OPEN,
    tag="Operations",
    answers={200: Health},
    counted=False,
)
async def check_readiness(call: Call) -> Answer:
    """The database answers and has the tables of this version, and the process is not being stopped."""
    if call.site.streams.leaving.is_set():
        raise unavailable("the server is being stopped")
    revision, needed = await call.site.readiness.revision(), schema.head()
    if revision != needed:
        detail = f"the database is at revision {revision or 'none'}, and this version needs {needed}"
        raise unavailable(detail, seconds=30)
    return Answer(Health(status="ok"))


@Endpoint(
    method="GET",
    path="/metrics",
    name="read_metrics",
    summary="The figures for Prometheus",
    description="Those of this process, and of the whole station: jobs by state, how old the oldest is, deliveries of "
    "webhooks that are not done, webhooks that are disabled, and what is free on the disk of the store.",
    scope=Scope.METRICS_READ,
    tag="Operations",
    answers={200: Media((CONTENT_TYPE_LATEST.partition(";")[0],))},
    counted=False,
)
async def read_metrics(call: Call) -> Answer:
    """Everything that is counted; while the database does not answer, what this process counts by itself."""
    site, measures = call.site, call.site.measures
    measures.streams.set(site.streams.open)
    measures.playing.set(len(site.viewing))
    measures.unwritten.set(site.viewing.due)
    free = await site.receiver.free()
    try:
        async with site.database.reading() as session:
            station = await gauged(session, free, call.now)
    except Exception as error:
        if not is_outage(error):
            raise
        station = b""
    return Answer(raw=generate_latest(measures.registry) + station, media_type=CONTENT_TYPE_LATEST)


OPERATIONS: Final = (check_health, check_readiness, read_metrics)
