"""Keeping mail away by one click: an address that knows for whom it is, and that nobody can make up (RFC 8058)."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

from control_api.notices.kinds import ALWAYS, Kind
from control_api.tables import Account, MailChoice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.signing import Signer

NAME: Final = "mail"
"""Of the secret of the installation. It stays: a mail may be years old."""
PATH: Final = "/api/v1/unsubscribe"
_PURPOSE: Final = "unsubscribe"


def ticket(signer: Signer, account: str, kind: Kind) -> str:
    """What the address ends with."""
    return urlsafe_b64encode(signer.signed(_PURPOSE, f"{account} {kind}".encode())).rstrip(b"=").decode()


def read(signer: Signer, text: str) -> tuple[str, Kind] | None:
    """Which account wants which kind no more; None where nobody has signed that."""
    try:
        signed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    opened = signer.opened(_PURPOSE, signed)
    if opened is None:
        return None
    account, _, kind = opened.decode("utf-8", "replace").partition(" ")
    return (account, Kind(kind)) if kind in set(Kind) else None


async def chosen(session: AsyncSession, account: str, wanted: Mapping[str, bool], now: datetime) -> dict[str, Any]:
    """Have an account get these kinds by mail, or not; what it has chosen altogether. None of `ALWAYS` is a choice."""
    if await session.get(Account, account, with_for_update=True) is None:
        return {}
    row = await session.get(MailChoice, account)
    if row is None:
        row = MailChoice(account_id=account, wanted={}, changed_at=now)
    row.wanted = {**row.wanted, **{kind: is_wanted for kind, is_wanted in wanted.items() if kind not in ALWAYS}}
    row.changed_at = now
    session.add(row)
    return row.wanted
