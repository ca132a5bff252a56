"""Before and after an edit is on air: check, plan, apply, the revisions of a channel, and the way back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.channels import aside
from control_api.channels.document import Document, mistakes
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Media, Precondition
from control_api.paging import Page, PageQuery, sliced
from control_api.problems import CONFLICT, NOT_FOUND, UNACCEPTABLE, Mistake, Problem, missing, unacceptable, unavailable
from control_api.resources.channels import KIND, TAG, ChannelId, ChannelPath
from control_api.scopes import Scope
from control_api.wanted import while_wanted
from playout import documents
from playout.config import Faults, Programming
from playout.config.tree import LARGEST
from playout.library import scan
from playout.publish import Signed, publish_signed
from playout.reports.revisions import revisions as told
from playout.rollback import rollback

if TYPE_CHECKING:
    from control_api.channels.master import MasterControl
    from playout.core.channel import Revision

_ASIDE: Final = "control_api.channels.aside"
_SVG: Final = "image/svg+xml"
_FURTHEST: Final = timedelta(days=3660)


class DraftGiven(Given):
    """The file as it would be. Nothing given: the file as it is."""

    file: str | None = Field(default=None, max_length=LARGEST, description="A whole text, in place of the file.")
    channels: dict[ChannelId, Any] = Field(
        default_factory=dict,
        max_length=1000,
        description="Channels as they would be, in the words of the file; null for one that is taken out.",
    )


class CheckGiven(DraftGiven):
    """What is to be checked."""

    quick: bool = Field(default=False, description="Whether to leave out the simulation of the coming week.")


class FindingShown(Shown):
    """Something to know before it is published."""

    level: str = Field(description="warning: what airs is not what is meant; information: good to know.")
    channel: str = Field(description="Which channel; empty for the whole station.")
    line: int = Field(description="In which line of the file, as it would be; 0 where that is not known.")
    code: str = Field(description="The name of this kind of finding.")
    text: str


class LookedAt(Shown):
    """How much was looked at."""

    channels: int
    items: int
    simulated: int
    days: int


class CheckShown(Shown):
    """What is wrong with the file, and what the library makes of it."""

    file: str
    mistakes: list[Mistake] = Field(description="While there is one, nothing of the file is published.")
    findings: list[FindingShown]
    looked_at: LookedAt | None = Field(description="Null while there are mistakes.")


class PlanGiven(DraftGiven):
    """What is to be planned."""

    days: int = Field(default=2, ge=1, le=31, description="How far ahead.")
    most_lines: int = Field(default=100, ge=1, le=2000, description="Lines of a channel; the rest is counted.")


class LineShown(Shown):
    """What becomes of a program, or of some in a row that stay as they are."""

    sign: str = Field(description="`-` goes, `+` comes, `=` stays, `~` stays with other breaks.")
    start: Instant
    stop: Instant
    programs: int
    title: str
    asset: str


class OutlookShown(Shown):
    """What would become of a channel."""

    channel: str
    name: str
    change: str = Field(description="new, edited, ends, same or refused.")
    edits: list[str] = Field(description="What its next revision says otherwise.")
    seen: Instant | None = Field(description="From when on something of it is on air.")
    follows: str = Field(description="What a derived channel is.")
    zone: str
    lines: list[LineShown]
    more_lines: int
    alarms: list[str]


class PlanShown(Shown):
    """What publishing would change."""

    file: str
    now: Instant
    until: Instant
    refused: bool = Field(description="Whether some channel would not be published.")
    channels: list[OutlookShown]


class ApplyGiven(Given):
    """Why the file is published now."""

    note: str = Field(default="", max_length=200, description="What was done, in a few words, for the revisions.")


class PublishedShown(Shown):
    """A revision that was published."""

    channel: str
    number: int
    effective: Instant = Field(
        description="From when on it is in force; on air after the horizon and the program then."
    )
    note: str


class AlarmShown(Shown):
    """What was not published, or needs looking at."""

    where: str
    what: str


class AppliedShown(Shown):
    """What came of publishing."""

    revisions: list[PublishedShown]
    alarms: list[AlarmShown]


class RevisionShown(Shown):
    """A revision of a channel, in short."""

    number: int
    effective: Instant
    author: str = Field(description="The person, or what published it: file.")
    what: str = Field(description="What it changed, and by which command.")


class RevisionPage(Page[RevisionShown]):
    """A page of revisions, the newest first."""


class RevisionDetail(RevisionShown):
    """A revision, whole."""

    document: dict[str, Any] = Field(description="As it lies in the store.")


class RevisionPath(ChannelPath):
    """Which revision."""

    number: Annotated[int, Field(ge=1, le=99_999_999)]


class RollbackGiven(Given):
    """Where to go back to."""

    revision: int | None = Field(
        default=None, ge=1, le=99_999_999, description="Its number; null: the one before its rules changed last."
    )


class RolledBack(Shown):
    """What came of it."""

    number: int = Field(description="The new revision.")
    restores: int = Field(description="The one that it repeats.")
    effective: Instant
    seen_after: Instant = Field(description="It is on air after this, and after the program that is on then.")


class SimulateGiven(DraftGiven):
    """How far a channel is run ahead."""

    days: int = Field(default=365, ge=1, le=3660)
    start: Instant | None = Field(default=None, description="When to begin; where the log ends, if it is left out.")


class SimulationShown(Shown):
    """What a channel would air, in figures: as `fastline simulate --format json`."""

    channel: str
    figures: dict[str, Any]


@Endpoint(
    method="POST",
    path="/api/v1/channels:check",
    name="check_channels",
    summary="Every mistake of the file, and what the library makes of it",
    description="The same as `fastline check`, of the file as it is, or of a draft.",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    body_model=CheckGiven,
    answers={200: CheckShown},
    changes=False,
    cost=5,
)
async def check_channels(call: Call[Nothing, Nothing, CheckGiven]) -> Answer:
    """Mistakes, or findings."""
    master, body = call.site.master, call.body
    document = await master.ask(lambda: drafted(master, body))
    programming = await master.ask(lambda: document.programming)
    if isinstance(programming, Faults):
        found = await master.ask(lambda: mistakes(document, programming, () if body.file is not None else None))
        return Answer(CheckShown(file=document.where, mistakes=found, findings=[], looked_at=None))
    asked = _asked(call, "check", document, quick=body.quick)
    said = json.loads(await _aside(call, asked))
    findings = [FindingShown(**one) for one in said["findings"]]
    return Answer(
        CheckShown(file=said["file"], mistakes=[], findings=findings, looked_at=LookedAt(**said["looked_at"]))
    )


@Endpoint(
    method="POST",
    path="/api/v1/channels:plan",
    name="plan_channels",
    summary="What an edit would change on air, and from when on",
    description="The same as `fastline plan`, of the file as it is, or of a draft. Nothing is published.",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    body_model=PlanGiven,
    answers={200: PlanShown},
    changes=False,
    cost=5,
)
async def plan_channels(call: Call[Nothing, Nothing, PlanGiven]) -> Answer:
    """The outlook of every channel."""
    master, body = call.site.master, call.body
    document = await master.ask(lambda: _sound(drafted(master, body), body))
    said = json.loads(await _aside(call, _asked(call, "plan", document, days=body.days, over=False)))
    channels = [_outlook(one, body.most_lines) for one in said["channels"]]
    refused = any(one.change == "refused" for one in channels)
    return Answer(
        PlanShown(file=said["where"], now=said["now"], until=said["until"], refused=refused, channels=channels)
    )


@Endpoint(
    method="POST",
    path="/api/v1/channels:apply",
    name="apply_channels",
    summary="Publish the file as it is, at once and in your name",
    description="Whoever watches the file publishes good edits by themselves, in nobody's name. If-Match with the "
    "ETag of the file publishes just what was planned.",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    body_model=ApplyGiven,
    answers={200: AppliedShown},
    precondition=Precondition.HEEDED,
)
async def apply_channels(call: Call[Nothing, Nothing, ApplyGiven]) -> Answer:
    """What was published."""
    master, now = call.site.master, call.now
    by = Signed(source="file", author=call.caller.name, note=call.body.note or "apply")

    def published() -> AppliedShown:
        document = master.document()
        call.guard(document.version())
        programming = document.programming
        if isinstance(programming, Faults):
            errors = mistakes(document, programming)
            raise Problem(UNACCEPTABLE, f"{document.where} has mistakes, so nothing is published", errors=errors)
        library = scan(master.store, master.station().library, now)
        outcome = publish_signed(master.store, programming, library, now, by)
        return AppliedShown(
            revisions=[_published(one) for one in outcome.revisions],
            alarms=[AlarmShown(where=one.where, what=one.what) for one in outcome.alarms],
        )

    shown = await master.ask(published)
    call.is_told = True  # every revision tells of itself
    for one in shown.revisions:
        call.changed(Change(KIND, one.channel, "published", after=one))
    return Answer(shown)


@Endpoint(
    method="GET",
    path="/api/v1/channels/{id}/revisions",
    name="list_revisions",
    summary="Who changed what of a channel, and when",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    path_model=ChannelPath,
    query_model=PageQuery,
    answers={200: RevisionPage},
    refusals=(CONFLICT,),
)
async def list_revisions(call: Call[ChannelPath, PageQuery, Nothing]) -> Answer:
    """A page of revisions."""
    master, name = call.site.master, call.path.id
    found = await master.ask(lambda: told(master.station(), name))
    rows = [(f"{10**9 - one.number:010d}", RevisionShown.model_validate(one)) for one in reversed(found)]
    return sliced(call, rows, RevisionPage, known=name)


@Endpoint(
    method="GET",
    path="/api/v1/channels/{id}/revisions/{number}",
    name="read_revision",
    summary="One revision of a channel, whole",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    path_model=RevisionPath,
    answers={200: RevisionDetail},
    refusals=(CONFLICT,),
)
async def read_revision(call: Call[RevisionPath]) -> Answer:
    """What was published."""
    master, name, number = call.site.master, call.path.id, call.path.number

    def found() -> RevisionDetail:
        station = master.station()
        revision = next((one for one in station.revisions(name) if one.number == number), None)
        short = next((one for one in told(station, name) if one.number == number), None)
        if revision is None or short is None:
            raise missing("revision", f"{number} of {name}")
        document = json.loads(documents.encode(revision))
        return RevisionDetail(**RevisionShown.model_validate(short).model_dump(), document=document)

    return Answer(await master.ask(found))


@Endpoint(
    method="POST",
    path="/api/v1/channels/{id}/rollback",
    name="roll_back_channel",
    summary="Publish an earlier revision of a channel once more",
    description="The file stays as it is: what it wants of the channel is not published again until it wants "
    "something else. What is packaged meanwhile reaches the channel all the same.",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    body_model=RollbackGiven,
    answers={200: RolledBack},
)
async def roll_back_channel(call: Call[ChannelPath, Nothing, RollbackGiven]) -> Answer:
    """The channel as it was."""
    master, name, number, now, by = call.site.master, call.path.id, call.body.revision, call.now, call.caller.name

    def done() -> Revision:
        return rollback(master.station(), name, number, now, by)

    made = await master.ask(done)
    call.changed(Change(KIND, name, "rolled_back", after=_published(made)))
    return Answer(
        RolledBack(
            number=made.number,
            restores=made.restores,
            effective=made.effective,
            seen_after=made.effective + made.horizon,
        )
    )


@Endpoint(
    method="POST",
    path="/api/v1/channels/{id}/simulate",
    name="simulate_channel",
    summary="Run a channel ahead for days or years, and say what that comes to",
    description="The same as `fastline simulate`, as figures or, by `Accept: image/svg+xml`, as a picture. It runs in "
    "a process of its own, and ends when the client goes.",
    scope=Scope.CHANNELS_READ,
    tag=TAG,
    path_model=ChannelPath,
    body_model=SimulateGiven,
    answers={200: Media((_SVG,), SimulationShown)},
    changes=False,
    cost=20,
)
async def simulate_channel(call: Call[ChannelPath, Nothing, SimulateGiven]) -> Answer:
    """The figures, or the picture."""
    master, body, name = call.site.master, call.body, call.path.id
    if body.start is not None and body.start > call.now + _FURTHEST:
        raise unacceptable("/start", f"lies more than {_FURTHEST.days} days ahead")
    is_draft = body.file is not None or bool(body.channels)
    document = await master.ask(lambda: _sound(drafted(master, body), body)) if is_draft else None
    picture = call.wants(_SVG)
    asked = _asked(
        call,
        "simulate",
        document,
        channel=name,
        days=body.days,
        start=body.start.isoformat() if body.start else None,
        form="svg" if picture else "json",
    )
    found = await _aside(call, asked)
    if picture:
        return Answer(raw=found, media_type=_SVG)
    return Answer(SimulationShown(channel=name, figures=json.loads(found)))


OPERATIONS: Final = (
    check_channels,
    plan_channels,
    apply_channels,
    list_revisions,
    read_revision,
    roll_back_channel,
    simulate_channel,
)


def drafted(master: MasterControl, given: DraftGiven) -> Document:
    """The file as it would be."""
    found = master.document() if given.file is None else Document(given.file.removeprefix("\ufeff"), master.file.where)
    there = found.part(("channels",))
    held = dict(there) if isinstance(there, dict) else {}
    wanted = held | {name: value for name, value in given.channels.items() if value is not None}
    for name, value in given.channels.items():
        if value is None:
            wanted.pop(name, None)
    # all at once, because an edit goes through the whole file, whatever it is of
    return master.put(found, ("channels",), wanted) if given.channels and (held or wanted) else found


def _sound(document: Document, given: DraftGiven) -> Document:
    """A draft without mistakes. Raises `Problem` with all that it has."""
    programming = document.programming
    if isinstance(programming, Programming):
        return document
    errors = [_placed(wrong, given) for wrong in mistakes(document, programming)]
    raise Problem(UNACCEPTABLE, f"{document.where} would have mistakes", errors=errors)


def _placed(wrong: Mistake, given: DraftGiven) -> Mistake:
    """A mistake of a draft by its place in the body, where what it is about stands there."""
    if given.file is None and any(wrong.pointer.startswith(f"/channels/{name}") for name in given.channels):
        return wrong.model_copy(update={"part": "body"})
    return wrong


def _asked(call: Call[Any, Any, Any], report: str, document: Document | None, **more: Any) -> bytes:  # noqa: ANN401 — JSON
    """What a report in a process of its own is asked."""
    master = call.site.master
    asked = {
        "report": report,
        "media": str(master.settings.media.absolute()),
        "bucket": master.settings.bucket,
        "where": master.file.where,
        "text": document.text if document else None,
        "now": call.now.isoformat(),
        **more,
    }
    return json.dumps(asked).encode()


async def _aside(call: Call[Any, Any, Any], asked: bytes) -> bytes:
    """What such a report comes to. Raises `Problem`."""
    site = call.site
    code, found = await while_wanted(call.request, site.streams.leaving, site.master.pool.apart(_ASIDE, asked))
    if code == aside.DONE:
        return found
    if code != aside.REFUSED:
        message = f"the process that made the report ended with {code}"
        raise unavailable(message)
    refused = json.loads(found)
    if refused["kind"] == "unavailable":
        raise unavailable(refused["detail"])
    raise Problem(NOT_FOUND if refused["kind"] == "not-found" else CONFLICT, refused["detail"])


def _outlook(said: dict[str, Any], most: int) -> OutlookShown:
    lines = said["lines"]
    known = {key: said[key] for key in ("channel", "name", "change", "edits", "seen", "follows", "zone", "alarms")}
    shown = [LineShown(**line) for line in lines[:most]]
    return OutlookShown(**known, lines=shown, more_lines=max(len(lines) - most, 0))


def _published(revision: Revision) -> PublishedShown:
    return PublishedShown(
        channel=revision.channel.id, number=revision.number, effective=revision.effective, note=revision.note
    )
