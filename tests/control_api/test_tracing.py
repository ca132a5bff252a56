"""Traces: what a collector of OpenTelemetry is told of requests, by a real exporter over HTTP (B94)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import TYPE_CHECKING

from aiohttp import web
from clients import running
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    from control_api.settings import Settings

TRACE, ABOVE = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{ABOVE}-01"}


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, list[Span]]]:
    """Where spans are taken, and those that were; it answers for as long as the block runs."""
    spans: list[Span] = []

    async def take(request: web.Request) -> web.Response:
        told = ExportTraceServiceRequest.FromString(await request.read())
        spans.extend(span for one in told.resource_spans for scope in one.scope_spans for span in scope.spans)
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces", spans
    finally:
        await runner.cleanup()


def said(span: Span) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    for one in span.attributes:
        found[one.key] = one.value.string_value or one.value.int_value
    return found


async def test_a_request_is_a_span_and_so_is_each_of_its_statements(settings: Settings, key: str) -> None:
    """By templates and never by whom; a proxy's trace goes on, and a stranger's word begins none."""
    async with collector() as (endpoint, spans):
        mine = settings.model_copy(update={"otlp": endpoint, "works": False})
        async with running(mine) as client:
            owned = client.known_by(key)
            title = (await owned.post("/api/v1/titles", {"kind": "movie", "name": "Secret film"}, headers=PARENT)).json
            await owned.get(f"/api/v1/titles/{title['id']}", headers=PARENT)
            await client.get("/api/v1/titles/ti_none", 401)
        proxied = mine.model_copy(update={"trusted_proxies": (ip_network("127.0.0.1/32"),)})
        async with running(proxied) as client:
            await client.known_by(key).get("/api/v1/titles?q=whispered", headers=PARENT)
    served = {span.name: span for span in spans if span.kind == span.SPAN_KIND_SERVER}
    made = served["POST /api/v1/titles"]
    assert said(made) == {
        "http.request.method": "POST", "http.route": "/api/v1/titles", "http.response.status_code": 201,
    }  # fmt: skip
    assert made.trace_id.hex() != TRACE
    assert said(served["GET /api/v1/titles/{id}"])["http.response.status_code"] in {200, 401}
    listed = served["GET /api/v1/titles"]
    assert (listed.trace_id.hex(), listed.parent_span_id.hex()) == (TRACE, ABOVE)
    asked = [span for span in spans if span.parent_span_id == made.span_id]
    assert {"INSERT", "SELECT"} <= {span.name for span in asked}
    assert all(span.kind == span.SPAN_KIND_CLIENT and span.trace_id == made.trace_id for span in asked)
    assert all(said(span)["db.query.text"] for span in asked)
    whole = "".join(map(str, spans))
    for private in ("Secret film", title["id"], "127.0.0.1", "whispered", key):
        assert private not in whole


async def test_a_collector_that_is_gone_fails_nothing_else(settings: Settings) -> None:
    async with collector() as (endpoint, _):
        gone = settings.model_copy(update={"otlp": endpoint, "works": False})
    async with asyncio.timeout(30), running(gone) as client:
        await client.get("/healthz")
