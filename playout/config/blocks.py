"""Blocks: how a stretch of air is programmed. A channel is one, and so is each of its dayparts.

include, exclude, order, run, cooldown, position, since, a_day    its programs; or `programs`, several sources
ads, before, after, filler                                        what comes between
pad, overrun, title                                               how it fits the clock and the guide
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from playout.config.ads import ADS
from playout.config.faults import mistake
from playout.config.queries import query_for
from playout.config.sources import SOURCE_KEYS, blame_mixed, sources_of
from playout.config.spans import DAY, HOUR, MINUTE, span, spelled, ticks
from playout.config.word import Key, or_none, then
from playout.config.words import text
from playout.core.asset import Kind
from playout.core.rules import NONE, Block
from playout.core.ticks import Ticks, ticks_of

if TYPE_CHECKING:
    from playout.config.record import Record, Said

_SECOND: Final = timedelta(seconds=1)


def _whole_part_of_a_day(value: timedelta, line: int) -> Ticks:
    if DAY % value:
        raise mistake(
            line, f'"{spelled(value)}" does not divide a day: write one like 5m, 10m, 15m, 20m, 30m, 1h or 2h'
        )
    return ticks_of(value)


FILLER: Final = Key(
    "filler",
    or_none(query_for("which filler", Kind.FILLER)),
    "What fills the time to the next start, and airs when nothing matches; without it the slate.",
    examples=({"any": ["trailer"]},),
)
BEFORE: Final = Key("before", or_none(query_for("which bumpers", Kind.BUMPER)), "A bumper before each program.")
AFTER: Final = Key("after", or_none(query_for("which bumpers", Kind.BUMPER)), "A bumper after each program.")
PAD: Final = Key(
    "pad",
    or_none(then(span(MINUTE, 12 * HOUR), _whole_part_of_a_day)),
    "Programs start on multiples of this past the local hour, filled up with filler.",
    examples=("30m", "1h"),
)
OVERRUN: Final = Key(
    "overrun",
    or_none(ticks(0 * _SECOND, DAY)),
    "How far a program may run past the end of its block; without it, as far as it takes.",
    examples=("15m", "0m"),
)
TITLE: Final = Key("title", text, "What the guide calls a run of short programs; else it is the channel's name.")

BLOCK_KEYS: Final[tuple[Key[Any], ...]] = (*SOURCE_KEYS, ADS, FILLER, BEFORE, AFTER, PAD, OVERRUN, TITLE)
"""What may be said of a block."""


def block_said(keys: Record) -> Said:
    """What `keys` say of a block."""
    blame_mixed(keys)
    return keys.said(BLOCK_KEYS)


def block_of(said: Said) -> Block:
    """The block that says, or has taken, `said`; raises `Mistaken` with what does not go together."""
    return Block(
        sources=sources_of(said),
        ads=said.of(ADS, None),
        filler=said.of(FILLER, None),
        before=said.of(BEFORE, None),
        after=said.of(AFTER, None),
        pad=said.of(PAD, NONE) or NONE,
        overrun=said.of(OVERRUN, None),
        title=said.of(TITLE, ""),
    )
