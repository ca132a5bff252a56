"""VAST 2.0 to 4.x and VMAP 1.0: what an ad server answers, as values. Pure.

Law: an ad that is not whole is left out with every mistake in it, its VAST error code and the URLs that want to know;
the ads beside it count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from control_api.advertising.markup import Node, Unreadable, read
from control_api.destinations import LONGEST, NotAllowed, examined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PARSING, SCHEMA, VERSION, LINEARITY = 100, 101, 102, 201
MOST_ADS: Final = 100
"""Ads of one answer that are looked at."""
MOST_BREAKS: Final = 50
_URLS: Final = 20
"""URLs of one event."""
_FILES: Final = 100
EVENTS: Final = ("impression", "start", "firstQuartile", "midpoint", "thirdQuartile", "complete")
"""What is told of an ad as it airs (V-5)."""
_DURATION: Final = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)(?:\.(\d{1,3}))?", re.ASCII)
_OFFSET: Final = re.compile(r"\d{1,3}:[0-5]\d:[0-5]\d(\.\d{1,3})?|\d{1,3}(\.\d+)?%|#\d{1,4}", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)
_NOBODY: Final = frozenset(("", "unknown"))

Tracking = dict[str, tuple[str, ...]]
"""URLs by event."""


class Unusable(Exception):
    """The answer as a whole cannot be used: its VAST error code, and why."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One file of a creative."""

    url: str
    type: str
    """The media type, e.g. `video/mp4`."""
    delivery: str
    """`progressive` or `streaming`."""
    width: int = 0
    height: int = 0
    bitrate: int = 0
    """In kbit/s; 0: not said."""
    is_mezzanine: bool = False
    api: str = ""
    """What would have to run it: `VPAID`; empty: it is media."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A creative that takes the air for itself."""

    duration_ms: int
    files: tuple[MediaFile, ...]
    tracking: Tracking
    universal: str = ""
    """Its UniversalAdId as `registry:value`; empty: it has none."""


@dataclass(frozen=True, slots=True)
class InLine:
    """An ad with its creatives."""

    id: str
    title: str
    advertiser: str
    category: str
    linears: tuple[Linear, ...]
    impressions: tuple[str, ...]
    errors: tuple[str, ...]
    sequence: int | None = None
    """Its place in a pod; None: it stands alone."""


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A reference to another answer."""

    id: str
    url: str
    tracking: Tracking
    errors: tuple[str, ...]
    sequence: int | None = None
    follows: bool = True
    """Whether what it leads to may be a wrapper again."""
    many: bool = False
    """Whether more than the first ad that stands alone is meant."""
    blocked: frozenset[str] = frozenset()
    """Categories that it does not want."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An ad that is left out."""

    ad: str
    code: int
    words: tuple[str, ...]
    errors: tuple[str, ...] = ()
    """Who wants to know."""


@dataclass(frozen=True, slots=True)
class Vast:
    """One answer."""

    version: str
    ads: tuple[InLine | Wrapper, ...] = ()
    refused: tuple[Refused, ...] = ()
    errors: tuple[str, ...] = ()
    """Who wants to know when there is no ad."""


@dataclass(frozen=True, slots=True)
class Break:
    """A break of VMAP."""

    roll: str
    """`pre`, `mid` or `post`."""
    vast: Vast | None = None
    url: str = ""
    """Where its ads are, when they are not here."""
    many: bool = True
    follows: bool = True
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vmap:
    """Breaks, and what is wrong with others."""

    breaks: tuple[Break, ...] = ()
    mistakes: tuple[str, ...] = ()


def parse(data: bytes) -> Vast | Vmap:
    """What an ad server answered; raises `Unusable`."""
    try:
        root = read(data)
    except Unreadable as error:
        raise Unusable(PARSING, str(error)) from error
    if root.name == "VMAP":
        return _vmap(root)
    return _vast(root)


def _vast(root: Node) -> Vast:
    if root.name == "VideoAdServingTemplate":
        message = "VAST 1 is not read; VAST 2 to 4 and VMAP 1 are"
        raise Unusable(VERSION, message)
    if root.name != "VAST":
        message = f"its root is <{root.name[:60]}>, and that of an answer is <VAST> or <VMAP>"
        raise Unusable(SCHEMA, message)
    version = root.attributes.get("version", "").strip()
    if version.partition(".")[0] not in ("2", "3", "4"):
        message = f"its version is {version[:20]!r}; 2, 3 and 4 are read"
        raise Unusable(VERSION, message)
    ads: list[InLine | Wrapper] = []
    refused: list[Refused] = []
    for number, node in enumerate(root.all("Ad")):
        if number >= MOST_ADS:
            refused.append(Refused("", SCHEMA, (f"there are more than {MOST_ADS} ads, and the rest is not looked at",)))
            break
        found = _ad(node)
        if isinstance(found, Refused):
            refused.append(found)
        else:
            ads.append(found)
    return Vast(version, tuple(ads), tuple(refused), _urls(root.all("Error")))


