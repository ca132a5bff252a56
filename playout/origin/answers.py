"""Answers over HTTP: validators, compression, byte ranges, lifetimes, refusals.

Law: what a client may do with an answer is said in its head (D-1 to D-12): for how long it may be kept,
what names its content, and its real length.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from aiohttp import web

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""The address names the content: it never changes (D-4)."""
BRIEF: Final = "public, max-age=1"
"""For refusals: what is missing now may be there in a second (D-3)."""
LIVE: Final = "no-store"
"""For answers about this very moment."""
CHECKED: Final = "X-Accel-Expires"
"""For how many seconds a proxy may keep an answer that is for one network, where it checks tokens. nginx believes it
before Cache-Control, by which the answer is private."""

_PROBLEM: Final = "application/problem+json"
_AGE: Final = re.compile(r"max-age=(\d+)")
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_WORTH_PACKING: Final = 200  # bytes


@dataclass(frozen=True, slots=True)
class Page:
    """A text that is ready to be sent, plain and compressed."""

    body: bytes
    packed: bytes
    """By gzip; empty where that gains nothing."""
    etag: str
    """Names the content; without quotes."""
    mime: str

    @property
    def weight(self) -> int:
        """The bytes that it holds."""
        return len(self.body) + len(self.packed) + 300

    def tag(self, *, packed: bool) -> str:
        """The strong validator of one of its two forms, in quotes."""
        return f'"{self.etag}-gz"' if packed else f'"{self.etag}"'


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that are sent as they are."""

    body: bytes
    etag: str
    mime: str
    substitute: bool = False
    """Whether it stands in for what should be here."""

    @property
    def weight(self) -> int:
        """The bytes that it holds."""
        return len(self.body) + 300


def digest(data: bytes) -> str:
    """A name for content, for validators."""
    return blake2b(data, digest_size=12).hexdigest()


def page(text: str, mime: str) -> Page:
    """`text` ready to be sent."""
    return page_of(text.encode(), f"{mime}; charset=utf-8" if mime.startswith("text/") else mime)


def page_of(body: bytes, content_type: str) -> Page:
    """A body that is text, ready to be sent; the same body always gives the same bytes."""
    packed = gzip.compress(body, 6, mtime=0) if len(body) >= _WORTH_PACKING else b""
    return Page(body, packed, digest(body), content_type)


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding asks for gzip (RFC 9110 section 12.5.3)."""
    for part in header.lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip", "*"):
            quality = parameters.strip().replace(" ", "")
            if not quality.startswith("q=") or quality[2:].strip("0.") != "":
                return True
    return False


def matches(header: str, *tags: str) -> bool:
    """Whether an If-None-Match names one of these validators; weak comparison (RFC 9110 section 13.1.2)."""
    if header.strip() == "*":
        return True
    named = {part.strip().removeprefix("W/") for part in header.split(",")}
    return any(tag in named for tag in tags)


def send_page(request: web.Request, content: Page, cache: str) -> web.Response:
    """`content`, compressed when that is asked for; 304 when the client has it."""
    packed = bool(content.packed) and accepts_gzip(request.headers.get("Accept-Encoding", ""))
    headers = page_headers(content, cache, packed=packed)
    known = request.headers.get("If-None-Match")
    if known is not None and matches(known, content.tag(packed=True), content.tag(packed=False)):
        del headers["Content-Type"]
        headers.pop("Content-Encoding", None)
        return web.Response(status=304, headers=headers)
    return web.Response(body=content.packed if packed else content.body, headers=headers)


def page_headers(content: Page, cache: str, *, packed: bool) -> dict[str, str]:
    """The head of one form of a page."""
    headers = {
        "Content-Type": content.mime,
        "Cache-Control": cache,
        "ETag": content.tag(packed=packed),
        "Vary": "Accept-Encoding",
    }
    if packed:
        headers["Content-Encoding"] = "gzip"
    return headers


