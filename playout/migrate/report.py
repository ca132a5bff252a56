"""The report of a migration: what was carried over, what was approximated, what was left out, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from playout.migrate.given import Given


class Fate(StrEnum):
    """What became of something."""

    CARRIED = "carried over"
    APPROXIMATED = "approximated"
    LEFT = "left out"


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of a report."""

    fate: Fate
    where: str
    """Where it stood in the input."""
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


@dataclass(frozen=True, slots=True)
class Report:
    """All that is to be said of a migration."""

    remarks: tuple[Remark, ...]

    def of(self, fate: Fate) -> tuple[Remark, ...]:
        """The remarks on what had this fate, in the order of the input as far as it goes."""
        return tuple(remark for remark in self.remarks if remark.fate is fate)

    def __str__(self) -> str:
        parts = []
        for fate in Fate:
            remarks = self.of(fate)
            if remarks:
                parts.append("\n".join((f"{fate} ({len(remarks)})", *(f"  {remark}" for remark in remarks))))
        return "\n\n".join(parts)


Why = Callable[[str], str]
"""Why a key of the format is not read, and what to do; empty for a key that nobody knows."""

UNKNOWN: Final = "nothing is known of it here; if it matters, say it in channels.yaml by hand"


@dataclass(slots=True)
class Notes:
    """A report that is being written. What is said of several things that are alike is one remark."""

    said: dict[tuple[Fate, str, str], list[Given]] = field(default_factory=dict)

    def carried(self, where: Given, text: str) -> None:
        """Note what something became."""
        self._note(Fate.CARRIED, where, text)

    def approximated(self, where: Given, text: str) -> None:
        """Note what stands for something that cannot be said as it was, and what to do."""
        self._note(Fate.APPROXIMATED, where, text)

    def left(self, where: Given, text: str) -> None:
        """Note why something is not in the result, and what to do."""
        self._note(Fate.LEFT, where, text)

    def _note(self, fate: Fate, where: Given, text: str) -> None:
        places = self.said.setdefault((fate, where.shape, text), [])
        if where not in places:
            places.append(where)

    def report(self, root: Given, why: Why) -> Report:
        """All remarks, and one for each kind of thing that nobody read."""
        noted = [Remark(fate, _places(found), text) for (fate, _, text), found in self.said.items()]
        alike: dict[tuple[str, str], list[Given]] = {}
        for one, reason in root.left_over():
            holder = one.parent.shape if one.parent is not None else ""
            alike.setdefault((holder, reason or why(one.key) or UNKNOWN), []).append(one)
        left = [Remark(Fate.LEFT, _places(found), _left(reason, found)) for (_, reason), found in alike.items()]
        return Report((*noted, *left))


def _places(found: list[Given]) -> str:
    """Where the first of them stands, and in how many more places of the same kind."""
    first = found[0]
    more = sum(one.shape == first.shape for one in found) - 1
    return f"{first.where} (and {more} more)" if more else first.where


def _left(reason: str, found: list[Given]) -> str:
    """The keys, all keys that go with them, and the reason."""
    names = list(dict.fromkeys((str(one.own) if one.in_record else one.key) or "a value" for one in found))
    inside = list(dict.fromkeys(key for one in found for key in one.keys_within()))
    with_it = f" (with {', '.join(inside)})" if inside else ""
    return f"{', '.join(names)}{with_it}: {reason}"


def counted(number: int, thing: str) -> str:
    """`1 program`, `2 programs`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
