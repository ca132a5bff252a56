"""The express lane: what is prepared is answered before a request is taken apart.

A live playlist is asked for by everyone every few seconds, and most of what a web framework does for such
a request is the same each time. The lane remembers two things: answers, by the target of the request, and
blocks of request headers, by their bytes. It learns both from the long way: only what aiohttp has parsed
alone, and an ordinary handler has answered in full, is ever answered here.

Laws. The lane's answer equals the long way's, byte for byte but for the date. A connection on which
anything unusual was said (a body, an upgrade, a request in pieces, two in one) goes the long way for good, and
nothing is learned from a request that came while another one was being answered.
An answer is given only while it is true: a playlist until its next edition is due, a segment while its
asset is not withdrawn.

Below a token, answers are known by what the token opens and by the rest of the target, so that viewers share them;
tokens are known by their text, until the session ends or the gate has others or older keys. One that is for a network
is known by who is connected and the whole block of headers too, for these say who comes with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiohttp import HttpVersion11, web
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_server import Server
from prometheus_client import Counter, Histogram

from playout.core.token import Pass
from playout.core.view import OnAir
from playout.origin.answers import (
    IMMUTABLE,
    Page,
    accepts_gzip,
    blob_headers,
    capped,
    confined,
    page_headers,
)
from playout.origin.doors import OPENED, shared_by
from playout.origin.hot import Hot
from playout.origin.live import lifetime
from playout.origin.outside import OPEN
from playout.origin.place import Claim

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from playout.origin.answers import Blob
    from playout.origin.site import Site

_LINE: Final = b" HTTP/1.1\r\n"
_UNUSUAL: Final = re.compile(
    rb"\n(content-length|transfer-encoding|upgrade|expect|connection(?!: *keep-alive\r))[ \t]*:", re.IGNORECASE
)
_CACHE: Final = re.compile(r"Cache-Control: (.*)\r\n")
_CONDITIONS: Final = frozenset(
    ("If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range")
)
_ROUTES: Final = 32 << 20  # bytes, about, of remembered targets and the pages that they hold
_BLOCKS: Final = 4 << 20  # bytes, about, of remembered header blocks
_TOKENS: Final = 8 << 20  # bytes, about, of remembered tokens

SILENCE: Final = 75.0
"""Seconds after which a connection that says nothing whole is closed; aiohttp itself would hold it an hour."""
_JOINED: Final = 1 << 16
"""Bodies below this many bytes go out in one piece with their head; to copy a larger one would cost more."""


Peer = Callable[[], str]
"""Answers the address of who is connected."""


class Answer(Protocol):
    """Something that is prepared."""

    @property
    def weight(self) -> int:
        """The bytes that it holds, about."""

    def parts(self, site: Site, *, packed: bool) -> tuple[bytes, bytes, bytes] | None:
        """The head up to the date, the rest of the head, the body; None when it is not true any more."""


@dataclass(frozen=True, slots=True)
class _Heads:
    """The head of an answer, around its date."""

    before: bytes
    after: bytes

    @classmethod
    def of(cls, headers: Mapping[str, str], length: int) -> _Heads:
        """As aiohttp writes it."""
        rows = [b"HTTP/1.1 200 OK"]
        rows += [f"{name}: {value}".encode() for name, value in headers.items()]
        rows += [b"Content-Length: %d" % length, b"Date: "]
        tail = [b"", *(f"{name}: {value}".encode() for name, value in OPEN), b"", b""]
        return cls(b"\r\n".join(rows), b"\r\n".join(tail))


@dataclass(frozen=True, slots=True, eq=False)
class PlaylistAnswer:
    """A live playlist, until its next edition is due."""

    page: Page
    on_air: OnAir
    due: datetime
    heads: dict[tuple[int, bool], _Heads] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """An edition that is over stays until its address is asked for again, or forgotten."""
        return self.page.weight

    def parts(self, site: Site, *, packed: bool) -> tuple[bytes, bytes, bytes] | None:
        """See `Answer`."""
        now = site.clock()
        if now >= self.due or site.live().channels.get(self.on_air.channel.id) is not self.on_air:
            return None
        page = self.page
        packed = packed and bool(page.packed)
        body = page.packed if packed else page.body
        age = lifetime(self.due, now)
        heads = self.heads.get((age, packed))
        if heads is None:
            headers = page_headers(page, f"public, max-age={age}", packed=packed)
            heads = self.heads[age, packed] = _Heads.of(headers, len(body))
        return heads.before, heads.after, body


@dataclass(frozen=True, slots=True, eq=False)
class SegmentAnswer:
    """A segment, while it is hot."""

    claimed: Claim
    heads: _Heads
    signed: frozenset[str]
    """The channels that took a token when this was answered: with others, the door is another one."""

    @property
    def weight(self) -> int:
        """Its bytes are kept elsewhere."""
        return 0

    @classmethod
    def of(cls, claimed: Claim, blob: Blob, signed: frozenset[str]) -> SegmentAnswer:
        """The answer that `blob` makes."""
        return cls(claimed, _Heads.of(blob_headers(blob, IMMUTABLE), len(blob.body)), signed)

    def parts(self, site: Site, *, packed: bool) -> tuple[bytes, bytes, bytes] | None:
        """See `Answer`."""
        del packed
        blob = site.segments.held(self.claimed)
        view = site.live()
        if blob is None or self.claimed.asset in view.withdrawn or view.signed != self.signed:
            return None
        return self.heads.before, self.heads.after, blob.body


@dataclass(frozen=True, slots=True, eq=False)
class _Route:
    """What is remembered of a target."""

    target: bytes
    answer: Answer
    requests: Counter
    seconds: Histogram


@dataclass(frozen=True, slots=True)
class _Token:
    """What is remembered of a token."""

    said: Pass
    edition: int
    """That of the gate when it was found good."""
    length: int


class Lane:
    """What is prepared, and which requests may have it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._routes: Hot[_Route] = Hot(_ROUTES, lambda route: 1500 + len(route.target) + route.answer.weight)
        self._blocks: Hot[tuple[bool, int]] = Hot(_BLOCKS, lambda block: 200 + block[1])
        self._tokens: Hot[_Token] = Hot(_TOKENS, lambda token: 600 + token.length)
        self._signed = f"{site.settings.base_path}/t/".encode()

    def parts(self, target: bytes, block: bytes, peer: Peer) -> tuple[bytes, bytes, bytes] | None:
        """The answer to a GET of `target` with these headers, when it is prepared; `peer` says who is connected."""
        known = self._blocks.held(block)
        if known is None:
            return None
        route = self._routes.held(target)
        if route is None:
            return self._below(target, block, peer, packed=known[0]) if target.startswith(self._signed) else None
        return self._found(route, packed=known[0])

    def _found(self, route: _Route, *, packed: bool) -> tuple[bytes, bytes, bytes] | None:
        found = route.answer.parts(self.site, packed=packed)
        if found is None:
            self._routes.drop(route.target)
            return None
        route.requests.inc()
        route.seconds.observe(0)
        return found

    def _below(self, target: bytes, block: bytes, peer: Peer, *, packed: bool) -> tuple[bytes, bytes, bytes] | None:
        """The answer below a token, while the token is good."""
        text, _, rest = target[len(self._signed) :].partition(b"/")
        known_by = text
        token, gate, now = self._tokens.held(known_by), self.site.gate, self.site.clock()
        if token is None:
            known_by = _of_one(text, block, peer())
            token = self._tokens.held(known_by)
        if token is None or not gate.is_fresh(now):
            return None
        left = int((token.said.ends - now).total_seconds())
        if token.edition != gate.edition or now >= token.said.ends:
            self._tokens.drop(known_by)
            return None
        route = self._routes.held(_shared(token.said, rest))
        found = None if route is None else self._found(route, packed=packed)
        return None if found is None else _below_it(self.site, token.said, left, found)

    def learn(self, request: web.Request, answer: Answer) -> None:
        """Remember how `request`, which came in one piece, was answered in full."""
        connection = request.protocol
        if not isinstance(connection, LaneConnection) or connection.said is None or not _plain(request):
            return
        target, block = connection.said
        resource = request.match_info.route.resource
        if target != request.raw_path.encode() or resource is None:
            return
        known_by, opened = target, request.get(OPENED)
        if opened is not None:
            text, _, rest = target[len(self._signed) :].partition(b"/")
            known_by = _shared(opened, rest)
            token = text if opened.bits is None else _of_one(text, block, request.remote or "")
            self._tokens.hold(token, _Token(opened, self.site.gate.edition, len(token)))
        measures = self.site.measures
        self._blocks.hold(block, (accepts_gzip(request.headers.get("Accept-Encoding", "")), len(block)))
        self._routes.hold(
            known_by,
            _Route(
                known_by,
                answer,
                measures.requests.labels(resource.canonical, "200"),
                measures.seconds.labels(resource.canonical),
            ),
        )


