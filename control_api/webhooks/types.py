"""Types of events: all that there are, by the thing that each is about.

Law: an event is of one of these types. A test holds what the code tells to this table, and the table in
docs/webhooks.md as well.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_EDITED: Final = ("created", "updated", "deleted")
_LABELED: Final = ("created", "renamed", "merged", "deleted")

THINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "account": ("created", "updated", "blocked", "unblocked", "unlocked", "closed", "reopened", "purged"),
    "ad_source": ("created", "changed", "deleted", "failing", "answering"),
    "api_key": ("created", "updated", "revoked"),
    "artwork_ticket": ("created",),
    "asset": (
        "added", "ready", "failed", "gone", "back", "withdrawn", "taken_back", "deleted", "restored", "replaced",
        "repackage_ordered", "purge_ordered", "poster_ordered", "poster_chosen", "poster_reset", "break_added",
        "break_edited", "break_deleted",
    ),
    "backup": ("created", "made", "deleted"),
    "broadcast": ("created", "updated", "withdrawn"),
    "channel": (
        *_EDITED, "published", "rolled_back", "play_next", "skipped", "block_created", "block_updated",
        "block_deleted", "filled", "program_started", "break_started", "slate_started", "slate_ended",
        "revision_applied", "withdrawn", "restored", "drifted", "steadied",
    ),
    "channels_file": ("replaced",),
    "clock": ("drifted",),
    "genre": _LABELED,
    "help_article": _EDITED,
    "identity": ("linked", "unlinked"),
    "import": ("created", "ended"),
    "invitation": ("created", "revoked"),
    "job": (
        "submitted", "started", "held", "released", "succeeded", "failed", "interrupted", "returned", "paused",
        "resumed", "canceled", "retried", "updated",
    ),
    "legal_text": (*_EDITED, "published"),
    "payment": ("created", "refunded"),
    "person": (*_EDITED, "artwork_changed", "artwork_removed"),
    "profile": _EDITED,
    "plan": _EDITED,
    "programming": _EDITED,
    "rail": (*_EDITED, "moved", "pinned"),
    "session": ("opened", "revoked"),
    "streaming_key": ("rotated", "former_forgotten"),
    "subscription": ("created", "updated"),
    "tag": _LABELED,
    "ticket": ("created", "replied", "answered", "updated"),
    "title": (*_EDITED, "restored", "purge_wanted", "credited", "artwork_changed", "artwork_removed"),
    "upload": (
        "created", "received", "accepted", "refused", "packaged", "expired", "ended", "deleted", "probe_ordered",
    ),
    "webhook": (*_EDITED, "enabled", "disabled", "rotated"),
    "withdrawal": ("ordered", "taken_back"),
}  # fmt: skip
"""What happens to each kind of thing."""

TYPES: Final = frozenset(f"{thing}.{action}" for thing, actions in THINGS.items() for action in actions)
NAMES: Final = tuple(sorted(TYPES | {f"{thing}.*" for thing in THINGS}))
"""By what a webhook says of what it is told: a type, or all of one thing."""


def known(name: str) -> str:
    """The name, when it is one of `NAMES`; raises `ValueError`, which says what may have been meant."""
    if name not in NAMES:
        near = get_close_matches(name, NAMES, n=1)
        told = f"; did you mean {near[0]}?" if near else ": GET /openapi.json and docs/webhooks.md name all there are"
        message = f"there is no type of events {name[:80]}{told}"
        raise ValueError(message)
    return name
