"""`fastline api`: the API by which a station is managed."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from control_api.command_line.settled import settled
from control_api.commands import serve
from control_api.unserved import Unserved
from playout.commands.options import OK, Refused
from playout.commands.running import until_done

if TYPE_CHECKING:
    import argparse


def api(asked: argparse.Namespace) -> int:
    """Serve until told to stop."""
    return until_done(_api(asked))


async def _api(asked: argparse.Namespace) -> int:
    settings = settled(asked)
    try:
        await serve(settings, tell, welcome)
    except Unserved as error:
        raise Refused(str(error)) from error
    return OK


def tell(address: str) -> None:
    """Say where the API is. What it was begun with stays, and is looked through for garbage no more."""
    gc.collect()
    gc.freeze()
    print(f"The API is at {address}/api/v1, its reference at {address}/docs", flush=True)


def welcome(token: str) -> None:
    """Say how the first account is made."""
    print(
        f"Nobody has an account here. This token makes the first one, an administrator, once, until tomorrow:\n"
        f"  {token}\nSend it to POST /api/v1/auth/register as `invitation`, with `username` and `password`.",
        flush=True,
    )
