"""The slots of Tunarr and dizqueTV, at times of the day or of the week, or drawn by weight, as blocks and dayparts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from playout.migrate.names import Names, slug
from playout.migrate.report import Notes
from playout.migrate.station import DAY, OFF_AIR, Block, Daypart, Source, times_of_week
from playout.migrate.writing import Value

if TYPE_CHECKING:
    from playout.migrate.given import Given

MOST: Final = 2000
"""Slots that are still plausible."""
_SUNDAY: Final = 6 * DAY
_THURSDAY: Final = 3 * DAY

_ORDERS: Final = {
    "next": "sequence", "shuffle": "shuffle", "ordered_shuffle": "sequence", "alphanumeric": "sequence",
    "chronological": "chronological",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Means:
    """What a slot plays."""

    name: str
    """For people, and for the daypart."""
    include: Value
    order: str = ""
    """Where what it plays has one order alone."""


Resolve = Callable[["Given"], "Means"]
"""Tells what a slot plays, and notes what is different."""
Fill = Callable[["Given", list[str]], "Value | None"]
"""Tells what stands for filler lists."""


@dataclass(frozen=True, slots=True)
class Slots:
    """The block of a channel, and its dayparts."""

    block: Block
    dayparts: tuple[Daypart, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads schedules of slots."""

    notes: Notes
    resolve: Resolve
    fill: Fill

    def read(self, schedule: Given) -> Slots | None:
        """What `schedule` says; None when it has no slot."""
        schedule.opened()
        slots = schedule.rows("slots")
        if not slots or len(slots) > MOST:
            self.notes.left(schedule, "it has no slots" if not slots else f"it has more than {MOST} slots")
            return None
        for slot in slots:
            slot.opened()
        kind = schedule.text("type")
        timed = kind == "time" or (not kind and all(slot.has("time") or slot.has("startTime") for slot in slots))
        return self._timed(schedule, slots) if timed else self._weighted(schedule, slots)

    # By weight

    def _weighted(self, schedule: Given, slots: list[Given]) -> Slots:
        pad = self._pad(schedule)
        if schedule.text("padStyle") == "slot" and pad:
            self.notes.approximated(
                schedule.at("padStyle"), "every program is padded here, not only the last of a slot"
            )
        uniform = schedule.text("randomDistribution") == "uniform"
        blocks = [self._block(slot, pad) for slot in slots]
        for slot in slots:
            self._length(slot)
        sources = [
            replace(source, weight=1 if uniform else max(1, slot.number("weight") or 1))
            for slot, block in zip(slots, blocks, strict=True)
            for source in block.sources
        ]
        return Slots(replace(_common(blocks), sources=tuple(sources)))

    def _length(self, slot: Given) -> None:
        """A slot that is more than one program at a time."""
        spec = slot.part("durationSpec")
        count, length = spec.number("programCount"), spec.number("durationMs") or slot.number("duration")
        if spec.has("type"):
            spec.text("type")
        if (count or 1) > 1 or length:
            how = f"{count} programs" if count else f"{(length or 0) // 60_000} minutes"
            self.notes.approximated(slot, f"each turn was {how} long; here a turn is one program: raise `weight`")
        if slot.number("cooldownMs") or slot.number("cooldown"):
            self.notes.approximated(
                slot, "a source has no pause of its own here: `never: {repeat: …}` keeps titles apart, if that will do"
            )

    # By the clock

    def _timed(self, schedule: Given, slots: list[Given]) -> Slots:
        pad, week, lateness = self._pad(schedule), self._week(schedule), self._lateness(schedule)
        at = [self._start(slot, DAY if week is None else 7 * DAY) for slot in slots]
        known = sorted(((start, slot) for start, slot in zip(at, slots, strict=True) if start is not None), key=_start)
        if not known:
            return Slots(Block((Source(OFF_AIR),)))
        blocks = [replace(self._block(slot, pad), overrun=lateness) for _, slot in known]
        if len(known) == 1:
            self.notes.carried(known[0][1], "the only slot, so it is what the channel airs all day")
            return Slots(blocks[0])
        period = DAY if week is None else 7 * DAY
        parts: list[tuple[Daypart, Given]] = []
        for place, (start, slot) in enumerate(known):
            following = known[place + 1][0] if place + 1 < len(known) else known[0][0] + period
            parts += [(part, slot) for part in self._dayparts(slot, blocks[place], (start, following), week)]
        named = self._named(_joined(parts))
        return Slots(_common(blocks, [block.sources[0].include for block in blocks]), named)

    def _dayparts(self, slot: Given, block: Block, times: tuple[int, int], week: int | None) -> list[Daypart]:
        """The dayparts of one slot, each with what it is called in place of a name."""
        start, stop = times
        called, block = block.title, replace(block, title="")
        if start == stop:
            self.notes.left(slot, "another slot begins at the same time")
            return []
        if week is None:
            return [Daypart(called, start, block, stop % DAY or DAY)]
        stretches = times_of_week(start + week, stop + week)
        return [Daypart(called, first, block, last, days=(day,)) for day, first, last in stretches]

    def _named(self, parts: list[tuple[Daypart, list[Given]]]) -> tuple[Daypart, ...]:
        """The dayparts with names of their own."""
        names, found = Names(), []
        for part, slots in parts:
            name = names.name(part.name, "slot")
            found.append(replace(part, name=name))
            for slot in slots:
                self.notes.carried(slot, f"daypart {name}")
        return tuple(found)

    def _week(self, schedule: Given) -> int | None:
        """Where a week begins, in seconds after Monday's midnight; None for a schedule of one day."""
        period = schedule.at("period")
        if period.number() is not None:  # dizqueTV counts weeks from 1970, which began on a Thursday
            return _THURSDAY if (period.number() or 0) > DAY * 1000 else None
        said = schedule.text("period")
        if said == "month":
            self.notes.approximated(period, "a schedule of a month is read as one of a week; `dates` say the rest")
        return None if said in ("", "day") else _SUNDAY

    def _start(self, slot: Given, period: int) -> int | None:
        found = slot.number("startTime" if slot.has("startTime") else "time")
        if found is None or not 0 <= found < period * 1000:
            slot.leave("its time is none of its day or week")
            return None
        return found // 1000

    def _lateness(self, schedule: Given) -> int | None:
        """How far a program may run into the next slot."""
        found = schedule.number("latenessMs" if schedule.has("latenessMs") else "lateness")
        if found is None or not 0 <= found < DAY * 1000:
            return None
        self.notes.carried(
            schedule.at("latenessMs" if schedule.has("latenessMs") else "lateness"),
            "overrun: no program runs further into the next slot; there such a slot was left to flex",
        )
        return found // 1000

    # Both

    def _pad(self, holder: Given) -> int:
        """The padding, in seconds; 0 for none."""
        key = "padMs" if holder.has("padMs") else "pad"
        found = holder.number(key) or 0
        seconds = found // 1000
        if not seconds:
            return 0
        if found % 60_000 or seconds > DAY // 2 or DAY % seconds:
            self.notes.approximated(
                holder.at(key), f"{found} ms does not divide a day, and is left out: choose a `pad`"
            )
            return 0
        return seconds

    def _block(self, slot: Given, pad: int) -> Block:
        """What a slot airs; its title is what it is called."""
        means = self.resolve(slot)
        order = means.order or self._order(slot)
        own = self._pad(slot) if slot.has("padMs") else 0
        before, after, filler = self._fillers(slot)
        return Block((Source(means.include, order),), own or pad, None, None, before, after, filler, slug(means.name))

    def _order(self, slot: Given) -> str:
        said = slot.text("order")
        if said in ("ordered_shuffle", "alphanumeric"):
            self.notes.approximated(slot.at("order"), f"{said} becomes sequence: by season and episode, then by title")
        if slot.text("direction") == "desc":
            self.notes.approximated(slot.at("direction"), "an order goes forwards here, or it is `newest`")
        return _ORDERS.get(said, "shuffle")

    def _fillers(self, slot: Given) -> tuple[Value | None, Value | None, Value | None]:
        """What airs before, after and to the end."""
        by_place: dict[str, list[str]] = {}
        for one in slot.rows("filler"):
            one.opened()
            for kind in one.rows("types"):
                place = {"head": "before", "pre": "before", "post": "after"}.get(kind.text(), "filler")
                by_place.setdefault(place, []).append(one.text("fillerListId"))
                if kind.text() == "head":
                    self.notes.approximated(kind, "what comes at the head of a slot airs before each program here")
        found = {place: self.fill(slot, lists) for place, lists in by_place.items()}
        return found.get("before"), found.get("after"), found.get("filler")


