"""Making and changing a title: what it is, what hangs on it, its place, the search and the air, in one transaction.

Everybody who changes a title does it here: the API, the imports, and the aliases of other systems.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert
from sqlmodel import col, delete, select

from control_api.among import among
from control_api.ids import new_id
from control_api.library import access
from control_api.library.ages import aged
from control_api.library.amendments import due
from control_api.library.facts import TitleFacts
from control_api.library.folding import same, sort_name
from control_api.library.hung import Hung, hung
from control_api.library.indexing import reindexed
from control_api.library.kinds import FOLDERS, TitleKind
from control_api.library.names import ensured
from control_api.library.opening import closing, opening
from control_api.library.places import misplaced
from control_api.library.shown import facts
from control_api.library.told import told
from control_api.problems import UNACCEPTABLE, Mistake, Problem
from control_api.tables import (
    Genre,
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
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.library.facts import TitleEdit, TitleGiven

_COLUMNS: Final = frozenset((
    "kind", "state", "parent_id", "number", "name", "summary", "description", "language", "released", "age_rating",
    "votes", "featured", "story", "part", "advertiser", "category", "countries_allowed", "countries_denied",
    "video_url", "trailer_url", "access", "credits_ms",
))  # fmt: skip
"""What is kept as it is given."""
_AGING: Final = frozenset(("age_rating", "parent_id"))
"""From what follows for what age it is."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A title that was made or changed."""

    title: Title
    there: Hung
    before: TitleFacts | None
    after: TitleFacts


async def create(session: AsyncSession, given: TitleGiven, now: datetime, *, state: str = "draft") -> Edited:
    """Make a title. Raises `Problem` with everything that is wrong with it."""
    title = Title(
        id=new_id("ti"), kind=given.kind, state=state, name=given.name, sort_name="", created_at=now, updated_at=now
    )
    await _check(session, title, given, Hung())
    session.add(_written(title, given, now))
    of_its_own = given.access is not None or title.kind == TitleKind.TRAILER
    parent = None if of_its_own or title.parent_id is None else await session.get(Title, title.parent_id)
    title.access = title.access if parent is None else parent.access
    await session.flush()
    return await _settled(session, title, given, None, now)


async def edit(session: AsyncSession, title: Title, given: TitleEdit, now: datetime) -> Edited:
    """Change what was sent. Raises `Problem` with everything that is wrong with it."""
    there = (await hung(session, [title]))[title.id]
    before, aired = facts(title, there), told(title, there)
    await _check(session, title, given, there)
    _written(title, given, now)
    await session.flush()
    if given.access is not None and title.kind in FOLDERS:
        await access.hand_down(session, title.id, title.access, now)
    done = await _settled(session, title, given, before, now)
    # what is beneath a series or a season tells its number, and much else of it
    if told(title, done.there) != aired or (title.kind in FOLDERS and done.before != done.after):
        await due(session, [title.id], now)
    return done


async def _settled(
    session: AsyncSession, title: Title, given: TitleEdit, before: TitleFacts | None, now: datetime
) -> Edited:
    """What hangs on the title, written and read again; its version, and how it is found."""
    await _hang(session, title, given, now)
    if before is None or given.model_fields_set & _AGING:
        await aged(session, [title.id])
    there = (await hung(session, [title]))[title.id]
    after = facts(title, there)
    if before is not None and after != before:
        title.version += 1
        title.updated_at = now
    if before is None or after != before:
        await reindexed(session, [title.id], beneath=before is not None and before.name != after.name)
    return Edited(title, there, before, after)


async def _check(session: AsyncSession, title: Title, given: TitleEdit, there: Hung) -> None:
    """Everything that only the database knows to be wrong."""
    wrong = await misplaced(session, title, given, has_assets=bool(there.assets))
    story = given.story if given.story is not None else title.story
    part = given.part if given.part is not None else title.part
    if part and not story:
        wrong.append(Mistake(part="body", pointer="/part", detail="is a part of no story: name it in `story`"))
    wrong += await _claimed(session, given, there)
    if wrong:
        detail = wrong[0].detail if len(wrong) == 1 else f"{len(wrong)} values are not acceptable"
        raise Problem(UNACCEPTABLE, detail, errors=wrong)


