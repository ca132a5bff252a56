"""The API beside the engine, as `fastline up` runs it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from assembly.kinds import kinds
from assembly.options import cores
from control_api.beside import Neighbor, beside
from control_api.command_line.serving import tell, welcome
from control_api.command_line.settled import settled

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


def neighbor(asked: argparse.Namespace, address: str) -> AbstractAsyncContextManager[None]:
    """The API that is to run; raises `Refused` with every mistake in its settings."""
    given = {
        "media": asked.media,
        "channels": asked.channels,
        "port": asked.api_port,
        "trusted_proxies": asked.trusted_proxy or None,
        "on_demand": asked.on_demand,
    }
    settings = settled(argparse.Namespace(**given), tuple(given))
    if "origin_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"origin_url": address})
    return beside(Neighbor(settings, tell, welcome, kinds(asked, cores(), settings.packages_at_once)))
