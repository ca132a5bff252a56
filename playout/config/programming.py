"""channels.yaml: what people write, read into what is published.

Law: pure. The same text gives the same programming or the same faults, and every fault at once.

A channel may take any of its settings from `defaults`; a setting is replaced whole, never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from playout.config.faults import Faults, Mistaken, mistake
from playout.config.record import Record, each, one_of, quoted, record
from playout.config.tree import Leaf, Node, Table, tree
from playout.config.words import (
    channel_id,
    choice,
    language,
    named,
    number,
    required_text,
    span,
    tag,
    text,
    url,
    whole,
    zone,
)
from playout.core.asset import PROGRAM_KINDS, Kind
from playout.core.catalog import Query
from playout.core.channel import Ads, Channel, Order, Rules
from playout.core.house import DEFAULT_HOUSE, HOUSES
from playout.core.ticks import ticks_of

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")

VERSION: Final = "1"
"""The version of the language that is read here."""

LEAST_WINDOW: Final = 6
"""Segments in the shortest live playlist (H-21). Six full ones play for over 22 s, which is well beyond three
times TARGETDURATION in every house; where short ones lie in the window, the window counts seconds as well."""
MOST_WINDOW: Final = 1000
"""Segments in the longest one, over an hour: earlier is reached by catch-up, not by a longer playlist."""

_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_PROGRAMS: Final = tuple(kind for kind in Kind if kind in PROGRAM_KINDS)
_BREAKS: Final = tuple(kind for kind in Kind if kind is not Kind.SLATE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A channel as people want it: all of a revision but what publishing adds."""

    id: str
    number: str
    name: str
    house: str
    languages: tuple[str, ...]
    subtitles: tuple[str, ...]
    window: int
    group: str
    description: str
    logo: str
    zone: str
    rules: Rules
    horizon: timedelta
    line: int = field(default=0, compare=False)
    """Where it stands in the file; 0 when it comes from elsewhere."""

    def channel(self, genesis: datetime) -> Channel:
        """The channel, once it is known when it began."""
        return Channel(
            id=self.id,
            number=self.number,
            name=self.name,
            house=self.house,
            genesis=genesis,
            languages=self.languages,
            subtitles=self.subtitles,
            window=self.window,
            group=self.group,
            description=self.description,
            logo=self.logo,
            zone=self.zone,
        )


@dataclass(frozen=True, slots=True)
class Programming:
    """All channels that shall be on air."""

    drafts: tuple[Draft, ...]
    """In the order of the file."""
    where: str = ""
    """The file's name, for messages."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a channel may take from `defaults`."""

    house: str = DEFAULT_HOUSE
    group: str = ""
    description: str = ""
    logo: str = ""
    languages: tuple[str, ...] = ("en",)
    subtitles: tuple[str, ...] = ()
    window: int = 30
    zone: str = "UTC"
    horizon: timedelta = timedelta(minutes=10)
    include: Query | None = None
    exclude: Query | None = None
    order: Order = Order.SHUFFLE
    ads: Ads | None = None
    filler: Query | None = None


def read(written: str, where: str) -> Programming | Faults:
    """The programming that `written`, the text of the file called `where`, asks for; or all its mistakes."""
    try:
        return Programming(_top(tree(written)), where)
    except Mistaken as error:
        return Faults(where, tuple(sorted(set(error.faults))))


def _top(node: Node) -> tuple[Draft, ...]:
    if not isinstance(node, Table):
        raise mistake(node.line, 'the file is not a mapping: it begins with "version: 1" and then "channels:"')
    with record(node, "a file") as keys:
        keys.need("version", _version, None, f"write version: {VERSION} at the top")
        common = keys.take("defaults", _defaults, Settings())
        empty: tuple[Draft, ...] = ()
        hint = "below it stand the channels, by id"
        return keys.need("channels", lambda table: _channels(table, common), empty, hint)


def _version(node: Node) -> None:
    if not isinstance(node, Leaf) or node.text != VERSION:
        found = quoted(node.text) if isinstance(node, Leaf) else "this"
        raise mistake(node.line, f"{found} is not a version that this Fastline reads: write version: {VERSION}")


def _defaults(node: Node) -> Settings:
    with record(node, "a mapping of settings") as keys:
        for own in ("number", "name"):
            keys.refuse(own, f'a {own} belongs to one channel: take it out of "defaults"')
        return settings(keys, Settings())


def _channels(node: Node, common: Settings) -> tuple[Draft, ...]:
    drafts: list[Draft] = []
    numbers = _Numbers()
    with record(node, "a mapping of channels by id") as keys:
        for key, value in keys.entries():
            try:
                drafts.append(_channel(key, value, common, numbers))
            except Mistaken as error:
                keys.faults.extend(error.faults)
    return tuple(drafts)


