"""The demo library by itself: the same for its seed, fewer titles the beginning of more, and every one of them good."""

from __future__ import annotations

import pytest

from control_api.demo.library import name, titles
from control_api.demo.posters import SIZES, poster
from control_api.demo.seeding import batches
from control_api.library.pictures import Shape, drawn


@pytest.mark.parametrize("seed", [1, 2, 1 << 31])
def test_fewer_titles_are_the_beginning_of_more_and_none_is_refused(seed: int) -> None:
    some, more = list(titles(90, seed)), list(titles(300, seed))
    assert more[: len(some)] == some
    assert [item.faults for item in more if item.record is None] == []
    assert {item.record.kind for item in more if item.record} == {
        "movie",
        "series",
        "season",
        "episode",
        "short",
        "audio",
    }


def test_another_seed_is_another_library_and_no_name_comes_twice() -> None:
    assert list(titles(30, 1)) != list(titles(30, 2))
    assert len({name(number, 1) for number in range(50_000)}) == 50_000


@pytest.mark.parametrize("shape", list(SIZES))
def test_pictures_follow_from_the_name_and_have_their_shape(shape: str) -> None:
    picture = drawn(poster("The Silent Harbour of Lisbon", shape), Shape(shape))
    assert (picture.width, picture.height) == SIZES[shape]
    assert poster("A", shape) == poster("A", shape) != poster("B", shape)


async def test_no_title_is_lost_between_batches() -> None:
    found = [item async for some in batches(titles(1200, 1)) for item in some]
    assert found == list(titles(1200, 1))
