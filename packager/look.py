"""Looking into a file that nobody knows, in a process of its own: with little memory, little time, nothing to write.

A demuxer or a decoder that a hostile file breaks takes that process along, and no other.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packager.source import Refusal, Source
from playout.core.ticks import TIMEBASE, Ticks

MEMORY: Final = 3 << 30
"""Bytes of address space: large pictures need some, and libraries map more than they use."""
CPU_SECONDS: Final = 900
PATIENCE: Final = 1800.0
"""Seconds after which the look is given up."""
SHORTEST: Final = Ticks(TIMEBASE // 2)
"""What is shorter is nothing that can be aired."""

_ANSWER: Final = 1 << 20
_WORDS: Final = 300


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to see and to hear."""

    container: str
    duration_ms: int
    video: str = ""
    width: int = 0
    height: int = 0
    audio: tuple[str, ...] = ()
    """The codec and the language of each sound track."""
    subtitles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unseen:
    """The look itself failed."""

    reason: str
    again: bool
    """Whether it was the machine's fault."""


def look_of(source: Source) -> Look:
    """What is to be told of a source. Pure."""
    video = source.video
    return Look(
        container=source.container,
        duration_ms=source.length * 1000 // TIMEBASE,
        video=video.codec if video else "",
        width=video.width if video else 0,
        height=video.height if video else 0,
        audio=tuple(f"{audio.codec} {audio.language}" for audio in source.audios),
        subtitles=tuple(subtitle.language for subtitle in source.subtitles),
    )


async def look(path: Path, patience: float = PATIENCE) -> Look | Refusal | Unseen:
    """What is in a file; `patience` is in seconds. Cancelling ends the process."""
    process = await asyncio.create_subprocess_exec(
        # its folder is another one than ours
        *(sys.executable, "-I", "-m", "packager.look", str(path.absolute())),  # noqa: ASYNC240 — a sum of words
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
        limit=_ANSWER,
    )
    try:
        async with asyncio.timeout(patience):
            said = await _said(process.stdout)
            status = await process.wait()
    except TimeoutError:
        return Unseen("it takes too long to look into it", again=False)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return read(path, status, said)


async def _said(pipe: asyncio.StreamReader | None) -> bytes:
    """What the process says, no more than an answer can be."""
    held = b""
    while pipe is not None and len(held) < _ANSWER and (more := await pipe.read(_ANSWER)):
        held += more
    return held


def read(path: Path, status: int, said: bytes) -> Look | Refusal | Unseen:
    """What the process has answered. Pure."""
    try:
        told = json.loads(said)
        if "reason" in told:
            return Refusal(path.name, str(told["reason"])[:_WORDS], str(told["advice"])[:_WORDS])
        return Look(**{**told, **{name: tuple(map(str, told[name])) for name in ("audio", "subtitles")}})
    except (ValueError, TypeError, KeyError):
        if status == 1:
            return Unseen("whoever looks into files does not work here", again=True)
        return Unseen("it breaks whoever looks into it", again=False)


def _limited() -> None:
    """Take from this process what it does not need."""
    import resource  # noqa: PLC0415 — not everywhere

    wanted = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for what, most in wanted.items():
        _, hard = resource.getrlimit(what)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))
    with suppress(OSError):
        os.nice(10)


def _main(path: Path) -> None:
    """Answer in one line of JSON."""
    from packager.probe import probe  # noqa: PLC0415 — the libraries are loaded before their room is taken

    _limited()
    try:
        found = probe(path, SHORTEST)
    except MemoryError:
        found = Refusal(str(path), "it needs more memory than a file may", "Export it again, or convert it to mp4.")
    if isinstance(found, Refusal):
        told: dict[str, object] = {"reason": found.reason, "advice": found.advice}
    else:
        seen = look_of(found)
        told = {name: getattr(seen, name) for name in Look.__slots__}
    sys.stdout.write(json.dumps(told))
    sys.stdout.flush()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