async def _claimed(session: AsyncSession, given: TitleEdit, there: Hung) -> list[Mistake]:
    """Names elsewhere that another title has."""
    fresh = [name.partition(":") for name in given.ids or () if name not in there.ids]
    if not fresh:
        return []
    meant = among((TitleElsewhere.scheme, TitleElsewhere.value), [(name[0], name[2]) for name in fresh])
    owners = {
        f"{one.scheme}:{one.value}": one.title_id
        for one in (await session.exec(select(TitleElsewhere).where(meant))).all()
    }
    return [
        Mistake(part="body", pointer=f"/ids/{number}", detail=f"{name} is the title {owners[name]}")
        for number, name in enumerate(given.ids or ())
        if name in owners
    ]


def _written(title: Title, given: TitleEdit, now: datetime) -> Title:
    """The columns as they are to be."""
    for name in given.model_fields_set & _COLUMNS:
        setattr(title, name, getattr(given, name))
    if "score" in given.model_fields_set:
        title.score = -1 if given.score is None else round(given.score * 100)
    if given.rights is not None:
        title.rights = [right.model_dump(mode="json") for right in given.rights]
        title.opens_at, title.closes_at = opening(title.rights), closing(title.rights)
    title.sort_name = sort_name(title.name)
    title.year = int(title.released[:4] or 0)
    title.place = UNPLACED if title.number is None else title.number
    if not title.story:
        title.part = 0
    if title.state == "published" and title.published_at is None:
        title.published_at = now
    return title


async def _hang(session: AsyncSession, title: Title, given: TitleEdit, now: datetime) -> None:
    """Replace the lists that were sent."""
    await session.flush()
    if given.genres is not None:
        ids = await ensured(session, Genre, given.genres, now)
        rows = [{"genre_id": ids[same(name)], "position": place} for place, name in enumerate(given.genres)]
        await _replaced(session, TitleGenre, title.id, rows)
    if given.tags is not None:
        ids = await ensured(session, Tag, given.tags, now)
        await _replaced(session, TitleTag, title.id, [{"tag_id": ids[same(name)]} for name in given.tags])
    if given.countries is not None:
        await _replaced(session, TitleCountry, title.id, [{"country": one} for one in given.countries])
    if given.ids is not None:
        parts = [name.partition(":") for name in given.ids]
        await _replaced(session, TitleElsewhere, title.id, [{"scheme": one[0], "value": one[2]} for one in parts])
    if given.texts is not None:
        rows = [{"language": language, **text.model_dump()} for language, text in given.texts.items()]
        await _replaced(session, TitleText, title.id, rows)
    await _speak(session, title, given)


async def _speak(session: AsyncSession, title: Title, given: TitleEdit) -> None:
    """The languages: those that were sent, and the main one."""
    if given.languages is None and given.language is None:
        return
    spoken = given.languages
    if spoken is None:
        known = select(TitleLanguage.language).where(TitleLanguage.title_id == title.id)
        spoken = list((await session.exec(known)).all())
    everything = dict.fromkeys([*spoken, *([title.language] if title.language != "und" else [])])
    await _replaced(session, TitleLanguage, title.id, [{"language": one} for one in everything])


async def _replaced(session: AsyncSession, table: Any, title: str, rows: Sequence[Mapping[str, Any]]) -> None:  # noqa: ANN401 — any table that hangs on titles
    """These rows instead of those that were there."""
    await session.exec(delete(table).where(col(table.title_id) == title))
    if rows:
        await (await session.connection()).execute(insert(table), [{"title_id": title, **row} for row in rows])
