"""What the audience is shown of titles: what is published, and nothing above or beneath it that is not.

Who has `titles:read` is no audience: they see drafts and what is archived. What is kept from a profile is kept from
whoever watches as it, audience or not: `control_api.profiles.limits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from control_api.addresses import is_in
from control_api.library import licence
from control_api.library.cards import carded
from control_api.library.hung import Above, hung
from control_api.library.kinds import TitleState
from control_api.lists.flags import flagged
from control_api.plans.entitled import of_caller
from control_api.plans.gate import PREMIUM
from control_api.problems import FORBIDDEN, Problem, missing
from control_api.profiles import limits
from control_api.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.call import Call
    from control_api.library.cards import TitleCard
    from control_api.library.hung import Hung
    from control_api.tables import Title


def is_audience(call: Call[Any, Any, Any]) -> bool:
    """Whether the caller may see no more than what is published."""
    return not call.caller.may(Scope.TITLES_READ)


def states(call: Call[Any, Any, Any], asked: Sequence[TitleState], *, deleted: bool = False) -> list[TitleState]:
    """The states in which titles are shown. Raises `Problem` when others are asked for, or the bin is."""
    if not is_audience(call):
        return list(asked)
    if deleted or set(asked) - {TitleState.PUBLISHED}:
        message = f"what is not published is seen with the scope {Scope.TITLES_READ}, which the caller has not"
        raise Problem(FORBIDDEN, message, scope=Scope.TITLES_READ)
    return [TitleState.PUBLISHED]


async def check_seen(call: Call[Any, Any, Any], title: Title) -> None:
    """Refuse to show what the caller may not see, as if it were not there."""
    if is_audience(call) and not _is_seen(title):
        raise missing("title", title.id)
    await limits.check(call.session, call.caller.viewer, title)


async def surrounded(call: Call[Any, Any, Any], titles: Sequence[Title]) -> dict[str, Hung]:
    """What hangs on each title, by its id, as far as the caller may see it."""
    found = await hung(call.session, titles)
    over = {above.id for one in found.values() for above in one.above if above is not None}
    fit = await limits.permitted(call.session, call.caller.viewer, over)
    audience = is_audience(call)

    def visible(above: Title | None) -> Title | None:
        is_there = above is not None and above.id in fit and (_is_seen(above) or not audience)
        return above if is_there else None

    for one in found.values():
        one.above = Above(*map(visible, one.above))
    return await marked(call, titles, found)


async def marked(call: Call[Any, Any, Any], titles: Sequence[Title], found: dict[str, Hung]) -> dict[str, Hung]:
    """The same, with what each title is to who asks, and whether their plan has it not: two queries at most."""
    if await lacks(call, (title.access for title in titles)):
        for title in titles:
            found[title.id].is_locked = title.access == PREMIUM
    viewer = call.caller.viewer
    if viewer is not None and found:
        for title_id, flags in (await flagged(call.session, viewer.id, list(found))).items():
            found[title_id].mine = flags
    return found


async def lacks(call: Call[Any, Any, Any], accesses: Iterable[str], session: AsyncSession | None = None) -> bool:
    """Whether any of this is premium, and the plan of who asks has that not: one query, where anything is."""
    if PREMIUM not in accesses:
        return False
    return not (await of_caller(session or call.session, call.caller, call.now)).premium


async def cards(
    call: Call[Any, Any, Any], titles: Sequence[str], session: AsyncSession | None = None
) -> dict[str, TitleCard]:
    """Titles as cards, by id, each with what it is to the profile that asks; `session`: by another than the call's."""
    viewer = call.caller.viewer
    language, public = viewer.language if viewer is not None else "", call.site.settings.public_url
    there = await carded(session or call.session, titles, language, public, limits.fit(viewer)) if titles else {}
    return await own_cards(call, there, session)


async def own_cards(
    call: Call[Any, Any, Any], there: dict[str, TitleCard], session: AsyncSession | None = None
) -> dict[str, TitleCard]:
    """The same with what each is to the profile that asks, and whether their plan has it not: two queries at most."""
    viewer = call.caller.viewer
    mine = await flagged(session or call.session, viewer.id, list(there)) if viewer is not None else {}
    locks = await lacks(call, (card.access for card in there.values()), session)
    return {
        title: card.model_copy(update={"mine": mine.get(title), "is_locked": locks and card.access == PREMIUM})
        for title, card in there.items()
    }


def territory_of(call: Call[Any, Any, Any]) -> str | None:
    """The country that a proxy or a CDN says the caller is in; None where nobody looks at countries.

    What is said by who is no trusted proxy counts for nothing.
    """
    settings = call.site.settings
    if not settings.country_header:
        return None
    is_believed = is_in(call.request.remote, settings.trusted_proxies)
    return licence.country(call.request.headers.get(settings.country_header, "") if is_believed else "")


def country_of(call: Call[Any, Any, Any]) -> str:
    """The same, of which tax there is; empty where nobody looks, or can tell."""
    where = territory_of(call)
    return "" if where in {None, licence.NOWHERE} else str(where)


def _is_seen(title: Title) -> bool:
    return title.deleted_at is None and title.state == TitleState.PUBLISHED
