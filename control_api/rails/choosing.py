"""Which rails are for whom, and when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from control_api.tables import Rail


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who looks at the home page."""

    is_kids: bool = False
    plan: str = ""
    """The id of the plan that they have; empty: they may see what is for any."""


def is_open(rail: Rail, now: datetime) -> bool:
    """Whether it is shown to anybody now."""
    begun = rail.visible_from is None or rail.visible_from <= now
    return rail.enabled and begun and (rail.visible_until is None or now < rail.visible_until)


def is_for(rail: Rail, who: Watcher, now: datetime) -> bool:
    """Whether it is shown to them now."""
    watchers = "kids" if who.is_kids else "adults"
    fits = not rail.profiles or watchers in rail.profiles
    return is_open(rail, now) and fits and (not rail.plans or not who.plan or who.plan in rail.plans)


def chosen(rails: Iterable[Rail], who: Watcher, now: datetime) -> list[Rail]:
    """Those that are, in their order."""
    return sorted((rail for rail in rails if is_for(rail, who, now)), key=lambda rail: (rail.place, rail.id))
