"""Edits of channels.yaml: what was not meant stays byte for byte, and the file then says exactly what was wanted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_api.channels.document import Document, mistakes
from control_api.channels.edits import GONE, Tangled, edited
from control_api.channels.marks import DEEPEST, Mapping, Sequence, Unmarked, marked, plain, same, written
from control_api.channels.writing import block, inline
from playout.config import Faults, read

DEMO = Path(__file__).parents[2].joinpath("channels.yaml").read_text()

EXCLUDE = (
    "    exclude:            # which of those it does not air after all\n      any: [kids]\n",
    "    exclude: none            # which of those it does not air after all\n",
)

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    [
        "none",
        "06:00",
        "2.10",
        "1940..",
        "a: b",
        "- x",
        "# no",
        "yes",
        "null",
        "~",
        "[x]",
        "it's",
        "",
        " a ",
        "a\nb",
        "<<",
    ]
)
leaves = words | st.integers(-(10**17), 10**17) | st.booleans() | st.none() | st.sampled_from([7.1, 0.5])
values: st.SearchStrategy[Any] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4), max_leaves=12
)
keys = st.sampled_from(["a", "b", "from", "at 9", "1", "x-y", "none"])
tables = st.recursive(leaves, lambda inner: st.dictionaries(keys, inner, min_size=1, max_size=4), max_leaves=16)
wholes = st.dictionaries(keys, tables | st.lists(tables, max_size=3), min_size=1, max_size=4)


def normal(value: Any) -> Any:
    """What the language makes of a value: mappings, lists and texts."""
    if isinstance(value, dict):
        return {key: normal(inner) for key, inner in value.items()}
    return [normal(inner) for inner in value] if isinstance(value, list) else written(value)


@given(values)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert normal(plain(marked("x: " + inline(value)))) == {"x": normal(value)}
    if value and isinstance(value, dict | list):
        text = "\n".join(block({"x": value}, 0)) + "\n"
        assert normal(plain(marked(text))) == {"x": normal(value)}


@st.composite
def laid_out(draw: st.DrawFn, value: Any, indent: int) -> list[str]:
    """A mapping or a list in one of the ways in which people write it, a comment behind every line."""
    if isinstance(value, list):
        return [" " * indent + "- " + inline(one) for one in value]
    lines = []
    for key, inner in value.items():
        head = " " * indent + key + ":"
        spread = isinstance(inner, dict | list) and inner and draw(st.booleans())
        if draw(st.integers(0, 4)) == 0:
            lines.append(draw(st.sampled_from(["", " " * indent + "# above", "# far left"])))
        below = draw(laid_out(inner, indent + draw(st.sampled_from([1, 2, 4])))) if spread else []
        lines += [head, *below] if spread else [f"{head} {inline(inner)}"]
    return lines


@st.composite
def files(draw: st.DrawFn) -> tuple[str, Any]:
    value = draw(wholes)
    lines = draw(laid_out(value, 0))
    numbered = [f"{line}   # {number}" if line.strip() else line for number, line in enumerate(lines)]
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    return ending.join(numbered) + draw(st.sampled_from(["", ending])), value


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [deep for key, one in inner for deep in paths(one, (*path, key))]


def put(whole: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(whole, list):
        return [put(one, path[1:], value) if place == path[0] else one for place, one in enumerate(whole)]
    return {**whole, path[0]: put(whole.get(path[0]), path[1:], value)}


def without(whole: Any, path: tuple[str | int, ...]) -> Any:
    if isinstance(whole, list):
        return [without(one, path[1:]) if place == path[0] else one for place, one in enumerate(whole)]
    if len(path) == 1:
        return {key: value for key, value in whole.items() if key != path[0]}
    return {**whole, path[0]: without(whole[path[0]], path[1:])}


def rows(text: str, path: tuple[str | int, ...]) -> tuple[int, int]:
    """The lines, counted from 0, from that of the key at `path` to the one before the next key beside or above it."""
    node, first, last = marked(text), 0, len(text.splitlines()) - 1
    for step in path:
        if isinstance(node, Mapping):
            lines = [key.line - 1 for key, _ in node.entries]
            place = [key.text for key, _ in node.entries].index(str(step))
            node_after = node.entries[place][1]
        else:
            assert isinstance(node, Sequence)
            lines = [item.line - 1 for item in node.items]
            place, node_after = int(step), node.items[int(step)]
        if node.flow:
            break
        first = lines[place]
        last = lines[place + 1] - 1 if place + 1 < len(lines) else last
        node = node_after
    return first, last


@given(st.data())
def test_an_edit_says_what_was_wanted_and_leaves_all_other_lines_alone(data: st.DataObject) -> None:
    text, value = data.draw(files())
    path = data.draw(st.sampled_from(paths(value)))
    wanted = data.draw(values)
    found = edited(text, path, wanted)
    assert normal(plain(marked(found))) == normal(put(value, path, wanted))
    first, last = rows(text, path)
    before, after = text.splitlines(keepends=True), found.splitlines(keepends=True)
    assert after[:first] == before[:first]
    kept = before[last + 1 :]
    assert after[len(after) - len(kept) :] == kept


@given(st.data())
def test_what_is_taken_out_is_gone_and_all_other_lines_stay(data: st.DataObject) -> None:
    text, value = data.draw(files())
    path = data.draw(st.sampled_from([one for one in paths(value) if isinstance(one[-1], str)] or [("no",)]))
    if path == ("no",) or (len(path) == 1 and len(value) == 1):
        return
    found = edited(text, path, GONE)
    assert normal(plain(marked(found))) == normal(without(value, path))
    numbers = [re.findall("# ([0-9]+)$", line) for line in text.splitlines()]
    first, last = rows(text, path)
    left, lines = found.splitlines(), text.splitlines()
    above = first - 1
    while above > 0 and not lines[above].strip():
        above -= 1  # what holds it becomes empty with it, and says so in its own line
    for number, line in enumerate(lines):
        if number < above or number > last:
            assert line in left, numbers[number]


@given(files(), keys, values)
def test_a_new_key_takes_no_line_away(made: tuple[str, Any], key: str, wanted: Any) -> None:
    text, value = made
    if key in value:
        return
    found = edited(text, (key,), wanted)
    assert normal(plain(marked(found))) == normal({**value, key: wanted})
    assert found.splitlines()[: len(text.splitlines())] == text.splitlines()


@given(st.data())
def test_an_edit_of_nothing_changes_nothing(data: st.DataObject) -> None:
    text, value = data.draw(files())
    whole = plain(marked(text))
    for path in data.draw(st.lists(st.sampled_from(paths(value)), min_size=1, max_size=3, unique=True)):
        node = whole
        for step in path:
            node = node[step]
        assert edited(text, path, node) == text


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("defaults", "zone"), "UTC", "  zone: Europe/Paris    # the", "  zone: UTC    # the"),
        (("channels", "films", "include", "any"), ["film", "hd"], "any: [film]       # ", "any: [film, hd]       # "),
        (("channels", "demo", "ads", "every"), "2m", "{every: 1m, pod", "{every: 2m, pod"),
        (("channels", "demo", "ads", "bumper"), GONE, "any: [ad], bumper: {any: [break]}}", "any: [ad]}"),
        (("channels", "kids", "order"), "newest", "    order: sequence", "    order: newest"),
        (("channels", "kids", "title"), "For us", "  ads: none\n\n  demo", "  ads: none\n    title: For us\n\n  demo"),
        (("channels", "films", "exclude"), "none", *EXCLUDE),
    ],
)  # fmt: skip
def test_edits_of_the_demo(path: tuple[str, ...], value: Any, old: str, new: str) -> None:
    assert DEMO.count(old) == 1
    found = edited(DEMO, path, value)
    assert found == DEMO.replace(old, new)
    assert not isinstance(read(found, "channels.yaml"), Faults)


def test_what_other_places_mean_is_not_changed_behind_their_back() -> None:
    text = "a: &x {b: 1}\nc: *x\nd: 1\n"
    with pytest.raises(Tangled, match="line 1: what stands there has an anchor"):
        edited(text, ("a", "b"), 2)
    with pytest.raises(Tangled, match="alias"):
        edited(text, ("a",), GONE)
    assert edited(text, ("c", "b"), 2) == "a: &x {b: 1}\nc:\n  b: 2\nd: 1\n"
    assert edited(text, ("d",), 2) == "a: &x {b: 1}\nc: *x\nd: 2\n"


@pytest.mark.parametrize("text", ["a: [", "a: 1\n---\nb: 2\n", "[a]: 1\n", "\t- x", "*x"])
def test_what_is_no_yaml_is_not_edited(text: str) -> None:
    with pytest.raises(Unmarked):
        edited(text, ("a",), 1)


def test_a_file_without_lines_of_its_own_is_not_edited() -> None:
    with pytest.raises(Tangled, match="line 1"):
        edited("{a: 1}", ("a",), 2)
    assert same(marked("a: 1"), {"a": 1})


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_what_is_nested_deeper_than_anybody_writes_is_refused_before_it_is_read_to_its_end(opening: str) -> None:
    with pytest.raises(Unmarked, match="deeper than"):
        marked("x: " * (opening in "[{a: ") + opening * 200_000)
    assert plain(marked("[" * DEEPEST + "]" * DEEPEST))
    with pytest.raises(Unmarked, match="deeper than"):
        marked("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))


def test_mistakes_of_a_file_that_is_nothing_but_mistakes_are_told_as_far_as_anybody_mends_them() -> None:
    text = "version: 1\n" + "".join(f"wrong{number}: {number}\n" for number in range(2000))
    document = Document(text, "channels.yaml")
    programming = document.programming
    assert isinstance(programming, Faults)
    told = mistakes(document, programming)
    assert len(told) == 501
    assert told[1].pointer == "/wrong0"
    assert told[-1].detail == f"and {len(programming.faults) - 500} more: mend these first"


def test_an_alias_counts_as_all_that_it_repeats() -> None:
    text = "x0: &x0 [" + "a, " * 999 + "a]\nx1: &x1 [" + "*x0, " * 99 + "*x0]\n"
    assert len(plain(marked(text))["x1"]) == 100
    with pytest.raises(Unmarked, match="with what aliases repeat"):
        marked(text + "x2: [*x1, *x1, *x1, *x1, *x1]\n")
