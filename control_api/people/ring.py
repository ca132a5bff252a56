"""The keys that access tokens are signed with: in the database, so that all processes share them, and replaced in time.

Law: a token is verified until it ends, whatever became of its key's turn to sign: a key is deleted only when the last
token that it can have signed has ended.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from sqlmodel import col, delete, select

from control_api.ids import new_id
from control_api.people import unproven
from control_api.tables import SigningKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_api.database import Database

ALGORITHM: Final = "ES256"
TYPE: Final = "at+jwt"  # RFC 9068, section 2.1: no other token is taken for one
_READ_AGAIN: Final = timedelta(minutes=10)
_AT_MOST: Final = timedelta(seconds=1)  # how often an unknown key id makes us look
_MARGIN: Final = timedelta(hours=1)


class Ring:
    """The keys as this process knows them."""

    def __init__(self, database: Database, *, signs_for: timedelta, token_life: timedelta) -> None:
        """`signs_for` is how long a key is the one that signs, `token_life` how long a token is good."""
        self._database = database
        self._signs_for = signs_for
        self._token_life = token_life
        self._rows: list[SigningKey] = []
        self._keys: dict[str, ECKey] = {}
        self._read_at: datetime | None = None
        self._changing = asyncio.Lock()

    async def ready(self, now: datetime) -> None:
        """Have a key to sign with at this instant: before a transaction begins that would have to wait for it."""
        await self._newest(now)

    async def sign(self, claims: Mapping[str, Any], now: datetime) -> str:
        """A token that says so."""
        key = await self._newest(now)
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}, dict(claims), key, algorithms=[ALGORITHM])

    async def opened(self, token: str, now: datetime) -> dict[str, Any] | None:
        """What a token says, when one of our keys signed it; its claims are not looked at."""
        kid = unproven.header(token).get("kid")
        if not isinstance(kid, str):
            return None
        if kid not in self._keys and self._may_look(now):
            await self._read(now)
        if kid not in self._keys:
            return None
        try:
            found = jwt.decode(token, self._keys[kid], algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            return None
        return found.claims if found.header.get("typ") == TYPE else None

    async def public(self, now: datetime) -> dict[str, Any]:
        """What others need to verify our tokens: a JSON Web Key Set (RFC 7517)."""
        await self._newest(now)
        return dict(KeySet(list(self._keys.values())).as_dict(private=False))

    async def _newest(self, now: datetime) -> ECKey:
        """The key that signs now."""
        if not self._is_fresh(now) or self._is_over(now):
            async with self._changing:  # of many who need a new key, one makes it
                if not self._is_fresh(now) or self._is_over(now):
                    await self._read(now)
                if self._is_over(now):
                    await self._replace(now)
        return self._keys[self._rows[-1].id]

    def _is_fresh(self, now: datetime) -> bool:
        return self._read_at is not None and timedelta(0) <= now - self._read_at < _READ_AGAIN

    def _is_over(self, now: datetime) -> bool:
        return not self._rows or now - self._rows[-1].created_at >= self._signs_for

    def _may_look(self, now: datetime) -> bool:
        return self._read_at is None or not timedelta(0) <= now - self._read_at < _AT_MOST

    async def _read(self, now: datetime) -> None:
        async with self._database.reading() as session:
            rows = (
                await session.exec(select(SigningKey).order_by(col(SigningKey.created_at), col(SigningKey.id)))
            ).all()
        known = self._keys
        self._keys = {row.id: known.get(row.id) or ECKey.import_key(row.key) for row in rows}
        self._rows = list(rows)
        self._read_at = now

    async def _replace(self, now: datetime) -> None:
        """Make a new key, and delete those that nobody needs. Two processes may make one each: both are good."""
        kid = new_id("sk")
        key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": ALGORITHM})
        async with self._database.writing() as session:
            session.add(SigningKey(id=kid, key=dict(key.as_dict(private=True)), created_at=now))
            # a key signs until the next one is there and every process has seen that
            over = now - self._token_life - _READ_AGAIN - _MARGIN
            done = [row.id for row, after in pairwise(self._rows) if after.created_at <= over]
            await session.exec(delete(SigningKey).where(col(SigningKey.id).in_(done)))
        await self._read(now)
