"""The page of the reference: Swagger UI, fetched from npm at build time by `python -m control_api.swagger`.

Nothing of it is committed. Where it was not fetched the page says so, and links the document.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from playout.npm import WEB, NotBuilt, Package, build

if TYPE_CHECKING:
    from pathlib import Path

_VERSION: Final = (
    "swagger-ui-dist",
    "5.35.0",
    "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
)
SCRIPT: Final = Package(*_VERSION, "package/swagger-ui-bundle.js")
STYLE: Final = Package(*_VERSION, "package/swagger-ui.css")
"""Apache-2.0, both."""

GUARDS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}

_START: Final = """\
"use strict";
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
});
"""
_HEAD: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page."""

    body: bytes
    media_type: str


def file(name: str, web: Path = WEB) -> File | None:
    """The file of this name; None when there is none, or it was not fetched. `web` is where built files lie."""
    if name == "start.js":
        return File(_START.encode(), "text/javascript")
    found = {SCRIPT.built.name: (SCRIPT, "text/javascript"), STYLE.built.name: (STYLE, "text/css")}.get(name)
    if found is None or not found[0].at(web).is_file():
        return None
    return File(found[0].at(web).read_bytes(), found[1])


def page(web: Path = WEB) -> bytes:
    """The page at /docs and at /api-docs; its links are relative. `web` is where built files lie."""
    title = "Fastline control API"
    if not (SCRIPT.at(web).is_file() and STYLE.at(web).is_file()):
        words = (
            f"<h1>{title}</h1>\n<p>The page that shows the reference was not fetched when this was built: "
            "<code>python -m control_api.swagger</code> does that, once, with a network.</p>\n"
            "<p>The reference itself is <a href='openapi.json'>openapi.json</a>, for any viewer of OpenAPI 3.1.</p>"
        )
        return framed(title, f"<main>\n{words}\n</main>")
    body = (
        f'<link rel="stylesheet" href="docs/{STYLE.built.name}">\n<div id="reference"></div>\n'
        f"<noscript>The reference is <a href='openapi.json'>openapi.json</a>.</noscript>\n"
        f'<script src="docs/{SCRIPT.built.name}"></script>\n<script src="docs/start.js"></script>'
    )
    return framed(title, body)


def framed(title: str, body: str) -> bytes:
    """A page of HTML."""
    return (_HEAD.format(title=title) + body + "\n</html>\n").encode()


def main() -> int:
    """Fetch what the page needs; 0 when all is there."""
    try:
        build(SCRIPT)
        build(STYLE)
    except NotBuilt as error:
        print("Warning: the page of the API's reference is not built; it links openapi.json instead", file=sys.stderr)
        print(f"  {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
