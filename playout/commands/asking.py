"""Commands that ask a station, and change nothing."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from playout import config, documents
from playout.clock import system_clock
from playout.commands.fold import show
from playout.commands.options import (
    OK,
    REFUSED,
    WATCHED,
    Refused,
    command,
    count,
    days,
    decade,
    hours,
    instant,
    month,
)
from playout.config import Draft, Faults, Programming
from playout.config.schema import json_schema
from playout.core.asrun_text import comma_separated, jsonl
from playout.core.lint import Level
from playout.core.manifest import Rendering
from playout.publish import Signed
from playout.render import render
from playout.reports import check, guide, plan, revisions, simulate
from playout.reports import why as reasons
from playout.reports.asrun import aired, keep
from playout.station import Station

if TYPE_CHECKING:
    import argparse

    from playout.commands.options import Commands


def register(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the commands and their options."""
    _checking(
        command(commands, "check", _check, "say every mistake in channels.yaml, and what the library makes of it")
    )
    planning(command(commands, "plan", _plan, "say what an edited file would change on air; nothing is published"))
    naming(command(commands, "revisions", _revisions, "say who changed what of a channel, and when"))
    _simulating(command(commands, "simulate", _simulate, "run a channel ahead for a year, and say what that comes to"))
    command(commands, "schema", _schema, "print the JSON Schema of channels.yaml, for editors that complete it")
    _listing(command(commands, "guide", _guide, "say what is on, and what comes"))
    _asking_what_aired(command(commands, "asrun", _asrun, "say what aired on a day, to the millisecond"))
    _asking_why(command(commands, "why", _why, "say why something is on, was on or will be"))
    _rendering(command(commands, "render", _render, "print a playlist as any origin would serve it at an instant"))


