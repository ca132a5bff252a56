"""The keys of an issuer: fetched when they are needed, kept for a while, and asked for again with patience.

Law: however many tokens come, and whatever key ids they name, an issuer is asked no more often than the rules here say.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from control_api.destinations import NotAllowed
from control_api.outgoing import NoAnswer

if TYPE_CHECKING:
    from control_api.outgoing import Outgoing
    from control_api.settings import Issuer

_log: Final = logging.getLogger("fastline.api")

FRESH: Final = timedelta(hours=1)
"""How long keys are used before they are asked for again."""
STALE: Final = timedelta(hours=24)
"""How long they are used while nobody answers."""
UNKNOWN: Final = timedelta(seconds=30)
"""How often a token with a key id that nobody knows makes us ask."""
_FIRST: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(minutes=5)
_DISCOVERY: Final = "/.well-known/openid-configuration"
_MOST: Final = 100
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of the keys of an issuer."""

    kids: frozenset[str] = frozenset()
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    failures: int = 0
    """Since they were fetched."""


def is_due(held: Held, kid: str, now: datetime) -> bool:
    """Whether to ask for the keys now."""
    if held.failures:
        waits = min(_FIRST * (1 << min(held.failures - 1, 20)), _LONGEST)
        return held.tried_at is None or not timedelta(0) <= now - held.tried_at < waits
    if held.fetched_at is None or not timedelta(0) <= now - held.fetched_at < FRESH:
        return True
    return kid not in held.kids and now - held.fetched_at >= UNKNOWN


def is_usable(held: Held, now: datetime) -> bool:
    """Whether the keys may be used still."""
    return held.fetched_at is not None and now - held.fetched_at < STALE


class Unreachable(Exception):
    """The keys of an issuer cannot be had now."""


class KeySets:
    """The keys of one issuer."""

    def __init__(self, issuer: Issuer, outgoing: Outgoing) -> None:
        self._issuer = issuer
        self._outgoing = outgoing
        self._asking = asyncio.Lock()
        self._keys = KeySet([])
        self.held = Held()

    async def keys(self, kid: str, now: datetime) -> KeySet:
        """Its keys, among which `kid` is if it can be. Raises `Unreachable`."""
        if is_due(self.held, kid, now):
            async with self._asking:  # of many who need them, one asks
                if is_due(self.held, kid, now):
                    await self._ask(now)
        if not is_usable(self.held, now):
            message = f"the keys of {self._issuer.issuer} cannot be had now"
            raise Unreachable(message)
        return self._keys

    async def endpoint(self, name: str) -> str:
        """An address of the issuer, by discovery (OpenID Connect Discovery 1.0, section 4). Raises `Unreachable`."""
        document = await self._document(self._issuer.issuer.rstrip("/") + _DISCOVERY)
        if document.get("issuer") != self._issuer.issuer or not isinstance(document.get(name), str):
            message = f"what {self._issuer.issuer} says of itself has no {name}, or is of somebody else"
            raise Unreachable(message)
        return str(document[name])

    async def _ask(self, now: datetime) -> None:
        try:
            found: list[dict[str, Any]] = []
            for url in self._issuer.jwks or [await self.endpoint("jwks_uri")]:
                found += _listed(await self._document(url))
            keys = KeySet.import_key_set({"keys": found[:_MOST]})
        except (Unreachable, JoseError, ValueError, TypeError, KeyError) as error:
            self.held = replace(self.held, tried_at=now, failures=self.held.failures + 1)
            _log.warning("the keys of %s: %s", self._issuer.issuer, error, extra={"action": "issuer_down"})
            return
        self._keys = keys
        self.held = Held(frozenset(key.kid for key in keys.keys if key.kid), now, now)

    async def _document(self, url: str) -> dict[str, Any]:
        try:
            answer = await self._outgoing.fetch("GET", url, headers={"Accept": "application/json"})
            found = json.loads(answer.body) if answer.status == _OK else None
        except (NotAllowed, NoAnswer) as error:
            message = f"{url}: {error}"
            raise Unreachable(message) from error
        except (ValueError, RecursionError) as error:
            message = f"{url}: the answer is no JSON"
            raise Unreachable(message) from error
        if not isinstance(found, dict):
            message = f"{url}: status {answer.status}"
            raise Unreachable(message)
        return found


def _listed(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The keys of a set that sign and that are public: one that we cannot read is passed over, and spoils none."""
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise Unreachable("the answer is no JSON Web Key Set")
    found = []
    for key in listed:
        if not isinstance(key, dict) or key.get("use", "sig") != "sig" or key.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        try:
            KeySet.import_key_set({"keys": [key]})
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        found.append(key)
    return found
