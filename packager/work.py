"""The work folder of one asset: what has been encoded so far, kept across interruptions.

Laws: one process works in it at a time; what has its final name is complete. A work folder lies on the
file system of the store, so that finished files can be linked into it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

Result = TypeVar("Result")

FOLDER: Final = ".work"
"""The folder of all work folders, beside the store's own; its dot keeps it from being a key."""
FORGOTTEN: Final = timedelta(days=7)
"""Work that nobody has touched for so long is not going to be resumed."""

_DRAFT: Final = ".draft"
_LOCK: Final = "lock"
_RETRY: Final = 0.2


class Work:
    """An open work folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keep = False
        """Whether it outlives its use: so after an outage, when a later run can go on from here."""

    def path(self, name: str) -> Path:
        """Where a piece of finished work lies."""
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether it is finished."""
        return self.path(name).exists()

    def draft(self, name: str) -> Path:
        """Where it is made; what lay there is gone."""
        draft = self.folder / (name + _DRAFT)
        _remove(draft)
        return draft

    def write(self, name: str, data: bytes) -> None:
        """Make a small piece of work and finish it."""
        self.draft(name).write_bytes(data)
        self.finish(name)

    def finish(self, name: str) -> None:
        """Give a draft its final name, at once and for good."""
        draft = self.folder / (name + _DRAFT)
        for path in sorted(draft.iterdir()) if draft.is_dir() else [draft]:
            _sync(path)
        draft.rename(self.path(name))
        _sync(self.folder)


@asynccontextmanager
async def opened(root: Path, name: str) -> AsyncIterator[Work]:
    """The work folder `name` below `root`, for this process alone; waits while another has it.

    It is removed at the end, unless it is to be kept; then only its drafts are.
    """
    folder = root / FOLDER / name
    await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
    while (lock := await _taken(folder)) is None:  # noqa: ASYNC110 — others set no event of ours
        await asyncio.sleep(_RETRY)
    work = Work(folder)
    try:
        await asyncio.to_thread(_clear_drafts, folder)
        yield work
    finally:
        try:
            _clear_drafts(folder) if work.keep else _remove(folder)
            with suppress(OSError):
                folder.parent.rmdir()
        finally:
            os.close(lock)


async def _taken(folder: Path) -> int | None:
    """The same as `_locked`, from a thread; a lock that comes too late for who is cancelled is given back."""
    running = asyncio.ensure_future(asyncio.to_thread(_locked, folder))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        late = running.result()
        if late is not None:
            os.close(late)
        raise


async def thread(function: Callable[..., Result], *arguments: object) -> Result:
    """What blocking `function` answers, from a thread.

    A thread cannot be cancelled. Who is cancelled waits for its end, so that nobody clears a folder away while it
    still writes there.
    """
    running = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _locked(folder: Path) -> int | None:
    """A lock on the folder, or None when another process has it (or has just removed it)."""
    path = folder / _LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except FileNotFoundError:
        return None
    except FileExistsError:  # it was there, and is a folder no more: removed by now, unless a file lies there
        if folder.is_file() or folder.parent.is_file():
            raise
        return None
    with suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino == os.fstat(lock).st_ino:
            return lock
    os.close(lock)
    return None


def _clear_drafts(folder: Path) -> None:
    for path in folder.glob(f"*{_DRAFT}"):
        _remove(path)


def forget(root: Path, now: datetime) -> None:
    """Remove work folders, and the store's drafts of init segments, that have not been touched for long."""
    for folder in (root / FOLDER).glob("*"):
        touched = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        if now - touched > FORGOTTEN and (lock := _locked(folder)) is not None:
            _remove(folder)
            os.close(lock)
    for draft in root.glob("houses/*/.*"):
        if now - datetime.fromtimestamp(draft.stat().st_mtime, UTC) > FORGOTTEN:
            draft.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
