"""PINs: kept as slow hashes, and guessed at no faster than a password."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from control_api.people import attempts
from control_api.problems import TOO_MANY, Problem, unacceptable

if TYPE_CHECKING:
    from datetime import datetime

    from control_api.people.gate import Gate
    from control_api.tables import Profile


async def check(gate: Gate, profile: Profile, typed: str, now: datetime) -> None:
    """Raise `Problem` when that is not the PIN of the profile, or too many were tried.

    In transactions of its own: nobody waits for a slow hash, and a failure counts whatever becomes of the request.
    """
    begun = await attempts.begin_pin(gate.database, profile.id, now)
    if isinstance(begun, timedelta):
        seconds = max(1, math.ceil(begun.total_seconds()))
        detail = f"too many PINs were tried: the next one is in {seconds} seconds; the password of the account opens it"
        raise Problem(TOO_MANY, detail, headers={"Retry-After": str(seconds)})
    try:
        verdict = await gate.passwords.verify(typed, profile.pin)
    except Problem:
        async with gate.database.writing() as session:
            await attempts.take_back(session, begun)
        raise
    if not verdict.is_right:
        raise unacceptable("/pin", "is not the PIN of this profile")
    async with gate.database.writing() as session:
        await attempts.forgive(session, begun)
