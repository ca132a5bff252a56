"""What this installation signs with: one secret for each purpose, in the database, made when it is first needed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from control_api.tables import Secret

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

BYTES: Final = 32
"""Bytes of a secret."""
_TAG: Final = 16


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs and proves by HMAC-SHA256, cut to 128 bits."""

    secret: bytes
    others: tuple[bytes, ...] = ()
    """Secrets that sign nothing now, and whose signatures are good."""

    def sign(self, purpose: str, text: bytes) -> bytes:
        """The signature; it is good for this purpose alone."""
        return _signature(self.secret, purpose, text)

    def proves(self, purpose: str, text: bytes, signature: bytes) -> bool:
        """Whether the text was signed so for this purpose."""
        known = [_signature(secret, purpose, text) for secret in (self.secret, *self.others)]
        return any([hmac.compare_digest(signature, one) for one in known])  # noqa: C419 — none is left out, for time tells

    def signed(self, purpose: str, text: bytes) -> bytes:
        """The text with its signature before it."""
        return self.sign(purpose, text) + text

    def opened(self, purpose: str, signed: bytes) -> bytes | None:
        """The text, when it was signed for this purpose."""
        tag, text = signed[:_TAG], signed[_TAG:]
        return text if self.proves(purpose, text, tag) else None


def _signature(secret: bytes, purpose: str, text: bytes) -> bytes:
    return hmac.digest(secret, purpose.encode() + b"\0" + text, hashlib.sha256)[:_TAG]


async def signer(database: Database, name: str, now: datetime) -> Signer:
    """The signer of this name; of several processes that make it at once, one wins and all use it."""
    found = await _found(database, name)
    if found is None:
        try:
            async with database.writing() as session:
                session.add(Secret(name=name, value=secrets.token_bytes(BYTES), created_at=now))
        except IntegrityError:  # another process was faster
            pass
        found = await _found(database, name)
    if found is None:
        message = f"the secret {name} was written and is not there"
        raise RuntimeError(message)
    return Signer(found)


async def signer_in(session: AsyncSession, name: str, now: datetime) -> Signer:
    """The same within a transaction that writes: what is made stands or falls with it."""
    found = (await session.exec(select(Secret.value).where(Secret.name == name))).one_or_none()
    if found is None:
        found = secrets.token_bytes(BYTES)
        session.add(Secret(name=name, value=found, created_at=now))
    return Signer(found)


async def _found(database: Database, name: str) -> bytes | None:
    async with database.reading() as session:
        return (await session.exec(select(Secret.value).where(Secret.name == name))).one_or_none()