@dataclass(slots=True)
class _Faults:
    """What is wrong with one ad, in its order."""

    code: int = SCHEMA
    words: list[str] = field(default_factory=list)

    def add(self, node: Node, words: str, code: int | None = None) -> None:
        self.words.append(f"line {node.line}: {words}")
        self.code = code or self.code


def _ad(node: Node) -> InLine | Wrapper | Refused:
    name = node.attributes.get("id", "").strip()[:200]
    order = node.attributes.get("sequence", "").strip()
    sequence = int(order) if _NUMBER.fullmatch(order) else None
    inline, wrapper, faults = node.first("InLine"), node.first("Wrapper"), _Faults()
    inner = inline or wrapper
    if inner is None:
        return Refused(name, SCHEMA, (f"line {node.line}: an ad is an <InLine> or a <Wrapper>, and this is neither",))
    errors = _urls(inner.all("Error"))
    ad: InLine | Wrapper = (
        _inline(inner, name, sequence, faults) if inline is not None else _wrapper(inner, name, sequence, faults)
    )
    return Refused(name, faults.code, tuple(faults.words), errors) if faults.words else ad


def _inline(node: Node, name: str, sequence: int | None, faults: _Faults) -> InLine:
    creatives = node.first("Creatives")
    linears = []
    for creative in [] if creatives is None else creatives.all("Creative"):
        linear = creative.first("Linear")
        if linear is not None:
            linears.append(_linear(creative, linear, faults))
    if not linears and not faults.words:
        faults.add(node, "it has no linear creative, and nothing else can air", LINEARITY)
    title = " ".join(node.said("AdTitle").split())[:500]
    return InLine(
        name, title, _short(node.said("Advertiser")), _short(node.said("Category")), tuple(linears),
        _urls(node.all("Impression")), _urls(node.all("Error")), sequence,
    )  # fmt: skip


def _linear(creative: Node, node: Node, faults: _Faults) -> Linear:
    text = node.said("Duration")
    duration = millis(text)
    if not duration:
        faults.add(node, f"its <Duration> is {text[:20]!r}, and 00:00:30 or 00:00:30.500 is expected")
    inner = node.first("MediaFiles")
    files: list[MediaFile] = []
    for one in [] if inner is None else inner.inner[:_FILES]:
        if one.name in ("MediaFile", "Mezzanine"):
            found = _file(one)
            if isinstance(found, str):
                faults.add(one, found)
            else:
                files.append(found)
    if not files and inner is None:
        faults.add(node, "it has no <MediaFiles>")
    return Linear(duration, tuple(files), _tracking(node), _universal(creative))


def _file(node: Node) -> MediaFile | str:
    """A file, or what is wrong with it."""
    url = _url(node.text)
    if not url:
        return f"the URL of a <{node.name}> is none: {node.text.strip()[:100]!r}"
    said = {key: node.attributes.get(key, "").strip() for key in ("type", "delivery", "apiFramework")}
    sizes = [_whole(node.attributes.get(key, "")) for key in ("width", "height", "bitrate")]
    return MediaFile(
        url, said["type"].lower()[:100], said["delivery"].lower()[:20], sizes[0], sizes[1], sizes[2],
        node.name == "Mezzanine", said["apiFramework"][:40],
    )  # fmt: skip


def _universal(creative: Node) -> str:
    """The first UniversalAdId that names something. VAST 4.0 has it in an attribute, 4.1 and later in the text."""
    for node in creative.all("UniversalAdId"):
        value = "".join(node.attributes.get("idValue", "").split() or node.text.split())
        giver = "".join(node.attributes.get("idRegistry", "").split()).lower()
        if value.lower() not in _NOBODY and giver not in _NOBODY:
            return f"{giver[:60]}:{value[:200]}"
    return ""


def _wrapper(node: Node, name: str, sequence: int | None, faults: _Faults) -> Wrapper:
    text = node.said("VASTAdTagURI")
    url = _url(text)
    if not url:
        faults.add(node, f"its <VASTAdTagURI> is no URL that may be asked: {text[:100]!r}")
    found: list[Tracking] = [{"impression": _urls(node.all("Impression"))}]
    creatives = node.first("Creatives")
    for creative in [] if creatives is None else creatives.all("Creative"):
        linear = creative.first("Linear")
        if linear is not None:
            found.append(_tracking(linear))
    blocked = {one.strip() for node in node.all("BlockedAdCategories") for one in node.text.split(",")}
    return Wrapper(
        name, url, joined(*found), _urls(node.all("Error")), sequence,
        node.is_so("followAdditionalWrappers", otherwise=True), node.is_so("allowMultipleAds", otherwise=False),
        frozenset(blocked - {""}),
    )  # fmt: skip


