"""ErsatzTV's searches, as far as a query of channels.yaml can ask the same: `type:movie AND genre:horror`.

Law: pure, and never wrong in silence: a search of which any part cannot be asked is refused with that part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from playout.config.faults import Mistaken
from playout.config.ratings import rating
from playout.config.scope import Scope
from playout.config.tree import Leaf
from playout.core.language import bcp47
from playout.migrate.given import cleaned
from playout.migrate.writing import Value, Word

LONGEST: Final = 4000
"""Characters of a search."""
MOST: Final = 64
"""Alternatives of a search."""
DEEPEST: Final = 12

Query = Mapping[str, Value]
"""A query as channels.yaml has it."""


class CannotAsk(Exception):
    """A part of a search that no query can ask, and why."""

    def __init__(self, part: object, why: str) -> None:
        super().__init__(f"{part} {why}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as queries, of which any will do."""

    queries: tuple[Query, ...]
    loosely: tuple[str, ...] = ()
    """What they ask a little differently."""


@dataclass(frozen=True, slots=True)
class _Term:
    """One condition."""

    name: str
    value: str
    negated: bool = False

    def __str__(self) -> str:
        return f"{'NOT ' if self.negated else ''}{self.name}:{self.value}"


_All = tuple[_Term, ...]
"""Conditions that all hold."""

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<word>(?:AND|OR|NOT|&&|\|\|)(?=[\s(])|[!-](?=\S))
    |(?:(?P<name>[A-Za-z_]+):\s*)?(?P<value>"(?:\\.|[^"\\])*"|\[[^\]]*\]|\{[^}]*\}|(?!\()[^\s()":]+|(?=\()))""",
    re.VERBOSE,
)

_KINDS: Final = {
    "movie": "movie", "episode": "episode", "show": "episode", "season": "episode", "music_video": "clip",
    "other_video": "clip", "song": "clip", "image": "clip", "remote_stream": "clip",
}  # fmt: skip
_LISTS: Final = {
    "show_title": "series", "title": "listed", "genre": "genre", "show_genre": "genre", "tag": "any", "show_tag": "any",
    "content_rating": "rating", "show_content_rating": "rating",
}  # fmt: skip
_MERGED: Final = ("any", "kind", "series", "genre", "rating", "language", "listed")
"""Keys of which one of several values is enough."""


def asked(search: str) -> Asked:
    """The queries that `search` means. Raises `CannotAsk`."""
    if len(search) > LONGEST:
        raise CannotAsk("it", "is too long")
    if search.strip() in ("*", "*:*"):
        return Asked(({},))
    reader = _Search(search)
    alternatives = reader.either(0)
    if reader.part:
        raise CannotAsk(repr(cleaned(reader.part)), "is not understood")
    loosely: list[str] = []
    queries = [_query(terms, loosely) for terms in alternatives]
    return Asked(tuple(merged(queries)), tuple(dict.fromkeys(loosely)))


@dataclass(slots=True)
class _Search:
    """A search that is being read, from left to right."""

    text: str
    at: int = 0
    part: str = field(init=False)
    found: re.Match[str] | None = field(init=False)

    def __post_init__(self) -> None:
        self.forth()

    def forth(self) -> None:
        """Go to the next token."""
        rest = self.text[self.at :]
        self.found = _TOKEN.match(self.text, self.at) if rest.strip() else None
        self.part = rest.strip() if self.found is None else self.found[0].strip()
        if self.found is not None:
            self.at = self.found.end()

    def either(self, depth: int) -> list[_All]:
        """Alternatives, each of conditions that all hold."""
        if depth > DEEPEST:
            raise CannotAsk("it", "is nested too deeply")
        found = self.together(depth)
        while self.part in ("OR", "||"):
            self.forth()
            found = [*found, *self.together(depth)]
            if len(found) > MOST:
                raise CannotAsk("it", f"has more than {MOST} alternatives")
        return found

    def together(self, depth: int) -> list[_All]:
        found = self.single(depth)
        while self.part and self.part not in ("OR", "||", ")"):
            if self.part in ("AND", "&&"):
                self.forth()
            after = self.single(depth)
            found = [(*left, *right) for left in found for right in after]
            if len(found) > MOST:
                raise CannotAsk("it", f"has more than {MOST} alternatives")
        return found

    def single(self, depth: int) -> list[_All]:
        if self.part in ("NOT", "-", "!"):
            self.forth()
            return [(_negated(self.single(depth + 1)),)]
        match = self.found
        if match is None or match["close"] or match["word"]:
            raise CannotAsk(repr(cleaned(self.part)) if self.part else "its end", "is not understood")
        if match["open"]:
            return self.within(depth)
        return self.condition(match, depth)

    def within(self, depth: int) -> list[_All]:
        """What stands in brackets."""
        self.forth()
        found = self.either(depth + 1)
        if self.part != ")":
            raise CannotAsk("a bracket", "is never closed")
        self.forth()
        return found

    def condition(self, match: re.Match[str], depth: int) -> list[_All]:
        name, value = match["name"] or "", match["value"]
        if not name and ":" not in match[0]:
            raise CannotAsk(repr(cleaned(match[0])), "looks for a word anywhere in what is known of an asset")
        if not value and self.text[self.at : self.at + 1] == "(":  # genre:(horror OR thriller)
            self.text = self.text[: self.at + 1] + _named(name, self.text[self.at + 1 :])
            self.forth()
            return self.within(depth)
        self.forth()
        text = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        return [(_Term(name.lower(), text),)]


def _named(name: str, rest: str) -> str:
    """`rest` with `name:` before each value up to the closing bracket."""
    inside, bracket, after = rest.partition(")")
    words = re.findall(r'"(?:\\.|[^"\\])*"|\S+', inside)
    return " ".join(w if w in ("AND", "OR", "NOT", "&&", "||") else f"{name}:{w}" for w in words) + bracket + after


def _negated(found: list[_All]) -> _Term:
    if len(found) != 1 or len(found[0]) != 1:
        raise CannotAsk("NOT", "stands before more than one condition")
    term = found[0][0]
    return _Term(term.name, term.value, not term.negated)


# One alternative


def _query(terms: _All, loosely: list[str]) -> dict[str, Value]:
    """The query for which all `terms` hold."""
    lists: dict[str, list[str]] = {}
    query: dict[str, Value] = {}
    for term in terms:
        if term.negated:
            lists.setdefault("none", []).append(_refused_tag(term))
        elif term.name in _LISTS or term.name in ("type", "language", "collection", "smart_collection"):
            key, value = _listed(term, loosely)
            lists.setdefault(key, []).append(value)
        else:
            key, span = _span(term, loosely)
            if key in query:
                raise CannotAsk(term, "stands beside another of its kind")
            query[key] = span
    return _with_lists(lists) | query


def _with_lists(lists: dict[str, list[str]]) -> dict[str, Value]:
    query: dict[str, Value] = {}
    for key, values in lists.items():
        each = list(dict.fromkeys(values))
        if key == "any" and len(each) > 1:
            query["all"] = each
        elif key in _MERGED and len(each) > 1:
            raise CannotAsk(", ".join(each), f"are two of {key} at once")
        else:
            query[key] = each
    return query


def _refused_tag(term: _Term) -> str:
    if _LISTS.get(term.name) != "any":
        raise CannotAsk(term, "refuses what is no tag")
    return _exact(term).replace(",", " ")


def _exact(term: _Term) -> str:
    value = cleaned(term.value)
    if not value or any(sign in value for sign in "*?~^[]{}"):
        raise CannotAsk(term, "asks for a part of a word")
    return value


def _listed(term: _Term, loosely: list[str]) -> tuple[str, str]:
    """The key of a list, and the word that goes into it."""
    value = _exact(term)
    if term.name == "type":
        if value.lower() not in _KINDS:
            raise CannotAsk(term, "is no kind of program")
        return "kind", Word(_KINDS[value.lower()])
    if term.name == "language":
        tag = bcp47(value)
        if tag is None:
            raise CannotAsk(term, "is no language")
        return "language", tag
    if term.name in ("collection", "smart_collection"):
        loosely.append(f"give what is in {term.name} {value!r} the tag {_tag(value)!r}")
        return "any", _tag(value)
    key = _LISTS[term.name]
    if key == "rating":
        return key, _rating(term, value)
    if key in ("series", "listed"):
        loosely.append(f"{term.name} asks for words of a title there, and for the whole title here")
    return key, _tag(value) if key == "any" else value


def _rating(term: _Term, value: str) -> str:
    try:
        return rating.read(Leaf(0, value, quoted=True), Scope())
    except Mistaken as error:
        raise CannotAsk(term, f"names an {error.faults[0].text}") from None


def _tag(value: str) -> str:
    return " ".join(value.replace(",", " ").split())


def _span(term: _Term, loosely: list[str]) -> tuple[str, Word]:
    """The key of a span, and the span."""
    match term.name:
        case "release_date" | "year":
            return "year", _years(term, loosely)
        case "minutes":
            first, last = _range(term, r"\d{1,4}")
            return "duration", Word(f"{first and f'{int(first)}m'}..{last and f'{int(last)}m'}")
        case "added_inthelast":
            found = re.fullmatch(r"(\d{1,3}) ?(day|week|month|year)s?", term.value.strip().lower())
            if found is None:
                raise CannotAsk(term, "is no time")
            days = int(found[1]) * {"day": 1, "week": 7, "month": 30, "year": 365}[found[2]]
            if not 0 < days <= 3650:  # noqa: PLR2004 — ten years
                raise CannotAsk(term, "is out of range")
            return "added", Word(f"{days}d")
        case _:
            raise CannotAsk(term, "asks for what no asset has here")


def _range(term: _Term, bound: str) -> tuple[str, str]:
    """The ends of `[a TO b]`; an open one is empty."""
    found = re.fullmatch(rf"\[\s*({bound}|\*) TO ({bound}|\*)\s*\]", term.value.strip())
    if found is None or found[1] == found[2] == "*":
        raise CannotAsk(term, "is no range")
    first, last = ("" if end == "*" else end for end in found.groups())
    if first and last and int(first) > int(last):
        raise CannotAsk(term, "ends before it begins")
    return first, last


def _years(term: _Term, loosely: list[str]) -> Word:
    if found := re.fullmatch(r"([12]\d{3})(?:\*|0101\*?)?", term.value.strip()):
        return Word(found[1])
    first, last = _range(term, r"[12]\d{3}(?:\d{4})?")
    if (first[4:] or "0101") != "0101" or (last[4:] or "1231") != "1231":
        loosely.append(f"{term} asks for days there, and for whole years here")
    return Word(f"{first[:4]}..{last[:4]}")


def merged(queries: Sequence[Query]) -> list[Query]:
    """The same queries; those that differ in one list alone are one."""
    found: list[dict[str, Value]] = []
    for query in map(dict, queries):
        for other in found:
            keys = [key for key in {**other, **query} if other.get(key) != query.get(key)]
            if not keys:
                break
            if len(keys) == 1 and keys[0] in _MERGED and keys[0] in other and keys[0] in query:
                ours, theirs = other[keys[0]], query[keys[0]]
                if isinstance(ours, list) and isinstance(theirs, list):
                    other[keys[0]] = list(dict.fromkeys([*ours, *theirs]))
                break
        else:
            found.append(query)
    return list(found)
