"""Breaks: when they come and what fills them.

    ads: {every: 8m, pod: 60s, any: [ad]}
    ads:
      preset: film
      pod: 2m
      any: [ad]
      bumper: {in: {any: [we-will-be-back]}, out: {any: [and-now]}}

The ads are a query among the other keys. A preset gives values that the other keys override.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from playout.config.faults import mistake
from playout.config.queries import ANYTHING, ASKING, query_for, query_keys, query_of
from playout.config.record import Record, leaf, mapping, several
from playout.config.spans import DAY, HOUR, MINUTE, SECOND, SPAN_PATTERN, span_in, spelled, ticks
from playout.config.spelling import quoted
from playout.config.tree import Table
from playout.config.word import Key, Word, once, or_none, plain, then
from playout.config.words import at_least_one, choice, whole
from playout.core.asset import Kind
from playout.core.catalog import Query
from playout.core.rules import NONE, Ads, Cap, Roll
from playout.core.ticks import Ticks, span_of, ticks_of

if TYPE_CHECKING:
    from playout.config.scope import Scope
    from playout.config.tree import Node


class Preset(StrEnum):
    """The rules of the big platforms, by a word."""

    FILM = "film"
    """None in the first ten minutes or the last ten, ten minutes apart, no pre-roll (R-17)."""
    KIDS = "kids"
    """Six minutes of an hour, pods of 90 s with six ads at most, bumpers at both ends (R-16)."""
    FAST = "fast"
    """Eight minutes of an hour, pods of two minutes with six ads at most (R-16)."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What a preset says; NONE where it says nothing."""

    every: Ticks = NONE
    pod: Ticks = NONE
    most: int = 0
    load: Ticks = NONE
    after: Ticks = NONE
    before: Ticks = NONE


_PRESETS: Final = {
    Preset.FILM: _Given(every=ticks_of(10 * MINUTE), after=ticks_of(10 * MINUTE), before=ticks_of(10 * MINUTE)),
    # four pods of an hour, and what is left of it between them, in whole minutes
    Preset.KIDS: _Given(every=ticks_of(13 * MINUTE), pod=ticks_of(90 * SECOND), most=6, load=ticks_of(6 * MINUTE)),
    Preset.FAST: _Given(every=ticks_of(13 * MINUTE), pod=ticks_of(2 * MINUTE), most=6, load=ticks_of(8 * MINUTE)),
}

_CAP: Final = re.compile(r"([0-9]{1,4}) in (\S+)")


def _cap(node: Node) -> Cap:
    written = leaf(node, "a cap").text
    match = _CAP.fullmatch(" ".join(written.split()))
    within = span_in(match[2]) if match else None
    if match is None or within is None:
        raise mistake(node.line, f"{quoted(written)} is not a cap: write one like 2 in 1h, or 6 in 24h")
    if not int(match[1]) or not MINUTE <= within <= 31 * DAY:
        raise mistake(node.line, f"{quoted(written)} is out of range: write 1 or more, in {spelled(MINUTE)} to 31d")
    return Cap(int(match[1]), ticks_of(within))


_bumper: Final = query_for("which bumpers", Kind.BUMPER)
_IN: Final = Key("in", _bumper, "What opens a break.")
_OUT: Final = Key("out", _bumper, "What closes a break.")


def _ends(keys: Record) -> tuple[Query | None, Query | None]:
    return keys.take(_IN, None), keys.take(_OUT, None)


_both_ends: Final = mapping("what opens and closes a break", (_IN, _OUT), _ends, minProperties=1)


def _bumpers(node: Node, scope: Scope) -> tuple[Query | None, Query | None]:
    if isinstance(node, Table) and any(key.text in ("in", "out") for key, _ in node.entries):
        return _both_ends.read(node, scope)
    both = _bumper.read(node, scope)
    return both, both


_APART_BY: Final = ticks(SECOND, 7 * DAY)
_ADVERTISER: Final = Key("advertiser", _APART_BY, "Between two ads of one advertiser, from start to start.")
_CATEGORY: Final = Key("category", _APART_BY, "Between two ads of one category, from start to start.")


def _apart(keys: Record) -> tuple[Ticks, Ticks]:
    nothing = "apart says nothing: write apart: {advertiser: 30m, category: 10m}, or one of the two"
    keys.lack_any((_ADVERTISER, _CATEGORY), nothing)
    return keys.take(_ADVERTISER, NONE), keys.take(_CATEGORY, NONE)


PRESET: Final = Key(
    "preset",
    choice(Preset, "preset"),
    "Values after the rules of the big platforms, which the other keys override: film (none in the first or the last "
    "ten minutes, ten minutes apart), kids (6 minutes of an hour) or fast (8 minutes of an hour).",
)
EVERY: Final = Key("every", ticks(10 * SECOND, DAY), "The least time of program between two breaks.", examples=("8m",))
POD: Final = Key("pod", ticks(SECOND, 30 * MINUTE), "The length of a break that is aimed for.", examples=("60s", "2m"))
MOST: Final = Key("most", whole(1, 100, "ads", "leave it out for any number"), "How many ads a pod has at most.")
LOAD: Final = Key("load", ticks(SECOND, HOUR), "How much of a clock hour may be ads.", examples=("8m",))
ROLLS: Final = Key(
    "rolls",
    then(
        at_least_one(several(choice(Roll, "roll")), "write pre, mid or post, or ads: none"),
        lambda chosen, _: tuple(roll for roll in Roll if roll in chosen),
    ),
    "Where breaks come: before a program (pre), at its break points (mid), after it (post).",
    default=["mid", "post"],
)
AFTER: Final = Key("after", ticks(0 * SECOND, DAY), "No break inside a program before so much of it has played.")
BEFORE: Final = Key("before", ticks(0 * SECOND, DAY), "No break inside a program with less than this of it to play.")
BUMPER: Final = Key(
    "bumper",
    or_none(
        Word(_bumpers, {"anyOf": [_bumper.schema, _both_ends.schema]}, {**_bumper.defs, **_both_ends.defs}),
    ),
    "What opens and closes a break: a query for both ends, or {in: …, out: …}.",
)
APART: Final = Key(
    "apart",
    mapping("how far ads are apart", (_ADVERTISER, _CATEGORY), _apart, minProperties=1),
    "How far apart ads of one advertiser, or of one category, are at least.",
)
CAP: Final = Key(
    "cap",
    plain(_cap, {"type": "string", "pattern": f"^[0-9]{{1,4}} +in +{SPAN_PATTERN}$"}),
    "How often one ad airs at most in any stretch of a time.",
    examples=("2 in 1h", "6 in 24h"),
)

