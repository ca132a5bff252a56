"""The reference: the OpenAPI document, the page that shows it, and what each type of problem means."""

from __future__ import annotations

import asyncio
import json
from html import escape
from typing import Final

from aiohttp import web
from pydantic import Field

from control_api import openapi, postman, swagger
from control_api.call import Answer, Call
from control_api.models import Given, Nothing
from control_api.operation import Endpoint, Media
from control_api.problems import KINDS, NOT_FOUND, PLACE, missing
from control_api.scopes import OPEN

DOCUMENT: Final = web.AppKey("document", bytes)
"""The OpenAPI document of the application."""
_HTML: Final = "text/html"
_STILL: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


class DocumentQuery(Given):
    """How much of the document is wanted."""

    aliases: bool = Field(
        default=True,
        description="Whether the addresses of former systems are in it; a program that makes a client needs none.",
    )


class FilePath(Given):
    """Which file."""

    file: str = Field(pattern=r"^[a-z0-9.-]{1,80}$", description="The file's name.")


class KindPath(Given):
    """Which type of problem."""

    slug: str = Field(pattern=r"^[a-z-]{1,60}$", description="The last part of the type's URI.")


@Endpoint(
    method="GET",
    path="/openapi.json",
    name="read_openapi",
    summary="This document",
    scope=OPEN,
    tag="Reference",
    query_model=DocumentQuery,
    answers={200: Media(("application/json",))},
)
async def read_openapi(call: Call[Nothing, DocumentQuery, Nothing]) -> Answer:
    """The document."""
    whole: bytes = call.request.config_dict[DOCUMENT]
    return Answer(raw=whole if call.query.aliases else await asyncio.to_thread(openapi.narrowed, whole))


@Endpoint(
    method="GET",
    path="/postman.json",
    name="read_postman",
    summary="The same as a collection for Postman",
    scope=OPEN,
    tag="Reference",
    answers={200: Media(("application/json",))},
)
async def read_postman(call: Call) -> Answer:
    """The collection; it is asked for once in a while, and made then."""
    made = postman.collection(json.loads(call.request.config_dict[DOCUMENT]))
    return Answer(raw=json.dumps(made, ensure_ascii=False).encode())


async def _page(call: Call) -> Answer:
    if not call.site.settings.docs:
        raise missing("page here:", "the setting docs is off")
    return Answer(raw=swagger.page(), media_type=f"{_HTML}; charset=utf-8", headers=swagger.GUARDS)


show_docs: Final = Endpoint(
    method="GET",
    path="/docs",
    name="show_docs",
    summary="The reference of the API, for people",
    scope=OPEN,
    tag="Reference",
    answers={200: Media((_HTML,))},
    refusals=(NOT_FOUND,),
)(_page)

show_api_docs: Final = Endpoint(
    method="GET",
    path="/api-docs",
    name="show_api_docs",
    summary="The same page under its other name",
    scope=OPEN,
    tag="Reference",
    answers={200: Media((_HTML,))},
    refusals=(NOT_FOUND,),
)(_page)


@Endpoint(
    method="GET",
    path="/docs/{file}",
    name="read_docs_file",
    summary="A file that the page of the reference is made of",
    scope=OPEN,
    tag="Reference",
    path_model=FilePath,
    answers={200: Media(("text/javascript", "text/css"))},
)
async def read_docs_file(call: Call[FilePath]) -> Answer:
    """The file, when it was fetched."""
    found = swagger.file(call.path.file)
    if found is None:
        raise missing("file", call.path.file)
    return Answer(raw=found.body, media_type=f"{found.media_type}; charset=utf-8", headers=_STILL)


@Endpoint(
    method="GET",
    path=PLACE + "/{slug}",
    name="explain_problem",
    summary="What a type of problem means",
    scope=OPEN,
    tag="Reference",
    path_model=KindPath,
    answers={200: Media((_HTML,))},
)
async def explain_problem(call: Call[KindPath]) -> Answer:
    """Its page."""
    kind = KINDS.get(call.path.slug)
    if kind is None:
        raise missing("type of problem called", call.path.slug)
    words = f"<h1>{escape(kind.title)}</h1>\n<p>Status {kind.status}.</p>\n<p>{escape(kind.meaning)}</p>\n"
    text = swagger.framed(kind.title, f"<main>\n{words}<p><a href='../docs'>The reference of the API</a></p>\n</main>")
    return Answer(raw=text, media_type=f"{_HTML}; charset=utf-8", headers=swagger.GUARDS)


OPERATIONS: Final = (read_openapi, read_postman, show_docs, show_api_docs, read_docs_file, explain_problem)
