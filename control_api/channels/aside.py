"""A report in a process of its own: `python -m control_api.channels.aside`, asked on standard input.

Simulating a year takes seconds of a whole core: done here it slows nobody, and it dies when nobody wants it any more.
"""

from __future__ import annotations

import gc
import io
import json
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from playout import config, documents
from playout.config import Faults, Programming
from playout.core.schedule import NothingToAir
from playout.documents import Corrupt
from playout.media import Place
from playout.publish import Signed
from playout.reports import check, plan, simulate
from playout.station import Station, UnknownChannel
from playout.store import StoreDown
from playout.zones import UnknownZone

DONE: Final = 0
REFUSED: Final = 3
"""The exit code where what is asked cannot be told; standard output then says why."""
_NICE: Final = 10


class Refused(Exception):
    """The report cannot be made."""


def main() -> int:
    """Make one report."""
    gc.disable()  # a library is a million values that stay, and this process ends soon
    with suppress(OSError):
        os.nice(_NICE)
    asked = json.load(sys.stdin)
    try:
        found = _REPORTS[asked["report"]](asked)
    except UnknownChannel as unknown:
        return _refused("conflict" if isinstance(unknown, simulate.Derived) else "not-found", unknown)
    except (Refused, NothingToAir, UnknownZone) as refused:
        return _refused("conflict", refused)
    except (StoreDown, Corrupt) as down:
        return _refused("unavailable", down)
    sys.stdout.write(found)
    return DONE


def _refused(kind: str, why: Exception) -> int:
    json.dump({"kind": kind, "detail": str(why)}, sys.stdout)
    return REFUSED


def _programming(asked: dict[str, Any]) -> Programming:
    edit = config.read(asked["text"], asked["where"])
    if isinstance(edit, Faults):
        raise Refused(str(edit))
    return edit


def _station(asked: dict[str, Any]) -> Station:
    return Station(Place(Path(asked["media"]), asked["bucket"]).store())


def _now(asked: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(asked["now"])


def _check(asked: dict[str, Any]) -> str:
    now = _now(asked).replace(microsecond=0)
    return check.as_json(check.check(_programming(asked), _station(asked), now, quick=asked["quick"]))


def _plan(asked: dict[str, Any]) -> str:
    by = Signed(source="file", over=asked["over"])
    planned = plan.plan(_station(asked), _programming(asked), _now(asked), asked["days"], by)
    return documents.encode(planned).decode()


def _simulate(asked: dict[str, Any]) -> str:
    station, now = _station(asked), _now(asked).replace(microsecond=0)
    start = datetime.fromisoformat(asked["start"]) if asked["start"] else None
    channel, days = asked["channel"], asked["days"]
    if asked["text"] is None:
        run = simulate.of_station(station, channel, days, start, now)
    else:
        draft = next((one for one in _programming(asked).drafts if one.id == channel), None)
        if draft is None:
            message = f"there is no channel {channel!r} in {asked['where']}"
            raise UnknownChannel(message)
        run = simulate.of_revision(station, simulate.wanted(draft, station, now), days, start)
    out = io.StringIO()
    simulate.write(run, simulate.Form(asked["form"]), out)
    return out.getvalue()


_REPORTS: Final = {"check": _check, "plan": _plan, "simulate": _simulate}

if __name__ == "__main__":
    sys.exit(main())
