"""Mail: what one wants by it, how to have no more of it, and whether it arrives."""

from __future__ import annotations

from typing import Final

from pydantic import Field
from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.notices import outbox, unsubscribing
from control_api.notices.kinds import ALWAYS, Kind, is_mailed
from control_api.notices.outbox import Letter
from control_api.operation import Endpoint, Raw
from control_api.paging import Page, PageQuery, page
from control_api.people import accounts
from control_api.problems import CONFLICT, NOT_FOUND, Problem
from control_api.scopes import OPEN, OWNER, Scope
from control_api.signing import signer
from control_api.tables import Mail, MailChoice

_TAG: Final = "Mail"


class MailWanted(Given):
    """What is to come by mail; what is left out stays. What is about one's own safety always does."""

    billing: bool | None = None
    privacy: bool | None = None
    support: bool | None = None
    service: bool | None = None
    news: bool | None = None


class MailChoiceShown(Shown):
    """What comes by mail."""

    is_sent: bool = Field(description="Whether this station sends mail at all.")
    address: str | None = Field(description="Where to.")
    is_verified: bool = Field(
        description="Whether the address was proven: before, nothing comes but the code for that."
    )
    wanted: dict[str, bool] = Field(description="By kind of notification: whether it comes by mail too.")


class TicketPath(Given):
    """Whose mail, and of which kind."""

    ticket: str = Field(min_length=1, max_length=300, description="What the mail has in List-Unsubscribe.")


class MailQuery(PageQuery):
    """Which mails are wanted."""

    state: str | None = Field(default=None, pattern="^(open|sent|failed|dropped)$", description="Only those of it.")


class MailShown(Shown):
    """A mail on its way. Neither what it says nor to which address is shown."""

    id: str
    account_id: str | None
    kind: str
    form: str = Field(description="What is written: `notice`, `verify`, `reset`, `moved`, `ticket` or `trial`.")
    broadcast_id: str | None
    state: str = Field(
        description="`open` until it is `sent`, or given up as `failed`, or `dropped` because it was for nobody then."
    )
    attempts: int
    due_at: Instant = Field(description="When it is tried next, while it is open.")
    created_at: Instant
    ended_at: Instant | None
    error: str = Field(description="What the server said to the last attempt; empty when it was good.")


class MailPage(Page[MailShown]):
    """A page of mails, the newest first."""


@Endpoint(
    method="GET",
    path="/api/v1/account/mail",
    name="read_mail_choice",
    summary="What one is sent by mail",
    scope=OWNER,
    tag=_TAG,
    answers={200: MailChoiceShown},
)
async def read_mail_choice(call: Call) -> Answer:
    """Every kind, whether it was chosen or is so by itself."""
    row = await call.session.get(MailChoice, call.caller.id)
    return await _shown(call, {} if row is None else row.wanted)


@Endpoint(
    method="PATCH",
    path="/api/v1/account/mail",
    name="edit_mail_choice",
    summary="Choose what one is sent by mail",
    scope=OWNER,
    tag=_TAG,
    body_model=MailWanted,
    answers={200: MailChoiceShown},
    changes=False,
)
async def edit_mail_choice(call: Call[Nothing, Nothing, MailWanted]) -> Answer:
    """It counts for what is told from now on."""
    wanted = call.body.model_dump(exclude_none=True)
    return await _shown(call, await unsubscribing.chosen(call.session, call.caller.id, wanted, call.now))


@Endpoint(
    method="POST",
    path=f"{unsubscribing.PATH}/{{ticket}}",
    name="unsubscribe",
    summary="Have no more mail of a kind",
    description="What programs for mail ask when somebody unsubscribes (RFC 8058). The body is not looked at.",
    scope=OPEN,
    tag=_TAG,
    path_model=TicketPath,
    raw=Raw(("application/x-www-form-urlencoded", "multipart/form-data"), required=False),
    answers={204: None},
    refusals=(NOT_FOUND,),
    changes=False,
)
async def unsubscribe(call: Call[TicketPath]) -> Answer:
    """To do it twice changes nothing."""
    found = unsubscribing.read(await signer(call.site.database, unsubscribing.NAME, call.now), call.path.ticket)
    if found is None:
        raise Problem(NOT_FOUND, "that was not made here: choose what you are sent in your account")
    account, kind = found
    await unsubscribing.chosen(call.session, account, {kind: False}, call.now)
    return Answer(status=204)


@Endpoint(
    method="GET",
    path="/api/v1/mails",
    name="list_mails",
    summary="Mail that is due, was sent, or could not be",
    scope=Scope.NOTICES_WRITE,
    tag=_TAG,
    query_model=MailQuery,
    answers={200: MailPage},
)
async def list_mails(call: Call[Nothing, MailQuery, Nothing]) -> Answer:
    """A page of mails."""
    rows = select(Mail)
    if call.query.state is not None:
        rows = rows.where(Mail.state == call.query.state)
    return await page(call, rows, [(col(Mail.id), True)], MailShown.model_validate, MailPage)


@Endpoint(
    method="POST",
    path="/api/v1/mails:try",
    name="try_mail",
    summary="Send oneself a mail, to see that it arrives",
    scope=Scope.NOTICES_WRITE,
    tag=_TAG,
    answers={202: MailShown},
    changes=False,
    cost=10,
)
async def try_mail(call: Call) -> Answer:
    """It is due at once; `GET /api/v1/mails` says what became of it."""
    if not outbox.is_sent(call.session):
        raise Problem(CONFLICT, "no mail is sent here: see the setting smtp_host")
    account = await accounts.row_of(call.session, call.caller.id) if call.caller.is_person else None
    if account is None or account.email is None:
        raise Problem(CONFLICT, "it would go to the address of your account, and there is none")
    row = outbox.row(Letter("trial", Kind.ACCOUNT, {}, account.id, account.email), call.now)
    call.session.add(row)
    return Answer(MailShown.model_validate(row), 202)


OPERATIONS: Final = (read_mail_choice, edit_mail_choice, unsubscribe, list_mails, try_mail)


async def _shown(
    call: Call[Nothing, Nothing, Nothing] | Call[Nothing, Nothing, MailWanted], wanted: dict[str, bool]
) -> Answer:
    account = await accounts.row_of(call.session, call.caller.id, held=False)
    return Answer(
        MailChoiceShown(
            is_sent=outbox.is_sent(call.session),
            address=account.email,
            is_verified=account.email_verified,
            wanted={kind: is_mailed(kind, wanted) for kind in Kind if kind not in ALWAYS},
        )
    )
