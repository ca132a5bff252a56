"""Files in the language of channels, good and bad, as Hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

_SCALARS = st.sampled_from(
    [
        "1", "0", "-1", "all", "none", "yes", "noir", "film", "films", "mon-fri", "12-24..12-26", "easter+1", "06:00",
        "24:00", "8m", "90s", "14d", "-3h", "1940..", "..12m", "2 in 1h", "2026-12-24 20:15", "TV-MA", "US", "cut",
        "rotation", "listed", "21:00-05:00", "kids", "Europe/Paris", "~", "''", "9pm", "4th thu of nov", "[]", "{}",
    ]
)  # fmt: skip
_KEYS = st.sampled_from(
    [
        "any", "all", "none", "kind", "series", "rating", "year", "duration", "added", "listed", "collection",
        "include", "exclude", "order", "run", "cooldown", "position", "since", "a_day", "programs", "weight", "ads",
        "every", "pod", "bumper", "in", "out", "most", "load", "rolls", "after", "before", "apart", "cap", "preset",
        "filler", "pad", "overrun", "title", "never", "repeat", "group", "watershed", "only", "territories",
        "clock_change", "missing", "twice", "dayparts", "from", "to", "at", "count", "days", "dates", "priority",
        "late", "mirror", "regional", "of", "offset", "like", "number", "name", "window", "zone", "nonsense", "films",
    ]
)  # fmt: skip
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(_KEYS, inner, max_size=4).map(
            lambda table: "{" + ", ".join(f"{key}: {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=12,
)


@st.composite
def anything_written(draw: st.DrawFn) -> str:
    """A file with words of the language, where they belong and where they do not."""
    names = st.sampled_from(["defaults", "collections", "holidays", "templates", "x"])
    top = draw(st.dictionaries(names, _ANYTHING))
    channel = {"number": "1", "name": "N", "include": "{}"} | draw(st.dictionaries(_KEYS, _ANYTHING, max_size=6))
    lines = ["version: 1", *(f"{key}: {value}" for key, value in top.items()), "channels:", "  films:"]
    lines += [f"    {key}: {value}" for key, value in channel.items()]
    return "\n".join((*lines, "  other: {number: 2, name: Other, mirror: {of: films, offset: 1h}}", ""))


_QUERY = {
    "any": ["film", "[film, Kids, 1950, yes]", "[]"],
    "all": ["[hd]"],
    "none": ["old", "[old, ~]"],
    "kind": ["clip", "[movie, episode]"],
    "series": ["[The Lighthouse, 24]"],
    "genre": ["noir"],
    "rating": ["PG", "[tv-ma, 12, unrated]"],
    "language": ["[en, pt-BR, no]"],
    "year": ["1949", "1940..1959", "..1959", "1960..", "1940 .. 1959"],
    "duration": ["..12m", "20m..45m", "00:20:00..", "20m ..  45m"],
    "added": ["14d", "2w1d", "36h"],
    "on_this_day": ["yes", "No", "true", "FALSE"],
    "listed": ["[B, a, 7]", "imdb:tt0041959"],
    "collection": ["noir", "[noir, 1984]"],
}
_ADS = {
    "preset": ["film", "fast"],
    "most": ["6"],
    "load": ["8m", "1h"],
    "rolls": ["mid", "[post, mid]"],
    "after": ["0m", "10m"],
    "before": ["10m"],
    "bumper": ["none", "noir", "{any: [b]}", "{in: {any: [b]}, out: noir}", "[{any: [b]}, noir]"],
    "apart": ["{advertiser: 30m}", "{advertiser: 30m, category: 10m}"],
    "cap": ["2 in 1h", "6 in  24h"],
}
_ORDERS = [
    "order: shuffle", "order: rotation, run: 2", "order: rotation, run: all", "order: random, cooldown: 2d",
    "order: sequence, since: 2026-01-31, a_day: 2", "order: newest", "order: chronological, position: here",
    "cooldown: none",
]  # fmt: skip
_BLOCK = {
    "exclude": ["none", "~", "{any: [kids]}", "[noir, {any: [kids]}]"],
    "filler": ["none", "{}", "1984", "[noir, 1984]"],
    "before": ["{any: [ident]}", "null"],
    "after": ["noir"],
    "pad": ["30m", "none", "1h", "00:15:00"],
    "overrun": ["0m", "15m", "none"],
    "title": ["Night", "1", '""', "~"],
}
_TIMES = [
    "from: 06:00, to: 12:00", "from: 22:30:15, to: 24:00", "from: 23:00, to: 5:00", "at: 20:15", "at: [6:00, 20:15]",
    "at: 20:15, count: 2",
]  # fmt: skip
_DAYS = {
    "days": ["mon", "[sat, sun]", "fri-mon", "weekdays", "[weekend, wed-thu]"],
    "dates": ["12-24", "[2026-12-24, summer]", "12-24 .. 12-26", "easter+1", "4th thu of nov", "[1984]"],
    "priority": ["-100", "7"],
    "late": ["run", "cut", "skip"],
}
_CHANNEL = {
    "house": ["fast", "hd25"],
    "group": ["Movies", "7"],
    "description": ["All day", '""'],
    "logo": ["https://example.com/a.png", "none"],
    "languages": ["en", "[en, no]"],
    "subtitles": ["[]", "[fr]"],
    "window": ["12"],
    "zone": ["UTC", "Europe/Paris"],
    "horizon": ["10m", "4h"],
    "territories": ["US", "[us, CA, NO]", "none"],
    "clock_change": ["{missing: skip}", "{missing: shift, twice: both}", "{}"],
    "never": [
        "none", "{}", "{repeat: 14d}", "{watershed: {rating: [R], only: 21:00-05:00}}",
        "{repeat: 1d, watershed: [{rating: [15, R], only: 9:00 - 24:00}, {rating: tv-ma, only: 22:00-05:00}]}",
    ],
    "like": ["base", "[base, 1984]"],
}  # fmt: skip

Words = dict[str, list[str]]


def _table(*parts: str) -> str:
    """The mapping that says all of `parts`, of which some may be empty."""
    return "{" + ", ".join(part for part in parts if part) + "}"


@st.composite
def _some(draw: st.DrawFn, words: Words) -> str:
    """Some keys of `words`, with one value each."""
    keys = draw(st.lists(st.sampled_from(sorted(words)), max_size=4, unique=True))
    return ", ".join(f"{key}: {draw(st.sampled_from(words[key]))}" for key in keys)


@st.composite
def _queries(draw: st.DrawFn) -> str:
    one = st.just("noir") | st.just("1984") | _some(_QUERY).map(_table)
    return draw(one | st.lists(one, min_size=1, max_size=3).map(lambda found: f"[{', '.join(found)}]"))


@st.composite
def _block(draw: st.DrawFn) -> str:
    """What a block says: its programs, most of the time, and what comes between."""
    source = st.builds("include: {}, {}".format, _queries(), st.sampled_from(_ORDERS))
    listed = st.lists(source.map("{{weight: 2, {}}}".format), min_size=1, max_size=2)
    programs = draw(st.just("") | source | listed.map(lambda found: f"programs: [{', '.join(found)}]"))
    breaks = _some(_ADS).map(lambda said: _table("any: [ad], every: 9m, pod: 45s", said))
    ads = draw(st.just("") | (st.just("none") | breaks).map("ads: {}".format))
    return _table(programs, draw(_some(_BLOCK)), ads)[1:-1]


@st.composite
def well_written(draw: st.DrawFn) -> str:
    """A file with words of the language where they belong: most of them read well, and few have a mistake."""
    dayparts = [
        f"d{k}: {_table(draw(st.sampled_from(_TIMES)), draw(_some(_DAYS)), draw(_block()))}"
        for k in range(draw(st.integers(0, 3)))
    ]
    settings = _table(draw(_some(_CHANNEL)), draw(_block()), f"dayparts: {_table(*dayparts)}")
    defaults = _table("include: {any: [film]}, ads: {every: 8m, pod: 1m, any: [ad]}", draw(_some(_BLOCK)))
    noir = {key: values for key, values in _QUERY.items() if key != "collection"}
    derived = draw(
        st.sampled_from(
            [
                "mirror: {of: films, offset: 1h}", "mirror: {of: films, offset: +2d}, group: G", "include: 1984",
                "regional: {of: films}, territories: [IE], ads: {any: [x], most: 3, cap: 1 in 1h, bumper: none}",
            ]
        )
    )  # fmt: skip
    return f"""\
version: 1
defaults: {defaults}
collections: {{noir: {_table(draw(_some(noir)))}, 1984: {{year: 1984}}}}
holidays: {{summer: 07-01 .. 08-31, 1984: [1984-01-01..1984-12-31, last mon of may, easter-2..easter+1]}}
templates: {{base: {_table("group: Base", draw(_some(_BLOCK)))}, 1984: {{like: base, window: 20}}}}
channels:
  films: {_table("number: 7.1, name: Films", settings[1:-1])}
  other: {{number: 2, name: 7, {derived}}}
"""
