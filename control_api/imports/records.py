"""One item of a catalog, whatever it was read from: the model of our own JSON, which all other forms become.

Law: what an item does not say is not in `model_fields_set`, and is never changed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationError, model_validator

from control_api.library.facts import (
    MOST,
    Address,
    Countries,
    Credits,
    Day,
    Elsewhere,
    Heading,
    Language,
    Languages,
    Names,
    RightsGiven,
    Score,
    Text,
    Texts,
)
from control_api.library.kinds import TitleAccess, TitleKind, TitleState
from control_api.models import Given
from control_api.problems import pointer

if TYPE_CHECKING:
    from collections.abc import Mapping

CREDITS: Final = 2000
"""Credits of one title."""


def _job(text: str) -> str:
    return " ".join(text.split()).casefold()


def _once(some: list[str]) -> list[str]:
    return list(dict.fromkeys(some))


Ids = Annotated[list[Elsewhere], AfterValidator(_once), Field(max_length=MOST)]


class CreditRecord(Given):
    """What somebody did for a title."""

    name: Annotated[Heading, Field(max_length=300)]
    job: Annotated[str, AfterValidator(_job), Field(min_length=1, max_length=60, pattern=r"\S")] = Field(
        default="actor", examples=["actor", "director"]
    )
    character: str = Field(default="", max_length=300, description="Whom an actor plays.")
    ids: Ids = Field(default_factory=list, description="The person's names elsewhere: `tmdb:1158`.")


class Record(Given):
    """A title as a catalog has it; what is left out stays as it is."""

    kind: TitleKind = TitleKind.MOVIE
    name: Heading = ""
    state: TitleState | None = None
    series: Annotated[str, Field(max_length=500)] = Field(default="", description="The series of a season or episode.")
    series_ids: Ids = Field(default_factory=list, description="Its names elsewhere.")
    season: Annotated[int, Field(ge=0, le=100_000)] | None = None
    episode: Annotated[int, Field(ge=0, le=100_000)] | None = None
    summary: Annotated[str, Field(max_length=1000)] | None = None
    description: Annotated[str, Field(max_length=20_000)] | None = None
    texts: Texts | None = Field(default=None, description="In other languages.")
    language: Language | None = None
    languages: Languages | None = None
    released: Day | None = None
    age_rating: Annotated[str, Field(max_length=40)] | None = None
    score: Score | None = None
    votes: Annotated[int, Field(ge=0, le=2_000_000_000)] | None = None
    credits_ms: Credits | None = Field(default=None, description="Where its closing credits begin.")
    access: TitleAccess | None = None
    featured: bool | None = None
    genres: Names | None = None
    tags: Names | None = None
    countries: Countries | None = None
    countries_allowed: Countries | None = None
    countries_denied: Countries | None = None
    ids: Ids | None = None
    story: Text | None = None
    part: Annotated[int, Field(ge=0, le=10_000)] | None = None
    advertiser: Text | None = None
    category: Text | None = None
    rights: Annotated[list[RightsGiven], Field(max_length=MOST)] | None = None
    video_url: Address | None = None
    trailer_url: Address | None = None
    credits: Annotated[list[CreditRecord], Field(max_length=CREDITS)] | None = None
    poster: Address | None = Field(default=None, description="Where a portrait picture lies; it is copied.")
    landscape: Address | None = Field(default=None, description="The same of a wide one.")

    @model_validator(mode="after")
    def _placed(self) -> Record:
        """Refuse what has no place, or no name."""
        wrong = _misplaced(self)
        if wrong:
            raise ValueError(wrong)
        return self


def _misplaced(record: Record) -> str:
    in_series = bool(record.series or record.series_ids)
    is_nameless = not record.name and record.kind not in (TitleKind.SEASON, TitleKind.EPISODE) and not record.ids
    wrong = (
        (
            record.kind == TitleKind.TRAILER,
            "trailers are not imported: name the address in `trailer_url` of what they are for",
        ),
        (
            record.kind in (TitleKind.SEASON, TitleKind.EPISODE) and not in_series,
            f"name the series of the {record.kind} in `series`",
        ),
        (record.kind == TitleKind.SERIES and in_series, "a series is a part of nothing: leave `series` out"),
        (record.kind == TitleKind.SEASON and record.season is None, "a season has a number: `season`"),
        (record.kind == TitleKind.EPISODE and record.episode is None, "an episode has a number: `episode`"),
        (bool(record.part) and not record.story, "is a part of no story: name it in `story`"),
        (is_nameless, "a name is expected, or one of its `ids`"),
    )
    return next((words for applies, words in wrong if applies), "")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an item, or with a file."""

    detail: str
    where: str = ""
    """A column, or a JSON Pointer into the item."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a file: a record, or what is wrong with it."""

    line: int
    """Where it begins, counted from 1; 0 where there are no lines."""
    record: Record | None = None
    faults: tuple[Fault, ...] = ()
    name: str = ""
    """What to call it when it is refused."""
    only_known: bool = False
    """Whether no title is made of it: it adds to one that is there."""


class Unreadable(Exception):
    """A file cannot be read as what it is said to be. Says why, and where."""

    def __init__(self, detail: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {detail}" if line else detail)
        self.detail = detail
        self.line = line


def item(
    said: Mapping[str, Any], line: int, places: Mapping[str, str] | None = None, *, only_known: bool = False
) -> Item:
    """The item that says this. `places` tells where each field stands, when that is not its pointer."""
    name = str(said.get("name") or "")[:500]
    try:
        return Item(line, Record.model_validate(said), name=name, only_known=only_known)
    except ValidationError as error:
        faults = tuple(_fault(dict(one), places) for one in error.errors(include_url=False))
        return Item(line, None, faults, name)


def _fault(error: Mapping[str, Any], places: Mapping[str, str] | None) -> Fault:
    detail = str(error["msg"]).removeprefix("Value error, ")
    path = error["loc"]
    if not path:
        return Fault(detail)
    if places is not None:
        return Fault(detail, places.get(str(path[0]), str(path[0])))
    return Fault(detail, pointer(path))


def said(record: Record) -> dict[str, str]:
    """A digest of each field that an item states."""
    kept = record.model_dump(mode="json", include=set(record.model_fields_set))
    return {name: _digest(value) for name, value in sorted(kept.items())}


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(slots=True)
class Notes:
    """What is to be said of a file as a whole; each thing once, and not without end."""

    lines: list[str] = field(default_factory=list)

    def add(self, words: str) -> None:
        """Say something."""
        if words not in self.lines and len(self.lines) < MOST:
            self.lines.append(words[:500])
