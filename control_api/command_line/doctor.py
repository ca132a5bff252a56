"""What `fastline doctor` prints; who asks it says where the encoder is, and which pages are built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_api import doctor, swagger
from control_api.command_line.settled import settled
from control_api.doctor import Finding, State
from playout.commands.options import OK, REFUSED

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path


async def examined(asked: argparse.Namespace, encoder: Callable[[], str], pages: Sequence[tuple[str, Path]]) -> int:
    """Print what is there. `encoder` answers where ffmpeg is, or raises; `pages`: built files, and what builds each."""
    settings = settled(asked)
    reference = [("python -m control_api.swagger", package.built) for package in (swagger.SCRIPT, swagger.STYLE)]
    findings = await doctor.examine(settings, _encoder(encoder), [*pages, *reference])
    print(doctor.as_json(findings) if asked.format == "json" else doctor.written(findings))
    return REFUSED if any(finding.state is State.FAULT for finding in findings) else OK


def _encoder(find: Callable[[], str]) -> Finding | str:
    """Where ffmpeg is, or why there is none."""
    try:
        return find()
    except Exception as error:  # noqa: BLE001 — whatever the reason is, it is what the doctor is asked for
        return Finding("ffmpeg", State.FAULT, str(error), "Let FASTLINE_FFMPEG name an ffmpeg, or unset it.")
