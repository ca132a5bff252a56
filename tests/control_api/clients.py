"""A client that holds every answer to the OpenAPI document that the server hands out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, web
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from yarl import URL

from control_api.app import create_app
from control_api.resources.reference import DOCUMENT
from control_api.runner import ApiRunner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.operation import Operation
    from control_api.settings import Settings

ALWAYS = {"x-content-type-options": "nosniff"}


@dataclass(frozen=True)
class Reply:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def etag(self) -> str:
        return self.headers["ETag"]


@dataclass
class Client:
    """Speaks to one running application, with a key or without."""

    root: URL
    session: ClientSession
    document: dict[str, Any] = field(repr=False)  # a megabyte, which asyncio would write out for each task's end
    app: web.Application = field(repr=False)
    key: str | None = None
    checked: set[tuple[str, str, int]] = field(default_factory=set)
    """What was answered, by method, template and status."""

    def known_by(self, key: str | None) -> Client:
        """The same with another key."""
        return Client(self.root, self.session, self.document, self.app, key, self.checked)

    async def ask(
        self,
        method: str,
        path: str,
        status: int | None = 200,
        *,
        body: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """The answer, which must have this status (None: any) and be one that the document declares."""
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        sent |= {"Content-Type": "application/json"} if body is not None or data is not None else {}
        content = json.dumps(body).encode() if body is not None else data
        sending = BytesIO(content) if content is not None else None  # a large one goes in pieces, as from a file
        url = self.root.join(URL(path, encoded=True))
        async with self.session.request(
            method, url, data=sending, headers={**sent, **(headers or {})}, allow_redirects=False
        ) as answer:
            reply = Reply(answer.status, answer.headers, await answer.read())
        assert status is None or reply.status == status, (method, path, reply.status, reply.body[:800])
        self.check(method, url.path, reply)
        return reply

    async def get(self, path: str, status: int | None = 200, **more: Any) -> Reply:
        return await self.ask("GET", path, status, **more)

    async def post(self, path: str, body: Any, status: int | None = 201, **more: Any) -> Reply:
        return await self.ask("POST", path, status, body=body, **more)

    def check(self, method: str, path: str, reply: Reply) -> None:
        """Hold an answer to what every answer promises, and to what the document says of it."""
        assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", reply.headers["X-Request-Id"])
        assert {name: reply.headers.get(name) for name in ALWAYS} == ALWAYS
        assert "Server" not in reply.headers
        kind = reply.headers.get("Content-Type", "").partition(";")[0]
        if reply.status >= 400 and method != "HEAD":
            assert kind == "application/problem+json", (reply.status, reply.body[:200])
            assert reply.json["status"] == reply.status
            assert reply.json["request_id"] == reply.headers["X-Request-Id"]
        template, operation = self.operation(method, path)
        if operation is None or method == "HEAD":
            return
        self.checked.add((method, template, reply.status))
        declared = operation["responses"].get(str(reply.status))
        assert declared is not None, f"{method} {template} answers {reply.status}, which is not documented"
        for name in ("ETag", "Location", "Link", "Retry-After", "RateLimit", "Deprecation", "Sunset"):
            assert name not in reply.headers or name in declared["headers"], (method, template, reply.status, name)
        content = declared.get("content", {})
        assert (kind in content) if content else not reply.body, (method, template, reply.status, kind)
        if kind.endswith("json"):
            faults = list(validator(self.document, content[kind]["schema"]).iter_errors(reply.json))
            assert faults == [], (method, template, reply.status, faults[0].message)

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any] | None]:
        """What the document says of an address: its template and its operation."""
        for template, methods in self.document["paths"].items():
            if _pattern(template).fullmatch(path):
                return template, methods.get(method.lower())
        return "", None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(template)))


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """Validates against a schema of the document, which is kept."""
    text = json.dumps(schema).replace('"#/components', '"urn:document#/components')
    known = id(document), text
    if known not in _validators:
        _validators[known] = Draft202012Validator(
            json.loads(text), registry=_registry(document), format_checker=Draft202012Validator.FORMAT_CHECKER
        )
    return _validators[known]


_documents: dict[bytes, dict[str, Any]] = {}
"""The documents that servers have handed out: nearly all of them the same."""
_validators: dict[tuple[int, str], Draft202012Validator] = {}
_registries: dict[int, Registry[Any]] = {}


def read(body: bytes) -> dict[str, Any]:
    """The document that these bytes hold, read once and kept for as long as the tests run."""
    if body not in _documents:
        _documents[body] = json.loads(body)
    return _documents[body]


def _registry(document: dict[str, Any]) -> Registry[Any]:
    if id(document) not in _registries:
        whole = Resource.from_contents(document, default_specification=DRAFT202012)
        _registries[id(document)] = Registry().with_resource("urn:document", whole)
    return _registries[id(document)]


@asynccontextmanager
async def running(settings: Settings, more: tuple[Operation, ...] = (), **options: Any) -> AsyncIterator[Client]:
    """A server on a free port of this machine, and a client of it that nobody knows."""
    app = create_app(settings, more=more, **options)
    runner = ApiRunner(app, shutdown_timeout=5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        root = URL(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        async with ClientSession() as session:
            yield Client(root, session, read(app[DOCUMENT]), app)
    finally:
        await runner.cleanup()
