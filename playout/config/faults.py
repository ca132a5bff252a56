"""What is wrong with a file that people wrote: every mistake, each with its line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake."""

    line: int
    """Counted from 1; 0 when the whole file is meant."""
    text: str
    """What is wrong, what was meant, what to do."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Why a file is not used: all its mistakes, in the order of their lines."""

    where: str
    """The file's name, as people know it."""
    faults: tuple[Fault, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The mistakes as people read them: `channels.yaml:12: …`."""
        return tuple(
            f"{self.where}:{fault.line}: {fault.text}" if fault.line else f"{self.where}: {fault.text}"
            for fault in self.faults
        )

    def __str__(self) -> str:
        return "\n".join(self.lines)


class Mistaken(Exception):
    """A part of the file cannot be read, for these reasons; whoever reads the whole collects them."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


def mistake(line: int, text: str) -> Mistaken:
    """The refusal of one value."""
    return Mistaken(Fault(line, text))
