"""An explanation in words and as JSON: first the answer, then the chain of what led to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout.core.airing import Role
from playout.core.listing import named
from playout.core.never import clock, spelled
from playout.core.ticks import TIMEBASE, Ticks, instant_at, utc_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playout.core.airing import Airing, Turn
    from playout.core.catalog import Item
    from playout.core.channel import Revision
    from playout.core.draw import Passed
    from playout.core.rules import Daypart
    from playout.core.why import Explanation, Interruption

SHOWN: Final = 10
"""How many refusals are told one by one."""
_BIRTH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MARGIN: Final = 12
"""Where what is told begins, after what it is about."""


def local(revision: Revision, instant: datetime) -> datetime:
    """What the channel's clocks show at an instant."""
    return instant + timedelta(seconds=revision.clocks.offset((instant - _BIRTH) // timedelta(seconds=1)))


def stamp(revision: Revision, instant: datetime) -> str:
    """An instant by the channel's clocks, with the day and the zone."""
    return f"{local(revision, instant):%H:%M:%S on %a %Y-%m-%d} ({revision.channel.zone})"


Known = Callable[[str], "Item | None"]


def _unknown(_asset: str) -> None:
    return None


class Wording:
    """The words for one explanation; lives only while they are looked for."""

    def __init__(self, explained: Explanation, after: Turn | None = None, known: Known = _unknown) -> None:
        self.explained: Final = explained
        self.after: Final = after
        """The turn that follows, when it is known."""
        self.known: Final = known
        """What else is known of an asset: the turn that follows may be of a newer library."""
        self.revision: Final = explained.revision

    # Times, by the clocks of the channel

    def at(self, tick: Ticks) -> str:
        """The time of day of a tick."""
        return f"{local(self.revision, instant_at(self.revision.channel.genesis, tick)):%H:%M:%S}"

    # Things

    def called(self, airing: Airing) -> str:
        """What people call an airing."""
        return name_of(self.explained.item(airing.asset) or self.known(airing.asset), airing.asset)

    @property
    def chooser(self) -> str:
        """The daypart, in words."""
        return f"daypart {self.explained.slot.name}" if self.explained.slot.daypart else "the channel's own block"

    @property
    def reason(self) -> str:
        """Why the airing was chosen, as the log has it, without the daypart's name."""
        prefix = f"{self.explained.slot.name}: "
        reason = self.explained.airing.reason
        return reason.removeprefix(prefix) if self.explained.slot.daypart else reason

    def when(self) -> str:
        """The instant that was asked for."""
        instant = instant_at(self.revision.channel.genesis, self.explained.tick)
        return f"At {stamp(self.revision, instant)}"

    def answer(self) -> str:
        """The answer, in one sentence."""
        airing = self.explained.airing
        subject = f"{self.when()} {self.revision.channel.id} has {self.called(airing)} on"
        match airing.role:
            case Role.PROGRAM:
                return f"{subject}: {self.chooser} chose it ({self.reason})."
            case Role.AD:
                return f"{subject}, an ad in a break {self._where_the_break_is()} ({self.reason})."
            case Role.BUMPER:
                return f"{subject}, a bumper{self._where_the_bumper_is()} ({self.reason})."
            case Role.FILLER | Role.SLATE:
                return f"{subject}, which is {airing.role}: {self.reason}."

    def _where_the_break_is(self) -> str:
        program, pod = self.explained.program, self.explained.interruption
        title = self.called(program) if program else "nothing"
        if pod is None:
            return f"of {title}"
        words = {"pre": "before", "mid": f"{spelled(pod.into)} into", "post": "after"}
        return f"{words[pod.pod.roll]} {title}"

    def _where_the_bumper_is(self) -> str:
        if self.explained.interruption:
            return f" of a break {self._where_the_break_is()}"
        return f" beside {self.called(self.explained.program)}" if self.explained.program else ""

    # The chain

    def chain(self) -> Iterator[tuple[str, str]]:
        """What led to it: what each step is about, and its words; empty for another line of the same."""
        yield "on air", self._on_air()
        revision = self.revision
        since = f"{local(revision, revision.effective):%a %Y-%m-%d %H:%M:%S}"
        yield "revision", f"{revision.number}, in force since {since}; catalog {revision.catalog}"
        yield from self._daypart()
        yield from self._source()
        if self.explained.interruption:
            yield from self._break(self.explained.interruption)
        else:
            yield from refusals("refused", self.explained.refused, self._none_refused())
        yield from self._then()

    def _on_air(self) -> str:
        airing, (part, parts) = self.explained.airing, self.explained.part
        item = self.explained.item(airing.asset)
        about = item.about if item else None
        facts = [about.kind.value if about else airing.role.value, f"asset {airing.asset}"]
        if about and about.rating:
            facts.append(f"rated {about.rating}")
        if parts > 1:
            facts.append(f"part {part} of {parts}")
        return f"{self.called(airing)}, {self.at(airing.start)} to {self.at(airing.end)} ({', '.join(facts)})"

    def _daypart(self) -> Iterator[tuple[str, str]]:
        slot, late = self.explained.slot, self.explained.late
        if slot.daypart is None:
            others = "" if self.explained.contenders else "; no daypart is due now"
            yield "daypart", f"none: the channel's own block{others}"
        else:
            words = f"{slot.name}, {span_of(slot.daypart)}, priority {slot.daypart.priority}"
            if late > TIMEBASE:
                words += f"; it was due at {self.at(slot.due)} and began {spelled(late)} late"
            yield "daypart", words if self.explained.contenders else f"{words}; no other one is due now"
        for other in self.explained.contenders:
            yield "", f"not {other.daypart.name}, {span_of(other.daypart)}: {other.reason}"
        if slot.daypart and slot.daypart.stop is None:
            yield "", f"it ends by itself: this is program {self.explained.turn.tail.count} of {slot.daypart.count}"
        if slot.boundary:
            over = "is cut" if slot.boundary.cut else "plays to its end"
            yield "", f"something else begins at {self._when(slot.boundary.at)}; what is on then {over}"

    def _when(self, tick: Ticks) -> str:
        """The time of day of a tick, and the day when it is not that of the airing."""
        genesis = self.revision.channel.genesis
        then = local(self.revision, instant_at(genesis, tick))
        today = local(self.revision, instant_at(genesis, self.explained.airing.start)).date()
        return f"{then:%H:%M:%S}" if then.date() == today else f"{then:%H:%M:%S on %a %Y-%m-%d}"

    def _source(self) -> Iterator[tuple[str, str]]:
        sources, bag = self.explained.slot.block.sources, self.explained.bag
        for number, one in enumerate(self.explained.drawn):
            words = f"{one.place} of {len(sources)}, {one.source.order}"
            if bag:
                words += f", weight {one.source.weight} of {bag.size}"
                words += f": draw {bag.draw} of {bag.size} in lap {bag.lap}" if number == 0 else ": asked next"
            if one.cursor.startswith("@"):
                words += f"; its position is shared under the name {one.source.position}"
            yield "" if number else "source", words if one.found else f"{words}; it has nothing that may air"

    def _none_refused(self) -> str:
        if self.explained.turn.program:
            return "nothing was asked before it"
        return "nothing: no program in the library is what the block asks for; `fastline check` says more"

    def _break(self, found: Interruption) -> Iterator[tuple[str, str]]:
        ads = self.explained.slot.block.ads
        if ads is None:
            return
        count = len(found.pod.ads)
        length = spelled(found.pod.length)
        yield "break", f"{count} {'ad' if count == 1 else 'ads'}, {length}; {spelled(ads.pod)} is aimed for"
        if found.point:
            yield "", f"at a break point of the program ({found.point.origin}, {found.point.confidence} % sure)"
        yield "", f"{spelled(found.since)} of program since the last one, and one comes after {spelled(ads.every)}"
        if ads.load:
            yield (
                "",
                f"{spelled(found.load)} of ads in this clock hour before it, of {spelled(ads.load)} that are allowed",
            )
        yield from refusals("refused", found.refused, "no ad was asked before")

    def _then(self) -> Iterator[tuple[str, str]]:
        about = "then"
        for airing in self._following():
            yield about, f"{self.at(airing.start)}  {self.called(airing)}{_role(airing)}"
            about = ""
        if self.after:
            first = self.after.program[0] if self.after.program else self.after.airings[0]
            yield about, f"{self.at(first.start)}  {self.called(first)}{_role(first)}, the next turn"

    def _following(self) -> list[Airing]:
        """What else the turn airs; of some ads, or some filler, the first."""
        later = [one for one in self.explained.turn.airings if one.start > self.explained.airing.start]
        before = [self.explained.airing, *later]
        return [
            one
            for one, last in zip(later, before, strict=False)
            if one.role is not last.role or one.role is Role.PROGRAM
        ][:SHOWN]

    # As a document

    def document(self) -> dict[str, object]:
        """The explanation for programs."""
        explained, revision, genesis = self.explained, self.revision, self.revision.channel.genesis
        airing, slot, found = explained.airing, explained.slot, explained.interruption
        part, parts = explained.part
        item = explained.item(airing.asset)
        return {
            "answer": self.answer(),
            "channel": revision.channel.id,
            "instant": utc_text(instant_at(genesis, explained.tick)),
            "zone": revision.channel.zone,
            "airing": {
                "index": airing.index,
                "role": airing.role.value,
                "asset": airing.asset,
                "title": self.called(airing),
                "kind": item.about.kind.value if item else "",
                "start": utc_text(instant_at(genesis, airing.start)),
                "end": utc_text(instant_at(genesis, airing.end)),
                "part": part,
                "parts": parts,
                "reason": airing.reason,
            },
            "revision": {"number": revision.number, "effective": utc_text(revision.effective)},
            "catalog": revision.catalog,
            "daypart": {
                "name": slot.name,
                "priority": slot.daypart.priority if slot.daypart else None,
                "due": utc_text(instant_at(genesis, slot.due)) if slot.daypart else None,
                "late_ms": explained.late * 1000 // TIMEBASE,
                "until": utc_text(instant_at(genesis, slot.boundary.at)) if slot.boundary else None,
                "instead_of": [
                    {"name": other.daypart.name, "priority": other.daypart.priority, "reason": other.reason}
                    for other in explained.contenders
                ],
            },
            "sources": [
                {"place": one.place, "order": one.source.order.value, "weight": one.source.weight, "found": one.found}
                for one in explained.drawn
            ],
            "bag": {"draw": explained.bag.draw, "size": explained.bag.size, "lap": explained.bag.lap}
            if explained.bag
            else None,
            "refused": _listed(explained.refused),
            "break": _pod(found) if found else None,
            "then": [
                {"start": utc_text(instant_at(genesis, one.start)), "title": self.called(one), "role": one.role.value}
                for one in (*self._following(), *(self.after.airings[:1] if self.after else ()))
            ],
        }


def _pod(found: Interruption) -> dict[str, object]:
    return {
        "roll": found.pod.roll,
        "ads": len(found.pod.ads),
        "ms": found.pod.length * 1000 // TIMEBASE,
        "into_ms": found.into * 1000 // TIMEBASE,
        "since_ms": found.since * 1000 // TIMEBASE,
        "load_ms": found.load * 1000 // TIMEBASE,
        "point": found.point.origin if found.point else "",
        "refused": _listed(found.refused),
    }


def _listed(refused: Sequence[Passed]) -> list[object]:
    return [
        {
            "asset": one.item.id,
            "title": name_of(one.item, one.item.id),
            "rule": one.refusal.rule.value,
            "reason": one.refusal.reason,
        }
        for one in refused
    ]


def _role(airing: Airing) -> str:
    return "" if airing.role is Role.PROGRAM else f", {airing.role}"


def name_of(item: Item | None, asset: str) -> str:
    """What people call an asset, as the guide does; what follows it in brackets is its rule."""
    if item is None:
        return f"asset {asset}"
    return named(item.about, dated=False)


def span_of(daypart: Daypart) -> str:
    """When a daypart is on, in words."""
    if daypart.stop is None:
        programs = "program" if daypart.count == 1 else "programs"
        return f"at {clock(daypart.start)} for {daypart.count} {programs}"
    return f"{clock(daypart.start)} to {clock(daypart.stop)}"


def refusals(about: str, refused: Sequence[Passed], none: str) -> Iterator[tuple[str, str]]:
    """What was passed over: the first ones by name, the others by rule."""
    if not refused:
        yield about, none
        return
    for one in refused[:SHOWN]:
        yield about, f"{name_of(one.item, one.item.id)} ({one.refusal.rule}): {one.refusal.reason}"
        about = ""
    rest = Counter(one.refusal.rule.value for one in refused[SHOWN:])
    if rest:
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(rest.items()))
        yield about, f"and {rest.total()} more: {rules}"


def told(answer: str, chain: Iterator[tuple[str, str]]) -> str:
    """The answer, and under it the chain."""
    return "\n".join([answer, "", *(f"  {about:<{_MARGIN}}{words}" for about, words in chain)]) + "\n"


def words(explained: Explanation, after: Turn | None = None, known: Known = _unknown) -> str:
    """An explanation in words."""
    wording = Wording(explained, after, known)
    return told(wording.answer(), wording.chain())


def document(explained: Explanation, after: Turn | None = None, known: Known = _unknown) -> dict[str, object]:
    """An explanation as a document of JSON."""
    return Wording(explained, after, known).document()
