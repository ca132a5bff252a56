"""What people see while their files are packaged."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.progress import Progress as Drawn
from rich.progress import TextColumn

from packager.bars import Bars
from packager.progress import Progress, Stage


def bars() -> Bars:
    return Bars(Drawn(TextColumn("{task.description}", markup=False), console=Console(file=StringIO())))


def names(shown: Bars) -> list[str]:
    return [] if shown.drawn is None else [task.description for task in shown.drawn.tasks]


def test_a_bar_goes_when_its_file_is_published_though_nobody_asked_for_it() -> None:
    shown = bars()
    shown.tell(Progress("slate", Stage.PUBLISH, 0))
    assert names(shown) == ["slate"]
    shown.tell(Progress("slate", Stage.PUBLISH, 1))
    assert names(shown) == []


def test_a_name_fits_before_its_bar_and_commands_no_terminal() -> None:
    shown = bars()
    shown.tell(Progress("/films/a\x1b[31m.mp4", Stage.PROBE, 0))
    shown.tell(Progress("/films/The very long name of a series - s01e07.mp4", Stage.PROBE, 0))
    assert names(shown) == ["a [31m.mp4", "The very long … - s01e07.mp4"]
