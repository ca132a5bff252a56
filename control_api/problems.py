"""What goes wrong, as RFC 9457 writes it: one type for each kind of failure, with a page that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from control_api.instants import Instant
from control_api.models import Shown
from control_api.slips import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import BaseModel

MEDIA_TYPE: Final = "application/problem+json"
PLACE: Final = "/problems"
"""Where the types are explained; the beginning of every type's URI."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of problem."""

    slug: str
    status: int
    title: str
    meaning: str
    """What happened and what to do, for the page that explains the type."""

    @property
    def uri(self) -> str:
        """The type's URI; it names the same kind for ever."""
        return f"{PLACE}/{self.slug}"


MALFORMED: Final = Kind(
    "malformed", 400, "The request cannot be read",
    "A header, the query or the JSON of the body is not well-formed, or names a parameter that does not exist. "
    "`errors` says where. The same request will fail again.",
)  # fmt: skip
BAD_CURSOR: Final = Kind(
    "bad-cursor", 400, "The cursor does not belong to this list",
    "A cursor is good for the list and the filters that it was made for. Begin again without one.",
)  # fmt: skip
UNAUTHENTICATED: Final = Kind(
    "unauthenticated", 401, "Who asks is not known",
    "Send an access token or an API key as `Authorization: Bearer ...`, or sign in. What was sent, if anything, is "
    "unknown, expired or revoked.",
)  # fmt: skip
FORBIDDEN: Final = Kind(
    "forbidden", 403, "That is not allowed",
    "The caller is known and may not do this. `scope` names the right that is missing, where it is one.",
)  # fmt: skip
PAYMENT_REFUSED: Final = Kind(
    "payment-refused", 402, "The payment was refused",
    "Who takes the money has refused it, and nothing has changed. `detail` says why. Try another card.",
)  # fmt: skip
PLAN_NEEDED: Final = Kind(
    "plan-needed", 403, "That takes another plan",
    "The caller is known, and their plan does not include it. `entitlement` names what a plan must include, and "
    "`GET /api/v1/plans` says which do.",
)  # fmt: skip
NOT_LICENSED: Final = Kind(
    "not-licensed", 451, "That may not be watched here, or not now",
    "The rights of it are for other countries, or for another time. `detail` says which. The country is the one that "
    "a proxy or CDN names in the header of the setting `country_header`.",
)  # fmt: skip
TOO_MANY_STREAMS: Final = Kind(
    "too-many-streams", 409, "As much plays as the plan allows",
    "`playing` lists what of the account plays now, and where. End one of them by its id, with "
    "`DELETE /api/v1/play-sessions/{id}`, and ask again; or take a plan with more streams at a time.",
)  # fmt: skip
PIN_NEEDED: Final = Kind(
    "pin-needed", 403, "That takes a PIN",
    "The profile takes its PIN, or the password of the account: ask for it, and send it with the same request.",
)  # fmt: skip
UNVERIFIED: Final = Kind(
    "unverified", 403, "The e-mail address was not proven yet",
    "Here a viewer plays nothing before. Send the code that was mailed to `POST /api/v1/auth/verify-email`; another "
    "one comes by `POST /api/v1/auth/resend-verification`.",
)  # fmt: skip
CROSSED: Final = Kind(
    "cross-site", 403, "It may come from another site",
    "A change by a page that is signed in carries `X-CSRF-Token` with the token of its session, and an Origin that is "
    "our own. `GET /api/v1/session` has the token; the setting `public_url` says what our own origin is.",
)  # fmt: skip
NOT_FOUND: Final = Kind(
    "not-found", 404, "There is nothing here",
    "The address is wrong, or what it named is gone.",
)  # fmt: skip
METHOD_NOT_ALLOWED: Final = Kind(
    "method-not-allowed", 405, "This address does not know the method",
    "The header Allow names the methods that it knows.",
)  # fmt: skip
CONFLICT: Final = Kind(
    "conflict", 409, "It conflicts with what is there",
    "Something else has the same name, or is in a state that does not allow this.",
)  # fmt: skip
IN_PROGRESS: Final = Kind(
    "in-progress", 409, "The same request is being worked on",
    "A request with this Idempotency-Key has not ended yet. Ask again after the seconds that Retry-After names.",
)  # fmt: skip
GONE: Final = Kind(
    "gone", 410, "It is there no more",
    "It was ended, or nobody went on with it for so long that it expired. Begin anew.",
)  # fmt: skip
CHANGED: Final = Kind(
    "changed", 412, "It has changed since it was read",
    "The tag in If-Match is not that of the present version. Read it again, look at what changed, and try again.",
)  # fmt: skip
OTHER_TUS: Final = Kind(
    "other-tus-version", 412, "Another version of tus is spoken here",
    "Send `Tus-Resumable: 1.0.0`. Tus-Version names the versions that are spoken.",
)  # fmt: skip
TOO_LARGE: Final = Kind(
    "too-large", 413, "The body is too large",
    "The setting `body_bytes` says how large a body may be. Files are uploaded in another way.",
)  # fmt: skip
FILE_TOO_LARGE: Final = Kind(
    "file-too-large", 413, "The file is too large",
    "The setting `upload_bytes` says how large a file may be.",
)  # fmt: skip
UNSUPPORTED: Final = Kind(
    "unsupported-media-type", 415, "The body is of a type that is not read here",
    "Send the type that the reference names, nearly always `application/json`, without a Content-Encoding.",
)  # fmt: skip
UNACCEPTABLE: Final = Kind(
    "unacceptable", 422, "The body is not acceptable",
    "It was read, and values in it are missing, unknown or out of range. `errors` names all of them.",
)  # fmt: skip
KEY_REUSED: Final = Kind(
    "idempotency-key-reused", 422, "The Idempotency-Key belongs to another request",
    "A key stands for one request. Take a new one, e.g. a random UUID, for each thing that is to happen once.",
)  # fmt: skip
LOCKED: Final = Kind(
    "locked", 423, "Somebody else is writing to it",
    "Another request sends bytes of the same upload. Ask again after the seconds that Retry-After names.",
)  # fmt: skip
PRECONDITION_REQUIRED: Final = Kind(
    "precondition-required", 428, "Say which version is meant",
    "A change of this needs `If-Match` with the ETag that was read, so that nobody's work is overwritten.",
)  # fmt: skip
TOO_MANY_OPEN: Final = Kind(
    "too-many-uploads", 429, "Too many uploads are unfinished",
    "End or finish one of them. The setting `uploads_open` says how many an account may have.",
)  # fmt: skip
BAD_SUM: Final = Kind(
    "checksum-mismatch", 460, "The bytes are not those that the checksum is of",
    "Nothing of the piece was kept. Send it again from the offset where it began.",
)  # fmt: skip
TOO_MANY: Final = Kind(
    "too-many-requests", 429, "Too many requests",
    "Wait for the seconds that Retry-After names. RateLimit-Policy says what is allowed, RateLimit what is left.",
)  # fmt: skip
INTERNAL: Final = Kind(
    "internal", 500, "A mistake of ours",
    "The server failed. The journal has the reason beside the request's id; nothing of the request has happened.",
)  # fmt: skip
NOT_PLAYED: Final = Kind(
    "not-played", 501, "Nothing of it can be played by its parts now",
    "The channel is programmed by hand, and none of its blocks is on. Its playlist plays: `play_url`.",
)  # fmt: skip
UNAVAILABLE: Final = Kind(
    "unavailable", 503, "Not now",
    "The database does not answer, the server is full, or it is being stopped. Ask again after the seconds that "
    "Retry-After names. Channels play on.",
)  # fmt: skip
NO_ROOM: Final = Kind(
    "no-room", 507, "There is no room for it",
    "The disk is too full, or the account keeps as much as it may: `upload_free_bytes` and `upload_quota_bytes` say "
    "how much that is. Delete what is not needed.",
)  # fmt: skip

