"""Channels as people see them: who they are, whether they are on air, what is on and what comes.

Law: what is on is told from the log, by the same function of time as every playlist (design.md section 6).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from pydantic import Field

from control_api.instants import Instant, Millis
from control_api.models import Shown
from playout import keys
from playout.config import Faults
from playout.core.airing import Role
from playout.core.asset import PROGRAM_KINDS
from playout.core.channel import in_force
from playout.core.guide import showings
from playout.core.listing import Links, named
from playout.core.schedule import NothingToAir
from playout.core.shelves import shelves_of
from playout.core.ticks import TIMEBASE, Ticks, instant_at, ticks_since
from playout.documents import Corrupt
from playout.publish import drafted, wish
from playout.reports.asrun import withdrawn
from playout.reports.guide import TooFar, library

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from control_api.channels.document import Document
    from playout.config import Draft
    from playout.core.airing import Airing, Turn
    from playout.core.asrun import Pulled
    from playout.core.catalog import Item
    from playout.core.channel import Channel, Revision
    from playout.core.guide import Part
    from playout.station import Station

State = Literal["on_air", "unpublished", "ending", "ended"]
Type = Literal["virtual", "manual", "mirror", "regional"]

_AHEAD: Final = timedelta(hours=12)
"""How far the next program is looked for."""
FURTHEST: Final = timedelta(days=31)
"""How far ahead of now the schedule is run for a single question."""
_MOST: Final = 400
"""Turns that are looked at for it, at most."""


class Withdrawn(Shown):
    """That something was pulled off the air of a channel: slate plays in its place."""

    since: Instant
    reason: str | None = Field(description="Why; null for the audience.")


class Showing(Shown):
    """A program on air."""

    start: Instant
    stop: Instant
    title: str = Field(description="The title, or what the guide calls a time without a program.")
    subtitle: str
    asset: str | None = Field(description="Its asset; null for a time without a program.")
    kind: str
    withdrawn: bool = Field(default=False, description="Whether it was pulled off the air: slate plays in its place.")


class OnNow(Shown):
    """What is on at an instant, to the millisecond."""

    at: Instant
    role: str = Field(description="program, ad, bumper, filler or slate.")
    asset: str = Field(description="The asset that plays: of an ad break, the ad. Of one that was withdrawn, that one.")
    title: str
    start: Instant = Field(description="When this stretch of air began.")
    stop: Instant = Field(description="When it ends.")
    offset_ms: Millis = Field(description="How far into the asset it is.")
    media_sequence: int = Field(description="The media sequence number of the segment that is on.")
    play_url: str = Field(description="The channel's playlist.")
    asset_url: str | None = Field(
        description="The asset on demand: with `offset_ms`, the same picture. Null while it is withdrawn."
    )
    withdrawn: Withdrawn | None = Field(
        description="That the asset was pulled off the air, and slate plays in its place; null: it was not."
    )
    program: Showing | None = Field(description="The program that is on, its breaks included.")
    next: Showing | None = Field(description="The program that comes.")


class ChannelShown(Shown):
    """A channel, in short."""

    id: str
    number: str
    name: str
    type: Type = Field(
        description="virtual: by rules; manual: by blocks with a time; mirror, regional: as another one."
    )
    state: State = Field(description="ending: taken out of the file, and on air for a horizon still.")
    in_file: bool | None = Field(description="Whether it stands in channels.yaml; null for the audience.")
    published: bool | None = Field(
        description="Whether it airs by what the file says; else an edit is not published yet. Null for the audience."
    )
    revision: int | None = Field(description="The number of its newest revision; null before the first.")
    group: str
    description: str
    zone: str
    languages: list[str]
    subtitles: list[str]
    house: str
    logo_url: str
    access: str = Field(
        description="Who may play it: open, signed for who asks `POST /api/v1/playback`, or premium for those of them "
        "whose plan includes that."
    )
    is_locked: bool = Field(default=False, description="Whether it is premium, and the plan of who asks has it not.")
    ages: int | None = Field(
        description="From which age on all that it airs may be seen, in years; null: nobody said, and no profile with "
        "limits is shown it."
    )
    play_url: str = Field(description="Its playlist; of a signed channel it is good below a token only.")
    guide_url: str = Field(description="Its guide, as JSON.")
    now: Showing | None = Field(description="What is on.")
    next: Showing | None = Field(description="What comes.")


class ChannelDetail(ChannelShown):
    """A channel, whole."""

    written: dict[str, Any] | None = Field(
        description="What the file says of it, in the file's own words; null for the audience."
    )
    line: int | None = Field(description="In which line of the file it stands.")
    mistakes: int | None = Field(
        description="How many mistakes the file has; while it has any, none of its edits is on air. "
        "Null for the audience."
    )


class Brief(NamedTuple):
    """Who a channel is."""

    id: str
    name: str
    type: Type
    place: tuple[list[int], str]
    """What puts channels in the order of their numbers."""


def brief(station: Station, channel: str) -> Brief:
    """Who a published channel is, by its newest revision."""
    newest = drafted(station.revisions(channel)[-1])
    numbers = [int(part) for part in newest.number.split(".") if part.isdigit()]
    return Brief(channel, newest.name, _type(newest, station), (numbers, channel))


def foreseeable(at: datetime, now: datetime) -> datetime:
    """The instant that is asked for. Raises `TooFar` where the schedule would have to be run for very long."""
    if at > now + FURTHEST:
        message = f"{at:%Y-%m-%d} is more than {FURTHEST.days} days ahead: ask for an earlier day, or simulate"
        raise TooFar(message)
    return at


def listed(document: Document | None, station: Station, now: datetime) -> list[str]:
    """The ids of all channels: those of the file, and those that are on air without it.

    Without a document, here and in what follows, it is told what the audience may know: what is on air, as published.
    """
    found = dict.fromkeys(document.names("channels") if document else ())
    for channel in station.channels():
        if channel in found or not in_force(station.revisions(channel), now).retired:
            found[channel] = None
    return list(found)


def shown(document: Document | None, station: Station, links: Links, channel: str, now: datetime) -> ChannelShown:
    """A channel with what is on. Raises `StoreDown`, `Corrupt`."""
    revisions = _revisions(station, channel)
    draft, newest = document.draft(channel) if document else None, revisions[-1] if revisions else None
    about = draft or (drafted(newest) if newest else None)
    written = _written(document, channel) if document else {}
    state = _state(revisions, now)
    on, after = now_next(station, channel, now) if state in ("on_air", "ending") else (None, None)
    who = about.channel(now) if about else None
    return ChannelShown(
        id=channel,
        number=about.number if about else str(written.get("number", "")),
        name=about.name if about else str(written.get("name", "")),
        type=_type(about, station) if about else "virtual",
        state=state,
        in_file=channel in document.names("channels") if document else None,
        published=_is_published(draft, newest) if document else None,
        revision=newest.number if newest else None,
        group=about.group if about else str(written.get("group", "")),
        description=about.description if about else str(written.get("description", "")),
        zone=about.zone if about else "UTC",
        languages=list(about.languages) if about else [],
        subtitles=list(about.subtitles) if about else [],
        house=about.house if about else "",
        logo_url=links.logo(who) if who else "",
        access=about.access.value if about else "open",
        ages=about.ages if about else None,
        play_url=f"{links.base}/live/{channel}/index.m3u8",
        guide_url=f"/api/v1/channels/{channel}/guide",
        now=on,
        next=after,
    )


def _written(document: Document, channel: str) -> dict[str, Any]:
    """What the file says of a channel, as far as it is one at all."""
    found = document.part(("channels", channel)) if channel in document.names("channels") else {}
    return found if isinstance(found, dict) else {}


def _is_published(draft: Draft | None, newest: Revision | None) -> bool:
    return bool(draft and newest and not newest.retired and wish(draft) == wish(drafted(newest)))


def detail(document: Document | None, station: Station, links: Links, channel: str, now: datetime) -> ChannelDetail:
    """A channel with what the file says of it."""
    about = shown(document, station, links, channel, now).model_dump()
    if document is None:
        return ChannelDetail(**about, written=None, line=None, mistakes=None)
    part = document.part(("channels", channel))
    programming = document.programming
    return ChannelDetail(
        **about,
        written=part if isinstance(part, dict) else None,
        line=document.line(("channels", channel)) or None,
        mistakes=len(programming.faults) if isinstance(programming, Faults) and document.text else 0,
    )


def _revisions(station: Station, channel: str) -> tuple[Revision, ...]:
    """What is published of a channel; nothing where the file has a name that no channel can have."""
    there = keys.NAME.fullmatch(channel) and station.store.names(keys.revisions(channel))
    return station.revisions(channel) if there else ()


def _state(revisions: Sequence[Revision], now: datetime) -> State:
    if not revisions:
        return "unpublished"
    if in_force(revisions, now).retired:
        return "ended"
    return "ending" if revisions[-1].retired else "on_air"


def _type(draft: Draft, station: Station) -> Type:
    if draft.parent:
        return "regional" if draft.parent.regional else "mirror"
    return "manual" if is_manual(draft, station) else "virtual"


def is_manual(draft: Draft, station: Station) -> bool:
    """Whether a channel airs nothing but blocks that begin at a time that somebody wrote."""
    dayparts = draft.rules.dayparts
    if draft.parent or not dayparts or any(part.stop is not None for part in dayparts):
        return False
    shelves = shelves_of(station.library.catalog)
    return not any(shelves.wanted(draft.house, source) for source in draft.rules.block.sources)


def now_next(station: Station, channel: str, now: datetime) -> tuple[Showing | None, Showing | None]:
    """The program that is on, and the one that comes."""
    turns = _around(station, channel, now)
    who = station.revisions(channel)[-1].channel
    parts = showings(turns, library(station, turns), who)
    pulled = withdrawn(station, channel)
    on = next((part for part in parts if part.start <= now < part.stop), None)
    after = next((part for part in parts if part.start > now), None)
    return (showing(on, pulled) if on else None), (showing(after, pulled) if after else None)


def _around(station: Station, channel: str, now: datetime) -> tuple[Turn, ...]:
    """The turns from the one that is on to the first one with a program after it, and one more to end that."""
    found: list[Turn] = []
    genesis = station.revisions(channel)[0].channel.genesis
    tick = ticks_since(genesis, now)
    programs = 0
    try:
        for turn in station.turns(channel, now, now + _AHEAD):
            found.append(turn)
            programs += turn.program is not None and turn.start > tick
            if programs > 1 or len(found) == _MOST:
                break
    except NothingToAir:
        pass
    return tuple(found)


def showing(part: Part, pulled: Mapping[str, Pulled] | None = None) -> Showing:
    """A program of the guide; `pulled` is what is off the channel's air."""
    order = (pulled or {}).get(part.asset)
    return Showing(
        start=part.start,
        stop=part.stop,
        title=part.title,
        subtitle=part.subtitle,
        asset=part.asset if part.kind in PROGRAM_KINDS else None,
        kind=part.kind.value,
        withdrawn=order is not None and order.at < part.stop,
    )


