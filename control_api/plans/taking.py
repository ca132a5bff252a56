"""Who takes the money here, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from control_api.destinations import NotAllowed
from control_api.outgoing import NoAnswer
from control_api.plans.providers import Refused
from control_api.problems import CONFLICT, Kind, Problem, unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from control_api.outgoing import Outgoing
    from control_api.plans.providers import Provider
    from control_api.settings import Settings

Found = TypeVar("Found")


def configured(settings: Settings, outgoing: Outgoing) -> Provider | None:
    """Who takes the money here; None: nobody."""
    if settings.payments == "test":
        from control_api.plans.pretended import Pretended  # noqa: PLC0415 — only where it is meant

        return Pretended()
    if settings.payments == "stripe":
        from control_api.plans.stripe import Stripe  # noqa: PLC0415 — the same

        return Stripe(settings, outgoing)
    return None


def named(settings: Settings, outgoing: Outgoing, name: str) -> Provider:
    """The provider of this name. Raises `Problem` when it is not configured here."""
    found = configured(settings, outgoing)
    if found is None or found.name != name:
        message = f"payments by {name} are not set up here any more: see the setting `payments`"
        raise Problem(CONFLICT, message)
    return found


async def obtained(asking: Awaitable[Found], kind: Kind, words: str = "") -> Found:
    """What the provider answers. Raises `Problem`: of `kind`, with `words` before its own, where it refuses."""
    try:
        return await asking
    except Refused as refused:
        raise Problem(kind, f"{words}{refused}") from refused
    except (NoAnswer, NotAllowed) as error:
        message = f"who takes the money does not answer as it should: {error}"
        raise unavailable(message, 30) from error
