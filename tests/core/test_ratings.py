"""For what age a rating is: of many countries, and of nothing that nobody knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.core.ratings import age, strictest

KNOWN = {
    0: ("TV-Y", "tv-g", "G", "U", "Uc", "FSK 0", "FSK:0", "L", "AL", "TP", "Tous publics", "Apta", "Btl", "GB:U", "0+"),
    6: ("6", "FSK 6", "6+", "de/6", "M/6"),
    7: ("TV-Y7", "TV-Y7-FV", "K-7", "7", "ES:7"),
    8: ("PG", "C8", "bbfc PG"),
    10: ("TV-PG", "-10", "10 ans"),
    12: ("12", "12A", "PEGI 12", "FSK12", "12 anos", "PG12", "UA"),
    13: ("PG-13", "PG13", "MPAA PG-13", "UA 13+", "U/A 13+"),
    14: ("TV-14", "US:TV-14", "14A", "VM14"),
    15: ("15", "15A", "MA15+", "MA 15+", "M", "R15+"),
    16: ("16", "FSK 16", "R16", "-16", "K-16", "rp16"),
    17: ("R", "TV-MA", "Rated R"),
    18: ("18", "R18", "R18+", "X18+", "NC-17", "VM18", "18A", "PEGI 18", "18+"),
}
UNKNOWN = ("", " ", "NR", "Not Rated", "unrated", "A", "99", "TV", "12/18", "PG-", "-", "twelve", "1949", "R-")


@pytest.mark.parametrize("years", sorted(KNOWN))
def test_ratings_of_many_countries_say_an_age(years: int) -> None:
    """BX2."""
    assert {rating: age(rating) for rating in KNOWN[years]} == dict.fromkeys(KNOWN[years], years)


def test_what_nobody_knows_says_none() -> None:
    assert {rating: age(rating) for rating in UNKNOWN} == dict.fromkeys(UNKNOWN)


@given(st.text(max_size=40))
def test_whatever_stands_there_is_an_age_or_nothing(text: str) -> None:
    found = age(text)
    assert found is None or 0 <= found <= 21
    assert age(f"  {text.lower()} ") == age(text.lower())


@given(st.sampled_from([("TV-Y", "TV-G", "TV-Y7", "TV-PG", "TV-14", "TV-MA"), ("G", "PG", "PG-13", "R", "NC-17")]))
def test_ages_are_in_the_order_of_their_system(system: tuple[str, ...]) -> None:
    ages = [age(rating) or 0 for rating in system]
    assert ages == sorted(ages)
    assert strictest(system) == system[-1]
