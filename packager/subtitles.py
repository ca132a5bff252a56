"""Subtitles: from what people have (.srt, .vtt, text in the file) to WebVTT segments. Pure.

Laws: a broken block is a fault with its line and costs no other cue; every cue stands in exactly the
segments during which it is shown, with its full times; what is written is legal WebVTT, whatever was
read (W3C WebVTT, section 4).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packager.faults import Fault
from packager.plan import retimed
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.vtt import vtt_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

LARGEST: Final = 16 << 20
"""Bytes of subtitles that are still plausible."""
MOST_CUES: Final = 100_000
"""Texts of one language that are still plausible: a day of them, one a second."""
_MOST_FAULTS: Final = 100
"""Mistakes of one file that are told."""
_BESIDES: Final = 40
"""Bytes that a cue takes besides its text."""

_TICKS_PER_MS: Final = TIMEBASE // 1000
_ARROW: Final = "-->"
_TIME: Final = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,3}))?"
_TIMING: Final = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s+(.*))?", re.ASCII)
_SETTINGS: Final = (
    re.compile(r"vertical:(?:rl|lr)"),
    re.compile(r"line:(?:-?\d{1,3}|\d{1,2}(?:\.\d+)?%|100%)(?:,(?:start|center|end))?"),
    re.compile(r"position:(?:\d{1,2}(?:\.\d+)?%|100%)(?:,(?:line-left|center|line-right))?"),
    re.compile(r"size:(?:\d{1,2}(?:\.\d+)?%|100%)"),
    re.compile(r"align:(?:start|center|end|left|right)"),
)
"""The cue settings that are kept (WebVTT, section 4.4): those that need no region."""
_BLOCKS: Final = ("NOTE", "STYLE", "REGION", "WEBVTT")
"""How blocks of a WebVTT file that are no cues begin."""

_OVERRIDE: Final = re.compile(r"\{\\([^{}]*)\}")
_AT_TOP: Final = re.compile(r"an?[789](?!\d)|a(?:5|6|7)(?!\d)")
_TAG: Final = re.compile(r"<(/?)([A-Za-z]+)(?:[.\s][^<>]*)?/?>|<\d[\d:.]*>")
_KEPT: Final = {"b": "b", "strong": "b", "i": "i", "em": "i", "u": "u"}
_DROPPED: Final = frozenset({"font", "c", "v", "lang", "ruby", "rt", "span", "p", "div", "s"})
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")


@dataclass(frozen=True, slots=True, order=True)
class Cue:
    """A text that is shown from `start` until `end`."""

    start: Ticks
    end: Ticks
    text: str
    """WebVTT cue text: lines, b, i and u, everything else escaped."""
    settings: str = ""
    """WebVTT cue settings."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a subtitle file holds, and what in it could not be read."""

    cues: tuple[Cue, ...]
    """In the order of their times."""
    faults: tuple[Fault, ...]


def parse(data: bytes) -> Parsed:
    """The cues of a .srt or .vtt file, told apart by their content."""
    if len(data) > LARGEST:
        return Parsed((), (Fault(0, f"larger than {LARGEST >> 20} MiB: are these really subtitles?"),))
    text = decoded(data)
    if "\0" in text[:1000]:
        return Parsed((), (Fault(0, "not a text: are these really subtitles?"),))
    lines = re.split(r"\r\n|\n|\r", text)
    webvtt = lines[0].split()[:1] == ["WEBVTT"]
    cues: list[Cue] = []
    faults: list[Fault] = []
    for first, block in _blocks(lines):
        if webvtt and _is_no_cue(block):
            continue
        answers = list(_cues(first, block))
        faults += [answer for answer in answers if isinstance(answer, Fault)]
        cues += [answer for answer in answers if isinstance(answer, Cue) and answer.text]
        if len(cues) > MOST_CUES:
            return Parsed((), (Fault(0, f"holds more than {MOST_CUES} texts: are these really subtitles?"),))
        if len(faults) > _MOST_FAULTS:
            faults[_MOST_FAULTS:] = [Fault(0, "the rest of it is not read: there are too many mistakes")]
            break
    if not webvtt and not cues and not faults:
        faults.append(Fault(0, "holds no subtitles"))
    return Parsed(tuple(sorted(cues)), tuple(faults))


