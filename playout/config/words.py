"""The single values of channels.yaml: ids, numbers, spans, languages, zones and the like."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import available_timezones

from playout.config.faults import mistake
from playout.config.record import leaf, meant, one_of, quoted
from playout.core.language import UNKNOWN, bcp47

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

    from playout.config.tree import Leaf, Node

Word = TypeVar("Word", bound="StrEnum")

_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ID_LONGEST: Final = 63
"""Characters of an id: it is a label of the guide's channel names, which look like host names (E-1)."""
_NUMBER: Final = re.compile(r"[1-9]\d{0,4}(\.\d?[1-9])?")
_UNITS: Final = re.compile(r"(?=\d)(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?")
_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
_URL: Final = re.compile(r"https?://[^\s\"<>]+")


def text(node: Node) -> str:
    """Words for people, on one line."""
    written = leaf(node, "a text").text
    return " ".join("".join(c if c.isprintable() else " " for c in written).split())


def required_text(node: Node) -> str:
    """Words for people, at least one."""
    words = text(node)
    if not words:
        raise mistake(node.line, "the text is empty: write a name that people will read")
    return words


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


def number(node: Node) -> str:
    """What people type to tune in: `7`, or `7.1`. Kept as text; `7.10` is refused, for apps disagree what it is."""
    written = leaf(node, "a channel number").text
    if not _NUMBER.fullmatch(written):
        raise mistake(
            node.line,
            f"{quoted(written)} is not a channel number: write one like 7, 42 or 7.1, with no zero at either end of it",
        )
    return written


def whole(least: int, most: int, unit: str, why: str) -> Callable[[Node], int]:
    """A whole number of `unit` from `least` to `most`; `why` says what the limits are there for."""

    def read(node: Node) -> int:
        written = leaf(node, "a whole number").text
        if not re.fullmatch(r"-?\d{1,12}", written):
            raise mistake(node.line, f"{quoted(written)} is not a whole number of {unit}")
        if not least <= int(written) <= most:
            raise mistake(node.line, f"{written} {unit} is out of range: write {least} to {most} ({why})")
        return int(written)

    return read


def span(least: timedelta, most: timedelta) -> Callable[[Node], timedelta]:
    """A span of time from `least` to `most`: `8m`, `90s`, `1h30m` or `00:12:00`."""

    def read(node: Node) -> timedelta:
        written = leaf(node, "a span of time").text
        match = _UNITS.fullmatch(written) or _CLOCK.fullmatch(written)
        if match is None:
            raise mistake(node.line, f"{quoted(written)} is not a span of time{_span_meant(written)}")
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        value = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if not least <= value <= most:
            raise mistake(node.line, f"{quoted(written)} is out of range: write {spelled(least)} to {spelled(most)}")
        return value

    return read


def _span_meant(written: str) -> str:
    """What to write in place of a span that is none."""
    if written.isdigit():
        return f": write {written}m for minutes or {written}s for seconds"
    short = re.sub(r"([hms])[a-z]*", r"\1", re.sub(r"[^\da-z]", "", written.lower()))
    return f', did you mean "{short}"?' if _UNITS.fullmatch(short) else ": write one like 90s, 8m, 1h30m or 00:12:00"


def spelled(value: timedelta) -> str:
    """`value` as people write it: `1h30m`."""
    minutes, seconds = divmod(value // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    return "".join(f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if count) or "0s"


def choice(words: type[Word], what: str) -> Callable[[Node], Word]:
    """One of the words of an enumeration."""

    def read(node: Node) -> Word:
        return words(named([str(word) for word in words], what)(node))

    return read


def named(known: list[str], what: str) -> Callable[[Node], str]:
    """One of the `known` names."""

    def read(node: Node) -> str:
        written = leaf(node, what).text
        if written not in known:
            near = meant(written, known)
            hint = f'did you mean "{near}"?' if near else f"write {one_of(known)}"
            raise mistake(node.line, f"unknown {what} {quoted(written)}, {hint}")
        return written

    return read


def language(node: Node) -> str:
    """A BCP 47 tag in its usual case: `en`, `pt-BR`."""
    written = leaf(node, "a language").text
    tag = bcp47(written)
    if tag is None:
        raise mistake(
            node.line,
            f"unknown language {quoted(written)}: write a BCP 47 tag like en, fr or pt-BR, or {UNKNOWN} for none",
        )
    if tag != written:
        raise mistake(node.line, f'unknown language {quoted(written)}, did you mean "{tag}"?')
    return tag


def zone(node: Node) -> str:
    """The IANA name of a time zone."""
    written = leaf(node, "a time zone").text
    if written in _zones():
        return written
    city = {name.rsplit("/", 1)[-1].lower(): name for name in sorted(_zones(), reverse=True) if "/" in name}
    spoken = written.replace(" ", "_").lower()
    near = city.get(spoken.rsplit("/", 1)[-1]) or {name.lower(): name for name in sorted(_zones())}.get(spoken)
    if near is None:
        close = meant(spoken, city)
        near = city[close] if close else None
    hint = f'did you mean "{near}"?' if near else "write one like Europe/Paris, America/New_York or UTC"
    raise mistake(node.line, f"unknown time zone {quoted(written)}, {hint}")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def tag(node: Node) -> str:
    """A tag of the library."""
    written = text(leaf(node, "a tag"))
    if not written:
        raise mistake(node.line, "a tag is empty: write a word, or take it out")
    if "," in written:
        raise mistake(node.line, f"{quoted(written)} has a comma in it: write tags as a list, [{written}]")
    return written


def url(node: Node) -> str:
    """The address of a picture."""
    written = leaf(node, "a URL").text
    if not _URL.fullmatch(written):
        raise mistake(node.line, f"{quoted(written)} is not a URL: write one that begins with https://")
    return written
