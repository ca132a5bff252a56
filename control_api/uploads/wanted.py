"""What a client wants to become of a file: fields of a form, pairs of Upload-Metadata, or of a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, Field, ValidationError
from sqlmodel import col, select

from control_api import ids
from control_api.library.facts import Language, Names
from control_api.models import Given
from control_api.problems import UNACCEPTABLE, Problem, mistakes, unacceptable
from control_api.tables import Title
from control_api.uploads.plain import Plain
from playout.core.house import HOUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlmodel.ext.asyncio.session import AsyncSession

_NAME: Final = 255
_THEIRS: Final = {"filename": "name", "name": "name", "kind": "type", "titleid": "title_id"}
"""How clients of tus call what is called otherwise here."""


def _known(house: str) -> str:
    if house and house not in HOUSES:
        message = f"there is no such house; there is: {', '.join(HOUSES)}"
        raise ValueError(message)
    return house


House = Annotated[str, Field(max_length=40), AfterValidator(_known)]
Sort = Literal[
    "", "movie", "special", "episode", "short", "clip", "trailer", "ad", "bumper", "filler", "video", "audio"
]


class Wanted(Given):
    """What is said of a file."""

    title: str = Field(default="", max_length=500, description="What it is to be called; empty: a guess by its name.")
    type: Sort = Field(
        default="",
        description="What it is: movie, special, episode, short, clip, trailer, ad, bumper or filler. Channels take a "
        "special for a movie, a short for a clip and a trailer for filler. video and audio are taken as clip: what is "
        "in a file, the file says.",
    )
    house: House = Field(default="", description="The format to package it in; empty: the station's own.")
    title_id: str | None = Field(
        default=None, pattern=ids.pattern("ti"), description="The title that the asset is to belong to."
    )
    tags: Names = Field(
        default_factory=list,
        description="By what channels choose it. With `title_id` those of the title count.",
        examples=[["film", "noir"]],
    )
    series: str = Field(default="", max_length=500, description="Of an episode: the name of its series.")
    season: int = Field(default=0, ge=0, le=100_000, description="The number of its season; 0: none.")
    episode: int = Field(default=0, ge=0, le=100_000, description="Its number in the season; 0: none.")
    language: Language | None = Field(default=None, description="BCP 47: the language of its main sound.")
    name: Plain = Field(default="", max_length=_NAME, description="What the client calls the file; for people.")
    fingerprint: str | None = Field(
        default=None, min_length=1, max_length=200, description="By what the client knows the file again."
    )

    def values(self) -> dict[str, Any]:
        """The columns of an upload."""
        kind = "" if self.type in ("video", "audio") else self.type
        said = self.model_dump(include=Wanted.model_fields.keys() - {"type"})
        return {**said, "language": self.language or "", "kind": kind}

    async def check(self, session: AsyncSession) -> None:
        """Raises `Problem` where the title is none."""
        if self.title_id is None:
            return
        found = select(Title.id).where(Title.id == self.title_id, col(Title.deleted_at).is_(None))
        if (await session.exec(found)).one_or_none() is None:
            raise unacceptable("/title_id", "there is no such title")


def wanted(given: Mapping[str, str]) -> Wanted:
    """What these pairs say; those that are empty or that nobody knows are none of our business. Raises `Problem`."""
    named = {_THEIRS.get(name.lower(), name.lower()): text for name, text in given.items()}
    known = {name: text for name, text in named.items() if text and name in Wanted.model_fields}
    if "name" in known:
        known["name"] = known["name"][-_NAME:]
    if known.get("type") not in get_args(Sort):  # of clients that mean a media type by it
        known.pop("type", None)
    return checked(known)


def checked(given: Mapping[str, str]) -> Wanted:
    """The same where fields that are unknown are refused, and empty ones where they mean nothing.

    `tags` have commas between them.
    """
    values: dict[str, Any] = dict(given)
    if "tags" in given:
        values["tags"] = [tag for tag in given["tags"].split(",") if tag.strip()]
    try:
        return Wanted.model_validate(values)
    except ValidationError as error:
        faults = map(dict, error.errors(include_url=False))
        words = "what is said of the file is not acceptable"
        raise Problem(UNACCEPTABLE, words, errors=mistakes("body", faults, Wanted)) from error
