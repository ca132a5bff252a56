"""Secrets and signatures of webhooks, as Standard Webhooks has them (version 1 of its signatures).

Law: a secret follows from the webhook's id, the count of its secrets and one secret of the installation. So it is
stored nowhere, and is the same whenever it is needed.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from control_api.signing import Signer

PREFIX: Final = "whsec_"
NAME: Final = "webhooks"
"""Of the secret of the installation."""


def secret(signer: Signer, webhook: str, generation: int) -> bytes:
    """The 32 bytes with which a webhook's deliveries are signed."""
    return hmac.digest(signer.secret, f"webhook\0{webhook}\0{generation}".encode(), hashlib.sha256)


def shown(key: bytes) -> str:
    """A secret as people are given it, `whsec_` and its bytes as base64."""
    return PREFIX + b64encode(key).decode()


def headers(keys: Sequence[bytes], message: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers that say which message this is, when it was sent, and that it is ours, by each of the keys."""
    seconds = str(int(now.timestamp()))
    signed = b".".join((message.encode(), seconds.encode(), body))
    signatures = [b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
    return {
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
