"""Counting: what one more look at a session adds to the figures. Pure.

Law: what is counted of a session is what it has come to, less what was counted of it before. So however the work is cut
into batches, and however often a session is looked at again, the sums are the same. What was watched of a channel is
cut by what aired there: its parts are as long as the whole.

All instants are milliseconds since 1970.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from control_api.viewing.beating import FASTEST
from control_api.viewing.seeing import is_whole

if TYPE_CHECKING:
    from control_api.analytics.days import Days

PROGRAM: Final = "program"
UNLOGGED: Final = "unlogged"
"""What was watched of a channel where its log has nothing."""
ALL: Final = "all"
TITLE: Final = "title"
CHANNEL: Final = "channel"
AUDIENCE: Final = "audience"
"""Viewers who are new, and who come back."""
HOUR: Final = "hour"
STARTUP: Final = "startup"
LIVE: Final = "live"
DEMAND: Final = "demand"
TOLD: Final = "told"

BUCKETS: Final = (
    *(100, 200, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 4000, 5000, 7500),
    *(10_000, 15_000, 20_000, 30_000, 60_000),
)
"""Upper bounds in which times of start-up are counted, in ms; what takes longer is in the one behind the last."""
SLOWEST: Final = 120_000
HUNDREDTHS: Final = 100
OTHER: Final = "other"
_RENDITION: Final = re.compile(r"v?[1-9][0-9]{1,3}p?")
"""What the packager calls renditions (v720), and players do (720p). Each is a row of every day: none is made up."""
_MOST_BITS: Final = 10**15
"""Of one session: 4.6 days at 10^9 bit/s, after which it counts as less."""
_JUMP: Final = 5000
"""By how many ms more than twice the time a position may move without being a jump."""

AMOUNTS: Final = (
    "sessions", "on_demand", "views", "viewers", "watched_ms", "completions", "shares", "stalls", "stalled_ms",
    "errors", "bits", "bits_ms",
)  # fmt: skip


class Key(NamedTuple):
    """One row of the figures: its order is that in which they are written."""

    kind: str
    subject: str
    part: str
    day: str


class Aired(NamedTuple):
    """One airing of a channel."""

    start: int
    stop: int
    role: str
    asset: str
    program: str
    """The asset of the program that it is a part of, or a break in; empty without one."""
    program_from: int
    """When that began."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is counted as what."""

    view_ms: int
    again_ms: int
    behind_ms: int
    """How far behind the air a player is that says nothing of it."""
    tells_viewers: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """A session as it is now."""

    id: str
    started: int
    touched: int
    title: str = ""
    channel: str = ""
    profile: str = ""
    who: str = ""
    """Of whom its visitor is known again within a day."""
    device: str = ""
    quality: str = ""
    position_ms: int = 0
    duration_ms: int = 0
    credits_ms: int = 0
    watched_ms: int = 0
    startup_ms: int | None = None
    stalls: int = 0
    stalled_ms: int = 0
    bitrate: int = 0
    errors: int = 0
    behind_ms: int | None = None
    """Of a channel: how far behind the air it plays."""


@dataclass(frozen=True, slots=True)
class State:
    """What has been counted of a session."""

    touched: int = 0
    watched_ms: int = 0
    position_ms: int = 0
    share: int = 0
    stalls: int = 0
    stalled_ms: int = 0
    errors: int = 0
    bits: int = 0
    bits_ms: int = 0
    is_started: bool = False
    is_viewed: bool = False
    is_completed: bool = False
    seen: int = 0
    """Which hundredths of its title were seen, as bits."""
    program: str = ""
    program_from: int = 0
    program_ms: int = 0
    program_viewed: bool = False


@dataclass(frozen=True, slots=True)
class Viewing:
    """What is a view, if the same visitor has not had it a while ago."""

    at: int
    day: str
    hour: int
    who: str
    """Empty: nobody knows; then it is a view."""
    first: Key
    """What is viewed."""
    others: tuple[Key, ...]
    """What is viewed with it."""
    via: str
    """`demand`, `live`, or `told` by an app."""
    title: str = ""
    device: str = ""
    visitor: str = ""
    """Its hash, where it is known already."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the titles that are played."""

    above: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a title, what it is a part of."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Of an asset, its title."""
    air: Mapping[str, Sequence[Aired]] = field(default_factory=dict)
    """Of a channel, what aired, in order."""


