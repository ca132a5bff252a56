"""Codes by mail: one that proves an address, and one by which a forgotten password is set anew."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from control_api.call import Answer, Call
from control_api.models import Given, Nothing
from control_api.notices import proofs
from control_api.notices.kinds import Kind
from control_api.notices.outbox import Letter
from control_api.notices.proofs import Purpose
from control_api.operation import Endpoint
from control_api.people import attempts, identities, sessions
from control_api.people.names import Email
from control_api.people.passwords import NewPassword
from control_api.people.shown import AccountShown, lasting
from control_api.problems import CONFLICT, TOO_MANY, Problem, unacceptable
from control_api.resources.accounts import UnlinkToo, set_password, told
from control_api.resources.letters import ask_for
from control_api.scopes import OPEN

_TAG: Final = "Signing in"
_COST: Final = 4

Code: Final = Field(min_length=1, max_length=100, description="The code of the mail: what its link has after the `#`.")


class AddressGiven(Given):
    """Where to send it."""

    email: Email


class CodeGiven(Given):
    """What was mailed."""

    token: str = Code


class NewPasswordGiven(Given):
    """A new password, and what proves that it may be set."""

    token: str = Code
    # left out of what a repeat is known by: a quick digest of a password must not be kept
    password: NewPassword = Field(exclude=True)
    unlink_identities: bool = UnlinkToo


@Endpoint(
    method="POST",
    path="/api/v1/auth/verify-email",
    name="verify_email",
    summary="Prove that an e-mail address is one's own",
    description="By the code that was mailed there. It is good once, for `verify_hours`, and as long as the account "
    "has that address.",
    scope=OPEN,
    tag=_TAG,
    body_model=CodeGiven,
    answers={204: None},
    cost=_COST,
)
async def verify_email(call: Call[Nothing, Nothing, CodeGiven]) -> Answer:
    """The address is verified; nobody is signed in by that."""
    row = await proofs.redeemed(call.session, call.body.token, Purpose.VERIFY, call.now)
    if row is None:
        raise _no_code()
    before = lasting(AccountShown.of(row))
    row.email_verified = True
    call.caller = sessions.caller_of(row, None)
    told(call, row, before, "updated")
    return Answer(status=204)


@Endpoint(
    method="POST",
    path="/api/v1/auth/resend-verification",
    name="resend_verification",
    summary="Have the code sent again that proves an address",
    description="The answer is the same whether or not anybody has the address, and whether it was proven already.",
    scope=OPEN,
    tag=_TAG,
    body_model=AddressGiven,
    answers={202: None},
    refusals=(CONFLICT, TOO_MANY),
    changes=False,
    cost=_COST,
)
async def resend_verification(call: Call[Nothing, Nothing, AddressGiven]) -> Answer:
    """A mail is due, if it is for anybody."""
    if call.site.settings.verify_email == "off":
        raise Problem(CONFLICT, "addresses are not verified here: see the setting verify_email")
    await ask_for(call, Letter(Purpose.VERIFY, Kind.ACCOUNT, {}, address=call.body.email))
    return Answer(status=202)


@Endpoint(
    method="POST",
    path="/api/v1/auth/forgot-password",
    name="ask_for_password",
    summary="Have a code sent by which a forgotten password is set anew",
    description="The answer is the same whether or not anybody has the address.",
    scope=OPEN,
    tag=_TAG,
    body_model=AddressGiven,
    answers={202: None},
    refusals=(CONFLICT, TOO_MANY),
    changes=False,
    cost=_COST,
)
async def ask_for_password(call: Call[Nothing, Nothing, AddressGiven]) -> Answer:
    """A mail is due, if it is for anybody: whether it is, is looked up when it is sent."""
    await ask_for(call, Letter(Purpose.RESET, Kind.ACCOUNT, {}, address=call.body.email))
    return Answer(status=202)


@Endpoint(
    method="POST",
    path="/api/v1/auth/reset-password",
    name="reset_password",
    summary="Set a new password by a code that was mailed, and sign out everywhere",
    description="The address is verified by that. Where it was not before, no issuer lets anybody in any more either: "
    "somebody else may have made the account.",
    scope=OPEN,
    tag=_TAG,
    body_model=NewPasswordGiven,
    answers={204: None},
    refusals=(TOO_MANY,),
    cost=_COST,
)
async def reset_password(call: Call[Nothing, Nothing, NewPasswordGiven]) -> Answer:
    """The old password is good no longer, and no session that was opened with it. Nobody is signed in by that."""
    async with call.site.database.reading() as session:  # a hash is dear: not for who only guesses
        if not await proofs.is_good(session, call.body.token, Purpose.RESET, call.now):
            raise _no_code()
    password = await call.site.gate.passwords.make(call.body.password)
    row = await proofs.redeemed(call.session, call.body.token, Purpose.RESET, call.now)
    if row is None:
        raise _no_code()
    call.caller = sessions.caller_of(row, None)
    was_verified, before = row.email_verified, lasting(AccountShown.of(row))
    row.email_verified = True
    told(call, row, before, "updated")
    await set_password(call, row, password)
    if call.body.unlink_identities or not was_verified:
        await identities.unlink_all(call.session, row, call.changed)
    await attempts.lift(call.session, [name for name in (row.username_folded, row.email_folded) if name])
    return Answer(status=204)


OPERATIONS: Final[tuple[Any, ...]] = (verify_email, resend_verification, ask_for_password, reset_password)


def _no_code() -> Problem:
    return unacceptable("/token", "is no code that is good: it was used, it is over, or another address is set by now")
