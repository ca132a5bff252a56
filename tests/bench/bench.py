"""`make bench`: the figures of speed and size, as ratios from one run wherever there is something to compare with.

Run it on a quiet machine. Names of parts pick some of them: `bench.py core titles home`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from analytics import analytics
from core import playlist, year
from delivery import delivery
from figures import Figure, show
from home import home
from inbox import inbox
from managing import managing
from package import ratio
from planning import planning
from playing import viewing
from profiles import profiles
from recommending import recommending
from scale import scale
from station import station
from titles import titles
from uploads import uploads

if TYPE_CHECKING:
    from collections.abc import Callable


PARTS: dict[str, Callable[[Path], list[Figure]]] = {
    "core": lambda _: [playlist(), year()],
    "delivery": delivery,
    "scale": scale,
    "station": lambda _: station(),
    "planning": planning,
    "managing": managing,
    "titles": titles,
    "profiles": profiles,
    "home": home,
    "inbox": inbox,
    "uploads": uploads,
    "viewing": viewing,
    "recommending": recommending,
    "analytics": analytics,
    "package": lambda folder: [ratio(folder / "fast", "fast", 60), ratio(folder / "hd30", "hd30", 6)],
}


def main() -> None:
    """Measure, and print the table."""
    figures: list[Figure] = []
    for part in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            figures += PARTS[part](Path(folder))
    show(figures)


if __name__ == "__main__":
    main()