class _Numbers:
    """The channel numbers that are taken; a channel's other mistakes do not free its number."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[str, int]] = {}

    def of(self, channel: str) -> Callable[[Node], str]:
        """Reads the number of `channel`."""

        def read(node: Node) -> str:
            wanted = number(node)
            holder, line = self.taken.setdefault(wanted, (channel, node.line))
            if holder != channel:
                raise mistake(node.line, f'number {wanted} is taken by "{holder}" in line {line}: choose another one')
            return wanted

        return read


def _channel(key: Leaf, node: Node, common: Settings, numbers: _Numbers) -> Draft:
    """The channel that stands under `key`; a bad id does not hide the mistakes below it."""
    if isinstance(node, Leaf) and node.missing:
        raise mistake(key.line, f"nothing stands below {quoted(key.text)}: a channel has a number, a name and include")
    with record(node, "a channel", key.line) as keys:
        keys.check(lambda: channel_id(key))
        its_number = keys.need("number", numbers.of(key.text), "", "what people type to tune in, e.g. 7")
        its_name = keys.need("name", required_text, "", "what people read in the guide")
        its = settings(keys, common)
        if its.include is None and not keys.has("include"):
            keys.blame('missing key "include": which programs it airs, e.g. include: {any: [film]}')
    return Draft(
        id=key.text,
        number=its_number,
        name=its_name,
        house=its.house,
        languages=its.languages,
        subtitles=its.subtitles,
        window=its.window,
        group=its.group,
        description=its.description,
        logo=its.logo,
        zone=its.zone,
        rules=Rules(its.include or Query(), its.exclude, its.order, its.ads, its.filler),
        horizon=its.horizon,
        line=key.line,
    )


_window = whole(LEAST_WINDOW, MOST_WINDOW, "segments", "players need six, and catch-up reaches further back")
_horizon = span(10 * _SECOND, _DAY)


def settings(keys: Record, common: Settings) -> Settings:
    """All the settings of a channel; those that it does not have are `common`."""
    return Settings(
        house=keys.take("house", named(list(HOUSES), "house"), common.house),
        group=keys.take("group", text, common.group),
        description=keys.take("description", text, common.description),
        logo=keys.take("logo", url, common.logo),
        languages=keys.take("languages", _languages, common.languages),
        subtitles=keys.take("subtitles", _subtitles, common.subtitles),
        window=keys.take("window", _window, common.window),
        zone=keys.take("zone", zone, common.zone),
        horizon=keys.take("horizon", _horizon, common.horizon),
        include=keys.take("include", _include, common.include),
        exclude=keys.take("exclude", _or_none(_exclude), common.exclude),
        order=keys.take("order", choice(Order, "order"), common.order),
        ads=keys.take("ads", _or_none(_ads), common.ads),
        filler=keys.take("filler", _or_none(_query_for(Kind.FILLER)), common.filler),
    )


def _or_none(read: Callable[[Node], Value]) -> Callable[[Node], Value | None]:
    """Reads the word `none`, which undoes what `defaults` say, or else a value."""

    def read_or_none(node: Node) -> Value | None:
        if isinstance(node, Leaf) and not node.quoted and node.text in ("none", "null", "~"):
            return None
        return read(node)

    return read_or_none


def _languages(node: Node) -> tuple[str, ...]:
    tags = _subtitles(node)
    if not tags:
        raise mistake(node.line, "the list is empty: write one language at least, e.g. [en]")
    return tags


def _subtitles(node: Node) -> tuple[str, ...]:
    tags = each(node, language)
    twice = next((tag for tag in tags if tags.count(tag) > 1), None)
    if twice is not None:
        raise mistake(node.line, f"{quoted(twice)} is in the list twice: take one out")
    return tags


def _include(node: Node) -> Query:
    with record(node, "what to air") as keys:
        return _query(keys, _PROGRAMS, _PROGRAMS)


def _exclude(node: Node) -> Query:
    with record(node, "what not to air") as keys:
        query = _query(keys, (), _PROGRAMS)
        if query.empty and not keys.faults:
            keys.blame("exclude asks for nothing in particular, so nothing would air: write tags, or exclude: none")
    return query


def _ads(node: Node) -> Ads:
    with record(node, "when ads air") as keys:
        every = keys.need("every", span(10 * _SECOND, _DAY), _DAY, "how much program lies between two breaks, e.g. 8m")
        pod = keys.need("pod", span(_SECOND, _DAY / 48), _DAY, "how long a break is, e.g. 60s")
        query = _query(keys, (Kind.AD,), _BREAKS)
        bumper = keys.take("bumper", _or_none(_query_for(Kind.BUMPER)), None)
        if not (keys.has("any") or keys.has("all")):
            keys.blame("ads without tags: write which ones, e.g. any: [ad]")
    return Ads(ticks_of(every), ticks_of(pod), query, bumper)


def _query_for(kind: Kind) -> Callable[[Node], Query]:
    """Reads a query that means assets of `kind` unless it says otherwise."""

    def read(node: Node) -> Query:
        with record(node, "which assets") as keys:
            return _query(keys, (kind,), _BREAKS)

    return read


def _query(keys: Record, otherwise: tuple[Kind, ...], allowed: tuple[Kind, ...]) -> Query:
    """The query in `keys`. Tags and kinds are put in order: how they were written makes no revision."""
    query = Query(
        any=keys.take("any", _tags, ()),
        all=keys.take("all", _tags, ()),
        none=keys.take("none", _tags, ()),
        kind=keys.take("kind", _kinds(allowed), otherwise),
    )
    refused = {tag.casefold() for tag in query.none}
    never = next((tag for tag in query.all if tag.casefold() in refused), None)
    if never is None and query.any and all(tag.casefold() in refused for tag in query.any):
        never = query.any[0]
    if never is not None:
        keys.blame(f'{quoted(never)} is both asked for and under "none": nothing can match', "none")
    return query


def _tags(node: Node) -> tuple[str, ...]:
    return tuple(sorted({written.casefold() for written in each(node, tag)}))


def _kinds(allowed: tuple[Kind, ...]) -> Callable[[Node], tuple[Kind, ...]]:
    """Reads kinds; those that are known but not `allowed` here are refused with the reason."""

    def one(node: Node) -> Kind:
        kind = choice(Kind, "kind")(node)
        if kind not in allowed:
            words = one_of(str(kind) for kind in allowed)
            raise mistake(node.line, f"kind {quoted(kind)} does not belong here: write {words}")
        return kind

    def read(node: Node) -> tuple[Kind, ...]:
        chosen = each(node, one)
        return tuple(kind for kind in allowed if kind in chosen)

    return read
