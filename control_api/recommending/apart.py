"""The building of a version as a job: in a process of its own, so that nobody who answers is slower for it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from control_api.instants import whole_millis
from control_api.jobs import Broken, JobKind
from control_api.recommending.asked import Asked, Line
from control_api.recommending.model import Unknown, named

if TYPE_CHECKING:
    from control_api.jobs import Work
    from control_api.recommending.building import Built

_TOLD: Final = 2000
"""Characters of what a process says that fails."""


class Build(BaseModel):
    """What is wanted."""

    full: bool = False
    """Whether all is worked out anew, whatever has changed."""


async def _work(work: Work, given: Build) -> Built:
    settings = work.settings
    try:
        named(settings.recommendation_model)
    except Unknown as error:
        raise Broken(str(error), "Set `recommendation_model` to one of them.") from error
    asked = Asked(
        database=settings.database_url,
        model=settings.recommendation_model,
        half_life=timedelta(hours=settings.trending_half_life_hours),
        full=given.full,
        now=whole_millis(work.clock()),
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "control_api.recommending",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None and process.stderr is not None  # noqa: S101, PT018 — they are pipes
    try:
        with suppress(ConnectionError):  # one that has died says why
            process.stdin.write(asked.model_dump_json().encode() + b"\n")
            await process.stdin.drain()
        complaint = asyncio.ensure_future(process.stderr.read())
        done = await _followed(work, process)
        said = (await complaint).decode(errors="replace").strip()
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if done is None or code:
        why = said.splitlines()[-1][-_TOLD:] if said else f"its process ended with {code}"
        reason = f"the recommendations were not built: {why}"
        raise Broken(reason, "Those that were there stay.", again=True)
    return done


async def _followed(work: Work, process: asyncio.subprocess.Process) -> Built | None:
    """Tell how far it is, and answer what came of it."""
    assert process.stdout is not None  # noqa: S101 — it is a pipe
    done: Built | None = None
    while line := await process.stdout.readline():
        said = Line.model_validate_json(line)
        work.tell(said.permille, said.words)
        done = said.built or done
    return done


RECOMMEND: Final = JobKind("build_recommendations", Build, _work, attempts=2, everywhere=1)
"""Builds a version, one at a time."""
