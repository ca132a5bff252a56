"""Which channels a profile is shown, and what of them.

Law: who is kept from anything is shown a channel only when it says for what age it is (`ages` in channels.yaml), and
that is within the ceiling. What of its programs is kept from titles is kept from the guide too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from control_api.problems import missing
from control_api.profiles.limits import conditions, fit, is_limited
from control_api.tables import Asset, Title

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Viewer

_AT_ONCE: Final = 500


def sees(viewer: Viewer | None, ages: int | None) -> bool:
    """Whether the viewer is shown a channel that says so of itself."""
    if not is_limited(viewer):
        return True
    ceiling = fit(viewer).ceiling
    return ages is not None and (ceiling is None or ages <= ceiling)


def check(viewer: Viewer | None, name: str, ages: int | None) -> None:
    """Refuse to show a channel that is kept from the viewer, as if it were not there. Raises `Problem`."""
    if not sees(viewer, ages):
        raise missing("channel", name)


async def aired(session: AsyncSession, viewer: Viewer | None, assets: Iterable[str | None]) -> set[str]:
    """Those of these assets that the viewer may know of: by the titles that they are of."""
    ids = sorted({asset for asset in assets if asset})
    if not is_limited(viewer):
        return set(ids)
    found: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        rows = select(Asset.id).join(Title, col(Title.id) == Asset.title_id)
        some = rows.where(col(Asset.id).in_(ids[start : start + _AT_ONCE]), *conditions(viewer))
        found |= set((await session.exec(some)).all())
    return found
