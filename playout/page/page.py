"""The page as files: what lies at which relative URL. Pure.

The page knows no address of its own: every link is relative, so it works below any base path. Its
script asks `now.json`, a list of `OnAir`, what is on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Mapping

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob: data:; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy that the page is served with: nothing inline, nothing from elsewhere."""


@dataclass(frozen=True, slots=True)
class Programme:
    """What is on for a while."""

    title: str
    start: datetime
    stop: datetime
    kind: str
    """`movie`, `episode`, `clip`, or what fills the air between them."""


@dataclass(frozen=True, slots=True)
class OnAir:
    """One channel in `now.json`."""

    id: str
    number: str
    name: str
    description: str
    now: Programme | None
    next: Programme | None
    playlist: str
    """Relative to the page, e.g. `live/films/index.m3u8`."""


@dataclass(frozen=True, slots=True)
class File:
    """What is served at one URL."""

    content_type: str
    body: bytes
    lasting: bool
    """Whether the URL names the content, so that it may be cached for ever."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts that the page is made of."""

    template: str
    style: str
    script: str
    player: bytes | None
    """hls.js; None where it could not be built, and the browser's own HLS must do."""


def site(sources: Sources) -> Mapping[str, File]:
    """The page's files by their URL, relative to the page itself, whose URL is empty."""
    style = _named("page", "css", "text/css; charset=utf-8", sources.style.encode())
    script = _named("page", "js", "text/javascript; charset=utf-8", sources.script.encode())
    players = () if sources.player is None else (_named("hls", "js", "text/javascript; charset=utf-8", sources.player),)
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(sources.template)
    html = template.render(style=style[0], scripts=[name for name, _ in (*players, script)])
    return {"": File("text/html; charset=utf-8", html.encode(), lasting=False), **dict((style, script, *players))}


def _named(stem: str, suffix: str, content_type: str, body: bytes) -> tuple[str, File]:
    return f"page/{stem}.{sha256(body).hexdigest()[:12]}.{suffix}", File(content_type, body, lasting=True)