Visits = dict[tuple[str, str, str], int]
"""By day, visitor and subject: when a view of theirs was last counted."""
Sums = dict[Key, Counter[str]]


class Count:
    """What some looks come to."""

    def __init__(self, rules: Rules, days: Days, about: About) -> None:
        self._rules = rules
        self._days = days
        self._about = about
        self.sums: Sums = defaultdict(Counter)
        self.viewings: list[Viewing] = []
        self.seen: Counter[tuple[str, int]] = Counter()
        """Sessions by title and hundredth; the sessions themselves as number 100."""
        self.profiles: dict[tuple[str, str], None] = {}
        """Who has watched on which day, in order."""

    def look(self, look: Look, before: State | None) -> State:
        """Count what is new of a session; what has been counted of it then."""
        was = before or State()
        day, hour = self._days.at(look.touched)
        more = max(look.watched_ms - was.watched_ms, 0)
        watched = was.watched_ms + more
        now = replace(was, touched=look.touched, watched_ms=watched, position_ms=look.position_ms)
        keys = self._keys(look)
        if before is None:
            new = {"sessions": 1, "on_demand": int(not look.channel)}  # a channel has no end to come to
            self._add(keys, self._days.day(look.started), "", **new)
            self._add(keys[:2], self._days.day(look.started), f"device:{look.device or 'other'}", **new)
        now = self._quality(look, was, now, day)
        if more:
            self._watched(look, more, keys)
            if look.profile:
                self.profiles[look.profile, day] = None
        if look.title:
            now = self._title(look, more, was, now, before is None)
        if look.channel:
            now = self._channel(look, more, now)
        if not now.is_viewed and watched and watched >= self._enough(look):
            now = replace(now, is_viewed=True)
            first, *others = keys[1:] or keys
            self._view(look, day, hour, first, [*others, keys[0]], LIVE if look.channel else DEMAND)
        return now

    def _enough(self, look: Look) -> int:
        """For how long it has to be played to be a view."""
        most = self._rules.view_ms
        return min(most, look.duration_ms // 2) if look.duration_ms else most

    def _keys(self, look: Look) -> list[tuple[str, str]]:
        """What a session is of, the whole first, then the thing itself, then what that is a part of."""
        if look.channel:
            return [(ALL, ""), (CHANNEL, look.channel)]
        if not look.title:
            return [(ALL, "")]
        return [(ALL, ""), (TITLE, look.title), *((TITLE, one) for one in self._about.above.get(look.title, ()))]

    def _add(self, keys: Sequence[tuple[str, str]], day: str, part: str = "", **amounts: int) -> None:
        for kind, subject in keys:
            self.sums[Key(kind, subject, part, day)].update(amounts)

    def _quality(self, look: Look, was: State, now: State, day: str) -> State:
        """How well it plays."""
        keys, own = self._keys(look), self._keys(look)[:2]
        watched = now.watched_ms
        bits, bits_ms = was.bits, was.bits_ms
        if look.bitrate:
            bits, bits_ms = min(min(look.bitrate, FASTEST) * watched // 1000, _MOST_BITS), watched
        new = {
            "stalls": max(look.stalls - was.stalls, 0),
            "stalled_ms": max(look.stalled_ms - was.stalled_ms, 0),
            "errors": max(look.errors - was.errors, 0),
            "bits": bits - was.bits,
            "bits_ms": bits_ms - was.bits_ms,
        }
        new = {name: amount for name, amount in new.items() if amount}
        if new:
            self._add(keys, day, "", **new)
            self._add(own, day, f"device:{look.device or 'other'}", **new)
            self._add([one for one in own if one[0] != TITLE], day, _quality_of(look), **new)
        if look.startup_ms is not None and not was.is_started:
            bucket = next((one for one in BUCKETS if look.startup_ms <= one), SLOWEST)
            for part in _parts(look):
                self.sums[Key(STARTUP, f"{bucket:06d}", part, self._days.day(look.started))]["sessions"] += 1
            now = replace(now, is_started=True)
        return replace(
            now,
            stalls=max(look.stalls, was.stalls),
            stalled_ms=max(look.stalled_ms, was.stalled_ms),
            errors=max(look.errors, was.errors),
            bits=bits,
            bits_ms=bits_ms,
        )

    def _watched(self, look: Look, more: int, keys: Sequence[tuple[str, str]]) -> None:
        """Time that was watched, where it lies."""
        device, quality = f"device:{look.device or 'other'}", _quality_of(look)
        for day, hour, ms in self._days.pieces(look.touched - more, look.touched):
            self._add(keys, day, watched_ms=ms)
            self._add(keys[:2], day, device, watched_ms=ms)
            self._add([one for one in keys[:2] if one[0] != TITLE], day, quality, watched_ms=ms)
            for part in _parts(look):
                self.sums[Key(HOUR, f"{hour:02d}", part, day)]["watched_ms"] += ms

    def _title(self, look: Look, more: int, was: State, now: State, is_new: bool) -> State:  # noqa: FBT001 — whether the session is
        """How far of a title it has come."""
        day, long = self._days.day(look.touched), look.duration_ms
        keys, device = self._keys(look), f"device:{look.device or 'other'}"
        if not long:
            return now
        share = max(min(now.watched_ms * 1000 // long, 1000), was.share)
        if share > was.share:
            self._add(keys, day, shares=share - was.share)
            self._add(keys[:2], day, device, shares=share - was.share)
        reached = is_whole(look.position_ms, long, look.credits_ms)
        if reached and more and not was.is_completed:
            self._add(keys, day, completions=1)
            self._add(keys[:2], day, device, completions=1)
        found = was.seen | _seen(look, more, None if is_new else was.position_ms) if more else was.seen
        if found and not was.seen:
            self.seen[look.title, HUNDREDTHS] += 1
        new = found & ~was.seen
        while new:
            lowest = new & -new
            self.seen[look.title, lowest.bit_length() - 1] += 1
            new ^= lowest
        return replace(now, share=share, is_completed=was.is_completed or bool(reached and more), seen=found)

    def _channel(self, look: Look, more: int, now: State) -> State:
        """What it has seen of a channel: the programs that aired, ads and slate apart."""
        behind = self._rules.behind_ms if look.behind_ms is None else look.behind_ms
        part = f"channel:{look.channel}"
        start, stop = look.touched - more, look.touched
        for aired, since, until in _cut(self._about.air.get(look.channel, ()), start - behind, stop - behind):
            programs = self._programs(aired)
            if aired is not None and aired.program and aired.program_from != now.program_from:
                now = replace(
                    now, program=aired.program, program_from=aired.program_from, program_ms=0, program_viewed=False
                )
                self.sums[Key(PROGRAM, aired.program, part, self._days.day(since + behind))]["sessions"] += 1
            for day, _, ms in self._days.pieces(since + behind, until + behind):
                self.sums[Key(*_kind(aired), part, day)]["watched_ms"] += ms
                self._add(programs, day, watched_ms=ms)
                self._add(programs[:1], day, LIVE, watched_ms=ms)
            if programs or (aired is not None and aired.role == PROGRAM):
                now = self._program_view(look, replace(now, program_ms=now.program_ms + until - since), until + behind)
        return now

    def _programs(self, aired: Aired | None) -> list[tuple[str, str]]:
        """The titles of what is on, where that is a program: its own first."""
        title = self._about.titles.get(aired.asset, "") if aired is not None and aired.role == PROGRAM else ""
        return [(TITLE, one) for one in (title, *self._about.above.get(title, ()))] if title else []

    def _program_view(self, look: Look, now: State, at: int) -> State:
        if now.program_viewed or now.program_ms < max(self._rules.view_ms, 1):
            return now
        day, hour = self._days.at(at)
        title = self._about.titles.get(now.program, "")
        keys = [(TITLE, one) for one in (title, *self._about.above.get(title, ()))] if title else []
        others = [Key(*key, "", day) for key in keys]
        others += [Key(TITLE, title, LIVE, day)] if title else []
        first = Key(PROGRAM, now.program, f"channel:{look.channel}", day)
        self.viewings.append(Viewing(at, day, hour, look.who, first, tuple(others), LIVE, title, look.device))
        return replace(now, program_viewed=True)

    def _view(
        self, look: Look, day: str, hour: int, first: tuple[str, str], others: Sequence[tuple[str, str]], via: str
    ) -> None:
        keys = [Key(*key, "", day) for key in others]
        keys += [Key(*key, f"device:{look.device or 'other'}", day) for key in dict.fromkeys((first, (ALL, "")))]
        keys += [Key(HOUR, f"{hour:02d}", part, day) for part in _parts(look)]
        self.viewings.append(
            Viewing(look.touched, day, hour, look.who, Key(*first, "", day), tuple(keys), via, look.title, look.device)
        )

    def told(self, title: str, at: int, visitor: str, device: str) -> None:
        """A view that an app has told, of a visitor whose hash is known."""
        day, hour = self._days.at(at)
        keys = [*((TITLE, one) for one in self._about.above.get(title, ())), (ALL, "")]
        others = [Key(*key, "", day) for key in keys]
        others += [Key(*key, f"device:{device or 'other'}", day) for key in ((TITLE, title), (ALL, ""))]
        others.append(Key(HOUR, f"{hour:02d}", "", day))
        first = Key(TITLE, title, "", day)
        self.viewings.append(Viewing(at, day, hour, "", first, tuple(others), TOLD, title, device, visitor))

    def settle(self, visits: Visits, hashed: Callable[[str, str], str]) -> list[Viewing]:
        """Count the viewings that are views; `visits` is brought up to date. Those that are views of a title."""
        found = []
        for viewing in self.viewings:
            visitor = viewing.visitor or (hashed(viewing.day, viewing.who) if viewing.who else "")
            if visitor and not self._is_again(viewing, visitor, visits):
                continue
            for key in dict.fromkeys((viewing.first, *viewing.others)):
                self.sums[key]["views"] += 1
                if visitor and not key.part.startswith("device:") and key.kind != HOUR:
                    self._visited(key, visitor, viewing.at, visits)
            if viewing.title:
                found.append(viewing)
        self.viewings = []
        return found

    def _is_again(self, viewing: Viewing, visitor: str, visits: Visits) -> bool:
        """Whether it is a view although the visitor is known; the window begins with each that is."""
        last = visits.get((viewing.day, visitor, subject(viewing.first)))
        return last is None or abs(viewing.at - last) >= max(self._rules.again_ms, 1)

    def _visited(self, key: Key, visitor: str, at: int, visits: Visits) -> None:
        place = key.day, visitor, subject(key)
        if place not in visits:
            self.sums[key]["viewers"] += 1
        visits[place] = max(at, visits.get(place, at))

    def came(self, known: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """Count who is new and who comes back; of each the first and the last day now."""
        found: dict[str, tuple[str, str]] = {}
        for profile, day in self.profiles:
            first, last = found.get(profile) or known.get(profile) or ("", "")
            if day > last:
                self.sums[Key(AUDIENCE, "returning" if first else "new", "", day)]["viewers"] += 1
                found[profile] = first or day, day
        return found


def subject(key: Key) -> str:
    """By which a visit is known."""
    return ":".join(part for part in (key.kind, key.subject, key.part) if part)


def _parts(look: Look) -> list[str]:
    """In which parts of what is of all it is."""
    return ["", f"channel:{look.channel}"] if look.channel else [""]


def _quality_of(look: Look) -> str:
    """The part of its rendition."""
    return f"quality:{look.quality if _RENDITION.fullmatch(look.quality) else OTHER}"


def _kind(aired: Aired | None) -> tuple[str, str]:
    """As what an airing is counted."""
    if aired is None:
        return UNLOGGED, ""
    return aired.role, aired.asset if aired.role in (PROGRAM, "ad") else ""


def _cut(air: Sequence[Aired], start: int, stop: int) -> list[tuple[Aired | None, int, int]]:
    """The parts of a stretch, each with what aired then."""
    found: list[tuple[Aired | None, int, int]] = []
    at = start
    place = max(bisect_right(air, start, key=attrgetter("start")) - 1, 0)
    for aired in air[place:]:
        if aired.start >= stop:
            break
        if aired.stop <= at:
            continue
        if aired.start > at:
            found.append((None, at, aired.start))
            at = aired.start
        found.append((aired, at, min(aired.stop, stop)))
        at = min(aired.stop, stop)
    if at < stop:
        found.append((None, at, stop))
    return found


def _seen(look: Look, more: int, last: int | None) -> int:
    """The hundredths of a title that were seen since the last look, as bits.

    Where the position has moved as playing moves it, what lies between; else what was played just now.
    """
    stop = min(look.position_ms, look.duration_ms)
    moved = stop - last if last is not None else -1
    start = last if last is not None and 0 <= moved <= 2 * more + _JUMP else max(stop - more, 0)
    if start >= stop:
        return 0
    first = min(start * HUNDREDTHS // look.duration_ms, HUNDREDTHS - 1)
    after = min((stop * HUNDREDTHS - 1) // look.duration_ms + 1, HUNDREDTHS)
    return (1 << after) - (1 << first)
