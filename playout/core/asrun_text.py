"""The as-run log as text: JSON Lines and CSV.

Law: the text follows from the report alone; equal reports are equal bytes, on every machine (L-4).
"""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from typing import TYPE_CHECKING, Final

from playout.core.airing import Role
from playout.core.asrun import EPOCH_START, AsRun, Row, ms_of
from playout.core.cells import inert
from playout.core.ticks import TIMEBASE, utc_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playout.core.wall import Zone

FORMAT: Final = 1
"""The version of the fields; a new field does not change it."""
_HOUR: Final = 3_600_000


def _instant(ms: int) -> str:
    return utc_text(EPOCH_START + timedelta(milliseconds=ms))


def _local(ms: int, zone: Zone) -> str:
    """A local time with its offset, to the millisecond."""
    offset = zone.offset(ms // 1000)
    text = utc_text(EPOCH_START + timedelta(milliseconds=ms, seconds=offset))[:-1]
    hours, minutes = divmod(abs(offset) // 60, 60)
    return f"{text}{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}"


COLUMNS: Final = (
    *("row", "channel", "event", "start", "end", "local_start", "duration_ms", "scheduled_start", "late_ms"),
    *("planned_ms", "code", "reason", "asset", "instead_of", "title", "kind", "series", "season", "episode", "rating"),
    *("work", "ids", "ad_id", "advertiser", "category", "program", "part", "parts", "in_ms", "out_ms"),
    *("first_msn", "last_msn", "dsn", "break", "break_roll", "position", "pod_ads", "pod_ms", "daypart"),
    *("revision", "catalog"),
)
"""The fields of a row, in the order in which CSV has them; new ones come last."""


def fields(row: Row, report: AsRun) -> dict[str, object]:
    """A row as people's programs read it: all of `COLUMNS`. Milliseconds, UTC; empty or None where there is none."""
    return {
        "row": row.name,
        "channel": report.channel.id,
        "event": row.event.value,
        "code": row.code.value,
        "reason": row.reason,
        "daypart": row.turn.tail.daypart,
        "revision": row.turn.revision,
        "catalog": row.turn.catalog,
        "first_msn": row.msn,
        "last_msn": row.end_msn - 1,
        "dsn": row.airing.index,
        **_timed(row, report.day.zone),
        **_named(row),
        **_placed(row, report.channel.id),
    }


def _timed(row: Row, zone: Zone) -> dict[str, object]:
    """When it aired."""
    return {
        "start": _instant(row.start),
        "end": _instant(row.end),
        "local_start": _local(row.start, zone),
        "duration_ms": row.length,
        "scheduled_start": _instant(row.scheduled),
        "late_ms": row.start - row.scheduled,
        "planned_ms": row.planned,
    }


def _named(row: Row) -> dict[str, object]:
    """What it is."""
    about = row.item.about if row.item else None
    names = about.ids if about else ()
    is_ad = row.event is Role.AD
    return {
        "asset": row.asset,
        "instead_of": row.instead,
        "title": about.title if about else "",
        "kind": about.kind.value if about else "",
        "series": about.series if about else "",
        "season": about.season if about else 0,
        "episode": about.episode if about else 0,
        "rating": about.rating if about else "",
        "work": about.work if about else "",
        "ids": list(names),
        "ad_id": ad_id(row.asset, names) if is_ad else "",
        "advertiser": about.advertiser if about and is_ad else "",
        "category": about.category if about and is_ad else "",
    }


def ad_id(asset: str, names: Sequence[str]) -> str:
    """What the trade calls an ad: its Ad-ID or ISCI; without one, its asset id."""
    for scheme in ("ad-id", "adid", "isci"):
        for name in names:
            if name.casefold().startswith(f"{scheme}:"):
                return name.partition(":")[2]
    return asset


def _placed(row: Row, channel: str) -> dict[str, object]:
    """Where in its program, its asset and its break it stands."""
    parts, pod = row.turn.program, row.pod
    cuts = row.item.cuts if row.item and not row.instead else None
    return {
        "program": f"{channel}-{parts[0].index}" if parts else "",
        "part": row.part,
        "parts": row.parts,
        "in_ms": cuts.tick(row.first) * 1000 // TIMEBASE if cuts else None,
        "out_ms": cuts.tick(row.stop) * 1000 // TIMEBASE if cuts else None,
        "break": f"{channel}-{pod.index}" if pod else "",
        "break_roll": pod.roll if pod else "",
        "position": pod.position(row.airing.index) if pod else 0,
        "pod_ads": len(pod.ads) if pod else 0,
        "pod_ms": pod.length * 1000 // TIMEBASE if pod else 0,
    }


def header(report: AsRun) -> dict[str, object]:
    """The first line: the day, how it reconciles, and what it adds up to."""
    carried = report.carried
    return {
        "format": FORMAT,
        "channel": report.channel.id,
        "name": report.channel.name,
        "day": report.day.date.isoformat(),
        "zone": report.day.name,
        "start": _instant(ms_of(report.day.start)),
        "stop": _instant(ms_of(report.day.stop)),
        "complete": report.complete,
        "covered_from": _instant(report.since),
        "covered_until": _instant(report.until),
        "covered_ms": report.until - report.since,
        "aired_ms": report.aired,
        "carried_in_ms": report.carried_in,
        "carried_in": _carried(carried) if carried else None,
        "carried_out_ms": report.carried_out,
        "rows": len(report.rows),
        "discrepancies": len(report.discrepancies),
        "events": _events(report.rows),
        "advertisers": _advertisers(report.rows),
        "ad_load": _ad_load(report),
        "revisions": sorted({row.turn.revision for row in report.rows}),
    }


def _carried(row: Row) -> dict[str, object]:
    return {"row": row.name, "title": row.title, "start": _instant(row.start), "end": _instant(row.end)}


def _events(rows: Sequence[Row]) -> dict[str, object]:
    """Of each kind of event, how many rows and how many ms."""
    return {
        role.value: {"rows": len(found), "ms": sum(row.length for row in found)}
        for role in Role
        if (found := [row for row in rows if row.event is role])
    }


def _advertisers(rows: Sequence[Row]) -> list[object]:
    """Of each advertiser, the spots, how many of them were whole, and how many ms. Empty for ads of nobody."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.event is Role.AD:
            found.setdefault(row.item.about.advertiser if row.item else "", []).append(row)
    return [
        {
            "advertiser": name,
            "spots": len(spots),
            "whole": sum(row.length == row.planned for row in spots),
            "ms": sum(row.length for row in spots),
        }
        for name, spots in sorted(found.items())
    ]


def _ad_load(report: AsRun) -> list[object]:
    """Of each hour of the day, how many ms were ads: by the wall clock, so an ad may count in two of them."""
    start, stop = ms_of(report.day.start), ms_of(report.day.stop)
    hours = [0] * -(-(stop - start) // _HOUR)
    for row in (*((report.carried,) if report.carried else ()), *report.rows):
        if row.event is Role.AD:
            low, high = max(row.start, start), min(row.end, stop)
            while low < high:
                hour = (low - start) // _HOUR
                edge = min(start + (hour + 1) * _HOUR, high)
                hours[hour] += edge - low
                low = edge
    return [{"hour": _local(start + n * _HOUR, report.day.zone), "ms": ms} for n, ms in enumerate(hours)]


def jsonl(report: AsRun) -> str:
    """The report as JSON Lines: a header, the rows, the discrepancies, and a trailer with the digest.

    Keys are sorted. The digest is the SHA-256 of all bytes before the trailer's line.
    """
    lines = [_line("header", header(report))]
    lines += [_line("airing", fields(row, report)) for row in report.rows]
    lines += [
        _line(
            "discrepancy",
            {"code": one.code, "row": one.row, "start": _instant(one.start), "ms": one.length, "words": one.words},
        )
        for one in report.discrepancies
    ]
    body = "".join(lines)
    return body + _line("trailer", {"lines": len(lines), "sha256": sha256(body.encode()).hexdigest()})


def _line(kind: str, what: dict[str, object]) -> str:
    return json.dumps({"type": kind, **what}, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


def comma_separated(report: AsRun) -> str:
    """The rows as CSV (RFC 4180) under `COLUMNS`; names elsewhere are parted by spaces, and no text is a formula."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in report.rows:
        found = {**fields(row, report), "ids": " ".join(row.item.about.ids if row.item else ())}
        writer.writerow({name: inert(value) if isinstance(value, str) else value for name, value in found.items()})
    return out.getvalue()
