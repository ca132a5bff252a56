"""The syntax of HLS playlists: tags, attribute lists, quoted strings (RFC 8216 section 4).

Law: this module knows the format and nothing of channels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MIME: Final = "application/vnd.apple.mpegurl"

_UNQUOTABLE: Final = re.compile(r'["\x00-\x1f\x7f]+')


def quoted(text: str) -> str:
    """`text` as a quoted-string; double quotes and control characters, which it cannot hold, become spaces."""
    return '"' + _UNQUOTABLE.sub(" ", text) + '"'


def tag(name: str, *attributes: tuple[str, str]) -> str:
    """A tag with an attribute list; attributes with an empty value are left out (section 4.2)."""
    return f"#EXT-X-{name}:" + ",".join(f"{key}={value}" for key, value in attributes if value)


@dataclass(frozen=True, slots=True)
class Variant:
    """One EXT-X-STREAM-INF and its URI."""

    uri: str
    bandwidth: int
    average: int
    codecs: tuple[str, ...]
    width: int
    height: int
    fps: int
    audio: str = ""
    """The GROUP-ID of its audio."""
    subtitles: str = ""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One EXT-X-MEDIA."""

    media: str
    """AUDIO or SUBTITLES."""
    group: str
    name: str
    language: str
    uri: str
    default: bool = False


def multivariant(version: int, variants: Iterable[Variant], renditions: Iterable[Rendition]) -> str:
    """A multivariant playlist (section 4.3.4); every segment named by it begins with an IDR."""
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{version}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [
        tag(
            "MEDIA",
            ("TYPE", rendition.media),
            ("GROUP-ID", quoted(rendition.group)),
            ("NAME", quoted(rendition.name)),
            ("LANGUAGE", quoted(rendition.language)),
            ("DEFAULT", "YES" if rendition.default else "NO"),
            ("AUTOSELECT", "YES"),
            ("CHANNELS", quoted("2") if rendition.media == "AUDIO" else ""),
            ("URI", quoted(rendition.uri)),
        )
        for rendition in renditions
    ]
    for variant in variants:
        lines += [
            tag(
                "STREAM-INF",
                ("BANDWIDTH", str(variant.bandwidth)),
                ("AVERAGE-BANDWIDTH", str(variant.average)),
                ("CODECS", quoted(",".join(variant.codecs))),
                ("RESOLUTION", f"{variant.width}x{variant.height}"),
                ("FRAME-RATE", f"{variant.fps}.000"),
                ("AUDIO", quoted(variant.audio) if variant.audio else ""),
                ("SUBTITLES", quoted(variant.subtitles) if variant.subtitles else ""),
                ("CLOSED-CAPTIONS", "NONE"),
            ),
            variant.uri,
        ]
    return "\n".join(lines) + "\n"