def _tracking(linear: Node) -> Tracking:
    inner = linear.first("TrackingEvents")
    found: dict[str, list[Node]] = {}
    for node in [] if inner is None else inner.all("Tracking"):
        event = node.attributes.get("event", "")
        if event in EVENTS:
            found.setdefault(event, []).append(node)
    return {event: _urls(nodes) for event, nodes in found.items()}


def joined(*some: Mapping[str, tuple[str, ...]]) -> Tracking:
    """The URLs of all of them, each once, in their order."""
    found: Tracking = {}
    for one in some:
        for event, urls in one.items():
            found[event] = tuple(dict.fromkeys((*found.get(event, ()), *urls)))[:_URLS]
    return {event: urls for event, urls in found.items() if urls}


# VMAP


def _vmap(root: Node) -> Vmap:
    version = root.attributes.get("version", "").strip()
    if version.partition(".")[0] != "1":
        message = f"its version of VMAP is {version[:20]!r}; 1.0 is read"
        raise Unusable(VERSION, message)
    breaks: list[Break] = []
    mistakes: list[str] = []
    for number, node in enumerate(root.all("AdBreak")):
        if number >= MOST_BREAKS:
            mistakes.append(f"there are more than {MOST_BREAKS} breaks, and the rest is not looked at")
            break
        found = _break(node)
        if isinstance(found, str):
            mistakes.append(f"line {node.line}: {found}")
        else:
            breaks.append(found)
    return Vmap(tuple(breaks), tuple(mistakes))


def _break(node: Node) -> Break | str:
    """A break, or what is wrong with it."""
    kind, offset = (node.attributes.get(name, "").strip() for name in ("breakType", "timeOffset"))
    if "linear" not in (one.strip() for one in kind.split(",")):
        return f"a break of the type {kind[:40]!r} cannot air"
    found, source = roll(offset), node.first("AdSource")
    if found is None:
        return f"the timeOffset {offset[:40]!r} is none of VMAP"
    if source is None:
        return "a break has no <AdSource>, so nothing airs in it"
    held = _held(source)
    if isinstance(held, _Wrong):
        return held.words
    inner = node.first("TrackingEvents")
    wanted = () if inner is None else (one for one in inner.all("Tracking") if one.attributes.get("event") == "error")
    return Break(
        found, *held, source.is_so("allowMultipleAds", otherwise=True), source.is_so("followRedirects", otherwise=True),
        _urls(wanted),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wrong:
    words: str


def _held(source: Node) -> tuple[Vast | None, str] | _Wrong:
    """What a source of ads has, or where it is."""
    # VMAP 1.0 says VASTAdData; its drafts, and some servers, VASTData
    held, tag = source.first("VASTAdData") or source.first("VASTData"), source.first("AdTagURI")
    if held is not None and held.inner:
        try:
            return _vast(held.inner[0]), ""
        except Unusable as error:
            return _Wrong(str(error))
    if tag is None:
        return _Wrong("an <AdSource> has neither <VASTAdData> nor <AdTagURI>")
    template = tag.attributes.get("templateType", "vast")
    if template.lower() not in ("vast", "vast1", "vast2", "vast3", "vast4"):
        return _Wrong(f"ads of the template {template[:40]!r} are not read")
    url = _url(tag.text)
    return (None, url) if url else _Wrong(f"its <AdTagURI> is no URL that may be asked: {tag.text.strip()[:100]!r}")


def roll(offset: str) -> str | None:
    """Which roll a timeOffset of VMAP means; None when it means none."""
    if offset in ("start", "end"):
        return {"start": "pre", "end": "post"}[offset]
    if not _OFFSET.fullmatch(offset):
        return None
    plain = offset.replace(":", "").replace(".", "").rstrip("%")
    if offset.endswith("%") and float(offset[:-1]) >= 100:  # noqa: PLR2004 — the end of what is broken
        return "post"
    return "mid" if plain.strip("0") else "pre"


# Values


def millis(text: str) -> int:
    """Milliseconds of HH:MM:SS or HH:MM:SS.mmm; 0 for what is neither."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        return 0
    hours, minutes, seconds = (int(found[number]) for number in (1, 2, 3))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "").ljust(3, "0"))


def _url(text: str) -> str:
    """The URL as it was sent, when it is one that may be asked; else empty. Macros in it are no part of its form."""
    found = text.strip()
    bare = re.sub(r"\[[A-Z0-9_]{1,40}\]|%%[A-Z0-9_]{1,40}%%", "1", found)
    try:
        examined(bare)
    except NotAllowed:
        return ""
    return found if len(found) <= LONGEST - 48 else ""


def _urls(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The URLs that may be asked, each once; others are left out: they cost nobody an ad."""
    return tuple(dict.fromkeys(url for node in nodes if (url := _url(node.text))))[:_URLS]


def _whole(text: str) -> int:
    found = _NUMBER.fullmatch(text.strip())
    return 0 if found is None else int(text)


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
