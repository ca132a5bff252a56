"""The language of channels: mistake in, exact words out, for every message that test_config.py does not have."""

from __future__ import annotations

import pytest

from playout.config import Faults, read

NO_NAME = (
    "cannot be a name: write letters and digits, with single hyphens, underscores or spaces between them, at most 60, "
    "e.g. late-night"
)
NO_DATE = (
    "is not a date: write one like 2026-12-24, 12-24, easter+1 or 4th thu of nov, two of them with .. between, or the "
    "name of a holiday"
)
NO_DAY = ": write mon to sun, mon-fri, weekdays or weekend"
MARATHON = (
    'unknown order "marathon": write order: rotation and run: all, or run: 4 for four episodes of each series in a row'
)
LISTED = 'order: listed airs what a query lists: write include: {listed: ["…", "…"]}, or another order'
RUN = "run counts the episodes of a rotation: write order: rotation, or take run out"
ORDERS = "shuffle, sequence, newest, chronological, listed, random or rotation"
PROGRAMS = "movie, episode or clip"
BUMPERS = "preset kids has a bumper at both ends of a break: write"


def lines_of(text: str) -> list[str]:
    found = read(text, "x")
    assert isinstance(found, Faults), found
    return list(found.lines)


def channel(*lines: str) -> str:
    """A good channel in lines 1 to 6, and then `lines`, from line 7 on."""
    head = ("version: 1", "channels:", "  films:", "    number: 1", "    name: Films", "    include: {any: [film]}")
    return "\n".join((*head, *(f"    {line}" for line in lines), ""))


def daypart(*lines: str) -> str:
    """A channel with a daypart in line 8, and then `lines`, from line 9 on."""
    return channel("dayparts:", "  night:", *(f"    {line}" for line in lines))


def top(*lines: str) -> str:
    """A file with `lines` from line 2 on, and a channel `films` after them."""
    return "\n".join(
        ("version: 1", *lines, "channels:", "  films: {number: 1, name: Films, include: {any: [film]}}", "")
    )


def chained(written: str) -> str:
    """Names that lead from one to the next: `n0` to `n1`, and so on up to `n32`."""
    return ", ".join(f"n{step}: {written.format(f'n{step + 1}')}" for step in range(32))


def two(*lines: str) -> str:
    """A good channel `films` in line 3, and another one, `other`, in line 4, with `lines` from line 7 on."""
    return "\n".join(
        (
            "version: 1",
            "channels:",
            "  films: {number: 1, name: Films, include: {any: [film]}, ads: {every: 8m, pod: 1m, any: [ad]}}",
            "  other:",
            "    number: 2",
            "    name: Other",
            *(f"    {line}" for line in lines),
            "",
        )
    )


