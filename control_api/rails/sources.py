"""What is in a rail, as a statement: of all rails of a page together, or of one of them page by page.

Law: nothing is in a rail that is not published, or is kept from who asks; nor, but for lists of one's own, what may be
shown no more; nor, but for those and what is upcoming, what has not opened yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, String, and_, asc, case, cast, desc, func, literal, or_, union_all
from sqlalchemy import select as selected
from sqlmodel import col, select

from control_api.analytics.counting import TITLE
from control_api.callers import Viewer
from control_api.library.fitting import Fit, fits
from control_api.library.kinds import TitleKind, TitleState
from control_api.library.listing import Sort, narrowed, order
from control_api.library.opening import is_not_over, is_open_now
from control_api.lists.flags import FAVORITES, WATCHLIST
from control_api.profiles.limits import fit
from control_api.rails.kinds import WATCHED, RailKind, Rule, Source
from control_api.tables import FigureDay, Listed, RailPin, Title, TitleGenre

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from control_api.tables import Rail

TOP: Final = 10
LATELY: Final = timedelta(days=30)
"""For how long a view counts for what is at the top."""
MOST: Final = 50
"""Titles of a rail whose order nobody could walk on from: it changes while it is read."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Who looks, and when."""

    viewer: Viewer | None
    now: datetime
    sqlite: bool
    where: str | None = None
    """The country they are in; None: nobody looks at countries."""

    def titles(self, *, opened: bool = True) -> list[Any]:
        """Conditions on titles that they are shown."""
        return titles(fit(self.viewer), self.now if opened else None)


def titles(fit: Fit, now: datetime | ColumnElement[Any] | None) -> list[ColumnElement[bool]]:
    """Conditions on titles that are shown to somebody `now`, which may be a parameter; None: whether open or not."""
    found: list[ColumnElement[bool]] = [col(Title.state) == TitleState.PUBLISHED.value, col(Title.deleted_at).is_(None)]
    if now is not None:
        found += is_open_now(now)
    return [*found, *fits(fit)]


@dataclass(frozen=True, slots=True)
class Ordered:
    """Rows of which each is one thing in a rail."""

    rows: Any
    """A statement for one kind of rows."""
    key: Any
    """The column that has the id of the title, or of the channel."""
    order: list[tuple[Any, bool]]
    """By which columns, each with whether it descends; together they are unique."""
    most: int | None = None
    """How many there are at most, where they cannot be walked page by page."""


def ordered(rail: Rail, sight: Sight) -> Ordered | None:
    """What is in a rail; None where that is told by no statement."""
    if rail.kind == RailKind.PINNED:
        return _pinned(rail, sight)
    if rail.kind == RailKind.RULE:
        return _by_rule(rail, sight)
    making = _SOURCES.get(Source(rail.source))
    return None if making is None else making(rail, sight)


def _pinned(rail: Rail, sight: Sight) -> Ordered:
    rows = select(RailPin).outerjoin(Title, col(Title.id) == RailPin.title_id)
    shown = or_(col(RailPin.title_id).is_(None), and_(*sight.titles()))
    order = [(col(RailPin.place), False), (col(RailPin.key), False)]
    return Ordered(rows.where(RailPin.rail_id == rail.id, shown), col(RailPin.key), order)


def _by_rule(rail: Rail, sight: Sight) -> Ordered:
    rule = Rule.model_validate(rail.rule)
    kinds = [] if rule.kind or rule.parent else [_stands_alone()]
    rows = narrowed(select(Title), rule, sqlite=sight.sqlite).where(*kinds, *sight.titles())
    return Ordered(rows, col(Title.id), order(rule.sort))


def _stands_alone() -> Any:  # noqa: ANN401 — a condition
    return and_(col(Title.kind).in_([kind.value for kind in WATCHED]), col(Title.parent_id).is_(None))


def _featured(_rail: Rail, sight: Sight) -> Ordered:
    rows = select(Title).where(col(Title.featured), col(Title.kind).in_([*WATCHED, TitleKind.EPISODE]))
    return Ordered(rows.where(*sight.titles()), col(Title.id), order(Sort.NEWEST))


def _newest(_rail: Rail, sight: Sight) -> Ordered:
    return Ordered(select(Title).where(_stands_alone(), *sight.titles()), col(Title.id), order(Sort.NEWEST))


def _upcoming(_rail: Rail, sight: Sight) -> Ordered:
    today = f"{sight.now:%Y-%m-%d}"
    later = col(Title.opens_at) > sight.now
    comes = and_(col(Title.year) >= sight.now.year, col(Title.released) > today)
    rows = select(Title).where(or_(later, comes), is_not_over(sight.now), _stands_alone(), *sight.titles(opened=False))
    # both begin with the day: an instant as either database writes it, and what people say
    day = case((later, cast(col(Title.opens_at), String)), else_=col(Title.released))
    return Ordered(rows, col(Title.id), [(day, False), (col(Title.id), False)], MOST)


