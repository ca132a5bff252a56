"""What all forms of the guide have in common: names, order, addresses, and text that cannot break them.

Law: a channel's name in M3U and in XMLTV is one and the same, and depends on its id alone (E-7): its
number and its title may change and recordings stay where they belong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout.core.asset import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playout.core.asset import Title
    from playout.core.channel import Channel


@dataclass(frozen=True, slots=True)
class Links:
    """Where things are found by those who read a list."""

    base: str
    """Scheme, host, base path and token of every address, e.g. `https://tv.example/fast`; no `/` at its end."""

    @property
    def guide(self) -> str:
        """The XMLTV guide."""
        return f"{self.base}/iptv/xmltv.xml"

    def playlist(self, channel: Channel) -> str:
        """The channel's multivariant playlist; the same for life, whatever its number."""
        return f"{self.base}/live/{channel.id}/index.m3u8"

    def logo(self, channel: Channel) -> str:
        """The channel's own logo, or the one that is drawn for it. It ends in an image's suffix: Kodi asks for that."""
        return channel.logo or f"{self.base}/iptv/logos/{channel.id}.png"

    def catchup(self, channel: Channel, start: datetime, stop: datetime) -> str:
        """What was on `channel` between two instants, which are read as whole seconds."""
        return f"{self.playlist(channel)}?{span(start, stop)}"

    def poster(self, asset: str, file: str) -> str:
        """A picture in the folder of an asset."""
        return f"{self.base}/vod/{asset}/{file}"


_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_SECOND: Final = timedelta(seconds=1)


def second(instant: datetime) -> int:
    """`instant` in whole seconds since 1970, rounded down, so that a stop is the next start (E-3)."""
    return (instant - _EPOCH) // _SECOND


def seconds(start: datetime, stop: datetime) -> int:
    """From `start` to `stop` as their texts have it: lengths of neighbours add up."""
    return second(stop) - second(start)


def span(start: datetime, stop: datetime) -> str:
    """The query for what aired between two instants."""
    return f"from={second(start)}&to={second(stop)}"


def tvg_id(channel: Channel) -> str:
    """The channel's name in M3U and XMLTV: it looks like a host name (E-1), and 1 cannot be taken for 10."""
    return f"{channel.id}.fastline"


def by_number(channels: Iterable[Channel]) -> list[Channel]:
    """The channels in the order of their numbers: `2`, `2.1`, `10`."""
    return sorted(channels, key=_place)


def _place(channel: Channel) -> tuple[list[int], str]:
    return [int(part) for part in re.findall(r"[0-9]+", channel.number)], channel.id


_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters, and what XML 1.0 (section 2.2) does not know as characters."""
_LINES: Final = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")


def one_line(text: str) -> str:
    """`text` without line breaks, runs of space and control characters."""
    return _UNWRITABLE.sub("", " ".join(text.split())).strip()


def lines(text: str) -> str:
    """`text` without control characters; its line breaks are single newlines, none at either end."""
    return "\n".join(one_line(line) for line in _LINES.split(text)).strip("\n")


def named(about: Title, *, dated: bool = True) -> str:
    """What people at a terminal call a program: an episode by its series and number, else with its year."""
    title = one_line(about.title)
    if about.kind is not Kind.EPISODE or not about.series:
        return f"{title} ({about.year})" if dated and about.year else title
    season = f"S{about.season:02d}" if about.season else ""
    number = f" {season}E{about.episode:02d}" if about.episode else ""
    return ": ".join(filter(None, (one_line(about.series) + number, title)))


_PICTOGRAPHS: Final = re.compile(
    "[\u20e3\u2600-\u27bf\u2b00-\u2bff\ufe00-\ufe0f\u200d\U0001f000-\U0001fbff\U000e0000-\U000e007f]"
)
"""Emoji, and what joins and colours them."""
_ELLIPSIS: Final = "\u2026"


def plain(text: str) -> str:
    """`text` on one line and without emoji, which some targets refuse (R-23)."""
    return one_line(_PICTOGRAPHS.sub("", text))


def cut(text: str, most: int) -> str:
    """`text`, or as many of its words as fit into `most` characters with an ellipsis at the end."""
    if len(text) <= most:
        return text
    kept = text[:most]
    words = kept[: kept.rfind(" ")] if " " in kept else ""
    return (words.rstrip(" ,;:.-") or kept[: most - 1].rstrip()) + _ELLIPSIS
