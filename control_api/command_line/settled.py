"""The settings, as a command hears of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from control_api.settings import Unsettled, read
from playout.commands.options import Refused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from control_api.settings import Settings


def settled(asked: argparse.Namespace, names: Sequence[str] = ("media", "host", "port")) -> Settings:
    """The settings of the file, the environment and the options `names`; raises `Refused` with every mistake."""
    given = {name: getattr(asked, name) for name in names if getattr(asked, name, None) is not None}
    if "media" in given:
        place = given.pop("media")
        given |= {"media": place.folder, "bucket": place.bucket}
    found = read(os.environ, given)
    if isinstance(found, Unsettled):
        message = f"the settings cannot be used:\n{found}\n`fastline settings --sample` explains all of them"
        raise Refused(message)
    return found
