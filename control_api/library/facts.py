"""What people say of a title, as it is stored, shown and compared: one model of it for lists, edits and the audit."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from control_api.instants import Instant
from control_api.library.kinds import TitleAccess, TitleKind, TitleState
from control_api.models import Given, Shown
from playout.core.language import bcp47
from playout.core.territories import meant_territory, territory

MOST: Final = 100
"""Entries of one list that hangs on a title."""
TEXTS: Final = 256 << 10
"""Bytes of all texts of a title in other languages."""
_RELEASED: Final = re.compile(r"[1-9]\d{3}(-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?", re.ASCII)
_ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9_.-]{0,39}:\S{1,200}")


def _day(text: str) -> str:
    if text and not _RELEASED.fullmatch(text):
        message = f"{text!r} is neither a year nor a day: write 1949 or 1949-09-02"
        raise ValueError(message)
    if len(text) > len("1949"):
        try:
            date.fromisoformat(text)
        except ValueError:
            message = f"there is no day {text}"
            raise ValueError(message) from None
    return text


def _language(text: str) -> str:
    found = bcp47(text)
    if found is None:
        message = f"{text!r} is no language: write a BCP 47 tag like en or pt-BR"
        raise ValueError(message)
    return found


def _country(text: str) -> str:
    found = territory(text)
    if found is None:
        meant = meant_territory(text)
        message = f"{text!r} is no country of ISO 3166-1" + (f"; did you mean {meant}?" if meant else "")
        raise ValueError(message)
    return found


def _elsewhere(text: str) -> str:
    if not _ELSEWHERE.fullmatch(text):
        message = f"{text!r} is no name elsewhere: write scheme:value, like imdb:tt0041959"
        raise ValueError(message)
    return text


def _named(text: str) -> str:
    found = " ".join(text.split())
    if not found:
        message = "a name is expected, and this is empty"
        raise ValueError(message)
    return found


def _address(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        message = "an address that begins with https:// is expected"
        raise ValueError(message)
    return text


def _single(some: list[str]) -> list[str]:
    """Without repeats; case is of no account."""
    return list({" ".join(one.split()).casefold(): one for one in reversed(some)}.values())[::-1]


# lengths are looked at before anything is tidied, so that what the reference says is what holds
Day = Annotated[
    str,
    Field(max_length=10, description="A year, `1949`, or a day, `1949-09-02`; empty: unknown."),
    AfterValidator(_day),
]
Language = Annotated[str, Field(min_length=2, max_length=35, examples=["pt-BR"]), AfterValidator(_language)]
Country = Annotated[str, Field(min_length=2, max_length=2, examples=["PT"]), AfterValidator(_country)]
Elsewhere = Annotated[str, Field(max_length=241, examples=["imdb:tt0041959"]), AfterValidator(_elsewhere)]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_named)]
PersonName = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_named)]
Heading = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_named)]
Address = Annotated[str, Field(max_length=2000), AfterValidator(_address)]
Names = Annotated[list[Name], Field(max_length=MOST), AfterValidator(_single)]
Languages = Annotated[list[Language], Field(max_length=MOST), AfterValidator(_single)]
Countries = Annotated[list[Country], Field(max_length=300), AfterValidator(_single)]


class RightsGiven(Given):
    """A time and some countries for which a title may be shown."""

    start: Instant | None = Field(default=None, description="From when on; null: always until now.")
    stop: Instant | None = Field(default=None, description="The first instant at which it may not; null: never.")
    territories: Countries = Field(default_factory=list, description="Where; empty: everywhere.")

    @model_validator(mode="after")
    def _in_order(self) -> RightsGiven:
        if self.start is not None and self.stop is not None and self.stop <= self.start:
            message = "the rights end before they begin"
            raise ValueError(message)
        return self


class TextGiven(Given):
    """What a title is called, and what is said of it, in one language."""

    name: str = Field(default="", max_length=500)
    summary: str = Field(default="", max_length=1000, description="The short description.")
    description: str = Field(default="", max_length=20_000, description="The long one.")


def _bounded(texts: dict[str, TextGiven]) -> dict[str, TextGiven]:
    """Refuse more than anybody writes of one title: whoever reads a title reads all of it."""
    size = sum(len(part.encode()) for one in texts.values() for part in (one.name, one.summary, one.description))
    if size > TEXTS:
        message = f"all texts of a title together have {TEXTS >> 10} KiB at most, and these {-(-size >> 10)}"
        raise ValueError(message)
    return texts


Texts = Annotated[dict[Language, TextGiven], Field(max_length=MOST), AfterValidator(_bounded)]


def _score(value: object) -> object:
    """A score of two decimals: what is finer is left out."""
    return round(value, 2) if isinstance(value, float) else value


Score = Annotated[float, BeforeValidator(_score), Field(ge=0, le=10, description="What audiences think, from 0 to 10.")]


class TitleFacts(Shown):
    """All that people may say of a title."""

    kind: TitleKind
    state: TitleState
    parent_id: str | None = Field(description="What it is a part of, or what a trailer is for.")
    number: int | None = Field(description="Its place in its parent: which season, which episode.")
    name: str
    summary: str = Field(description="The short description.")
    description: str = Field(description="The long description.")
    texts: dict[str, TextGiven] = Field(description="The same in other languages, by their BCP 47 tags.")
    language: str = Field(description="Of the main sound; `und`: nobody said.")
    languages: list[str] = Field(description="All in which it is heard, the main one too.")
    released: str = Field(description="A year or a day; empty: nobody said.")
    age_rating: str = Field(description="E.g. `TV-14` or `PG-13`; empty: none.")
    score: float | None = Field(description="What audiences think, from 0 to 10; null: nobody said.")
    votes: int = Field(description="How many said so.")
    credits_ms: int | None = Field(
        description="Where its closing credits begin, in milliseconds: who comes there has seen it. Null: 95 % of it."
    )
    access: TitleAccess = Field(description="Who may play it: everybody, or who has a plan with what is premium.")
    featured: bool
    genres: list[str] = Field(description="The main one first.")
    tags: list[str] = Field(description="By which channels choose.")
    countries: list[str] = Field(description="Where it comes from.")
    countries_allowed: list[str] = Field(description="Where alone it may be seen on demand; empty: everywhere.")
    countries_denied: list[str] = Field(description="Where it may not be seen on demand.")
    ids: list[str] = Field(description="Its names elsewhere, `scheme:value`.")
    story: str = Field(description="The story in parts to which it belongs.")
    part: int = Field(description="Which part of it; 0: none.")
    advertiser: str
    category: str = Field(description="What an ad is for.")
    rights: list[RightsGiven] = Field(description="When and where it may be shown; empty: always and everywhere.")
    video_url: str = Field(description="The HLS playlist of somebody else, where no asset of the station has it.")
    trailer_url: str = Field(description="A trailer that is somewhere else; our own are titles of the kind `trailer`.")


Text = Annotated[str, Field(max_length=200)]
Credits = Annotated[
    int, Field(ge=1, le=7 * 86_400_000, description="Where its closing credits begin, in milliseconds.")
]


class TitleEdit(Given):
    """What is to be another way; what is left out stays."""

    kind: TitleKind | None = None
    state: TitleState | None = None
    parent_id: str | None = Field(default=None, max_length=40, description="What it is a part of; null: of nothing.")
    number: int | None = Field(default=None, ge=0, le=100_000, description="Its place in its parent.")
    name: Heading | None = None
    summary: Annotated[str, Field(max_length=1000)] | None = None
    description: Annotated[str, Field(max_length=20_000)] | None = None
    texts: Texts | None = None
    language: Language | None = None
    languages: Languages | None = None
    released: Day | None = None
    age_rating: Annotated[str, Field(max_length=40)] | None = None
    score: Score | None = None
    votes: Annotated[int, Field(ge=0, le=2_000_000_000)] | None = None
    credits_ms: Credits | None = None
    access: TitleAccess | None = Field(
        default=None,
        description="Of a series or a season: of everything beneath it as well. `premium` takes the setting "
        "`on_demand` to be `signed`.",
    )
    featured: bool | None = None
    genres: Names | None = None
    tags: Names | None = None
    countries: Countries | None = None
    countries_allowed: Countries | None = None
    countries_denied: Countries | None = None
    ids: Annotated[list[Elsewhere], Field(max_length=MOST), AfterValidator(_single)] | None = None
    story: Text | None = None
    part: Annotated[int, Field(ge=0, le=10_000)] | None = None
    advertiser: Text | None = None
    category: Text | None = None
    rights: Annotated[list[RightsGiven], Field(max_length=MOST)] | None = None
    video_url: Address | None = None
    trailer_url: Address | None = None

    @model_validator(mode="after")
    def _said(self) -> TitleEdit:
        """Refuse nulls where they mean nothing."""
        empty = sorted(
            name for name in self.model_fields_set if getattr(self, name) is None and name not in _MAY_BE_NULL
        )
        if empty:
            message = f"null is no value for {', '.join(empty)}: leave it out, or send one"
            raise ValueError(message)
        return self


_MAY_BE_NULL: Final = frozenset(("parent_id", "number", "score", "credits_ms"))


class TitleGiven(TitleEdit):
    """A title that is to be made."""

    kind: TitleKind
    name: Heading
