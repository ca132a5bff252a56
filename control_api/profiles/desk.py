"""The profiles of an account: found, changed, and kept within what an account may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import String, cast
from sqlmodel import col, or_, select

from control_api.problems import CONFLICT, UNACCEPTABLE, Mistake, Problem, missing
from control_api.profiles.limits import KIDS
from control_api.profiles.shown import ADULT, SETTINGS
from control_api.tables import Genre, Profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.profiles.shown import PreferencesEdit

MOST: Final = 20
"""Profiles of an account, whatever its plan includes."""
PROTECTING: Final = frozenset(("is_kids", "ceiling", "genres_allowed", "adult_content"))
"""What says what a profile is kept from."""


async def of_account(session: AsyncSession, account: str) -> Sequence[Profile]:
    """All of them, the main one first, then as they were made."""
    rows = select(Profile).where(Profile.account_id == account)
    return (await session.exec(rows.order_by(col(Profile.is_main).desc(), col(Profile.id)))).all()


async def row_of(session: AsyncSession, account: str, name: str, *, held: bool = True, goes: bool = False) -> Profile:
    """The profile of this id, when it is of the account; `held` until the end of the transaction. Raises `Problem`.

    Only where it `goes` does whoever writes a row that names it wait.
    """
    wanted = select(Profile).where(Profile.id == name, Profile.account_id == account)
    row = (await session.exec(wanted.with_for_update(key_share=not goes) if held else wanted)).one_or_none()
    if row is None:
        raise missing("profile", name)
    return row


def available(rows: Sequence[Profile], allowed: int) -> set[str]:
    """The ids of those that a plan has room for: the main one, and those that were made first."""
    return {row.id for row in rows[: max(1, allowed)]}


def check_name(rows: Sequence[Profile], name: str, own: str = "") -> None:
    """Refuse a name that another profile of the account has, so that people can tell them apart."""
    if any(row.name.casefold() == name.casefold() and row.id != own for row in rows):
        wrong = Mistake(part="body", pointer="/name", detail="another profile of the account has this name")
        raise Problem(CONFLICT, wrong.detail, errors=[wrong])


async def write(session: AsyncSession, row: Profile, given: PreferencesEdit, now: datetime) -> bool:
    """Change what was sent; whether anything is another way now. Raises `Problem`."""
    await _check_genres(session, row, given)
    before = row.model_dump()
    sent = given.model_fields_set
    for name in ("name", "avatar", "autoplay", "keeps_history", "is_kids", "genres_allowed", "genres_liked"):
        if name in sent and getattr(given, name) is not None:
            value: Any = getattr(given, name)
            setattr(row, name, list(dict.fromkeys(value)) if isinstance(value, list) else value)
    for name in ("language", "subtitles"):
        if name in sent:
            setattr(row, name, getattr(given, name) or "")
    if "ceiling" in sent:
        row.ceiling = getattr(given, "ceiling", None)
    _settle(row, given)
    if given.settings is not None:
        row.settings = _merged(row.settings, given.settings)
    if row.model_dump() == before:
        return False
    row.version += 1
    row.updated_at = now
    session.add(row)
    return True


def _settle(row: Profile, given: PreferencesEdit) -> None:
    """The ceiling, as it follows from everything that was said."""
    if given.adult_content is True:
        row.ceiling = None
    elif given.adult_content is False and (row.ceiling is None or row.ceiling >= ADULT):
        row.ceiling = ADULT - 1
    if row.is_main and row.is_kids:
        detail = "the main profile is no child's: make another one"
        raise Problem(UNACCEPTABLE, detail, errors=[Mistake(part="body", pointer="/is_kids", detail=detail)])
    if row.is_kids and (row.ceiling is None or row.ceiling >= ADULT):
        if given.adult_content or ("ceiling" in given.model_fields_set and "is_kids" not in given.model_fields_set):
            name = "adult_content" if given.adult_content else "ceiling"
            detail = f"a kids profile has a ceiling below {ADULT} years"
            raise Problem(UNACCEPTABLE, detail, errors=[Mistake(part="body", pointer=f"/{name}", detail=detail)])
        row.ceiling = KIDS


def _merged(before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in {**before, **given}.items() if value is not None}
    if len(found) > SETTINGS:
        detail = f"these would be {len(found)} settings, and {SETTINGS} is the most: take some out by null"
        raise Problem(UNACCEPTABLE, detail, errors=[Mistake(part="body", pointer="/settings", detail=detail)])
    return found


async def _check_genres(session: AsyncSession, row: Profile, given: PreferencesEdit) -> None:
    """Refuse genres that are not there; those that the profile has already may be gone since."""
    said = {name: getattr(given, name, None) or [] for name in ("genres_allowed", "genres_liked")}
    wanted = {one for some in said.values() for one in some} - {*row.genres_allowed, *row.genres_liked}
    if not wanted:
        return
    known = set((await session.exec(select(Genre.id).where(col(Genre.id).in_(wanted)))).all())
    wrong = [
        Mistake(part="body", pointer=f"/{name}/{place}", detail=f"there is no genre {one}")
        for name, some in said.items()
        for place, one in enumerate(some)
        if one in wanted - known
    ]
    if wrong:
        raise Problem(UNACCEPTABLE, wrong[0].detail, errors=wrong)


async def merged(session: AsyncSession, gone: str, into: str) -> list[str]:
    """A genre became another one: profiles that name it name that. The ids of those that do."""
    names = or_(
        cast(col(Profile.genres_allowed), String).contains(gone), cast(col(Profile.genres_liked), String).contains(gone)
    )
    rows = (
        await session.exec(select(Profile).where(names).order_by(col(Profile.id)).with_for_update(key_share=True))
    ).all()
    for row in rows:
        for name in ("genres_allowed", "genres_liked"):
            some = [into if one == gone else one for one in getattr(row, name)]
            setattr(row, name, list(dict.fromkeys(some)))
        session.add(row)
    return [row.id for row in rows]
