"""A channel run ahead for days or for years: the figures as text, as JSON, and as a picture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from playout.core.airing import BEGINNING, Role
from playout.core.channel import Revision
from playout.core.never import spelled
from playout.core.simulation import Simulation, simulated
from playout.core.ticks import TIMEBASE, instant_at, utc_text
from playout.reports.picture import svg
from playout.station import UnknownChannel
from playout.zones import clock_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import TextIO

    from rich.console import RenderableType

    from playout.config import Draft
    from playout.core.airing import Tail
    from playout.core.schedule import Catalogs
    from playout.core.simulation import Breaks, Grid, Load, Part, Repeats, Total
    from playout.station import Station


class Form(StrEnum):
    """How the figures are written."""

    TEXT = "text"
    JSON = "json"
    SVG = "svg"


SHOWN: Final = 12
"""Rows of a table of names; the rest is counted."""
PAGE: Final = 110
"""Columns of text that does not go to a terminal."""
_WIDE: Final = 100
"""Columns that the widest table takes with its bars, and with how often each daypart is late."""
_BARS: Final = " ▏▎▍▌▋▊▉█"
_STEPS: Final = "▁▂▃▄▅▆▇█"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Run:
    """A simulation, and whose it is."""

    revision: Revision
    """The last one that chose."""
    simulation: Simulation


def wanted(draft: Draft, station: Station, now: datetime) -> Revision:
    """The revision that publishing `draft` at `now` would make; it is in force at once, wherever its log ends.

    Raises `Corrupt`, `StoreDown` and `UnknownZone`.
    """
    known = station.revisions(draft.id) if draft.id in station.channels() else ()
    genesis = known[-1].channel.genesis if known else now.replace(microsecond=0)
    return Revision(
        known[-1].number + 1 if known else 1,
        now,
        station.library.digest,
        draft.channel(genesis),
        draft.rules,
        draft.horizon,
        changes=clock_changes(draft.zone, now, genesis),
        parent=draft.parent,
    )


class Derived(UnknownChannel):
    """The channel airs what another one airs: that one has to be simulated."""


def of_station(station: Station, channel: str, days: int, start: datetime | None, now: datetime) -> Run:
    """The coming `days` of a published channel: from the end of its log, or from `start` on.

    Raises `UnknownChannel`, `Derived`, `Corrupt` and `StoreDown`.
    """
    revisions = station.revisions(channel)
    begun = revisions[0].channel.genesis
    tail = station.end(channel)
    if start is not None and start < instant_at(begun, tail.start):
        tail = station.before(channel, start)
    begin = max(start or now, begun)
    return _run(revisions, station.catalog, tail, begin, days)


def of_revision(station: Station, wanted: Revision, days: int, start: datetime | None, most: int | None = None) -> Run:
    """The coming `days` of a channel that is not published like this, in `most` turns: on from its log, if any.

    Raises `Derived`, `Corrupt` and `StoreDown`.
    """
    known = wanted.channel.id in station.channels()
    tail = station.end(wanted.channel.id) if known else BEGINNING
    begin = max(start or instant_at(wanted.channel.genesis, tail.start), wanted.channel.genesis)
    return _run((wanted,), lambda _: station.library.catalog, tail, begin, days, most)


def _run(
    revisions: Sequence[Revision], catalogs: Catalogs, tail: Tail, start: datetime, days: int, most: int | None = None
) -> Run:
    last = revisions[-1]
    if last.parent is not None:
        what = "is a copy of" if last.parent.regional else "mirrors"
        message = f"{last.channel.id} {what} {last.parent.channel}: simulate {last.parent.channel}"
        raise Derived(message)
    ended = instant_at(last.channel.genesis, tail.start)
    return Run(last, simulated(revisions, catalogs, tail, max(start, ended) + days * _DAY, start, most))


def write(run: Run, form: Form, out: TextIO, console: Console | None = None) -> None:
    """Write the figures to `out`, or, as text, to a terminal."""
    if form is Form.JSON:
        out.write(as_json(run))
    elif form is Form.SVG:
        out.write(svg(run.simulation, run.revision.channel.name, run.revision.channel.zone))
    else:
        console = console or Console(file=out, width=PAGE, highlight=False)
        console.print(as_text(run, console.width))


# Text


def as_text(run: Run, columns: int = PAGE) -> RenderableType:
    """The figures for a terminal of so many columns."""
    simulation = run.simulation
    parts: list[RenderableType] = [_head(run), _roles(simulation)]
    if len(simulation.dayparts) > 1 or any(part.name for part in simulation.dayparts):
        parts.append(_dayparts(simulation.dayparts, simulation.air, bars=columns >= _WIDE))
    for title, totals in (
        ("Genres", simulation.genres),
        ("Tags", simulation.tags),
        ("Series", simulation.series),
        ("Kinds", simulation.kinds),
        ("Ratings", simulation.ratings),
        ("Sources", simulation.sources),
    ):
        if len(totals) > 1:
            parts.append(_named(title, totals, simulation.airtime(Role.PROGRAM)))
    parts += [_repeats(simulation.repeats)]
    if simulation.breaks.pods or simulation.breaks.empty:
        parts.append(_ads(run))
    parts.append(_notes(run))
    return Group(*parts)


def _head(run: Run) -> Text:
    simulation, channel = run.simulation, run.revision.channel
    counted = f"{_count(simulation.turns)} turns, {_count(simulation.airings)} airings"
    return Text.assemble(
        (f"{channel.name}", "bold"),
        f" ({channel.id}), {_local(run, simulation.start)} to {_local(run, simulation.stop)}, {channel.zone}\n",
        f"{counted}, and each begins where the one before it ended: no gap.\n",
    )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, header_style="dim")
    table.pad_edge = False
    table.collapse_padding = True
    table.add_column(columns[0], min_width=12)  # rich narrows this one first, to nothing if it may
    for column in columns[1:]:
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    return table


def _roles(simulation: Simulation) -> Table:
    table = _table("On air", "as", "airings", "airtime", "share", "")
    for total in simulation.roles:
        if total.airings:
            _add(table, total, simulation.air)
    return table


def _named(title: str, totals: tuple[Total, ...], whole: int) -> Table:
    table = _table(title, "programs", "airings", "airtime", "share", "")
    for total in totals[:SHOWN]:
        _add(table, total, whole)
    if len(totals) > SHOWN:
        table.add_row(f"and {len(totals) - SHOWN} more", style="dim")
    return table


def _add(table: Table, total: Total, whole: int) -> None:
    share = f"{_percent(total.airtime, whole)} %"
    table.add_row(total.name, _count(total.airings), _span(total.airtime), share, _bar(total.airtime, whole))


def _dayparts(parts: tuple[Part, ...], whole: int, *, bars: bool) -> Table:
    names = ("daypart", "programs", "airtime", "ads/h", "filler", "slate", "latest", "late", "")
    shown = len(names) if bars else names.index("late")
    table = _table("Dayparts", *names[:shown])
    for part in parts:
        cells = (
            part.name or "(own block)",
            _count(part.programs),
            _span(part.airtime),
            _minutes(part.ads * 3600 * TIMEBASE // (part.airtime or 1)),
            _span(part.filler),
            _span(part.slate),
            _span(part.latest),
            _count(part.late) if part.late else "–",
            _bar(part.airtime, whole),
        )
        table.add_row(*cells[:shown])
    return table


def _repeats(repeats: Repeats) -> RenderableType:
    table = _table("Repeats", "title", "airings", "nearest", "")
    most = repeats.titles[0].times if repeats.titles else 1
    for often in repeats.titles[:5]:
        table.add_row(often.title, _count(often.times), _span(often.nearest), _bar(often.times, most))
    if len(repeats.titles) > 5:  # noqa: PLR2004 — the few that come most often
        least = repeats.titles[-1]
        table.add_row(f"… {len(repeats.titles)} titles in all, the rarest: {least.title}", _count(least.times))
    if repeats.again:
        words = (
            f"A title comes back after {_span(repeats.shortest)} at least, {_span(repeats.median)} as a median, "
            f"{_span(repeats.longest)} at most; the first one after {_span(repeats.first)}."
        )
    else:
        words = "No title comes back."
    return Group(table, Text(f"{words}\n"))


def _ads(run: Run) -> RenderableType:
    simulation, breaks = run.simulation, run.simulation.breaks
    table = _table("Ads", "", "")
    table.show_header = False
    rows = [
        ("an hour of air", f"{_minutes(breaks.ads * 3600 * TIMEBASE // (simulation.air or 1))} min"),
        ("the fullest clock hour", _worst(run, breaks)),
        ("pods", _count(breaks.pods)),
        ("a pod", spelled(breaks.ads // (breaks.pods or 1))),
        ("short by more than a tenth", f"{_count(breaks.short)} pods; all pods lack {_span(breaks.missing)}"),
        ("breaks without an ad", _count(breaks.empty)),
        ("longest without a break", _span(breaks.longest_without)),
    ]
    for name, figure in rows:
        table.add_row(name, figure)
    return Group(table, _clock(simulation.hours))


def _worst(run: Run, breaks: Breaks) -> str:
    at = f", {_local(run, breaks.worst_at)}" if breaks.worst_at else ""
    return f"{_minutes(breaks.worst)} min{at}"


def _clock(hours: tuple[Load, ...]) -> Text:
    """The ad load of each hour of the day, as a small picture."""
    loads = [load.ads * 3600 * TIMEBASE // load.air if load.air else 0 for load in hours]
    most = max(loads) or 1
    bars = " ".join(_STEPS[load * (len(_STEPS) - 1) // most] * 2 for load in loads)
    names = " ".join(f"{hour:02d}" for hour in range(len(hours)))
    return Text(f"ads by hour of the local day; {_minutes(most)} min at most\n{bars}\n{names}\n", "dim")


def _notes(run: Run) -> Text:
    """What is told in a line each."""
    simulation = run.simulation
    lines = [
        ("refused", ", ".join(f"{rule} {_count(count)}" for rule, count in simulation.refused) or "nothing"),
        ("the least bad of all", _gave_way(run)),
        ("cut by the next daypart", f"{_count(simulation.truncated)} programs"),
        (
            "for want of a program",
            f"{_count(simulation.stood_in)} turns, {_count(simulation.idle)} with no match",
        ),
        ("slate", f"{_span(simulation.airtime(Role.SLATE))}, {_span(simulation.slate_run)} at a stretch"),
        ("never aired", _some(simulation.unaired)),
        ("clock changes", ", ".join(f"{d.day} has {d.seconds // 3600} h" for d in simulation.odd_days) or "none"),
    ]
    width = max(len(name) for name, _ in lines)
    return Text("\n").join(Text.assemble((f"{name:<{width}}  ", "dim"), (words, "")) for name, words in lines if words)


def _gave_way(run: Run) -> str:
    breach = run.simulation.breach
    if breach is None:
        return "never"
    counts = ", ".join(f"{rule} {_count(count)} times" for rule, count in run.simulation.gave_way)
    return f"{counts}; first {_local(run, breach.at)}, {breach.title}: {breach.reason}"


def _some(names: Sequence[str]) -> str:
    if not names:
        return "nothing that the rules ask for"
    more = f" and {_count(len(names) - 5)} more" if len(names) > 5 else ""  # noqa: PLR2004 — a glance
    return f"{_count(len(names))}: {', '.join(names[:5])}{more}"


def _local(run: Run, at: datetime) -> str:
    """An instant by the clocks of the channel."""
    ahead = run.revision.clocks.offset(int(at.timestamp()))
    return f"{at + timedelta(seconds=ahead):%Y-%m-%d %H:%M}"


def _count(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _span(ticks: int) -> str:
    """A span at a glance: `1 234 h`, `3 h 20 min`; a dash for none."""
    if not ticks:
        return "–"
    return f"{_count(ticks // TIMEBASE // 3600)} h" if ticks >= 100 * 3600 * TIMEBASE else spelled(ticks)


def _minutes(ticks: int) -> str:
    """Minutes with one decimal."""
    tenths = (ticks * 10 + 30 * TIMEBASE) // (60 * TIMEBASE)
    return f"{tenths // 10}.{tenths % 10}"


def _percent(part: int, whole: int) -> str:
    tenths = (part * 2000 // whole + 1) // 2 if whole else 0
    return f"{tenths // 10}.{tenths % 10}"


def _bar(part: int, whole: int, width: int = 20) -> Text:
    """A bar of the share that `part` is, to an eighth of a column."""
    eighths = part * width * 8 // whole if whole else 0
    full, rest = divmod(min(eighths, width * 8), 8)
    return Text("█" * full + (_BARS[rest].strip() if rest else ""), "cyan")


# JSON


def as_json(run: Run) -> str:
    """The figures as JSON: spans in seconds, instants in UTC, always in the same order."""
    simulation, breaks = run.simulation, run.simulation.breaks
    document = {
        "channel": simulation.channel,
        "revision": run.revision.number,
        "zone": run.revision.channel.zone,
        "start": utc_text(simulation.start),
        "stop": utc_text(simulation.stop),
        "air": _seconds(simulation.air),
        "turns": simulation.turns,
        "airings": simulation.airings,
        "gaps": 0,  # a seam that does not join ends the simulation
        "roles": _list(simulation.roles),
        "kinds": _list(simulation.kinds),
        "tags": _list(simulation.tags),
        "series": _list(simulation.series),
        "genres": _list(simulation.genres),
        "ratings": _list(simulation.ratings),
        "sources": _list(simulation.sources),
        "dayparts": [_part(part) for part in simulation.dayparts],
        "repeats": _json_repeats(simulation.repeats),
        "ads": {
            "pods": breaks.pods,
            "airtime": _seconds(breaks.ads),
            "short_pods": breaks.short,
            "missing": _seconds(breaks.missing),
            "empty_breaks": breaks.empty,
            "longest_without": _seconds(breaks.longest_without),
            "worst_hour": {
                "at": utc_text(breaks.worst_at) if breaks.worst_at else None,
                "ads": _seconds(breaks.worst),
            },
            "hours": [_load(load) for load in simulation.hours],
            "months": [{"month": load.month, **_load(load)} for load in simulation.months],
        },
        "programs_cut": simulation.truncated,
        "refused": dict(simulation.refused),
        "gave_way": dict(simulation.gave_way),
        "first_breach": _breach(simulation),
        "without_a_program": {"turns": simulation.stood_in, "nothing_matches": simulation.idle},
        "slate": {
            "airtime": _seconds(simulation.airtime(Role.SLATE)),
            "longest": _seconds(simulation.slate_run),
        },
        "never_aired": list(simulation.unaired),
        "clock_changes": [{"day": f"{odd.day}", "seconds": odd.seconds} for odd in simulation.odd_days],
        "by_daypart": _grid(simulation.by_daypart),
        "by_label": _grid(simulation.by_label),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _list(totals: Iterable[Total]) -> list[dict[str, object]]:
    return [{"name": one.name, "airings": one.airings, "airtime": _seconds(one.airtime)} for one in totals]


def _part(part: Part) -> dict[str, object]:
    return {
        "name": part.name,
        "programs": part.programs,
        "airtime": _seconds(part.airtime),
        "ads": _seconds(part.ads),
        "filler": _seconds(part.filler),
        "slate": _seconds(part.slate),
        "late_starts": part.late,
        "latest": _seconds(part.latest),
    }


def _json_repeats(repeats: Repeats) -> dict[str, object]:
    return {
        "again": repeats.again,
        "shortest": _seconds(repeats.shortest),
        "median": _seconds(repeats.median),
        "longest": _seconds(repeats.longest),
        "first": _seconds(repeats.first),
        "titles": [
            {"title": one.title, "airings": one.times, "nearest": _seconds(one.nearest)} for one in repeats.titles
        ],
    }


def _load(load: Load) -> dict[str, object]:
    return {"hour": load.hour, "air": _seconds(load.air), "ads": _seconds(load.ads)}


def _breach(simulation: Simulation) -> dict[str, object] | None:
    breach = simulation.breach
    if breach is None:
        return None
    return {
        "at": utc_text(breach.at),
        "daypart": breach.daypart,
        "title": breach.title,
        "rule": str(breach.rule),
        "reason": breach.reason,
    }


def _grid(grid: Grid) -> dict[str, object]:
    return {"legend": list(grid.legend), "days": {f"{day}": "".join(map(_place, row)) for day, row in grid.days}}


def _place(place: int) -> str:
    """A place in the legend as one letter: `a` for the first; `.` for an hour that there is not."""
    return "." if place < 0 else "abcdefghijklmnopqrstuvwxyz"[min(place, 25)]


def _seconds(ticks: int) -> float:
    """Seconds, to the millisecond."""
    return round(ticks / TIMEBASE, 3)
