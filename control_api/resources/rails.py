"""Rails, as staff make them: named, by a rule, or pinned by hand; for whom they are, when, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, model_validator
from sqlalchemy import insert
from sqlmodel import col, delete, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.ids import new_id
from control_api.instants import Instant
from control_api.library.facts import Language
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.plans.entitled import FREE
from control_api.problems import CONFLICT, UNACCEPTABLE, Mistake, Problem, missing, unacceptable
from control_api.rails.beginning import STEP, rails, settled
from control_api.rails.kinds import RailKind, Rule, Source, Watchers
from control_api.resources.channels import ChannelId
from control_api.resources.title_models import TitleId
from control_api.scopes import Scope
from control_api.tables import Genre, Plan, Rail, RailPin, Title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

KIND: Final = "rail"
TAG: Final = "Rails"
MOST: Final = 100
"""Rails of a station."""
MOST_PINNED: Final = 200
"""Things that are pinned to one rail."""

RailName = Annotated[str, Field(min_length=1, max_length=200)]
RailId = Annotated[str, Field(pattern=ids.pattern("rl"), description="The id of a rail.")]


class RailPath(Given):
    """Which rail."""

    id: RailId


class RailEdit(Given):
    """What is to be another way; what is left out stays."""

    name: RailName | None = None
    names: Annotated[dict[Language, RailName], Field(max_length=50)] | None = Field(
        default=None, description="The name in other languages, by their BCP 47 tags."
    )
    source: Source | None = Field(default=None, description="Of a named rail: what is in it.")
    rule: Rule | None = Field(default=None, description="Of one by rule: which titles, as lists of titles are asked.")
    genre_id: str | None = Field(
        default=None, pattern=ids.pattern("ge"), description="Of `popular_in_genre`: of which genre."
    )
    profiles: Annotated[list[Watchers], Field(max_length=2)] | None = Field(
        default=None, description="For which kinds of profiles; empty: for all."
    )
    plans: Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=20)] | None = Field(
        default=None, description="For who has one of these plans; empty: for all."
    )
    featured: bool | None = Field(default=None, description="Whether apps are to show it large.")
    enabled: bool | None = None
    visible_from: Instant | None = None
    visible_until: Instant | None = None

    @model_validator(mode="after")
    def _said(self) -> RailEdit:
        """Refuse nulls where they mean nothing, and a time that ends before it begins."""
        empty = sorted(
            name for name in self.model_fields_set if getattr(self, name) is None and name not in _MAY_BE_NULL
        )
        if empty:
            message = f"null is no value for {', '.join(empty)}: leave it out, or send one"
            raise ValueError(message)
        return self


_MAY_BE_NULL: Final = frozenset(("visible_from", "visible_until"))


class RailGiven(RailEdit):
    """A rail that is to be made. It comes last, until it is moved."""

    kind: RailKind
    name: RailName


class Pin(Given):
    """A title or a channel."""

    title_id: TitleId | None = None
    channel: ChannelId | None = None

    @model_validator(mode="after")
    def _one(self) -> Pin:
        if (self.title_id is None) == (self.channel is None):
            message = "say either which `title_id`, or which `channel`"
            raise ValueError(message)
        return self

    @property
    def key(self) -> str:
        """What tells it from others of the rail."""
        return self.title_id or self.channel or ""


class PinsGiven(Given):
    """Everything that is to be pinned to a rail, in this order."""

    items: list[Pin] = Field(max_length=MOST_PINNED)

    @model_validator(mode="after")
    def _once(self) -> PinsGiven:
        keys = [pin.key for pin in self.items]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            message = f"{', '.join(twice)} would be pinned twice"
            raise ValueError(message)
        return self


class OrderGiven(Given):
    """All rails, in the order that they are to have."""

    ids: list[RailId] = Field(min_length=1, max_length=MOST)


class PinShown(Shown):
    """What is pinned to a rail."""

    title_id: str | None
    channel: str | None
    name: str = Field(description="Of the title; of a channel its id.")


class RailShown(Shown):
    """A rail."""

    id: str
    name: str
    names: dict[str, str]
    kind: str = Field(description="`pinned`, `rule` or `named`.")
    source: str = Field(description="Of a named one: what is in it; empty for others.")
    rule: dict[str, Any] = Field(description="Of one by rule: what was said; empty for others.")
    genre_id: str | None
    profiles: list[str]
    plans: list[str]
    place: int = Field(description="The lower ones come first.")
    featured: bool
    enabled: bool
    visible_from: Instant | None
    visible_until: Instant | None
    created_at: Instant
    updated_at: Instant


class RailDetail(RailShown):
    """A rail, with what is pinned to it."""

    pins: list[PinShown] = Field(description="In their order.")


class Rails(Shown):
    """All rails, in their order."""

    items: list[RailShown]


@Endpoint(
    method="GET", path="/api/v1/rails", name="list_rails", summary="All rails, in their order, as they were made",
    description="As long as nobody has made any, these are the ones that every station begins with: they can be "
    "edited like others. What viewers see is `GET /api/v1/home`.",
    scope=Scope.RAILS_WRITE, tag=TAG, answers={200: Rails},
)  # fmt: skip
async def list_rails(call: Call) -> Answer:
    """There are a hundred at most."""
    return Answer(Rails(items=[RailShown.model_validate(rail) for rail in await rails(call.session)]))


@Endpoint(
    method="GET", path="/api/v1/rails/{id}", name="read_rail", summary="One rail, with what is pinned to it",
    scope=Scope.RAILS_WRITE, tag=TAG, path_model=RailPath, answers={200: RailDetail},
)  # fmt: skip
async def read_rail(call: Call[RailPath]) -> Answer:
    """As it was made."""
    rail = _named(await rails(call.session), call.path.id)
    return Answer(await _detailed(call.session, rail), version=rail.version)


@Endpoint(
    method="POST", path="/api/v1/rails", name="create_rail", summary="Make a rail: it comes last",
    scope=Scope.RAILS_WRITE, tag=TAG, body_model=RailGiven, answers={201: RailDetail}, idempotent=True,
)  # fmt: skip
async def create_rail(call: Call[Nothing, Nothing, RailGiven]) -> Answer:
    """Whatever is left out is as for a rail that everybody sees now."""
    there = await settled(call.session)
    if len(there) >= MOST:
        raise Problem(CONFLICT, f"there are {MOST} rails, which is as many as there may be: delete one first")
    place = max((rail.place for rail in there), default=0) + STEP
    rail = Rail(
        id=new_id("rl"), name=call.body.name, kind=call.body.kind, place=place, created_at=call.now, updated_at=call.now
    )
    await _write(call.session, rail, call.body)
    call.session.add(rail)
    await call.session.flush()
    shown = await _detailed(call.session, rail)
    call.changed(Change(KIND, rail.id, "created", after=shown))
    return Answer(shown, 201, {"Location": f"/api/v1/rails/{rail.id}"}, version=rail.version)


@Endpoint(
    method="PATCH", path="/api/v1/rails/{id}", name="edit_rail", summary="Change a rail: what is left out stays",
    scope=Scope.RAILS_WRITE, tag=TAG, path_model=RailPath, body_model=RailEdit, answers={200: RailDetail},
    precondition=Precondition.REQUIRED,
)  # fmt: skip
async def edit_rail(call: Call[RailPath, Nothing, RailEdit]) -> Answer:
    """Its kind stays."""
    rail = _named(await settled(call.session), call.path.id)
    call.guard(rail.version)
    before = await _detailed(call.session, rail)
    await _write(call.session, rail, call.body)
    return await _edited(call, rail, before, "updated")


@Endpoint(
    method="DELETE", path="/api/v1/rails/{id}", name="delete_rail", summary="Delete a rail",
    description="The last one may be disabled, and not deleted: a station without rails has those that it began with.",
    scope=Scope.RAILS_WRITE, tag=TAG, path_model=RailPath, answers={204: None}, precondition=Precondition.REQUIRED,
)  # fmt: skip
async def delete_rail(call: Call[RailPath]) -> Answer:
    """With what is pinned to it."""
    there = await settled(call.session)
    rail = _named(there, call.path.id)
    call.guard(rail.version)
    if len(there) == 1:
        raise Problem(CONFLICT, "it is the last one: disable it instead")
    call.changed(Change(KIND, rail.id, "deleted", before=await _detailed(call.session, rail)))
    await call.session.delete(rail)
    return Answer(status=204)


@Endpoint(
    method="POST", path="/api/v1/rails:reorder", name="reorder_rails", summary="Put all rails in another order",
    description="Takes the ids of all of them: when there is another one by now, nothing is moved.",
    scope=Scope.RAILS_WRITE, tag=TAG, body_model=OrderGiven, answers={200: Rails},
)  # fmt: skip
async def reorder_rails(call: Call[Nothing, Nothing, OrderGiven]) -> Answer:
    """Those that stay where they are do not count as edited."""
    there = {rail.id: rail for rail in await settled(call.session)}
    wanted = call.body.ids
    unknown = [(number, one) for number, one in enumerate(wanted) if one not in there or one in wanted[:number]]
    if unknown:
        wrong = [
            Mistake(part="body", pointer=f"/ids/{number}", detail=f"there is no other rail {one}")
            for number, one in unknown
        ]
        raise Problem(UNACCEPTABLE, "each rail is named once, and only those that there are", errors=wrong)
    if left := sorted(there.keys() - set(wanted)):
        raise unacceptable("/ids", f"{', '.join(left)} would have no place: name all rails")
    call.is_told = True  # each that moves tells of itself
    for number, one in enumerate(wanted, start=1):
        rail, place = there[one], number * STEP
        if rail.place != place:
            before = RailShown.model_validate(rail)
            rail.place, rail.version, rail.updated_at = place, rail.version + 1, call.now
            call.changed(Change(KIND, rail.id, "moved", before, RailShown.model_validate(rail)))
    await call.session.flush()
    return Answer(Rails(items=[RailShown.model_validate(there[one]) for one in wanted]))


@Endpoint(
    method="PUT", path="/api/v1/rails/{id}/pins", name="pin_to_rail",
    summary="Say everything that is pinned to a rail: pin, unpin and put in order at once",
    scope=Scope.RAILS_WRITE, tag=TAG, path_model=RailPath, body_model=PinsGiven, answers={200: RailDetail},
    precondition=Precondition.REQUIRED,
)  # fmt: skip
async def pin_to_rail(call: Call[RailPath, Nothing, PinsGiven]) -> Answer:
    """What is left out is unpinned."""
    rail, items = _named(await settled(call.session), call.path.id), call.body.items
    call.guard(rail.version)
    if rail.kind != RailKind.PINNED:
        raise Problem(CONFLICT, f"nothing can be pinned to a rail of the kind {rail.kind}: make one of the kind pinned")
    before = await _detailed(call.session, rail)
    await _check_there(call, items)
    await call.session.exec(delete(RailPin).where(col(RailPin.rail_id) == rail.id))
    rows = [
        {"rail_id": rail.id, "key": pin.key, "title_id": pin.title_id, "place": number}
        for number, pin in enumerate(items)
    ]
    if rows:
        await (await call.session.connection()).execute(insert(RailPin), rows)
    return await _edited(call, rail, before, "pinned")


OPERATIONS: Final = (list_rails, create_rail, reorder_rails, read_rail, edit_rail, delete_rail, pin_to_rail)


def _named(there: Sequence[Rail], wanted: str) -> Rail:
    found = next((rail for rail in there if rail.id == wanted), None)
    if found is None:
        raise missing("rail", wanted)
    return found


async def _edited(call: Call[Any, Any, Any], rail: Rail, before: RailDetail, action: str) -> Answer:
    """Count the edit, and tell of it; what changes nothing is none."""
    shown = await _detailed(call.session, rail)
    if shown != before:
        rail.version, rail.updated_at = rail.version + 1, call.now
        await call.session.flush()
        shown = shown.model_copy(update={"updated_at": call.now})
    call.changed(Change(KIND, rail.id, action, before, shown))
    return Answer(shown, version=rail.version)


async def _write(session: AsyncSession, rail: Rail, given: RailEdit) -> None:
    """Put into the row what was sent. Raises `Problem` where it does not fit together."""
    said = given.model_fields_set - {"kind", "rule", "source"}
    for name in said:
        setattr(rail, name, getattr(given, name))
    if given.source is not None:
        rail.source = given.source.value
    if given.rule is not None:
        rail.rule = given.rule.stored()
    rail.profiles, rail.plans = list(dict.fromkeys(rail.profiles)), list(dict.fromkeys(rail.plans))
    wrong = list(_mistakes(rail))
    if rail.genre_id is not None and await session.get(Genre, rail.genre_id) is None:
        wrong.append(("/genre_id", f"there is no genre {rail.genre_id}"))
    if rail.plans:
        plans = {FREE, *(await session.exec(select(Plan.id))).all()}
        wrong += [("/plans", f"there is no plan {plan}") for plan in rail.plans if plan not in plans]
    if wrong:
        errors = [Mistake(part="body", pointer=at, detail=detail) for at, detail in wrong]
        raise Problem(UNACCEPTABLE, wrong[0][1], errors=errors)


def _mistakes(rail: Rail) -> list[tuple[str, str]]:
    """What of a rail contradicts its kind, each with its place in the body. Pure."""
    named, ruled = rail.kind == RailKind.NAMED, rail.kind == RailKind.RULE
    until, since = rail.visible_until, rail.visible_from
    found = (
        (named and not rail.source, "/source", "a named rail needs a `source`"),
        (not named and bool(rail.source), "/source", "a `source` is for named rails"),
        (not ruled and bool(rail.rule), "/rule", "a `rule` is for rails of the kind rule"),
        (rail.source == Source.GENRE and rail.genre_id is None, "/genre_id", "popular_in_genre needs a `genre_id`"),
        (rail.source != Source.GENRE and rail.genre_id is not None, "/genre_id", "this is for popular_in_genre alone"),
        (since is not None and until is not None and until <= since, "/visible_until", "it ends before it begins"),
    )
    return [(at, detail) for is_wrong, at, detail in found if is_wrong]


async def _detailed(session: AsyncSession, rail: Rail) -> RailDetail:
    rows = (
        select(RailPin.key, RailPin.title_id, Title.name)
        .outerjoin(Title, col(Title.id) == RailPin.title_id)
        .where(RailPin.rail_id == rail.id)
        .order_by(col(RailPin.place))
    )
    pins = [
        PinShown(title_id=title, channel=None if title else key, name=name or key)
        for key, title, name in (await session.exec(rows)).all()
    ]
    return RailDetail(**dict(RailShown.model_validate(rail)), pins=pins)


async def _check_there(call: Call[Any, Any, Any], items: Sequence[Pin]) -> None:
    """Refuse to pin what there is not."""
    titles = {pin.title_id for pin in items if pin.title_id is not None}
    rows = select(Title.id).where(col(Title.id).in_(titles), col(Title.deleted_at).is_(None))
    there = set((await call.session.exec(rows)).all()) if titles else set()
    if any(pin.channel for pin in items):
        there |= set(await call.site.master.ask(lambda: call.site.master.station().channels()))
    wrong = [
        Mistake(part="body", pointer=f"/items/{number}", detail=f"there is no {pin.key}")
        for number, pin in enumerate(items)
        if pin.key not in there
    ]
    if wrong:
        raise Problem(UNACCEPTABLE, f"{len(wrong)} of {len(items)} are not there", errors=wrong)
