"""The figures of the API for Prometheus, each answer by the template of its address."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Measures:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "fastline_api_requests", "Answers", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "fastline_api_request_seconds",
            "Time to an answer; streams left out",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.failures = Counter(
            "fastline_api_failures", "Requests that failed for a mistake of ours", ("route",), registry=self.registry
        )
        self.outages = Counter(
            "fastline_api_outages", "Requests for which the database did not answer", registry=self.registry
        )
        self.replays = Counter(
            "fastline_api_replays", "Answers given again to an Idempotency-Key", registry=self.registry
        )
        self.figures = Counter(
            "fastline_api_figures", "Looks into what is remembered of answers with figures", ("found",),
            registry=self.registry,
        )  # fmt: skip
        self.hot = Counter(
            "fastline_api_hot", "Looks into what is remembered of hot lists", ("found",), registry=self.registry
        )
        self.streams = Gauge("fastline_api_streams", "Open event streams", registry=self.registry)
        self.beats = Counter("fastline_api_beats", "Heartbeats of players that were taken", registry=self.registry)
        self.playing = Gauge(
            "fastline_api_play_sessions", "Play sessions that the process knows", registry=self.registry
        )
        self.unwritten = Gauge(
            "fastline_api_play_sessions_unwritten", "Those of them of which something is to be written",
            registry=self.registry,
        )  # fmt: skip
        self.flush_seconds = Histogram(
            "fastline_api_flush_seconds",
            "Time to write what players said, a transaction at a time",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.events = Counter("fastline_api_events", "Events written by this process", registry=self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count an answer; `seconds` is None for a stream."""
        known = method if method in METHODS else "other"
        self.requests.labels(known, route, str(status)).inc()
        if seconds is not None:
            self.seconds.labels(known, route).observe(seconds)
