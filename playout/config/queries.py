"""Queries: which assets are meant.

A query is a mapping whose keys narrow it down; or the name of a saved one (`collections`); or a list of those,
of which any will do:

    include: {any: [film], genre: [noir], year: 1940..1959}
    include: noir
    include: [noir, {series: [The Lighthouse]}]

Law: how it was written makes no revision. Words are folded and put in order, but for `listed`, whose order counts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from playout.config.faults import mistake
from playout.config.places import language
from playout.config.ratings import rating
from playout.config.record import Record, each, leaf, mapping, several
from playout.config.spans import DAY, HOUR, lengths, ticks, years
from playout.config.spelling import one_of, quoted
from playout.config.tree import Node, Row, Table
from playout.config.word import Key, Schema, Word, once, plain, then
from playout.config.words import NAME_SCHEMA, SCALAR, at_least_one, choice, flag, folded, tag, title_of, unique
from playout.core.asset import PROGRAM_KINDS, Kind
from playout.core.catalog import Query
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playout.config.scope import Scope

PROGRAMS: Final = tuple(kind for kind in Kind if kind in PROGRAM_KINDS)
"""The kinds that are programs."""
AIRED: Final = (*PROGRAMS, Kind.AD)
"""The kinds that may air as programs: ads where they are asked for by their kind, as paid programming is."""
ANYTHING: Final = tuple(kind for kind in Kind if kind is not Kind.SLATE)
"""The kinds that people may ask for."""

_NO_TIME: Final = Ticks(0)
_tags: Final = folded(several(tag))


def _saved(node: Node, scope: Scope) -> tuple[Query, ...]:
    return _in_order(query for found in each(node, lambda name: _named(name, scope)) for query in found)


def _named(node: Node, scope: Scope) -> tuple[Query, ...]:
    return scope.collection(leaf(node, "the name of a collection"))


_name_schema: Final[Schema] = {**SCALAR, **NAME_SCHEMA}

ANY: Final = Key("any", _tags, "At least one of these tags.", examples=(["film"],))
ALL: Final = Key("all", _tags, "Every one of these tags.")
NONE: Final = Key("none", _tags, "Not one of these tags.")
SERIES: Final = Key("series", folded(several(title_of("a series"))), "Of one of these series.")
GENRE: Final = Key("genre", folded(several(title_of("a genre"))), "Of one of these genres.")
RATING: Final = Key(
    "rating", folded(several(rating)), "One of these ratings; unrated for those that have none.", examples=(["PG"],)
)
LANGUAGE: Final = Key(
    "language", folded(several(language)), "The main sound is in one of these languages (BCP 47).", examples=(["en"],)
)
YEAR: Final = Key("year", years, "The years in which it came out.", examples=(1949, "1940..1959", "..1959", "1960.."))
DURATION: Final = Key("duration", lengths, "How long it is.", examples=("..12m", "20m..45m", "60m.."))
ADDED: Final = Key(
    "added",
    ticks(HOUR, 3650 * DAY),
    "Came into the library within so much time before the day on which it would air.",
    examples=("14d", "8w"),
)
ON_THIS_DAY: Final = Key("on_this_day", flag, "Came out on the day of the year on which it would air.")
LISTED: Final = Key(
    "listed",
    then(
        at_least_one(unique(several(title_of("a title"))), 'write one title at least, e.g. ["Night Train"]'),
        lambda names, _: tuple(name.casefold() for name in names),
    ),
    "One of these: titles, asset ids or other names (imdb:…). With order: listed they air in this order.",
    examples=(["It's a Wonderful Life", "imdb:tt0041959"],),
)
COLLECTION: Final = Key(
    "collection",
    Word(_saved, several(plain(lambda _: "", _name_schema)).schema),
    "Meant by one of these saved queries, too.",
    examples=(["noir"],),
)

ASKING: Final[tuple[Key[Any], ...]] = (
    ANY, ALL, SERIES, GENRE, RATING, LANGUAGE, YEAR, DURATION, ADDED, ON_THIS_DAY, LISTED, COLLECTION,
)  # fmt: skip
"""The keys by which a query asks for something in particular."""


def kinds(allowed: tuple[Kind, ...]) -> Key[tuple[Kind, ...]]:
    """The key for kinds; those that are known but not `allowed` here are refused with the reason."""

    def check(kind: Kind, line: int) -> Kind:
        if kind not in allowed:
            words = one_of(str(kind) for kind in allowed)
            raise mistake(line, f"kind {quoted(kind)} does not belong here: write {words}")
        return kind

    one = replace(then(choice(Kind, "kind"), check), schema={"enum": [str(kind) for kind in allowed]})
    in_order = then(several(one), lambda chosen, _: tuple(kind for kind in Kind if kind in chosen))
    return Key("kind", in_order, "One of these kinds.")


def query_keys(allowed: tuple[Kind, ...]) -> tuple[Key[Any], ...]:
    """The keys of a query for assets of the `allowed` kinds."""
    return (*ASKING[:2], NONE, kinds(allowed), *ASKING[2:])


def query_of(keys: Record, otherwise: tuple[Kind, ...], allowed: tuple[Kind, ...]) -> Query:
    """The query that `keys` say; of kind `otherwise` when they do not say which."""
    query = Query(
        any=keys.take(ANY, ()),
        all=keys.take(ALL, ()),
        none=keys.take(NONE, ()),
        kind=keys.take(kinds(allowed), otherwise),
        series=keys.take(SERIES, ()),
        genre=keys.take(GENRE, ()),
        rating=keys.take(RATING, ()),
        language=keys.take(LANGUAGE, ()),
        year=keys.take(YEAR, None),
        duration=keys.take(DURATION, None),
        added=keys.take(ADDED, _NO_TIME),
        on_this_day=keys.take(ON_THIS_DAY, False),
        listed=keys.take(LISTED, ()),
        within=keys.take(COLLECTION, ()),
    )
    _blame_what_never_matches(keys, query, allowed)
    return query


def _blame_what_never_matches(keys: Record, query: Query, allowed: tuple[Kind, ...]) -> None:
    never = next((tag for tag in query.all if tag in query.none), None)
    if never is None and query.any and all(tag in query.none for tag in query.any):
        never = query.any[0]
    if never is not None:
        keys.blame(f'{quoted(never)} is both asked for and under "none": nothing can match', NONE)
    if query.within and not any(_common(query.kind, one.kind) for one in query.within):
        keys.blame(_no_such_kind(query.within, query.kind or allowed), COLLECTION)


def _common(wanted: tuple[Kind, ...], offered: tuple[Kind, ...]) -> bool:
    return not wanted or not offered or bool(set(wanted) & set(offered))


def _no_such_kind(found: Iterable[Query], wanted: tuple[Kind, ...]) -> str:
    have = [kind for kind in Kind if any(kind in query.kind for query in found)]
    return (
        f"the collection is of kind {one_of(map(str, have))}, and here it is {one_of(map(str, wanted))} that is "
        "wanted: nothing can match"
    )


def queries(what: str, otherwise: tuple[Kind, ...], allowed: tuple[Kind, ...]) -> Word[tuple[Query, ...]]:
    """Queries of which any will do, for assets of kind `otherwise` unless they say which of the `allowed` ones."""
    one = mapping(what, query_keys(allowed), lambda keys: query_of(keys, otherwise, allowed))

    def read(node: Node, scope: Scope) -> tuple[Query, ...]:
        if isinstance(node, Row):
            if not node.items:
                raise mistake(node.line, "the list is empty: write one query at least, e.g. [{any: [film]}]")
            return _in_order(query for found in each(node, lambda item: alone(item, scope)) for query in found)
        return alone(node, scope)

    def alone(node: Node, scope: Scope) -> tuple[Query, ...]:
        if isinstance(node, Table):
            return (one.read(node, scope),)
        if isinstance(node, Row):
            raise mistake(node.line, "a query or the name of a collection is expected here, and this is a list")
        return _fitting(scope.collection(node), otherwise, allowed, node.line)

    name = {PROGRAMS: "programs", AIRED: "aired"}.get(allowed, "assets")
    written: Schema = {"anyOf": [_name_schema, one.schema]}
    said: Schema = {"anyOf": [_name_schema, one.schema, {"type": "array", "items": written, "minItems": 1}]}
    return once(name, Word(read, said, one.defs))


def _fitting(
    found: tuple[Query, ...], otherwise: tuple[Kind, ...], allowed: tuple[Kind, ...], line: int
) -> tuple[Query, ...]:
    """The queries of a collection, as far as they are for the `allowed` kinds."""
    fitting = tuple(_of_kind(query, otherwise, allowed) for query in found if _common(allowed, query.kind))
    if not fitting:
        raise mistake(line, _no_such_kind(found, otherwise or allowed))
    return fitting


def _of_kind(query: Query, otherwise: tuple[Kind, ...], allowed: tuple[Kind, ...]) -> Query:
    """The query for the kinds that belong here; where programs air, ads among them stay where they are said alone."""
    fitting = tuple(kind for kind in query.kind if kind in allowed)
    programs = tuple(kind for kind in fitting if kind in PROGRAMS) if allowed == AIRED else ()
    return replace(query, kind=programs or fitting or otherwise)


def _in_order(found: Iterable[Query]) -> tuple[Query, ...]:
    """The same queries, each once; in an order of their own, unless they list what airs in theirs."""
    each_once = tuple(dict.fromkeys(found))
    return each_once if any(query.listed for query in each_once) else tuple(sorted(each_once, key=repr))


def joined(found: tuple[Query, ...]) -> Query:
    """One query for what any of them means."""
    return found[0] if len(found) == 1 else Query(within=found)


def query_for(what: str, kind: Kind) -> Word[Query]:
    """One query, for assets of `kind` unless it says otherwise."""
    return then(queries(what, (kind,), ANYTHING), lambda found, _: joined(found))
