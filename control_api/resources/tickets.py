"""Tickets: what people ask of the station, and what staff answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import Field
from sqlmodel import col, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.help_pages import tickets
from control_api.help_pages.tickets import Author, TicketState
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.notices import outbox
from control_api.notices.kinds import Kind
from control_api.notices.languages import Language, Tag, spoken
from control_api.notices.outbox import Letter
from control_api.notices.telling import tell
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, page
from control_api.people import accounts
from control_api.people.names import Email
from control_api.people.roles import scopes_of
from control_api.problems import CONFLICT, TOO_MANY, Problem, missing, unacceptable, unavailable
from control_api.resources.letters import count_letter
from control_api.scopes import OPEN, OWNER, Scope
from control_api.tables import Ticket, TicketEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

_KIND: Final = "ticket"
_TAG: Final = "Support"
_OWN: Final = "/api/v1/tickets"
_STAFF: Final = "/api/v1/support-tickets"
_ANSWERED: Final = {Language.EN: "We have answered you: {subject}", Language.ES: "Te hemos respondido: {subject}"}

Text = Annotated[str, Field(min_length=1, max_length=5000, description="Plain text.")]
Subject = Annotated[str, Field(min_length=1, max_length=200)]
Category = Annotated[str, Field(max_length=60, description="What it is about, as the page names it.")]


class TicketPath(Given):
    """Which ticket."""

    id: str = Field(pattern=ids.pattern("tk"), description="The id of the ticket.")


class TicketQuery(PageQuery):
    """Which tickets are wanted."""

    state: TicketState | None = Field(default=None, description="Only those in it.")


class StaffTicketQuery(TicketQuery):
    """Which tickets are wanted."""

    assignee: str | None = Field(default=None, pattern=ids.pattern("ac"), description="Only those of this account.")
    account: str | None = Field(default=None, pattern=ids.pattern("ac"), description="Only those that it has asked.")


class ContactGiven(Given):
    """What somebody asks who has no account, or is not signed in."""

    name: str = Field(min_length=1, max_length=100)
    email: Email = Field(description="Where the answer is mailed.")
    subject: Subject
    text: Text
    category: Category = ""
    language: Tag | None = None


class TicketGiven(Given):
    """What somebody asks."""

    subject: Subject
    text: Text
    category: Category = ""


class ReplyGiven(Given):
    """What is said in a ticket."""

    text: Text


class StaffReplyGiven(ReplyGiven):
    """What staff says."""

    is_note: bool = Field(default=False, description="Whether it is for staff alone: who has asked is not told.")


class TicketEdit(Given):
    """What is to be another way; what is left out stays."""

    state: TicketState | None = None
    assignee_id: str | None = Field(
        default=None, pattern=ids.pattern("ac"), description="Who is to answer; null: nobody in particular."
    )


class ContactShown(Shown):
    """That it has come."""

    id: str = Field(description="By which staff finds it.")


class EntryShown(Shown):
    """One thing that was said."""

    id: str
    author: str = Field(description="`asker` or `staff`.")
    text: str
    at: Instant


class StaffEntryShown(EntryShown):
    """The same for staff."""

    author_id: str | None
    is_note: bool


class TicketListed(Shown):
    """A ticket in a list."""

    id: str
    subject: str
    category: str
    state: TicketState = Field(description="`open`: staff is to answer. `answered`: they have. `closed`.")
    created_at: Instant
    touched_at: Instant


class TicketShown(TicketListed):
    """A ticket, with what was said."""

    entries: list[EntryShown]


class StaffTicketListed(TicketListed):
    """A ticket in the list of staff."""

    account_id: str | None = Field(description="Who has asked; null of who wrote by the contact form.")
    name: str
    email: str
    language: str
    assignee_id: str | None
    closed_at: Instant | None


class StaffTicketShown(StaffTicketListed):
    """A ticket for staff, with what was said and noted."""

    entries: list[StaffEntryShown]


class TicketAnswered(StaffTicketShown):
    """The same, and whether who has asked hears of it by mail."""

    is_mailed: bool | None = Field(
        description="Of who wrote by the contact form: whether the answer is mailed; false: this station sends no "
        "mail, so they have to be told in another way. null: of a note, and of an account, which has it in its inbox."
    )


class TicketMoved(Shown):
    """What is told of a ticket where changes are: nothing of what anybody has said."""

    state: str
    assignee_id: str | None
    entries: int

    @classmethod
    def of(cls, row: Ticket, entries: int = 0) -> Self:
        """What is told of a row."""
        return cls(state=row.state, assignee_id=row.assignee_id, entries=entries)


class TicketPage(Page[TicketListed]):
    """A page of one's own tickets, the newest first."""


