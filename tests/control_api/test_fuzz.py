"""Requests that nobody thought of, made from the document of the API: no failure, and no answer that it lacks."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from clients import running

from control_api.problems import INTERNAL

if TYPE_CHECKING:
    from control_api.settings import Settings

SECONDS = 15
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth"
)


async def test_the_whole_api_stands_whatever_is_asked(settings: Settings, key: str, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    async with running(settings) as client:
        process = await asyncio.create_subprocess_exec(
            str(program),
            *("run", str(client.root / "openapi.json"), "--url", str(client.root)),
            *("--header", f"Authorization: Bearer {key}", "--checks", CHECKS, "--max-time", str(SECONDS)),
            *("--phases", "examples,coverage,fuzzing", "--seed", "1", "--generation-database", "none", "--no-color"),
            cwd=tmp_path,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "fuzzing_types", "PYTHONPATH": str(Path(__file__).parent)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(120):
            said, _ = await process.communicate()
        figures = (await client.known_by(key).get("/metrics")).body.decode()
    assert process.returncode == 0, said.decode()[-8000:]
    assert f'status="{INTERNAL.status}"' not in figures
    asked = [line for line in figures.splitlines() if line.startswith("fastline_api_requests_total")]
    assert sum(float(line.rpartition(" ")[2]) for line in asked) > 200
    assert 'method="PATCH",route="/api/v1/api-keys/{id}"' in figures
