"""The home page: rails with the first things in each of them, for whoever asks, and each rail page by page.

Law: how many queries a home page takes depends neither on how many rails and titles there are, nor on how many people
ask. What is the same for all who may see the same is remembered for a moment (`control_api.hot`); flags, and rails that
are one's own, never are. The store is asked before the database is: who waits for it holds no connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api.channels.overview import ChannelShown
from control_api.library.cards import TitleCard, carded
from control_api.library.facts import Language
from control_api.models import Nothing, Shown
from control_api.operation import Endpoint
from control_api.paging import Page, PageQuery, leaf, resumed, sliced
from control_api.plans.entitled import of_caller
from control_api.problems import CONFLICT, missing
from control_api.profiles import limits
from control_api.rails.beginning import rails
from control_api.rails.choosing import Watcher, chosen, is_for
from control_api.rails.filling import Contents, contents, has_channels, ranked
from control_api.rails.kinds import PERSONAL, RailKind
from control_api.rails.sources import MOST, Sight, ordered
from control_api.resources.audience import own_cards, territory_of
from control_api.resources.channels import locked, on_air
from control_api.resources.rails import TAG, RailPath
from control_api.scopes import Scope
from control_api.tables import Genre

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from control_api.call import Answer, Call
    from control_api.tables import Rail

_RAILS: Final = 20
"""Rails of one page: with 24 things each, their titles are read at once."""
_EACH: Final = 24


class HomeQuery(PageQuery):
    """Which rails, and how much of each."""

    limit: int = Field(default=_RAILS, ge=1, le=_RAILS, description="How many rails a page has at most.")
    each: int = Field(default=12, ge=1, le=_EACH, description="How many things of each rail are shown.")
    language: Language | None = Field(
        default=None, description="In which language, where there is it; else in that of the profile."
    )


class ItemsQuery(PageQuery):
    """Which page of a rail."""

    language: Language | None = Field(
        default=None, description="In which language, where there is it; else in that of the profile."
    )


class GenreCard(Shown):
    """A genre."""

    id: str
    name: str


class RailItem(Shown):
    """One thing in a rail: one of these is there, and the others are null."""

    title: TitleCard | None = None
    channel: ChannelShown | None = None
    genre: GenreCard | None = None


class RailAtHome(Shown):
    """A rail, with the first things in it."""

    id: str
    name: str = Field(description="In the language that was asked for, where there is one.")
    kind: str = Field(description="`pinned`, `rule` or `named`.")
    source: str = Field(description="Of a named one: what is in it; empty for others.")
    genre_id: str | None
    featured: bool = Field(description="Whether it is to be shown large.")
    because: TitleCard | None = Field(description="Of `because_you_watched`: the title that these are like.")
    items: list[RailItem]
    items_url: str | None = Field(description="The whole rail, page by page; null: this is all of it.")


class HomePage(Page[RailAtHome]):
    """A page of rails. Those with nothing in them are left out."""


class ItemPage(Page[RailItem]):
    """A page of one rail."""


@dataclass(frozen=True, slots=True)
class _Filled:
    """A rail as it is shown, but for what its titles are to a profile."""

    items: tuple[RailItem, ...] = ()
    more: bool = False
    because: TitleCard | None = None

    @property
    def titles(self) -> dict[str, TitleCard]:
        """All its titles, by id."""
        cards = (self.because, *(item.title for item in self.items))
        return {card.id: card for card in cards if card is not None}

    @property
    def channels(self) -> dict[str, ChannelShown]:
        """All its channels, by id."""
        return {item.channel.id: item.channel for item in self.items if item.channel is not None}

    def to(self, own: Mapping[str, TitleCard], air: Mapping[str, ChannelShown]) -> _Filled:
        """The same, with its titles and its channels as they are to a profile."""
        items = (
            item.model_copy(
                update={"title": item.title and own[item.title.id], "channel": item.channel and air[item.channel.id]}
            )
            for item in self.items
        )
        return _Filled(tuple(items), self.more, self.because and own[self.because.id])


@Endpoint(
    method="GET", path="/api/v1/home", name="read_home", summary="The home page: rails, and the first things in each",
    description="Rails come in the order that staff gave them, as far as they are for who asks. Who is nobody (an API "
    "key) is shown none that are of a profile.",
    scope=Scope.CATALOG_READ, tag=TAG, query_model=HomeQuery, answers={200: HomePage}, refusals=(CONFLICT,), cost=2,
)  # fmt: skip
async def read_home(call: Call[Nothing, HomeQuery, Nothing]) -> Answer:
    """AX1, BX7."""
    query = call.query
    there = await _rails(call)
    after, who = resumed(call), await _watcher(call, there)
    fitting = [rail for rail in chosen(there, who, call.now) if after is None or _place(rail) > after]
    some = fitting[: query.limit]
    found = await _common(call, some, query.each)
    filled = await _to_viewer(call, found | await _own(call, some, query.each))
    rows = [(_place(rail), _at_home(call, rail, filled[rail.id])) for rail in some if rail.id in filled]
    reach = _place(some[-1]) if len(fitting) > len(some) else None
    return sliced(call, [row for row in rows if row[1].items], HomePage, reach=reach)


@Endpoint(
    method="GET", path="/api/v1/rails/{id}/items", name="list_rail_items", summary="One rail, page by page",
    description="Who may change rails sees what is in one that is not shown, too.",
    scope=Scope.CATALOG_READ, tag=TAG, path_model=RailPath, query_model=ItemsQuery, answers={200: ItemPage},
    refusals=(CONFLICT,),
)  # fmt: skip
async def list_rail_items(call: Call[RailPath, ItemsQuery, Nothing]) -> Answer:
    """What has an order of its own is walked to its end; what is recommended, or on top, is all there at once."""
    rail = next((one for one in await _rails(call) if one.id == call.path.id), None)
    if rail is None or not await _may_see(call, rail):
        raise missing("rail", call.path.id)
    # a cursor is of one rail as it was made: after an edit its columns are others
    known, one = f"{rail.id} {rail.version}", ordered(rail, _sight(call))
    air = await _air(call, [rail])
    if one is not None and one.most is None:
        page = await leaf(call, one.rows, one.order, known)
        keys = tuple(str(getattr(row, one.key.key)) for row in page.rows)
        filled = await _shown(call, {rail.id: Contents(keys)}, air)
        shown = (await _to_viewer(call, filled))[rail.id]
        return page.answer(ItemPage(items=list(shown.items), next=page.next))
    found = {rail.id: await ranked(call.session, rail, _sight(call))}
    shown = (await _to_viewer(call, await _shown(call, found, air, [rail])))[rail.id]
    return sliced(call, [(f"{rank:04}", item) for rank, item in enumerate(shown.items)], ItemPage, known=known)


OPERATIONS: Final = (read_home, list_rail_items)


async def _rails(call: Call[Any, Any, Any]) -> list[Rail]:
    async def made(names: Sequence[str]) -> dict[str, list[Rail]]:
        async with call.site.database.reading() as session:
            return dict.fromkeys(names, await rails(session))

    return (await call.site.hot.shared({"rails": "rails"}, call.now, made))["rails"]


async def _watcher(call: Call[Any, Any, Any], there: Iterable[Rail]) -> Watcher:
    """Who asks; for their plan is asked where a rail is for some alone."""
    viewer = call.caller.viewer
    plan = ""
    if any(rail.plans for rail in there):
        async with call.site.database.reading() as session:
            plan = (await of_caller(session, call.caller, call.now)).plan
    return Watcher(viewer is not None and viewer.is_kids, plan)


async def _may_see(call: Call[Any, Any, Any], rail: Rail) -> bool:
    return call.caller.may(Scope.RAILS_WRITE) or is_for(rail, await _watcher(call, [rail]), call.now)


def _sight(call: Call[Any, Any, Any]) -> Sight:
    return Sight(call.caller.viewer, call.now, call.site.database.is_sqlite, territory_of(call))


def _place(rail: Rail) -> str:
    """What puts rails in their order."""
    return f"{rail.place:010}.{rail.id}"


def _language(call: Call[Any, Any, Any]) -> str:
    viewer = call.caller.viewer
    return call.query.language or (viewer.language if viewer is not None else "")


async def _common(call: Call[Any, HomeQuery, Any], some: Sequence[Rail], each: int) -> dict[str, _Filled]:
    """The rails that are the same for all who may see the same: remembered, or else all of the rest at once."""
    who = limits.fit(call.caller.viewer), _language(call), each
    keys = {rail.id: (rail.id, rail.version, *who) for rail in some if rail.source not in PERSONAL}

    async def made(names: Sequence[str]) -> dict[str, _Filled]:
        lacking = [rail for rail in some if rail.id in names]
        air = await _air(call, lacking)
        return await _shown(call, await contents(call.session, lacking, _sight(call), each), air, lacking, each)

    return await call.site.hot.shared(keys, call.now, made)


async def _own(call: Call[Any, HomeQuery, Any], some: Sequence[Rail], each: int) -> dict[str, _Filled]:
    """Those that are of the profile alone: never remembered."""
    mine = [rail for rail in some if rail.source in PERSONAL]
    if not mine or call.caller.viewer is None:
        return {}
    return await _shown(call, await contents(call.session, mine, _sight(call), each), (), mine, each)


async def _air(call: Call[Any, Any, Any], some: Iterable[Rail]) -> Sequence[ChannelShown]:
    """The channels on air, where any of these rails may have channels; to be asked before the session of the call is.

    The store is waited for, and may be slow: with a connection held, some few who wait would stop everybody.
    """
    return await on_air(call) if any(has_channels(rail) or rail.kind == RailKind.PINNED for rail in some) else ()


async def _shown(
    call: Call[Any, Any, Any],
    found: Mapping[str, Contents],
    air: Sequence[ChannelShown],
    there: Sequence[Rail] = (),
    each: int = MOST,
) -> dict[str, _Filled]:
    """What is in rails, as it is shown. `there` are those of which some may be of channels on air."""
    keys = [key for one in found.values() for key in (*one.keys, one.because) if key is not None]
    live = {rail.id for rail in there if has_channels(rail)}
    titles = [key for key in keys if key.startswith("ti_")]
    genres = [key for key in keys if key.startswith("ge_")]
    known = {channel.id: RailItem(channel=channel) for channel in air}
    cards: dict[str, TitleCard] = {}
    if titles:
        fit, public = limits.fit(call.caller.viewer), call.site.settings.public_url
        cards = await carded(call.session, titles, _language(call), public, fit)
        known |= {key: RailItem(title=card) for key, card in cards.items()}
    if genres:
        rows = await call.session.exec(select(Genre.id, Genre.name).where(col(Genre.id).in_(genres)))
        known |= {key: RailItem(genre=GenreCard(id=key, name=name)) for key, name in rows.all()}
    filled = {
        rail: _Filled(
            tuple(known[key] for key in one.keys if key in known), one.more, cards.get(one.because or "")
        )
        for rail, one in found.items()
    }  # fmt: skip
    for rail in live:
        filled[rail] = _Filled(tuple(known[channel.id] for channel in air[:each]), len(air) > each)
    return filled


async def _to_viewer(call: Call[Any, Any, Any], filled: dict[str, _Filled]) -> dict[str, _Filled]:
    """The same, with what each title and each channel is to who asks."""
    own = await own_cards(call, {title: card for one in filled.values() for title, card in one.titles.items()})
    channels = {name: channel for one in filled.values() for name, channel in one.channels.items()}
    air = {channel.id: channel for channel in await locked(call, list(channels.values()))}
    return {rail: one.to(own, air) for rail, one in filled.items()}


def _at_home(call: Call[Any, Any, Any], rail: Rail, filled: _Filled) -> RailAtHome:
    language = _language(call)
    name = rail.names.get(language) or rail.names.get(language.partition("-")[0]) or rail.name
    url = f"{call.site.settings.public_url}/api/v1/rails/{rail.id}/items"
    return RailAtHome(
        id=rail.id, name=name, kind=rail.kind, source=rail.source, genre_id=rail.genre_id, featured=rail.featured,
        because=filled.because, items=list(filled.items), items_url=url if filled.more else None,
    )  # fmt: skip