KINDS: Final = {
    kind.slug: kind
    for kind in (
        MALFORMED, BAD_CURSOR, UNAUTHENTICATED, PAYMENT_REFUSED, FORBIDDEN, UNVERIFIED, PLAN_NEEDED, PIN_NEEDED,
        CROSSED, NOT_FOUND,
        METHOD_NOT_ALLOWED, CONFLICT, IN_PROGRESS, GONE, CHANGED, OTHER_TUS, TOO_LARGE, FILE_TOO_LARGE, UNSUPPORTED,
        UNACCEPTABLE, KEY_REUSED, LOCKED, PRECONDITION_REQUIRED, TOO_MANY, TOO_MANY_OPEN, TOO_MANY_STREAMS, BAD_SUM,
        NOT_LICENSED, INTERNAL, NOT_PLAYED, UNAVAILABLE, NO_ROOM,
    )
}  # fmt: skip
"""All types."""


class Mistake(Shown):
    """One thing that is wrong with a request."""

    part: str = Field(description="Where: body, query, path or header; or file, for channels.yaml.")
    pointer: str = Field(description="A JSON Pointer (RFC 6901) into that part; empty for the whole.")
    detail: str = Field(description="What is wrong with it.")
    line: int | None = Field(default=None, description="In which line of channels.yaml, as it would be.")