class StaffTicketPage(Page[StaffTicketListed]):
    """A page of tickets; those that were touched first come first."""


@Endpoint(
    method="POST",
    path="/api/v1/contact",
    name="contact",
    summary="Ask something without an account",
    scope=OPEN,
    tag=_TAG,
    body_model=ContactGiven,
    answers={202: ContactShown},
    refusals=(TOO_MANY,),
    cost=4,
    idempotent=True,
)
async def contact(call: Call[Nothing, Nothing, ContactGiven]) -> Answer:
    """A ticket of a stranger. No mail says that it has come: the address may be anybody's."""
    await count_letter(call)
    if await tickets.waiting(call.session, None) >= tickets.MOST_STRANGE:
        raise unavailable("very many have asked something: try again tomorrow", seconds=86_400)
    given = call.body
    row = _new(call, given.subject, given.category)
    row.name, row.email, row.language = given.name, given.email, given.language or ""
    await _begun(call, row, tickets.entry(row, Author.ASKER, given.text, call.now))
    return Answer(ContactShown(id=row.id), 202)


@Endpoint(
    method="GET",
    path=_OWN,
    name="list_tickets",
    summary="What one has asked, what was touched last first",
    scope=OWNER,
    tag=_TAG,
    query_model=TicketQuery,
    answers={200: TicketPage},
)
async def list_tickets(call: Call[Nothing, TicketQuery, Nothing]) -> Answer:
    """A page of one's own tickets."""
    rows = select(Ticket).where(Ticket.account_id == call.caller.id)
    if call.query.state is not None:
        rows = rows.where(Ticket.state == call.query.state)
    order = [(col(Ticket.touched_at), True), (col(Ticket.id), True)]
    return await page(call, rows, order, TicketListed.model_validate, TicketPage)


@Endpoint(
    method="POST",
    path=_OWN,
    name="open_ticket",
    summary="Ask something",
    scope=OWNER,
    tag=_TAG,
    body_model=TicketGiven,
    answers={201: TicketShown},
    idempotent=True,
)
async def open_ticket(call: Call[Nothing, Nothing, TicketGiven]) -> Answer:
    """A ticket of one's own."""
    await accounts.row_of(call.session, call.caller.id)  # held: two at once count each other
    if await tickets.waiting(call.session, call.caller.id) >= tickets.MOST_OPEN:
        raise Problem(CONFLICT, f"{tickets.MOST_OPEN} of your tickets are not closed: go on with one of them")
    row = _new(call, call.body.subject, call.body.category)
    row.account_id = call.caller.id
    await _begun(call, row, tickets.entry(row, Author.ASKER, call.body.text, call.now, call.caller.id))
    return Answer(await _shown(call, row), 201, {"Location": f"{_OWN}/{row.id}"}, version=row.version)


@Endpoint(
    method="GET",
    path=f"{_OWN}/{{id}}",
    name="read_ticket",
    summary="One of one's tickets, with the answers",
    scope=OWNER,
    tag=_TAG,
    path_model=TicketPath,
    answers={200: TicketShown},
)
async def read_ticket(call: Call[TicketPath]) -> Answer:
    """What staff has noted for staff is not in it."""
    row = await call.session.get(Ticket, call.path.id)
    if row is None or row.account_id != call.caller.id:
        raise missing(_KIND, call.path.id)
    return Answer(await _shown(call, row), version=row.version)


