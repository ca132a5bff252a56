"""Issuers: others who say who people are, by ID tokens (OpenID Connect Core 1.0, sections 2 and 3.1.3.7)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from control_api.callers import Stranger
from control_api.destinations import NotAllowed
from control_api.outgoing import NoAnswer
from control_api.people import unproven
from control_api.people.key_sets import KeySets, Unreachable
from control_api.settings import Issuer

if TYPE_CHECKING:
    from datetime import datetime

    from control_api.outgoing import Outgoing
    from control_api.settings import Settings

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
"""Signatures that are believed: by keys that only the issuer has. Neither `none` nor a shared secret is one."""
_LEEWAY: Final = 60  # seconds by which the clocks of others may differ
_LONGEST: Final = 255  # of a subject (OpenID Connect Core 1.0, section 2)
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Claims:
    """What an ID token that is believed says."""

    issuer: Issuer
    subject: str
    email: str | None
    email_verified: bool
    name: str | None
    until: int
    """When it ends, in seconds since 1970."""
    proven: int
    """When who it is of has signed in at the issuer, in seconds since 1970, as far as it says so."""


class Issuers:
    """All issuers of the settings."""

    def __init__(self, settings: Settings, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._known = {issuer.issuer: issuer for issuer in settings.oidc}
        self._keys = {issuer.issuer: KeySets(issuer, outgoing) for issuer in settings.oidc}

    def named(self, name: str) -> Issuer | None:
        """The issuer of this name."""
        return self._known.get(name)

    def of(self, token: str) -> Issuer | None:
        """The issuer that a token says it is of, if it is one of ours."""
        named = unproven.claims(token).get("iss")
        return self._known.get(named) if isinstance(named, str) else None

    async def believed(self, token: str, now: datetime, nonce: str | None = None) -> Claims | Stranger:
        """What an ID token says, when it is good now. Raises `Unreachable` when nobody can tell."""
        issuer = self.of(token)
        head = unproven.header(token)
        if issuer is None:
            return Stranger("no issuer that is known here has issued that token")
        if head.get("alg") not in ALGORITHMS:
            return Stranger(f"tokens signed by {str(head.get('alg'))[:20]!r} are not believed")
        keys = await self._keys[issuer.issuer].keys(str(head.get("kid", "")), now)
        try:
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            _registry(issuer, now).validate(claims)
        except JoseError as error:
            return Stranger(f"the ID token is not good: {error.description or error.error}")
        except (ValueError, TypeError, KeyError):
            return Stranger("the ID token is not good: its signature cannot be looked at")
        if (wrong := _wrong(issuer, claims, nonce)) is not None:
            return Stranger(f"the ID token is not good: {wrong}")
        email = claims.get("email")
        return Claims(
            issuer=issuer,
            subject=claims["sub"],
            email=email if isinstance(email, str) else None,
            email_verified=claims.get("email_verified") is True,
            name=claims["name"] if isinstance(claims.get("name"), str) else None,
            until=int(claims["exp"]),
            proven=_proven(claims, now),
        )

    async def redeemed(self, issuer: Issuer, code: str, redirect_uri: str, verifier: str) -> str:
        """The ID token for a code of authorization (RFC 6749, section 4.1.3; RFC 7636). Raises `Unreachable`."""
        endpoint = await self._keys[issuer.issuer].endpoint("token_endpoint")
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        fields["code_verifier"] = verifier
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        secret = issuer.client_secret.get_secret_value()
        if secret:
            pair = f"{quote_plus(issuer.client_id)}:{quote_plus(secret)}"  # RFC 6749, section 2.3.1
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            fields["client_id"] = issuer.client_id
        try:
            answer = await self._outgoing.fetch("POST", endpoint, headers=headers, body=urlencode(fields).encode())
            found = json.loads(answer.body) if answer.status == _OK else {}
        except (NotAllowed, NoAnswer, ValueError, RecursionError) as error:
            message = f"{issuer.issuer} does not redeem codes now"
            raise Unreachable(message) from error
        token = found.get("id_token") if isinstance(found, dict) else None
        return token if isinstance(token, str) else ""


def _registry(issuer: Issuer, now: datetime) -> JWTClaimsRegistry:
    return JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": issuer.issuer},
        aud={"essential": True, "values": list(issuer.audience)},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )


def _proven(claims: dict[str, Any], now: datetime) -> int:
    """When they signed in (`auth_time`), or else when the token was issued: a refreshed one is newer than that."""
    said = claims.get("auth_time")
    found = min(int(claims["iat"]), int(now.timestamp()))
    return max(0, min(found, said)) if isinstance(said, int) else found


def _wrong(issuer: Issuer, claims: dict[str, Any], nonce: str | None) -> str | None:
    """What the registry does not look at."""
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") not in issuer.audience:
        return "it is for several, and was not given to us"
    if nonce is not None and claims.get("nonce") != nonce:
        return "its nonce is another one"
    if not claims["sub"].isprintable() or not 0 < len(claims["sub"]) <= _LONGEST:
        return "its subject is none"
    return None
