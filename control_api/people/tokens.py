"""Access tokens: what stands in them, and which of them are believed (RFC 7519, RFC 9068)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from control_api.callers import Stranger
from control_api.people import unproven
from control_api.tables import Account, Session

if TYPE_CHECKING:
    from control_api.people.ring import Ring
    from control_api.settings import Settings

AUDIENCE: Final = "fastline-api"
_NAME: Final = "fastline"


@dataclass(frozen=True, slots=True)
class Access:
    """What a token that is believed says."""

    account: str
    session: str
    profile: str
    """Who of the account watches: what was asked of us by this token is asked as this profile, to its end."""
    until: datetime


def issuer(settings: Settings) -> str:
    """Who our tokens say has issued them."""
    return settings.public_url or _NAME


def life(settings: Settings) -> timedelta:
    """How long a token is good."""
    return timedelta(minutes=settings.access_token_minutes)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who is to have a token."""

    account: Account
    session: Session
    profile: str
    """The id of the profile that watches."""


async def make(ring: Ring, settings: Settings, bearer: Bearer, now: datetime) -> str:
    """A token of this session and this profile; it ends no later than the session does."""
    account, session = bearer.account, bearer.session
    until = min(now + life(settings), session.expires_at)
    claims = {
        "iss": issuer(settings),
        "aud": AUDIENCE,
        "sub": account.id,
        "sid": session.id,
        "profile": bearer.profile,
        "role": account.role,
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int(until.timestamp()),
    }
    return await ring.sign(claims, now)


def is_ours(settings: Settings, token: str) -> bool:
    """Whether a token says that we have issued it."""
    return unproven.claims(token).get("iss") == issuer(settings)


async def believed(ring: Ring, settings: Settings, token: str, now: datetime) -> Access | Stranger:
    """What the token says, when it is ours and good now."""
    claims = await ring.opened(token, now)
    if claims is None:
        return Stranger("the access token was not signed here")
    registry = JWTClaimsRegistry(
        now=int(now.timestamp()),
        iss={"essential": True, "value": issuer(settings)},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
        nbf={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        sid={"essential": True},
        profile={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        return Stranger(_why(error))
    until = datetime.fromtimestamp(claims["exp"], UTC)
    return Access(_text(claims["sub"]), _text(claims["sid"]), _text(claims["profile"]), until)


def _why(error: JoseError) -> str:
    if error.error == "expired_token":
        return "the access token has expired: refresh it"
    return f"the access token is not good: {error.description or error.error}"


def _text(value: Any) -> str:  # noqa: ANN401 — whatever stands in a token
    return value if isinstance(value, str) else ""
