"""Legal texts: their versions, which one is in force, and who has agreed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.help_pages import legal
from control_api.help_pages.legal import LegalKind
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.notices.languages import Tag, best
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, page
from control_api.people import accounts
from control_api.problems import CONFLICT, Problem, missing
from control_api.resources.help_articles import LanguageQuery
from control_api.scopes import OPEN, OWNER, Scope
from control_api.tables import Consent, LegalText

if TYPE_CHECKING:
    from collections.abc import Sequence

_KIND: Final = "legal_text"
_TAG: Final = "Legal texts"
_PATH: Final = "/api/v1/legal-texts"
_OPEN: Final = "/api/v1/legal"


class LegalPath(Given):
    """Of what."""

    kind: LegalKind


class LegalVersionPath(LegalPath):
    """Which version of what."""

    number: int = Field(ge=1, le=1_000_000, description="The number of the version.")


class LegalTextPath(Given):
    """Which version, as who writes it knows it."""

    id: str = Field(pattern=ids.pattern("lt"), description="The id of the version.")


class LegalTextQuery(PageQuery):
    """Which versions are wanted."""

    kind: LegalKind | None = Field(default=None, description="Only of it.")


class LegalWords(Given):
    """What it says in one language."""

    title: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=200_000, description="Markdown (CommonMark).")


Words = Annotated[dict[Tag, LegalWords], Field(min_length=1, max_length=20, description="By language.")]


class LegalTextGiven(Given):
    """A version that is to be published."""

    kind: LegalKind
    words: Words
    note: str = Field(default="", max_length=500, description="What is another way than before.")
    asks: bool = Field(default=True, description="Whether those must agree anew who have agreed to the version before.")


class LegalTextEdit(Given):
    """What is to be another way; what is left out stays."""

    words: Words | None = None
    note: str | None = Field(default=None, max_length=500)
    asks: bool | None = None


class ConsentGiven(Given):
    """To what one agrees."""

    number: int = Field(ge=1, le=1_000_000, description="Of the version that was shown: the one that is in force.")
    language: Tag = Field(description="In which it was shown.")


class LegalVersionShown(Shown):
    """That there is a version."""

    kind: str
    number: int
    note: str
    asks: bool = Field(description="Whether who has agreed to the one before must agree anew.")
    published_at: Instant
    languages: list[str]


class LegalShown(LegalVersionShown):
    """A version in one language."""

    language: str
    title: str
    text: str = Field(description="Markdown (CommonMark), as it was written.")


class LegalVersions(Shown):
    """All that were ever published of one kind, the newest first: that is in force."""

    items: list[LegalVersionShown]


class LegalWordsShown(Shown):
    """What it says in one language."""

    title: str
    text: str


class LegalTextShown(Shown):
    """A version, as who writes it sees it."""

    id: str
    kind: str
    number: int | None = Field(description="Null until it is published.")
    words: dict[str, LegalWordsShown]
    note: str
    asks: bool
    created_at: Instant
    published_at: Instant | None


class LegalTextPage(Page[LegalTextShown]):
    """A page of versions, the newest first."""


class ConsentShown(Shown):
    """That one has agreed."""

    kind: str
    number: int
    language: str
    at: Instant


class ConsentDue(Shown):
    """What one has still to agree to."""

    kind: str
    number: int = Field(description="Of the version that is in force: `GET /api/v1/legal/{kind}` shows it.")


class ConsentsShown(Shown):
    """To what one has agreed, and to what not yet."""

    items: list[ConsentShown]
    due: list[ConsentDue]


@Endpoint(
    method="GET",
    path=f"{_OPEN}/{{kind}}",
    name="read_legal",
    summary="The terms, or what is said of privacy, as they are in force",
    scope=OPEN,
    tag=_TAG,
    path_model=LegalPath,
    query_model=LanguageQuery,
    answers={200: LegalShown},
)
async def read_legal(call: Call[LegalPath, LanguageQuery, Nothing]) -> Answer:
    """In the language that is asked for, or else another one."""
    row = await legal.in_force(call.session, call.path.kind)
    if row is None:
        raise missing("legal text", call.path.kind)
    return _said(call, row)


@Endpoint(
    method="GET",
    path=f"{_OPEN}/{{kind}}/versions",
    name="list_legal_versions",
    summary="All versions of a legal text that were ever in force, the newest first",
    scope=OPEN,
    tag=_TAG,
    path_model=LegalPath,
    answers={200: LegalVersions},
)
async def list_legal_versions(call: Call[LegalPath]) -> Answer:
    """The last hundred."""
    out = col(LegalText.number)
    rows = select(LegalText).where(LegalText.kind == call.path.kind, out.is_not(None)).order_by(out.desc()).limit(100)
    return Answer(LegalVersions(items=[_version(row) for row in (await call.session.exec(rows)).all()]))


@Endpoint(
    method="GET",
    path=f"{_OPEN}/{{kind}}/versions/{{number}}",
    name="read_legal_version",
    summary="A version of a legal text that is or was in force",
    scope=OPEN,
    tag=_TAG,
    path_model=LegalVersionPath,
    query_model=LanguageQuery,
    answers={200: LegalShown},
)
async def read_legal_version(call: Call[LegalVersionPath, LanguageQuery, Nothing]) -> Answer:
    """What was published stays as it was."""
    row = await legal.in_force(call.session, call.path.kind, call.path.number)
    if row is None:
        raise missing("version", f"{call.path.number} of {call.path.kind}")
    return _said(call, row)


@Endpoint(
    method="POST",
    path=f"{_OPEN}/{{kind}}/consent",
    name="give_consent",
    summary="Agree to a legal text that is in force",
    scope=OWNER,
    tag=_TAG,
    path_model=LegalPath,
    body_model=ConsentGiven,
    answers={200: ConsentShown},
    changes=False,
)
async def give_consent(call: Call[LegalPath, Nothing, ConsentGiven]) -> Answer:
    """It is kept when, to which version and in which language; to do it twice changes nothing."""
    given, kind = call.body, call.path.kind
    row = await legal.in_force(call.session, kind)
    if row is None:
        raise missing("legal text", kind)
    if row.number != given.number:
        raise Problem(CONFLICT, f"version {row.number} is in force by now: show that one, and ask again")
    if given.language not in row.words:
        raise Problem(CONFLICT, f"it is not there in {given.language}, so nobody has read it")
    await accounts.row_of(call.session, call.caller.id)  # held: whoever agrees twice at once agrees once
    found = await call.session.get(Consent, (call.caller.id, kind, given.number))
    if found is None:
        found = Consent(account_id=call.caller.id, kind=kind, number=given.number, language=given.language, at=call.now)
        call.session.add(found)
    return Answer(ConsentShown.model_validate(found))


@Endpoint(
    method="GET",
    path="/api/v1/account/consents",
    name="list_consents",
    summary="To what one has agreed, and to what not yet",
    scope=OWNER,
    tag=_TAG,
    answers={200: ConsentsShown},
)
async def list_consents(call: Call) -> Answer:
    """All of it, the newest first."""
    rows = select(Consent).where(Consent.account_id == call.caller.id).order_by(col(Consent.at).desc(), Consent.kind)
    given = (await call.session.exec(rows.limit(1000))).all()
    return Answer(
        ConsentsShown(items=[ConsentShown.model_validate(row) for row in given], due=await consents_due(call))
    )


@Endpoint(
    method="GET",
    path=_PATH,
    name="list_legal_texts",
    summary="All versions of legal texts, drafts too, the newest first",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    query_model=LegalTextQuery,
    answers={200: LegalTextPage},
)
async def list_legal_texts(call: Call[Nothing, LegalTextQuery, Nothing]) -> Answer:
    """A page of versions."""
    rows = select(LegalText)
    if call.query.kind is not None:
        rows = rows.where(LegalText.kind == call.query.kind)
    return await page(call, rows, [(col(LegalText.id), True)], LegalTextShown.model_validate, LegalTextPage)


@Endpoint(
    method="POST",
    path=_PATH,
    name="create_legal_text",
    summary="Draft a version of a legal text",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    body_model=LegalTextGiven,
    answers={201: LegalTextShown},
    idempotent=True,
)
async def create_legal_text(call: Call[Nothing, Nothing, LegalTextGiven]) -> Answer:
    """Nobody else sees it before it is published."""
    given = call.body
    row = LegalText(
        id=ids.new_id("lt"),
        kind=given.kind,
        words=_written(given.words),
        note=given.note,
        asks=given.asks,
        created_at=call.now,
    )
    call.session.add(row)
    shown = LegalTextShown.model_validate(row)
    call.changed(Change(_KIND, row.id, "created", after=shown))
    return Answer(shown, 201, {"Location": f"{_PATH}/{row.id}"}, version=row.version)


@Endpoint(
    method="GET",
    path=f"{_PATH}/{{id}}",
    name="read_legal_text",
    summary="One version of a legal text, in all its languages",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=LegalTextPath,
    answers={200: LegalTextShown},
)
async def read_legal_text(call: Call[LegalTextPath]) -> Answer:
    """A draft too."""
    row = await call.session.get(LegalText, call.path.id)
    if row is None:
        raise missing("legal text", call.path.id)
    return Answer(LegalTextShown.model_validate(row), version=row.version)


@Endpoint(
    method="PATCH",
    path=f"{_PATH}/{{id}}",
    name="edit_legal_text",
    summary="Change a draft of a legal text",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=LegalTextPath,
    body_model=LegalTextEdit,
    answers={200: LegalTextShown},
    precondition=Precondition.REQUIRED,
)
async def edit_legal_text(call: Call[LegalTextPath, Nothing, LegalTextEdit]) -> Answer:
    """What was published cannot be changed: somebody may have agreed to it."""
    row, given = await _draft(call), call.body
    call.guard(row.version)
    before = LegalTextShown.model_validate(row)
    row.words = row.words if given.words is None else _written(given.words)
    row.note = row.note if given.note is None else given.note
    row.asks = row.asks if given.asks is None else given.asks
    return _told(call, row, before, "updated")


@Endpoint(
    method="POST",
    path=f"{_PATH}/{{id}}/publish",
    name="publish_legal_text",
    summary="Let a draft be in force from now on",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=LegalTextPath,
    answers={200: LegalTextShown},
    precondition=Precondition.REQUIRED,
)
async def publish_legal_text(call: Call[LegalTextPath]) -> Answer:
    """It gets the next number. Those before it can be read on."""
    row = await _draft(call)
    call.guard(row.version)
    before = LegalTextShown.model_validate(row)
    row.number, row.published_at = await legal.next_number(call.session, row.kind), call.now
    return _told(call, row, before, "published")


@Endpoint(
    method="DELETE",
    path=f"{_PATH}/{{id}}",
    name="delete_legal_text",
    summary="Delete a draft of a legal text",
    scope=Scope.PAGES_WRITE,
    tag=_TAG,
    path_model=LegalTextPath,
    answers={204: None},
)
async def delete_legal_text(call: Call[LegalTextPath]) -> Answer:
    """What was published stays."""
    row = await _draft(call)
    await call.session.delete(row)
    call.changed(Change(_KIND, row.id, "deleted", before=LegalTextShown.model_validate(row)))
    return Answer(status=204)


OPERATIONS: Final[Sequence[Any]] = (
    read_legal,
    list_legal_versions,
    read_legal_version,
    give_consent,
    list_consents,
    list_legal_texts,
    create_legal_text,
    read_legal_text,
    edit_legal_text,
    publish_legal_text,
    delete_legal_text,
)


async def consents_due(call: Call[Any, Any, Any]) -> list[ConsentDue]:
    """What who asks has still to agree to."""
    return [ConsentDue.model_validate(due) for due in await legal.due(call.session, call.caller.id)]


async def _draft(call: Call[LegalTextPath, Any, Any]) -> LegalText:
    """The draft, held until the end of the transaction. Raises `Problem`."""
    wanted = select(LegalText).where(LegalText.id == call.path.id).with_for_update()
    row = (await call.session.exec(wanted)).one_or_none()
    if row is None:
        raise missing("legal text", call.path.id)
    if row.number is not None:
        raise Problem(CONFLICT, "it was published, and stays as it is: draft another version")
    return row


def _told(call: Call[Any, Any, Any], row: LegalText, before: LegalTextShown, action: str) -> Answer:
    after = LegalTextShown.model_validate(row)
    if before != after:
        row.version += 1
    call.changed(Change(_KIND, row.id, action, before, after))
    return Answer(after, version=row.version)


def _written(words: dict[str, LegalWords]) -> dict[str, Any]:
    return {tag: said.model_dump() for tag, said in words.items()}


def _version(row: LegalText) -> LegalVersionShown:
    return LegalVersionShown.model_validate({**row.model_dump(), "languages": sorted(row.words)})


def _said(call: Call[Any, LanguageQuery, Any], row: LegalText) -> Answer:
    usual = call.site.settings.language
    language = best(row.words, call.query.language or usual, usual)
    said = {**row.model_dump(exclude={"words"}), "languages": sorted(row.words), "language": language}
    return Answer(LegalShown.model_validate({**said, **row.words[language]}))
