"""Languages: in which of those that Fastline writes somebody is told things."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from sqlmodel import col, select

from control_api.tables import Profile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.settings import Settings


_NOTE: Final = "language"
Tag = Annotated[
    str,
    Field(
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$",
        max_length=35,
        description="A language (BCP 47), by which texts are filed.",
        examples=["en"],
    ),
]
"""A language in a model."""


class Language(StrEnum):
    """A language in which Fastline has texts of its own."""

    EN = "en"
    ES = "es"


def in_use(database: Database, settings: Settings) -> None:
    """Have every session of the database know the language of the station."""
    database.notes[_NOTE] = settings.language


def written(tag: str, usual: Language = Language.EN) -> Language:
    """The language of a tag (BCP 47), when there are texts in it, or else `usual`."""
    name = tag.partition("-")[0].lower()
    return Language(name) if name in set(Language) else usual


def best(known: Iterable[str], tag: str, usual: str = Language.EN) -> str:
    """Which of the languages that a text is `known` in is for somebody of this tag.

    The same tag, or the same language, or else `usual`, or else the first of all by its name.
    """
    tags = sorted(known)
    for wanted in (tag.lower(), tag.partition("-")[0].lower(), usual.lower(), usual.partition("-")[0].lower()):
        for found in tags:
            if wanted and wanted in (found.lower(), found.partition("-")[0].lower()):
                return found
    return tags[0]


async def tag_of(session: AsyncSession, account: str) -> str:
    """In which language an account is spoken to: that of its main profile; empty when it has said none."""
    rows = select(Profile.language).where(Profile.account_id == account, col(Profile.is_main))
    return (await session.exec(rows)).one_or_none() or ""


async def spoken(session: AsyncSession, account: str) -> Language:
    """The language of Fastline's texts that an account is told things in: its own, or else that of the station."""
    return written(await tag_of(session, account), Language(session.info.get(_NOTE, Language.EN)))
