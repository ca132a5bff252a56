"""Preferences: how the profile that asks likes to watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.operation import Endpoint, Precondition
from control_api.problems import FORBIDDEN, TOO_MANY, Problem
from control_api.profiles import desk
from control_api.profiles.shown import PreferencesEdit, PreferencesShown, ProfileTold
from control_api.resources.profiles import KIND, TAG, check_may_protect
from control_api.scopes import SIGNED_IN

if TYPE_CHECKING:
    from control_api.models import Nothing
    from control_api.tables import Profile

_PATH: Final = "/api/v1/preferences"
_PARENTAL: Final = frozenset(("adult_content", "keeps_history"))


@Endpoint(
    method="GET",
    path=_PATH,
    name="read_preferences",
    summary="How the profile that asks likes to watch",
    scope=SIGNED_IN,
    tag=TAG,
    answers={200: PreferencesShown},
)
async def read_preferences(call: Call) -> Answer:
    """Of the profile that the token, or the session, means."""
    row = await _mine(call, held=False)
    return Answer(PreferencesShown.of(row), version=row.version)


@Endpoint(
    method="PATCH",
    path=_PATH,
    name="edit_preferences",
    summary="Change how the profile that asks likes to watch",
    description="A kids profile chooses all but `adult_content` and `keeps_history`.",
    scope=SIGNED_IN,
    tag=TAG,
    body_model=PreferencesEdit,
    answers={200: PreferencesShown},
    refusals=(TOO_MANY,),
    precondition=Precondition.HEEDED,
)
async def edit_preferences(call: Call[Nothing, Nothing, PreferencesEdit]) -> Answer:
    """Change what was sent."""
    sent = call.body.model_fields_set
    if call.caller.is_kids and sent & _PARENTAL:
        raise Problem(FORBIDDEN, "that is not for a kids profile to choose: switch to another one")
    if sent & desk.PROTECTING and call.caller.viewer is not None:
        await check_may_protect(call, call.caller.viewer.id)
    row = await _mine(call)
    call.guard(row.version)
    before = ProfileTold.of(row)
    await desk.write(call.session, row, call.body, call.now)
    call.changed(Change(KIND, row.id, "updated", before, ProfileTold.of(row)))
    return Answer(PreferencesShown.of(row), version=row.version)


OPERATIONS: Final = (read_preferences, edit_preferences)


async def _mine(call: Call[Any, Any, Any], *, held: bool = True) -> Profile:
    viewer = call.caller.viewer
    return await desk.row_of(call.session, call.caller.id, viewer.id if viewer is not None else "", held=held)
