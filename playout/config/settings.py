"""The settings of a channel, and where it takes them from.

A channel takes what it does not say from the templates that it is `like`, of which later ones win, and those from
`defaults`. A setting is replaced whole, never mixed; of the dayparts, each is a setting of its own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from playout.config import dayparts
from playout.config.blocks import BLOCK_KEYS, block_said
from playout.config.dayparts import DAYPARTS
from playout.config.faults import Fault, Mistaken, mistake
from playout.config.never import NEVER_KEYS
from playout.config.places import languages, subtitles, zone
from playout.config.record import Found, Record, Said, each, leaf, record, salvaged
from playout.config.scope import deeper
from playout.config.sources import inherited
from playout.config.spans import DAY, SECOND, span
from playout.config.spelling import quoted
from playout.config.word import Key, Schema, Word, keyed, named_by, or_none, plain
from playout.config.words import (
    NAME_SCHEMA,
    SCALAR,
    choice,
    name,
    named,
    number,
    one_name,
    required_text,
    text,
    url,
    whole,
)
from playout.core.channel import Access
from playout.core.house import HOUSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from playout.config.scope import Scope
    from playout.config.tree import Leaf, Node

LEAST_WINDOW: Final = 6
"""Segments in the shortest live playlist (H-21). Six full ones play for over 22 s, which is well beyond three
times TARGETDURATION in every house; where short ones lie in the window, the window counts seconds as well."""
MOST_WINDOW: Final = 1000
"""Segments in the longest one, over an hour: earlier is reached by catch-up, not by a longer playlist."""
LEAST_HORIZON: Final = 10 * SECOND
MOST_HORIZON: Final = DAY

HOUSE: Final = Key(
    "house",
    named(list(HOUSES), "house"),
    "The format its assets are packaged in; a channel keeps its house for life.",
    default="hd30",
)
GROUP: Final = Key("group", text, "The group in players' channel lists.")
DESCRIPTION: Final = Key("description", text, "What people read about the channel.")
LOGO: Final = Key("logo", or_none(url), "The address of a picture; without one it is drawn from the name.")
LANGUAGES: Final = Key(
    "languages", languages, "Sound tracks (BCP 47), the default one first.", default=["en"], examples=(["en", "pt-BR"],)
)
SUBTITLES: Final = Key("subtitles", subtitles, "Languages of subtitles (BCP 47).", default=[])
ACCESS: Final = Key(
    "access",
    choice(Access, "access"),
    "Who may play it: open, signed for those whom the API gave an address with a token, or premium: the same, and the "
    "API gives one to those alone whose plan includes what is premium.",
    default="open",
)
AGES: Final = Key(
    "ages",
    or_none(whole(0, 18, "years", "nothing is for older people than adults")),
    "From which age on all that it airs may be seen, in years. A profile with a ceiling is shown the channels that say "
    "no more than that; one that says nothing is not for them.",
    examples=(0, 12),
)
WINDOW: Final = Key(
    "window",
    whole(LEAST_WINDOW, MOST_WINDOW, "segments", "players need six, and catch-up reaches further back"),
    "Segments of about 4 s in the live playlist: how far a viewer can rewind.",
    default=30,
)
ZONE: Final = Key(
    "zone",
    zone,
    "The time zone (IANA) its day is planned in.",
    default="UTC",
    examples=("Europe/Paris", "America/New_York"),
)
HORIZON: Final = Key(
    "horizon", span(LEAST_HORIZON, MOST_HORIZON), "How far ahead of air the schedule is fixed.", default="10m"
)

IDENTITY: Final[tuple[Key[Any], ...]] = (GROUP, DESCRIPTION, LOGO, LANGUAGES, SUBTITLES, ACCESS, AGES)
"""The settings that say who a channel is, and not what it airs."""
SETTINGS: Final[tuple[Key[Any], ...]] = (HOUSE, *IDENTITY, WINDOW, ZONE, HORIZON, *NEVER_KEYS, *BLOCK_KEYS, DAYPARTS)
"""All that a channel may take from elsewhere."""


def settings_said(keys: Record) -> Said:
    """The settings that `keys` say."""
    channel = tuple(key for key in SETTINGS if key not in BLOCK_KEYS)
    return block_said(keys).over(keys.said(channel))


def settled(inner: Said, outer: Said) -> Said:
    """The settings of `inner`, and what it takes from `outer`."""
    said = inherited(inner, outer)
    mine, others = inner.of(DAYPARTS, None), outer.of(DAYPARTS, None)
    return said.put(DAYPARTS, dayparts.joined(mine, others)) if mine and others else said


def like(named: Callable[[Leaf], Said]) -> Key[Said]:
    """The key by which settings are taken from templates, which `named` finds."""

    def read(node: Node) -> Said:
        said = Said()
        for template in each(node, lambda one: named(leaf(one, "the name of a template"))):
            said = settled(template, said)
        return said

    one: Schema = {**SCALAR, **NAME_SCHEMA}
    return Key(
        "like",
        plain(read, {"anyOf": [one, {"type": "array", "items": one}]}),
        "The template, or the templates, from which it takes what it does not say; later ones win.",
    )


def no_template(name: Leaf) -> Said:
    """What a template is when the file has none."""
    raise mistake(name.line, f'unknown template {quoted(name.text)}, there are none under "templates"')


_OWN: Final[tuple[Key[Any], ...]] = (
    Key("number", plain(number, {}), ""),
    Key("name", required_text, ""),
)


def _refuse_own(keys: Record, where: str) -> None:
    for key in _OWN:
        keys.refuse(key, f"a {key.name} belongs to one channel: take it out of {where}")


def _defaults(node: Node, scope: Scope) -> Found[Said]:
    with salvaged(node, "a mapping of settings", scope) as keys:
        _refuse_own(keys, '"defaults"')
        said = settings_said(keys)
    return Found(said, tuple(keys.faults))


defaults: Final = Word(_defaults, keyed(SETTINGS), named_by(SETTINGS))
"""The settings that every channel takes which does not say otherwise."""


class Templates:
    """The settings that have a name; read when they are asked for, once."""

    def __init__(self, entries: dict[str, tuple[Leaf, Node]], scope: Scope) -> None:
        self._entries: Final = entries
        self._scope: Final = scope
        self._found: Final[dict[str, Said]] = {}
        self._open: Final[list[str]] = []
        self.faults: Final[list[Fault]] = []
        """What is wrong in the templates that were read."""

    def named(self, key: Leaf) -> Said:
        """The settings of the template `key`, with those of the templates that it is like.

        Raises `Mistaken` when there is no such template. Of one with mistakes, what can be read.
        """
        if not self._entries:
            no_template(key)
        if key.text not in self._entries:
            one_name(key, self._entries, "template")
        if key.text in self._open:
            path = [*self._open[self._open.index(key.text) :], key.text]
            raise mistake(key.line, f"{quoted(key.text)} is like itself: {' → '.join(path)}")
        if key.text not in self._found:
            deeper(key, self._open)
            self._found[key.text] = self._read(key.text)
        return self._found[key.text]

    def _read(self, key: str) -> Said:
        written, node = self._entries[key]
        said = Said()
        self._open.append(key)
        try:
            with record(node, "a mapping of settings", self._scope, written.line) as keys:
                _refuse_own(keys, "the template")
                said = settled(settings_said(keys), keys.take(like(self.named), Said()))
        except Mistaken as error:
            self.faults.extend(error.faults)
        self._open.pop()
        return said


def _templates(node: Node, scope: Scope) -> Found[Templates]:
    with salvaged(node, "a mapping of settings by name", scope) as keys:
        written = tuple(keys.entries("write the settings that channels may take from it"))
        found = Templates({key.text: (key, value) for key, value in written}, scope)
        for key, _ in written:
            keys.check(partial(name, key))
            keys.check(partial(found.named, key))
    return Found(found, (*keys.faults, *found.faults))


templates: Final = Word(
    _templates,
    {
        "type": "object",
        "propertyNames": NAME_SCHEMA,
        "additionalProperties": keyed((like(no_template), *SETTINGS)),
    },
    named_by(SETTINGS),
)
"""Settings by name."""