@Endpoint(
    method="POST",
    path=f"{_OWN}/{{id}}/replies",
    name="reply_in_ticket",
    summary="Say more in one of one's tickets",
    scope=OWNER,
    tag=_TAG,
    path_model=TicketPath,
    body_model=ReplyGiven,
    answers={201: TicketShown},
    idempotent=True,
)
async def reply_in_ticket(call: Call[TicketPath, Nothing, ReplyGiven]) -> Answer:
    """It is open again, whatever it was."""
    row = await _held(call, call.caller.id)
    before = TicketMoved.of(row)
    entry = tickets.entry(row, Author.ASKER, call.body.text, call.now, call.caller.id)
    await tickets.say(call.session, row, entry)
    call.changed(Change(_KIND, row.id, "replied", before, TicketMoved.of(row, 1)))
    return Answer(await _shown(call, row), 201, version=row.version)


@Endpoint(
    method="POST",
    path=f"{_OWN}/{{id}}/close",
    name="close_ticket",
    summary="Need no answer any more",
    scope=OWNER,
    tag=_TAG,
    path_model=TicketPath,
    answers={200: TicketShown},
)
async def close_ticket(call: Call[TicketPath]) -> Answer:
    """To do it twice changes nothing. To say something opens it again."""
    row = await _held(call, call.caller.id)
    before = TicketMoved.of(row)
    if row.state != TicketState.CLOSED:
        tickets.move(row, TicketState.CLOSED, call.now)
    call.changed(Change(_KIND, row.id, "updated", before, TicketMoved.of(row)))
    return Answer(await _shown(call, row), version=row.version)


@Endpoint(
    method="GET",
    path=_STAFF,
    name="list_support_tickets",
    summary="What people ask; what waits longest first",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    query_model=StaffTicketQuery,
    answers={200: StaffTicketPage},
)
async def list_support_tickets(call: Call[Nothing, StaffTicketQuery, Nothing]) -> Answer:
    """A page of tickets of everybody."""
    rows, query = select(Ticket), call.query
    if query.state is not None:
        rows = rows.where(Ticket.state == query.state)
    if query.assignee is not None:
        rows = rows.where(Ticket.assignee_id == query.assignee)
    if query.account is not None:
        rows = rows.where(Ticket.account_id == query.account)
    order = [(col(Ticket.touched_at), False), (col(Ticket.id), False)]
    return await page(call, rows, order, StaffTicketListed.model_validate, StaffTicketPage)


@Endpoint(
    method="GET",
    path=f"{_STAFF}/{{id}}",
    name="read_support_ticket",
    summary="A ticket, with what was said and noted",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=TicketPath,
    answers={200: StaffTicketShown},
)
async def read_support_ticket(call: Call[TicketPath]) -> Answer:
    """Whoever has asked it."""
    row = await call.session.get(Ticket, call.path.id)
    if row is None:
        raise missing(_KIND, call.path.id)
    return Answer(await _whole(call, row), version=row.version)


@Endpoint(
    method="POST",
    path=f"{_STAFF}/{{id}}/replies",
    name="answer_ticket",
    summary="Answer a ticket, or note something for staff",
    description="Who has asked is told in their inbox, and by mail where they want it; who has no account is mailed "
    "the answer, where the station sends mail.",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=TicketPath,
    body_model=StaffReplyGiven,
    answers={201: TicketAnswered},
    idempotent=True,
)
async def answer_ticket(call: Call[TicketPath, Nothing, StaffReplyGiven]) -> Answer:
    """An answer is its asker's turn then; a note changes nothing of that."""
    row, given = await _held(call), call.body
    before = TicketMoved.of(row)
    entry = tickets.entry(row, Author.STAFF, given.text, call.now, call.caller.id if call.caller.is_person else None)
    entry.is_note = given.is_note
    await tickets.say(call.session, row, entry)
    is_mailed = None if given.is_note else await _tell(call, row, given.text)
    call.changed(Change(_KIND, row.id, "updated" if given.is_note else "answered", before, TicketMoved.of(row, 1)))
    whole = await _whole(call, row)
    return Answer(TicketAnswered(**dict(whole), is_mailed=is_mailed), 201, version=row.version)


