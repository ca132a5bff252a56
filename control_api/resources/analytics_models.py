"""What is asked of analytics, and what they answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from control_api import ids
from control_api.instants import Instant
from control_api.library.kinds import TitleKind
from control_api.models import Shown
from control_api.resources.channels import ChannelId  # noqa: TC001 — a model reads it
from control_api.resources.figures import ActiveProfiles, FigureAmounts, FigureSpan, TableQuery

MOST = 200
"""Things of one list."""

TitleId = Annotated[str, Field(pattern=ids.pattern("ti"), description="The id of a title.")]
By = Literal["day", "week", "month"]
Measure = Literal["views", "watched_ms", "viewers", "sessions", "completions"]


class SeriesQuery(TableQuery):
    """Which series is wanted."""

    by: By = Field(default="day", description="How days are put together; weeks begin on Monday.")
    title: TitleId | None = Field(default=None, description="Of this title, or series; else of all.")
    channel: ChannelId | None = Field(default=None, description="Of this channel.")
    split: Literal["none", "device", "quality"] = Field(
        default="none", description="Whether it is parted by kind of device, or, of all alone, by quality."
    )

    @model_validator(mode="after")
    def _one(self) -> SeriesQuery:
        if self.title and self.channel:
            message = "say `title` or `channel`, not both"
            raise ValueError(message)
        if self.split == "quality" and (self.title or self.channel):
            message = "`split=quality` is told of all together"
            raise ValueError(message)
        return self


class TopQuery(TableQuery):
    """What is at the top, by what."""

    what: Literal["titles", "channels", "programs", "genres"] = "titles"
    by: Measure = Field(default="views", description="By which of the amounts.")
    kind: list[TitleKind] = Field(
        default_factory=list,
        max_length=len(TitleKind),
        description="Of titles: of these kinds alone; if left out, seasons and episodes count as their series.",
    )
    limit: int = Field(default=10, ge=1, le=MOST)


class ProgramsQuery(TableQuery):
    """Which programs are wanted."""

    channel: ChannelId | None = Field(default=None, description="Those of this channel; of all, if left out.")
    by: Measure = Field(default="watched_ms", description="By which of the amounts they are sorted.")
    limit: int = Field(default=50, ge=1, le=MOST)


class DropOffQuery(TableQuery):
    """Of which title."""

    title: TitleId


class FiguresQuery(TableQuery):
    """Of which channel, or of all."""

    channel: ChannelId | None = Field(default=None, description="Of this channel; of all, if left out.")


class FigurePoint(Shown):
    """What one day, week or month comes to."""

    day: str = Field(description="Its first day.")
    part: str = Field(description="Which device or quality; empty where nothing is parted.")
    amounts: FigureAmounts


class FigureSeries(Shown):
    """A series, the earliest first; what has nothing is there as well."""

    span: FigureSpan
    items: list[FigurePoint]


class WatchedMost(Shown):
    """What a thing comes to."""

    id: str
    name: str = Field(description="Of a title, channel or genre; the id of what is no more, or has no name.")
    kind: str = Field(description="Of a title, or of that of a program: `movie`, `episode`…; empty: it has none.")
    series: str = Field(description="The name of the series that it is a part of; empty: of none.")
    amounts: FigureAmounts


class ProgramWatched(Shown):
    """What aired on a channel, and was watched there as it did."""

    asset: str
    title_id: str | None
    name: str
    kind: str = Field(description="Of its title; empty: it has none.")
    series: str = Field(description="The name of the series that it is a part of; empty: of none.")
    channel: str
    amounts: FigureAmounts = Field(description="`sessions` are those that were there while it aired.")


class TopWatched(Shown):
    """Those with the most, the first one first."""

    span: FigureSpan
    items: list[WatchedMost]


class ProgramsWatched(Shown):
    """Programs, those with the most first."""

    span: FigureSpan
    items: list[ProgramWatched]


class FigurePart(Shown):
    """What one part comes to."""

    name: str
    amounts: FigureAmounts


class FigureParts(Shown):
    """All parts; groups too small to be shown by themselves are `other`."""

    span: FigureSpan
    items: list[FigurePart]


class PlayingCounted(Shown):
    """What plays now."""

    total: int
    live: int
    on_demand: int


class PeriodShown(Shown):
    """What some days come to."""

    span: FigureSpan
    amounts: FigureAmounts


class OverviewShown(Shown):
    """Everything at a glance."""

    span: FigureSpan
    amounts: FigureAmounts
    before: FigureAmounts = Field(description="The same of as many days before these.")
    playing: PlayingCounted
    active: ActiveProfiles
    titles: list[WatchedMost] = Field(description="Those with the most views; episodes count as their series.")
    channels: list[WatchedMost] = Field(description="Those that were watched longest.")


class PointOfDrop(Shown):
    """How many have seen a hundredth of a title."""

    percent: int = Field(description="Where it begins, in percent of the title.")
    share: float = Field(description="Of the sessions of which anything was seen, how many have seen this; 0 to 1.")


class DropOffShown(Shown):
    """Where people leave a title. Of all times together, for it takes many sessions."""

    title_id: str
    sessions: int = Field(description="Sessions of which a position is known.")
    items: list[PointOfDrop] | None = Field(description="null: they are too few to be shown.")


class TitleFiguresShown(Shown):
    """What is known of how a title is watched, on demand and on the air."""

    id: str
    name: str
    span: FigureSpan
    amounts: FigureAmounts = Field(description="Both together; `sessions`, completions and shares are of on demand.")
    live: FigureAmounts = Field(description="As it aired alone.")
    days: list[FigurePoint]
    devices: list[FigurePart] = Field(description="On demand, and as apps told it.")
    drop_off: list[PointOfDrop] | None = Field(description="Of all times; null: there are too few sessions.")


class ChannelFiguresShown(Shown):
    """What is known of how a channel is watched."""

    id: str
    span: FigureSpan
    amounts: FigureAmounts
    playing: int = Field(description="How many watch it now.")
    aired: dict[str, int] = Field(
        description="How long was watched of programs, ads, slate and the like, in ms; `unlogged`: its log has nothing."
    )
    days: list[FigurePoint]
    devices: list[FigurePart]
    programs: list[ProgramWatched] = Field(description="The first ones by time that was watched.")


class EngagementShown(Shown):
    """How much those who watch do watch, and whether they come back."""

    span: FigureSpan
    amounts: FigureAmounts
    watched_ms_per_session: int | None
    watched_ms_per_viewer: int | None = Field(description="For a unique viewer, on a day.")
    new_viewers: int = Field(description="Profiles that had never watched anything before.")
    returns: int = Field(description="How often a profile watched on another day than before, once a day at most.")
    active: ActiveProfiles


class HourOfWeek(Shown):
    """One hour of the week."""

    weekday: int = Field(description="1 is Monday.", ge=1, le=7)
    hour: int = Field(ge=0, le=23)
    watched_ms: int | None = Field(description="null: too few views to be shown.")
    views: int | None


class HoursOfWeek(Shown):
    """The hours of the week, 168 of them."""

    span: FigureSpan
    items: list[HourOfWeek]


class ConcurrentPeak(Shown):
    """How many watched a channel at once."""

    channel: str = Field(description="Empty: all together, on demand too.")
    now: int
    peak: int = Field(description="The most at once, looked at once a minute.")
    peak_day: str | None


class ConcurrentShown(Shown):
    """How many watch at once."""

    at: Instant
    span: FigureSpan
    items: list[ConcurrentPeak]


class PlayQuality(Shown):
    """How well it plays."""

    span: FigureSpan
    amounts: FigureAmounts
    startup_sessions: int = Field(description="Sessions whose player said how long it took to begin.")
    startup_ms: dict[str, int | None] = Field(
        description="Within how many milliseconds half, nine tenths and 99 of a hundred have begun: p50, p90, p99."
    )
    errors_per_session: float | None
    items: list[FigurePart] = Field(description="Of all together, by quality; of a channel empty.")


class StreamingFigures(Shown):
    """What plays now, and how well."""

    at: Instant
    active_sessions: int
    live_sessions: int
    by_quality: dict[str, int]
    by_device: dict[str, int]
    by_channel: dict[str, int]
    stall_rate: float | None = Field(description="Of the time of sessions open in the last hour, how much stood still.")
