"""`fastline schema`: what editors need to know of channels.yaml."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from playout.commands.options import OK, Command, nothing
from playout.config.schema import json_schema

if TYPE_CHECKING:
    import argparse


def _schema(_asked: argparse.Namespace) -> int:
    """Print what editors need to know of channels.yaml."""
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return OK


SCHEMA: Final = Command(nothing, _schema)
