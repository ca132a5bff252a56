"""People and credits: who did what for which title, and all that somebody has done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field
from sqlalchemy import delete as deletion
from sqlalchemy import func, insert
from sqlmodel import col, select

from control_api import ids
from control_api.among import among
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.ids import new_id
from control_api.instants import Instant
from control_api.library.detail import MOST, credited
from control_api.library.facts import Day, Elsewhere, PersonName
from control_api.library.folding import folded
from control_api.library.indexing import reindexed
from control_api.library.kinds import TitleState
from control_api.library.shown import ArtworkShown, pictured
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, leaf
from control_api.problems import CONFLICT, UNACCEPTABLE, Mistake, Problem, missing
from control_api.profiles import limits
from control_api.resources.audience import is_audience
from control_api.resources.title_models import CreditShown, TitlePath
from control_api.resources.titles import check_kept, found
from control_api.scopes import Scope
from control_api.tables import Artwork, Credit, Person, PersonElsewhere, Title

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

_TAG: Final = "People"
_KIND: Final = "person"


class PersonPath(Given):
    """Which person."""

    id: Annotated[str, Field(pattern=ids.pattern("pe"), description="The id of the person.")]


class PersonFacts(Shown):
    """What people say of a person."""

    name: str
    biography: str
    born: str = Field(description="A year or a day; empty: nobody said.")
    died: str
    ids: list[str] = Field(description="Their names elsewhere, `scheme:value`.")


class PersonShown(PersonFacts):
    """A person."""

    id: str
    photo: ArtworkShown | None
    credits: int = Field(description="How many credits they have.")
    created_at: Instant
    updated_at: Instant


class FilmographyShown(Shown):
    """One thing that somebody did."""

    title_id: str
    name: str = Field(description="Of the title.")
    kind: str
    year: int | None
    job: str
    character: str


class PersonDetail(PersonShown):
    """A person, and what they did."""

    filmography: list[FilmographyShown] = Field(description="The newest first; titles in the bin are left out; 500.")


class PersonPage(Page[PersonShown]):
    """A page of people, by name."""


class PersonQuery(PageQuery):
    """Which people are wanted."""

    q: str | None = Field(default=None, min_length=1, max_length=100, description="With this in their names.")
    external_id: str | None = Field(default=None, max_length=241, description="Named so elsewhere: tmdb:1158.")


class PersonEdit(Given):
    """What is to be another way; what is left out stays."""

    name: PersonName | None = None
    biography: Annotated[str, Field(max_length=20_000)] | None = None
    born: Day | None = None
    died: Day | None = None
    ids: list[Elsewhere] | None = Field(default=None, max_length=50)


class PersonGiven(PersonEdit):
    """A person who is to be added."""

    name: PersonName


class DetachPersonQuery(Given):
    """What may be undone for it."""

    detach: bool = Field(default=False, description="Take their credits away as well.")


def _job(text: str) -> str:
    return " ".join(text.split()).casefold()[:60]  # folding may make it longer


class CreditGiven(Given):
    """What somebody did."""

    person_id: str = Field(pattern=ids.pattern("pe"))
    job: Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S"), AfterValidator(_job)] = "actor"
    character: str = Field(default="", max_length=300)


class CreditsGiven(Given):
    """All credits of a title, in their order."""

    credits: list[CreditGiven] = Field(max_length=MOST)


class CreditsShown(Shown):
    """All credits of a title, in their order."""

    credits: list[CreditShown]


@Endpoint(
    method="GET",
    path="/api/v1/people",
    name="list_people",
    summary="People, by name",
    scope=Scope.TITLES_READ,
    tag=_TAG,
    query_model=PersonQuery,
    answers={200: PersonPage},
)
async def list_people(call: Call[Nothing, PersonQuery, Nothing]) -> Answer:
    """A page of people."""
    rows = select(Person)
    if call.query.q is not None:
        typed = folded(call.query.q)
        rows = rows.where(col(Person.sort_name).contains(typed, autoescape=True))
    if call.query.external_id is not None:
        scheme, _, value = call.query.external_id.partition(":")
        named = select(PersonElsewhere.person_id).where(
            PersonElsewhere.scheme == scheme, PersonElsewhere.value == value
        )
        rows = rows.where(col(Person.id).in_(named))
    page = await leaf(call, rows, [(col(Person.sort_name), False), (col(Person.id), False)])
    shown = await _shown(call, page.rows)
    return page.answer(PersonPage(items=shown, next=page.next))


@Endpoint(
    method="POST",
    path="/api/v1/people",
    name="create_person",
    summary="Add a person",
    scope=Scope.TITLES_WRITE,
    tag=_TAG,
    body_model=PersonGiven,
    answers={201: PersonDetail},
    idempotent=True,
)
async def create_person(call: Call[Nothing, Nothing, PersonGiven]) -> Answer:
    """Somebody who can be credited."""
    row = Person(id=new_id("pe"), name=call.body.name, sort_name="", created_at=call.now, updated_at=call.now)
    await _write(call.session, row, call.body)
    shown = await _detail(call, row)
    call.changed(Change(_KIND, row.id, "created", after=_facts(shown)))
    return Answer(shown, 201, {"Location": f"/api/v1/people/{row.id}"}, version=row.version)


@Endpoint(
    method="GET",
    path="/api/v1/people/{id}",
    name="read_person",
    summary="One person, with what they did",
    description="The audience is told of who did something for a title that it may see, and of these titles alone.",
    scope=Scope.CATALOG_READ,
    tag=_TAG,
    path_model=PersonPath,
    answers={200: PersonDetail},
)
async def read_person(call: Call[PersonPath]) -> Answer:
    """All that is known of them."""
    row = await person(call.session, call.path.id, held=False)
    shown = await _detail(call, row)
    if is_audience(call):
        if not shown.filmography:
            raise missing(_KIND, row.id)
        # how much there is that is kept from them is not told
        return Answer(shown.model_copy(update={"credits": len(shown.filmography)}))
    return Answer(shown, version=row.version)


@Endpoint(
    method="PATCH",
    path="/api/v1/people/{id}",
    name="edit_person",
    summary="Change what is said of a person",
    scope=Scope.TITLES_WRITE,
    tag=_TAG,
    path_model=PersonPath,
    body_model=PersonEdit,
    answers={200: PersonDetail},
    precondition=Precondition.REQUIRED,
)
async def edit_person(call: Call[PersonPath, Nothing, PersonEdit]) -> Answer:
    """Change what was sent, when nobody else has changed it since it was read."""
    row = await person(call.session, call.path.id)
    call.guard(row.version)
    before = await _detail(call, row)
    await _write(call.session, row, call.body)
    after = await _detail(call, row)
    if _facts(before) != _facts(after):
        row.version += 1
        row.updated_at = call.now
    if before.name != after.name:
        titles = select(Credit.title_id).where(Credit.person_id == row.id).distinct()
        await reindexed(call.session, list((await call.session.exec(titles)).all()))
    call.changed(Change(_KIND, row.id, "updated", _facts(before), _facts(after)))
    return Answer(after, version=row.version)


@Endpoint(
    method="DELETE",
    path="/api/v1/people/{id}",
    name="delete_person",
    summary="Delete a person",
    description="Refused while they are credited, unless `detach` is asked for.",
    scope=Scope.TITLES_WRITE,
    tag=_TAG,
    path_model=PersonPath,
    query_model=DetachPersonQuery,
    answers={204: None},
    precondition=Precondition.HEEDED,
)
async def delete_person(call: Call[PersonPath, DetachPersonQuery, Nothing]) -> Answer:
    """They are gone, and on wish their credits with them."""
    row = await person(call.session, call.path.id)
    call.guard(row.version)
    rows = select(Credit.title_id).where(Credit.person_id == row.id).distinct()
    titles = list((await call.session.exec(rows)).all())
    if titles and not call.query.detach:
        message = f"{len(titles)} titles credit them: send `detach=true` to take their credits away"
        raise Problem(CONFLICT, message)
    before = _facts(await _detail(call, row))
    await call.session.delete(row)
    await call.session.flush()
    await reindexed(call.session, titles)
    call.changed(Change(_KIND, row.id, "deleted", before=before))
    return Answer(status=204)


@Endpoint(
    method="PUT",
    path="/api/v1/titles/{id}/credits",
    name="replace_credits",
    summary="Say who did what for a title: all credits, in their order",
    scope=Scope.TITLES_WRITE,
    tag=_TAG,
    path_model=TitlePath,
    body_model=CreditsGiven,
    answers={200: CreditsShown},
    precondition=Precondition.REQUIRED,
)
async def replace_credits(call: Call[TitlePath, Nothing, CreditsGiven]) -> Answer:
    """These instead of those that were there."""
    title = await found(call.session, call.path.id)
    call.guard(title.version)
    check_kept(title)
    await _check_credits(call.session, call.body.credits)
    before = await _credits(call.session, title.id)
    connection = await call.session.connection()
    await connection.execute(deletion(Credit).where(col(Credit.title_id) == title.id))
    rows = [
        {"id": new_id("cr"), "title_id": title.id, "position": place, **one.model_dump()}
        for place, one in enumerate(call.body.credits)
    ]
    if rows:
        await connection.execute(insert(Credit), rows)
    after = await _credits(call.session, title.id)
    if before != after:
        title.version += 1
        title.updated_at = call.now
        await reindexed(call.session, [title.id])
    call.changed(Change("title", title.id, "credited", before, after))
    return Answer(after, version=title.version)


OPERATIONS: Final = (list_people, create_person, read_person, edit_person, delete_person, replace_credits)


async def person(session: AsyncSession, which: str, *, held: bool = True) -> Person:
    """The row; `held` until the end of the transaction, by which it is to be changed."""
    wanted = select(Person).where(Person.id == which)
    row = (await session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        raise missing("person", which)
    return row


async def _credits(session: AsyncSession, title: str) -> CreditsShown:
    return CreditsShown(credits=[CreditShown(**one) for one in await credited(session, title)])


async def _check_credits(session: AsyncSession, given: list[CreditGiven]) -> None:
    """Refuse people who are not there, and what is said twice."""
    wanted = {one.person_id for one in given}
    known = set((await session.exec(select(Person.id).where(col(Person.id).in_(wanted)))).all())
    said: set[CreditGiven] = set()
    wrong = []
    for number, one in enumerate(given):
        if one.person_id not in known:
            detail = f"there is no person {one.person_id}"
            wrong.append(Mistake(part="body", pointer=f"/credits/{number}/person_id", detail=detail))
        if one in said:
            wrong.append(Mistake(part="body", pointer=f"/credits/{number}", detail="is said twice"))
        said.add(one)
    if wrong:
        raise Problem(UNACCEPTABLE, wrong[0].detail, errors=wrong)


async def _write(session: AsyncSession, row: Person, given: PersonEdit) -> None:
    for name in given.model_fields_set - {"ids"}:
        if getattr(given, name) is not None:
            setattr(row, name, getattr(given, name))
    row.sort_name = (folded(row.name) or row.name.casefold())[:300]
    session.add(row)
    await session.flush()
    if given.ids is None:
        return
    parts = [name.partition(":") for name in dict.fromkeys(given.ids)]
    pairs = among((PersonElsewhere.scheme, PersonElsewhere.value), [(one[0], one[2]) for one in parts])
    taken = select(PersonElsewhere).where(pairs, PersonElsewhere.person_id != row.id)
    owners = {f"{one.scheme}:{one.value}": one.person_id for one in (await session.exec(taken)).all()} if parts else {}
    if owners:
        wrong = [
            Mistake(part="body", pointer=f"/ids/{number}", detail=f"{name} is the person {owners[name]}")
            for number, name in enumerate(given.ids)
            if name in owners
        ]
        raise Problem(UNACCEPTABLE, wrong[0].detail, errors=wrong)
    connection = await session.connection()
    await connection.execute(deletion(PersonElsewhere).where(col(PersonElsewhere.person_id) == row.id))
    if parts:
        rows = [{"scheme": one[0], "value": one[2], "person_id": row.id} for one in parts]
        await connection.execute(insert(PersonElsewhere), rows)


async def _shown(call: Call[Any, Any, Any], rows: list[Person]) -> list[PersonShown]:
    """People with their photos, names elsewhere and numbers of credits, in three queries."""
    session, which = call.session, [row.id for row in rows]
    photos = (await session.exec(select(Artwork).where(col(Artwork.person_id).in_(which)))).all()
    named = (await session.exec(select(PersonElsewhere).where(col(PersonElsewhere.person_id).in_(which)))).all()
    counted = (
        select(Credit.person_id, func.count()).where(col(Credit.person_id).in_(which)).group_by(col(Credit.person_id))
    )
    counts = dict((await session.exec(counted)).all())
    pictures = {photo.person_id: pictured(photo, call.site.settings.public_url) for photo in photos}
    elsewhere: dict[str, list[str]] = {}
    for one in sorted(named, key=lambda one: (one.scheme, one.value)):
        elsewhere.setdefault(one.person_id, []).append(f"{one.scheme}:{one.value}")
    return [
        PersonShown(
            id=row.id, name=row.name, biography=row.biography, born=row.born, died=row.died,
            ids=elsewhere.get(row.id, []), photo=pictures.get(row.id), credits=counts.get(row.id, 0),
            created_at=row.created_at, updated_at=row.updated_at,
        )
        for row in rows
    ]  # fmt: skip


async def _detail(call: Call[Any, Any, Any], row: Person) -> PersonDetail:
    published = [col(Title.state) == TitleState.PUBLISHED.value] if is_audience(call) else []
    rows = (
        select(Credit, Title)
        .join(Title, col(Title.id) == Credit.title_id)
        .where(
            *published,
            Credit.person_id == row.id,
            col(Title.deleted_at).is_(None),
            *limits.conditions(call.caller.viewer),
        )
        .order_by(col(Title.year).desc(), col(Title.sort_name), col(Credit.job), col(Credit.character), col(Credit.id))
        .limit(MOST)
    )
    done = [
        FilmographyShown(
            title_id=title.id, name=title.name, kind=title.kind, year=title.year or None,
            job=credit.job, character=credit.character,
        )
        for credit, title in (await call.session.exec(rows)).all()
    ]  # fmt: skip
    return PersonDetail(**dict((await _shown(call, [row]))[0]), filmography=done)


def _facts(shown: PersonShown) -> PersonFacts:
    return PersonFacts(**{name: getattr(shown, name) for name in PersonFacts.model_fields})
