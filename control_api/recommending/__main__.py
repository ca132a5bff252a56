"""Build a version in a process of its own, which gives way to all others: `python -m control_api.recommending`.

What is wanted comes as a line of JSON, so that no address of a database stands among the arguments; what is told of
progress goes as lines, and what came of it as the last one.
"""

from __future__ import annotations

import asyncio
import os
import sys

from control_api.database import Database
from control_api.recommending.asked import Asked, Line
from control_api.recommending.building import Wish, build


async def built(asked: Asked) -> None:
    """Build it."""
    database = Database(asked.database, connections=1, patience_ms=asked.patience_ms)
    wish = Wish(asked.model, asked.half_life, full=asked.full)
    try:
        done = await build(database, wish, asked.now, lambda permille, words: say(Line(permille=permille, words=words)))
    finally:
        await database.close()
    say(Line(permille=1000, built=done))


def say(line: Line) -> None:
    """Write a line to who waits."""
    sys.stdout.write(line.model_dump_json() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.nice(5)
    asyncio.run(built(Asked.model_validate_json(sys.stdin.readline())))
