"""The audit log: who changed what, what it was before and what it is since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api.instants import Instant
from control_api.models import Nothing, Shown
from control_api.operation import Endpoint
from control_api.paging import Page, PageQuery, page
from control_api.scopes import Scope
from control_api.tables import AuditEntry

if TYPE_CHECKING:
    from control_api.call import Answer, Call


class AuditShown(Shown):
    """One change of one thing."""

    id: str
    at: Instant
    caller: str = Field(description="The id of who did it.")
    caller_name: str = Field(description="What they were called then.")
    address: str = Field(description="The address of their machine; empty on the command line.")
    request_id: str = Field(description="The request that did it; empty on the command line.")
    operation: str = Field(description="The operationId, or the command.")
    kind: str = Field(description="The kind of thing.", examples=["api_key"])
    subject: str = Field(description="Its id.")
    action: str = Field(description="What happened to it.", examples=["created"])
    before: dict[str, Any] | None = Field(description="What it was; null for what was new.")
    after: dict[str, Any] | None = Field(description="What it became; null for what is gone.")


class AuditQuery(PageQuery):
    """Which changes are wanted."""

    caller: str | None = Field(default=None, max_length=80, description="Only those by this caller.")
    subject: str | None = Field(default=None, max_length=80, description="Only those of the thing with this id.")
    kind: str | None = Field(default=None, max_length=40, description="Only those of this kind of thing.")
    since: Instant | None = Field(default=None, description="Only those at this instant or later.")
    until: Instant | None = Field(default=None, description="Only those before this instant.")


class AuditPage(Page[AuditShown]):
    """A page of changes, the newest first."""


@Endpoint(
    method="GET",
    path="/api/v1/audit",
    name="list_changes",
    summary="Who changed what, the newest first",
    scope=Scope.AUDIT_READ,
    tag="Audit",
    query_model=AuditQuery,
    answers={200: AuditPage},
)
async def list_changes(call: Call[Nothing, AuditQuery, Nothing]) -> Answer:
    """A page of the log."""
    rows, query = select(AuditEntry), call.query
    for column, value in (
        (col(AuditEntry.caller), query.caller),
        (col(AuditEntry.subject), query.subject),
        (col(AuditEntry.kind), query.kind),
    ):
        if value is not None:
            rows = rows.where(column == value)
    if query.since is not None:
        rows = rows.where(col(AuditEntry.at) >= query.since)
    if query.until is not None:
        rows = rows.where(col(AuditEntry.at) < query.until)
    return await page(call, rows, [(col(AuditEntry.id), True)], AuditShown.model_validate, AuditPage)


OPERATIONS: Final = (list_changes,)
