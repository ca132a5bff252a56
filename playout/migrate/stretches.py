"""A sequential schedule cut into stretches of the day: what it plays between two times that it waits for.

Law: pure. Steps are taken one after the other, as the schedule is played; where the clock is known a stretch
begins or ends, and what lies between two such times is what a daypart can say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from playout.migrate.given import Given
from playout.migrate.station import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_POD: Final = 30 * 60
"""Seconds of ads in a row that are still a break."""


class Does(StrEnum):
    """What a step does."""

    COUNT = "count"
    """So many items of some content."""
    ALL = "all"
    """All of some content."""
    LASTS = "duration"
    """Some content for a time."""
    PADS = "pad_to_next"
    """Some content up to the next multiple of a time."""
    UNTIL = "pad_until"
    """Some content up to a time of day."""
    WAITS = "wait_until"
    """Nothing up to a time of day."""
    TURNS = "turns"
    """Turn something on or off: what comes before, inside or after programs."""
    TITLED = "titled"
    """What the guide calls what follows."""


class Part(StrEnum):
    """As what some content airs."""

    PROGRAM = "none"
    BEFORE = "preroll"
    INSIDE = "midroll"
    AFTER = "postroll"


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction."""

    does: Does
    given: Given
    content: str = ""
    """The key of the content."""
    amount: int = 0
    """Items, or seconds; of a time of day, seconds after midnight."""
    part: Part = Part.PROGRAM
    fallback: str = ""
    trim: bool = False
    overruns: bool = False
    """Whether it may run past its end."""
    title: str = ""
    again: int = 1
    """How often it is played."""


@dataclass(slots=True)
class Stretch:
    """What is played from one known time to the next."""

    start: int | None
    """Seconds after midnight; None where no time is known."""
    plays: list[Step] = field(default_factory=list)
    """Programs, in turn."""
    last: Step | None = None
    """What fills it to its end, if it is filled."""
    stop: int | None = None
    cut: bool = False
    """Whether what runs at its start is cut."""
    pad: int = 0
    filler: str = ""
    breaks: dict[Part, Step] = field(default_factory=dict)
    """What comes before, inside and after programs."""
    title: str = ""
    overruns: bool = False
    steps: list[Step] = field(default_factory=list)
    """All that it is made of."""

    @property
    def filled(self) -> bool:
        """Whether programs air to its very end."""
        return self.last is not None


def stretches(steps: Iterable[Step]) -> list[Stretch]:
    """The stretches of a schedule that is played over and over; a single one without times when it knows none."""
    found = [Stretch(None)]
    on: dict[Part, Step] = {}
    for step in steps:
        now = found[-1]
        if step.does is Does.TURNS:
            on = {part: one for part, one in on.items() if part is not step.part}
            on |= {step.part: step} if step.content else {}
        elif step.does in (Does.WAITS, Does.UNTIL):
            _end(now, step)
            found.append(Stretch(step.amount, cut=step.trim))
        elif step.does is Does.LASTS and step.part is Part.PROGRAM and now.start is not None and not now.plays:
            _end(now, step)
            now.stop = (now.start + step.amount) % DAY
            found.append(Stretch(now.stop, cut=step.trim))
        else:
            _take(now, step)
        if step.does is not Does.TURNS:
            now.breaks |= {part: one for part, one in on.items() if part not in now.breaks}
    return _looped(found)


def _end(stretch: Stretch, step: Step) -> None:
    stretch.steps.append(step)
    stretch.stop = step.amount
    stretch.filler = stretch.filler or step.fallback
    stretch.overruns = step.overruns
    if step.does is Does.WAITS:
        return
    if step.part is Part.PROGRAM:
        stretch.last = step
    else:
        stretch.filler = stretch.filler or step.content


def _take(stretch: Stretch, step: Step) -> None:
    """Add what `step` says to its stretch."""
    stretch.steps.append(step)
    stretch.filler = stretch.filler or step.fallback
    if step.does is Does.PADS:
        stretch.pad = stretch.pad or step.amount
        stretch.filler = stretch.filler or step.content
    elif step.does is Does.TITLED:
        stretch.title = stretch.title or step.title
    elif step.part is not Part.PROGRAM:
        stretch.breaks.setdefault(step.part, step)
    else:
        stretch.plays.append(step)


def _looped(found: list[Stretch]) -> list[Stretch]:
    """The same stretches; what is played before the first known time follows what is played after the last."""
    first, *rest = found
    if not rest:
        return [first]
    last = rest[-1]
    last.stop = first.stop
    last.steps += first.steps
    last.plays += first.plays
    last.last = first.last
    last.pad = last.pad or first.pad
    last.filler = last.filler or first.filler
    last.breaks = {**first.breaks, **last.breaks}
    last.title = last.title or first.title
    last.overruns = first.overruns
    return [one for one in rest if one.plays or one.last or one.start != one.stop]
