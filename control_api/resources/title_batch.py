"""Edits of many titles at once: tags, states and the like, all of them or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import Field
from sqlalchemy import insert
from sqlmodel import col, delete, select

from control_api.batch import Batch, each
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.library.amendments import due
from control_api.library.facts import Names
from control_api.library.folding import same
from control_api.library.hung import hung
from control_api.library.kinds import TitleState
from control_api.library.names import ensured
from control_api.library.shown import facts
from control_api.models import Given, Shown
from control_api.operation import Endpoint
from control_api.problems import missing
from control_api.resources.title_models import TitleId
from control_api.resources.titles import KIND, TAG, check_kept
from control_api.scopes import Scope
from control_api.tables import Tag, Title, TitleTag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.models import Nothing


class OneOfTitles(Given):
    """One edit of several; what is left out stays."""

    id: TitleId
    state: TitleState | None = None
    featured: bool | None = None
    add_tags: Names = Field(default_factory=list)
    remove_tags: Names = Field(default_factory=list)


class BriefShown(Shown):
    """A title, as far as these edits change it."""

    id: str
    state: str
    featured: bool
    tags: list[str]


class TitlesEdited(Shown):
    """What became of the titles, in the order of the edits."""

    items: list[BriefShown]


@Endpoint(
    method="POST", path="/api/v1/titles:batch", name="edit_titles",
    summary="Tag, publish, archive or feature several titles: all of them, or none",
    scope=Scope.TITLES_WRITE, tag=TAG, body_model=Batch[OneOfTitles], answers={200: TitlesEdited},
)  # fmt: skip
async def edit_titles(call: Call[Nothing, Nothing, Batch[OneOfTitles]]) -> Answer:
    """Each edit in turn, in one transaction, in as many queries whether there are few or many."""
    call.is_told = True  # every edit tells of itself, and edits of nothing are none
    session, edits = call.session, call.body.edits
    wanted = select(Title).where(col(Title.id).in_({edit.id for edit in edits})).order_by(col(Title.id))
    rows = {title.id: title for title in (await session.exec(wanted.with_for_update())).all()}
    there = await hung(session, list(rows.values()))
    before = {title.id: facts(title, there[title.id]) for title in rows.values()}

    async def one(edit: OneOfTitles) -> str:
        title = rows.get(edit.id)
        if title is None:
            raise missing("title", edit.id)
        check_kept(title)
        there[title.id].tags = _tagged(there[title.id].tags, edit)
        title.state = edit.state or title.state
        title.featured = title.featured if edit.featured is None else edit.featured
        if title.state == TitleState.PUBLISHED and title.published_at is None:
            title.published_at = call.now
        return title.id

    done = await each(edits, one)
    changed = [title for title in rows.values() if facts(title, there[title.id]) != before[title.id]]
    for title in changed:
        title.version += 1
        title.updated_at = call.now
        call.changed(Change(KIND, title.id, "updated", before[title.id], facts(title, there[title.id])))
    retagged = {title.id: (before[title.id].tags, there[title.id].tags) for title in changed}
    # what is taken away was there, so that only what is added makes new tags
    names = dict.fromkeys(name for old, new in retagged.values() if old != new for name in (*old, *new))
    known = await ensured(session, Tag, names, call.now) if names else {}
    await _retag(session, retagged, known)
    await due(session, [title for title, (old, new) in retagged.items() if old != new], call.now)
    return Answer(TitlesEdited(items=[_brief(rows[title], there[title].tags) for title in done]))


OPERATIONS: Final = (edit_titles,)


def _tagged(tags: Sequence[str], edit: OneOfTitles) -> list[str]:
    gone = {same(name) for name in edit.remove_tags}
    found = {same(name): name for name in tags}
    found = {one: name for one, name in found.items() if one not in gone}
    return list({**{same(name): name for name in edit.add_tags}, **found}.values())


def _brief(title: Title, tags: list[str]) -> BriefShown:
    return BriefShown(id=title.id, state=title.state, featured=title.featured, tags=sorted(tags, key=same))


async def _retag(
    session: AsyncSession, retagged: Mapping[str, tuple[Sequence[str], Sequence[str]]], known: Mapping[str, str]
) -> None:
    """Write what has changed: what each title had before and has now."""
    lost, gained = [], []
    for title, (old, new) in retagged.items():
        had, has = {same(name) for name in old}, {same(name) for name in new}
        lost += [(title, known[one]) for one in had - has]
        gained += [{"title_id": title, "tag_id": known[one]} for one in sorted(has - had)]
    await session.flush()
    for tag in {tag for _, tag in lost}:
        titles = [title for title, one in lost if one == tag]
        await session.exec(delete(TitleTag).where(col(TitleTag.tag_id) == tag, col(TitleTag.title_id).in_(titles)))
    if gained:
        await (await session.connection()).execute(insert(TitleTag), gained)
