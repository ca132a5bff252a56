"""What is wrong with a text that people wrote: every mistake, each with its line."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake."""

    line: int
    """Counted from 1; 0 when the whole file is meant."""
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


@dataclass(frozen=True, slots=True)
class Faults:
    """Why a file is not used: all its mistakes, in the order of their lines."""

    path: Path
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        return "\n".join(f"{self.path}: {fault}" for fault in self.faults)


def meant(word: str, known: Iterable[str]) -> str:
    """`, did you mean …?` when one of the `known` words is close to `word`; empty when none is."""
    close = get_close_matches(word.lower(), list(known), n=1)
    return f", did you mean `{close[0]}`?" if close else ""