class Playing(Shown):
    """Something that plays at another place of the same account."""

    id: str = Field(description="The id of its play session.")
    name: str = Field(description="What plays.")
    device: str = Field(description="Where it plays, in the words of what plays it.")
    started_at: Instant


class Versions(Shown):
    """What is there, and what was to be there instead."""

    present: str = Field(description="The text as it is now.")
    wanted: str = Field(description="The text as it would be.")
    difference: str = Field(description="What parts them, as `diff -u` writes it.")


class ProblemShown(Shown):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="The kind of problem: a URI that explains it.")
    title: str = Field(description="What that kind means, in short.")
    status: int = Field(description="The status of the answer.")
    detail: str = Field(description="What happened this time, for people.")
    request_id: str = Field(description="The id under which the journal knows the request.")
    scope: str | None = Field(default=None, description="The right that is missing.")
    entitlement: str | None = Field(default=None, description="What a plan must include: premium, streams, profiles.")
    errors: list[Mistake] = Field(default_factory=list, description="Everything that is wrong, each with its place.")
    playing: list[Playing] = Field(default_factory=list, description="What plays of the account, and where.")
    versions: Versions | None = Field(default=None, description="Both versions, where edits are in conflict.")


class Problem(Exception):
    """A request cannot be fulfilled: the answer that says why."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: Sequence[Mistake] = (),
        headers: Mapping[str, str] | None = None,
        scope: str | None = None,
        versions: Versions | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.scope = scope
        self.entitlement: str | None = None
        self.playing: list[Playing] = []
        self.versions = versions

    def shown(self, request_id: str) -> ProblemShown:
        """The body of the answer."""
        return ProblemShown(
            type=self.kind.uri,
            title=self.kind.title,
            status=self.kind.status,
            detail=self.detail,
            request_id=request_id,
            scope=self.scope,
            entitlement=self.entitlement,
            errors=list(self.errors),
            playing=self.playing,
            versions=self.versions,
        )

    def json(self, request_id: str) -> bytes:
        """The body of the answer, in bytes; what does not apply is left out."""
        return self.shown(request_id).model_dump_json(exclude_defaults=True).encode()


def missing(what: str, name: str) -> Problem:
    """There is no such thing of that name."""
    return Problem(NOT_FOUND, f"there is no {what} {name}")


def unavailable(why: str, seconds: int = 5) -> Problem:
    """Not now; perhaps in some seconds."""
    return Problem(UNAVAILABLE, why, headers={"Retry-After": str(seconds)})


def unacceptable(pointer: str, detail: str) -> Problem:
    """One value in the body will not do."""
    return Problem(UNACCEPTABLE, detail, errors=[Mistake(part="body", pointer=pointer, detail=detail)])


def pointer(path: Iterable[object]) -> str:
    """A JSON Pointer to what is found by this path (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def mistakes(part: str, faults: Iterable[Mapping[str, Any]], model: type[BaseModel] | None = None) -> list[Mistake]:
    """What `model` found wrong."""
    return [Mistake(part=part, pointer=pointer(fault["loc"]), detail=told(fault, model)) for fault in faults]