def _shared(said: Pass, rest: bytes) -> bytes:
    """By what an answer below a token is known; no target begins so."""
    return shared_by(said).encode() + b" " + rest


def _of_one(text: bytes, block: bytes, peer: str) -> bytes:
    """By what a token is known that is for one network."""
    return b" ".join((text, peer.encode(), block))


def _below_it(site: Site, said: Pass, left: int, parts: tuple[bytes, bytes, bytes]) -> tuple[bytes, bytes, bytes]:
    """A prepared answer, as it is given below a token that is good for so many more seconds."""
    before, after, body = capped(parts[0].decode(), left), parts[1], parts[2]
    line = _CACHE.search(before)
    if said.bits is not None and line is not None:
        rows = confined(line[1], checked=site.settings.tokens_checked).items()
        before = before[: line.start()] + before[line.end() :]
        after = after[:-2] + "".join(f"{name}: {value}\r\n" for name, value in rows).encode() + b"\r\n"
    return before.encode(), after, body


def _plain(request: web.Request) -> bool:
    """Whether nothing in the head of `request` but Accept-Encoding changes the answer."""
    return (
        request.method == "GET"
        and request.version == HttpVersion11
        and request.keep_alive
        and not request.can_read_body
        and not any(name in request.headers for name in _CONDITIONS)
    )


