"""What is said between a job that has a version built and the process that builds it: lines of JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from control_api.recommending.building import Built

_PATIENCE_MS: Final = 60_000
"""How long it waits for others who write."""


class Asked(BaseModel):
    """What the process is told."""

    database: str
    patience_ms: int = _PATIENCE_MS
    model: str
    half_life: timedelta
    full: bool
    now: datetime


class Line(BaseModel):
    """What it answers, line by line."""

    permille: int
    words: str = ""
    built: Built | None = None
