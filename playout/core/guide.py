"""The guide: what is on, from the same turns that the playlists are made of.

Laws. Guide: what the guide says is on at t is what the manifest plays at t, breaks apart. Tile: an entry
lasts until the next one starts, so there is no gap and no overlap (E-3, E-6). Still: an entry has the same id
and says the same whichever part of the log is at hand; where the turns at hand cannot tell, nothing is said.

Programs shorter than `LEAST` are short forms: a run of them is an entry for each clock hour, under the title of
their block (R-24). What is too short for an entry of its own belongs to the one before it. An hour is the same
hour for whoever looks, so a run may be cut there wherever the log at hand begins.

The turns are those of the log for the past, and of the schedule run ahead for the future; whoever asks
joins them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, groupby, pairwise
from typing import TYPE_CHECKING, Final

from playout.core.airing import Recent, Role
from playout.core.asset import Kind, Title
from playout.core.ratings import strictest
from playout.core.ticks import TIMEBASE, Ticks, instant_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from playout.core.airing import Airing, Turn
    from playout.core.catalog import Item
    from playout.core.channel import Channel

    Library = Callable[[str], Item | None]
    """Answers the item of an asset id."""

LEAST: Final = Ticks(900 * TIMEBASE)
"""The shortest entry (R-24). Also: a program that is shorter is a short form, and so much filler or slate after a
program is more than its end."""
MARGIN: Final = timedelta(hours=4)
"""So much of the log on either side tells all about the entries between: ask for it, and clip it off."""
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One program on air, with the breaks in it and after it; or a long time without any."""

    index: int
    """The index of its first airing in the channel's log."""
    start: datetime
    """In UTC."""
    stop: datetime
    """When the next one starts, in UTC."""
    asset: str
    about: Title
    """What the library knows of it."""
    poster: str
    """A file in the asset's folder; empty when there is none."""
    length: Ticks
    """How long it plays, without breaks."""
    shown: datetime | None = None
    """When it began the time before, in UTC, as far as the log remembers."""

    @property
    def title(self) -> str:
        """What is on: the series, where there is one."""
        return self.about.series if self._episodic else self.about.title

    @property
    def subtitle(self) -> str:
        """The title of the episode."""
        return self.about.title if self._episodic else ""

    @property
    def kind(self) -> Kind:
        """`FILLER` where no program is on."""
        return self.about.kind

    @property
    def name(self) -> str:
        """The title with the episode's."""
        return f"{self.title}: {self.subtitle}" if self.subtitle else self.title

    @property
    def _episodic(self) -> bool:
        return self.about.kind is Kind.EPISODE and bool(self.about.series)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a guide shows as one: a program, or a run of short ones, with the breaks in it and after it."""

    channel: str
    """The channel's id."""
    index: int
    """The index of its first airing in the channel's log."""
    start: datetime
    """In UTC."""
    stop: datetime
    """When the next entry starts, in UTC."""
    title: str
    """What is on: the series, where there is one; the block's title for a run of short programs, unless only one is of
    that block."""
    subtitle: str
    """The title of the episode."""
    about: Title
    """What is known of it; for a run, what its programs have in common."""
    asset: str
    """The asset whose poster stands for it."""
    poster: str
    """A file in that asset's folder; empty when there is none."""
    length: Ticks
    """How long its programs are without breaks; where there is none, how long it lasts."""
    block: str
    """The title of the block that programmed it; empty for the channel's name."""
    parts: tuple[Part, ...] = ()
    """The programs in it, in order. One that is too short for an entry may follow a long one."""
    grouped: bool = False
    """Whether it is a run of short programs."""

    @property
    def id(self) -> str:
        """The entry's name: the same whenever the guide is made, and never another's."""
        return f"{self.channel}-{self.index}"

    @property
    def kind(self) -> Kind:
        """`FILLER` where no program is on."""
        return self.about.kind

    @property
    def name(self) -> str:
        """The title with the episode's."""
        return f"{self.title}: {self.subtitle}" if self.subtitle else self.title

    @property
    def single(self) -> Part | None:
        """The program that it is about; None for a run, and where no program is on."""
        return self.parts[0] if self.parts and not self.grouped else None

    def part(self, at: datetime) -> Part | None:
        """The program that is on at an instant within the entry, breaks apart."""
        return next((part for part in reversed(self.parts) if part.start <= at), None)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a turn begins for the guide: with its program, or, without one, at once."""

    start: Ticks
    stop: Ticks
    """Where the next turn begins."""
    index: int
    asset: str
    length: Ticks
    """How long its program is, without breaks; 0 where there is none."""
    block: str
    recent: tuple[Recent, ...]
    first: bool
    """Whether the log begins with it."""

    @property
    def long(self) -> bool:
        """Whether it is an entry by itself."""
        return self.length >= LEAST


def programmes(turns: Iterable[Turn], library: Library, channel: Channel) -> tuple[Entry, ...]:
    """The entries of `turns`, which follow each other; the last one stops with the last turn.

    The first one is the first that is certain to start where it does: turns before it, within a `MARGIN`, are
    left out, unless the log begins with them. Within a `MARGIN` of the end more turns may add entries and move a
    stop; they never take a start away. Where `library` has no item, the entry bears the channel's name.
    """
    marks = _marks(turns)
    starts = [*_starts(marks, channel), len(marks)] if marks else []
    return tuple(_entry(marks[low:high], library, channel) for low, high in pairwise(starts))


def showings(turns: Iterable[Turn], library: Library, channel: Channel) -> tuple[Part, ...]:
    """The programs of `turns` one by one, short ones too, and the times of `LEAST` or more without any."""
    marks = _marks(turns)
    kept: list[_Mark] = []
    for idle, found in groupby(marks, lambda mark: not mark.length):
        stretch = list(found)
        if not idle:
            kept.extend(stretch)
        elif not kept or stretch[-1].stop - stretch[0].start >= LEAST:
            kept.append(stretch[0])
    stops = [*(mark.start for mark in kept[1:]), *(mark.stop for mark in marks[-1:])]
    return tuple(_part(mark, stop, library, channel) for mark, stop in zip(kept, stops, strict=True))


def clipped(entries: Iterable[Entry], start: datetime, stop: datetime) -> tuple[Entry, ...]:
    """Those of `entries` that are on at some time from `start` to `stop`."""
    return tuple(entry for entry in entries if entry.stop > start and entry.start < stop)


def now_next(parts: Sequence[Part], now: datetime) -> tuple[Part | None, Part | None]:
    """What is on at `now`, and what comes after it; `parts` are in the order of time."""
    on = next((part for part in parts if part.start <= now < part.stop), None)
    after = next((part for part in parts if part.start > now), None)
    return on, after


# Where entries start


def _marks(turns: Iterable[Turn]) -> list[_Mark]:
    """Where each of `turns` begins for the guide."""
    known = tuple(turns)
    after = [_begins(turn) for turn in known[1:]]
    stops = [*(airing.start for airing in after), *(turn.end for turn in known[-1:])]
    return [_mark(turn, stop) for turn, stop in zip(known, stops, strict=True)]


def _begins(turn: Turn) -> Airing:
    """The airing with which a turn begins for the guide: what comes before a program is the end of the one before."""
    return turn.program[0] if turn.program else turn.airings[0]


def _mark(turn: Turn, stop: Ticks) -> _Mark:
    first = _begins(turn)
    length = sum(airing.end - airing.start for airing in turn.airings if airing.role is Role.PROGRAM)
    return _Mark(
        start=first.start if turn.index else turn.start,  # nothing was on before the first turn
        stop=stop,
        index=first.index,
        asset=first.asset,
        length=Ticks(length),
        block=turn.block,
        recent=turn.tail.recent,
        first=turn.index == 0,
    )


def _starts(marks: Sequence[_Mark], channel: Channel) -> Iterator[int]:
    """The places in `marks` at which entries start, from the first that is certain."""
    place = 0
    for long, found in groupby(marks, lambda mark: mark.long):
        run = list(found)
        if long:
            yield from range(place, place + len(run))
        else:
            yield from (place + at for at in _run_starts(run, channel, place == 0))
        place += len(run)


def _run_starts(run: Sequence[_Mark], channel: Channel, leading: bool) -> Iterator[int]:  # noqa: FBT001 — one caller
    """The places in a run of short forms at which entries start.

    A run that is `leading` may have begun before the turns at hand, unless it begins the log. Short ones that
    begin the log have an entry however short they are: there is none before it.
    """
    begins = run[0].first or not leading
    if begins and (leading or run[-1].stop - run[0].start >= LEAST):
        yield 0
    place = 0
    for _, found in groupby(run, lambda mark: _hour(channel, mark)):
        hour = list(found)
        lasts, before = hour[-1].stop - hour[0].start, hour[0].start - run[0].start
        if place and lasts >= LEAST and before >= LEAST:
            yield place
        if place or begins:
            yield from (place + at for at in _block_starts(hour) if at)
        place += len(hour)


def _hour(channel: Channel, mark: _Mark) -> int:
    """The clock hour in which something starts, counted since 1970."""
    return (instant_at(channel.genesis, mark.start) - _EPOCH) // _HOUR


def _block_starts(hour: Sequence[_Mark]) -> Iterator[int]:
    """The places in an hour of a run at which another block begins; what is too short for one joins a neighbour."""
    place, lasts = 0, 0
    block: str | None = None
    for label, found in groupby(hour, lambda mark: mark.block if mark.length else None):
        stretch = list(found)
        length = stretch[-1].stop - stretch[0].start
        if not place:
            lasts, block = length, label
        elif label == block or length < LEAST or lasts < LEAST:
            block = label if length > lasts else block
            lasts += length
        else:
            yield place
            lasts, block = length, label
        place += len(stretch)


# What they say


def _entry(marks: Sequence[_Mark], library: Library, channel: Channel) -> Entry:
    """The entry that consists of these turns."""
    first, stop = marks[0], marks[-1].stop
    programs = [mark for mark in marks if mark.length]
    ends = [*(mark.start for mark in programs[1:]), stop]
    parts = tuple(_part(mark, end, library, channel) for mark, end in zip(programs, ends, strict=False))
    grouped = len(parts) > 1 and not first.long
    block = _block(programs) if programs else first.block
    shown = parts[0] if parts else _part(first, stop, library, channel)
    of_block = [part for part, mark in zip(parts, programs, strict=True) if mark.block == block]
    about = (
        _common(parts, of_block[0].title if len(of_block) == 1 else block or channel.name) if grouped else shown.about
    )
    pictured = next((part for part in parts if part.poster), shown)
    return Entry(
        channel=channel.id,
        index=first.index,
        start=instant_at(channel.genesis, first.start),
        stop=instant_at(channel.genesis, stop),
        title=about.title if grouped else shown.title,
        subtitle="" if grouped else shown.subtitle,
        about=about,
        asset=pictured.asset if grouped else shown.asset,
        poster=pictured.poster if grouped else shown.poster,
        length=Ticks(sum(part.length for part in parts) or stop - first.start),
        block=block,
        parts=parts,
        grouped=grouped,
    )


def _part(mark: _Mark, stop: Ticks, library: Library, channel: Channel) -> Part:
    item = library(mark.asset) if mark.length else None
    about = item.about if item else Title(channel.name, Kind.FILLER, description=channel.description)
    work = about.work if item and mark.recent else ""
    before = next((one.start for one in reversed(mark.recent) if one.work == work and one.start < mark.start), None)
    return Part(
        index=mark.index,
        start=instant_at(channel.genesis, mark.start),
        stop=instant_at(channel.genesis, stop),
        asset=mark.asset,
        about=about,
        poster=item.poster if item else "",
        length=mark.length or Ticks(stop - mark.start),
        shown=None if before is None else instant_at(channel.genesis, before),
    )


def _block(programs: Sequence[_Mark]) -> str:
    """The title of the block that has most of the time; of two that have as much, the first one's."""
    lasting: dict[str, int] = {}
    for mark in programs:
        lasting[mark.block] = lasting.get(mark.block, 0) + mark.stop - mark.start
    return max(lasting, key=lambda block: lasting[block])


def _common(parts: Sequence[Part], title: str) -> Title:
    """What is known of a run: what all its programs have in common, and their names."""
    abouts = [part.about for part in parts]
    kinds, series, languages = ({getattr(about, key) for about in abouts} for key in ("kind", "series", "language"))
    return Title(
        title,
        kinds.pop() if len(kinds) == 1 else Kind.CLIP,
        tuple(dict.fromkeys(chain.from_iterable(about.tags for about in abouts))),
        series=series.pop() if len(series) == 1 else "",
        description="\n".join(dict.fromkeys(part.name for part in parts)),
        rating=strictest(about.rating for about in abouts),
        language=languages.pop() if len(languages) == 1 else "und",
        genres=tuple(dict.fromkeys(chain.from_iterable(about.genres for about in abouts))),
    )
