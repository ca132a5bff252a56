"""The facts by which people schedule an asset are checked before it can go on air."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from playout.core.asset import Asset, Cuts, Kind, Media, Rights, Title, Track
from playout.core.house import HOUSES
from playout.library import faults

HOUSE = HOUSES["fast"]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = Asset(
    id="a" * 32,
    house=HOUSE.name,
    about=Title(
        title="Night Train",
        kind=Kind.MOVIE,
        released="1949-09-02",
        story="Trains",
        part=2,
        ids=("imdb:tt0041959", "tms:MV000123450000"),
        rights=(Rights(NOON, NOON.replace(year=2027), ("FR",)), Rights()),
    ),
    added=NOON,
    cuts=Cuts.of((0, HOUSE.segment)),
    breaks=(),
    tracks=(Track("v360", Media.VIDEO, "v360.cmfv", "avc1", "", "0" * 64, 1, 1, (0, 1)),),
    loudness=None,
    source={},
)


def test_good_facts_have_no_faults() -> None:
    assert faults(GOOD) == []
    assert faults(replace(GOOD, about=Title("Night Train", Kind.MOVIE, released="1949"))) == []


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"released": "1949-13-01"}, "it came out in '1949-13-01', which is neither a year nor a day"),
        ({"released": "soon"}, "it came out in 'soon', which is neither a year nor a day"),
        ({"story": ""}, "it is part 2 of no story"),
        ({"part": -1}, "it is part -1 of no story"),
        ({"ids": ("tt0041959",)}, "its ids are not names of the form scheme:name, in order"),
        ({"ids": ("tms:1", "imdb:1")}, "its ids are not names of the form scheme:name, in order"),
        (
            {"rights": (Rights(NOON.replace(tzinfo=None)),)},
            "its rights have a date without a time zone",
        ),
        ({"rights": (Rights(), Rights(NOON, NOON))}, "its rights end before they begin"),
        ({"rights": (Rights(territories=("FR", "fr")),)}, "its rights name what is no territory: 'fr'"),
    ],
)
def test_what_is_wrong_with_them(facts: dict[str, object], fault: str) -> None:
    about = replace(GOOD.about, **facts)  # type: ignore[arg-type]
    assert faults(replace(GOOD, about=about)) == [fault]
