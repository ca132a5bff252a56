"""A call: what a handler is given, and what it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic

from aiohttp import web
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession
from typing_extensions import TypeVar

from control_api.callers import Caller
from control_api.changes import Actor, Change, audited
from control_api.happenings import Happening
from control_api.models import Given, Nothing
from control_api.problems import CHANGED, MALFORMED, Mistake, Problem
from control_api.site import Site
from control_api.tags import NoTags, is_meant

Path = TypeVar("Path", bound=Given, default=Nothing)
Query = TypeVar("Query", bound=Given, default=Nothing)
Body = TypeVar("Body", bound=Given, default=Nothing)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers: a model, or bytes of another kind, or a stream, or nothing at all."""

    shown: BaseModel | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    """Counts the edits of what is shown, for its tag; 0 where they are not counted."""
    raw: bytes | None = None
    media_type: str = "application/json"
    """Of `raw` or `stream`."""
    stream: Callable[[], AsyncIterator[bytes]] | None = None
    """Makes the pieces of a body without an end. The session of the call is closed by then."""


@dataclass(slots=True, eq=False)
class Call(Generic[Path, Query, Body]):
    """One request to one operation, read and allowed."""

    site: Site
    request: web.Request
    caller: Caller
    operation: str
    path: Path
    query: Query
    body: Body
    session: AsyncSession
    """The one transaction of this request; of an operation that only reads, a session that is never committed."""
    now: datetime
    address: str
    request_id: str
    happenings: list[Happening] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)
    """Ids by which nobody shall be remembered once this is committed, besides those that are told of."""
    is_told: bool = False
    """Whether `changed` was called."""
    is_guarded: bool = False
    """Whether `guard` was called."""

    @property
    def actor(self) -> Actor:
        """Who makes the changes of this call."""
        return Actor(self.caller.id, self.caller.name, self.operation, self.address, self.request_id)

    def changed(self, change: Change) -> None:
        """Write the audit entry of a change, and have its event appended; nothing when nothing has changed."""
        self.is_told = True
        happening = audited(self.session, self.actor, change, self.now)
        if happening is not None:
            self.happenings.append(happening)

    def guard(self, version: int) -> None:
        """Refuse the change when If-Match names another version than the present one."""
        self.is_guarded = True
        header = ",".join(self.request.headers.getall("If-Match", ()))
        if not header:
            return
        try:
            meant = is_meant(header, version)
        except NoTags as error:
            mistake = Mistake(part="header", pointer="/If-Match", detail=str(error))
            raise Problem(MALFORMED, str(error), errors=[mistake]) from error
        if not meant:
            raise Problem(CHANGED, "it has changed since it was read")

    def wants(self, media_type: str) -> bool:
        """Whether the client names this type in Accept."""
        said = ",".join(self.request.headers.getall("Accept", ()))
        return media_type in (kind.partition(";")[0].strip().lower() for kind in said.split(","))
