"""What people are told of: kinds of notices, how grave one is, and who gets which by mail."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """Of what something is told."""

    ACCOUNT = "account"
    """Their own safety: a password, an address, a sign-in. This is always mailed."""
    BILLING = "billing"
    """Receipts, payments that failed, the end of a subscription."""
    PRIVACY = "privacy"
    """Their data: an export is there, an account will be deleted."""
    SUPPORT = "support"
    """Answers to what they asked."""
    SERVICE = "service"
    """Of the station to all: an outage, other terms."""
    NEWS = "news"
    """What is new to see: mailed to who has asked for it."""


class Tone(StrEnum):
    """How grave it is: what apps show as colour and sign."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


BROADCAST: Final = (Kind.SERVICE, Kind.NEWS)
"""What many are told at a time."""
ALWAYS: Final = frozenset((Kind.ACCOUNT,))
"""What nobody can have kept out of their mail: somebody else may be in the account who would."""
_BY_ITSELF: Final = frozenset(Kind) - {Kind.NEWS}


def is_mailed(kind: Kind, wanted: dict[str, bool]) -> bool:
    """Whether who has chosen `wanted` gets this kind by mail."""
    return kind in ALWAYS or wanted.get(kind, kind in _BY_ITSELF)
