"""What the engine is told of a title, and what a title is made of that an asset tells of.

Law: a title that was made of what an asset says, and that nobody has changed, tells the engine just that.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from control_api.library.facts import RightsGiven
from control_api.library.kinds import FOLDERS, aired_as
from playout.core.asset import Kind, Rights
from playout.core.asset import Title as Told

if TYPE_CHECKING:
    from control_api.library.hung import Hung
    from control_api.tables import Title

_LONGEST: Final = {"title": 500, "series": 500, "rating": 40, "language": 35, "story": 200}
_LONGEST_NAME: Final = 100
_MOST: Final = 100


def told(title: Title, there: Hung, *, inherits: bool = True) -> Told:
    """All that the engine is to know of a title that may air.

    An episode without genres or a rating `inherits` those of its season or its series.
    """
    series, season = there.above.series, there.above.season
    ratings = (one.age_rating for one in (title, *(there.above if inherits else ())) if one is not None)
    return Told(
        title=title.name,
        kind=aired_as(title.kind),
        tags=tuple(there.tags),
        series=series.name if series is not None else "",
        season=season.number or 0 if season is not None else 0,
        episode=title.number or 0 if title.kind not in FOLDERS else 0,
        description=title.description or title.summary,
        rating=next((rating for rating in ratings if rating), ""),
        language=title.language,
        released=title.released,
        genres=tuple(there.genres or (there.above_genres if inherits else ())),
        story=title.story,
        part=title.part if title.story else 0,
        ids=tuple(sorted(there.ids)),
        advertiser=title.advertiser,
        category=title.category,
        rights=tuple(granted(one) for one in title.rights),
    )


def granted(right: dict[str, Any]) -> Rights:
    """Rights as they are stored, as the engine knows them."""
    found = RightsGiven.model_validate(right)
    return Rights(found.start, found.stop, tuple(sorted(found.territories)))


def stored(right: Rights) -> dict[str, Any]:
    """And back."""
    given = RightsGiven.model_construct(start=right.start, stop=right.stop, territories=list(right.territories))
    return given.model_dump(mode="json")


def document(about: Told) -> dict[str, Any]:
    """What an asset says, to be kept."""
    found: dict[str, Any] = msgspec.to_builtins(about)
    return found


def from_document(kept: dict[str, Any]) -> Told:
    """What was kept of an asset."""
    return msgspec.convert(kept, Told) if kept else NOTHING


NOTHING: Final = Told("", Kind.SLATE)
"""What nobody says."""


def readable(about: Told) -> Told:
    """What an asset says, as far as it fits the database: cut to its lengths, each name once, tags in order."""
    cut = {name: getattr(about, name).replace("\0", "")[:most].strip() for name, most in _LONGEST.items()}
    return replace(
        about,
        **cut,
        description=about.description.replace("\0", "")[:20_000],
        advertiser=about.advertiser.replace("\0", "")[:200],
        category=about.category.replace("\0", "")[:200],
        tags=tuple(sorted(_names(about.tags), key=str.casefold)),
        genres=_names(about.genres),
        part=about.part if about.story else 0,
    )


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    clean = (" ".join(name.replace("\0", "").split())[:_LONGEST_NAME].strip() for name in names)
    return tuple({name.casefold(): name for name in reversed([one for one in clean if one])}.values())[::-1][:_MOST]


def merged(before: Told, mine: Told, theirs: Told) -> Told:
    """What an asset that came later says, but for what people have changed since the one before it."""
    kept = {one.name: getattr(mine, one.name) for one in fields(Told) if _changed(before, mine, one.name)}
    return replace(theirs, **kept)


def agree(one: Told, other: Told) -> bool:
    """Whether both say the same."""
    return not any(_changed(one, other, part.name) for part in fields(Told))


def _changed(before: Told, mine: Told, name: str) -> bool:
    was, now = getattr(before, name), getattr(mine, name)
    if name == "tags":  # their order means nothing
        return {tag.casefold() for tag in was} != {tag.casefold() for tag in now}
    if name == "genres":
        return [genre.casefold() for genre in was] != [genre.casefold() for genre in now]
    return bool(was != now)
