"""The page at `/`, and what it asks: what is on now and next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.core.guide import now_next
from playout.core.listing import by_number
from playout.documents import encode
from playout.origin.answers import IMMUTABLE, Page, missing, page, page_of, send_page
from playout.origin.guide import glances
from playout.origin.site import site_of
from playout.page.load import load
from playout.page.page import POLICY, OnAir, Programme

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from playout.core.guide import Part

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SHORT: Final = "public, max-age=2"
_ASK_AGAIN: Final = "no-cache"
_GUARDS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


async def _now(request: web.Request) -> web.StreamResponse:
    site = site_of(request)
    view, now = site.live(), site.clock()
    guide = await glances(site, view, now)
    rows = []
    for channel in by_number(on_air.channel for name, on_air in view.channels.items() if name not in view.signed):
        on, after = now_next(guide.get(channel.id, ()), now)
        rows.append(
            OnAir(
                channel.id,
                channel.number,
                channel.name,
                channel.description,
                _programme(on),
                _programme(after),
                f"live/{channel.id}/index.m3u8",
            )
        )
    return send_page(request, page(encode(rows).decode(), "application/json"), _SHORT)


def _programme(part: Part | None) -> Programme | None:
    return Programme(part.title, part.start, part.stop, part.kind) if part else None


def _files() -> tuple[Answer, Answer]:
    """The answers for `/` and for the files that the page is made of, which are read once."""
    files = {name: (page_of(file.body, file.content_type), file.lasting) for name, file in load().items()}

    def send(request: web.Request, found: tuple[Page, bool]) -> web.StreamResponse:
        response = send_page(request, found[0], IMMUTABLE if found[1] else _ASK_AGAIN)
        response.headers.update(_GUARDS)
        return response

    async def front(request: web.Request) -> web.StreamResponse:
        return send(request, files[""])

    async def file(request: web.Request) -> web.StreamResponse:
        found = files.get(f"page/{request.match_info['name']}")
        if found is None:
            raise missing("the page has no such file")
        return send(request, found)

    return front, file


def routes() -> tuple[tuple[str, Answer], ...]:
    """The addresses of the page; reads its files."""
    front, file = _files()
    return (("/", front), ("/page/{name}", file), ("/now.json", _now))
