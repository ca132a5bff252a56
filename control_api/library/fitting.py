"""What is fit for whom: by age, and by genre. The same is said twice here, for statements and for those of the search.

Law: an episode or a season has its own genres and those of what it is a part of. Its age is its own, or else that of
what it is a part of: `control_api.library.ages` keeps it in its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from control_api.tables import Title, TitleGenre


@dataclass(frozen=True, slots=True)
class Fit:
    """For whom titles must be fit; as it is made: for everybody."""

    ceiling: int | None = None
    """Of an age in years: what is for older people is not fit, nor what nobody has rated. None: whatever the age."""
    genres: tuple[str, ...] = ()
    """Ids of genres, of which it must have one; empty: whatever the genre."""


ANYBODY: Final = Fit()
_LINK: Final = aliased(TitleGenre)
_UPPER: Final = aliased(Title)


def fits(fit: Fit, of: Any = Title) -> list[ColumnElement[bool]]:  # noqa: ANN401 — Title, or an alias of it
    """Conditions on titles. Each title is judged alone, so that a page of a long list costs what the page does."""
    found: list[ColumnElement[bool]] = []
    if fit.ceiling is not None:
        found.append(of.age.between(0, fit.ceiling))
    if fit.genres:
        link, upper = _LINK, _UPPER
        # the parent's parent is looked for only where the title and its parent have none of them
        above = select(col(upper.parent_id)).where(col(upper.id) == of.parent_id).correlate(of).scalar_subquery()
        found.append(
            or_(
                *(
                    exists().where(col(link.title_id) == one, col(link.genre_id).in_(fit.genres)).correlate(of)
                    for one in (of.id, of.parent_id, above)
                )
            )
        )
    return found


FITS_AGE: Final = "t.age BETWEEN 0 AND :ceiling"
FITS_GENRE: Final = """(
    EXISTS (SELECT 1 FROM title_genre g WHERE g.title_id = t.id AND g.genre_id IN :genres)
    OR EXISTS (SELECT 1 FROM title_genre g WHERE g.title_id = t.parent_id AND g.genre_id IN :genres)
    OR EXISTS (SELECT 1 FROM title_genre g WHERE g.genre_id IN :genres
        AND g.title_id = (SELECT u.parent_id FROM title u WHERE u.id = t.parent_id))
)"""
"""The same for a statement in words, where the title is `t`."""