class OffAir(Exception):
    """Nothing of a channel is on at that instant: it says why."""


def on_now(station: Station, links: Links, channel: str, now: datetime) -> OnNow:
    """What a playlist plays at `now`. Raises `OffAir`, `UnknownChannel`, `StoreDown`, `Corrupt`."""
    who, turn, airing = _on(station, channel, now)
    tick = ticks_since(who.genesis, now)
    item = _item(station, turn, airing.asset)
    pulled = withdrawn(station, channel).get(airing.asset)
    order = pulled if pulled and pulled.at <= now else None
    cuts = item.cuts if item else None
    began = cuts.tick(airing.first) if cuts else 0
    segment = cuts.segment(Ticks(began + tick - airing.start)) if cuts else airing.first
    on, after = now_next(station, channel, now)
    return OnNow(
        at=now,
        role=Role.SLATE.value if order else airing.role.value,
        asset=airing.asset,
        title=named(item.about) if item else airing.asset,
        start=instant_at(who.genesis, airing.start),
        stop=instant_at(who.genesis, airing.end),
        offset_ms=(began + tick - airing.start) * 1000 // TIMEBASE,
        media_sequence=airing.first_msn + segment - airing.first,
        play_url=links.playlist(who),
        asset_url=None if order else f"{links.base}/vod/{airing.asset}/index.m3u8",
        withdrawn=Withdrawn(since=order.at, reason=order.reason) if order else None,
        program=on,
        next=after,
    )


