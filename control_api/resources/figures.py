"""What answers with figures have in common: the days that are asked for, amounts, and answers given again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from control_api.analytics.days import Days
from control_api.analytics.reading import Amounts, Span
from control_api.analytics.text import comma_separated
from control_api.call import Answer, Call
from control_api.instants import Millis
from control_api.models import Given, Shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pydantic import BaseModel

TAG: Final = "Figures"
CSV: Final = "text/csv"
DAYS: Final = 30
LONGEST: Final = 1100


def _day(text: str) -> str:
    try:
        year = date.fromisoformat(text).year
    except ValueError:
        message = "there is no such day"
        raise ValueError(message) from None
    if not 1970 < year < 9000:  # noqa: PLR2004 — no figures are of other years
        message = "nothing is counted in that year"
        raise ValueError(message)
    return text


Day = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"}, examples=["2026-03-01"]),
    AfterValidator(_day),
]


class SpanQuery(Given):
    """Which days are wanted, by the clocks of the setting `figures_zone`."""

    from_: Day | None = Field(
        default=None, alias="from", description=f"The first day; {DAYS} days up to the last one, if it is left out."
    )
    to: Day | None = Field(default=None, description="The last day; today, if it is left out.")

    @model_validator(mode="after")
    def _ordered(self) -> SpanQuery:
        if self.from_ and self.to:
            days = (date.fromisoformat(self.to) - date.fromisoformat(self.from_)).days
            if days < 0:
                message = "`to` is not before `from`"
                raise ValueError(message)
            if days >= LONGEST:
                message = f"at most {LONGEST} days are answered at a time"
                raise ValueError(message)
        return self


class TableQuery(SpanQuery):
    """Which days, in which form."""

    format: Literal["json", "csv"] = Field(default="json", description="csv: the items as a table.")


class FigureSpan(Shown):
    """The days that are told of."""

    first: str
    last: str
    zone: str = Field(description="By whose clocks.")


class ActiveProfiles(Shown):
    """How many profiles have watched something lately, today included."""

    day: int
    week: int = Field(description="In seven days.")
    month: int = Field(description="In thirty days.")


class FigureAmounts(Shown):
    """What was counted. How each of them is defined stands in the documentation under Figures."""

    views: int
    viewers: int = Field(description="Unique viewers of each day, added up: days know nothing of each other.")
    sessions: int
    on_demand: int = Field(description="How many of the sessions are on demand, and of no channel.")
    watched_ms: Millis
    completions: int
    completed_share: float | None = Field(description="Of the sessions on demand, how many came to the end; from 0.")
    watched_share: float | None = Field(
        description="How much of its title a session on demand has played on average; 0 to 1."
    )
    stalls: int
    stall_ratio: float | None = Field(description="Of the time, how much it stood still for want of data; 0 to 1.")
    errors: int
    bitrate: int | None = Field(description="On average, in bits a second.")
    peak: int = Field(description="The most that played at once; 0 where that is not counted.")


def amounts(found: Amounts) -> FigureAmounts:
    """As they are shown."""
    stood = found.watched_ms + found.stalled_ms
    return FigureAmounts(
        views=found.views,
        viewers=found.viewers,
        sessions=found.sessions,
        on_demand=found.on_demand,
        watched_ms=found.watched_ms,
        completions=found.completions,
        completed_share=share(found.completions, found.on_demand),
        watched_share=share(found.shares, 1000 * found.on_demand),
        stalls=found.stalls,
        stall_ratio=share(found.stalled_ms, stood),
        errors=found.errors,
        bitrate=max(found.bits, 0) * 1000 // found.bits_ms if found.bits_ms > 0 else None,
        peak=found.peak,
    )


def share(part: int, whole: int) -> float | None:
    """Which share of a whole a part is."""
    return round(part / whole, 4) if whole else None


def days_of(call: Call[Any, Any, Any]) -> Days:
    """The days of the station's figures."""
    return Days(call.site.settings.figures_zone)


def span_of(call: Call[Any, Any, Any]) -> Span:
    """The days that are asked for."""
    query: SpanQuery = call.query
    today = days_of(call).today(call.now)
    if query.to is None and query.from_ is not None:
        first = date.fromisoformat(query.from_)
        return Span(first, min(max(today, first), first + timedelta(days=LONGEST - 1)))
    last = date.fromisoformat(query.to) if query.to else today
    return Span(date.fromisoformat(query.from_) if query.from_ else last - timedelta(days=DAYS - 1), last)


def spanned(call: Call[Any, Any, Any], span: Span) -> FigureSpan:
    """As they are shown."""
    return FigureSpan(first=span.first.isoformat(), last=span.last.isoformat(), zone=call.site.settings.figures_zone)


async def again(call: Call[Any, Any, Any], make: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer to the same question, or else the one that `make` finds; nobody's authority changes it."""
    key = call.operation, call.path.model_dump_json(), call.query.model_dump_json()

    async def made(names: Sequence[str]) -> dict[str, Answer]:
        return dict.fromkeys(names, await make())

    return (await call.site.figures.shared({"answer": key}, call.now, made))["answer"]


def table(query: TableQuery, shown: Shown, model: type[BaseModel], rows: Sequence[BaseModel], name: str) -> Answer:
    """The answer in the form that is asked for."""
    if query.format == "json":
        return Answer(shown)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Answer(raw=comma_separated(model, rows).encode(), media_type=CSV, headers=headers)
