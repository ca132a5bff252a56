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
