"""Where things lie in the store: the only place that spells a key.

A key is made of names joined by `/`. A name begins with a letter or a digit and goes on with letters,
digits, `.`, `_` and `-`: nothing that a path, a URL or an object store could read as anything else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from playout.refusals import Unanswered

if TYPE_CHECKING:
    from datetime import datetime

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class BadKey(Unanswered, ValueError):
    """A key has a part that is not a name."""


def key(*names: str) -> str:
    """The key made of `names`; raises `BadKey` when one is not a name."""
    for name in names:
        if not NAME.fullmatch(name):
            message = f"{name[:80]!r} cannot be part of a key"
            raise BadKey(message)
    return "/".join(names)


def asset(asset_id: str) -> str:
    """The document that makes an asset exist."""
    return key("assets", asset_id, "asset.json")


def asset_file(asset_id: str, file: str) -> str:
    """A file in an asset's folder."""
    return key("assets", asset_id, file)


def init(house: str, rendition: str, digest: str) -> str:
    """A shared init segment, named by content."""
    return key("houses", house, f"{rendition}.{digest}.init.mp4")


def catalog(digest: str) -> str:
    """A published catalog."""
    return key("catalogs", f"{digest}.json")


def library() -> str:
    """The folder of the library's editions."""
    return key("library")


def edition(number: int) -> str:
    """The document that names the catalog of everything packaged at one time."""
    return key("library", f"{number:08d}.json")


def amendments(number: int) -> str:
    """One entry of the list of what people changed about assets."""
    return key("amendments", f"{number:08d}.json")


def revisions(channel: str) -> str:
    """The folder of a channel's revisions."""
    return key("channels", channel, "revisions")


def revision(channel: str, number: int) -> str:
    """A published revision of a channel's rules."""
    return key("channels", channel, "revisions", f"{number:08d}.json")


def log(channel: str) -> str:
    """The folder of a channel's log: one folder a day."""
    return key("channels", channel, "log")


def log_day(channel: str, day: str) -> str:
    """The folder of one UTC day, `2026-11-21`."""
    return key("channels", channel, "log", day)


def turn(channel: str, start: datetime, index: int) -> str:
    """The turn whose first airing has `index` and begins at `start` (UTC)."""
    return key("channels", channel, "log", f"{start:%Y-%m-%d}", f"{index:012d}.json")


def withdrawals(channel: str) -> str:
    """The folder of what was pulled off a channel's air."""
    return key("channels", channel, "withdrawn")


def withdrawal(channel: str, number: int) -> str:
    """One order that pulls assets off air."""
    return key("channels", channel, "withdrawn", f"{number:08d}.json")