@dataclass(frozen=True, slots=True)
class Span:
    """A satisfiable byte range: `start` up to, not including, `stop`."""

    start: int
    stop: int


class Unsatisfiable(Exception):
    """A byte range lies outside of what there is."""


def byte_range(header: str, length: int) -> Span | None:
    """The range that a Range header asks of `length` bytes; None for all of them.

    A header that is malformed or asks for several ranges is ignored, as RFC 9110 section 14.2 allows.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        suffix = min(int(found[2]), length)
        span = Span(length - suffix, length)
    else:
        first, stop = int(found[1]), int(found[2]) + 1 if found[2] else max(length, int(found[1]) + 1)
        if stop <= first:
            return None
        span = Span(first, min(stop, length))
    if span.start >= length or span.start >= span.stop:
        raise Unsatisfiable
    return span


def wanted_range(request: web.Request, etag: str, length: int) -> Span | None:
    """The range that `request` asks for; raises a 416 that tells the real length (D-11)."""
    header = request.headers.get("Range")
    if header is None or request.headers.get("If-Range", etag) != etag:
        return None
    try:
        return byte_range(header, length)
    except Unsatisfiable:
        raise web.HTTPRequestRangeNotSatisfiable(
            text=f"there are {length} bytes\n",
            headers={"Content-Range": f"bytes */{length}", "Cache-Control": BRIEF},
        ) from None


def send_blob(request: web.Request, blob: Blob, cache: str) -> web.Response:
    """`blob`, or the range of it that is asked for; 304 when the client has it."""
    tag = f'"{blob.etag}"'
    headers = blob_headers(blob, cache)
    known = request.headers.get("If-None-Match")
    if known is not None and matches(known, tag):
        del headers["Content-Type"]
        return web.Response(status=304, headers=headers)
    span = wanted_range(request, tag, len(blob.body))
    if span is None:
        return web.Response(body=blob.body, headers=headers)
    headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(blob.body)}"
    return web.Response(status=206, body=blob.body[span.start : span.stop], headers=headers)


def blob_headers(blob: Blob, cache: str) -> dict[str, str]:
    """The head of a whole blob."""
    return {"Content-Type": blob.mime, "Cache-Control": cache, "ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}


def missing(text: str) -> web.HTTPNotFound:
    """There is no such thing, which may change within a second."""
    return web.HTTPNotFound(text=f"{text}\n", headers={"Cache-Control": BRIEF})


def malformed(text: str) -> web.HTTPBadRequest:
    """The request makes no sense: it says why."""
    return web.HTTPBadRequest(text=f"{text}\n", headers={"Cache-Control": BRIEF})


def refused(text: str) -> web.HTTPForbidden:
    """It is not for who asks (RFC 9457). No cache keeps that: it may be for who asks next."""
    body = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": text}
    found = web.HTTPForbidden(text=json.dumps(body), headers={"Cache-Control": LIVE})
    found.headers["Content-Type"] = _PROBLEM  # JSON has no charset to tell
    return found


def capped(cache: str, seconds: int) -> str:
    """A Cache-Control, or a head that has one, by which an answer is fresh for `seconds` at most."""
    found = _AGE.search(cache)
    if found is None or int(found[1]) <= seconds:
        return cache
    return f"{cache[: found.start(1)]}{max(seconds, 0)}{cache[found.end(1) :]}"


def confined(cache: str, *, checked: bool) -> dict[str, str]:
    """What of the head takes the place of a Cache-Control, so that no shared cache keeps an answer.

    `checked` is whether those may do it nevertheless that are before us. Older proxies believe what comes first.
    """
    found = _AGE.search(cache)
    told = {CHECKED: found[1]} if checked and found is not None else {}
    return {**told, "Cache-Control": cache.replace("public", "private", 1)}


def unready(text: str) -> web.HTTPServiceUnavailable:
    """It cannot be answered now; another origin may."""
    return web.HTTPServiceUnavailable(text=f"{text}\n", headers={"Cache-Control": LIVE, "Retry-After": "1"})
