"""Reads what the page is made of: its texts from this package, its player from the build folder."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from playout.page.build import HLS
from playout.page.page import File, Sources, site

if TYPE_CHECKING:
    from collections.abc import Mapping


def load() -> Mapping[str, File]:
    """The page's files by relative URL, with the player if it has been built."""
    here = files("playout.page")
    template, style, script = (here.joinpath(f"page.{suffix}").read_text("utf-8") for suffix in ("html", "css", "js"))
    player = HLS.built.read_bytes() if HLS.built.is_file() else None
    return site(Sources(template, style, script, player))
