"""The gate: what is premium is played by whose plan includes it, whichever way they ask.

Law: every address that plays a title or a channel is handed out after one of these, and an address that was not
handed out is refused by the origin. So what is premium must be closed there: `check_closed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from control_api.problems import CONFLICT, PLAN_NEEDED, Problem
from playout.core.channel import Access
from playout.core.token import OnDemand

if TYPE_CHECKING:
    from control_api.plans.entitled import Entitlements
    from control_api.settings import Settings
    from control_api.tables import Title

PREMIUM: Final = "premium"
"""What a title or a channel says of itself that is for who has a plan with it."""
OPEN: Final = (
    "a premium title would be open to everybody at its address on demand: set `on_demand` to `signed`, here and at "
    "every origin, and then call it premium"
)
"""Why nothing may be premium where on demand is open."""


def check_title(title: Title, entitlements: Entitlements) -> None:
    """Raise `Problem` when the plan does not include the title."""
    check_access(title.name, title.access, entitlements)


def check_channel(channel: str, access: str, entitlements: Entitlements) -> None:
    """Raise `Problem` when the plan does not include the channel, which says `access` of itself."""
    check_access(f"the channel {channel}", access, entitlements)


def check_access(what: str, access: str, entitlements: Entitlements) -> None:
    """Raise `Problem` when the plan does not include what says `access` of itself."""
    if access != Access.PREMIUM or entitlements.premium:
        return
    message = (
        f"{what} is premium, and your plan, {entitlements.plan}, does not include that: "
        "GET /api/v1/plans has those that do"
    )
    problem = Problem(PLAN_NEEDED, message)
    problem.entitlement = PREMIUM
    raise problem


def is_closed(settings: Settings) -> bool:
    """Whether what is on demand takes a signed address, whatever channels do. So it may be premium."""
    return settings.on_demand is OnDemand.SIGNED


def check_closed(settings: Settings, access: str | None) -> None:
    """Refuse to call something premium whose address anybody could make up; raises `Problem`."""
    if access == PREMIUM and not is_closed(settings):
        raise Problem(CONFLICT, OPEN)
