"""`fastline render`: a playlist as any origin would serve it at an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.clock import system_clock
from playout.commands.options import OK, Command, instant
from playout.core.manifest import Rendering
from playout.render import render

if TYPE_CHECKING:
    import argparse


def _options(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option("rendition", metavar="RENDITION", help="e.g. v360 or a-en; `index` for the multivariant playlist")
    option("--at", type=instant, metavar="INSTANT", help="when, e.g. 2026-03-01T20:15Z (default: now)")
    option(
        "--rendering", choices=list(Rendering), type=Rendering, default=Rendering.CMAF, help="how it is put on the wire"
    )


def _render(asked: argparse.Namespace) -> int:
    """Print one playlist."""
    store, at = asked.media.store(), asked.at or system_clock()
    print(render(store, asked.channel, asked.rendition, at, asked.rendering), end="")
    return OK


RENDER: Final = Command(_options, _render)
