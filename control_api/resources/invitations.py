"""Invitations: by which people make accounts for themselves. A token is shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.paging import Page, PageQuery, page
from control_api.people import invitations
from control_api.people.roles import Role, is_within
from control_api.problems import FORBIDDEN, Problem, missing, unacceptable
from control_api.scopes import Scope
from control_api.tables import Invitation

if TYPE_CHECKING:
    from datetime import datetime

_KIND: Final = "invitation"
_TAG: Final = "Accounts"
_LIFE: Final = timedelta(days=7)
_LONGEST: Final = timedelta(days=366)


class InvitationPath(Given):
    """Which invitation."""

    id: str = Field(pattern=ids.pattern("in"), description="The id of the invitation.")


class InvitationQuery(PageQuery):
    """Which invitations are wanted."""

    open: bool | None = Field(default=None, description="Only those that can be accepted, or only those that cannot.")


class InvitationGiven(Given):
    """Who is invited."""

    role: Role = Field(description="What they will be: nothing that may do more than you.")
    note: str = Field(default="", max_length=200, description="Whom it is for.")
    expires_at: Instant | None = Field(default=None, description="Until when it can be accepted; null: for 7 days.")


class InvitationShown(Shown):
    """What is known of an invitation."""

    id: str
    role: str
    note: str
    created_by: str = Field(description="The id of who made it, without whom it is good for nothing.")
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None
    used_at: Instant | None
    used_by: str | None = Field(description="The account that was made with it.")


class InvitationMade(InvitationShown):
    """A new invitation."""

    token: str | None = Field(
        description="Give it to who is invited. It is shown now and never again; null when this is a repeat."
    )


class InvitationPage(Page[InvitationShown]):
    """A page of invitations, the newest first."""


@Endpoint(
    method="GET",
    path="/api/v1/invitations",
    name="list_invitations",
    summary="All invitations, the newest first",
    scope=Scope.ACCOUNTS_READ,
    tag=_TAG,
    query_model=InvitationQuery,
    answers={200: InvitationPage},
)
async def list_invitations(call: Call[Nothing, InvitationQuery, Nothing]) -> Answer:
    """A page of invitations."""
    rows = select(Invitation)
    if call.query.open is not None:
        is_open = invitations.is_open(call.now)
        rows = rows.where(is_open if call.query.open else ~is_open)
    return await page(call, rows, [(col(Invitation.id), True)], InvitationShown.model_validate, InvitationPage)


@Endpoint(
    method="POST",
    path="/api/v1/invitations",
    name="create_invitation",
    summary="Invite somebody",
    scope=Scope.ACCOUNTS_WRITE,
    tag=_TAG,
    body_model=InvitationGiven,
    answers={201: InvitationMade},
    idempotent=True,
    shown_once=("token",),
)
async def create_invitation(call: Call[Nothing, Nothing, InvitationGiven]) -> Answer:
    """An invitation to a role that its maker may give."""
    given = call.body
    if not is_within(given.role, call.caller.scopes):
        raise Problem(FORBIDDEN, f"the role {given.role} may do more than you, so you cannot give it")
    made = invitations.make(given.role, given.note, call.caller.id, call.now, _until(call.now, given.expires_at))
    call.session.add(made.row)
    shown = InvitationShown.model_validate(made.row)
    call.changed(Change(_KIND, made.row.id, "created", after=shown))
    answer = InvitationMade(**shown.model_dump(), token=made.token)
    return Answer(answer, 201, {"Cache-Control": "no-store"})


@Endpoint(
    method="DELETE",
    path="/api/v1/invitations/{id}",
    name="revoke_invitation",
    summary="Revoke an invitation",
    scope=Scope.ACCOUNTS_WRITE,
    tag=_TAG,
    path_model=InvitationPath,
    answers={200: InvitationShown},
)
async def revoke_invitation(call: Call[InvitationPath]) -> Answer:
    """It stays in the list, and cannot be accepted. To do it twice changes nothing."""
    wanted = select(Invitation).where(Invitation.id == call.path.id).with_for_update()
    row = (await call.session.exec(wanted)).one_or_none()
    if row is None:
        raise missing("invitation", call.path.id)
    return Answer(_revoked(call, row))


OPERATIONS: Final = (list_invitations, create_invitation, revoke_invitation)


async def revoke_open(call: Call[Any, Any, Any], maker: str) -> None:
    """Revoke what somebody has invited to who may not do so any more."""
    for row in await invitations.open_of(call.session, maker, call.now):
        _revoked(call, row)


def _revoked(call: Call[Any, Any, Any], row: Invitation) -> InvitationShown:
    before = InvitationShown.model_validate(row)
    row.revoked_at = row.revoked_at or call.now
    shown = InvitationShown.model_validate(row)
    call.changed(Change(_KIND, row.id, "revoked", before, shown))
    return shown


def _until(now: datetime, wanted: datetime | None) -> datetime:
    if wanted is None:
        return now + _LIFE
    if not now < wanted <= now + _LONGEST:
        raise unacceptable("/expires_at", "is not within the next year")
    return wanted