def ads(written: str) -> str:
    return channel(f"ads: {{any: [ad], {written}}}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        # queries
        (channel("filler: {year: 49}"), ':7: "49" is not a range of years: write 1949, 1940..1959, ..1959 or 1960..'),
        (channel("filler: {year: ..}"), ':7: ".." is not a range of years: write 1949, 1940..1959, ..1959 or 1960..'),
        (channel("filler: {year: 1959..1940}"), ':7: "1959..1940" ends before it begins: write 1940..1959'),
        (channel("filler: {year: [1940]}"), ":7: a year or a range of years is expected here, and this is a list"),
        (
            channel("filler: {duration: 12m}"),
            ':7: "12m" is one length, and hardly any asset is: write ..12m or 12m..',
        ),
        (
            channel("filler: {duration: short..}"),
            ':7: "short.." is not a range of lengths: write ..12m, 20m..45m or 60m..',
        ),
        (channel("filler: {duration: 45m..20m}"), ':7: "45m..20m" ends before it begins: write 20m..45m'),
        (channel("filler: {added: 2 weeks}"), ':7: "2 weeks" is not a span of time, did you mean "2w"?'),
        (channel("filler: {added: 10m}"), ':7: "10m" is out of range: write 1h to 3650d'),
        (channel("filler: {on_this_day: maybe}"), ':7: "maybe" is neither yes nor no: write one of them'),
        (channel("filler: {on_this_day: [yes]}"), ":7: yes or no is expected here, and this is a list"),
        (channel("filler: {listed: []}"), ':7: the list is empty: write one title at least, e.g. ["Night Train"]'),
        (channel("filler: {listed: [A, B, A]}"), ':7: "A" is in the list twice: take one out'),
        (channel('filler: {listed: [""]}'), ":7: a title is empty: write its name, or take it out"),
        (channel('filler: {series: [""]}'), ":7: a series is empty: write its name, or take it out"),
        (channel('filler: {genre: " "}'), ":7: a genre is empty: write its name, or take it out"),
        (channel('filler: {rating: ""}'), ":7: a rating is empty: write one like PG or TV-14, or unrated"),
        (channel("filler: {rating: [TVMA]}"), ':7: unknown rating "TVMA", did you mean "TV-MA"?'),
        (channel("filler: {rating: [PG 13]}"), ':7: unknown rating "PG 13", did you mean "PG-13"?'),
        (channel("filler: {rating: not rated}"), ':7: unknown rating "not rated", did you mean "unrated"?'),
        (
            channel("filler: {language: [english]}"),
            (':7: unknown language "english": write a BCP 47 tag like en, fr or pt-BR, or und for none'),
        ),
        (channel("filler: {show: [Pip]}"), ':7: unknown key "show", did you mean "series"?'),
        (channel("filler: {genres: [noir]}"), ':7: unknown key "genres", did you mean "genre"?'),
        (channel("filler: {titles: [A]}"), ':7: unknown key "titles", did you mean "listed"?'),
        (channel("filler: []"), ":7: the list is empty: write one query at least, e.g. [{any: [film]}]"),
        (
            channel("filler: [[a]]"),
            ":7: a query or the name of a collection is expected here, and this is a list",
        ),
        (channel("include_: x"), ':7: unknown key "include_", did you mean "include"? That is in line 6 already'),
        # collections
        (
            channel("filler: trailers"),
            (
                ':7: unknown collection "trailers": write {any: [trailers]} for a tag, or save a '
                "query of this name under "
                '"collections"'
            ),
        ),
        (
            top("collections: {noir: {genre: [noir]}, western: {genre: [western]}}", "defaults: {filler: nior}"),
            ':3: unknown collection "nior", did you mean "noir"?',
        ),
        (
            top("collections: {noir: {genre: [noir]}, western: {genre: [western]}}", "defaults: {filler: trailer}"),
            ':3: unknown collection "trailer", saved are noir and western: write {any: [trailer]} for a tag',
        ),
        (
            top("collections: {}", "defaults: {filler: trailer}"),
            ':3: unknown collection "trailer": write {any: [trailer]} for a tag',
        ),
        (
            top("collections: {a: b, b: {collection: [c]}, c: [a]}"),
            ':2: "a" is made of itself: a → b → c → a',
        ),
        (
            top(f"collections: {{{chained('[{}]')}, n32: {{kind: movie}}}}"),
            ':2: "n32" is reached over 32 names, from "n0" on: say it in fewer steps',
        ),
        (top("collections:", "  noir:"), ':3: nothing stands below "noir": write a query, e.g. {any: [film]}'),
        (top("collections: {-x: {}}"), f':2: "-x" {NO_NAME}'),
        (top("collections: {none: {}}"), f':2: "none" {NO_NAME}'),
        (top(f"collections: {{{'x' * 61}: {{}}}}"), f':2: "{"x" * 57}…" {NO_NAME}'),
        (
            top("collections: [noir]"),
            ":2: a mapping of queries by name is expected here: keys and values, e.g. {any: [film]}",
        ),
        (
            top("collections: {noir: {collection: {any: [film]}}}"),
            ":2: a list is expected here, e.g. [film, kids], and this is a mapping",
        ),
        (
            top("collections: {noir: {collection: [{any: [film]}]}}"),
            ":2: the name of a collection is expected here, and this is a mapping",
        ),
        (
            top("collections: {spots: {kind: [ad, bumper]}}", "defaults: {exclude: spots}"),
            f":3: the collection is of kind ad or bumper, and here it is {PROGRAMS} that is wanted: nothing can match",
        ),
        (
            top("collections: {spots: {kind: [ad]}}", "defaults: {filler: {collection: [spots], kind: clip}}"),
            ":3: the collection is of kind ad, and here it is clip that is wanted: nothing can match",
        ),
        # sources
        (channel("order: marathon"), f":7: {MARATHON}"),
        (channel("order: shuffle_in_order"), ':7: unknown order "shuffle_in_order", did you mean "rotation"?'),
        (channel("order: season_episode"), ':7: unknown order "season_episode", did you mean "sequence"?'),
        (channel("order: listed"), f":7: {LISTED}"),
        (daypart("at: 20:00", "order: listed"), f":10: {LISTED}"),
        (channel("run: 2"), f":7: {RUN}"),
        (channel("order: sequence", "run: all"), f":8: {RUN}"),
        (
            channel("order: rotation", "run: 0"),
            ":8: 0 episodes is out of range: write 1 to 1000 (or all, for a series from its first to its last)",
        ),
        (channel("order: rotation", "run: few"), ':8: "few" is not a whole number of episodes'),
        (channel("order: rotation", "run: [2]"), ":8: a whole number is expected here, and this is a list"),
        (
            channel("cooldown: 12h"),
            ":7: cooldown goes with order: random; for every other order write never: {repeat: …}",
        ),
        (
            channel("order: random", "cooldown: 12"),
            (':8: "12" is not a span of time: write 12m for minutes or 12s for seconds'),
        ),
        (channel("order: random", "cooldown: 400d"), ':8: "400d" is out of range: write 1m to 366d'),
        (
            channel("since: 2026-01-01"),
            ":7: since counts the days of a fixed order: write order: sequence, chronological or listed",
        ),
        (channel("since: 2026-02-30", "order: sequence"), ':7: "2026-02-30" is not a date: write one like 2026-01-31'),
        (channel("since: 20260101", "order: sequence"), ':7: "20260101" is not a date: write one like 2026-01-31'),
        (
            channel("since: 2026-01-01", "order: sequence", "position: x"),
            ":9: the calendar is the position: take since out, or position",
        ),
        (
            channel("order: sequence", "a_day: 2"),
            ":8: a_day says how many are due each day since a date: write since, too, e.g. since: 2026-01-01",
        ),
        (
            channel("order: sequence", "since: 2026-01-01", "a_day: 0"),
            ":9: 0 programs is out of range: write 1 to 1000 (a day has no more)",
        ),
        (channel("position: a/b"), f':7: "a/b" {NO_NAME}'),
        (
            channel("programs: [{include: {}}]"),
            ":7: programs and include are two ways to say what airs: take one of them out",
        ),
        (
            daypart("at: 20:00", "programs: []"),
            ":10: the list is empty: write one source at least, e.g. [{include: {any: [film]}}]",
        ),
        (
            daypart("at: 20:00", "programs: [{weight: 2}]"),
            ':10: missing key "include": which programs, e.g. include: {any: [film]}',
        ),
        (
            daypart("at: 20:00", "programs: [{include: {}, weight: 0}]"),
            ":10: 0 parts is out of range: write 1 to 100 (what counts is the ratio)",
        ),
        (
            daypart("at: 20:00", "position: x", "programs: [{include: {}}]"),
            ":10: a position belongs to one source: write it below programs",
        ),
        (daypart("at: 20:00", "programs:", "  - include: {}", "    run: 3"), f":12: {RUN}"),
        (
            daypart("at: 20:00", "programs: [noir]"),
            (":10: a source is expected here: keys and values, e.g. {any: [film]}"),
        ),
        (daypart("at: 20:00", "playlist: []"), ':10: unknown key "playlist", did you mean "programs"?'),
        # ads and their breaks
        (ads("every: 8m, pod: 2m, preset: movies"), ':7: unknown preset "movies", did you mean "film"?'),
        (ads("every: 8m, pod: 2m, preset: cinema"), ':7: unknown preset "cinema", write film, kids or fast'),
        (ads("preset: film"), ':7: missing key "pod": how long a break is, e.g. 60s'),
        (ads("preset: kids"), f":7: {BUMPERS} bumper: {{any: […]}}"),
        (ads("preset: kids, bumper: none"), f":7: {BUMPERS} one query, or both in and out"),
        (ads("preset: kids, bumper: {in: {any: [x]}}"), f":7: {BUMPERS} one query, or both in and out"),
        (
            ads("preset: fast, pod: 9m"),
            ":7: a pod of 9m is longer than the 8m that load allows in an hour: no break would ever air",
        ),
        (
            ads("every: 8m, pod: 2m, load: 90s"),
            ":7: a pod of 2m is longer than the 1m30s that load allows in an hour: no break would ever air",
        ),
        (ads("every: 8m, pod: 2m, load: 2h"), ':7: "2h" is out of range: write 1s to 1h'),
        (ads("every: 8m, pod: 2m, most: 0"), ":7: 0 ads is out of range: write 1 to 100 (leave it out for any number)"),
        (ads("every: 8m, pod: 2m, rolls: [start]"), ':7: unknown roll "start", write pre, mid or post'),
        (ads("every: 8m, pod: 2m, rolls: [pre_roll]"), ':7: unknown roll "pre_roll", did you mean "pre"?'),
        (ads("every: 8m, pod: 2m, rolls: []"), ":7: the list is empty: write pre, mid or post, or ads: none"),
        (
            ads("every: 8m, pod: 2m, rolls: [pre], after: 10m"),
            ":7: after and before are about breaks inside a program: write mid under rolls, too",
        ),
        (
            ads("every: 8m, pod: 2m, apart: {}"),
            ":7: apart says nothing: write apart: {advertiser: 30m, category: 10m}, or one of the two",
        ),
        (
            ads("every: 8m, pod: 2m, apart: {advertiser: 1h, brand: 1h}"),
            ':7: unknown key "brand", known here: advertiser, category',
        ),
        (
            ads("every: 8m, pod: 2m, apart: 1h"),
            (":7: how far ads are apart is expected here: keys and values, e.g. {any: [film]}"),
        ),
        (ads("every: 8m, pod: 2m, cap: twice"), ':7: "twice" is not a cap: write one like 2 in 1h, or 6 in 24h'),
        (ads("every: 8m, pod: 2m, cap: 2 per 1h"), ':7: "2 per 1h" is not a cap: write one like 2 in 1h, or 6 in 24h'),
        (ads("every: 8m, pod: 2m, cap: 0 in 1h"), ':7: "0 in 1h" is out of range: write 1 or more, in 1m to 31d'),
        (ads("every: 8m, pod: 2m, cap: 2 in 32d"), ':7: "2 in 32d" is out of range: write 1 or more, in 1m to 31d'),
        (ads("every: 8m, pod: 2m, cap: [2]"), ":7: a cap is expected here, and this is a list"),
        (
            ads("every: 8m, pod: 2m, bumper: {in: {any: [x]}, any: [y]}"),
            ':7: unknown key "any", known here: in, out',
        ),
        (ads("every: 8m, pod: 2m, volume: 3m"), ':7: unknown key "volume", did you mean "load"?'),
        # blocks
        (
            channel("pad: 7m"),
            ':7: "7m" does not divide a day: write one like 5m, 10m, 15m, 20m, 30m, 1h or 2h',
        ),
        (channel("pad: 30s"), ':7: "30s" is out of range: write 1m to 12h'),
        (channel("overrun: 2d"), ':7: "2d" is out of range: write 0s to 24h'),
        (channel("flex: {any: [x]}"), ':7: unknown key "flex", did you mean "filler"?'),
        (channel("fallback: {any: [x]}"), ':7: unknown key "fallback", did you mean "filler"?'),
        (channel("custom_title: x"), ':7: unknown key "custom_title", did you mean "title"?'),
        (channel("pad_to_next: 30"), ':7: unknown key "pad_to_next", did you mean "pad"?'),
        (channel("playout: []"), ':7: unknown key "playout", did you mean "dayparts"?'),
        (channel("slots: []"), ':7: unknown key "slots", did you mean "dayparts"?'),
        # dayparts
        (
            channel("dayparts: [night]"),
            ":7: a mapping of dayparts by name is expected here: keys and values, e.g. {any: [film]}",
        ),
        (channel("dayparts:", "  night:"), ':8: nothing stands below "night": a daypart has from and to, or at'),
        (
            channel("dayparts: {night: 20:00}"),
            ":7: a daypart is expected here: keys and values, e.g. {any: [film]}",
        ),
        (channel("dayparts: {a--b: {at: 20:00}}"), f':7: "a--b" {NO_NAME}'),
        (daypart("title: x"), ":8: it has no time: write from: 06:00 and to: 12:00, or at: 20:15"),
        (daypart("from: 06:00"), ':8: missing key "to": when it ends, e.g. to: 12:00'),
        (daypart("to: 06:00"), ':8: missing key "from": when it begins, e.g. from: 06:00'),
        (
            daypart("from: 06:00", "at: 07:00"),
            ":9: at is a start by itself: take from and to out, or at",
        ),
        (
            daypart("from: 06:00", "to: 07:00", "count: 2"),
            ":11: count goes with at: a daypart with from and to lasts until it ends",
        ),
        (
            daypart("at: 20:00", "count: 0"),
            ":10: 0 programs is out of range: write 1 to 1000 (for a stretch of time write from and to)",
        ),
        (daypart("at: []"), ":9: the list is empty: write one time at least, e.g. [20:15]"),
        (daypart("at: [20:15, 20:15]"), ':9: "20:15" is in the list twice: take one out'),
        (daypart("at: noon"), ':9: "noon" is not a time of day: write one like 06:00 or 20:15:30'),
        (daypart("at: 8pm"), ':9: "8pm" is not a time of day, did you mean "20:00"?'),
        (daypart("at: 12:30 am"), ':9: "12:30 am" is not a time of day, did you mean "00:30"?'),
        (daypart("at: 20h15"), ':9: "20h15" is not a time of day, did you mean "20:15"?'),
        (daypart("at: 20.15"), ':9: "20.15" is not a time of day, did you mean "20:15"?'),
        (daypart("at: 26:00"), ':9: "26:00" is not a time of day: write one like 06:00 or 20:15:30'),
        (daypart("at: 2026-02-30 20:15"), ':9: "2026-02-30" is not a day of the calendar'),
        (
            daypart("at: 2026-12-24 20:15", "days: mon"),
            ":10: at has a date of its own: take days and dates out",
        ),
        (daypart("from: 24:00", "to: 01:00"), ':9: "24:00" is not a time of day: a day begins at 00:00'),
        (daypart("from: 23:00", "to: 25:00"), ':10: "25:00" is not a time of day: write one like 06:00 or 20:15:30'),
        (daypart("from: [06:00]", "to: 07:00"), ":9: a time of day is expected here, and this is a list"),
        (daypart("start: 06:00", "to: 07:00"), ':9: unknown key "start", did you mean "from"?'),
        (daypart("from: 06:00", "end: 07:00"), ':10: unknown key "end", did you mean "to"?'),
        (daypart("time: 06:00"), ':9: unknown key "time", did you mean "at"?'),
        (daypart("at: 06:00", "weekdays: x"), ':10: unknown key "weekdays", did you mean "days"?'),
        (daypart("at: 06:00", "days: monday"), ':10: unknown day "monday", did you mean "mon"?'),
        (daypart("at: 06:00", "days: Mon-Friday"), ':10: unknown day "Mon-Friday", did you mean "mon-fri"?'),
        (daypart("at: 06:00", "days: workdays"), ':10: unknown day "workdays", did you mean "weekdays"?'),
        (daypart("at: 06:00", "days: daily"), ':10: unknown day "daily": for every day, take days out'),
        (daypart("at: 06:00", "days: [x]"), f':10: unknown day "x"{NO_DAY}'),
        (daypart("at: 06:00", 'days: "-"'), f':10: unknown day "-"{NO_DAY}'),
        (
            daypart("at: 06:00", "days: []"),
            (":10: the list is empty: write one day at least, e.g. [mon], or take days out"),
        ),
        (daypart("at: 06:00", "dates: 24.12."), f':10: "24.12." {NO_DATE}'),
        (daypart("at: 06:00", "dates: 12-24..x"), f':10: "12-24..x" {NO_DATE}'),
        (daypart("at: 06:00", "dates: [[x]]"), ":10: a date is expected here, and this is a list"),
        (daypart("at: 06:00", "dates: Easter"), ':10: "Easter" is not a date, did you mean "easter"?'),
        (
            daypart("at: 06:00", "dates: 12-24..Last  Mon of May"),
            ':10: "Last Mon of May" is not a date, did you mean "last mon of may"?',
        ),
        (daypart("at: 06:00", "dates: 02-30"), ':10: "02-30" is not a day of the calendar'),
        (daypart("at: 06:00", "dates: 2026-02-29"), ':10: "2026-02-29" is not a day of the calendar'),
        (
            daypart("at: 06:00", "dates: 2026-12-24..01-06"),
            ':10: "2026-12-24..01-06" has a year at one end only: write it at both, or at neither',
        ),
        (
            daypart("at: 06:00", "dates: 2026-12-24..2026-01-06"),
            ':10: "2026-12-24..2026-01-06" ends before it begins: write 2026-01-06..2026-12-24',
        ),
        (
            daypart("at: 06:00", "dates: []"),
            (":10: the list is empty: write one date at least, e.g. [12-24], or take dates out"),
        ),
        (
            daypart("at: 06:00", "priority: 101"),
            (":10: 101 is out of range: write -100 to 100 (of dayparts that overlap the highest airs)"),
        ),
        (daypart("at: 06:00", "priority: high"), ':10: "high" is not a whole number'),
        (daypart("at: 06:00", "late: truncate"), ':10: unknown lateness "truncate", did you mean "cut"?'),
        (daypart("at: 06:00", "late: 5m"), ':10: unknown lateness "5m", write run, cut or skip'),
        (
            channel("dayparts:", "  news:", "    at: [18:00, 20:00]", "  news-2:", "    at: 22:00"),
            ':8: the times of "news" are called news-2 and so on, and there is one: give it another name',
        ),
        (
            channel("order: listed_", "dayparts: {night: {at: 20:00}}"),
            ':7: unknown order "listed_", did you mean "listed"?',
        ),
        # holidays
        (top("holidays: {-x: 12-24}"), f':2: "-x" {NO_NAME}'),
        (top("holidays: {12-24: 12-25}"), ':2: "12-24" is a date, and cannot be the name of others'),
        (top("holidays: {02-30: 12-25}"), ':2: "02-30" is a date, and cannot be the name of others'),
        (top("holidays: {x: []}"), ":2: the list is empty: write one date at least, e.g. [12-24]"),
        (top("holidays: {x: 12-40}"), ':2: "12-40" is not a day of the calendar'),
        (top("holidays:", "  x:"), ':3: nothing stands below "x": write its dates, e.g. 12-24..12-26'),
        (
            top("holidays: [x]"),
            ":2: a mapping of dates by name is expected here: keys and values, e.g. {any: [film]}",
        ),
        (
            top("holidays: {summer: 07-01..08-31}", "defaults: {dayparts: {x: {at: 06:00, dates: sumer}}}"),
            ':3: unknown holiday "sumer", did you mean "summer"?',
        ),
        # never
        (channel("never: {repeat: 10}"), ':7: "10" is not a span of time: write 10m for minutes or 10s for seconds'),
        (channel("never: {repeat: 2y}"), ':7: "2y" is not a span of time: write one like 90s, 8m, 1h30m or 00:12:00'),
        (channel("never: {repeat: 1y}"), ':7: "1y" is not a span of time: write one like 90s, 8m, 1h30m or 00:12:00'),
        (
            channel("never: {group: films}"),
            ':7: missing key "apart": how long titles stay apart within the group, e.g. apart: 6h',
        ),
        (
            channel("never: {apart: 6h}"),
            ':7: missing key "group": which channels keep their titles apart, e.g. group: films in each of them',
        ),
        (
            channel("never:", "  repeat: 1h", "  group: films", "  apart: 6h"),
            (
                ':9: no other channel is in group "films": write never: {group: films, apart: '
                "6h} in the others too, or "
                "take group and apart out"
            ),
        ),
        (
            channel("never: {watershed: {rating: [R]}}"),
            (':7: missing key "only": when they may air, e.g. only: 21:00-05:00'),
        ),
        (
            channel("never: {watershed: [{only: 21:00-05:00}]}"),
            (':7: missing key "rating": which programs, e.g. rating: [R]'),
        ),
        (
            channel("never: {watershed: {rating: [], only: 21:00-05:00}}"),
            ":7: the list is empty: write one rating at least, e.g. [R]",
        ),
        (
            channel("never: {watershed: {rating: R, only: late}}"),
            ':7: "late" is not a stretch of hours: write one like 21:00-05:00',
        ),
        (
            channel("never: {watershed: {rating: R, only: 21:00-25:00}}"),
            ':7: "21:00-25:00" is not a stretch of hours: write one like 21:00-05:00',
        ),
        (
            channel("never: {watershed: {rating: R, only: 00:00-24:00}}"),
            ':7: "00:00-24:00" is the whole day: write the hours that are meant, or take it out',
        ),
        (channel("never: {repeats: 1h}"), ':7: unknown key "repeats", did you mean "repeat"?'),
        (channel("never: [R]"), ":7: what it never does is expected here: keys and values, e.g. {any: [film]}"),
        (channel("territories: [UK]"), ':7: unknown territory "UK", did you mean "GB"?'),
        (channel("territories: USA"), ':7: unknown territory "USA", did you mean "US"?'),
        (
            channel("territories: [Europe]"),
            ':7: unknown territory "Europe", write the two letters of ISO 3166-1, e.g. US, CA or FR',
        ),
        (
            channel("territories: []"),
            ":7: the list is empty: write one territory at least, e.g. [US], or territories: none",
        ),
        (channel("countries: [US]"), ':7: unknown key "countries", did you mean "territories"?'),
        (channel("clock_change: {missing: never}"), ':7: unknown policy "never", write next, shift or skip'),
        (channel("clock_change: {twice: third}"), ':7: unknown policy "third", write first, second or both'),
        (
            channel("clock_change: skip"),
            (":7: what it does when the clocks change is expected here: keys and values, e.g. {any: [film]}"),
        ),
        # templates
        (channel("like: films"), ':7: unknown template "films", there are none under "templates"'),
        (
            channel("like: films").replace("channels:", "templates: {}\nchannels:"),
            ':8: unknown template "films", there are none under "templates"',
        ),
        (top("templates: {films: {like: film}}"), ':2: unknown template "film", did you mean "films"?'),
        (top("templates: {a: {like: x}, b: {}}"), ':2: unknown template "x", write a or b'),
        (top("templates: {a: {like: [b]}, b: {like: a}}"), ':2: "a" is like itself: a → b → a'),
        (
            top(f"templates: {{{chained('{{like: {}}}')}, n32: {{group: x}}}}"),
            ':2: "n32" is reached over 32 names, from "n0" on: say it in fewer steps',
        ),
        (top("templates: {a: {name: x}}"), ":2: a name belongs to one channel: take it out of the template"),
        (top("defaults: {name: x}"), ':2: a name belongs to one channel: take it out of "defaults"'),
        (top("templates:", "  a:"), ':3: nothing stands below "a": write the settings that channels may take from it'),
        (top("templates: {a__b: {}}"), f':2: "a__b" {NO_NAME}'),
        (
            top("templates: [a]"),
            ":2: a mapping of settings by name is expected here: keys and values, e.g. {any: [film]}",
        ),
        (top("templates: {a: b}"), ":2: a mapping of settings is expected here: keys and values, e.g. {any: [film]}"),
        (
            top("templates: {a: {}}", "defaults: {like: a}"),
            (
                ':3: unknown key "like", known here: include, exclude, '
                "order, run, cooldown, position, since, a_day, programs, ads, filler, before, "
                "after, pad, overrun, title, "
                "house, group, description, logo, languages, subtitles, access, ages, window, zone, horizon, never, "
                "territories, clock_change, dayparts"
            ),
        ),
        (channel("like: {a: b}"), ":7: a list is expected here, e.g. [film, kids], and this is a mapping"),
        (channel("like: [[a]]"), ":7: the name of a template is expected here, and this is a list"),
        (channel("extends: a"), ':7: unknown key "extends", did you mean "like"?'),
        # derived channels
        (two("mirror: {of: films}"), ':7: missing key "offset": how much later it airs, e.g. offset: 1h'),
        (two("mirror: {offset: 1h}"), ':7: missing key "of": which channel it repeats, by its id'),
        (two("mirror: films"), ":7: what it mirrors is expected here: keys and values, e.g. {any: [film]}"),
        (two("mirror: {of: film, offset: 1h}"), ':7: unknown channel "film", did you mean "films"?'),
        (two("mirror: {of: kids, offset: 1h}"), ':7: unknown channel "kids", write films'),
        (
            two("mirror: {of: films, offset: 1h}").replace("any: [film]", "ani: [film]"),
            ':3: unknown key "ani", did you mean "any"?',
        ),
        (two("mirror: {of: other, offset: 1h}"), ':7: "other" is derived itself: write what it repeats, of: "other"'),
        (
            "version: 1\nchannels:\n  a: {number: 1, name: A, mirror: {of: b, offset: 1h}}\n",
            ':3: unknown channel "b", and there is no other that it could repeat',
        ),
        (
            two("mirror: {of: films, offset: soon}"),
            (':7: "soon" is not an offset: write one like 1h, or -3h for three hours ahead'),
        ),
        (
            two("mirror: {of: films, offset: 0h}"),
            ":7: an offset of 0 makes the same channel twice: write one like 1h, or -3h",
        ),
        (two("mirror: {of: films, offset: 8d}"), ':7: "8d" is out of range: write -23h50m to 7d'),
        (two("mirror: {of: films, offset: -24h}"), ':7: "-24h" is out of range: write -23h50m to 7d'),
        (two("mirror: {of: films, offset: [1h]}"), ":7: an offset is expected here, and this is a list"),
        (
            two("mirror: {of: films, offset: -3h}"),
            ':7: a mirror 3h ahead needs its original decided so far ahead: give "films" horizon: 3h10m or more',
        ),
        (
            two("mirror: {of: films, offset: -90s}"),
            ':7: a mirror 1m30s ahead needs its original decided so far ahead: give "films" horizon: 12m or more',
        ),
        (
            two("mirror: {of: films, offset: 1h}", "order: shuffle"),
            ":8: a mirror takes this from its original: take order out",
        ),
        (
            two("mirror: {of: films, offset: 1h}", "zone: UTC"),
            ":8: a mirror takes this from its original: take zone out",
        ),
        (
            two("mirror: {of: films, offset: 1h}", "regional: {of: films}", "ads: {any: [x]}"),
            ":8: a channel is a mirror or a regional copy: take one of the two out",
        ),
        (two("redirect: {of: films}", "include: {}"), ':7: unknown key "redirect", did you mean "mirror"?'),
        (
            two("regional: {of: films}"),
            ':4: missing key "ads": which ads it has in place of the original\'s, e.g. ads: {any: [ad-fr]}',
        ),
        (
            two("regional: {of: films}", "ads: {any: [x]}").replace(", ads: {every: 8m, pod: 1m, any: [ad]}", ""),
            ':7: "films" has no breaks that other ads could fill: give it ads, or write a mirror',
        ),
        (
            two("regional: {of: films}", "ads: {any: [x], every: 8m}"),
            ":8: a regional copy has the breaks of its original: take every out",
        ),
        (two("regional: {of: films}", "ads: {most: 4}"), ":8: ads without tags: write which ones, e.g. any: [ad]"),
        (
            two("regional: {of: films}", "ads: {any: [x]}", "horizon: 1h"),
            ":9: a regional copy takes this from its original: take horizon out",
        ),
        # what a channel has in common with the others
        (
            (
                "version: 1\nchannels:\n  a: {number: 1, name: A, include: {}, never: {group: g, apart: 6h}}\n"
                "  b: {number: 2, name: B, include: {}, never: {group: g, apart: 3h}}\n"
            ),
            ':4: titles of group "g" stay 3h apart here, and 6h in line 3: write the same in all of its channels',
        ),
    ],
)
def test_a_mistake_is_told_by_line_with_what_was_meant(text: str, fault: str) -> None:
    assert lines_of(text) == ["x" + fault]


