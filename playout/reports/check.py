"""What to know before channels.yaml is published: its mistakes, and what the library makes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playout.core.lint import TURNS, WEEK, Finding, Level, Subject, findings
from playout.core.shelves import shelves_of
from playout.reports.simulate import of_revision, wanted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from playout.config import Draft, Faults, Programming
    from playout.station import Station


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what was found."""

    where: str
    """The file."""
    findings: tuple[Finding, ...]
    channels: tuple[tuple[str, str, int], ...]
    """The number and the name of each, and how many programs it has in the library."""
    items: int
    """How many items the library has."""
    simulated: int
    """Of how many channels the coming week was simulated: of those that have a program and no original."""

    def count(self, level: Level) -> int:
        """How many findings there are of a level."""
        return sum(1 for one in self.findings if one.level is level)


def check(programming: Programming, station: Station, now: datetime, *, quick: bool = False) -> Checked:
    """All that is found of the channels of a file at `now`; `quick` leaves the simulation out.

    Raises `Corrupt`, `StoreDown` and `UnknownZone`.
    """
    catalog = station.library.catalog
    subjects = [_subject(draft, station, now, quick=quick) for draft in programming.drafts]
    return Checked(
        programming.where,
        tuple(findings(subjects, catalog, now)),
        tuple((draft.number, draft.name, _programs(station, draft)) for draft in programming.drafts),
        len(catalog.items),
        sum(1 for subject in subjects if subject.week),
    )


def _subject(draft: Draft, station: Station, now: datetime, *, quick: bool) -> Subject:
    revision = wanted(draft, station, now)
    slate = station.library.catalog.kit(draft.house)
    airs = draft.parent is None and slate is not None and _programs(station, draft)  # a week of slate tells nothing
    week = of_revision(station, revision, WEEK.days, None, TURNS).simulation if airs and not quick else None
    return Subject(revision, draft.line, draft.lines, week)


def _programs(station: Station, draft: Draft) -> int:
    return len(shelves_of(station.library.catalog).programs(draft.house, draft.rules))


def written(checked: Checked, *, everything: bool = False) -> str:
    """What was found and looked at, for people; what is for information is counted, unless they ask for everything."""
    head = f"{checked.where}: {_count(len(checked.channels), 'channel')}, no mistakes"
    found = (f"  {number:>5}  {name}: {_count(some, 'program')}" for number, name, some in checked.channels)
    return (
        "\n".join([head, *found, *lines(checked, everything=everything), summary(checked, everything=everything)])
        + "\n"
    )


def lines(checked: Checked, *, everything: bool = False) -> Iterator[str]:
    """What was found, as people and editors read it: `channels.yaml:12: warning: …`."""
    for one in checked.findings:
        if not everything and one.level is not Level.WARNING:
            continue
        where = f"{checked.where}:{one.line}" if one.line else checked.where
        yield f"{where}: {one.level}: {one.text}"


def summary(checked: Checked, *, everything: bool = False) -> str:
    """What it comes to, and how much was looked at, in a line."""
    told = checked.count(Level.INFORMATION)
    hint = " (--all tells that)" if told and not everything else ""
    week = f"the coming {WEEK.days} days of {_count(checked.simulated, 'channel')}, or {TURNS} turns of each"
    return (
        f"{_count(checked.count(Level.WARNING), 'warning')}, {told} for information{hint}; looked at "
        f"{_count(len(checked.channels), 'channel')}, {_count(checked.items, 'item')} of the library and "
        f"{week if checked.simulated else 'no day to come'}"
    )


def as_json(checked: Checked | Faults) -> str:
    """What was found, for programs; always in the same order."""
    mistakes = [] if isinstance(checked, Checked) else [{"line": f.line, "text": f.text} for f in checked.faults]
    document: dict[str, object] = {"file": checked.where, "mistakes": mistakes}
    if isinstance(checked, Checked):
        document["looked_at"] = {
            "channels": len(checked.channels),
            "items": checked.items,
            "simulated": checked.simulated,
            "days": WEEK.days,
        }
        document["findings"] = [
            {"level": str(one.level), "channel": one.channel, "line": one.line, "code": one.code, "text": one.text}
            for one in checked.findings
        ]
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
