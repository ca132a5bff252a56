"""What an origin counts, for Prometheus; and the alarms that arise on the request path."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from playout.core.view import Alarm

if TYPE_CHECKING:
    from playout.clock import Clock

ALARM_LASTS: Final = timedelta(minutes=5)
"""An alarm of the request path is gone so long after its cause was last seen."""
_MOST_ALARMS: Final = 1000

_log = logging.getLogger("fastline.origin")


@dataclass(frozen=True, slots=True)
class _Seen:
    alarm: Alarm
    last: datetime


class Measures:
    """The counters of one application, in a registry of their own."""

    def __init__(self, clock: Clock) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "fastline_requests", "Answers, by route and status.", ("route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "fastline_request_seconds",
            "Time to answer, by route; blocking reloads wait on purpose and are not counted.",
            ("route",),
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
            registry=self.registry,
        )
        self.substitutes = Counter(
            "fastline_slate_substitutions", "Segments that play as slate.", ("reason",), registry=self.registry
        )
        self._clock = clock
        self._alarms: dict[str, _Seen] = {}

    def substitute(self, where: str, reason: str, why: str) -> None:
        """Count a segment that plays as slate; unless that was ordered, raise an alarm."""
        self.substitutes.labels(reason).inc()
        if reason != "withdrawn":
            self.alarm(where, f"plays as slate: {why}")

    def alarm(self, where: str, what: str) -> None:
        """Raise an alarm, or keep it up."""
        known = self._alarms.pop(where, None)
        if known is None:
            _log.warning("%s: %s", where, what, extra={"action": "alarm"})
            if len(self._alarms) >= _MOST_ALARMS:
                self._alarms.pop(next(iter(self._alarms)))
        self._alarms[where] = _Seen(Alarm(where, what), self._clock())

    def alarms(self) -> list[Alarm]:
        """The alarms that last."""
        now = self._clock()
        for where in [where for where, seen in self._alarms.items() if now - seen.last > ALARM_LASTS]:
            del self._alarms[where]
        return [seen.alarm for seen in self._alarms.values()]