def decoded(data: bytes) -> str:
    """The text in `data`: UTF-8 or UTF-16 by its mark or its looks, else Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    sample = data[:400]
    if sample.count(0) * 3 > len(sample):
        return data.decode("utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def in_asset(cues: Iterable[Cue], speed: Fraction, length: Ticks) -> tuple[Cue, ...]:
    """Cues in source time as cues in asset time: retimed by `speed`, and none beyond `length`."""
    moved = (
        Cue(retimed(cue.start, speed), min(retimed(cue.end, speed), length), cue.text, cue.settings) for cue in cues
    )
    return tuple(cue for cue in moved if cue.start < cue.end)


def shifted(cues: Iterable[Cue], by: Ticks) -> tuple[Cue, ...]:
    """Cues `by` ticks later; what would be shown before 0 is cut off."""
    moved = (Cue(Ticks(max(cue.start + by, 0)), Ticks(cue.end + by), cue.text, cue.settings) for cue in cues)
    return tuple(cue for cue in moved if cue.start < cue.end)


def segments(cues: Iterable[Cue], boundaries: Sequence[Ticks]) -> list[bytes]:
    """One WebVTT document for each segment between `boundaries` (H-67).

    A cue stands in every segment during which it is shown, with its full times, so that a player that
    begins anywhere shows it. A segment without cues is a head alone.
    """
    bodies: list[list[bytes]] = [[] for _ in boundaries[1:]]
    first = 0
    for cue in sorted(cues):
        while first < len(bodies) and boundaries[first + 1] <= cue.start:
            first += 1
        written = printed(cue)
        for k in range(first, len(bodies)):
            if boundaries[k] >= cue.end:
                break
            if boundaries[k + 1] > cue.start:
                bodies[k].append(written)
    return [vtt_head() + b"".join(body) for body in bodies]


def size(cues: Iterable[Cue], segment: Ticks) -> int:
    """About how many bytes `segments` of this length make of `cues`: a long one is written again and again."""
    return sum((len(cue.text) + _BESIDES) * (1 + (cue.end - cue.start) // segment) for cue in cues)


def printed(cue: Cue) -> bytes:
    """The cue as a WebVTT block."""
    start = _millis(cue.start)
    end = max(_millis(cue.end), start + 1)
    settings = f" {cue.settings}" if cue.settings else ""
    return f"{_clock(start)} {_ARROW} {_clock(end)}{settings}\n{cue.text}\n\n".encode()


def cue_text(text: str) -> str:
    """Legal WebVTT cue text that says what `text`, from any kind of subtitles, says.

    b, i and u stay, and are closed; other mark-up goes and what it encloses stays.
    """
    text = _OVERRIDE.sub("", text).replace("\\N", "\n")
    text = _CONTROL.sub("", re.sub(r"(?i)<br\s*/?>", "\n", text))
    out: list[str] = []
    stack: list[str] = []
    at = 0
    for tag in _TAG.finditer(text):
        name = (tag[2] or "").lower()
        if tag[2] and name not in _KEPT and name not in _DROPPED:
            continue  # `<sighs>` is text
        out.append(_escaped(text[at : tag.start()]))
        at = tag.end()
        if name in _KEPT:
            out.append(_tag(_KEPT[name], stack, closing=bool(tag[1])))
    out.append(_escaped(text[at:]))
    out += [f"</{name}>" for name in reversed(stack)]
    joined = re.sub(r"<([biu])>(\s*)</\1>", r"\2", "".join(out))
    return "\n".join(line.strip() for line in joined.split("\n") if line.strip())


def _tag(name: str, stack: list[str], *, closing: bool) -> str:
    """The text of a tag that keeps `stack`, the open ones, well nested."""
    if not closing:
        if name in stack:
            return ""
        stack.append(name)
        return f"<{name}>"
    if name not in stack:
        return ""
    closed = []
    while True:
        closed.append(stack.pop())
        if closed[-1] == name:
            break
    stack += reversed(closed[:-1])
    return "".join(f"</{tag}>" for tag in closed) + "".join(f"<{tag}>" for tag in reversed(closed[:-1]))


def _escaped(text: str) -> str:
    """Text in which `&`, `<` and `>` stand for themselves; entities that it holds mean what they say."""
    plain = _CONTROL.sub("", _ENTITY.sub(lambda match: html.unescape(match[0]), text))
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _settings(settings: str, text: str) -> str:
    """The settings that are legal, each once; an ASS override for the top of the picture counts as one."""
    kept: dict[str, str] = {}
    for word in settings.split():
        if any(pattern.fullmatch(word) for pattern in _SETTINGS):
            kept.setdefault(word.partition(":")[0], word)
    if "line" not in kept and any(_AT_TOP.search(override[1]) for override in _OVERRIDE.finditer(text)):
        kept["line"] = "line:0"
    return " ".join(kept.values())


def _is_no_cue(block: Sequence[str]) -> bool:
    return _ARROW not in block[0] and block[0].split()[0] in _BLOCKS


def _blocks(lines: Sequence[str]) -> Iterable[tuple[int, list[str]]]:
    """Runs of lines that are not empty, each with the number of its first line, from 1."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip("\ufeff \t\x0b\x0c\x00"):
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _cues(first: int, block: list[str]) -> Iterable[Cue | Fault]:
    """The cues of a block whose first line has the number `first`; usually one.

    A number or a name may stand before the times. Where the empty line between two blocks is missing,
    the next times, and the number before them, begin another cue.
    """
    timings = [k for k, line in enumerate(block) if _ARROW in line]
    if not timings:
        if not (len(block) == 1 and block[0].strip().isdigit()):
            yield Fault(first, f"text without times: `{_short(block[0])}`")
        return
    if timings[0] > 1:
        yield Fault(first, f"text without times: `{_short(block[0])}`")
    for k, after in zip(timings, [*timings[1:], len(block)], strict=True):
        stop = after
        if after < len(block) and block[after - 1].strip().isdigit() and after - 1 > k:
            stop = after - 1
        yield _cue(first + k, block[k], block[k + 1 : stop])