def _start(pair: tuple[int, Given]) -> int:
    return pair[0]


def _common(blocks: list[Block], includes: list[Value] | None = None) -> Block:
    """What the blocks have in common, to stand in the channel; it airs all that they air."""
    alike: list[Value] = []
    for include in includes or [OFF_AIR]:
        if include not in alike and include != OFF_AIR:
            alike.append(include)
    include = alike[0] if len(alike) == 1 else alike or OFF_AIR
    first = blocks[0]
    return Block(
        (Source(include),),
        pad=first.pad if all(block.pad == first.pad for block in blocks) else 0,
        overrun=first.overrun if all(block.overrun == first.overrun for block in blocks) else None,
        before=first.before if all(block.before == first.before for block in blocks) else None,
        after=first.after if all(block.after == first.after for block in blocks) else None,
        filler=next((block.filler for block in blocks if block.filler is not None), None),
    )


def _joined(parts: list[tuple[Daypart, Given]]) -> list[tuple[Daypart, list[Given]]]:
    """The same dayparts with their slots; those that differ in their days alone are one."""
    found: list[tuple[Daypart, list[Given]]] = []
    for part, slot in parts:
        alike = (k for k, (one, _) in enumerate(found) if part.days and replace(one, days=part.days) == part)
        place = next(alike, None)
        if place is None:
            found.append((part, [slot]))
        else:
            one, slots = found[place]
            found[place] = replace(one, days=tuple(sorted({*one.days, *part.days}))), [*slots, slot]
    return found
