"""Derived channels: a mirror of another one at another time, and a copy with other ads.

    mirror: {of: kids, offset: 1h}       an hour later; -3h for three hours earlier
    regional: {of: lighthouse}           with `ads` of its own

What airs is said by the original; a derived channel says who it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from playout.config.ads import OTHER_ADS
from playout.config.faults import mistake
from playout.config.never import TERRITORIES
from playout.config.record import Record, Said, leaf, mapping
from playout.config.settings import IDENTITY, MOST_HORIZON, SETTINGS
from playout.config.spans import DAY, MINUTE, SPAN_PATTERN, span_in, spelled
from playout.config.spelling import quoted
from playout.config.word import Key, plain
from playout.config.words import SCALAR

if TYPE_CHECKING:
    from playout.config.tree import Node

LEAD: Final = 10 * MINUTE
"""How far ahead of itself a mirror that is ahead of its original is decided: as much as a horizon usually is."""
_MOST_AHEAD: Final = MOST_HORIZON - LEAD
_MOST_BEHIND: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class Original:
    """The channel that is repeated, as it is written."""

    channel: str
    line: int
    offset: timedelta = timedelta(0)


def _name(node: Node) -> tuple[str, int]:
    return leaf(node, "the id of a channel").text, node.line


def _offset(node: Node) -> timedelta:
    written = leaf(node, "an offset").text
    sign, length = (written[0], written[1:]) if written[:1] in ("+", "-") else ("+", written)
    found = span_in(length)
    if found is None:
        raise mistake(node.line, f"{quoted(written)} is not an offset: write one like 1h, or -3h for three hours ahead")
    if not found:
        raise mistake(node.line, "an offset of 0 makes the same channel twice: write one like 1h, or -3h")
    value = found if sign == "+" else -found
    if not -_MOST_AHEAD <= value <= _MOST_BEHIND:
        most, least = spelled(_MOST_BEHIND), spelled(_MOST_AHEAD)
        raise mistake(node.line, f"{quoted(written)} is out of range: write -{least} to {most}")
    return value


_OF: Final = Key(
    "of",
    plain(_name, SCALAR),
    "The id of the channel that it repeats.",
    needed="which channel it repeats, by its id",
)
_OFFSET: Final = Key(
    "offset",
    plain(_offset, {"type": "string", "pattern": f"^[+-]?{SPAN_PATTERN}$"}),
    "How much later it airs what the other one aired; with a - in front, how much earlier.",
    examples=("1h", "-3h"),
    needed="how much later it airs, e.g. offset: 1h",
)


def _mirror(keys: Record) -> Original:
    channel, line = keys.take(_OF, ("", keys.line))
    return Original(channel, line, keys.take(_OFFSET, timedelta(0)))


def _regional(keys: Record) -> Original:
    channel, line = keys.take(_OF, ("", keys.line))
    return Original(channel, line)


MIRROR: Final = Key(
    "mirror",
    mapping("what it mirrors", (_OF, _OFFSET), _mirror),
    "It airs what another channel airs, at another time.",
    examples=({"of": "films", "offset": "1h"},),
)
REGIONAL: Final = Key(
    "regional",
    mapping("what it is a copy of", (_OF,), _regional),
    "It airs what another channel airs, at the same time, with ads of its own.",
    examples=({"of": "films"},),
)
MIRROR_KEYS: Final[tuple[Key[Any], ...]] = (MIRROR, *IDENTITY)
"""What a mirror may say, besides its number, its name and what it is like."""
REGIONAL_KEYS: Final[tuple[Key[Any], ...]] = (REGIONAL, OTHER_ADS, TERRITORIES, *IDENTITY)
"""What a regional copy may say, besides its number, its name and what it is like."""


def derived_said(keys: Record) -> Said:
    """What `keys`, which have mirror or regional, say; programming is refused with the reason."""
    regional = keys.has(REGIONAL)
    if regional and keys.has(MIRROR):
        keys.blame("a channel is a mirror or a regional copy: take one of the two out", MIRROR, REGIONAL)
    own = REGIONAL_KEYS if regional else MIRROR_KEYS
    known = {key.name for key in own}
    for key in SETTINGS:
        if key.name not in known:
            what = "a regional copy" if regional else "a mirror"
            keys.refuse(key, f"{what} takes this from its original: take {key.name} out")
    said = keys.said(own)
    if regional and keys.has(MIRROR):
        keys.take(MIRROR, None)
    return said


def too_far_ahead(original: Original, horizon: timedelta) -> str:
    """Why a mirror cannot be so far ahead of a channel with this horizon; empty when it can."""
    needed = -original.offset + LEAD
    if original.offset >= timedelta(0) or horizon >= needed:
        return ""
    whole = -(-needed // MINUTE) * MINUTE
    return (
        f"a mirror {spelled(-original.offset)} ahead needs its original decided so far ahead: give "
        f"{quoted(original.channel)} horizon: {spelled(min(whole, MOST_HORIZON))} or more"
    )
