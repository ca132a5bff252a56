"""Amendments: what people say of assets reaches what channels choose from, whoever looks, and in whatever order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import KIT, item
from test_publish import FILMS, LATER, NOW, SLATE, film, numbers, package, published

from playout import keys
from playout.amend import Amended, Amendment, Amendments, amend, amended
from playout.core.asset import BreakPoint, Kind, Rights, Title
from playout.core.catalog import Item, catalog_of
from playout.core.ticks import Ticks
from playout.documents import encode
from playout.follow import SLOW, Follower
from playout.library import Library, newest, scan
from playout.store import DirStore

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from playout.core.view import View

POINT = BreakPoint(1, Ticks(0), 100, "people")


@pytest.fixture
def store(tmp_path: Path) -> DirStore:
    made = DirStore(tmp_path / "media")
    package(made, film("one"), film("two"), SLATE)
    return made


def renamed(name: str, *tags: str) -> Title:
    return Title(name, Kind.MOVIE, tags or ("film",))


def of(library: Library, asset: str) -> Item:
    found = library.catalog.item(asset)
    assert found
    return found


def test_what_is_said_of_an_asset_is_laid_over_it(store: DirStore) -> None:
    before = scan(store, newest(store), NOW)
    assert amend(store, [Amendment("one", renamed("A new name"), (POINT,))], LATER) == 1
    after = scan(store, before, LATER)
    assert (after.edition, after.amended) == (2, 1)
    assert (of(after, "one").about.title, of(after, "one").breaks, of(after, "one").edit) == ("A new name", (POINT,), 1)
    assert of(after, "two") is of(before, "two")
    again = scan(store, newest(store), LATER)  # as another process finds it
    assert (again.edition, again.catalog.items, again.amended) == (2, after.catalog.items, 1)
    amend(store, [Amendment("one", breaks=())], LATER)
    last = scan(store, again, LATER)
    assert (of(last, "one").about.title, of(last, "one").breaks, of(last, "one").edit) == ("A new name", (), 2)


def test_what_was_said_before_anybody_looked_counts_and_so_it_does_when_the_asset_comes_back(store: DirStore) -> None:
    amend(store, [Amendment("three", renamed("Third"))], NOW)
    library = scan(store, newest(store), NOW)
    assert library.amended == 1
    package(store, film("three"))
    library = scan(store, library, NOW)
    assert of(library, "three").about.title == "Third"
    document = store.path(keys.asset("three"))
    aside = document.parent.rename(store.path(keys.key("aside")))
    library = scan(store, library, LATER)
    assert "three" not in library
    aside.rename(document.parent)
    assert of(scan(store, library, LATER), "three").about.title == "Third"


def test_what_is_shelved_can_be_chosen_no_more_until_it_is_back(store: DirStore) -> None:
    amend(store, [Amendment("one", renamed("Named"), shelved=True)], NOW)
    library = scan(store, newest(store), NOW)
    assert [found.id for found in library.catalog.items] == ["two"]
    assert scan(store, library, LATER) is library
    assert [found.id for found in scan(store, newest(store), LATER).catalog.items] == ["two"]
    amend(store, [Amendment("one", shelved=False)], LATER)
    back = scan(store, newest(store), LATER)
    assert of(back, "one").about.title == "Named"
    assert back.shelved == frozenset()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Amendment("one", renamed(" ")), "it has no title"),
        (Amendment("one", replace(renamed("x"), released="soon")), "it came out in 'soon'"),
        (Amendment("one", replace(renamed("x"), rights=(Rights(territories=("xx",)),))), "no territory: 'xx'"),
        (Amendment("one", replace(renamed("x"), kind=Kind.SLATE)), "it is to be a slate"),
        (Amendment("one", breaks=(replace(POINT, segment=9),)), "its break points are not at its cuts, in order"),
        (Amendment("one", breaks=(POINT, POINT)), "its break points are not at its cuts, in order"),
    ],
)
def test_what_makes_no_sense_changes_nothing_and_is_told(store: DirStore, said: Amendment, told: str) -> None:
    amend(store, [said, Amendment("two", renamed("Good"))], NOW)
    library = scan(store, newest(store), NOW)
    assert of(library, "one").about.title == "Title of one"
    assert of(library, "two").about.title == "Good"
    (alarm,) = library.alarms
    assert alarm.where == "assets/one"
    assert told in alarm.what


def test_an_entry_that_cannot_be_read_is_told_and_what_came_before_it_counts(store: DirStore) -> None:
    amend(store, [Amendment("one", renamed("First"))], NOW)
    store.put_new(keys.amendments(2), b"{")
    library = scan(store, newest(store), NOW)
    assert of(library, "one").about.title == "First"
    assert [alarm.where for alarm in library.alarms] == ["amendments"]
    store.path(keys.amendments(2)).write_bytes(encode({"made": NOW, "amendments": []}))
    amend(store, [Amendment("one", renamed("Second"))], NOW)
    library = scan(store, library, LATER)
    assert (of(library, "one").about.title, library.alarms) == ("Second", ())


def test_a_new_name_is_a_revision_of_the_channels_that_can_air_it_and_of_no_other(store: DirStore) -> None:
    other = FILMS.replace("films:", "news:").replace("number: 1", "number: 2").replace("[film]", "[news]")
    both = FILMS + other.split("channels:\n")[1]
    published(store, both)
    amend(store, [Amendment("one", renamed("A new name"))], LATER)
    assert numbers(published(store, both, LATER)) == [("films", 2)]
    assert numbers(published(store, both, LATER)) == []
    amend(store, [Amendment("one", renamed("A new name", "news"))], LATER)
    assert numbers(published(store, both, LATER)) == [("films", 3), ("news", 2)]


def test_everybody_sees_the_last_name_and_players_what_they_were_told(store: DirStore) -> None:
    published(store)
    follower = Follower(store, lambda: NOW)

    def looked(now: datetime) -> View:
        for _ in range(SLOW + 1):
            follower.view = follower.refresh(now) or follower.view
        return follower.view

    told = {turn.title for turn in looked(NOW).channels["films"].log.turns}
    assert told == {"Title of one", "Title of two"}
    amend(store, [Amendment("one", renamed("A new name"))], NOW)
    scan(store, newest(store), NOW)
    view = looked(NOW)
    assert view.items["one"].about.title == "A new name"
    assert {turn.title for turn in view.channels["films"].log.turns} == told


@given(
    st.lists(
        st.builds(
            Amendment,
            st.sampled_from(["a", "b"]),
            st.none() | st.builds(renamed, st.sampled_from("xyz")),
            st.none() | st.sampled_from([(), (POINT,)]),
            st.none() | st.booleans(),
        ),
        max_size=6,
    ),
    st.integers(0, 6),
)
def test_laying_on_in_two_steps_is_laying_on_in_one(said: list[Amendment], place: int) -> None:
    """Law: it is of no account how often somebody looked in between."""

    def together(some: list[Amendment], first: int) -> dict[str, Amended]:
        found: dict[str, Amended] = {}
        for number, one in enumerate(some, first):
            found[one.asset] = found[one.asset].with_later(number, one) if one.asset in found else Amended(number, one)
        return found

    def laid(items: tuple[Item, ...], found: dict[str, Amended]) -> tuple[Item, ...]:
        return tuple(found[one.id].laid_over(one) if one.id in found else one for one in items)

    items = catalog_of([item(name, Kind.MOVIE, 7, 7) for name in "ab"], [KIT]).items
    stepwise = laid(laid(items, together(said[:place], 1)), together(said[place:], 1 + len(said[:place])))
    assert stepwise == laid(items, together(said, 1))


def test_entries_are_numbered_whoever_writes(store: DirStore) -> None:
    assert [amend(store, [Amendment("one", renamed(name))], NOW, "ada") for name in "abc"] == [1, 2, 3]
    found = amended(store, 1, 2)
    assert found == Amendments(2, {"one": Amended(2, Amendment("one", renamed("b")))})
    assert amended(store, 3) == Amendments(3, {})
