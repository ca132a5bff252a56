"""Who asks: a caller is resolved once, from the first scheme that knows the credentials of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aiohttp import web

from control_api.scopes import OPEN, OWNER, SIGNED_IN, Scope

if TYPE_CHECKING:
    from control_api.scopes import Required


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who of an account watches: a profile, with what it may see and how it is spoken to."""

    id: str
    name: str
    is_kids: bool = False
    ceiling: int | None = None
    """Of an age in years; None: none. See `control_api.tables.profiles`."""
    genres: frozenset[str] = frozenset()
    """Ids of those that alone are shown; empty: all are."""
    language: str = ""
    keeps_history: bool = True
    subtitles: str = ""
    """The language in which they read; empty: none is said."""
    autoplay: bool = True
    """Whether they want the next episode to begin by itself."""
    genres_liked: tuple[str, ...] = ()
    """Ids of those that they say they like, the most liked first."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody or something that asks."""

    id: str
    """Of an account or of an API key."""
    name: str
    scopes: frozenset[Scope]
    session: str = ""
    """The id of the session that the credentials are of, where they are of one."""
    until: datetime | None = None
    """When the credentials end, as far as that is known."""
    is_person: bool = False
    """Whether it is an account."""
    behind: tuple[str, ...] = ()
    """Of an API key: the ids of those on whose authority it rests, its maker first."""
    viewer: Viewer | None = None
    """Of a person: the profile that watches. None of a key, which is nobody."""
    is_unverified: bool = False
    """Of a viewer: whether their address was not proven. It counts where the setting `verify_email` is `required`."""

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody knows who it is."""
        return self is ANONYMOUS

    def may(self, needed: Required) -> bool:
        """Whether this much authority is there; what is open needs none."""
        if needed is OPEN:
            return True
        if needed is OWNER:
            return self.is_person and not self.is_kids
        return self.is_person if needed is SIGNED_IN else needed in self.scopes

    @property
    def is_kids(self) -> bool:
        """Whether it watches as a kids profile, and may do no more than one may."""
        return self.viewer is not None and self.viewer.is_kids


ANONYMOUS: Final = Caller("anonymous", "", frozenset())


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who sent credentials that are not good."""

    why: str
    is_crossed: bool = False
    """Whether they are good, and it may be the page of another site that has the browser send them."""


Scheme = Callable[[web.Request], Awaitable[Caller | Stranger | None]]
"""Reads the credentials of one kind; None when the request has none of them."""


def bearer(request: web.Request) -> str:
    """What a request sends as `Authorization: Bearer`; empty when it sends nothing of that kind."""
    kind, _, credentials = request.headers.get("Authorization", "").partition(" ")
    return credentials.strip() if kind.lower() == "bearer" else ""


async def resolve(request: web.Request, schemes: tuple[Scheme, ...]) -> Caller | Stranger:
    """Who asks, by the first scheme that has an answer."""
    for scheme in schemes:
        found = await scheme(request)
        if found is not None:
            return found
    if request.headers.get("Authorization"):
        return Stranger(
            "nobody knows credentials of that kind here: send `Authorization: Bearer` and a token or an API key"
        )
    return ANONYMOUS
