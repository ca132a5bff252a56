"""Requests that nobody thought of, made from the document of the API: no failure, and no answer that it lacks."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from clients import running

from control_api.problems import INTERNAL
from control_api.resources import RESOURCES

if TYPE_CHECKING:
    from control_api.settings import Settings

WHOLE = "FASTLINE_FUZZ" in os.environ
"""Whether everything is asked that can be thought of, which takes minutes: `make fuzz`."""
PHASES, EXAMPLES, MINUTES = ("examples,coverage,fuzzing", 10, 4) if WHOLE else ("fuzzing", 2, 2)
PARTS = 4
"""The operations are asked in so many parts, each by a run of its own: a run reads the whole document first."""
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth"
)
PATHS = sorted({operation.template for operation in RESOURCES})


def only(document: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """The document of these paths alone, with the schemas that they speak of: to read all of it takes a while."""
    kept = {path: said for path, said in document["paths"].items() if path in paths}
    schemas: dict[str, Any] = {}
    asked = [json.dumps(kept)]
    while asked:
        for name in set(re.findall(r'"#/components/schemas/([^"/]+)', asked.pop())) - schemas.keys():
            schemas[name] = document["components"]["schemas"][name]
            asked.append(json.dumps(schemas[name]))
    return {**document, "paths": kept, "components": {**document["components"], "schemas": schemas}}


# PostgreSQL takes less than SQLite does: what that one refuses as well, the first part tells
@pytest.mark.parametrize(
    ("database_url", "part"),
    [*(("postgresql", part) for part in range(PARTS)), ("sqlite", 0)],
    indirect=["database_url"],
)
async def test_the_whole_api_stands_whatever_is_asked(settings: Settings, key: str, tmp_path: Path, part: int) -> None:
    program, paths = Path(sys.executable).with_name("schemathesis"), PATHS[part::PARTS]
    async with running(settings) as client:
        document = tmp_path / "openapi.json"
        document.write_text(json.dumps(only(client.document, paths)))
        process = await asyncio.create_subprocess_exec(
            str(program),
            *("run", str(document), "--url", str(client.root)),
            *("--header", f"Authorization: Bearer {key}", "--checks", CHECKS),
            *("--phases", PHASES, "--max-examples", str(EXAMPLES), "--seed", os.environ.get("FASTLINE_FUZZ") or "1"),
            *("--generation-database", "none", "--no-color"),
            cwd=tmp_path,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "fuzzing_types", "PYTHONPATH": str(Path(__file__).parent)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(60 * MINUTES):
            said, _ = await process.communicate()
        figures = (await client.known_by(key).get("/metrics")).body.decode()
    assert process.returncode == 0, said.decode()[-8000:]
    assert f'status="{INTERNAL.status}"' not in figures
    asked = re.findall(r'^fastline_api_requests_total\{.*route="([^"]*)".*\} (\S+)$', figures, re.MULTILINE)
    assert set(paths) <= {route for route, _ in asked}
