"""A simulation as one picture: what was on in each hour of each day, and how much of each hour was ads.

The SVG is ours from end to end, has no script and needs no font; it takes the colours of the page it lies on, light
or dark. Cells of one colour are one path, so that a year is some tens of kilobytes.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.sax.saxutils import escape

from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from playout.core.simulation import Grid, Load, Simulation

_LEFT: Final = 80
_WIDTH: Final = 1096
_RIGHT: Final = 40
_ROW: Final = 11
_MONTH_ROW: Final = 22
_COLOURS: Final = 9
"""Names with a colour of their own; all others share the last one."""
_WIDEST: Final = 90
_NAMED: Final = 22
"""How wide a day must be to have its date below it."""
_HOURS: Final = 24
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LABEL: Final = 26
"""The most letters of a name in the legend."""

_STYLE: Final = """
  svg { --paper: #fbfaf7; --ink: #23262b; --soft: #6d727a; --line: #e4e1d9; --empty: #efece5; --load: #b4441f;
    --c0: #3c6e9f; --c1: #d98a3d; --c2: #5b9a68; --c3: #a3526b; --c4: #8a7cc0; --c5: #c9b44a; --c6: #4fa3a5;
    --c7: #b0694a; --c8: #7f9fc9; --c9: #a9a69d; background: var(--paper); }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #16181c; --ink: #eceae4; --soft: #9a9ea6; --line: #2c3037; --empty: #22252b; --load: #ff8a5c;
      --c0: #6ea3d8; --c1: #e8a35e; --c2: #7cbd8a; --c3: #cf7c95; --c4: #aea1e3; --c5: #dbc967; --c6: #6fc3c5;
      --c7: #d08f70; --c8: #4f6f9c; --c9: #5f626a; } }
  text { font: 12px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: var(--soft); }
  .title { font-size: 24px; font-weight: 650; fill: var(--ink); letter-spacing: -0.2px; }
  .head { font-size: 15px; font-weight: 600; fill: var(--ink); }
  .figure { font-size: 20px; font-weight: 600; fill: var(--ink); font-variant-numeric: tabular-nums; }
  .cell { font-size: 10px; fill: var(--ink); font-variant-numeric: tabular-nums; }
  .axis { font-size: 11px; font-variant-numeric: tabular-nums; }
  .paper { fill: var(--paper); } .empty { fill: var(--empty); } .load { fill: var(--load); }
  .line { stroke: var(--paper); stroke-width: 1; } .rule { stroke: var(--line); stroke-width: 1; }
"""


class _Box(NamedTuple):
    """Where a part of the picture goes, and what it is made of."""

    height: int
    lines: list[str]


def svg(simulation: Simulation, name: str, zone: str) -> str:
    """The picture of a simulation of the channel called `name`, whose day is that of `zone`."""
    grid, what = simulation.by_daypart, "dayparts"
    if len(grid.legend) < 2:  # noqa: PLR2004 — one daypart tells nothing
        grid, what = simulation.by_label, "programs"
    lines: list[str] = []
    y = 0
    for box in (_title(simulation, name, zone), _year(grid, what), _load(simulation)):
        lines.append(f'<g transform="translate(0 {y})">')
        lines += box.lines
        lines.append("</g>")
        y += box.height
    width = _LEFT + _WIDTH + _RIGHT
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" width="{width}" height="{y}" role="img">',
        f"<title>{escape(name)}: {len(grid.days)} days of air</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{y}"/>',
    ]
    return "\n".join([*head, *lines, "</svg>"]) + "\n"


# The head: who, when, and the figures that are asked for first


def _title(simulation: Simulation, name: str, zone: str) -> _Box:
    repeats, breaks = simulation.repeats, simulation.breaks
    first, last = simulation.start.date(), simulation.stop.date()
    hours = simulation.air // TIMEBASE / 3600 or 1
    figures = [
        (f"{simulation.airings:,}".replace(",", " "), "airings, without a gap"),
        (f"{len(repeats.titles):,}".replace(",", " "), f"titles; {len(simulation.unaired)} never aired"),
        (_hours(repeats.shortest) if repeats.again else "none", "to the nearest repeat"),
        (f"{_minutes(breaks.ads) / hours:.1f} min", "of ads in an hour"),
        (f"{_minutes(breaks.worst):.1f} min", "in the fullest clock hour"),
        (_hours(_slate(simulation)), "of slate"),
        (str(sum(count for _, count in simulation.gave_way)), "times a rule gave way"),
    ]
    lines = [_text(_LEFT, 52, name, "title"), _text(_LEFT, 74, f"{first} to {last}, in the clocks of {zone}")]
    step = _WIDTH / len(figures)
    for place, (figure, words) in enumerate(figures):
        lines += [
            _text(_LEFT + place * step, 116, figure, "figure"),
            _text(_LEFT + place * step, 134, words),
        ]
    return _Box(160, lines)


def _slate(simulation: Simulation) -> int:
    return sum(part.slate for part in simulation.dayparts)


# A column a day, a row an hour


def _year(grid: Grid, what: str) -> _Box:
    days = len(grid.days) or 1
    wide = min(_WIDTH / days, _WIDEST)
    top, bottom = 44, 44 + _HOURS * _ROW
    lines = [_text(_LEFT, 22, f"What is on: {what} by hour of the local day", "head")]
    lines.append(f'<rect class="empty" x="{_LEFT}" y="{top}" width="{_n(days * wide)}" height="{_HOURS * _ROW}"/>')
    lines += [
        f'<path fill="var(--c{colour})" shape-rendering="crispEdges" d="{path}"/>'
        for colour, path in enumerate(_paths(grid, wide, top))
        if path
    ]
    for hour in range(0, _HOURS + 1, 6):
        y = top + hour * _ROW
        lines.append(_text(_LEFT - 10, y + 4, f"{hour:02d}:00", "axis", end=True))
        if 0 < hour < _HOURS:
            lines.append(f'<line class="line" x1="{_LEFT}" x2="{_n(_LEFT + days * wide)}" y1="{y}" y2="{y}"/>')
    for at, words in _dates([day for day, _ in grid.days], wide):
        x = _LEFT + at * wide
        lines.append(f'<line class="rule" x1="{_n(x)}" x2="{_n(x)}" y1="{bottom}" y2="{bottom + 6}"/>')
        lines.append(_text(x + 4, bottom + 15, words, "axis"))
    keys, height = _legend(grid, bottom + 42)
    return _Box(bottom + 42 + height + 12, lines + keys)


def _paths(grid: Grid, wide: float, top: int) -> list[str]:
    """For each colour the cells that have it, joined along the rows."""
    paths: list[list[str]] = [[] for _ in range(_COLOURS + 1)]
    for hour in range(_HOURS):
        at = 0
        for place, cells in groupby(grid.days, key=lambda day: day[1][hour]):
            count = len(list(cells))
            if place >= 0:
                x, y = _LEFT + at * wide, top + hour * _ROW
                box = f"M{_n(x)} {y}h{_n(count * wide)}v{_ROW}h-{_n(count * wide)}z"
                paths[min(place, _COLOURS)].append(box)
            at += count
    return ["".join(path) for path in paths]


def _dates(days: list[date], wide: float) -> Iterator[tuple[int, str]]:
    """Where days are named: the first of each month, or each day where there is room."""
    if wide >= _NAMED:
        yield from ((at, str(day.day)) for at, day in enumerate(days))
        return
    for at, day in enumerate(days):
        if day.day == 1:
            yield at, f"{_MONTHS[day.month - 1]} {day.year}" if day.month == 1 else _MONTHS[day.month - 1]


def _legend(grid: Grid, top: int) -> tuple[list[str], int]:
    """The names with their colours, in columns; and how high that is."""
    names = [name or "the channel’s own" for name in grid.legend[:_COLOURS]]
    if len(grid.legend) > _COLOURS:
        names.append(f"{len(grid.legend) - _COLOURS} others")
    columns, step = 5, _WIDTH // 5
    lines = []
    for place, name in enumerate(names):
        x, y = _LEFT + place % columns * step, top + place // columns * 22
        short = name if len(name) <= _LABEL else name[: _LABEL - 1] + "…"
        lines.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" rx="3" fill="var(--c{place})"/>')
        lines.append(_text(x + 19, y, short))
    return lines, -(-len(names) // columns) * 22


# A column an hour, a row a month


def _load(simulation: Simulation) -> _Box:
    lines = [_text(_LEFT, 22, "Ads: minutes of a clock hour, by hour of the local day and month", "head")]
    if not simulation.breaks.pods:
        return _Box(70, [*lines, _text(_LEFT, 46, "There are no ads.")])
    months = [list(loads) for _, loads in groupby(simulation.months, key=_month)]
    most = max(map(_of_hour, simulation.months))
    wide, top = _WIDTH / _HOURS, 44
    for row, loads in enumerate(months):
        y = top + row * _MONTH_ROW
        year, month = loads[0].month.split("-")
        words = f"{_MONTHS[int(month) - 1]} {year}" if row == 0 or month == "01" else _MONTHS[int(month) - 1]
        lines.append(_text(_LEFT - 10, y + 15, words, "axis", end=True))
        lines += [line for load in loads for line in _cell(load, most, y, wide)]
    bottom = top + len(months) * _MONTH_ROW
    lines += [
        _text(_LEFT + (hour + 0.5) * wide, bottom + 16, f"{hour:02d}", "axis", middle=True) for hour in range(_HOURS)
    ]
    return _Box(bottom + 44, lines)


def _cell(load: Load, most: float, y: int, wide: float) -> list[str]:
    minutes = _of_hour(load)
    x = _LEFT + load.hour * wide
    shade = f"{0.04 + 0.66 * minutes / most:.2f}"
    box = f'x="{_n(x + 1)}" y="{y + 1}" width="{_n(wide - 2)}" height="{_MONTH_ROW - 2}" rx="3"'
    return [
        f'<rect class="load" {box} fill-opacity="{shade}"/>',
        _text(x + wide / 2, y + 15, f"{minutes:.1f}" if load.ads else "–", "cell", middle=True),
    ]


def _month(load: Load) -> str:
    return load.month


def _of_hour(load: Load) -> float:
    """Minutes of ads in an hour of air."""
    return load.ads / load.air * 60 if load.air else 0


# Text


def _text(x: float, y: float, words: str, kind: str = "", *, end: bool = False, middle: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ' text-anchor="middle"' if middle else ""
    styled = f' class="{kind}"' if kind else ""
    return f'<text x="{_n(x)}" y="{_n(y)}"{styled}{anchor}>{escape(words)}</text>'


def _n(number: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _minutes(ticks: int) -> float:
    return ticks / TIMEBASE / 60


def _hours(ticks: int) -> str:
    seconds = ticks // TIMEBASE
    hours, rest = divmod(seconds // 60, 60)
    if hours >= 100:  # noqa: PLR2004 — minutes do not matter any more
        return f"{hours:,} h".replace(",", " ")
    if 0 < seconds < 60:  # noqa: PLR2004 — a minute: little is not nothing
        return f"{seconds} s"
    return f"{hours} h {rest:02d}" if hours else f"{rest} min"
