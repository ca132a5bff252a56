"""The side-car: what people write beside a film, `film.yaml`, and the subtitles that lie there.

Law: every mistake is reported at once, with its line, and a side-car with a mistake is not used at all.

What nobody said stays empty, but for a story in parts, whose parts are told from the titles of episodes
when an asset is made (packager.stories).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from packager.facts import FOR_EVER, instant_in, name_in, name_like, released_in
from packager.faults import Fault, Faults, meant
from packager.nodes import LARGEST, Field, Reader, empty, short, tree
from playout.core.asset import Kind, Rights
from playout.core.language import UNKNOWN, bcp47
from playout.core.territories import meant_territory, territory
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

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
    released: str = ""
    """`1949`, or `1949-09-02`."""
    genres: tuple[str, ...] = ()
    story: str = ""
    part: int = 0
    ids: tuple[str, ...] = ()
    """`imdb:tt0041959`, in order."""
    advertiser: str = ""
    category: str = ""
    rights: tuple[Rights, ...] = ()
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
    node = tree(data)
    if isinstance(node, Fault):
        return Faults(path, (node,))
    reader = _Sidecars(path.parent)
    value = reader.sidecar(node, found)
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


class _Sidecars(Reader):
    """Reads the keys of a side-car."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def sidecar(self, node: Node | None, found: tuple[tuple[str, Path], ...]) -> Sidecar:
        """The whole document; an empty one says nothing."""
        said = self.fields(node, _KEYS)
        subtitles = said.get("subtitles")
        return Sidecar(
            title=self.text(said.get("title")),
            tags=self.words(said.get("tags")),
            kind=self._kind(said.get("kind")),
            series=self.text(said.get("series")),
            season=self.number(said.get("season")),
            episode=self.number(said.get("episode")),
            description=self.text(said.get("description")),
            rating=self.text(said.get("rating")),
            language=self._language(said.get("language")),
            released=self._released(said.get("released"), said.get("year")),
            genres=self.words(said.get("genres")),
            story=self.text(said.get("story")),
            part=self._part(said.get("part"), said.get("story")),
            ids=self._ids(said.get("ids")),
            advertiser=self.text(said.get("advertiser")),
            category=self.text(said.get("category")),
            rights=self._rights(said.get("rights")),
            break_points=self._break_points(said.get("break_points")),
            subtitles=found if subtitles is None else self._subtitles(subtitles),
        )

    def _kind(self, field: Field | None) -> Kind | None:
        text = None if field is None else self.scalar(field, field.value, "one word")
        if field is None or text is None:
            return None
        if text not in list(Kind):
            known = meant(text, Kind) or f"; it is one of {', '.join(Kind)}"
            self.fault(field.value, f"unknown kind `{short(text)}`{known}")
            return None
        return Kind(text)

    def _language(self, field: Field | None) -> str:
        text = None if field is None else self.scalar(field, field.value, "a language")
        return "" if field is None or text is None else self._tag(field, field.value, text)

    def _tag(self, field: Field, node: Node, text: str) -> str:
        language = bcp47(text)
        if language is None:
            self.fault(node, f"`{field.key}`: `{short(text)}` is no language; write it as `en`, `de` or `pt-BR`")
        return language or ""

    def _released(self, released: Field | None, year: Field | None) -> str:
        """When it came out; `year` is another word for it."""
        if released is not None and year is not None:
            first, second = sorted((released, year), key=lambda field: field.line)
            self.faults.append(Fault(second.line, f"`{second.key}` says what `{first.key}` says already: take one out"))
            return ""
        wrong = "is neither a year nor a day; write `1949` or `1949-09-02`"
        return self.one(released or year, "a year or a day", released_in, wrong) or ""

    def _part(self, part: Field | None, story: Field | None) -> int:
        if part is not None and story is None:
            self.faults.append(Fault(part.line, "`part` without `story`: write of which story it is the part"))
        return self.number(part)

    def _ids(self, field: Field | None) -> tuple[str, ...]:
        """`{imdb: tt0041959}`, or a list of names with their schemes, `imdb:tt0041959`."""
        if field is None:
            return ()
        if isinstance(field.value, MappingNode):
            given = [self._entry(field, key, value) for key, value in field.value.value]
        else:
            given = [name for node in self.items(field, "a list of names") for name in self._listed_id(field, node)]
        return tuple(sorted({name for name in given if name}))

    def _listed_id(self, field: Field, node: Node) -> list[str]:
        """The names in one entry of a list: a text, or a mapping that fell into the list."""
        if isinstance(node, MappingNode):
            return [self._entry(field, key, value) for key, value in node.value]
        text = self.scalar(field, node, "a list of names")
        if text is None:
            return []
        scheme, colon, name = text.partition(":")
        if colon:
            return [self._id(field, node, scheme, name)]
        self.fault(node, f"`{field.key}`: `{short(text)}` lacks its scheme; write it as `imdb:tt0041959`")
        return []

    def _entry(self, field: Field, key: Node, value: Node) -> str:
        text = self.scalar(field, value, "a name")
        return "" if text is None else self._id(field, key, str(getattr(key, "value", "")), text)

    def _id(self, field: Field, node: Node, scheme: str, text: str) -> str:
        name = name_in(scheme, text)
        if name is None:
            like = name_like(scheme)
            self.fault(node, f"`{field.key}`: `{short(f'{scheme}:{text}')}` is no name; write it as `{like}`")
        return name or ""

    def _rights(self, field: Field | None) -> tuple[Rights, ...]:
        """One mapping, or a list of them; what is written in none of them is not allowed."""
        if field is None:
            return ()
        node = field.value
        nodes = node.value if isinstance(node, SequenceNode) else [node]
        if not nodes or (isinstance(node, ScalarNode) and empty(node)):
            self.faults.append(Fault(field.line, "`rights` is empty; leave the key out for always and everywhere"))
            return ()
        found = [self._right(one) for one in nodes]
        return tuple(one for one in found if one is not None)

    def _right(self, node: Node) -> Rights | None:
        if not isinstance(node, MappingNode):
            self.fault(node, "`rights` is keys and values, such as `{from: 2026-01-01, until: 2026-12-31}`")
            return None
        before = len(self.faults)
        said = self.fields(node, _RIGHTS)
        if not node.value:
            self.fault(node, "these rights say nothing: write `from`, `until` or `territories`")
        start = self._instant(said.get("from"), last=False)
        stop = self._instant(said.get("until"), last=True)
        if start is not None and stop is not None and stop <= start:
            self.fault(said["until"].value, "these rights end before they begin")
        right = Rights(start, stop, self._territories(said.get("territories")))
        return right if len(self.faults) == before else None

    def _instant(self, field: Field | None, *, last: bool) -> datetime | None:
        """A day or an instant; a `last` day is included, and the one that stands for no end is none."""
        if field is None or (last and getattr(field.value, "value", "") == FOR_EVER.isoformat()):
            return None
        wrong = "is no date; write `2026-03-01`, or `2026-03-01T20:15Z` with its zone"
        return self.one(field, "a date", lambda text: instant_in(text, last=last), wrong)

    def _territories(self, field: Field | None) -> tuple[str, ...]:
        if field is None:
            return ()
        nodes = self.items(field, "a list of territories")
        if not nodes and not isinstance(field.value, MappingNode):
            self.faults.append(Fault(field.line, "`territories` is empty; leave the key out for everywhere"))
        found = set()
        for node in nodes:
            text = self.scalar(field, node, "a list of territories")
            code = None if text is None else territory(text)
            if text is not None and code is None:
                near = meant_territory(text)
                hint = f", did you mean `{near}`?" if near else "; write its two letters (ISO 3166-1), such as `FR`"
                self.fault(node, f"`{field.key}`: `{short(text)}` is no territory{hint}")
            found.add(code)
        return tuple(sorted(code for code in found if code))

    def _break_points(self, field: Field | None) -> tuple[Ticks, ...] | None:
        if field is None:
            return None
        points = set()
        for node in self.items(field, "a list of times"):
            text = self.scalar(field, node, "a list of times")
            if text is None:
                continue
            ticks = ticks_in(text)
            if ticks is None:
                self.fault(node, f"`{short(text)}` is no time; write `00:12:30.5`, `12:30` or seconds")
            else:
                points.add(ticks)
        return tuple(sorted(points))

    def _subtitles(self, field: Field) -> tuple[tuple[str, Path], ...]:
        """`{en: film.srt}`, or a list of files whose names tell their language."""
        subtitles: dict[str, Path] = {}
        for node, language, name in self._named(field):
            file = self._file(field, node, name)
            if file is None or not language:
                continue
            if language in subtitles:
                self.fault(node, f"`{field.key}`: there is another file for `{language}`")
            subtitles[language] = file
        return tuple(subtitles.items())

    def _named(self, field: Field) -> list[tuple[Node, str, str]]:
        """Node, language and file name of each entry; an unknown language is a fault and is empty."""
        node = field.value
        if isinstance(node, MappingNode):
            pairs = [(key, value, self.scalar(field, value, "a file name")) for key, value in node.value]
            return [(v, self._tag(field, k, str(getattr(k, "value", ""))), n) for k, v, n in pairs if n is not None]
        named = []
        for item in self.items(field, "a list of files"):
            name = self.scalar(field, item, "a list of files")
            if name is not None:
                words = PurePosixPath(name).name.split(".")[1:-1]
                languages = (bcp47(word) for word in reversed(words))
                named.append((item, next((tag for tag in languages if tag is not None), UNKNOWN), name))
        return named

    def _file(self, field: Field, node: Node, name: str) -> Path | None:
        """A subtitle file that lies beside the side-car or below it, and nowhere else."""
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or "\0" in name:
            self.fault(node, f"`{field.key}`: `{short(name)}` must lie beside the side-car")
            return None
        if parts.suffix.lower() not in SUBTITLES:
            self.fault(node, f"`{field.key}`: `{short(name)}` is neither .srt nor .vtt")
            return None
        file = self._folder / parts
        if not file.is_file():
            self.fault(node, f"`{field.key}`: there is no file `{short(name)}` here")
            return None
        return file


_KEYS: Final = (*(field.name for field in fields(Sidecar)), "year")
_RIGHTS: Final = ("from", "until", "territories")
