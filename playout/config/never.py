"""What a channel does not do, where it is seen, and what it does when the clocks change.

territories: [US, CA]
clock_change: {missing: next, twice: first}
never:
repeat: 24h
group: films
apart: 6h
watershed: [{rating: [R, TV-MA], only: 21:00-05:00}]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from playout.config.places import territories
from playout.config.ratings import rating
from playout.config.record import Record, mapping, several
from playout.config.spans import DAY, MINUTE, hours_of_day, ticks
from playout.config.tree import Row, Table
from playout.config.word import Key, Word, or_none, then
from playout.config.words import at_least_one, choice, given_name
from playout.core.rules import NONE, Watershed
from playout.core.ticks import Ticks
from playout.core.wall import ClockChange, Missing, Twice

if TYPE_CHECKING:
    from playout.config.scope import Scope
    from playout.config.tree import Node

_RATING: Final = Key(
    "rating",
    then(
        at_least_one(several(rating), "write one rating at least, e.g. [R]"),
        lambda found, _: tuple(sorted(set(found))),
    ),
    "Programs of these ratings; unrated for those that have none.",
    examples=(["R", "TV-MA"],),
    needed="which programs, e.g. rating: [R]",
)
_ONLY: Final = Key(
    "only",
    hours_of_day,
    "The hours of the local day in which they may air.",
    examples=("21:00-05:00",),
    needed="when they may air, e.g. only: 21:00-05:00",
)


def _watershed(keys: Record) -> Watershed:
    start, stop = keys.take(_ONLY, (0, 0))
    return Watershed(keys.take(_RATING, ()), start, stop)


_one_watershed: Final = mapping("a watershed", (_RATING, _ONLY), _watershed)


def _watersheds(node: Node, scope: Scope) -> tuple[Watershed, ...]:
    listed = Row(node.line, (node,)) if isinstance(node, Table) else node
    found = several(_one_watershed).read(listed, scope)
    return tuple(sorted(set(found), key=repr))


@dataclass(frozen=True, slots=True)
class Refused:
    """What a channel says it never does."""

    repeat: Ticks
    group: str
    apart: Ticks
    watersheds: tuple[Watershed, ...]
    line: int
    """Where its group is written."""


REPEAT: Final = Key(
    "repeat", ticks(MINUTE, 366 * DAY), "No title again within so long on this channel.", examples=("24h", "14d")
)
_GROUP: Final = Key("group", given_name, "The channels with the same word here keep their titles apart.")
_APART: Final = Key(
    "apart", ticks(MINUTE, 31 * DAY), "No title within so long on any channel of the group.", examples=("6h",)
)
_WATERSHED: Final = Key(
    "watershed",
    Word(_watersheds, several(_one_watershed).schema, _one_watershed.defs),
    "Ratings that air only within some hours of the day.",
    examples=([{"rating": ["R", "TV-MA"], "only": "21:00-05:00"}],),
)


def _refused(keys: Record) -> Refused:
    if keys.has(_GROUP):
        keys.lack(_APART, "how long titles stay apart within the group, e.g. apart: 6h")
    if keys.has(_APART):
        keys.lack(_GROUP, "which channels keep their titles apart, e.g. group: films in each of them")
    return Refused(
        repeat=keys.take(REPEAT, NONE),
        group=keys.take(_GROUP, ""),
        apart=keys.take(_APART, NONE),
        watersheds=keys.take(_WATERSHED, ()),
        line=keys.line_of(_GROUP),
    )


NEVER: Final = Key(
    "never",
    or_none(
        mapping(
            "what it never does",
            (REPEAT, _GROUP, _APART, _WATERSHED),
            _refused,
            dependentRequired={"group": ["apart"], "apart": ["group"]},
        )
    ),
    "What the channel does not do: repeat a title too soon, come too close to another channel, break a watershed.",
)
TERRITORIES: Final = Key(
    "territories",
    or_none(territories),
    "Where the channel is seen (ISO 3166-1): it airs what there are rights for in all of these.",
    examples=(["US", "CA"],),
)

_MISSING: Final = Key(
    "missing",
    choice(Missing, "policy"),
    "What a time means that the clocks leave out in spring: next (the instant of the change), shift (an hour later) or "
    "skip (it is left out).",
    default="next",
)
_TWICE: Final = Key(
    "twice",
    choice(Twice, "policy"),
    "What a time means that comes twice in autumn: first, second or both.",
    default="first",
)
CLOCK_CHANGE: Final = Key(
    "clock_change",
    mapping(
        "what it does when the clocks change",
        (_MISSING, _TWICE),
        lambda keys: ClockChange(keys.take(_MISSING, Missing.NEXT), keys.take(_TWICE, Twice.FIRST)),
    ),
    "What the channel does on the two odd days of the year.",
)
NEVER_KEYS: Final[tuple[Key[Any], ...]] = (NEVER, TERRITORIES, CLOCK_CHANGE)
"""What may be said of what a channel does not do."""
