"""`fastline doctor`: what Fastline lacks here, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_api.command_line import doctor
from packager.run import ffmpeg_binary
from playout.commands.running import until_done
from playout.page.build import HLS

if TYPE_CHECKING:
    import argparse


def examined(asked: argparse.Namespace) -> int:
    """Look at everything, and print it."""
    pages = [("python -m playout.page.build hls.js", HLS.built)]
    return until_done(doctor.examined(asked, ffmpeg_binary, pages))
