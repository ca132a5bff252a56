"""The single values of channels.yaml: texts, names, ids, numbers and the like."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeVar

from playout.config.faults import mistake
from playout.config.record import leaf
from playout.config.spelling import meant, one_of, quoted
from playout.config.word import Schema, Word, plain, then

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum

    from playout.config.tree import Leaf, Node

Choice = TypeVar("Choice", bound="StrEnum")
Value = TypeVar("Value")

_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ID_LONGEST: Final = 63
"""Characters of an id: it is a label of the guide's channel names, which look like host names (E-1)."""
_NUMBER: Final = re.compile(r"[1-9]\d{0,4}(\.\d?[1-9])?")
_NAME: Final = re.compile(r"[^\W_]+(?:[-_ ][^\W_]+)*")
_NAME_LONGEST: Final = 60
_URL: Final = re.compile(r"https?://[^\s\"<>]+")

SCALAR: Final[Schema] = {"type": ["string", "number", "boolean", "null"]}
"""One value, read as the text that was written: a tag may be `1950`, `yes` or `null`."""


def exactly(pattern: re.Pattern[str]) -> str:
    """The regular expression of a schema for the whole of `pattern`."""
    return f"^(?:{pattern.pattern})$"


def _text(node: Node) -> str:
    return cleaned(leaf(node, "a text").text)


def cleaned(written: str) -> str:
    """`written` on one line, as people mean it."""
    return " ".join("".join(c if c.isprintable() else " " for c in written).split())


text: Final = plain(_text, SCALAR)
"""Words for people, on one line."""


def _required_text(node: Node) -> str:
    words = _text(node)
    if not words:
        raise mistake(node.line, "the text is empty: write a name that people will read")
    return words


required_text: Final = plain(_required_text, SCALAR)
"""Words for people, at least one."""


def channel_id(key: Leaf) -> str:
    """The name of a channel in URLs."""
    if not _ID.fullmatch(key.text) or len(key.text) > _ID_LONGEST:
        slug = "-".join(re.findall(r"[a-z0-9]+", key.text.lower()))[:_ID_LONGEST].strip("-")
        hint = f', e.g. "{slug}"' if slug else ""
        raise mistake(
            key.line,
            f"{quoted(key.text)} cannot be a channel's id: it stands in URLs, so write lower-case letters, digits "
            f"and single hyphens, at most {_ID_LONGEST}{hint}",
        )
    return key.text


ID_SCHEMA: Final[Schema] = {"pattern": exactly(_ID), "maxLength": _ID_LONGEST}
"""What `channel_id` takes."""


def name(key: Leaf) -> str:
    """A name that the file gives to something: letters and digits, with single hyphens, `_` or spaces between."""
    if not _NAME.fullmatch(key.text) or len(key.text) > _NAME_LONGEST or key.text in ("none", "null"):
        raise mistake(
            key.line,
            f"{quoted(key.text)} cannot be a name: write letters and digits, with single hyphens, underscores or "
            f"spaces between them, at most {_NAME_LONGEST}, e.g. late-night",
        )
    return key.text


given_name: Final = plain(lambda node: name(leaf(node, "a name")), {**SCALAR, "maxLength": _NAME_LONGEST})
"""A name that is given where it is used."""

NAME_SCHEMA: Final[Schema] = {"maxLength": _NAME_LONGEST}
"""What `name` takes, as far as editors understand."""


def number(node: Node) -> str:
    """What people type to tune in: `7`, or `7.1`. Kept as text; `7.10` is refused, for apps disagree what it is."""
    written = leaf(node, "a channel number").text
    if not _NUMBER.fullmatch(written):
        raise mistake(
            node.line,
            f"{quoted(written)} is not a channel number: write one like 7, 42 or 7.1, with no zero at either end of it",
        )
    return written


NUMBER_SCHEMA: Final[Schema] = {
    "anyOf": [{"type": "number", "minimum": 1, "maximum": 100_000}, {"type": "string", "pattern": exactly(_NUMBER)}]
}
"""What `number` takes."""