SHARED = """\
version: 1
defaults: {include: {any: [film]}, order: shuffle}
collections: {noir: {genre: [noir]}, western: {genre: [western]}}
holidays: {summer: 07-01..08-31, winter: 12-21..03-20}
templates: {base: {title: Base}, night: {like: base, dayparts: {x: {at: 06:00, dates: [summer, winter]}}}}
channels:
  a: {number: 1, name: A}
  b: {number: 2, name: B, like: night}
  c: {number: 3, name: C, like: base, include: [noir, western]}
"""


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("order: shuffle", "ordr: shuffle", ':2: unknown key "ordr", did you mean "order"?'),
        ("include: {any: [film]}", "include: {ani: [film]}", ':2: unknown key "ani", did you mean "any"?'),
        ("noir: {genre: [noir]}", "noir: {genr: [noir]}", ':3: unknown key "genr", did you mean "genre"?'),
        ("summer: 07-01..08-31", "summer: 07-01..08-32", ':4: "08-32" is not a day of the calendar'),
        ("title: Base", "titel: Base", ':5: unknown key "titel", did you mean "title"?'),
        ("at: 06:00", "at: 6am", ':5: "6am" is not a time of day, did you mean "06:00"?'),
        ("like: base, dayparts", "like: bas, dayparts", ':5: unknown template "bas", did you mean "base"?'),
    ],
)
def test_a_mistake_in_what_channels_share_brings_no_others_about(good: str, bad: str, fault: str) -> None:
    assert not isinstance(read(SHARED, "x"), Faults)
    assert lines_of(SHARED.replace(good, bad, 1)) == ["x" + fault]


def test_a_template_that_is_not_there_brings_no_missing_include_about() -> None:
    text = SHARED.replace("{include: {any: [film]}, order: shuffle}", "{}").replace("{title: Base}", "{include: noir}")
    assert lines_of(text.replace("name: A", "name: A, like: bas")) == [
        'x:7: unknown template "bas", did you mean "base"?'
    ]
