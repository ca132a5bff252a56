"""Stories in parts, told from the titles of episodes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packager.stories import part_of, story_of


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("The Siege (1)", ("The Siege", 1)),
        ("The Siege (II)", ("The Siege", 2)),
        ("The Siege [3]", ("The Siege", 3)),
        ("The Siege (2 of 3)", ("The Siege", 2)),
        ("The Siege (2/3)", ("The Siege", 2)),
        ("The Siege (Part 2)", ("The Siege", 2)),
        ("The Siege (Part Two)", ("The Siege", 2)),
        ("The Siege (Part 2 of 3)", ("The Siege", 2)),
        ("The Siege (pt. 2)", ("The Siege", 2)),
        ("The Siege, Part Two", ("The Siege", 2)),
        ("The Siege: Part 2", ("The Siege", 2)),
        ("The Siege - Part 2", ("The Siege", 2)),
        ("The Siege – PART II", ("The Siege", 2)),
        ("The Siege; part one of two", ("The Siege", 1)),
        ("The Siege Part IV", ("The Siege", 4)),
        ("The Siege Pt. II", ("The Siege", 2)),
        ("The Siege pt2", ("The Siege", 2)),
        ("  The   Siege\tPart 2 ", ("The Siege", 2)),
        ("Apollo 13 (2)", ("Apollo 13", 2)),
        ("Spare Part, Part 1", ("Spare Part", 1)),
    ],
)
def test_a_part_is_told_from_its_title(title: str, part: tuple[str, int]) -> None:
    assert part_of(title) == part


@pytest.mark.parametrize(
    "title",
    [
        "", "(1)", "Part 1", "Part Three", "Apollo 13", "Henry V", "Louis XIV", "Catch 22", "Chapter Two",
        "Volume 2", "Part of the Furniture", "My Part in His Downfall", "Spare Part", "The Party 2",
        "The Counterpart 2", "Depart 2", "Le parti", "Adapt. II", "Nitrate (1949)", "The Siege (0)",
        "The Siege (21)", "The Siege (Uncut)", "The Siege 2", "The Siege (1) Revisited", "Part 2: The Siege",
        "The Siege (Part)", "The Siege, Part", "Seven of Nine (of ten)",
    ],
)  # fmt: skip
def test_other_titles_are_parts_of_nothing(title: str) -> None:
    assert part_of(title) is None


def test_a_story_is_the_same_however_its_parts_are_marked() -> None:
    one, two = story_of("The Siege (1)", "Harbour Street"), story_of("THE SIEGE, Part Two", "harbour  street")
    assert one == ("harbour street\x1fthe siege", 1)
    assert two == ("harbour street\x1fthe siege", 2)
    assert story_of("The Siege (2)", "Another Street")[0] != one[0]


def test_what_is_of_no_series_has_no_story() -> None:
    assert story_of("The Siege (1)", "") == ("", 0)
    assert story_of("The Siege", "Harbour Street") == ("", 0)


@given(st.text(alphabet=" Part12IVof()[]/,:-.x", max_size=40), st.text(max_size=5))
def test_any_title_gives_an_answer(title: str, series: str) -> None:
    story, part = story_of(title, series)
    assert bool(story) == bool(part)
    assert 0 <= part <= 20


def test_a_title_made_to_take_long_does_not() -> None:
    assert part_of("x" + " " * 100_000 + "(" + " " * 100_000) is None
    assert part_of("part " * 20_000) is None
