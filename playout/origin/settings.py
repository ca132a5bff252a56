"""What can be set about an origin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playout.core.networks import Network
from playout.core.token import OnDemand


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one origin; what is not given has the value of a small installation."""

    base_path: str = ""
    """Put before every path, e.g. `/tv`; empty, or with a leading and without a trailing slash."""
    public_url: str = ""
    """How the world reaches this origin, base path included, e.g. `https://tv.example`; the guide's links
    begin with it. Empty: what the request, or a trusted proxy, says."""
    trusted: tuple[Network, ...] = ()
    """The networks of the proxies whose X-Forwarded-Proto, -Host, -Prefix and -For are believed.
    Tokens that are bound to a network are judged by that."""
    hot_bytes: int = 128 << 20
    """How many bytes of segments are kept in memory."""
    page_bytes: int = 96 << 20
    """How many bytes of playlists are kept in memory."""
    asset_bytes: int = 48 << 20
    """How much memory decoded assets may take, about."""
    lane: bool = True
    """Whether the express lane answers what is prepared; not while there is an access log."""
    page: bool = True
    """Whether `/` shows the page."""
    access_log: bool = False
    """Whether every answer is written to the journal."""
    guide_days: int = 14
    """How far the guide reaches ahead."""
    guide_past: int = 7
    """How many days it reaches back, and so for how many apps may offer catch-up."""
    guide_seconds: float = 20
    """How long one request may make listings; what it has made then is kept for the next one."""

    stream_keys: Path | None = None
    """The file of the keys that signed addresses are checked by; without one all of them are refused."""
    on_demand: OnDemand = OnDemand.AUTO
    """Whether assets on demand take a signed address."""
    tokens_checked: bool = False
    """Whether each proxy before it asks `/check` before it gives an answer away that it keeps. Only then may it keep
    what is bound to a network: a cache that does not would give it to everyone who knows the URL."""

    def __post_init__(self) -> None:
        """Refuse a base path that would never match."""
        if self.base_path and (not self.base_path.startswith("/") or self.base_path.endswith("/")):
            message = f"base path {self.base_path!r} must begin with a slash and not end with one"
            raise ValueError(message)
