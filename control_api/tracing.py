"""Traces, for who collects them by OpenTelemetry (B94): a span for each request, and within it one for each statement.

Law: a span says what was asked for by its template and how long it took, never by whom: no address, no query, no value
of a statement. Whose trace a request belongs to is believed of trusted proxies alone, as its id is. Spans are sent
aside, in portions; while nobody takes them some are lost, and nothing waits.

The libraries are an extra, `otel`, and are read only where traces are wanted. Names are those of the semantic
conventions for HTTP and for databases.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.trace import Span
    from sqlalchemy import Connection
    from sqlalchemy.engine import ExceptionContext

    from control_api.database import Database

NAME: Final = "fastline"
FAILED: Final = 500
"""From this status on a request counts as failed."""
_SPAN: Final = "fastline_span"
_LONGEST: Final = 4096
"""Characters of a statement that are told."""


class Untraceable(Exception):
    """Traces are wanted, and cannot be made: says what to do."""


class Tracing:
    """The spans of one process."""

    def __init__(self, endpoint: str, database: Database, *, sampled: float = 1.0) -> None:
        """`endpoint` takes spans by OTLP over HTTP; `sampled` is the share of traces begun here that are told.

        Raises `Untraceable` without the extra.
        """
        try:
            from opentelemetry import trace  # noqa: PLC0415 — an extra
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 — the same
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 — the same
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 — the same
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 — the same
            from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415 — the same
            from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 — the same
        except ImportError as error:
            message = "traces need more libraries: `pip install fastline[otel]`, or leave `otlp` empty"
            raise Untraceable(message) from error
        self._trace = trace
        self._above = tracecontext.TraceContextTextMapPropagator()
        ours = {"service.name": NAME, "service.version": version(NAME)}
        self._provider = TracerProvider(
            resource=Resource.create(ours), sampler=ParentBasedTraceIdRatio(sampled), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=5)))
        self._tracer = self._provider.get_tracer(NAME)
        self._system = "sqlite" if database.is_sqlite else "postgresql"
        engine = database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", self._asked)
        event.listen(engine, "after_cursor_execute", self._answered)
        event.listen(engine, "handle_error", self._failed)

    @contextmanager
    def answering(self, method: str, route: str, headers: Mapping[str, str]) -> Iterator[Span]:
        """The span of a request, for as long as the block runs; `headers` are those that are believed."""
        above = self._above.extract(headers)
        said = {"http.request.method": method, "http.route": route}
        with self._tracer.start_as_current_span(
            f"{method} {route}", above, self._trace.SpanKind.SERVER, said, record_exception=False
        ) as span:
            yield span

    async def close(self) -> None:
        """Send what is left."""
        await asyncio.to_thread(self._provider.shutdown)

    def _asked(self, *given: Any) -> None:  # noqa: ANN401 — SQLAlchemy's own: connection, cursor, statement, values …
        if not self._trace.get_current_span().get_span_context().is_valid:
            return  # what is done aside is no part of a request
        connection, statement = given[0], str(given[2])
        operation = statement.split(None, 1)[0].upper() if statement.strip() else "?"
        said = {
            "db.system.name": self._system,
            "db.operation.name": operation,
            "db.query.text": statement[:_LONGEST],
        }
        connection.info[_SPAN] = self._tracer.start_span(operation, kind=self._trace.SpanKind.CLIENT, attributes=said)

    def _answered(self, connection: Connection, *_: object) -> None:
        span = connection.info.pop(_SPAN, None)
        if span is not None:
            span.end()

    def _failed(self, context: ExceptionContext) -> None:
        span = context.connection.info.pop(_SPAN, None) if context.connection is not None else None
        if span is not None:
            self._note_failure(span, type(context.original_exception).__name__)
            span.end()

    def answered(self, span: Span, status: int) -> None:
        """Note what came of a request."""
        span.set_attribute("http.response.status_code", status)
        if status >= FAILED:
            self._note_failure(span, str(status))

    def _note_failure(self, span: Span, kind: str) -> None:
        """Note that it failed, and by what; never with words, which may say what people wrote."""
        span.set_attribute("error.type", kind)
        span.set_status(self._trace.StatusCode.ERROR)