@Endpoint(
    method="PATCH",
    path=f"{_STAFF}/{{id}}",
    name="edit_support_ticket",
    summary="Assign a ticket, close it or open it again",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=TicketPath,
    body_model=TicketEdit,
    answers={200: StaffTicketShown},
    precondition=Precondition.REQUIRED,
)
async def edit_support_ticket(call: Call[TicketPath, Nothing, TicketEdit]) -> Answer:
    """Who is assigned must be somebody who may answer."""
    row, given = await _held(call), call.body
    call.guard(row.version)
    before = TicketMoved.of(row)
    if given.assignee_id is not None:
        account = await accounts.row_of(call.session, given.assignee_id, held=False)
        if Scope.PAGES_WRITE not in scopes_of(account.role):
            raise unacceptable("/assignee_id", "is of somebody who may not answer")
    if "assignee_id" in given.model_fields_set:
        row.assignee_id = given.assignee_id
    tickets.move(row, given.state or row.state, call.now)
    call.changed(Change(_KIND, row.id, "updated", before, TicketMoved.of(row)))
    return Answer(await _whole(call, row), version=row.version)


OPERATIONS: Final[Sequence[Any]] = (
    contact,
    list_tickets,
    open_ticket,
    read_ticket,
    reply_in_ticket,
    close_ticket,
    list_support_tickets,
    read_support_ticket,
    answer_ticket,
    edit_support_ticket,
)


def _new(call: Call[Any, Any, Any], subject: str, category: str) -> Ticket:
    return Ticket(
        id=ids.new_id("tk"),
        subject=subject,
        category=category,
        state=TicketState.OPEN,
        created_at=call.now,
        touched_at=call.now,
    )


async def _begun(call: Call[Any, Any, Any], row: Ticket, entry: TicketEntry) -> None:
    call.session.add(row)
    await call.session.flush()
    call.session.add(entry)
    await call.session.flush()
    call.changed(Change(_KIND, row.id, "created", after=TicketMoved.of(row, 1)))


async def _held(call: Call[TicketPath, Any, Any], account: str | None = None) -> Ticket:
    """The ticket, of this account where one is named, held until the end of the transaction. Raises `Problem`."""
    wanted = select(Ticket).where(Ticket.id == call.path.id).with_for_update()
    row = (await call.session.exec(wanted)).one_or_none()
    if row is None or (account is not None and row.account_id != account):
        raise missing(_KIND, call.path.id)
    return row


async def _tell(call: Call[Any, Any, Any], row: Ticket, text: str) -> bool | None:
    """Have who has asked know of the answer; whether a stranger can be told."""
    if row.account_id is not None:
        title = _ANSWERED[await spoken(call.session, row.account_id)].format(subject=row.subject)
        await tell(call.session, row.account_id, Kind.SUPPORT, title, text, call.now, f"/support/{row.id}")
        return None
    if row.email:
        said = {"subject": row.subject, "text": text, "language": row.language}
        outbox.put(call.session, Letter("ticket", Kind.SUPPORT, said, address=row.email), call.now)
    return bool(row.email) and outbox.is_sent(call.session)


async def _shown(call: Call[Any, Any, Any], row: Ticket) -> TicketShown:
    said = await tickets.entries(call.session, row.id, notes=False)
    return TicketShown.model_validate(
        {**row.model_dump(), "entries": [EntryShown.model_validate(entry) for entry in said]}
    )


async def _whole(call: Call[Any, Any, Any], row: Ticket) -> StaffTicketShown:
    said = await tickets.entries(call.session, row.id, notes=True)
    return StaffTicketShown.model_validate(
        {**row.model_dump(), "entries": [StaffEntryShown.model_validate(entry) for entry in said]}
    )
