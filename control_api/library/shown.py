"""Titles as they are shown: what people say of them, and what follows from what hangs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from control_api.instants import Instant, Millis
from control_api.library.facts import RightsGiven, TitleFacts
from control_api.library.flags import Flags, Ratings  # noqa: TC001 — Pydantic reads them
from control_api.models import Shown

if TYPE_CHECKING:
    from sqlalchemy import Row

    from control_api.library.hung import Hung, Picture
    from control_api.tables import Artwork, Title

_HUNDREDTHS: Final = 100


class ArtworkShown(Shown):
    """A picture."""

    id: str
    shape: str = Field(description="`banner` 16:4, `landscape` 16:9, `portrait` 2:3 or `square` 1:1.")
    language: str = Field(description="Of what is written on it; empty where that does not matter.")
    url: str = Field(description="Where it lies; what lies there never changes.")
    media_type: str
    width: int = Field(description="In pixels.")
    height: int = Field(description="In pixels.")
    size: int = Field(description="In bytes.")
    origin: str = Field(description="`upload`, `link` or `frame`.")
    created_at: Instant


class AssetBrief(Shown):
    """A packaged piece of media of a title."""

    id: str
    house: str
    state: str
    duration_ms: Millis
    added_at: Instant


class AboveShown(Shown):
    """What a title is a part of."""

    id: str
    kind: str
    name: str
    number: int | None


class TitleShown(TitleFacts):
    """A title."""

    id: str
    above: list[AboveShown] = Field(description="What it is a part of: the nearest first.")
    duration_ms: Millis | None = Field(description="How long its longest asset plays; null: it has none.")
    assets: list[AssetBrief]
    artwork: list[ArtworkShown]
    views: int = Field(description="How often it was seen.")
    is_locked: bool = Field(description="Whether it is premium, and the plan of who asks does not include that.")
    ratings: Ratings = Field(description="What profiles of this station think of it.")
    mine: Flags | None = Field(description="What it is to the profile that asks; null for who has none.")
    created_at: Instant
    updated_at: Instant
    published_at: Instant | None
    deleted_at: Instant | None = Field(description="When it was put into the bin; null: it is not there.")


class TextListed(Shown):
    """What a title is called in one language, in short."""

    name: str
    summary: str = Field(description="The short description; who reads the title itself gets the long one, too.")


class TitleListed(TitleShown):
    """A title, as lists have it."""

    texts: dict[str, TextListed] = Field(  # type: ignore[assignment]  # a list of a hundred has no room for them all
        description="The same in other languages, by their BCP 47 tags, without the long descriptions."
    )


def facts(title: Title, there: Hung) -> TitleFacts:
    """What people say of a title."""
    return TitleFacts(**_facts(title, there))


def shown(title: Title, there: Hung, public_url: str = "") -> TitleShown:
    """All that is shown of a title; `public_url` stands before the addresses of pictures."""
    said = _facts(title, there)
    return TitleShown(**_veiled(said, there), **_surroundings(title, there, public_url))


def listed(title: Title, there: Hung, public_url: str = "") -> TitleListed:
    """The same, as lists have it."""
    said = _facts(title, there)
    said["texts"] = {
        language: TextListed(name=text.name, summary=text.summary) for language, text in said["texts"].items()
    }
    return TitleListed(**_veiled(said, there), **_surroundings(title, there, public_url))


def _veiled(said: dict[str, Any], there: Hung) -> dict[str, Any]:
    """Without the address by which it would play, for whom it is locked."""
    if there.is_locked:
        said["video_url"] = ""
    return said


def _surroundings(title: Title, there: Hung, public_url: str) -> dict[str, Any]:
    return {
        "id": title.id,
        "above": [AboveShown.model_validate(one) for one in there.above if one is not None],
        "duration_ms": max((asset.duration_ms for asset in there.assets), default=None),
        "assets": [AssetBrief.model_validate(asset) for asset in there.assets],
        "artwork": [pictured(picture, public_url) for picture in there.artwork],
        "views": title.views,
        "is_locked": there.is_locked,
        "ratings": there.ratings,
        "mine": there.mine,
        "created_at": title.created_at,
        "updated_at": title.updated_at,
        "published_at": title.published_at,
        "deleted_at": title.deleted_at,
    }


def pictured(picture: Artwork | Picture | Row[Any], public_url: str = "") -> ArtworkShown:
    """A picture with its address; it may be a row that has no more of it than is shown, and its digest."""
    return ArtworkShown(
        **{name: getattr(picture, name) for name in ArtworkShown.model_fields if name != "url"},
        url=address(picture.digest, picture.media_type, public_url),
    )


def address(digest: str, media_type: str, public_url: str = "") -> str:
    """Where a picture lies."""
    return f"{public_url}/artwork/{digest}.{media_type.rpartition('/')[2]}"


def _facts(title: Title, there: Hung) -> dict[str, Any]:
    row = vars(title)  # many times as quick as to ask it for each by its name
    return {name: row[name] for name in _SAME} | {
        "score": title.score / _HUNDREDTHS if title.score >= 0 else None,
        "genres": there.genres,
        "tags": there.tags,
        "languages": there.languages,
        "countries": there.countries,
        "ids": there.ids,
        "texts": there.texts,
        "rights": [RightsGiven.model_validate(right) for right in title.rights],
    }


_ELSEWHERE: Final = frozenset(("score", "genres", "tags", "languages", "countries", "ids", "texts", "rights"))
"""What is no column of the title, or is shown in another way than it is kept."""
_SAME: Final = tuple(name for name in TitleFacts.model_fields if name not in _ELSEWHERE)