def whole(least: int, most: int, unit: str, why: str) -> Word[int]:
    """A whole number of `unit` from `least` to `most`; `why` says what the limits are there for."""

    def read(node: Node) -> int:
        written = leaf(node, "a whole number").text
        if not re.fullmatch(r"-?[0-9]{1,12}", written):
            raise mistake(node.line, f"{quoted(written)} is not a whole number{f' of {unit}' if unit else ''}")
        if not least <= int(written) <= most:
            counted = f"{written} {unit}".strip()
            raise mistake(node.line, f"{counted} is out of range: write {least} to {most} ({why})")
        return int(written)

    return plain(read, {"type": "integer", "minimum": least, "maximum": most})


def choice(words: type[Choice], what: str) -> Word[Choice]:
    """One of the words of an enumeration."""
    return then(named([str(word) for word in words], what), lambda written, _: words(written))


def named(known: list[str], what: str) -> Word[str]:
    """One of the `known` names."""
    return plain(lambda node: one_name(node, known, what), {"enum": known})


def one_name(node: Node, known: Iterable[str], what: str) -> str:
    """The one of the `known` names that is written."""
    names = list(known)
    written = leaf(node, what).text
    if written not in names:
        near = meant(written, names)
        meaning = f'did you mean "{near}"?' if near else f"write {one_of(names)}"
        raise mistake(node.line, f"unknown {what} {quoted(written)}, {meaning}")
    return written


def _flag(node: Node) -> bool:
    written = leaf(node, "yes or no").text
    if written.lower() not in ("yes", "no", "true", "false"):
        raise mistake(node.line, f"{quoted(written)} is neither yes nor no: write one of them")
    return written.lower() in ("yes", "true")


flag: Final = plain(_flag, {"enum": [True, False, "yes", "no", "Yes", "No", "YES", "NO"]})
"""Yes or no."""


def _tag(node: Node) -> str:
    written = cleaned(leaf(node, "a tag").text)
    if not written:
        raise mistake(node.line, "a tag is empty: write a word, or take it out")
    if "," in written:
        raise mistake(node.line, f"{quoted(written)} has a comma in it: write tags as a list, [{written}]")
    return written


tag: Final = plain(_tag, SCALAR)
"""A tag of the library."""


def title_of(what: str) -> Word[str]:
    """The name that something has in the library; it may hold commas."""

    def read(node: Node) -> str:
        written = cleaned(leaf(node, what).text)
        if not written:
            raise mistake(node.line, f"{what} is empty: write its name, or take it out")
        return written

    return plain(read, SCALAR)


def _url(node: Node) -> str:
    written = leaf(node, "a URL").text
    if not _URL.fullmatch(written):
        raise mistake(node.line, f"{quoted(written)} is not a URL: write one that begins with https://")
    return written


url: Final = plain(_url, {"type": "string", "pattern": exactly(_URL)})
"""The address of a picture."""


def unique(word: Word[tuple[Value, ...]]) -> Word[tuple[Value, ...]]:
    """The same list, in which nothing comes twice."""

    def check(values: tuple[Value, ...], line: int) -> tuple[Value, ...]:
        counts = Counter(values)
        twice = next((value for value in values if counts[value] > 1), None)
        if twice is not None:
            raise mistake(line, f"{quoted(str(twice))} is in the list twice: take one out")
        return values

    return then(word, check)


def folded(word: Word[tuple[str, ...]]) -> Word[tuple[str, ...]]:
    """The same list as a set of words whose case is of no account: how it was written makes no revision."""
    return then(word, lambda values, _: tuple(sorted({value.casefold() for value in values})))


def at_least_one(word: Word[tuple[Value, ...]], hint: str) -> Word[tuple[Value, ...]]:
    """The same list, which is not empty; `hint` says what to write."""

    def check(values: tuple[Value, ...], line: int) -> tuple[Value, ...]:
        if not values:
            raise mistake(line, f"the list is empty: {hint}")
        return values

    return then(word, check)
