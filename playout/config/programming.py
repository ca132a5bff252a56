"""channels.yaml: what people write, read into what is published.

Law: pure. The same text gives the same programming or the same faults, and every fault at once.

    version: 1
    defaults: what every channel takes that does not say otherwise
    collections, holidays, templates: queries, dates and settings that have a name
    channels: by id
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from playout.config.channels import Shared, channels
from playout.config.days import holidays
from playout.config.draft import Draft, Programming
from playout.config.faults import Faults, Mistaken, mistake
from playout.config.record import Record, Said, record
from playout.config.saved import collections
from playout.config.scope import Scope
from playout.config.settings import LEAST_WINDOW, MOST_WINDOW, defaults, templates
from playout.config.spelling import quoted
from playout.config.tree import Leaf, Node, Table, tree
from playout.config.word import Key, plain

__all__ = ["LEAST_WINDOW", "MOST_WINDOW", "TOP", "VERSION", "Draft", "Programming", "read"]


VERSION: Final = "1"
"""The version of the language that is read here."""


def _version(node: Node) -> None:
    if not isinstance(node, Leaf) or node.text != VERSION:
        found = quoted(node.text) if isinstance(node, Leaf) else "this"
        raise mistake(node.line, f"{found} is not a version that this Fastline reads: write version: {VERSION}")


_VERSION: Final = Key(
    "version",
    plain(_version, {"enum": [int(VERSION), VERSION]}),
    "The version of this language.",
    needed=f"write version: {VERSION} at the top",
)
_DEFAULTS: Final = Key("defaults", defaults, "What every channel takes that does not say otherwise.")
_COLLECTIONS: Final = Key(
    "collections",
    collections,
    "Queries with a name, which stands for them wherever a query may stand.",
    examples=({"noir": {"all": ["film"], "genre": ["noir"]}},),
)
_HOLIDAYS: Final = Key(
    "holidays",
    holidays,
    "Dates with a name, which stands for them under `dates`.",
    examples=({"summer": "07-01..08-31"},),
)
_TEMPLATES: Final = Key("templates", templates, "Settings with a name: a channel takes them by `like`.")
_CHANNELS: Final = Key(
    "channels", channels(Shared), "The channels, by id.", needed="below it stand the channels, by id"
)
TOP: Final[tuple[Key[Any], ...]] = (_VERSION, _DEFAULTS, _COLLECTIONS, _HOLIDAYS, _TEMPLATES, _CHANNELS)
"""The keys of a file."""


def read(written: str, where: str) -> Programming | Faults:
    """The programming that `written`, the text of the file called `where`, asks for; or all its mistakes."""
    try:
        return Programming(_top(tree(written)), where)
    except Mistaken as error:
        return Faults(where, tuple(sorted(set(error.faults))))


def _top(node: Node) -> tuple[Draft, ...]:
    if not isinstance(node, Table):
        raise mistake(node.line, 'the file is not a mapping: it begins with "version: 1" and then "channels:"')
    with record(node, "a file", Scope()) as keys:
        keys.take(_VERSION, None)
        common = _names(keys)
        empty: tuple[Draft, ...] = ()
        return keys.take(replace(_CHANNELS, word=channels(lambda: common)), empty)


def _names(keys: Record) -> Shared:
    """What channels may take from elsewhere; what has a name is known to `keys` from here on."""
    saved = keys.salvage(_COLLECTIONS, None)
    if saved is not None:
        keys.scope = replace(keys.scope, collection=saved.named)
    keys.scope = replace(keys.scope, holidays=keys.salvage(_HOLIDAYS, keys.scope.holidays))
    common = keys.salvage(_DEFAULTS, Said())
    found = keys.salvage(_TEMPLATES, None)
    return Shared(common, found.named) if found is not None else Shared(common)
