"""How IPTV apps make an address for what aired: from the lines of a channel list and an entry of its guide.

The rules are those that the apps' own documentation and source tell: Kodi's IPTV Simple, TiviMate, SIPTV, and apps
that know a Flussonic server.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET


@dataclass(frozen=True)
class Row:
    """One channel of a list."""

    facts: dict[str, str]
    url: str


@dataclass(frozen=True)
class Programme:
    """One entry of a guide."""

    title: str
    start: datetime
    stop: datetime
    catchup_id: str


def rows(playlist: str) -> list[Row]:
    """The channels of an M3U list."""
    found = re.findall(r"^#EXTINF:-?\d+ (.*)$\n(?:#.*\n)*(\S+)$", playlist, re.MULTILINE)
    return [Row(dict(re.findall(r'([\w-]+)="([^"]*)"', facts)), url) for facts, url in found]


def guide_address(playlist: str) -> str:
    """Where a list says that its guide is."""
    found = re.search(r'x-tvg-url="([^"]*)"', playlist)
    assert found, playlist
    return found[1]


def programmes(guide: str, tvg_id: str) -> list[Programme]:
    """The entries of one channel."""
    return [
        Programme(
            node.findtext("title", ""), _instant(node.get("start", "")), _instant(node.get("stop", "")),
            node.get("catchup-id", ""),
        )
        for node in ET.fromstring(guide).iter("programme")  # noqa: S314 — our own guide
        if node.get("channel") == tvg_id
    ]  # fmt: skip


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%S %z")


def kodi(row: Row, programme: Programme, now: datetime) -> str:
    """As IPTV Simple for Kodi makes it, in each of its modes."""
    mode, source = row.facts["catchup"], row.facts.get("catchup-source", "")
    joined = "&" if "?" in row.url else "?"
    template = {
        "default": source,
        "append": row.url + source,
        "shift": f"{row.url}{joined}utc={{utc}}&lutc={{lutc}}",
        "flussonic": re.sub(r"/index\.m3u8", "/timeshift_rel-{offset:1}.m3u8", row.url),
        "vod": source or "{catchup-id}",
    }[mode]
    return _filled(template, programme, now)


def tivimate(row: Row, programme: Programme, now: datetime) -> str:
    """As TiviMate makes it: sources as they are given; of a Flussonic server it asks for the stretch itself."""
    if row.facts["catchup"] == "flussonic":
        return _filled(row.url.replace("/index.m3u8", "/index-{utc}-{duration}.m3u8"), programme, now)
    return kodi(row, programme, now)


def _filled(template: str, programme: Programme, now: datetime) -> str:
    """The template with its placeholders filled in."""
    start, stop, present = (int(instant.timestamp()) for instant in (programme.start, programme.stop, now))
    values = {
        "{utc}": start, "${start}": start, "{utcend}": stop, "${end}": stop, "{lutc}": present, "${timestamp}": present,
        "${now}": present, "{duration}": stop - start, "${duration}": stop - start, "{offset:1}": present - start,
        "${offset}": present - start, "{catchup-id}": programme.catchup_id,
    }  # fmt: skip
    for placeholder in sorted(values, key=len, reverse=True):
        template = template.replace(placeholder, str(values[placeholder]))
    assert "{" not in template, template
    return template


App = Callable[[Row, Programme, datetime], str]
"""Makes an address."""
