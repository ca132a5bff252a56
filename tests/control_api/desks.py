"""A station with a file of channels, for tests: three films, two ads, a slate, and what is published of the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stations import FULL, Station

from playout.config import Programming, load
from playout.core.asset import Kind
from playout.library import newest, scan
from playout.publish import publish

if TYPE_CHECKING:
    from datetime import datetime

    from playout.library import Library
    from playout.publish import Published

WRITTEN = """\
# The channels of a small house.
version: 1
defaults:
  house: fast           # small pictures
  horizon: 1m
  window: 12

# Queries with a name.
collections:
  features: {kind: movie}   # whatever is long

channels:
  films:                # the id
    number: 1
    name: Films         # for people
    description: All of them
    group: Movies
    include: features
    order: sequence     # as they are called

  # The second one.
  late:
    number: 2.1
    name: Late
    include: {any: [movie]}
    ads: {every: 10s, pod: 5s, any: [ad]}   # short
"""


@dataclass
class House:
    """The store, the file, and a clock that tests set."""

    station: Station
    file: Path

    @property
    def now(self) -> datetime:
        return self.station.moments.now

    def clock(self) -> datetime:
        return self.station.moments.now

    @property
    def text(self) -> str:
        return self.file.read_text()

    def publish(self) -> Published:
        """What the watcher of the file does."""
        programming = load(self.file)
        assert isinstance(programming, Programming), programming
        found = publish(self.station.store, programming, self.library(), self.now)
        self.station.look()
        return found

    def library(self) -> Library:
        return scan(self.station.store, newest(self.station.store), self.now)


def house(root: Path, text: str = WRITTEN, *, published: bool = True) -> House:
    """Two channels that are on air, if `published`."""
    made = Station(root)
    made.house()
    made.asset("film-a", Kind.MOVIE, *[FULL] * 6, 3, languages=("en", "de"))
    made.asset("film-b", Kind.MOVIE, *[FULL] * 4, 5, 2, FULL, subtitles=("en",), breaks=(5,))
    made.asset("film-c", Kind.MOVIE, *[FULL] * 9, languages=("fr",))
    made.asset("ad-a", Kind.AD, FULL, FULL, 1)
    made.asset("ad-b", Kind.AD, FULL, 4)
    file = root / "channels.yaml"
    file.write_text(text)
    found = House(made, file)
    if published:
        found.publish()
    return found
