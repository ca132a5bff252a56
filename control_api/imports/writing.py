"""Writing many titles at once, by statements of SQLAlchemy's Core: their columns, and the lists that hang on them.

What `control_api.library.editing` does for one title that somebody edits, this does for a batch: the same columns,
the same index, the same notice to the air.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import col

from control_api.ids import new_id
from control_api.imports import crediting
from control_api.imports.comparing import PICTURES
from control_api.imports.matching import Made, Wish
from control_api.library import search
from control_api.library.access import hand_down, inherit
from control_api.library.ages import UNKNOWN, aged, rated
from control_api.library.amendments import due
from control_api.library.folding import same, sort_name
from control_api.library.hung import Hung
from control_api.library.indexing import entry, reindexed
from control_api.library.kinds import FOLDERS, TitleAccess
from control_api.library.names import add_absent, ensured
from control_api.library.opening import closing, opening
from control_api.tables import (
    Genre,
    PosterDue,
    Tag,
    Title,
    TitleCountry,
    TitleElsewhere,
    TitleGenre,
    TitleLanguage,
    TitleTag,
    TitleText,
)
from control_api.tables.titles import UNPLACED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession


_COLUMNS: Final = (
    "name", "summary", "description", "language", "released", "age_rating", "votes", "featured", "story", "part",
    "advertiser", "category", "countries_allowed", "countries_denied", "video_url", "trailer_url", "state",
    "access", "credits_ms",
)  # fmt: skip
_EMPTY: Final = {
    "version": 1, "state": "draft", "parent_id": None, "number": None, "place": UNPLACED, "summary": "",
    "description": "", "language": "und", "released": "", "year": 0, "age_rating": "", "age": UNKNOWN, "access": "free",
    "credits_ms": None, "score": -1, "votes": 0, "views": 0, "featured": False, "story": "", "part": 0,
    "advertiser": "", "category": "", "video_url": "", "trailer_url": "", "rights": [], "opens_at": None,
    "closes_at": None, "countries_allowed": [], "countries_denied": [], "published_at": None, "deleted_at": None,
}  # fmt: skip
_FOUND_BY: Final = ("story", "advertiser", "category", "summary", "description")
_WRITTEN: Final = (
    *_COLUMNS, "sort_name", "year", "score", "rights", "opens_at", "closes_at", "published_at", "updated_at", "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written of one title."""

    wish: Wish
    title_id: str
    names: Sequence[str]
    """The fields that change."""
    before: Title | Made | None
    """None: it is to be made."""
    there: Hung
    """What hangs on it already."""


def title_id() -> str:
    """The id of a title that is to be made."""
    return new_id("ti")


async def write(session: AsyncSession, whole: Sequence[Writing], state: str, now: datetime) -> None:
    """Write all of them; those that are new begin in `state` unless they say otherwise."""
    connection = await session.connection()
    made = [_made(one, state, now) for one in whole if one.before is None]
    if made:
        await connection.execute(insert(Title), made)
        under = (one for one in whole if one.before is None and one.wish.parent_id is not None)
        await inherit(session, [one.title_id for one in under if one.wish.record.access is None])
    edited = [_edited(one, now) for one in whole if one.before is not None]
    if edited:
        values: dict[str, Any] = {name: bindparam(f"to_{name}") for name in _WRITTEN}
        await connection.execute(update(Title).where(col(Title.id) == bindparam("which")).values(values), edited)
    for one in whole:
        if one.before is not None and "access" in one.names and one.wish.record.kind in FOLDERS:
            await hand_down(session, one.title_id, one.wish.record.access or TitleAccess.FREE, now)
    await _hang(session, whole, now)
    credited = {one.title_id: one.wish.record for one in whole if "credits" in one.names}
    if credited:
        await crediting.recredited(session, credited, now)
    await _pictures(session, whole)
    session.expire_all()
    await aged(session, [one.title_id for one in whole if _ages(one)])
    await _tell(session, whole, now)


def _ages(one: Writing) -> bool:
    """Whether its age follows from more than its own rating, or that of others from it."""
    return one.wish.parent_id is not None if one.before is None else "age_rating" in one.names


async def _tell(session: AsyncSession, whole: Sequence[Writing], now: datetime) -> None:
    """Have them found, and the engine told."""
    renamed = [one.title_id for one in whole if one.before is not None and "name" in one.names]
    alone = [one for one in whole if one.before is None and one.wish.parent_id is None]
    passed = {*renamed, *(one.title_id for one in alone)}
    await search.enter(session, [_found_by(one) for one in alone])
    await reindexed(session, [one.title_id for one in whole if one.title_id not in passed])
    await reindexed(session, renamed, beneath=True)
    await due(session, [one.title_id for one in whole if one.before is not None], now)


def _found_by(one: Writing) -> search.Entry:
    """What a new title that stands alone is found by; the same as `library.indexing` says once it is written."""
    record = one.wish.record
    there = Hung(ids=list(record.ids or []), texts=record.texts or {})
    said = {name: getattr(record, name) or "" for name in _FOUND_BY}
    title = cast("Title", SimpleNamespace(id=one.title_id, name=record.name, **said))  # rows are slow to make
    return entry(title, there, list(dict.fromkeys(credit.name for credit in record.credits or [])))


