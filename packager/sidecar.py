"""The side-car: what people write beside a film, `film.yaml`, and the subtitles that lie there.

Law: every mistake is reported at once, with its line, and a side-car with a mistake is not used at all.

The text is read as a tree of nodes that know their lines; no object is ever made from it, and it may
neither be large, nor deep, nor refer to itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from packager.faults import Fault, Faults, meant
from playout.core.asset import Kind
from playout.core.language import UNKNOWN, bcp47
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST: Final = 64 * 1024
"""Bytes of a side-car that are still plausible."""
DEEPEST: Final = 4
"""Levels of nesting; a list of mappings in the top mapping has three."""
LONGEST: Final = 10_000
"""Characters of one text."""

SUFFIXES: Final = (".yaml", ".yml")
SUBTITLES: Final = (".vtt", ".srt")
"""Subtitle files that are read; of two for one language the first kind wins."""
_WEAKER: Final = ("", "default", "sdh", "cc")
"""Words after the language, best first: `film.en.sdh.srt` serves when there is no `film.en.srt`."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What is known of a source without opening it. What nobody said is empty."""

    title: str = ""
    tags: tuple[str, ...] = ()
    kind: Kind | None = None
    series: str = ""
    season: int = 0
    episode: int = 0
    description: str = ""
    rating: str = ""
    language: str = ""
    """BCP 47: the language of the main sound track."""
    break_points: tuple[Ticks, ...] | None = None
    """Where breaks fit, in source time; None when nobody said, () when there shall be none."""
    subtitles: tuple[tuple[str, Path], ...] = ()
    """Language and file, at most one for each language."""


def read(film: Path) -> Sidecar | Faults:
    """What lies beside `film`: its side-car, if there is one, and its subtitles.

    Subtitles that the side-car names replace those that are found by their names.
    """
    found = neighbours(film.name, _beside(film))
    for suffix in SUFFIXES:
        path = film.with_name(film.stem + suffix)
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return Faults(path, (Fault(0, f"cannot be read: {error.strerror}"),))
        return sidecar(data, path, found)
    return Sidecar(subtitles=found)


def _beside(film: Path) -> list[Path]:
    """The files whose names begin like the film's; none in a folder that is not there or may not be listed."""
    try:
        near = [entry for entry in film.parent.iterdir() if entry.name.startswith(film.stem + ".")]
        return sorted(entry for entry in near if entry.is_file())
    except OSError:
        return []


def neighbours(film: str, entries: Iterable[Path]) -> tuple[tuple[str, Path], ...]:
    """Language and file of the subtitles of the file named `film`, among the files beside it. Pure.

    `film.en.srt`, `film.pt-BR.vtt`, `film.srt`. Forced subtitles are no full subtitles and are left out.
    """
    stem = Path(film).stem
    best: dict[str, tuple[int, int, Path]] = {}
    for entry in entries:
        suffix = entry.suffix.lower()
        if suffix not in SUBTITLES or not entry.name.startswith(stem + "."):
            continue
        words = entry.name[len(stem) : -len(suffix)].strip(".").lower().split(".")
        language, weaker = (bcp47(words[0]), words[1:]) if words != [""] else (UNKNOWN, [])
        if language is None or len(weaker) > 1 or "".join(weaker) not in _WEAKER:
            continue
        rank = (_WEAKER.index("".join(weaker)), SUBTITLES.index(suffix), entry)
        best[language] = min(rank, best.get(language, rank))
    return tuple((language, rank[2]) for language, rank in sorted(best.items()))


def sidecar(data: bytes, path: Path, found: tuple[tuple[str, Path], ...] = ()) -> Sidecar | Faults:
    """The side-car that `data`, read from `path`, holds; `found` are the subtitles that lie beside it."""
    tree = _tree(data)
    if isinstance(tree, Fault):
        return Faults(path, (tree,))
    reader = _Reader(path.parent)
    value = reader.sidecar(tree, found)
    return Faults(path, tuple(sorted(reader.faults))) if reader.faults else value


