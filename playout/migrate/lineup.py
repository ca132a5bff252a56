"""The readers of Tunarr's and dizqueTV's channels: a lineup that is played over and over, or slots that make one.

An export may be one channel, a list of them, or a mapping that holds the answers of several requests:
`channel`, `programming`, `fillerLists` (or `fillers`), `customShows` and `smartCollections`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from playout.core.language import bcp47
from playout.migrate.given import Given, Unreadable, cleaned
from playout.migrate.names import Names, slug
from playout.migrate.programs import Item, Role, item_of_dizquetv, item_of_tunarr, listed
from playout.migrate.report import Notes, counted
from playout.migrate.slots import Means, Reader, Slots
from playout.migrate.station import OFF_AIR, Block, Channel, Source
from playout.migrate.writing import File, Value, Word, flow

MOST_CHANNELS: Final = 1000
_PADS: Final = (3600, 1800, 1200, 900, 600, 300)
"""Seconds on whose multiples a lineup may have been made to start, the longest first."""
_SLACK: Final = 2
"""Seconds by which a start may miss them."""

_REASONS: Final = (
    (
        "it belongs to the server there, and has no meaning here",
        """id uuid _id key ratingKey serverKey externalKey externalSourceType externalSourceName externalSourceId
        sourceType mediaSourceId libraryId canonicalId uniqueId persisted externalId sourceId scheduleId
        transcodeConfigId sessions lastUpdated version onDemandConfig pendingPrograms dynamicContentConfig
        schedulingOperations $$hashKey index""",
    ),
    (
        "the packager reads it from the file and its side-car",
        """file plexFile serverFileKey serverFilePath icon showIcon seasonIcon episodeIcon summary plot tagline rating
        date year releaseDate releaseDateString originalTitle sortTitle tags genres studios actors writers directors
        mediaItem externalSubtitles artwork state guids parent grandparent childCount grandchildCount seasonId albumId
        artistId albumName customOrder""",
    ),
    (
        "it follows from the rest, or from what was made of it",
        """duration durationMs durationStr actualDuration startTimeOffsets totalPrograms programCount startTime
        customShowName channelNumber start stop weightPercentage lockWeights startOffsetMs contentCount
        totalDuration""",
    ),
    (
        "what is laid over the picture is part of an asset here: package it with the film",
        "watermark overlayIcon iconWidth iconDuration iconPosition disableFillerOverlay width position",
    ),
    (
        "nothing is encoded while on air: `house` says the format",
        "transcoding streamMode enableFFMPEGTranscoding",
    ),
    ("the schedule looks ahead by itself, a horizon at a time", "maxDays startTomorrow periodMs"),
    ("filler comes after each program, up to the next multiple of `pad`", "flexPreference"),
    ("package the picture as filler; without any the house's slate airs", "offlinePicture picture"),
    ("package the sound with the picture as filler", "offlineSoundtrack soundtrack"),
    (
        "filler takes turns: each clip airs once before any comes again",
        "fillerRepeatCooldown cooldown cooldownSeconds",
    ),
    ("`never: {repeat: …}` keeps titles apart", "cooldownMs"),
    ("filler is chosen by what fits", "fillerOrder fillerType durationWeighting decayFactor recoveryFactor"),
    ("filler takes turns by clip, not by list", "weight"),
    ("a channel never stands still: catch-up starts a program over for one viewer", "onDemand"),
    ("a channel is in the guide, or retired", "stealth"),
    ("the guide joins short programs of a block by itself", "guideMinimumDuration guideMinimumDurationSeconds"),
    ("`title` of a block is what the guide calls a run of short programs", "guideFlexTitle guideFlexPlaceholder"),
    (
        "subtitles are chosen by language alone",
        "subtitlesEnabled subtitlePreferences priority allowImageBased allowExternal filterType",
    ),
    ("a program is known by its own ids, and a series by its title", "identifiers externalIds type title"),
    ("write a source for each tag under `programs`", "groupBy"),
    ("a query has no seasons: give the season a tag", "seasonFilter"),
    ("breaks in a lineup are `ads` here, at the break points of an asset", "fillerConfig"),
)
_WHY: Final = {key: reason for reason, keys in _REASONS for key in keys.split()}


def why(key: str) -> str:
    """Why `key` of a channel is not read."""
    return _WHY.get(key, "")


_TUNARR: Final = ("totalPrograms", "startTimeOffsets", "lineup", "transcodeConfigId", "streamMode", "programCount")


def is_tunarr(root: Given) -> bool:
    """Whether this is a channel of Tunarr, or several."""
    first = _first(root)
    if any(first.has(key) for key in ("programming", *_TUNARR)):
        return True
    if first.has("channel") and isinstance(first.at("channel").value, dict):
        return any(first.at("channel").has(key) for key in _TUNARR)
    items = first.at("items").value
    return isinstance(items, list) and bool(items) and items[0].has("durationMs")


def is_dizquetv(root: Given) -> bool:
    """Whether this is a channel of dizqueTV, or several."""
    first = _first(root)
    holder = first.at("channel") if first.has("channel") else first
    return isinstance(holder.at("programs").value, list) and not any(holder.has(key) for key in _TUNARR)


def _first(root: Given) -> Given:
    return root.value[0] if isinstance(root.value, list) and root.value else root


def read_dizquetv(root: Given, name: str, notes: Notes) -> File:
    """The channels of a dizqueTV export. Raises `Unreadable`."""
    return _read(root, name, notes, _Export(notes, "dizqueTV", _dizquetv))


def read_tunarr(root: Given, name: str, notes: Notes) -> File:
    """The channels of a Tunarr export. Raises `Unreadable`."""
    return _read(root, name, notes, _Export(notes, "Tunarr", _tunarr))


def _read(root: Given, name: str, notes: Notes, export: _Export) -> File:
    channels = root.rows() if isinstance(root.value, list) else [root]
    if not channels or len(channels) > MOST_CHANNELS or not all(isinstance(one.value, dict) for one in channels):
        message = f"it is no channel of {export.program}, and no list of them"
        raise Unreadable(message)
    lines = tuple(export.channel(one, name).line for one in channels)
    preface = (
        f"Migrated from {cleaned(name)}, {export.program}. The report says what is different.",
        "Look at the zone and the tags below, and give the side-cars the ids that are listed; then `fastline check`.",
    )
    del notes
    return File(preface, export.collections, lines)


@dataclass(frozen=True, slots=True)
class _Facts:
    """A channel as it is in the export."""

    given: Given
    items: list[Item]
    logo: str
    filler: Value | None
    schedule: Given
    subtitles: tuple[str, ...] = ()


@dataclass(slots=True)
class _Export:
    """An export that is being read."""

    notes: Notes
    program: str
    facts: Callable[[Given, _Export], _Facts]
    collections: dict[str, Value] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    ids: Names = field(default_factory=Names)
    numbers: set[str] = field(default_factory=set)
    lists: dict[str, str] = field(default_factory=dict)
    """Names of filler lists, custom shows and smart collections, by id."""

    def channel(self, one: Given, name: str) -> Channel:
        """One channel."""
        one.opened()
        self.lists |= _named_lists(one)
        facts = self.facts(one, self)
        about = facts.given
        if not facts.items and facts.schedule.missing and about.text("name") == "":
            message = f"it is no channel of {self.program}: {one.where} has no name, no programs and no slots"
            raise Unreadable(message)
        called = about.text("name") or name.rsplit(".", 1)[0] or "Channel"
        programs = [item for item in facts.items if item.role is Role.PROGRAM and item.name]
        made = self._slots(facts, programs, slug(called)) or Slots(self._lineup(facts, programs, slug(called)))
        self._blame(facts.items)
        block = (
            made.block if facts.filler is None or made.block.filler is not None else _filled(made.block, facts.filler)
        )
        return Channel(
            id=self.ids.name(called, "channel"),
            number=self._number(about),
            name=called,
            block=block,
            dayparts=made.dayparts,
            group=about.text("groupTitle"),
            logo=facts.logo,
            zone=self._zone(facts.schedule),
            subtitles=facts.subtitles,
        )

    def _number(self, about: Given) -> str:
        said = about.text("number")
        good = re.fullmatch(r"[1-9]\d{0,4}", said, re.ASCII) is not None and said not in self.numbers
        number = said if good else str(next(n for n in range(1, 99_999) if str(n) not in self.numbers))
        self.numbers.add(number)
        if not good:
            self.notes.approximated(about, f"number {said or 'none'} is none, or taken: {number} stands in")
        return number

    def _zone(self, schedule: Given) -> str:
        """The zone whose clocks show so much; its clocks never change."""
        minutes = schedule.number("timeZoneOffset")
        if minutes is None or minutes % 60 or not -14 * 60 <= minutes <= 12 * 60:
            self.notes.approximated(
                schedule, "the zone of the server is not in the export: write `zone`, UTC stands in"
            )
            return ""
        zone = f"Etc/GMT{minutes // 60:+d}" if minutes else "UTC"
        where = schedule.at("timeZoneOffset")
        self.notes.approximated(where, f"zone {zone}, whose clocks never change: write the real one, e.g. Europe/Paris")
        return zone

    # What it airs

    def _slots(self, facts: _Facts, programs: list[Item], prefix: str) -> Slots | None:
        if facts.schedule.missing:
            return None
        means = _Meanings(self, programs, prefix)
        made = Reader(self.notes, means.of, self.fill).read(facts.schedule)
        if made is not None and facts.items:
            text = "its slots are taken, and not the lineup that they made"
            self.notes.carried(facts.schedule, text)
        return made

    def _lineup(self, facts: _Facts, programs: list[Item], prefix: str) -> Block:
        """The block that airs a lineup in its order."""
        names = listed(programs)
        if not names:
            self.notes.approximated(facts.given, "its lineup has no program with a title: nothing is tagged `off-air`")
            return Block((Source(OFF_AIR),))
        collection = self.saved(f"{prefix} lineup", self.query(programs))
        self.notes.carried(facts.given, f"{counted(len(names), 'program')}, in their order: collection {collection}")
        again = len(programs) - len(names)
        if again:
            text = f"{counted(again, 'repeat')} within a lap: here each program comes once, and then all again"
            self.notes.approximated(facts.given, text)
        return Block((Source(collection, "listed"),), pad=self._padding(facts))

    def query(self, items: list[Item]) -> Value:
        """The query for exactly these programs; where they have no names elsewhere, by series and title."""
        query: dict[str, Value] = {}
        unsure = [item for item in items if not item.ids]
        if items and len(unsure) == len(items) and all(item.series for item in items):
            query["series"] = list(dict.fromkeys(item.series for item in items))
        elif unsure:
            text = f"without an imdb, tmdb or tvdb id: {counted(len(unsure), 'program')}, listed by title alone"
            self.notes.approximated(unsure[0].given, text)
        return {**query, "listed": listed(items)}

    def saved(self, name: str, query: Value) -> str:
        """The name of a collection for `query`."""
        known = next((key for key, value in self.collections.items() if value == query), None)
        if known is not None:
            return known
        found = self.names.name(name, "collection")
        self.collections[found] = query
        return found

    def _padding(self, facts: _Facts) -> int:
        """The padding that the flex of a lineup makes, in seconds; 0 when it makes none."""
        if not any(item.role is Role.FLEX for item in facts.items):
            return 0
        starts, at = [], 0
        for item in facts.items:
            if item.role is Role.PROGRAM:
                starts.append(at // 1000)
            at += item.length
        begun = facts.given.number("startTime") or 0
        phase = begun // 1000
        found = next((pad for pad in _PADS if all(_near(phase + start, pad) for start in starts)), 0)
        first = next(item for item in facts.items if item.role is Role.FLEX)
        if found:
            self.notes.carried(first.given, f"flex makes programs start on multiples of {found // 60} minutes: pad")
        else:
            text = "flex of no even length is not kept: write `pad`, or `ads` for breaks; filler airs in them"
            self.notes.approximated(first.given, text)
        return found

    def _blame(self, items: list[Item]) -> None:
        """Note what a lineup has that no block can air."""
        away = [item for item in items if item.role is Role.REDIRECT]
        if away:
            where = ", ".join(dict.fromkeys(item.title for item in away))
            text = f"what was another channel's ({where}): write its `include` here, or make this one a `mirror` of it"
            self.notes.left(away[0].given, text)
        nameless = [item for item in items if item.role is Role.PROGRAM and not item.name]
        if nameless:
            text = f"without a title and without an id: {counted(len(nameless), 'program')}"
            self.notes.left(nameless[0].given, text)
        filler = [item for item in items if item.role is Role.FILLER]
        if filler:
            text = f"{counted(len(filler), 'clip')} of filler lists within the lineup: filler is chosen while on air"
            self.notes.left(filler[0].given, text)

    # Lists

    def tag(self, ident: str, what: str) -> str:
        """The tag that stands for a list."""
        called = self.lists.get(ident, "")
        return slug(called) if called else f"{what}-{slug(ident, 'list')[:8].strip('-')}"

    def fill(self, where: Given, lists: list[str]) -> Value | None:
        """What stands for filler lists."""
        tags = list(dict.fromkeys(self.tag(ident, "filler") for ident in lists if ident))
        if not tags:
            return None
        text = f"filler lists are not in the export: give their clips the tag {' or '.join(map(repr, tags))}"
        self.notes.approximated(where, f"{text}, and package them as filler, or as bumpers where they come between")
        return {"any": tags}


def _near(start: int, pad: int) -> bool:
    return min(start % pad, -start % pad) <= _SLACK


def _filled(block: Block, filler: Value) -> Block:
    return Block(block.sources, block.pad, block.overrun, block.ads, block.before, block.after, filler, block.title)


@dataclass(slots=True)
class _Meanings:
    """What the slots of one channel play."""

    export: _Export
    programs: list[Item]
    prefix: str

    def of(self, slot: Given) -> Means:
        """What `slot` plays."""
        inner = slot.part("programming")  # an older Tunarr
        holder = inner if inner.has("type") else slot
        kind, ident = holder.text("type"), holder.text("showId")
        if not kind and ident:  # dizqueTV
            kind, _, ident = ident.partition(".")
        match kind:
            case "movie":
                return self._films(slot)
            case "show" | "tv" | "audio":
                return self._series(slot, holder, ident)
            case "custom-show" | "custom":
                return self._custom(slot, ident or holder.text("customShowId"))
            case "flex":
                return self._nothing(slot, "flex", "filler airs: nothing is tagged `off-air`")
            case "redirect":
                where = holder.text("channelName") or holder.text("channelId") or ident
                text = f"a slot cannot air another channel ({where}): filler airs; write its `include` here instead"
                return self._nothing(slot, "redirect", text)
            case _:
                return self._tagged(slot, holder, kind)

    def _films(self, slot: Given) -> Means:
        films = [item for item in self.programs if item.kind == "movie"]
        if not films:
            self.export.notes.approximated(slot, "its films are not in the export: any film of the library airs")
            return Means("movies", {"kind": [Word("movie")]})
        name = self.export.saved(f"{self.prefix} movies", self.export.query(films))
        self.export.notes.carried(slot, f"films, which are collection {name}")
        return Means("movies", name)

    def _series(self, slot: Given, holder: Given, ident: str) -> Means:
        shown = holder.part("show")
        title = shown.text("title") or holder.part("missingShow").text("title")
        title = title or next((item.series for item in self.programs if ident and ident == item.show), "")
        if not title and ident in {item.series for item in self.programs}:
            title = ident
        if not title:
            tag = self.export.tag(ident, "show")
            text = f"series {ident!r} has no title in the export: give its episodes the tag {tag!r}, or write `series`"
            self.export.notes.approximated(slot, text)
            return Means(tag, {"any": [tag]})
        query: Value = {"series": [title]}
        text = f"all episodes of {title!r} that are in the library: {flow(query)}"
        self.export.notes.carried(slot, text)
        return Means(title, query)

    def _custom(self, slot: Given, ident: str) -> Means:
        shown = [item for item in self.programs if item.group == ident and ident]
        called = self.export.lists.get(ident, "") or slot.part("customShow").text("name") or f"show {ident[:8]}"
        if not shown:
            tag = self.export.tag(ident, "show")
            text = f"custom show {called!r} is not in the export: give its programs the tag {tag!r}"
            self.export.notes.approximated(slot, text)
            return Means(called, {"any": [tag]})
        name = self.export.saved(called, self.export.query(shown))
        slot.text("direction")
        order = "shuffle" if slot.text("order") == "shuffle" else "listed"
        self.export.notes.carried(slot, f"custom show {called!r}: collection {name}")
        return Means(called, name, order)

    def _tagged(self, slot: Given, holder: Given, kind: str) -> Means:
        """A slot of a filler list or a smart collection, or of what nobody knows."""
        key = {"filler": "fillerListId", "smart-collection": "smartCollectionId"}.get(kind, "")
        ident = holder.text(key) if key else ""
        tag = self.export.tag(ident, kind) if ident else slug(kind or "slot", "slot")
        what = f"a slot of {kind or 'no kind'} {self.export.lists.get(ident, ident)!r}"
        text = f"{what} cannot be looked up: give what it plays the tag {tag!r}, packaged as movie, episode or clip"
        self.export.notes.approximated(slot, text)
        return Means(tag, {"any": [tag]})

    def _nothing(self, slot: Given, name: str, text: str) -> Means:
        self.export.notes.approximated(slot, text)
        return Means(name, OFF_AIR, "shuffle")


# Two programs' channels


def _dizquetv(one: Given, export: _Export) -> _Facts:
    about = one.part("channel") if isinstance(one.at("channel").value, dict) else one
    items = [item_of_dizquetv(program) for program in about.rows("programs") if isinstance(program.value, dict)]
    fallback = [item_of_dizquetv(program) for program in about.rows("fallback") if isinstance(program.value, dict)]
    filler = _fillers(about, export)
    clips = listed(fallback)
    if about.text("offlineMode") == "clip" and clips:
        if filler is None:
            filler = {"kind": [Word("filler"), Word("clip")], "listed": clips}
            export.notes.carried(about.at("fallback"), "what airs when nothing else does is the filler")
        else:
            export.notes.left(about.at("fallback"), "filler lists come first: add the clip to them by its tag")
    timed, drawn = about.part("scheduleBackup"), about.part("randomScheduleBackup")
    schedule = drawn if timed.missing else timed
    if not timed.missing and not drawn.missing:
        drawn.leave("the slots with times are taken: a channel has one schedule")
    return _Facts(about, items, _logo(about, about.text("icon"), export), filler, schedule)


def _tunarr(one: Given, export: _Export) -> _Facts:
    about = one.part("channel") if isinstance(one.at("channel").value, dict) else one
    parts = (one.part(key) for key in ("programming", "lineup"))
    programming = next((part for part in parts if isinstance(part.value, dict)), one)
    known = dict(programming.entries("programs"))
    rows = next((programming.rows(key) for key in ("lineup", "items", "programs") if programming.rows(key)), [])
    items = [item_of_tunarr(row, known) for row in rows if isinstance(row.value, dict)]
    for program in known.values():
        if not program.seen:
            program.leave("the lineup does not play it")
    _same(about, programming)
    offline = about.part("offline")
    offline.text("mode")
    icon = about.part("icon").text("path")
    return _Facts(
        about if about.has("name") else programming,
        items,
        _logo(about.at("icon"), icon, export),
        _fillers(about, export),
        programming.part("schedule"),
        _subtitles(about),
    )


def _same(about: Given, programming: Given) -> None:
    """The name and the number stand in both answers."""
    if programming is not about and about.has("name"):
        for key in ("name", "number", "icon"):
            programming.leave("the channel itself says it, too", *([key] if programming.has(key) else []))


def _subtitles(about: Given) -> tuple[str, ...]:
    found = []
    for one in about.rows("subtitlePreferences"):
        one.opened()
        tag = bcp47(one.text("languageCode") or one.text("langugeCode"))
        if tag is not None and tag != "und":
            found.append(tag)
    return tuple(dict.fromkeys(found)) if about.flag("subtitlesEnabled") else ()


def _fillers(about: Given, export: _Export) -> Value | None:
    lists = []
    for one in about.rows("fillerCollections"):
        one.opened()
        ident = one.text("id")
        if ident != "none":
            lists.append(ident)
    return export.fill(about.at("fillerCollections"), lists)


def _logo(where: Given, url: str, export: _Export) -> str:
    if re.fullmatch(r"https?://[^\s\"<>]+", url) and not re.match(r"https?://(localhost|127\.)", url):
        return url
    if url:
        export.notes.left(where, "the logo is no address on the web: write `logo`, or it is drawn from the name")
    return ""


def _named_lists(one: Given) -> dict[str, str]:
    """The names of all lists that the export holds, by id."""
    found = {}
    for key in ("fillerLists", "fillers", "customShows", "smartCollections"):
        for row in one.rows(key):
            row.opened()
            ident = row.text("id") or row.text("uuid")
            if ident and row.text("name"):
                found[ident] = row.text("name")
    return found