def _checking(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channels", nargs="?", type=Path, default=WATCHED, metavar="FILE", help="the file (default: channels.yaml)")
    option("--strict", action="store_true", help="let warnings count as mistakes: exit code 1")
    option("--all", action="store_true", help="also tell what is for information: what platforms ask for, and more")
    option("--quick", action="store_true", help="leave out the simulation of the coming week")
    option("--format", choices=["text", "json"], default="text", help="lines for people (default), or JSON")


def planning(made: argparse.ArgumentParser) -> None:
    """The options of a plan."""
    option = made.add_argument
    option("channels", nargs="?", type=Path, default=WATCHED, metavar="FILE", help="the file (default: channels.yaml)")
    option("--days", type=month, default=2, metavar="N", help="how far ahead (default: 2)")
    option("--all", action="store_true", help="tell every program; without it the first few of each channel")
    option("--format", choices=["text", "json"], default="text", help="a diff for people (default), or JSON")


def naming(made: argparse.ArgumentParser) -> None:
    """The name of a channel."""
    made.add_argument("channel", metavar="CHANNEL", help="the channel's id")


def _simulating(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option("--days", type=decade, default=365, metavar="N", help="how far ahead (default: 365)")
    option("--from", dest="start", type=instant, metavar="INSTANT", help="when to begin (default: where the log ends)")
    option("--channels", type=Path, metavar="FILE", help="a file that is not published: what if it were")
    form = simulate.Form
    option("--format", choices=list(form), type=form, default=form.TEXT, help="tables (default), JSON, or a picture")
    option("--output", type=Path, metavar="FILE", help="where to write it (default: print)")


def _listing(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", nargs="*", metavar="CHANNEL", help="ids of channels (default: all)")
    option("--at", type=instant, metavar="INSTANT", help="when to begin, e.g. 2026-03-01T20:15Z (default: now)")
    option("--days", type=days, metavar="N", help="how many days, at most 31; negative for days gone by")
    option("--hours", type=hours, default=6, metavar="N", help="how many hours, without --days (default: 6)")
    option("--format", choices=list(guide.Form), type=guide.Form, default=guide.Form.TEXT, help="how it is written")
    option("--public-url", default="http://127.0.0.1:8080", metavar="URL", help="what the addresses in it begin with")


def _asking_what_aired(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option("day", metavar="DAY", help="e.g. 2026-03-01, or `today`, or `yesterday`, by the clocks of the channel")
    option("--utc", action="store_true", help="a day of UTC instead")
    option("--format", choices=["jsonl", "csv"], default="jsonl", help="JSON Lines (default) or CSV")
    option("--output", type=Path, metavar="FILE", help="where to write it, whole, with its digest in FILE.sha256")


def _asking_why(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option(
        "instant",
        nargs="*",
        metavar="INSTANT",
        help="`now` (default), 20:15, `yesterday 20:15` or 2026-03-01T20:15, by the clocks of the channel unless it "
        "ends in Z or an offset",
    )
    option("--format", choices=["text", "json"], default="text", help="for people (default), or for programs")


def _rendering(made: argparse.ArgumentParser) -> None:
    option = made.add_argument
    option("channel", metavar="CHANNEL", help="the channel's id")
    option("rendition", metavar="RENDITION", help="e.g. v360 or a-en; `index` for the multivariant playlist")
    option("--at", type=instant, metavar="INSTANT", help="when, e.g. 2026-03-01T20:15Z (default: now)")
    option(
        "--rendering", choices=list(Rendering), type=Rendering, default=Rendering.CMAF, help="how it is put on the wire"
    )


def _check(asked: argparse.Namespace) -> int:
    """Print every mistake, or what the channels would find in the library."""
    edit = config.load(asked.channels)
    as_json = asked.format == "json"
    if isinstance(edit, Faults):
        print(check.as_json(edit) if as_json else edit, file=sys.stdout if as_json else sys.stderr)
        return REFUSED
    now = system_clock().replace(microsecond=0)
    checked = check.check(edit, Station(asked.media.store()), now, quick=asked.quick)
    if as_json:
        print(check.as_json(checked), end="")
    else:
        show(check.written(checked, everything=asked.all))
    return REFUSED if asked.strict and checked.count(Level.WARNING) else OK


def _plan(asked: argparse.Namespace) -> int:
    """Print what publishing would change."""
    gc.disable()  # a library is a million values that stay: looking through them again and again takes a second
    planned = plan_of(asked, Signed(over=asked.channels != WATCHED))
    show(plan_text(asked, planned))
    return REFUSED if planned.refused else OK


def _revisions(asked: argparse.Namespace) -> int:
    """Print a channel's revisions, the newest first."""
    told = revisions.revisions(Station(asked.media.store()), asked.channel)
    print(revisions.written(told), end="")
    return OK


def _simulate(asked: argparse.Namespace) -> int:
    """Print or write what a channel would air, in figures."""
    station, now = Station(asked.media.store()), system_clock().replace(microsecond=0)
    with Console(stderr=True).status(f"running {asked.channel} ahead for {count(asked.days, 'day')} …"):
        if asked.channels is None:
            run = simulate.of_station(station, asked.channel, asked.days, asked.start, now)
        else:
            run = simulate.of_revision(station, simulate.wanted(_draft(asked), station, now), asked.days, asked.start)
    if asked.output is None:
        simulate.write(run, asked.format, sys.stdout, Console(highlight=False) if sys.stdout.isatty() else None)
        return OK
    try:
        with asked.output.open("w", encoding="utf-8") as file:
            simulate.write(run, asked.format, file)
    except OSError as error:
        message = f"{asked.output} cannot be written: {error.strerror}"
        raise Refused(message) from error
    return OK


def _draft(asked: argparse.Namespace) -> Draft:
    """The channel that is asked for, as a file has it."""
    edit = config.load(asked.channels)
    if isinstance(edit, Faults):
        raise Refused(str(edit))
    found = next((draft for draft in edit.drafts if draft.id == asked.channel), None)
    if found is None:
        known = ", ".join(draft.id for draft in edit.drafts) or "none"
        message = f"there is no channel {asked.channel!r} in {asked.channels}; there is: {known}"
        raise Refused(message)
    return found


def _schema(_asked: argparse.Namespace) -> int:
    """Print what editors need to know of channels.yaml."""
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return OK


def _guide(asked: argparse.Namespace) -> int:
    """Print what is on; what a partner would refuse of it is said beside it."""
    station, now = Station(asked.media.store()), system_clock().replace(microsecond=0)
    channels = asked.channel or station.channels(now)
    if not channels:
        message = f"there are no channels in {asked.media}: `fastline up` or `fastline commit` publishes channels.yaml"
        raise Refused(message)
    start, stop = guide.between(asked.format, now, asked.at, asked.days, asked.hours)
    now = guide.as_of(asked.format, now, asked.at)
    listed = [guide.listed(station, channel, start, stop) for channel in channels]
    try:
        print(guide.written(asked.format, listed, asked.public_url, now), end="")
    except guide.OneChannel as several:
        raise Refused(str(several)) from several
    for fault in guide.refused(asked.format, listed, now):
        print(f"fastline: would be refused: {fault}", file=sys.stderr)
    return OK


def _asrun(asked: argparse.Namespace) -> int:
    """Print or write what aired; the same bytes on every machine."""
    report = aired(Station(asked.media.store()), asked.channel, asked.day, system_clock(), utc=asked.utc)
    text = jsonl(report) if asked.format == "jsonl" else comma_separated(report)
    if asked.output is None:
        sys.stdout.buffer.write(text.encode())
        return OK
    try:
        digest = keep(text, asked.output)
    except OSError as error:
        message = f"{asked.output} cannot be written: {error.strerror}"
        raise Refused(message) from error
    state = "complete" if report.complete else "not complete"
    found = f"{count(len(report.rows), 'row')}, {state}, {len(report.discrepancies)} discrepancies"
    print(f"{asked.channel} {report.day.date}: {found}; {asked.output} has SHA-256 {digest}")
    return OK


def _why(asked: argparse.Namespace) -> int:
    """Print why something is on."""
    when = " ".join(asked.instant) or "now"
    answer = reasons.asked(Station(asked.media.store()), asked.channel, when, system_clock())
    as_json = asked.format == "json"
    if as_json:
        print(json.dumps(answer.document, ensure_ascii=False, indent=1))
    else:
        show(answer.text)
    return OK


def _render(asked: argparse.Namespace) -> int:
    """Print one playlist."""
    store, at = asked.media.store(), asked.at or system_clock()
    print(render(store, asked.channel, asked.rendition, at, asked.rendering), end="")
    return OK


def read(asked: argparse.Namespace) -> Programming:
    """The programming in the file that was named; raises `Refused` with all its mistakes."""
    edit = config.load(asked.channels)
    if isinstance(edit, Faults):
        raise Refused(str(edit))
    return edit


def plan_text(asked: argparse.Namespace, planned: plan.Plan) -> str:
    """A plan in the form that is asked for."""
    if asked.format == "json":
        return documents.encode_readable(planned).decode()
    return plan.written(planned, None if asked.all else plan.SHOWN)


def plan_of(asked: argparse.Namespace, by: Signed) -> plan.Plan:
    """What publishing a file would change."""
    return plan.plan(Station(asked.media.store()), read(asked), system_clock(), asked.days, by)
