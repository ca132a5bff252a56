"""An operation: everything that is to be said about one endpoint, said once.

Law: what an operation can answer follows from its declaration. The router, the reader of input, the check of
authority and the OpenAPI document all read the same value.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final, Generic

from pydantic import BaseModel

from control_api import problems
from control_api.call import Answer, Body, Call, Path, Query
from control_api.models import Nothing
from control_api.problems import Kind
from control_api.scopes import OPEN, Open, Required, Scope, Signed

SAFE: Final = frozenset(("GET", "OPTIONS"))
_WITH_BODY: Final = frozenset(("POST", "PUT", "PATCH"))
_METHODS: Final = SAFE | _WITH_BODY | {"DELETE"}
_PARAMETER: Final = re.compile(r"\{([a-z_]+)(?::[^}]*)?\}")

Handler = Callable[[Call[Any, Any, Any]], Awaitable[Answer]]


class Undeclared(TypeError):
    """An operation does not say what it must, or contradicts itself."""


class Precondition(Enum):
    """What an operation makes of If-Match."""

    NONE = "none"
    HEEDED = "heeded"
    """Where it is sent, it must hold."""
    REQUIRED = "required"
    """Without it nothing is changed: 428."""


@dataclass(frozen=True, slots=True)
class Media:
    """An answer that is not, or not only, JSON."""

    types: tuple[str, ...]
    model: type[BaseModel] | None = None
    """What it is when it is JSON."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that the handler reads itself, in pieces, so that it may be of any length: `control_api.pieces`."""

    types: tuple[str, ...]
    """The media types that are taken."""
    form: type[BaseModel] | None = None
    """The fields of a form (`multipart/form-data`), for the reference."""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Deprecation:
    """That an operation should not be used any more (RFC 9745, RFC 8594)."""

    since: datetime
    sunset: datetime | None = None
    """When it is gone."""
    instead: str = ""
    """Where it says what to use instead: a URL or a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is said about an operation besides its handler and its models of input."""

    method: str
    path: str
    """With `{parameters}`, as in `/api/v1/things/{id}`."""
    name: str
    """The operationId: a verb and a noun."""
    summary: str
    scope: Required
    """The right that it takes. There is no default: `OPEN` must be said."""
    tag: str
    """Under which heading the reference has it."""
    answers: Mapping[int, type[BaseModel] | Media | None]
    """The good answers by status; None has no body."""
    refusals: tuple[Kind, ...] = ()
    """Problems besides those that follow from the rest."""
    description: str = ""
    raw: Raw | None = None
    """Its body, where that is read by the handler itself; then there is no model of it."""
    form: bool = False
    """Whether its body may come as a form of a page too (`application/x-www-form-urlencoded`)."""
    headers_model: type[BaseModel] = Nothing
    """The headers that it reads, by their names in small letters with `_`; see `reading.headers_of`."""
    answer_headers: tuple[str, ...] = ()
    """Headers of its answers, refusals too, besides those that follow from the rest."""
    precondition: Precondition = Precondition.NONE
    idempotent: bool = False
    """Whether an Idempotency-Key is heeded: of POSTs that create."""
    shown_once: tuple[str, ...] = ()
    """Fields of the answer that are secrets: no repeat is shown them, and they are not stored."""
    cost: int = 1
    """As how many requests it counts."""
    counted: bool = True
    """Whether it counts at all; credentials that nobody knows count in any case."""
    changes: bool | None = None
    """Whether it must tell of its changes; None: whether its method is one that changes."""
    apart: bool = False
    """Whether no transaction is begun for it: its handler asks the database by itself, where it has to."""
    deprecated: Deprecation | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself, when the module is imported and not when somebody asks."""
        odd = any(status not in (*range(200, 300), 302) for status in self.answers)
        checks = (
            (
                not isinstance(self.scope, (Scope, Open, Signed)),
                "a scope is stated: one of Scope, or SIGNED_IN or OWNER, or OPEN",
            ),
            (self.method not in _METHODS, f"its method is one of {', '.join(sorted(_METHODS))}"),
            (not re.fullmatch(r"[a-z]+(_[a-z]+)*", self.name), "its name is a verb and a noun in small letters"),
            (not self.answers or odd, "its answers have a status from 200 to 299, or 302"),
            (
                self.idempotent and (self.method != "POST" or self.raw is not None),
                "only a POST whose body is read whole heeds an Idempotency-Key",
            ),
            (
                self.precondition is not Precondition.NONE and self.is_safe,
                "only what changes has a precondition",
            ),
            (
                self.apart and (self.idempotent or self.must_tell),
                "what is done without a transaction keeps no answer, and tells of no change",
            ),
        )
        faults = [words for is_wrong, words in checks if is_wrong]
        if faults:
            raise Undeclared(_undeclared(self, faults))

    @property
    def is_limited(self) -> bool:
        """Whether who asks too often may be refused."""
        return self.counted or self.scope is not OPEN

    @property
    def is_safe(self) -> bool:
        """Whether it only reads."""
        return self.method in SAFE

    @property
    def forgets(self) -> bool:
        """Whether it makes something, and cannot keep its answer for an Idempotency-Key: its body is not read whole."""
        return self.method == "POST" and self.raw is not None and not self.answers.keys().isdisjoint((201, 202))

    @property
    def must_tell(self) -> bool:
        """Whether it must say what it has changed."""
        return not self.is_safe if self.changes is None else self.changes


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint, whole."""

    declared: Declared
    path_model: type[BaseModel]
    query_model: type[BaseModel]
    body_model: type[BaseModel]
    handler: Handler

    def __post_init__(self) -> None:
        """Refuse models that do not fit the rest."""
        faults = []
        named = set(_PARAMETER.findall(self.declared.path))
        if named != set(self.path_model.model_fields):
            faults.append("its path has the parameters that its model has")
        if self.declared.raw is not None and self.body_model is not Nothing:
            faults.append("a body that its handler reads has no model")
        if self.has_body and self.declared.method not in _WITH_BODY:
            faults.append(f"a {self.declared.method} has no body")
        if faults:
            raise Undeclared(_undeclared(self.declared, faults))

    def also_at(self, path: str, name: str) -> Operation:
        """The same at another address, for clients of other systems."""
        words = f"The same as `{self.declared.method} {self.declared.path}`."
        return replace(self, declared=replace(self.declared, path=path, name=name, description=words))

    @property
    def has_body(self) -> bool:
        """Whether a body is read."""
        return self.body_model is not Nothing or self.declared.raw is not None

    @property
    def template(self) -> str:
        """The path without the expressions of its parameters."""
        return _PARAMETER.sub(r"{\1}", self.declared.path)

    def refusals(self) -> dict[int, list[Kind]]:
        """Every problem that it can answer with, by status."""
        said = self.declared
        brought: tuple[tuple[bool, tuple[Kind, ...]], ...] = (
            # a query that nobody declared is refused as well
            (True, (problems.INTERNAL, problems.UNAVAILABLE, problems.MALFORMED, *said.refusals)),
            (said.is_limited, (problems.TOO_MANY,)),
            (said.scope is not OPEN, (problems.UNAUTHENTICATED, problems.FORBIDDEN)),
            (said.scope is Scope.PLAYBACK, (problems.UNVERIFIED,)),
            (said.scope is not OPEN and not said.is_safe, (problems.CROSSED,)),
            (self.path_model is not Nothing, (problems.NOT_FOUND,)),
            (self.has_body, (problems.TOO_LARGE, problems.UNSUPPORTED, problems.UNACCEPTABLE)),
            (not said.is_safe, (problems.CONFLICT,)),
            (said.idempotent, (problems.IN_PROGRESS, problems.KEY_REUSED)),
            (said.precondition is not Precondition.NONE, (problems.CHANGED,)),
            (said.precondition is Precondition.REQUIRED, (problems.PRECONDITION_REQUIRED,)),
            ("cursor" in self.query_model.model_fields, (problems.BAD_CURSOR,)),
        )
        kinds = [kind for applies, some in brought if applies for kind in some]
        found: dict[int, list[Kind]] = {}
        for kind in dict.fromkeys(kinds):
            found.setdefault(kind.status, []).append(kind)
        return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Declared, Generic[Path, Query, Body]):
    """A declaration, to stand above its handler: the handler becomes an `Operation`."""

    path_model: type[Path] = field(default=Nothing)  # type: ignore[assignment] # the default of the variable
    query_model: type[Query] = field(default=Nothing)  # type: ignore[assignment] # the same
    body_model: type[Body] = field(default=Nothing)  # type: ignore[assignment] # the same

    def __call__(self, handler: Callable[[Call[Path, Query, Body]], Awaitable[Answer]]) -> Operation:
        """The operation that `handler` fulfils."""
        return Operation(self, self.path_model, self.query_model, self.body_model, handler)


def _undeclared(declared: Declared, faults: list[str]) -> str:
    return f"{declared.method} {declared.path}: {'; '.join(faults)}"
