"""What a profile is kept from, as conditions of whatever lists, searches or counts titles.

Law: who has a ceiling sees nothing that is for older people, and nothing that nobody has rated; who has genres sees
nothing that is of none of them. A title alone is judged by the same conditions as a list is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, select

from control_api.library.fitting import ANYBODY, Fit, fits
from control_api.problems import missing
from control_api.tables import Title

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Viewer

KIDS: Final = 12
"""The ceiling of a kids profile of which nobody said another, in years."""
_AT_ONCE: Final = 500


def fit(viewer: Viewer | None) -> Fit:
    """For whom titles must be fit, so that this viewer may see them. Nobody (an API key) may see all."""
    if viewer is None:
        return ANYBODY
    ceiling = KIDS if viewer.is_kids and viewer.ceiling is None else viewer.ceiling
    return Fit(ceiling, tuple(sorted(viewer.genres)))


def is_limited(viewer: Viewer | None) -> bool:
    """Whether anything at all is kept from this viewer."""
    return fit(viewer) != ANYBODY


def conditions(viewer: Viewer | None, of: Any = Title) -> list[ColumnElement[bool]]:  # noqa: ANN401 — Title, or an alias of it
    """Conditions on titles (`of`: on an alias of them); none for who may see all."""
    return fits(fit(viewer), of)


async def permitted(session: AsyncSession, viewer: Viewer | None, titles: Iterable[str]) -> set[str]:
    """Those of the titles with these ids that the viewer may see."""
    ids = list(dict.fromkeys(titles))
    if not is_limited(viewer):
        return set(ids)
    found: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = col(Title.id).in_(ids[start : start + _AT_ONCE])
        found |= set((await session.exec(select(Title.id).where(some, *conditions(viewer)))).all())
    return found


async def check(session: AsyncSession, viewer: Viewer | None, title: Title) -> None:
    """Refuse to show what is kept from the viewer, as if it were not there. Raises `Problem`."""
    if title.id not in await permitted(session, viewer, [title.id]):
        raise missing("title", title.id)
