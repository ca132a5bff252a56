"""Languages, time zones and territories."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

from playout.config.faults import mistake
from playout.config.record import leaf, several
from playout.config.spelling import meant, quoted
from playout.config.word import Schema, once, plain, then
from playout.config.words import at_least_one, unique
from playout.core.language import UNKNOWN, bcp47
from playout.core.territories import TERRITORIES, meant_territory, territory

if TYPE_CHECKING:
    from playout.config.tree import Node


def _language(node: Node) -> str:
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


language: Final = plain(_language, {"type": "string", "pattern": "^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$"})
"""A BCP 47 tag in its usual case: `en`, `pt-BR`."""

subtitles: Final = unique(several(language))
"""Languages, each once."""

languages: Final = at_least_one(subtitles, "write one language at least, e.g. [en]")
"""Languages, each once, at least one."""


def _zone(node: Node) -> str:
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


zone: Final = plain(_zone, {"type": "string"})
"""The IANA name of a time zone."""


def _territory(node: Node) -> str:
    written = leaf(node, "a territory").text
    code = territory(written)
    if code is None:
        near = meant_territory(written)
        hint = f'did you mean "{near}"?' if near else "write the two letters of ISO 3166-1, e.g. US, CA or FR"
        raise mistake(node.line, f"unknown territory {quoted(written)}, {hint}")
    return code


_code: Final[Schema] = {"anyOf": [{"enum": sorted(TERRITORIES)}, {"type": "string", "pattern": "^[a-z]{2}$"}]}
territories: Final = then(
    at_least_one(
        several(once("territory", plain(_territory, _code))),
        "write one territory at least, e.g. [US], or territories: none",
    ),
    lambda codes, _: tuple(sorted(set(codes))),
)
"""ISO 3166-1 alpha-2 codes, in order, at least one."""