def _cue(number: int, timing: str, text: list[str]) -> Cue | Fault:
    match = _TIMING.fullmatch(timing.strip("\ufeff"))
    if match is None:
        return Fault(number, f"expected times such as 00:01:02.500 --> 00:01:04.000, found `{_short(timing)}`")
    start, end = _ticks(*match.groups()[:4]), _ticks(*match.groups()[4:8])
    if start is None or end is None:
        return Fault(number, f"no such time: `{_short(timing)}`")
    if end <= start:
        return Fault(number, f"ends before it starts: `{_short(timing)}`")
    joined = "\n".join(text)
    return Cue(start, end, cue_text(joined), _settings(match[9] or "", joined))


def _ticks(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> Ticks | None:
    if int(minutes) >= 60 or int(seconds) >= 60:  # noqa: PLR2004 — as clocks have it
        return None
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return Ticks(whole * TIMEBASE + int((fraction or "0").ljust(3, "0")) * _TICKS_PER_MS)


def _millis(ticks: Ticks) -> int:
    return (2 * ticks + _TICKS_PER_MS) // (2 * _TICKS_PER_MS)


def _clock(millis: int) -> str:
    seconds, millis = divmod(millis, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{millis:03d}"


def _short(text: str) -> str:
    text = text.strip("\ufeff \t")
    return text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004 — what fits into a message
