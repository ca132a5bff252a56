"""Who asks: a caller is resolved once, from the first scheme that knows the credentials of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from control_api.scopes import Scope

if TYPE_CHECKING:
    from control_api.scopes import Required


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody or something that asks."""

    id: str
    """E.g. the id of an API key."""
    name: str
    scopes: frozenset[Scope]

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody knows who it is."""
        return self is ANONYMOUS

    def may(self, needed: Required) -> bool:
        """Whether this much authority is there; what is open needs none."""
        return needed in self.scopes if isinstance(needed, str) else True


ANONYMOUS: Final = Caller("anonymous", "", frozenset())


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who sent credentials that are not good."""

    why: str


Scheme = Callable[[web.Request], Awaitable[Caller | Stranger | None]]
"""Reads the credentials of one kind; None when the request has none of them."""


async def resolve(request: web.Request, schemes: tuple[Scheme, ...]) -> Caller | Stranger:
    """Who asks, by the first scheme that has an answer."""
    for scheme in schemes:
        found = await scheme(request)
        if found is not None:
            return found
    if request.headers.get("Authorization"):
        return Stranger("nobody knows credentials of that kind here: send `Authorization: Bearer fl_...`")
    return ANONYMOUS
