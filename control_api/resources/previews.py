"""A rule before it is saved: what it matches, and the next hours by it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from control_api.call import Answer, Call
from control_api.channels.document import CHANNELS, Document, mistakes
from control_api.channels.overview import Showing, showing
from control_api.channels.preview import Preview, named, preview
from control_api.instants import Millis
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.problems import UNACCEPTABLE, Problem
from control_api.resources.channels import TAG, ChannelId
from control_api.resources.publishing import FindingShown
from control_api.scopes import Scope
from playout.config import Faults
from playout.core.listing import named as titled
from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from control_api.channels.preview import Matched
    from playout.core.catalog import Item


class PreviewGiven(Given):
    """A channel that is being thought of."""

    channel: dict[str, Any] = Field(
        description='In the words of the file; only its rules are needed, e.g. `{"include": {"any": ["film"]}}`.'
    )
    id: ChannelId | None = Field(
        default=None, description="Which channel it would be: then what airs goes on from its log. Null: a new one."
    )
    hours: int = Field(default=24, ge=1, le=72, description="How far ahead.")
    sample: int = Field(default=20, ge=0, le=200, description="How many of the matching programs are named.")
    daypart: str | None = Field(default=None, max_length=100, description="Matches of this daypart alone.")


class ItemShown(Shown):
    """A program that matches."""

    asset: str
    title: str
    kind: str
    length_ms: Millis
    year: int | None
    rating: str
    tags: list[str]


class MatchedShown(Shown):
    """What a rule matches."""

    daypart: str = Field(description="Empty for the channel's own rule.")
    count: int
    length_ms: Millis = Field(description="All of them, one after the other.")
    sample: list[ItemShown] = Field(description="Some, spread over all of them.")


class PreviewShown(Shown):
    """What would come of it."""

    id: str
    matched: list[MatchedShown]
    coming: list[Showing] = Field(description="What would be on, from now on.")
    note: str = Field(description="Why nothing can be said of what comes; empty where it can.")
    findings: list[FindingShown] = Field(description="What to know before it is saved.")


@Endpoint(
    method="POST",
    path="/api/v1/channels:preview",
    name="preview_channel",
    summary="What a rule matches and what would air by it, before it is saved",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    body_model=PreviewGiven,
    answers={200: PreviewShown},
    changes=False,
    cost=2,
)
async def preview_channel(call: Call[Nothing, Nothing, PreviewGiven]) -> Answer:
    """Counts, a sample, and the next hours."""
    master, body, now = call.site.master, call.body, call.now.replace(microsecond=0)

    def found() -> tuple[str, Document, Preview | Faults]:
        present = master.sound()
        name, whole = named(present, body.id, body.channel)
        document = master.put(present, (CHANNELS, name), whole)
        return name, document, preview(document, master.station(), name, now, timedelta(hours=body.hours))

    name, document, seen = await master.ask(found)
    if isinstance(seen, Faults):
        told = await master.ask(lambda: mistakes(document, seen, (CHANNELS, name)))
        errors = [
            wrong.model_copy(update={"pointer": f"/channel{wrong.pointer}"}) if wrong.part == "body" else wrong
            for wrong in told
        ]
        raise Problem(UNACCEPTABLE, "the rule has mistakes", errors=errors)
    wanted = [one for one in seen.matched if body.daypart is None or one.daypart == body.daypart]
    return Answer(
        PreviewShown(
            id=name,
            matched=[_matched(one, body.sample) for one in wanted],
            coming=[showing(part) for part in seen.coming],
            note=seen.note,
            findings=[FindingShown.model_validate(one) for one in seen.findings],
        )
    )


OPERATIONS: Final = (preview_channel,)


def _matched(matched: Matched, sample: int) -> MatchedShown:
    step = max(len(matched.items) // sample, 1) if sample else 0
    some = matched.items[::step][:sample] if sample else ()
    return MatchedShown(
        daypart=matched.daypart,
        count=len(matched.items),
        length_ms=matched.length * 1000 // TIMEBASE,
        sample=[_item(item) for item in some],
    )


def _item(item: Item) -> ItemShown:
    about = item.about
    return ItemShown(
        asset=item.id,
        title=titled(about),
        kind=about.kind.value,
        length_ms=item.length * 1000 // TIMEBASE,
        year=about.year or None,
        rating=about.rating,
        tags=list(about.tags),
    )
