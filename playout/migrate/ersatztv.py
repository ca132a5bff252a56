"""The reader of ErsatzTV's sequential schedules, the YAML with `content`, `sequence` and `playout`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from playout.migrate.given import Given, Unreadable, cleaned
from playout.migrate.names import Names, slug
from playout.migrate.report import Notes
from playout.migrate.search import Asked, CannotAsk, Query, asked, merged
from playout.migrate.station import DAY, OFF_AIR, Block, Channel, Daypart, Source
from playout.migrate.stretches import LONGEST_POD, Does, Part, Step, Stretch, stretches
from playout.migrate.writing import File, Value, Word, flow, span

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_STEPS: Final = 5000
"""Instructions of a schedule with its sequences played out."""
MOST_PROGRAMS: Final = 1000
"""What `count` takes."""

_NAMED: Final = ("collection", "multi_collection", "smart_collection", "playlist")
"""Contents that ErsatzTV keeps in its database."""
_GUIDE: Final = "the guide joins short programs of a block by itself"
_PICTURE: Final = "what is laid over the picture is part of an asset here: package it with the film"
_WHY: Final = {
    "import": "other files are not read: put their content and sequences into this one and migrate again",
    "advance": _GUIDE,
    "disable_watermarks": _PICTURE,
    "discard_attempts": "what fits is looked for by itself",
    "offline_tail": "filler airs, and without any the slate: there is no dead air",
    "rewind_on_reset": "a channel is never reset: its positions are kept for its whole life",
    "expression": "breaks come at the break points of an asset: write break_points into its side-car",
    "variables": _PICTURE,
    "tomorrow": "a daypart begins every day: a time that is past means the next day",
    "shuffle_groups": "the series of a rotation keep one shuffled order, so that none comes twice in a row",
    "playlist_group": "tags have no groups",
}
_CONTROL: Final = {
    "graphics_on": _PICTURE,
    "graphics_off": _PICTURE,
    "watermark": _PICTURE,
    "shuffle_sequence": "sources of a block take turns by weight, and are never in one fixed order",
    "skip_items": "a channel begins with the first item; write `since` and a date to begin elsewhere",
    "skip_to_item": "a channel begins with the first item; write `since` and a date to begin elsewhere",
    "rewind": "a channel is never reset: its positions are kept for its whole life",
}
_PLAYING: Final = (Does.COUNT, Does.ALL, Does.LASTS, Does.PADS, Does.UNTIL, Does.WAITS)


def why(key: str) -> str:
    """Why `key` of a sequential schedule is not read."""
    return _WHY.get(key, "")


def is_one(root: Given) -> bool:
    """Whether this is a sequential schedule."""
    return root.has("playout") and (root.has("content") or root.has("import")) and isinstance(root.value, dict)


def read(root: Given, name: str, notes: Notes) -> File:
    """The channel of the schedule in the file `name`. Raises `Unreadable`."""
    if not is_one(root):
        raise Unreadable("it is no sequential schedule of ErsatzTV: that has `content` and `playout`")
    root.opened()
    reader = _Schedule(notes)
    for one in root.rows("content"):
        reader.content(one)
    for one in root.rows("sequence"):
        reader.sequence(one)
    for one in root.rows("reset"):
        reader.control(one, "reset")
    steps = [step for one in root.rows("playout") for step in reader.steps(one, ())]
    if not any(step.content for step in steps):
        raise Unreadable("its playout plays nothing: there is no instruction with `content`")
    channel = reader.channel(name, steps)
    if not any(one.flag("repeat") for one in root.rows("playout")):
        notes.approximated(root.at("playout"), "there is no `repeat: true`: there it ends, here it begins anew")
    reader.blame_idle()
    notes.approximated(
        root,
        f"a sequential schedule is of no channel in particular: number {channel.number} and the name of the file "
        f"stand in; zone UTC, unless you write `zone`",
    )
    saved = {one.name: one.saved for one in reader.contents.values() if one.used}
    preface = (
        f"Migrated from {cleaned(name)}, a sequential schedule of ErsatzTV.",
        "The report says what is different.",
        "Look at number, name, zone and the tags below, then `fastline check` this file.",
    )
    return File(preface, saved, (channel.line,))


@dataclass(slots=True)
class _Content:
    """Some content of a schedule, and the collection that it becomes."""

    name: str
    given: Given
    value: Value
    order: str
    run: str = ""
    used: int = 0
    """In how many places programs are taken from it, or it fills."""
    shared: int = 0
    """In how many places programs are taken from it."""

    @property
    def saved(self) -> Value:
        """Its collection; of any kind where it only fills, for what fills is packaged as filler, bumpers or ads."""
        if self.shared:
            return self.value
        queries = [{key: part for key, part in query.items() if key != "kind"} for query in self.queries]
        kept = [query or {"any": [self.name]} for query in queries]
        return kept[0] if len(kept) == 1 else kept

    @property
    def queries(self) -> list[Query]:
        """Its queries, of which any will do."""
        values = self.value if isinstance(self.value, list) else [self.value]
        return [value for value in values if isinstance(value, dict)]

    @property
    def kinds(self) -> list[Value]:
        """The kinds that it asks for, where it is also programs; empty for any."""
        asked_for = [query.get("kind") for query in self.queries] if self.shared else []
        found = [kind for kinds in asked_for if isinstance(kinds, list) for kind in kinds]
        return list(dict.fromkeys(found))


@dataclass(slots=True)
class _Schedule:
    """A schedule that is being read."""

    notes: Notes
    contents: dict[str, _Content] = field(default_factory=dict)
    sequences: dict[str, list[Given]] = field(default_factory=dict)
    idle: dict[str, Given] = field(default_factory=dict)
    """The sequences that nobody has played yet."""
    names: Names = field(default_factory=Names)
    dayparts: Names = field(default_factory=Names)
    played: int = 0

    # Content

    def content(self, one: Given) -> None:
        """Read a definition of content."""
        one.opened()
        key = one.text("key")
        if not key or key in self.contents:
            one.leave(f"its key is {'there already' if key else 'missing'}: nothing can play it")
            return
        name = self.names.name(key, "content")
        self.contents[key] = _Content(name, one, {"any": [name]}, self._order(one))
        found = self.contents[key]
        kept = next((word for word in _NAMED if one.has(word)), "")
        if kept:
            self._kept(one, kept, found)
        elif one.has("search"):
            one.bare("search")
            self._searched(one, [one.at("query")], found)
        elif one.has("marathon"):
            one.bare("marathon")
            self._marathon(one, found)
        elif one.has("show"):
            one.bare("show")
            self._show(one, found)
        else:
            self.notes.approximated(one, f"its kind is not known: give its assets the tag {name!r} (collection {name})")

    def _order(self, one: Given) -> str:
        return "shuffle" if (one.text("order") or one.text("item_order")) == "shuffle" else "sequence"

    def _kept(self, one: Given, word: str, found: _Content) -> None:
        called = one.text(word)
        tag = slug(called, found.name)
        found.value = {"any": [tag]}
        if word == "playlist":
            found.order = "sequence"
        what = f"{word.replace('_', ' ')} {called!r} is kept in ErsatzTV's database"
        self.notes.approximated(one, f"{what}: give its assets the tag {tag!r} (collection {found.name})")

    def _show(self, one: Given, found: _Content) -> None:
        ids = self._guids(one)
        self.notes.approximated(
            one,
            f"a series is asked for by its title here, and the schedule names it by {ids or 'no id'}: write "
            f"`series: [its title]` in collection {found.name}, or give its assets the tag {found.name!r}",
        )

    def _guids(self, one: Given) -> str:
        guids = []
        for guid in one.rows("guids"):
            guid.opened()
            guids.append(f"{guid.text('source')}:{guid.text('value')}")
        return ", ".join(guids)

    def _marathon(self, one: Given, found: _Content) -> None:
        found.order, found.run = "rotation", "all" if one.flag("play_all_items") else ""
        if one.text("item_order") == "shuffle":
            self.notes.approximated(one.at("item_order"), "a rotation airs each series in sequence, not shuffled")
        run = "all episodes" if found.run else "one episode"
        self.notes.carried(
            one, f"a marathon is order: rotation, {run} of a series at a time (group_by, item_order, play_all_items)"
        )
        grouped = one.text("group_by")
        if grouped not in ("", "show"):
            self.notes.approximated(one.at("group_by"), f"a rotation goes from series to series, not by {grouped}")
        searches = one.rows("searches")
        if searches:
            self._searched(one, searches, found)
        ids = self._guids(one)
        if ids:
            tag = f"give their assets the tag {found.name!r}, or write `series: [their titles]`"
            self.notes.approximated(one.at("guids"), f"series are asked for by their titles here, not by {ids}: {tag}")
            if searches and found.value != {"any": [found.name]}:
                found.value = [*found.queries, {"any": [found.name]}]

    def _searched(self, one: Given, searches: list[Given], found: _Content) -> None:
        """The queries of `searches`; one that cannot be asked becomes a tag."""
        queries: list[Query] = []
        for search in searches:
            text = search.whole_text()
            try:
                answer = asked(text)
            except CannotAsk as part:
                tag = f"give what it finds the tag {found.name!r} (collection {found.name})"
                self.notes.approximated(search if text else one, f"the search cannot be asked here: {part}; {tag}")
                answer = Asked(({"any": [found.name]},))
            else:
                self.notes.carried(search, f"collection {found.name}: {flow(list(answer.queries))}")
            for loose in answer.loosely:
                self.notes.approximated(search, loose)
            queries += [query for query in answer.queries if query not in queries]
        queries = merged(queries)
        found.value = queries[0] if len(queries) == 1 else queries
        if found.order == "sequence" and queries and all(_of_films(query) for query in queries):
            found.order = "chronological"

    # Instructions

    def sequence(self, one: Given) -> None:
        """Read the definition of a sequence."""
        one.opened()
        key = one.text("key")
        if not key or key in self.sequences:
            one.leave(f"its key is {'there already' if key else 'missing'}: nothing can play it")
            return
        self.sequences[key] = one.rows("items")
        self.idle[key] = one

    def control(self, one: Given, within: str) -> bool:
        """Leave out an instruction that plays nothing; False when it does play something, or waits."""
        word = next((word for word in _CONTROL if one.has(word)), "")
        if word:
            one.leave(_CONTROL[word])
        elif within == "reset" and one.has("wait_until"):
            one.leave("a channel is always on air, and has no beginning to wait for")
        return bool(word) or within == "reset"

    def steps(self, one: Given, within: tuple[str, ...]) -> list[Step]:
        """The steps of one instruction, with those of the sequence that it plays."""
        self.played += 1
        if self.played > MOST_STEPS:
            message = f"its sequences play more than {MOST_STEPS} instructions: is there one that plays itself?"
            raise Unreadable(message)
        if not isinstance(one.value, dict) or self.control(one, ""):
            return []
        one.opened()
        for word in ("pre_roll", "post_roll", "mid_roll"):
            if one.has(word):
                return self._turned(one, word)
        if one.has("sequence"):
            return self._sequence(one, within)
        return self._single(one)

    def _sequence(self, one: Given, within: tuple[str, ...]) -> list[Step]:
        key, again = one.text("sequence"), max(one.number("repeat") or 1, 1)
        if key in within or key not in self.sequences:
            one.leave(f"sequence {key!r} {'plays itself' if key in within else 'is not in this file'}")
            return []
        self.idle.pop(key, None)
        steps = [step for item in self.sequences[key] for step in self.steps(item, (*within, key))]
        if again > 1 and any(_is_timed(step) for step in steps):
            self.notes.approximated(one.at("repeat"), "a sequence with times of its own is taken once, not repeated")
            again = 1
        return [replace(step, again=min(step.again * again, MOST_PROGRAMS)) for step in steps]

    def _turned(self, one: Given, word: str) -> list[Step]:
        """What airs before, inside or after programs from now on, or nothing any more."""
        part = {"pre_roll": Part.BEFORE, "post_roll": Part.AFTER, "mid_roll": Part.INSIDE}[word]
        wanted, key = one.flag(word), one.text("sequence")
        if not wanted:
            return [Step(Does.TURNS, one, part=part)]
        self.idle.pop(key, None)
        items = self.sequences.get(key, [])
        steps = [step for item in items for step in self.steps(item, (key,)) if step.content]
        if not steps:
            one.leave(f"sequence {key!r} plays nothing that could air there")
            return []
        for step in steps[1:]:
            self.notes.approximated(
                step.given, f"only the first content of a {word} sequence airs, not {step.content!r}"
            )
        return [replace(steps[0], does=Does.TURNS, given=one, part=part)]

    def _single(self, one: Given) -> list[Step]:
        """An instruction that plays something, waits, or says what the guide shows."""
        does = next((does for does in _PLAYING if one.has(does.value)), None)
        if does is None:
            if one.has("epg_group"):
                one.at("epg_group").leave(_GUIDE)
                return [Step(Does.TITLED, one, title=one.text("custom_title"))]
            if one.flag("repeat") is None:
                one.leave("the instruction is not known")
            return []
        amount = self._amount(one, does)
        content = one.text("content")
        if amount is None:
            one.leave(f"what {does} says is not understood")
            return []
        if does is not Does.WAITS and content not in self.contents:
            one.leave(f"content {content!r} is not in this file")
            return []
        step = Step(does, one, content, amount, _part(one), one.text("fallback"), one.flag("trim") or False)
        overruns = one.flag("stop_before_end") is False
        return [replace(step, overruns=overruns, title=one.text("custom_title"))]

    def _amount(self, one: Given, does: Does) -> int | None:
        match does:
            case Does.ALL:
                one.bare("all")
                return 1
            case Does.COUNT:
                count = one.number("count")
                return min(count, MOST_PROGRAMS) if count is not None and count > 0 else None
            case Does.LASTS:
                return seconds_in(one.text("duration"))
            case Does.PADS:
                minutes = one.number("pad_to_next")
                return None if minutes is None or not 0 < minutes <= 720 or 1440 % minutes else minutes * 60  # noqa: PLR2004
            case _:
                return time_in(one.text(does.value))

    # The channel

    def blame_idle(self) -> None:
        """Note what is defined and never played."""
        for one in self.idle.values():
            one.leave("no instruction plays this sequence")
        for content in self.contents.values():
            if not content.used:
                self.notes.left(content.given, f"collection {content.name} is not written: nothing plays this content")
            elif not content.shared:
                self.notes.approximated(
                    content.given,
                    f"collection {content.name} only fills: package its assets as kind filler, bumper or ad, as due",
                )

    def channel(self, name: str, steps: list[Step]) -> Channel:
        """The channel that plays `steps` over and over."""
        found = stretches(steps)
        for stretch in found:
            self._blame(stretch)
            for step in [*stretch.plays, *([stretch.last] if stretch.last else [])]:
                self.contents[step.content].shared += 1
        called = name.rsplit(".", 1)[0] or "Channel"
        whole = Channel(id=slug(called, "channel"), number="1", name=called, block=Block((Source(OFF_AIR),)))
        if len(found) == 1 and found[0].start is None:
            for step in found[0].plays:
                self.notes.carried(step.given, f"{step.does} of {step.content!r}: what the channel airs")
            return replace(whole, block=self._block(found[0], found[0].plays))
        parts = [part for stretch in found for part in self._dayparts(stretch)]
        rest = next((part.block for part in parts if part.stop == part.start), None) or self._rest(found, parts)
        return replace(whole, block=rest, dayparts=tuple(part for part in parts if part.block is not rest))

    def _rest(self, found: list[Stretch], parts: list[Daypart]) -> Block:
        """What airs where no daypart does: nothing but filler, unless dayparts leave no time between them."""
        names = [source.include for part in parts for source in part.block.sources]
        include: Value = list(dict.fromkeys(name for name in names if isinstance(name, str)))
        filler = next((part.block.filler for part in parts if part.block.filler is not None), None)
        return Block((Source(include if include and all(one.filled for one in found) else OFF_AIR),), filler=filler)

    def _dayparts(self, stretch: Stretch) -> list[Daypart]:
        """The dayparts of a stretch: what it counts has a start alone, and what fills it has a start and an end."""
        start, stop = stretch.start or 0, (stretch.stop or 0)
        late = "cut" if stretch.cut else ""
        parts = []
        counted = [step for step in stretch.plays if not self._fills_as_well(step, stretch)]
        if stretch.last is not None:
            block = self._block(stretch, [stretch.last])
            name = self.dayparts.name(_called(stretch, stretch.last), "daypart")
            parts.append(Daypart(name, start, block, start if stop == start else stop or DAY, late=late))
        if counted:
            name = self.dayparts.name(_called(stretch, counted[0]), "daypart")
            count = min(sum(step.amount * step.again for step in counted), MOST_PROGRAMS)
            block = self._block(stretch, counted)
            parts.append(Daypart(name, start, block, count=count, priority=1 if parts else 0, late=late or "run"))
        for step in [*counted, *([stretch.last] if stretch.last else [])]:
            self.notes.carried(
                step.given, f"{step.does} of {step.content!r}: in daypart {parts[-1 if step in counted else 0].name}"
            )
        return parts

    def _fills_as_well(self, step: Step, stretch: Stretch) -> bool:
        """Whether a step plays what airs to the end of its stretch anyway."""
        same = stretch.last is not None and step.content == stretch.last.content
        if same:
            self.notes.carried(step.given, f"{step.does} of {step.content!r}: it airs to the end of its daypart")
        return same

    def _block(self, stretch: Stretch, plays: list[Step]) -> Block:
        """The block that plays `plays`, with what `stretch` has between programs."""
        weights: dict[str, int] = {}
        for step in plays:
            amount = step.amount if step.does is Does.COUNT else 1
            weights[step.content] = weights.get(step.content, 0) + amount * step.again
            if step.does in (Does.ALL, Does.LASTS) and len(plays) > 1:
                text = f"{step.does} of {step.content!r} has no length beside others: it takes its turn by weight"
                self.notes.approximated(step.given, text)
        if len(weights) > 1:
            shares = ", ".join(f"{weight} of {content!r}" for content, weight in weights.items())
            self.notes.approximated(plays[0].given, f"{shares}: they take turns by these weights, not in this order")
        return Block(
            sources=tuple(self._source(content, weight) for content, weight in weights.items()) or (Source(OFF_AIR),),
            pad=stretch.pad,
            overrun=None if stretch.overruns or stretch.last is None or stretch.last.trim else 0,
            ads=self._ads(stretch),
            before=self._between(stretch, Part.BEFORE),
            after=self._between(stretch, Part.AFTER),
            filler=self._fill(stretch.filler),
            title=self._title(stretch, plays),
        )

    def _title(self, stretch: Stretch, plays: list[Step]) -> str:
        """What the guide calls it: what a step says that plays some of its programs, or its group."""
        playing = {step.content for step in plays}
        said = [step for step in [*plays, *stretch.plays] if step.title and step.content in playing]
        for step in said:
            if step.title != said[0].title:
                self.notes.left(
                    step.given, f"a daypart has one title, {said[0].title!r}, and not {step.title!r} as well"
                )
        return said[0].title if said else stretch.title

    def _blame(self, stretch: Stretch) -> None:
        """Note what a stretch says twice, of which its dayparts have one."""
        for step in stretch.steps:
            if step.fallback and step.fallback != stretch.filler:
                self.notes.left(step.given, f"fallback {step.fallback!r}: the filler there is {stretch.filler!r}")
            if step.does is Does.PADS:
                self._padded(stretch, step)
            elif step.does is Does.TITLED:
                if step.title and step.title != stretch.title:
                    self.notes.left(step.given, f"a daypart has one title, {stretch.title!r}, and not {step.title!r}")
            elif step.part is not Part.PROGRAM:
                self._stands(stretch, step)

    def _padded(self, stretch: Stretch, step: Step) -> None:
        if (step.amount, step.content) == (stretch.pad, stretch.filler):
            text = (
                f"programs start on multiples of {span(step.amount)}, and {step.content!r} fills the time: pad, filler"
            )
            self.notes.carried(step.given, text)
        else:
            text = f"a daypart has one pad and one filler, {span(stretch.pad)} with {stretch.filler!r}"
            self.notes.left(step.given, f"{text}, and not {span(step.amount)} with {step.content!r}")

    def _stands(self, stretch: Stretch, step: Step) -> None:
        """Note what became of something that is no program."""
        if step.does is Does.UNTIL and step.content == stretch.filler:
            self.notes.carried(step.given, f"{step.content!r} fills the time up to there: filler")
        elif stretch.breaks.get(step.part) is not step:
            self.notes.left(
                step.given, f"{step.content!r} is not the only one that airs as {step.part}: the first does"
            )

    def _source(self, content: str, weight: int) -> Source:
        one = self.contents[content]
        one.used += 1
        kept = one.shared > 1 and one.order != "shuffle"
        return Source(one.name, one.order, weight, one.run, one.name if kept else "")

    def _between(self, stretch: Stretch, part: Part) -> Value | None:
        """What comes before or after each program, unless it is a break."""
        step = stretch.breaks.get(part)
        if step is None or _is_break(step):
            return None
        if step.amount * step.again > 1:
            self.notes.approximated(
                step.given, f"one of {step.content!r} airs each time, not {step.amount * step.again}"
            )
        where = "before" if part is Part.BEFORE else "after"
        self.notes.carried(step.given, f"{step.content!r} airs {where} each program: package it as kind bumper")
        return self._fill(step.content)

    def _ads(self, stretch: Stretch) -> Mapping[str, Value] | None:
        breaks = {part: step for part, step in stretch.breaks.items() if part is Part.INSIDE or _is_break(step)}
        if not breaks:
            return None
        step = next(iter(breaks.values()))
        pod = step.amount if _is_break(step) else 60
        rolls = {Part.BEFORE: "pre", Part.INSIDE: "mid", Part.AFTER: "post"}
        for one in breaks.values():
            self.notes.approximated(
                one.given,
                f"{one.content!r} fills breaks of {span(pod)}: package it as kind ad. How often they come is your "
                f"choice: `every: 10m` stands in",
            )
        content = self.contents[step.content]
        content.used += 1
        every: dict[str, Value] = {
            "every": Word("10m"),
            "pod": span(pod),
            "rolls": [Word(rolls[part]) for part in breaks],
        }
        return {**every, **({"kind": content.kinds} if content.kinds else {}), "collection": content.name}

    def _fill(self, content: str) -> Value | None:
        """The content as filler or bumpers, of whichever kind is due there."""
        if content not in self.contents:
            return None
        self.contents[content].used += 1
        return self.contents[content].name


def _called(stretch: Stretch, step: Step) -> str:
    return step.title or stretch.title or step.content


def _is_timed(step: Step) -> bool:
    return step.does in (Does.WAITS, Does.UNTIL) or (step.does is Does.LASTS and step.part is Part.PROGRAM)


def _is_break(step: Step) -> bool:
    return step.does is not Does.COUNT and step.amount <= LONGEST_POD and step.part is not Part.PROGRAM


def _part(one: Given) -> Part:
    said = one.text("filler_kind").lower()
    return Part(said) if said in list(Part) else Part.PROGRAM


def _of_films(query: Value) -> bool:
    return isinstance(query, dict) and query.get("kind") == ["movie"]


# What people write


def time_in(text: str) -> int | None:
    """The seconds after midnight that `text` says: `6:00 AM`, `18:30`, `12:00pm`, `06:00:00`."""
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?\s*([ap]\.?m\.?)?", text.strip().lower(), re.ASCII)
    if found is None or (found[2] is None and found[4] is None):
        return None
    hours, minutes, seconds = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if found[4]:
        if not 1 <= hours <= 12:  # noqa: PLR2004 — a clock face
            return None
        hours = hours % 12 + (12 if found[4].startswith("p") else 0)
    whole = hours * 3600 + minutes * 60 + seconds
    return whole if minutes < 60 and seconds < 60 and whole < DAY else None  # noqa: PLR2004


_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": DAY}


def seconds_in(text: str) -> int | None:
    """The seconds that `text` says: `30 minutes`, `1 hour 30 min`, `1h30m`, `00:30:00`; at most a day's."""
    said = text.strip().lower()
    if found := re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", said, re.ASCII):
        whole = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
    else:
        parts = re.findall(r"(\d{1,5})\s*(s|m|h|d)[a-z]*\.?", said, re.ASCII)
        if not parts or re.sub(r"\d{1,5}\s*[smhd][a-z]*\.?|,|and|\s", "", said):
            return None
        whole = sum(int(count) * _UNITS[unit] for count, unit in parts)
    return whole if 0 < whole <= DAY else None