def airing_at(station: Station, channel: str, now: datetime) -> tuple[Channel, Airing]:
    """The channel, and what it airs at `now`. Raises `OffAir`, `UnknownChannel`, `StoreDown` and `Corrupt`."""
    who, _, airing = _on(station, channel, now)
    return who, airing


def _item(station: Station, turn: Turn, asset: str) -> Item | None:
    """An asset of a turn: as the library has it, or else the catalog that the turn was chosen from."""
    with suppress(Corrupt, keys.BadKey):  # then its id stands for its title
        list(station.stocked((turn,)))
    return station.item(asset)


def _on(station: Station, channel: str, now: datetime) -> tuple[Channel, Turn, Airing]:
    """The channel, the turn that is on at `now`, and what of it is."""
    revisions = station.revisions(channel)
    who = revisions[-1].channel
    if in_force(revisions, now).retired:
        message = f"{channel} has ended"
        raise OffAir(message)
    tick = ticks_since(revisions[0].channel.genesis, now)
    try:
        for turn in station.turns(channel, now, now + _AHEAD):
            for airing in turn.airings:
                if airing.start <= tick < airing.end:
                    return who, turn, airing
    except NothingToAir as nothing:
        raise OffAir(str(nothing)) from nothing
    message = f"{channel} has nothing on yet"
    raise OffAir(message)
