"""Refresh tokens as a chain: each secret is made of the one before it and of a key that the server keeps.

Law: from a secret and the key every later one can be made, and from no secret an earlier one. The database keeps the
digest of the newest alone; from that and the key nobody makes a token (RFC 9700, section 4.14.2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from control_api.signing import Signer

PREFIX: Final = "flr_"
LONGEST: Final = 5_000
"""How many links are walked at most to see whether an old token was genuine."""
_BYTES: Final = 32
_PURPOSE: Final = "refresh"
_FORM: Final = re.compile(rf"{PREFIX}(ss_[0-9a-f]{{32}})\.(\d{{1,6}})\.([A-Za-z0-9_-]{{43}})", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Link:
    """One refresh token of a session."""

    session: str
    turn: int
    """How many came before it."""
    secret: bytes

    @property
    def token(self) -> str:
        """As clients keep it."""
        return f"{PREFIX}{self.session}.{self.turn}.{base64.urlsafe_b64encode(self.secret).decode().rstrip('=')}"

    @property
    def digest(self) -> str:
        """As the database keeps it."""
        return hashlib.sha256(self.secret).hexdigest()

    def next(self, key: Signer) -> Link:
        """The one that replaces it."""
        text = f"{self.session}\0{self.turn}\0".encode() + self.secret
        secret = hmac.digest(key.secret, _PURPOSE.encode() + b"\0" + text, hashlib.sha256)
        return Link(self.session, self.turn + 1, secret)

    def leads_to(self, turn: int, digest: str, key: Signer) -> bool:
        """Whether it is genuine: whether the chain from here has this digest at that turn."""
        if not 0 <= turn - self.turn <= LONGEST:
            return False
        link = self
        while link.turn < turn:
            link = link.next(key)
        return hmac.compare_digest(link.digest, digest)


def first(session: str) -> Link:
    """The first token of a session."""
    return Link(session, 0, secrets.token_bytes(_BYTES))


def read(token: str) -> Link | None:
    """The token that somebody sent; None when it is none."""
    match = _FORM.fullmatch(token)
    if match is None:
        return None
    return Link(match[1], int(match[2]), base64.urlsafe_b64decode(match[3] + "="))
