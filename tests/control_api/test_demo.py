"""The demo library by itself: the same for its seed, fewer titles the beginning of more, and every one of them good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desks import house
from persons import cheap
from sqlmodel import col, func, select

from control_api import schema
from control_api.demo.library import name, titles
from control_api.demo.posters import SIZES, poster
from control_api.demo.seeding import NotOurs, batches, seed, strange
from control_api.library.intake import Intake
from control_api.library.pictures import Shape, drawn
from control_api.tables import Listed, PlaySession, Profile, Rated, Title, Watched
from packager.samples import SAMPLES, TITLES
from playout.clock import system_clock

if TYPE_CHECKING:
    from pathlib import Path

    from control_api.database import Database
    from control_api.settings import Settings


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


def test_samples_and_what_has_nothing_else_beneath_it_are_nobodys_own() -> None:
    parents = {"series": None, "season": "series", "one": "season", **dict.fromkeys(("film", "own", "mixed", "bare"))}
    media = [("one", {"title": "S1"}), ("film", {"title": "F"}), ("own", {"title": "Mine"}), ("mixed", {"title": "F"})]
    media.append(("mixed", {"title": "Mine"}))
    known = frozenset({"S1", "F"})
    assert strange(parents, media, known) == {"own", "mixed", "bare"}
    assert strange({**parents, "two": "season"}, media, known) == {"own", "mixed", "bare", "two", "season", "series"}
    assert strange(parents, [], known) == parents.keys()


async def test_a_station_whose_first_start_made_samples_is_seeded_and_one_with_films_is_not(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """B27, E54: there is something to watch beside the demo."""
    await schema.upgrade(settings.database_url)
    desk = house(tmp_path / "desk")

    async def yes() -> bool:
        return True

    assert await Intake(database, desk.station.store).look(desk.now, yes)
    async with database.reading() as session:
        names = frozenset((await session.exec(select(Title.name))).all())
    with pytest.raises(NotOurs, match="there are 1 titles that are not of the demo"):
        await seed(cheap(settings), 10, 1, system_clock, beside=names - {min(names)}, pictured=0)
    done = await seed(cheap(settings), 60, 1, system_clock, beside=names, pictured=0)
    assert done.made >= 60
    there = await audience(database)
    assert done.viewers == 33
    assert there["profile"] == 24 + 8 + 4
    assert min(there.values()) > 10
    again = await seed(cheap(settings), 60, 1, system_clock, beside=names, pictured=0)
    assert (again.made, again.viewers) == (0, 0)
    assert await audience(database) == there


async def audience(database: Database) -> dict[str, int]:
    """How much there is of an audience; no child has seen anything that is not for it (A26)."""
    tables = (Profile, Watched, PlaySession, Rated, Listed)
    async with database.reading() as session:
        found = {
            table.__tablename__: (await session.exec(select(func.count()).select_from(table))).one() for table in tables
        }
        of_children = select(func.max(Title.age), func.min(Title.age)).join(Watched, col(Watched.title_id) == Title.id)
        kids = of_children.join(Profile, col(Profile.id) == Watched.profile_id).where(col(Profile.is_kids))
        oldest, youngest = (await session.exec(kids)).one()
    assert (youngest or 0) >= 0
    assert (oldest or 0) <= 10
    return {str(name): count for name, count in found.items()}


def test_the_first_start_tells_how_its_samples_are_called() -> None:
    assert {sample.title for sample in SAMPLES} == TITLES
    assert len(TITLES) == len(SAMPLES)
