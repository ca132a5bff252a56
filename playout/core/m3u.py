"""The channel list for IPTV apps: M3U with the attributes that they have agreed on (E-7).

Law: the same channels give the same bytes, and no name can end a line or an attribute.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from playout.core.listing import by_number, one_line, tvg_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playout.core.channel import Channel
    from playout.core.listing import Links

MIME: Final = "audio/x-mpegurl"
"""The type of a channel list. An HLS playlist has another one, and the two must not be confused."""


class Catchup(StrEnum):
    """How an app is told to ask for what aired. Every one of them leads to the same playlists."""

    DEFAULT = "default"
    """The whole address, with the start and the stop of a program in seconds since 1970."""
    APPEND = "append"
    """The same, as what is appended to the channel's address."""
    SHIFT = "shift"
    """The app appends a start and the present by itself."""
    FLUSSONIC = "flussonic"
    """The app puts `timeshift_rel-SECONDS` in the place of `index`, as of a Flussonic server."""
    VOD = "vod"
    """The guide has the query of every program as its `catchup-id`."""
    NONE = "none"
    """It is not told."""


_SOURCES: Final = {
    # `${start}` and `${end}` are what Kodi's IPTV Simple and TiviMate both know
    Catchup.DEFAULT: "{playlist}?from=${{start}}&to=${{end}}",
    Catchup.APPEND: "?from=${{start}}&to=${{end}}",
    Catchup.VOD: "{playlist}?{{catchup-id}}",
}
"""The `catchup-source` of each; the others make the address by themselves."""
_KODI: Final = (
    "#KODIPROP:inputstream=inputstream.ffmpegdirect",
    "#KODIPROP:mimetype=application/vnd.apple.mpegurl",
    "#KODIPROP:inputstream.ffmpegdirect.open_mode=ffmpeg",
    "#KODIPROP:inputstream.ffmpegdirect.manifest_type=hls",
)
"""How Kodi should open the address in the line after them."""


def m3u(
    channels: Iterable[Channel],
    links: Links,
    *,
    days: int = 7,
    kodi: bool = False,
    catchup: Catchup = Catchup.DEFAULT,
) -> str:
    """The list of `channels`, in the order of their numbers.

    `days` is how far catch-up reaches back; with 0 no app offers it. `kodi` adds what only Kodi reads.
    """
    dialect = catchup if days > 0 else Catchup.NONE
    guide = f"{links.guide}?catchup={dialect}" if dialect is Catchup.VOD else links.guide
    header = _attributes({"url-tvg": guide, "x-tvg-url": guide})
    rows = [f"#EXTM3U {header}"]
    for channel in by_number(channels):
        name = _quotable(channel.name) or channel.id
        rows.append(
            f"#EXTINF:-1 {_attributes(_facts(channel, name, links) | _catchup(channel, links, dialect, days))},{name}"
        )
        rows.extend(_KODI if kodi else ())
        rows.append(links.playlist(channel))
    return "\n".join(rows) + "\n"


def _facts(channel: Channel, name: str, links: Links) -> dict[str, str]:
    """The attributes of a channel. What has no value is left out."""
    facts = {
        "tvg-id": tvg_id(channel),
        "channel-id": tvg_id(channel),
        "CUID": channel.id,
        "tvg-chno": channel.number,
        "channel-number": channel.number,
        "tvg-name": name,
        "tvg-logo": links.logo(channel),
        "group-title": channel.group,
        "tvc-stream-vcodec": "h264",
        "tvc-stream-acodec": "aac",
    }
    return {key: value for key, value in facts.items() if value}


def _catchup(channel: Channel, links: Links, catchup: Catchup, days: int) -> dict[str, str]:
    """The attributes by which apps ask for what aired."""
    if catchup is Catchup.NONE:
        return {}
    found = {"catchup": catchup.value, "catchup-days": str(days)}
    source = _SOURCES.get(catchup)
    return found | {"catchup-source": source.format(playlist=links.playlist(channel))} if source else found


def _attributes(facts: dict[str, str]) -> str:
    return " ".join(f'{key}="{_quotable(value)}"' for key, value in facts.items())


def _quotable(value: str) -> str:
    """`value` on one line; nothing escapes a quotation mark in M3U, so it becomes an apostrophe.

    That holds for the name at the end as well: Kodi takes what follows the last mark and a comma for it.
    """
    return one_line(value).replace('"', "'")
