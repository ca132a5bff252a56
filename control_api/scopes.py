"""What a caller may do: scopes, each named for a thing and what is done with it."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final


class Scope(StrEnum):
    """One right. `write` of a thing does not include `read` of it."""

    EVENTS_READ = "events:read"
    AUDIT_READ = "audit:read"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    METRICS_READ = "metrics:read"


class Open(Enum):
    """What needs no right at all."""

    OPEN = "open"


OPEN: Final = Open.OPEN
"""Said of an operation that everyone may ask."""

Required = Scope | Open

MEANINGS: Final = {
    Scope.EVENTS_READ: "Read and follow what happens on the station.",
    Scope.AUDIT_READ: "Read who changed what.",
    Scope.KEYS_READ: "See which API keys there are; never the keys themselves.",
    Scope.KEYS_WRITE: "Make, rename and revoke API keys with no more rights than one's own.",
    Scope.METRICS_READ: "Read the figures for monitoring.",
}
"""What each scope allows, for people."""
