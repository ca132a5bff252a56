"""Lists of titles: which item stands where."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from libraries import item

from playout.core.asset import Kind, Title
from playout.core.catalog import Query

NAMES = st.sampled_from(("Night Train", "night train", "IMDB:tt1", "imdb:TT1", "a1", "A1", "Straße", "STRASSE", "b"))


@given(listed=st.lists(NAMES, max_size=8), title=NAMES, ids=st.lists(NAMES, max_size=2), asset=NAMES)
def test_an_item_stands_where_one_of_its_names_stands_first(
    listed: list[str], title: str, ids: list[str], asset: str
) -> None:
    made = item("x", Kind.MOVIE, 1)
    made = replace(made, id=asset, about=Title(title, Kind.MOVIE, ids=tuple(ids)))
    names = [name.casefold() for name in (asset, title, *ids)]
    wanted = [place for place, name in enumerate(listed) if name.casefold() in names]
    assert Query(listed=tuple(listed)).place(made) == (wanted[0] if wanted else None)
