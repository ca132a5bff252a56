"""Addresses that play something, signed where that is asked for. The keys and the tokens are written nowhere.

Law: an address that is handed out plays until its `expires_at`, and what was begun by then until its `ends_at`. Where
they are bound to a network, who asks from there plays by it, and nobody else.
"""

from __future__ import annotations

from asyncio import to_thread
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from control_api.callers import Caller, Stranger
from control_api.problems import unavailable
from control_api.scopes import Scope
from playout.core.channel import Access
from playout.core.networks import address_of
from playout.core.token import LONGEST, Pass, Untrue, read, verifying
from playout.keyring import Keyring, NoKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from control_api.callers import Scheme
    from control_api.settings import Settings
    from playout.clock import Clock
    from playout.station import Station

REDIRECTED: Final = "/media/stream/"
"""Below this path a token may stand in the query: for players that can send no header."""


_BITS: Final = {"address": {4: 32, 6: 64}, "network": {4: 24, 6: 56}}
"""To how many leading bits of an address of each version a signed one is bound, by the setting. A household has a /64
of IPv6 at least, and its devices change their addresses within it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How an address is handed out."""

    life: int | None = None
    """For how many seconds playing may begin by it, if it is signed; None: as long as is set."""
    until: datetime | None = None
    """When a plan ends that includes it: nothing is played by it after that."""
    lines: int | None = None
    """The finest picture that it opens, in lines; None: whatever there is."""
    viewer: str = ""
    """Where who is to play by it is; empty: anywhere. It is not kept."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where something plays."""

    url: str
    expires_at: datetime | None = None
    """Until when playing may begin; None: for ever."""
    ends_at: datetime | None = None
    """Until when what was begun plays on; None: for ever."""


def plain(settings: Settings, opens: str, query: str = "") -> Address:
    """The address that everyone may know."""
    return Address(f"{settings.origin_url}/{opens}/index.m3u8{query}")


def address(settings: Settings, opens: str, now: datetime, terms: Terms, query: str = "") -> Address:
    """A signed address; blocks. Raises `Problem` without keys, and where nobody knows from where it is to play."""
    whole = now.replace(microsecond=0)
    expires = whole + timedelta(seconds=settings.stream_token_seconds if terms.life is None else terms.life)
    ends = min(expires + timedelta(seconds=settings.stream_session_seconds), whole + LONGEST)
    if terms.until is not None:
        last = max(terms.until.replace(microsecond=0), whole + timedelta(seconds=1))
        expires, ends = min(expires, last), min(ends, last)
    bits, viewer = None, address_of(terms.viewer)
    if terms.viewer and settings.stream_bound_to in _BITS:
        if viewer is None:
            raise unavailable("nobody knows from where you ask, and addresses are bound to that")
        bits = _BITS[settings.stream_bound_to][viewer.version]
    try:
        token = Keyring(settings.keys_file).sign(Pass(opens, expires, ends, terms.lines, bits), now, viewer)
    except NoKeys as bad:
        raise unavailable(str(bad)) from bad
    return Address(f"{settings.origin_url}/t/{token}/{opens}/index.m3u8{query}", expires, ends)


def below(settings: Settings, token: str, opens: str) -> str:
    """The address below a token that somebody has."""
    return f"{settings.origin_url}/t/{token}/{opens}/index.m3u8"


def said(settings: Settings, token: str, now: datetime, viewer: str) -> Pass | None:
    """What a token says by which `viewer` may begin to play at `now`; blocks. None for one that is not good."""
    try:
        found = read(token, verifying(Keyring(settings.keys_file).all(), now), address_of(viewer))
    except NoKeys as bad:
        raise unavailable(str(bad)) from bad
    return None if isinstance(found, Untrue) or now >= found.expires else found


def access_of(station: Station, channel: str) -> Access:
    """Who may play a channel, by what is published."""
    return station.revisions(channel)[-1].channel.access


def is_closed(station: Station, channel: str) -> bool:
    """Whether a channel takes a signed address."""
    return access_of(station, channel) is not Access.OPEN


def on_demand_closed(settings: Settings, station: Station) -> bool:
    """Whether films on demand take one."""
    any_channel = any(is_closed(station, name) for name in station.channels())
    return settings.on_demand.is_signed(any_channel=any_channel)


def by_token(settings: Settings, clock: Clock, address_is: Callable[[web.Request], str]) -> Scheme:
    """`?token=` with the token of a signed address: it may be sent where what it opens is played."""

    async def scheme(request: web.Request) -> Caller | Stranger | None:
        token = request.query.get("token", "")
        if not token or not request.path.startswith(REDIRECTED) or request.headers.get("Authorization"):
            return None
        found = await to_thread(said, settings, token, clock(), address_is(request))
        if found is None:
            return Stranger("the token is not good, for elsewhere, or has expired: ask for a new address")
        name = f"stream:{sha256(token.encode()).hexdigest()[:16]}"
        return Caller(name, "a signed address", frozenset({Scope.PLAYBACK}))

    return scheme