def _top(kind: TitleKind) -> Callable[[Rail, Sight], Ordered]:
    """Those with the most views of late; behind them, and where nothing was seen of late, those with the most ever.

    Both halves are ten at most, each by an index of its own.
    """

    def top(_rail: Rail, sight: Sight) -> Ordered:
        fits = [col(Title.kind) == kind.value, *sight.titles()]
        seen = _seen(sight.now)
        lately = selected(col(Title.id).label("id"), seen.c.lately).join(seen, seen.c.id == col(Title.id)).where(*fits)
        lately = lately.order_by(seen.c.lately.desc(), col(Title.id).desc()).limit(TOP)
        known = or_(col(Title.views) > 0, col(Title.score) >= 0)
        ever: Any = selected(col(Title.id).label("id"), literal(0).label("lately")).where(known, *fits)
        ever = ever.order_by(*(column.desc() for column, _ in order(Sort.VIEWS_DOWN))).limit(TOP)
        halves = union_all(*(selected(half.subquery()) for half in (lately, ever))).subquery()
        best = selected(halves.c.id, func.max(halves.c.lately).label("lately")).group_by(halves.c.id).subquery()
        rows = select(Title).join(best, best.c.id == col(Title.id))
        return Ordered(rows, col(Title.id), [(best.c.lately, True), *order(Sort.VIEWS_DOWN)], TOP)

    return top


def _seen(now: datetime) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """The views of each title in the last days. They are summed up first: of most titles there are none."""
    since, views = (now - LATELY).date().isoformat(), func.sum(FigureDay.views)
    return (
        selected(col(FigureDay.subject).label("id"), views.label("lately"))
        .where(col(FigureDay.kind) == TITLE, col(FigureDay.part) == "", col(FigureDay.day) > since)
        .group_by(col(FigureDay.subject))
        .having(views > 0)
        .subquery()
    )


def _of_genre(rail: Rail, sight: Sight) -> Ordered:
    held = select(TitleGenre.title_id).where(TitleGenre.genre_id == rail.genre_id)
    rows = select(Title).where(col(Title.id).in_(held), _stands_alone(), *sight.titles())
    return Ordered(rows, col(Title.id), order(Sort.VIEWS_DOWN))


def _list(name: str) -> Callable[[Rail, Sight], Ordered]:
    def mine(_rail: Rail, sight: Sight) -> Ordered:
        rows = select(Listed).join(Title, col(Title.id) == Listed.title_id)
        rows = rows.where(Listed.profile_id == _profile(sight), Listed.list == name, *sight.titles(opened=False))
        order = [(col(Listed.added_at), True), (col(Listed.title_id), True)]
        return Ordered(rows, col(Listed.title_id), order)

    return mine


def _profile(sight: Sight) -> str:
    """Whose; of nobody there is nothing."""
    return "" if sight.viewer is None else sight.viewer.id


_SOURCES: Final[Mapping[Source, Callable[[Rail, Sight], Ordered]]] = {
    Source.FEATURED: _featured,
    Source.NEWEST: _newest,
    Source.UPCOMING: _upcoming,
    Source.TOP_MOVIES: _top(TitleKind.MOVIE),
    Source.TOP_SERIES: _top(TitleKind.SERIES),
    Source.GENRE: _of_genre,
    Source.WATCHLIST: _list(WATCHLIST),
    Source.FAVORITES: _list(FAVORITES),
}


def together(parts: Sequence[tuple[int, Ordered]], each: int) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """The first `each` of several rails in one statement: rows of the rail's number, a key and its rank."""
    return union_all(*(_first(number, one, each) for number, one in parts))


def _first(number: int, one: Ordered, each: int) -> Any:  # noqa: ANN401 — the same
    limit = each if one.most is None else min(each, one.most)
    named = [(column.label(f"by_{place}"), descends) for place, (column, descends) in enumerate(one.order)]
    ends = [column.desc() if descends else column.asc() for column, descends in one.order]
    columns = (one.key.label("key"), *(column for column, _ in named))
    few = one.rows.with_only_columns(*columns, maintain_column_froms=True).order_by(*ends).limit(limit).subquery()
    # a union promises no order, so each row says where it stands: a window over a handful of rows
    rank = func.row_number().over(
        order_by=[(desc if descends else asc)(few.c[column.name]) for column, descends in named]
    )
    return selected(literal(number).label("rail"), few.c.key, rank.label("rank"))
