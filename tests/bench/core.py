"""The pure core: one playlist, one year."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from figures import Figure, best_of, middle_of
from library import BORN, HOUSE, library, revision

from playout.core.airing import Tail
from playout.core.asset import Kind
from playout.core.catalog import Query
from playout.core.manifest import Rendering, Scene, live
from playout.core.playlog import Log
from playout.core.rules import Rules, Source
from playout.core.schedule import ahead
from playout.core.ticks import TIMEBASE
from playout.core.window import stretches

YEAR = 365 * 86400 * TIMEBASE


def year() -> Figure:
    """Extending one channel's log by a year of air: about 15 000 turns, 237 000 airings."""
    catalog = library()
    everything = revision(0, "c", BORN)
    block = replace(everything.rules.block, sources=(Source((Query(kind=(Kind.MOVIE,)),)),))
    whole = replace(everything, rules=Rules(block))

    def extend() -> None:
        for turn in ahead((whole,), lambda _: catalog, Tail()):
            if turn.end > YEAR:
                return

    seconds = best_of(3, extend)
    return Figure("extending a log by a year", f"{seconds:.2f} s", "≤ 2 s", seconds <= 2, "9000 films, breaks, ads")


def playlist() -> Figure:
    """Making one media playlist of 30 segments, from the edge to the text, with nothing remembered."""
    catalog = library()
    revised = revision(0, "c", BORN)
    log = Log.of(islice(ahead((revised,), lambda _: catalog, Tail()), 6))
    scene = Scene(revised.channel, HOUSE, catalog.kits[0], catalog.item)
    edge = log.turns[0].airings[1].first_msn + 10  # the window spans a seam

    def make() -> str:
        return live(scene, Rendering.CMAF, "v720", stretches(log, catalog.item, edge - 29, edge), log.turns)

    make()
    micros = middle_of(2001, make) * 1e6
    return Figure("an uncached media playlist", f"{micros:.0f} µs", "≤ 100 µs", micros <= 100, "30 segments, a seam")
