"""Plans: what an account can have, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator
from sqlmodel import col, or_, select

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.library.facts import Language
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.plans.entitled import FREE
from control_api.plans.money import MOST
from control_api.plans.offers import all_of, plan_of
from control_api.plans.shown import PlanShown
from control_api.plans.taxes import rate_of
from control_api.problems import CONFLICT, Problem, unacceptable
from control_api.resources.audience import country_of
from control_api.scopes import OPEN, Scope
from control_api.tables import Plan, Subscription

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

TAG: Final = "Plans and payments"
_KIND: Final = "plan"
_CACHED: Final = {"Cache-Control": "no-cache"}

PlanId = Annotated[
    str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40, description="The plan's name.", examples=["premium"])
]


def _in_english(names: dict[str, str]) -> dict[str, str]:
    if "en" not in names:
        message = "give a name in `en`: it is what is shown where there is no other"
        raise ValueError(message)
    return names


Names = Annotated[
    dict[Language, Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]],
    Field(max_length=50, description="By BCP 47 tags; one in `en` at least."),
    AfterValidator(_in_english),
]


class PlanPath(Given):
    """Which plan."""

    id: PlanId


class PlansQuery(Given):
    """In which language plans are wanted."""

    language: Language | None = Field(default=None, description="BCP 47; English where it is left out.")


class PlansShown(Shown):
    """All plans, in their order."""

    items: list[PlanShown]


class PlanEdit(Given):
    """What is to be another way; what is left out stays. Who has the plan keeps its price until the next period."""

    names: Names | None = None
    price: Annotated[int, Field(ge=0, le=MOST)] | None = Field(
        default=None, description="For one period, in the smallest unit of the currency."
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(default=None, description="ISO 4217.")
    period: Literal["month", "year"] | None = None
    trial_days: Annotated[int, Field(ge=0, le=365)] | None = None
    premium: bool | None = Field(default=None, description="Whether it includes what is premium.")
    streams: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=None, description="How many play at a time.")
    profiles: Annotated[int, Field(ge=1, le=100)] | None = None
    lines: Annotated[int, Field(ge=100, le=10_000)] | None = Field(
        default=None, description="The best quality, in lines of the picture; null: whatever there is."
    )
    is_offered: bool | None = Field(default=None, description="Whether it can be had.")
    place: Annotated[int, Field(ge=0, le=10_000)] | None = None

    @model_validator(mode="after")
    def _said(self) -> PlanEdit:
        empty = sorted(name for name in self.model_fields_set - {"lines"} if getattr(self, name) is None)
        if empty:
            message = f"null is no value for {', '.join(empty)}: leave it out, or send one"
            raise ValueError(message)
        return self


class PlanGiven(PlanEdit):
    """A plan that is to be made."""

    id: PlanId
    names: Names
    price: Annotated[int, Field(ge=0, le=MOST, description="For one period, in the smallest unit of the currency.")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")]


@Endpoint(
    method="GET",
    path="/api/v1/plans",
    name="list_plans",
    summary="The plans that are offered, with what each includes",
    scope=OPEN,
    tag=TAG,
    query_model=PlansQuery,
    answers={200: PlansShown},
)
async def list_plans(call: Call[Nothing, PlansQuery, Nothing]) -> Answer:
    """Whoever thinks of making an account sees them."""
    plans = await all_of(call.session, offered=True)
    tag, rate = call.query.language or "", rate_of(call.site.settings, country_of(call))
    return Answer(PlansShown(items=[PlanShown.of(one, rate, tag) for one in plans]), headers=_CACHED)


@Endpoint(
    method="GET",
    path="/api/v1/billing/plans",
    name="list_all_plans",
    summary="All plans, those that are offered no longer too",
    scope=Scope.BILLING_READ,
    tag=TAG,
    answers={200: PlansShown},
)
async def list_all_plans(call: Call) -> Answer:
    """There are few."""
    return Answer(PlansShown(items=[_shown(call, one) for one in await all_of(call.session, offered=False)]))


@Endpoint(
    method="GET",
    path="/api/v1/billing/plans/{id}",
    name="read_plan",
    summary="One plan",
    scope=Scope.BILLING_READ,
    tag=TAG,
    path_model=PlanPath,
    answers={200: PlanShown},
)
async def read_plan(call: Call[PlanPath]) -> Answer:
    """With the version by which it is edited."""
    row = await plan_of(call.session, call.path.id)
    return Answer(_shown(call, row), version=row.version)


@Endpoint(
    method="POST",
    path="/api/v1/billing/plans",
    name="create_plan",
    summary="Make a plan",
    scope=Scope.BILLING_WRITE,
    tag=TAG,
    body_model=PlanGiven,
    answers={201: PlanShown},
    idempotent=True,
)
async def create_plan(call: Call[Nothing, Nothing, PlanGiven]) -> Answer:
    """It is offered at once, unless it says otherwise."""
    given = call.body
    if await call.session.get(Plan, given.id) is not None:
        raise Problem(CONFLICT, f"there is a plan {given.id} already")
    row = Plan(
        id=given.id, names=dict(given.names), currency=given.currency, period=given.period or "month",
        created_at=call.now, updated_at=call.now,
    )  # fmt: skip
    _write(call, row, given)
    call.session.add(row)
    await call.session.flush()
    shown = _shown(call, row)
    call.changed(Change(_KIND, row.id, "created", after=shown))
    return Answer(shown, 201, {"Location": f"/api/v1/billing/plans/{row.id}"}, version=row.version)


@Endpoint(
    method="PATCH",
    path="/api/v1/billing/plans/{id}",
    name="edit_plan",
    summary="Change a plan: what it includes counts at once, for who has it as well",
    scope=Scope.BILLING_WRITE,
    tag=TAG,
    path_model=PlanPath,
    body_model=PlanEdit,
    answers={200: PlanShown},
    precondition=Precondition.REQUIRED,
)
async def edit_plan(call: Call[PlanPath, Nothing, PlanEdit]) -> Answer:
    """What was agreed on with who has it stays: they pay what they have paid."""
    row = await plan_of(call.session, call.path.id, held=True)
    call.guard(row.version)
    before = _shown(call, row)
    _write(call, row, call.body)
    if _shown(call, row) != before:
        row.version += 1
        row.updated_at = call.now
    call.session.add(row)
    await call.session.flush()
    shown = _shown(call, row)
    call.changed(Change(_KIND, row.id, "updated", before, shown))
    return Answer(shown, version=row.version)


@Endpoint(
    method="DELETE",
    path="/api/v1/billing/plans/{id}",
    name="delete_plan",
    summary="Delete a plan that nobody has ever had",
    scope=Scope.BILLING_WRITE,
    tag=TAG,
    path_model=PlanPath,
    answers={204: None},
    precondition=Precondition.REQUIRED,
)
async def delete_plan(call: Call[PlanPath]) -> Answer:
    """Of one that somebody has, or had, receipts speak: it is offered no longer instead."""
    row = await plan_of(call.session, call.path.id, held=True)
    call.guard(row.version)
    if row.id == FREE:
        raise Problem(CONFLICT, "everybody has the plan free who has no other")
    if await _is_had(call.session, row.id):
        raise Problem(CONFLICT, "somebody has it, or had: set is_offered to false, and nobody can have it anew")
    await call.session.delete(row)
    call.changed(Change(_KIND, row.id, "deleted", before=_shown(call, row)))
    return Answer(status=204)


OPERATIONS: Final = (list_plans, list_all_plans, read_plan, create_plan, edit_plan, delete_plan)


def _shown(call: Call[Any, Any, Any], row: Plan) -> PlanShown:
    """What is shown to staff: with the tax where the seller is."""
    return PlanShown.of(row, rate_of(call.site.settings, ""))


async def _is_had(session: AsyncSession, plan: str) -> bool:
    rows = select(Subscription.id).where(or_(col(Subscription.plan_id) == plan, col(Subscription.next_plan_id) == plan))
    return (await session.exec(rows.limit(1))).first() is not None


def _write(call: Call[Any, Any, Any], row: Plan, given: PlanEdit) -> None:
    """The columns as they are to be. Raises `Problem`."""
    for name in given.model_fields_set - {"id"}:
        setattr(row, name, getattr(given, name))
    if row.id == FREE and (row.price or row.premium or not row.is_offered):
        raise unacceptable("/price" if row.price else "/premium", "the plan free costs nothing, has nothing that is "
                           "premium, and is there always: it is what everybody has")  # fmt: skip
    if row.id != FREE and row.is_offered and not row.price and call.site.settings.payments != "none":
        raise unacceptable("/price", "a plan that is offered costs something; give what costs nothing to people, or "
                           "change the plan free")  # fmt: skip
