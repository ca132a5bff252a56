"""The write path of every change: its audit entry and its event stand in the transaction of the change itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from control_api.happenings import Happening
from control_api.ids import new_id
from control_api.tables import AuditEntry

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, from where, and by which operation."""

    id: str
    name: str
    operation: str
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one thing."""

    kind: str
    """The kind of thing: `api_key`."""
    subject: str
    """Its id."""
    action: str
    """What happened to it, in the past tense: `created`."""
    before: BaseModel | None = None
    """What it was; None for what is new."""
    after: BaseModel | None = None
    """What it is; None for what is gone."""


def audited(session: AsyncSession, actor: Actor, change: Change, now: datetime) -> Happening | None:
    """Write the audit entry; the event that is to be appended at the end of the transaction.

    None, and nothing written, when nothing has changed.
    """
    before, after = _document(change.before), _document(change.after)
    if before == after:
        return None
    session.add(
        AuditEntry(
            id=new_id("au"),
            at=now,
            caller=actor.id,
            caller_name=actor.name,
            address=actor.address,
            request_id=actor.request_id,
            operation=actor.operation,
            kind=change.kind,
            subject=change.subject,
            action=change.action,
            before=before,
            after=after,
        )
    )
    known = (before or {}).keys() | (after or {}).keys()
    differing = sorted(name for name in known if (before or {}).get(name) != (after or {}).get(name))
    fields = {"fields": differing} if before is not None and after is not None else {}
    return Happening(f"{change.kind}.{change.action}", change.subject, {"by": actor.id, **fields})


def _document(shown: BaseModel | None) -> dict[str, Any] | None:
    return None if shown is None else shown.model_dump(mode="json")
