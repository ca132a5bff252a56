"""Asking other servers: the one way to do it, which lets nobody reach what they should not.

Law: the connection is made to the very address that was judged. Names are looked up once for a connection, every
address of the answer is judged, and the socket itself is made for none that was not.

Nothing is kept between requests: no cookies, no connections, no credentials. Proxies that the environment names
are not used, because such a proxy would look names up itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from control_api.destinations import NotAllowed, Reach, admitted, examined, literal
from control_api.problems import unacceptable

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiohappyeyeballs import AddrInfoType

AGENT: Final = "Fastline/0.1"
"""How we name ourselves to others."""
FOLLOWED: Final = frozenset((301, 302, 303, 307, 308))
_TO_STRANGERS: Final = frozenset(("accept", "accept-language", "range", "if-range", "user-agent"))
"""Headers that go along when a redirect leads to another origin: no credentials."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Looks a name up: its addresses. Raises `OSError` when it has none."""


class NoAnswer(Exception):
    """The other server gave no answer that can be used. Says why, for people."""


class TooLarge(NoAnswer):
    """The answer is larger than was to be read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one request is borne."""

    seconds: float = 15
    """Until the end of the answer, redirects included."""
    idle_seconds: float = 10
    """Between two pieces of it, and for a connection."""
    size: int = 1 << 20
    """Bytes of the answer's body, after decompression."""
    least_rate: int = 0
    """Bytes a second that the body brings at least, over each `rate_seconds` of waiting for it. What is merely not
    silent could else go on for as long as `seconds`, and hold whoever waits."""
    rate_seconds: float = 60
    redirects: int = 5
    """How many are followed; only of GET and HEAD. With 0 the redirect is the answer."""


DEFAULT: Final = Limits()
LEAST_RATE: Final = 32 << 10
"""Bytes a second below which a file is not worth a place: an hour of it is 115 MB."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    """Where it came from in the end."""


class Reply:
    """An answer that has begun."""

    def __init__(self, answer: aiohttp.ClientResponse, limits: Limits) -> None:
        self._answer = answer
        self._limits = limits
        self.status: Final = answer.status
        self.headers: Final[Mapping[str, str]] = answer.headers
        self.url: Final = str(answer.url)
        """Where it comes from, after all redirects."""

    @property
    def length(self) -> int | None:
        """How many bytes the server means to send; None when it does not say, or sends them compressed."""
        return None if "Content-Encoding" in self.headers else self._answer.content_length

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, piece by piece as it comes; raises `TooLarge` and `NoAnswer`."""
        if self.length is not None and self.length > self._limits.size:
            raise self._too_large()
        taken = 0
        async for piece in self._coming():
            taken += len(piece)
            if taken > self._limits.size:
                raise self._too_large()
            yield piece

    async def whole(self) -> bytes:
        """The body; raises `TooLarge` and `NoAnswer`."""
        return b"".join([piece async for piece in self.pieces()])

    async def beginning(self, size: int) -> bytes:
        """The first bytes of the body, however long it is; raises `NoAnswer`."""
        found = bytearray()
        async for piece in self._coming():
            found += piece
            if len(found) >= size:
                break
        return bytes(found[:size])

    async def _coming(self) -> AsyncIterator[bytes]:
        coming, loop = self._answer.content.iter_any(), asyncio.get_running_loop()
        waited, came = 0.0, 0
        while True:
            since = loop.time()
            try:
                piece = await anext(coming, None)
            except aiohttp.ClientError as error:
                raise NoAnswer(_words(error)) from error
            if piece is None:
                return
            waited, came = waited + loop.time() - since, came + len(piece)  # not the time that our side takes
            if waited > self._limits.rate_seconds:
                if came < self._limits.least_rate * waited:
                    message = f"it sends less than {self._limits.least_rate} bytes a second"
                    raise NoAnswer(message)
                waited, came = 0.0, 0
            yield piece

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the answer is larger than {self._limits.size} bytes")