def ticks_in(text: str) -> Ticks | None:
    """The time that `text` names: `00:12:30.5`, `12:30` or seconds; None when it is no time."""
    match = re.fullmatch(r"(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,6})(?:[.,](\d{1,9}))?", text.strip(), re.ASCII)
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups()
    if minutes is not None and (int(seconds) >= 60 or (hours is not None and int(minutes) >= 60)):  # noqa: PLR2004
        return None
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    part = fraction or "0"
    return Ticks(whole * TIMEBASE + (2 * int(part) * TIMEBASE + 10 ** len(part)) // (2 * 10 ** len(part)))


def _tree(data: bytes) -> Node | Fault | None:
    """The nodes of the document, after it is known to be small, flat and free of references."""
    if len(data) > LARGEST:
        return Fault(0, f"larger than {LARGEST // 1024} KiB: is this really a side-car?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Fault(data.count(b"\n", 0, error.start) + 1, "not UTF-8: save the file as UTF-8")
    try:
        return _bomb(text) or YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Fault(mark.line + 1 if mark else 0, f"not YAML: {error.problem or error.context}")
    except YAMLError as error:
        return Fault(0, f"not YAML: {str(error).splitlines()[0]}")
    except ValueError as error:
        return Fault(0, f"not YAML: {error}")


def _bomb(text: str) -> Fault | None:
    """Why the text is not even composed: references and deep nesting."""
    depth = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            return Fault(event.start_mark.line + 1, "anchors and aliases (`&`, `*`) are not used here; quote the text")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            return Fault(event.start_mark.line + 1, f"nested deeper than {DEEPEST} levels")
    return None


class _Reader:
    """Reads nodes into values and keeps a list of what is wrong."""

    def __init__(self, folder: Path) -> None:
        self.faults: list[Fault] = []
        self._folder = folder

    def sidecar(self, tree: Node | None, found: tuple[tuple[str, Path], ...]) -> Sidecar:
        """The whole document; an empty one says nothing."""
        said = self._fields(tree, _KEYS)
        subtitles = said.get("subtitles")
        return Sidecar(
            title=self._text(said.get("title")),
            tags=self._tags(said.get("tags")),
            kind=self._kind(said.get("kind")),
            series=self._text(said.get("series")),
            season=self._number(said.get("season")),
            episode=self._number(said.get("episode")),
            description=self._text(said.get("description")),
            rating=self._text(said.get("rating")),
            language=self._language(said.get("language")),
            break_points=self._break_points(said.get("break_points")),
            subtitles=found if subtitles is None else self._subtitles(subtitles),
        )

    def _fault(self, node: Node, text: str) -> None:
        self.faults.append(Fault(node.start_mark.line + 1, text))

    def _fields(self, tree: Node | None, known: tuple[str, ...]) -> dict[str, _Field]:
        """The values of a mapping by key; unknown and doubled keys are faults."""
        said: dict[str, _Field] = {}
        if tree is None or (isinstance(tree, ScalarNode) and _empty(tree)):
            return said
        if not isinstance(tree, MappingNode):
            self._fault(tree, "expected keys and values, such as `title: My film`")
            return said
        for name, value in tree.value:
            key = name.value if isinstance(name, ScalarNode) else ""
            if key not in known:
                self._fault(name, f"unknown key `{key}`{meant(key, known)}")
            elif key in said:
                self._fault(name, f"`{key}` is there twice, first in line {said[key].line}")
            else:
                said[key] = _Field(key, value, name.start_mark.line + 1)
        return said

    def _scalar(self, field: _Field, node: Node, wanted: str) -> str | None:
        """The text of a scalar as it was written."""
        if not isinstance(node, ScalarNode):
            self._fault(node, f"`{field.key}` is {wanted}, not a {_shape(node)}")
            return None
        text = str(node.value).strip()
        if _empty(node) or not text:
            line = field.line if node is field.value else node.start_mark.line + 1  # nothing stands on the next line
            self.faults.append(Fault(line, f"`{field.key}` is empty; leave the key out"))
            return None
        if len(text) > LONGEST:
            self._fault(node, f"`{field.key}` is longer than {LONGEST} characters")
            return None
        return text

    def _text(self, field: _Field | None) -> str:
        return "" if field is None else self._scalar(field, field.value, "a text") or ""

    def _number(self, field: _Field | None) -> int:
        if field is None:
            return 0
        text = self._scalar(field, field.value, "a whole number")
        if text is None:
            return 0
        if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
            self._fault(field.value, f"`{field.key}` is a whole number, such as 3, not `{_short(text)}`")
            return 0
        return int(text)

    def _kind(self, field: _Field | None) -> Kind | None:
        text = None if field is None else self._scalar(field, field.value, "one word")
        if field is None or text is None:
            return None
        if text not in list(Kind):
            known = meant(text, Kind) or f"; it is one of {', '.join(Kind)}"
            self._fault(field.value, f"unknown kind `{_short(text)}`{known}")
            return None
        return Kind(text)

    def _language(self, field: _Field | None) -> str:
        text = None if field is None else self._scalar(field, field.value, "a language")
        return "" if field is None or text is None else self._tag(field, field.value, text)

    def _tag(self, field: _Field, node: Node, text: str) -> str:
        language = bcp47(text)
        if language is None:
            self._fault(node, f"`{field.key}`: `{_short(text)}` is no language; write it as `en`, `de` or `pt-BR`")
        return language or ""

    def _items(self, field: _Field, wanted: str) -> list[Node]:
        """The entries of a list; one value alone is a list of one."""
        node = field.value
        if isinstance(node, SequenceNode):
            return list(node.value)
        if isinstance(node, ScalarNode):
            return [] if _empty(node) else [node]
        self._fault(node, f"`{field.key}` is {wanted}, not a {_shape(node)}")
        return []

    def _tags(self, field: _Field | None) -> tuple[str, ...]:
        if field is None:
            return ()
        texts = [self._scalar(field, node, "a list of words") for node in self._items(field, "a list of words")]
        return tuple(dict.fromkeys(text for text in texts if text is not None))

    def _break_points(self, field: _Field | None) -> tuple[Ticks, ...] | None:
        if field is None:
            return None
        points = set()
        for node in self._items(field, "a list of times"):
            text = self._scalar(field, node, "a list of times")
            if text is None:
                continue
            ticks = ticks_in(text)
            if ticks is None:
                self._fault(node, f"`{_short(text)}` is no time; write `00:12:30.5`, `12:30` or seconds")
            else:
                points.add(ticks)
        return tuple(sorted(points))

    def _subtitles(self, field: _Field) -> tuple[tuple[str, Path], ...]:
        """`{en: film.srt}`, or a list of files whose names tell their language."""
        subtitles: dict[str, Path] = {}
        for node, language, name in self._named(field):
            file = self._file(field, node, name)
            if file is None or not language:
                continue
            if language in subtitles:
                self._fault(node, f"`{field.key}`: there is another file for `{language}`")
            subtitles[language] = file
        return tuple(subtitles.items())

    def _named(self, field: _Field) -> list[tuple[Node, str, str]]:
        """Node, language and file name of each entry; an unknown language is a fault and is empty."""
        node = field.value
        if isinstance(node, MappingNode):
            pairs = [(key, value, self._scalar(field, value, "a file name")) for key, value in node.value]
            return [(v, self._tag(field, k, str(getattr(k, "value", ""))), n) for k, v, n in pairs if n is not None]
        named = []
        for item in self._items(field, "a list of files"):
            name = self._scalar(field, item, "a list of files")
            if name is not None:
                words = PurePosixPath(name).name.split(".")[1:-1]
                languages = (bcp47(word) for word in reversed(words))
                named.append((item, next((tag for tag in languages if tag is not None), UNKNOWN), name))
        return named

    def _file(self, field: _Field, node: Node, name: str) -> Path | None:
        """A subtitle file that lies beside the side-car or below it, and nowhere else."""
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or "\0" in name:
            self._fault(node, f"`{field.key}`: `{_short(name)}` must lie beside the side-car")
            return None
        if parts.suffix.lower() not in SUBTITLES:
            self._fault(node, f"`{field.key}`: `{_short(name)}` is neither .srt nor .vtt")
            return None
        file = self._folder / parts
        if not file.is_file():
            self._fault(node, f"`{field.key}`: there is no file `{_short(name)}` here")
            return None
        return file


@dataclass(frozen=True, slots=True)
class _Field:
    """A key and what it holds."""

    key: str
    value: Node
    line: int


_KEYS: Final = tuple(field.name for field in fields(Sidecar))


def _empty(node: ScalarNode) -> bool:
    """Whether nothing, or `~`, was written; a quoted text is never nothing."""
    return node.tag == "tag:yaml.org,2002:null"


def _shape(node: Node) -> str:
    return "list" if isinstance(node, SequenceNode) else "mapping"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004 — what fits into a message
