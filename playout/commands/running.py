"""How a command runs what it does to its end, or until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import uvloop

from playout.commands.options import OK, REFUSED

if TYPE_CHECKING:
    from collections.abc import Coroutine


def until_done(work: Coroutine[None, None, int], stopped: str = "") -> int:
    """Run `work` to its end, or until Ctrl-C or SIGTERM; that cancels it, and says `stopped`."""

    async def cancellable() -> int:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is not None:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, task.cancel)
        try:
            return await work
        except asyncio.CancelledError:
            if stopped:
                print(f"\n{stopped}", file=sys.stderr)
            return REFUSED if stopped else OK
        except ExceptionGroup as group:
            raise _only(group) from group

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(cancellable())


def _only(failure: Exception) -> Exception:
    """The failure that a task group passed on, where it is a single one."""
    while isinstance(failure, ExceptionGroup) and len(failure.exceptions) == 1:
        failure = failure.exceptions[0]
    return failure
