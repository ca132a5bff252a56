"""Handing out an archive: by an address that is signed, good for some minutes, and told to its owner alone.

Law: an address is good for one archive of one account, until an instant that it says itself.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from control_api.signing import Signer
    from control_api.tables import DataExport

LIFE: Final = timedelta(minutes=15)
"""How long an address is good."""
LONGEST: Final = 60
"""Characters of a token, at most."""
_PURPOSE: Final = "data export"


def token(signer: Signer, row: DataExport, until: datetime) -> str:
    """What an address has as its token."""
    ends = int(until.timestamp())
    signature = base64.urlsafe_b64encode(signer.sign(_PURPOSE, _text(row, ends))).decode().rstrip("=")
    return f"{ends}.{signature}"


def opens(signer: Signer, row: DataExport, sent: str, now: datetime) -> bool:
    """Whether a token was made for this archive, and is good still."""
    ends, _, text = sent.partition(".")
    if not ends.isascii() or not ends.isdecimal() or len(ends) > len("99999999999"):
        return False
    try:
        signature = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    is_ours = signer.proves(_PURPOSE, _text(row, int(ends)), signature)
    return is_ours and now < datetime.fromtimestamp(int(ends), UTC)


def _text(row: DataExport, ends: int) -> bytes:
    return f"{row.id}\0{row.account_id}\0{ends}".encode()
