"""What listens: aiohttp's runner, with problems where aiohttp itself would answer with HTML or plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_server import Server

from control_api.ids import new_id
from control_api.problems import INTERNAL, MALFORMED, MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest


class _Connection(RequestHandler):
    """A connection on which a request that is no HTTP is refused like any other."""

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what could not be parsed, or failed before our own code saw it."""
        super().handle_error(request, status, exc, message)
        if status < 500:  # noqa: PLR2004 — the client's mistakes are below
            problem = Problem(MALFORMED, "this is not HTTP as it should be")
        else:
            problem = Problem(INTERNAL, "the server failed")
        name = new_id("rq")
        headers = {
            "Content-Type": MEDIA_TYPE,
            "X-Request-Id": name,
            "X-Content-Type-Options": "nosniff",
            "Server": "fastline",
        }
        response = web.Response(status=problem.kind.status, body=problem.json(name), headers=headers)
        response.force_close()
        return response


class _Server(Server):
    """aiohttp's server, with such connections."""

    def __init__(self, server: Server) -> None:
        super().__init__(
            server.request_handler,
            request_factory=server.request_factory,
            handler_cancellation=server.handler_cancellation,
            loop=server._loop,  # noqa: SLF001 — the server that we stand in for
            **server._kwargs,  # noqa: SLF001
        )

    def __call__(self) -> RequestHandler:
        """A new connection."""
        return _Connection(self, loop=self._loop, **self._kwargs)


class ApiRunner(web.AppRunner):
    """Runs the application of `create_app`."""

    def __init__(self, app: web.Application, **options: Any) -> None:  # noqa: ANN401 — aiohttp's own options, passed on
        super().__init__(app, **{"access_log": None, "keepalive_timeout": 75.0, **options})

    async def _make_server(self) -> Server:
        return _Server(await super()._make_server())