class LaneConnection(RequestHandler):
    """A connection whose requests are looked up in the lane first."""

    __slots__ = ("_lane", "_usual", "said")

    def __init__(self, manager: LaneServer, *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:  # noqa: ANN401 — aiohttp's own options, passed on
        super().__init__(manager, loop=loop, **options)
        self.said: tuple[bytes, bytes] | None = None
        """The target and the header block of the request that is answered the long way now; None unless it is
        certain that these are its words: with two under way, one's headers could be learned for the other's."""
        self._lane = manager.lane
        self._usual = True

    def data_received(self, data: bytes) -> None:
        """Answer a request that is prepared; hand everything else on, unchanged."""
        if self._usual:
            end = data.find(_LINE)
            target, block = data[4:end], data[end + len(_LINE) :]
            if self._idle() and end > 0 and data.startswith(b"GET "):
                parts = self._lane.parts(target, block, self._peer)
                if parts is not None:
                    self._answer(*parts)
                    return
            self._usual = end > 0 and _is_usual(data)
            alone = self._idle() or not self._request_count
            self.said = (target, block) if self._usual and alone else None
        super().data_received(data)

    def _peer(self) -> str:
        """Who is connected."""
        found = None if self.transport is None else self.transport.get_extra_info("peername")
        return str(found[0]) if isinstance(found, (list, tuple)) else ""

    def _idle(self) -> bool:
        """Whether the long way waits for a request, and the client takes what is sent."""
        waiter = self._waiter
        return (
            waiter is not None
            and not waiter.done()
            and not (self._messages or self._close or self._force_close or self._paused)
        )

    def _answer(self, before: bytes, after: bytes, body: bytes) -> None:
        if self.transport is None:
            return
        head = b"".join((before, rfc822_formatted_time().encode(), after))
        if len(body) < _JOINED:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            self.transport.write(body)
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout


def _is_usual(data: bytes) -> bool:
    """Whether `data` is one whole GET without a body and without wishes about the connection."""
    return (
        data.startswith(b"GET ")
        and data.endswith(b"\r\n\r\n")
        and data.find(b"\r\n\r\n") == len(data) - 4
        and _UNUSUAL.search(data) is None
    )


class LaneServer(Server):
    """aiohttp's server, with connections that know the lane."""

    def __init__(self, lane: Lane, server: Server) -> None:
        super().__init__(
            server.request_handler,
            request_factory=server.request_factory,
            handler_cancellation=server.handler_cancellation,
            loop=server._loop,  # noqa: SLF001 — the server that we stand in for
            **server._kwargs,  # noqa: SLF001
        )
        self.lane = lane

    def __call__(self) -> RequestHandler:
        """A new connection."""
        return LaneConnection(self, loop=self._loop, **self._kwargs)


LANE: Final = web.AppKey("lane", Lane)


def learn(request: web.Request, answer: Answer) -> None:
    """Remember how `request` was answered in full, where there is a lane."""
    lane = request.app.get(LANE)
    if lane is not None:
        lane.learn(request, answer)


class LaneRunner(web.AppRunner):
    """aiohttp's runner of an origin, with the express lane unless the settings say otherwise."""

    def __init__(self, app: web.Application, **options: Any) -> None:  # noqa: ANN401 — aiohttp's own options, passed on
        super().__init__(app, **{"keepalive_timeout": SILENCE, **options})

    async def _make_server(self) -> Server:
        server = await super()._make_server()
        lane = self.app.get(LANE)
        return LaneServer(lane, server) if lane else server