_TIMING: Final = (PRESET, EVERY, POD, LOAD, ROLLS, AFTER, BEFORE)
_KEYS: Final[tuple[Key[Any], ...]] = (*_TIMING, MOST, BUMPER, APART, CAP, *query_keys(ANYTHING))


def _ads(keys: Record) -> Ads:
    preset = keys.take(PRESET, None)
    given = _PRESETS[preset] if preset else _Given()
    if not given.every:
        keys.lack(EVERY, "how much program lies between two breaks, e.g. 8m")
    if not given.pod:
        keys.lack(POD, "how long a break is, e.g. 60s")
    opens, closes = keys.take(BUMPER, None) or (None, None)
    advertiser, category = keys.take(APART, None) or (NONE, NONE)
    ads = Ads(
        every=keys.take(EVERY, given.every),
        pod=keys.take(POD, given.pod),
        query=_which(keys),
        opens=opens,
        closes=closes,
        most=keys.take(MOST, given.most),
        load=keys.take(LOAD, given.load),
        rolls=keys.take(ROLLS, (Roll.MID, Roll.POST)),
        after=keys.take(AFTER, given.after),
        before=keys.take(BEFORE, given.before),
        advertiser=advertiser,
        category=category,
        cap=keys.take(CAP, None),
    )
    _blame_what_cannot_be(keys, ads, preset)
    return ads


def _which(keys: Record) -> Query:
    query = query_of(keys, (Kind.AD,), ANYTHING)
    if not any(keys.has(key) for key in ASKING):
        keys.blame("ads without tags: write which ones, e.g. any: [ad]")
    return query


def _blame_what_cannot_be(keys: Record, ads: Ads, preset: Preset | None) -> None:
    """Note what no break could keep to."""
    if ads.load and ads.pod > ads.load:
        keys.blame(
            f"a pod of {spelled(span_of(ads.pod))} is longer than the {spelled(span_of(ads.load))} that load allows "
            "in an hour: no break would ever air",
            POD,
            LOAD,
        )
    if Roll.MID not in ads.rolls and (keys.has(AFTER) or keys.has(BEFORE)):
        keys.blame("after and before are about breaks inside a program: write mid under rolls, too", AFTER, BEFORE)
    if preset is Preset.KIDS and not (ads.opens and ads.closes) and not keys.has(BUMPER):
        keys.blame("preset kids has a bumper at both ends of a break: write bumper: {any: […]}", PRESET)
    if preset is Preset.KIDS and keys.has(BUMPER) and not keys.faults and not (ads.opens and ads.closes):
        keys.blame("preset kids has a bumper at both ends of a break: write one query, or both in and out", BUMPER)


ADS: Final = Key(
    "ads",
    or_none(
        once(
            "ads",
            mapping("when ads air", _KEYS, _ads, anyOf=[{"required": ["every", "pod"]}, {"required": ["preset"]}]),
        )
    ),
    "When breaks come and what fills them: every, pod, and a query for the ads.",
    examples=({"every": "8m", "pod": "60s", "any": ["ad"]},),
)


@dataclass(frozen=True, slots=True)
class Other:
    """The ads of a regional copy: what is None stays as it is in the original."""

    query: Query
    bumpers: tuple[Query | None, Query | None] | None
    most: int | None
    apart: tuple[Ticks, Ticks] | None
    cap: Cap | None

    def instead_of(self, ads: Ads) -> Ads:
        """The breaks of the original, filled otherwise."""
        opens, closes = self.bumpers or (ads.opens, ads.closes)
        advertiser, category = self.apart or (ads.advertiser, ads.category)
        return replace(
            ads,
            query=self.query,
            opens=opens,
            closes=closes,
            most=ads.most if self.most is None else self.most,
            advertiser=advertiser,
            category=category,
            cap=self.cap or ads.cap,
        )


def _other(keys: Record) -> Other:
    for key in _TIMING:
        keys.refuse(key, f"a regional copy has the breaks of its original: take {key.name} out")
    return Other(
        query=_which(keys),
        bumpers=keys.take(_OTHER_BUMPER, None),
        most=keys.take(MOST, None),
        apart=keys.take(APART, None),
        cap=keys.take(CAP, None),
    )


_OTHER_BUMPER: Final = Key(
    "bumper",
    then(BUMPER.word, lambda ends, _: ends or (None, None)),
    "What opens and closes a break; the original's when it is not said.",
)
OTHER_ADS: Final = Key(
    "ads",
    mapping("which ads it has", (MOST, _OTHER_BUMPER, APART, CAP, *query_keys(ANYTHING)), _other),
    "Which ads it has in place of the original's.",
    examples=({"any": ["ad-fr"]},),
    needed="which ads it has in place of the original's, e.g. ads: {any: [ad-fr]}",
)