def _made(one: Writing, state: str, now: datetime) -> dict[str, Any]:
    wish = one.wish
    row = {**_EMPTY, "id": one.title_id, "kind": wish.record.kind, "state": state, "created_at": now}
    row |= {"parent_id": wish.parent_id, "number": wish.number}
    row["place"] = UNPLACED if wish.number is None else wish.number
    row["name"] = wish.record.name or f"{wish.record.kind.capitalize()} {wish.number}"
    row = _columns(row, one, now)
    return {**row, "age": rated(str(row["age_rating"]))}


def _edited(one: Writing, now: datetime) -> dict[str, Any]:
    before = one.before
    row = {name: getattr(before, name) for name in (*_WRITTEN, "name")}
    row = _columns(row, one, now)
    row["version"] += 1
    return {"which": one.title_id, **{f"to_{name}": row[name] for name in _WRITTEN}}


def _columns(row: dict[str, Any], one: Writing, now: datetime) -> dict[str, Any]:
    """The columns with what the item says, and what follows from it."""
    record = one.wish.record
    for name in one.names:
        if name in _COLUMNS:
            row[name] = getattr(record, name)
    if "score" in one.names:
        row["score"] = -1 if record.score is None else round(record.score * 100)
    if "rights" in one.names:
        row["rights"] = [right.model_dump(mode="json") for right in record.rights or []]
        row |= {"opens_at": opening(row["rights"]), "closes_at": closing(row["rights"])}
    row |= {"sort_name": sort_name(row["name"]), "year": int(row["released"][:4] or 0), "updated_at": now}
    if not row["story"]:
        row["part"] = 0
    if row["state"] == "published" and row["published_at"] is None:
        row["published_at"] = now
    return row


async def _hang(session: AsyncSession, whole: Sequence[Writing], now: datetime) -> None:
    """The lists that change, instead of those that were there."""
    tags = await ensured(session, Tag, [name for one in whole for name in one.wish.record.tags or []], now)
    genres = await ensured(session, Genre, [name for one in whole for name in one.wish.record.genres or []], now)
    await _list(session, TitleTag, _with(whole, "tags"), lambda one: _tags(one, tags))
    await _list(session, TitleGenre, _with(whole, "genres"), lambda one: _genres(one, genres))
    await _list(session, TitleCountry, _with(whole, "countries"), lambda one: [
        {"country": country} for country in one.wish.record.countries or []
    ])  # fmt: skip
    await _list(session, TitleLanguage, _with(whole, "languages", "language"), _languages)
    await _add(session, TitleElsewhere, _with(whole, "ids"), _ids)
    await _list(session, TitleText, _with(whole, "texts"), _texts)


def _with(whole: Sequence[Writing], *names: str) -> list[Writing]:
    return [one for one in whole if any(name in one.names for name in names)]


def _tags(one: Writing, ids: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"tag_id": ids[same(name)]} for name in one.wish.record.tags or []]


def _genres(one: Writing, ids: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"genre_id": ids[same(name)], "position": n} for n, name in enumerate(one.wish.record.genres or [])]


def _languages(one: Writing) -> list[dict[str, Any]]:
    record = one.wish.record
    spoken = one.there.languages if record.languages is None else record.languages
    main = record.language or (one.before.language if isinstance(one.before, Title) else "und")
    return [{"language": name} for name in dict.fromkeys([*spoken, *([main] if main != "und" else [])])]


def _ids(one: Writing) -> list[dict[str, Any]]:
    fresh = [name.partition(":") for name in one.wish.record.ids or [] if name not in one.there.ids]
    return [{"scheme": name[0], "value": name[2]} for name in fresh]


def _texts(one: Writing) -> list[dict[str, Any]]:
    """Those of the item, and those in languages that it does not speak of."""
    mine = {language: text.model_dump() for language, text in (one.wish.record.texts or {}).items()}
    others = {
        language: {"name": text.name, "summary": text.summary, "description": text.description}
        for language, text in one.there.texts.items()
        if language not in mine
    }
    return [{"language": language, **text} for language, text in {**others, **mine}.items()]


async def _list(session: AsyncSession, table: Any, whole: Sequence[Writing], rows: Any) -> None:  # noqa: ANN401 — any table that hangs on titles
    old = [one.title_id for one in whole if one.before is not None]
    if old:
        await (await session.connection()).execute(delete(table).where(col(table.title_id).in_(old)))
    await _add(session, table, whole, rows)


async def _add(session: AsyncSession, table: Any, whole: Sequence[Writing], rows: Any) -> None:  # noqa: ANN401 — the same
    found = [{"title_id": one.title_id, **row} for one in whole for row in rows(one)]
    if found:
        await (await session.connection()).execute(insert(table), found)


async def _pictures(session: AsyncSession, whole: Sequence[Writing]) -> None:
    """Have pictures copied that are new."""
    rows = [
        {"title_id": one.title_id, "shape": shape, "url": getattr(one.wish.record, name), "tries": 0, "reason": ""}
        for one in whole
        for name, shape in PICTURES.items()
        if name in one.names
    ]
    connection = await session.connection()
    for row in rows:
        gone = delete(PosterDue).where(col(PosterDue.title_id) == row["title_id"], col(PosterDue.shape) == row["shape"])
        await connection.execute(gone)
    await add_absent(session, PosterDue, [row for row in rows if row["url"]])
