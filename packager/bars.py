"""Packaging, as people see it: a bar for each file at work, and a line in the journal for each that is done."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from packager.job import Packaged
from packager.progress import Stage
from packager.source import legible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.job import Outcome
    from packager.progress import Progress as Step

SHARES: Final = {
    Stage.PROBE: (0.0, 0.02),
    Stage.ANALYSE: (0.02, 0.18),
    Stage.ENCODE: (0.20, 0.70),
    Stage.VERIFY: (0.90, 0.05),
    Stage.PUBLISH: (0.95, 0.05),
}
"""Where each stage begins on the bar, and how long it is."""

_ROOM: Final = 28
"""Letters before a bar."""

_log = logging.getLogger("fastline.packager")


@dataclass(slots=True)
class Bars:
    """The bars of the files that are being packaged."""

    drawn: Progress | None
    """None where there is no terminal; then there are only lines."""
    tasks: dict[str, TaskID] = field(default_factory=dict)

    def tell(self, step: Step) -> None:
        """Move a bar."""
        if self.drawn is None:
            return
        if step.stage is Stage.PUBLISH and step.fraction == 1:
            self._take_away(step.file)
            return
        if step.file not in self.tasks:
            self.tasks[step.file] = self.drawn.add_task(_short(Path(step.file).name), total=1.0, stage="")
        start, length = SHARES[step.stage]
        self.drawn.update(self.tasks[step.file], completed=start + length * step.fraction, stage=step.stage.value)

    def done(self, outcome: Outcome) -> None:
        """Take the bar away, and say what came of it; what was there before is not worth a word."""
        self._take_away(outcome.file)
        if not isinstance(outcome, Packaged):
            _log.error("%s", outcome, extra={"action": "refused", "file": outcome.file})
        elif outcome.new:
            title, asset = outcome.asset.about.title, outcome.asset.id
            _log.info("%s: packaged as %s", title, asset, extra={"action": "packaged", "asset": asset})
            for note in outcome.notes:
                words = legible(note)
                _log.warning("%s: %s", title, words, extra={"action": "left out", "asset": asset})

    def _take_away(self, file: str) -> None:
        if self.drawn is not None and file in self.tasks:
            self.drawn.remove_task(self.tasks.pop(file))


def _short(name: str) -> str:
    """A file's name in the room that a bar leaves, with its end: that is where the numbers of episodes are."""
    name = legible(name)
    return name if len(name) <= _ROOM else f"{name[: _ROOM // 2]}…{name[-(_ROOM // 2 - 1) :]}"


@contextmanager
def shown(*, wanted: bool) -> Iterator[Bars]:
    """Bars on standard error, if they are wanted and there is a terminal to draw them on."""
    console = Console(stderr=True, highlight=False)
    if not wanted or not console.is_terminal:
        yield Bars(None)
        return
    columns = (
        TextColumn(f"{{task.description:>{_ROOM}}}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[stage]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as drawn:
        yield Bars(drawn)
