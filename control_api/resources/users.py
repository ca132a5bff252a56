"""Accounts at the addresses of another system, one's own among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from control_api import ids
from control_api.models import Given, Nothing
from control_api.operation import Endpoint, Operation, Precondition
from control_api.people.shown import AccountShown
from control_api.problems import FORBIDDEN, TOO_MANY, Problem
from control_api.resources.accounts import AccountEdit, AccountPath, edit_account, read_account
from control_api.resources.own_account import Current, OwnEdit, edit_own_account
from control_api.scopes import OWNER, SIGNED_IN, Scope

if TYPE_CHECKING:
    from control_api.call import Answer, Call

_TAG: Final = "Aliases"
_MANAGED: Final = frozenset(("role", "blocked", "email_verified"))
_ME: Final = "me"


class UserPath(Given):
    """Which account."""

    id: Annotated[
        str, Field(pattern=f"^({_ME}|{ids.pattern('ac')[1:-1]})$", description="The id of an account; `me`: one's own.")
    ]


class UserEdit(AccountEdit):
    """What is to be another way; what is left out stays."""

    current: Annotated[str, Field(max_length=1024)] | None = Current


@Endpoint(
    method="GET",
    path="/api/v1/users/{id}",
    name="read_user",
    summary="An account: one's own, or with `accounts:read` anybody's",
    scope=SIGNED_IN,
    tag=_TAG,
    path_model=UserPath,
    answers={200: AccountShown},
)
async def read_user(call: Call[UserPath]) -> Answer:
    """Who may not see others is told no more of them than that."""
    if not _is_own(call):
        _check(call, Scope.ACCOUNTS_READ)
    return await read_account.handler(_meant(call))


def _edited(method: str, name: str) -> Operation:
    async def edit_user(call: Call[UserPath, Nothing, UserEdit]) -> Answer:
        if not _is_own(call) or any(getattr(call.body, name) is not None for name in _MANAGED):
            _check(call, Scope.ACCOUNTS_WRITE)
            call.body = AccountEdit(**_sent(call.body, but="current"))  # type: ignore[assignment] # that handler's
            return await edit_account.handler(_meant(call))
        call.body = OwnEdit(**_sent(call.body))  # type: ignore[assignment] # the same
        return await edit_own_account.handler(_meant(call))

    return Endpoint(
        method=method,
        path="/api/v1/users/{id}",
        name=name,
        summary="Change an account: one's own name and address, or with `accounts:write` anybody's",
        description="What is left out stays, by PUT as by PATCH.",
        scope=OWNER,
        tag=_TAG,
        path_model=UserPath,
        body_model=UserEdit,
        answers={200: AccountShown},
        precondition=Precondition.REQUIRED,
        refusals=(TOO_MANY,),
    )(edit_user)


replace_user: Final = _edited("PUT", "replace_user")
edit_user: Final = _edited("PATCH", "edit_user")

OPERATIONS: Final = (read_user, replace_user, edit_user)


def _is_own(call: Call[UserPath, Any, Any]) -> bool:
    return call.path.id in (_ME, call.caller.id)


def _check(call: Call[UserPath, Any, Any], scope: Scope) -> None:
    if not call.caller.may(scope):
        message = f"this needs the scope {scope}, which the caller has not: one's own account is at /api/v1/users/{_ME}"
        raise Problem(FORBIDDEN, message, scope=scope)


def _meant(call: Call[UserPath, Any, Any]) -> Call[Any, Any, Any]:
    """The same call, of the account that is meant."""
    call.path = AccountPath(id=call.caller.id if _is_own(call) else call.path.id)  # type: ignore[assignment] # theirs
    return call


def _sent(body: UserEdit, but: str = "") -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.model_fields_set if name != but}
