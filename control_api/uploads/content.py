"""What is in a file: the question that quarantine asks, and its two answers.

The control API does not look into media itself. Who looks is handed in, and works in a process of its own: a file that
nobody knows is the most hostile thing that a station meets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from pydantic import Field

from control_api.models import Shown


class Probed(Shown):
    """It is media that can be packaged."""

    container: str = Field(description="FFmpeg's name of the format.")
    duration_ms: int = Field(ge=0, description="How long it plays, in milliseconds.")
    video: str = Field(default="", description="The codec of the pictures; empty: there are none.")
    width: int = Field(default=0, ge=0)
    height: int = Field(default=0, ge=0)
    audio: list[str] = Field(default_factory=list, description="The codec and the language of each sound track.")
    subtitles: list[str] = Field(default_factory=list, description="The languages of subtitles inside of it.")


class Unfit(Shown):
    """It cannot be packaged."""

    reason: str
    advice: str = ""
    again: bool = Field(default=False, description="Whether another look may end better: the machine failed.")


Probe = Callable[[Path], Awaitable[Probed | Unfit]]
"""Looks into a file."""