async def lookup(host: str, port: int) -> list[str]:
    """The addresses of a name, as this machine knows them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Outgoing:
    """Asks other servers. One for a process; close it at the end."""

    def __init__(
        self,
        reach: Reach = Reach(),  # noqa: B008 — a frozen value
        *,
        resolve: Resolve = lookup,
        connections: int = 50,
        tls: SSLContext | None = None,
    ) -> None:
        """`connections` may be open at a time, more wait; `tls` says whose certificates are believed."""
        self._reach = reach
        self._resolve = resolve
        self._connections = connections
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    def check(self, url: str | None) -> None:
        """Refuse the `url` of a body that would never be asked; raises `Problem`.

        Where a name leads is seen when it is asked.
        """
        try:
            if url is not None:
                admitted(url, self._reach)
        except NotAllowed as error:
            raise unacceptable("/url", str(error)) from error

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limits: Limits = DEFAULT,
    ) -> Fetched:
        """The answer, whole. Raises `NotAllowed` and `NoAnswer`; every status is an answer."""
        async with self.asked(method, url, headers=headers, body=body, limits=limits) as reply:
            return Fetched(reply.status, reply.headers, await reply.whole(), reply.url)

    @asynccontextmanager
    async def asked(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limits: Limits = DEFAULT,
    ) -> AsyncIterator[Reply]:
        """The answer as it comes, for as long as the block runs and no longer than the limits say.

        Raises `NotAllowed` and `NoAnswer`, in the block as well. What the block itself raises goes its way.
        """
        sent = {"User-Agent": AGENT, **(headers or {})}
        clock = asyncio.timeout(limits.seconds)
        try:
            async with clock:
                answer = await self._followed(method, url, sent, body, limits)
                try:
                    yield Reply(answer, limits)
                finally:
                    answer.close()
        except TimeoutError as error:
            if not clock.expired():  # it is the block's own
                raise
            message = f"it did not answer within {limits.seconds:g} seconds"
            raise NoAnswer(message) from error

    async def _followed(
        self, method: str, text: str, headers: dict[str, str], body: bytes | None, limits: Limits
    ) -> aiohttp.ClientResponse:
        """The answer after all redirects, each of which is judged like the first URL."""
        url, left = examined(text), limits.redirects
        while True:
            answer = await self._request(method, url, headers, body, limits)
            if answer.status not in FOLLOWED or not limits.redirects or method not in ("GET", "HEAD"):
                return answer
            where = answer.headers.get("Location", "")
            answer.close()
            if not left:
                message = f"it redirects more than {limits.redirects} times"
                raise NoAnswer(message)
            left -= 1
            url, before = _next(url, where), url
            if url.origin() != before.origin():
                headers = {name: value for name, value in headers.items() if name.lower() in _TO_STRANGERS}

    async def _request(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> aiohttp.ClientResponse:
        host = url.raw_host or ""
        address = literal(host)
        if address is not None:  # aiohttp asks no resolver about these
            self._reach.check(host, [address])
        idle = aiohttp.ClientTimeout(total=None, sock_connect=limits.idle_seconds, sock_read=limits.idle_seconds)
        try:
            return await self._open().request(
                method, url, headers=headers, data=body, allow_redirects=False, timeout=idle
            )
        except aiohttp.ClientError as error:
            raise NoAnswer(_words(error)) from error

    def _open(self) -> aiohttp.ClientSession:
        """The session, which needs an event loop and so is made when it is first used."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Judged(self._reach, self._resolve),
                use_dns_cache=False,
                force_close=True,
                limit=self._connections,
                ssl=self._tls if self._tls is not None else True,
                socket_factory=self._socket,
            )
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        return self._session

    def _socket(self, wanted: AddrInfoType) -> socket.socket:
        """The socket for one address: the last place where it is judged, whichever way it came here."""
        family, kind, protocol, _, address = wanted
        self._reach.check(str(address[0]), [str(address[0])])
        return socket.socket(family, kind, protocol)


class _Judged(AbstractResolver):
    """Looks names up for aiohttp, and answers what was judged."""

    def __init__(self, reach: Reach, resolve: Resolve) -> None:
        self._reach = reach
        self._resolve = resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of the name; raises `NotAllowed` when one of them is not asked."""
        found = await self._resolve(host, port)
        if not found:
            raise OSError(None, "the name has no address")
        self._reach.check(host, found)
        kinds = {address: socket.AF_INET6 if ":" in address else socket.AF_INET for address in found}
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for address, kind in kinds.items()
            if family in (socket.AF_UNSPEC, kind)
        ]

    async def close(self) -> None:
        """Nothing is open."""


def _next(url: URL, where: str) -> URL:
    """Where a redirect leads; raises `NotAllowed` and `NoAnswer`."""
    try:
        found = url.join(URL(where))
    except ValueError:
        raise NoAnswer("it redirects to what is no URL") from None
    if not where:
        raise NoAnswer("it redirects, and does not say where to")
    if url.scheme == "https" and found.scheme != "https":
        raise NotAllowed("it redirects from https to what anybody on the way can read and change")
    return examined(str(found))


_SAID: Final = (
    (aiohttp.ClientConnectorDNSError, "its name cannot be resolved"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not good"),
    (aiohttp.ClientSSLError, "it does not speak TLS as it should"),
    (aiohttp.ServerTimeoutError, "it was silent for too long"),
    (aiohttp.ServerDisconnectedError, "it broke off"),
    (aiohttp.ClientPayloadError, "it broke off"),
    (aiohttp.ClientConnectorError, "it cannot be reached"),
    (aiohttp.ClientOSError, "it broke off"),
    (aiohttp.ClientError, "it does not speak HTTP as it should"),
)
"""What to say of a request that failed, by the first class that fits; nothing of what lies behind a name."""


def _words(error: aiohttp.ClientError) -> str:
    """What to say of a request that failed."""
    words = next(said for kind, said in _SAID if isinstance(error, kind))
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"{words}: {error.certificate_error}"[:300]
    if words == "it cannot be reached" and isinstance(error, OSError) and error.errno:
        return f"{words}: {os.strerror(error.errno)}"
    return words
