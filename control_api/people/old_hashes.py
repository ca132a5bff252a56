"""Hashes of passwords that other programs made: verified until their owners sign in, never made anew.

Each has bounds, because its cost stands in the hash itself: one that was made to be expensive is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Final

import bcrypt

if TYPE_CHECKING:
    from collections.abc import Callable

_MEMORY: Final = 512 << 20
"""Bytes that one scrypt may take."""
_ROUNDS: Final = 10_000_000
# $2b$12$…
_BCRYPT: Final = re.compile(r"\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}")
_BCRYPT_COST: Final = 16
_BCRYPT_BYTES: Final = 72  # it never looked at more
# $scrypt$ln=16,r=8,p=1$salt$key, as the Password Hashing Competition has it, and passlib
_PHC: Final = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9./+]{1,88})\$([A-Za-z0-9./+]{16,88})"
)
# scrypt:32768:8:1$salt$hex and pbkdf2:sha256:600000$salt$hex
_WERKZEUG_SCRYPT: Final = re.compile(r"scrypt:(\d{1,7}):(\d{1,3}):(\d{1,3})\$([!-#%-~]{1,64})\$([0-9a-f]{64,128})")
_WERKZEUG_PBKDF2: Final = re.compile(
    r"pbkdf2:(sha1|sha256|sha512)(?::(\d{1,8}))?\$([!-#%-~]{1,64})\$([0-9a-f]{40,128})"
)
_WERKZEUG_ROUNDS: Final = 150_000  # what old versions meant when they wrote none


def is_old(kept: str) -> bool:
    """Whether it is one of these hashes, at a cost that is borne."""
    return any(form.fullmatch(kept) and is_bearable(kept) for form, is_bearable, _ in _KINDS)


def verify(password: str, kept: str) -> bool:
    """Whether it is the password of this hash, as it was typed: so other programs hashed it."""
    for form, is_bearable, is_right in _KINDS:
        if form.fullmatch(kept) and is_bearable(kept):
            return is_right(password.encode(), kept)
    return False


def _bcrypt_bearable(kept: str) -> bool:
    return 4 <= int(_groups(_BCRYPT, kept)[0]) <= _BCRYPT_COST  # noqa: PLR2004 — the least that the algorithm knows


def _bcrypt_right(password: bytes, kept: str) -> bool:
    """A password longer than 72 bytes was cut there by all programs that made these hashes."""
    try:
        return bcrypt.checkpw(password[:_BCRYPT_BYTES], kept.encode())
    except ValueError:  # a salt that is none
        return False


def _phc_bearable(kept: str) -> bool:
    power, r, p, *_ = _groups(_PHC, kept)
    return _is_bearable(1 << int(power), int(r), int(p))


def _phc_right(password: bytes, kept: str) -> bool:
    power, r, p, salt, key = _groups(_PHC, kept)
    try:
        return _is_scrypt(password, _plain(salt), (1 << int(power), int(r), int(p)), _plain(key))
    except binascii.Error:
        return False


def _werkzeug_scrypt_bearable(kept: str) -> bool:
    n, r, p, _, key = _groups(_WERKZEUG_SCRYPT, kept)
    return _is_bearable(int(n), int(r), int(p)) and len(key) % 2 == 0


def _werkzeug_scrypt_right(password: bytes, kept: str) -> bool:
    n, r, p, salt, key = _groups(_WERKZEUG_SCRYPT, kept)
    return _is_scrypt(password, salt.encode(), (int(n), int(r), int(p)), bytes.fromhex(key))


def _werkzeug_pbkdf2_bearable(kept: str) -> bool:
    name, rounds, _, key = _groups(_WERKZEUG_PBKDF2, kept)
    size = hashlib.new(name, usedforsecurity=False).digest_size
    return len(key) == 2 * size and 1 <= int(rounds or _WERKZEUG_ROUNDS) <= _ROUNDS


def _werkzeug_pbkdf2_right(password: bytes, kept: str) -> bool:
    name, rounds, salt, key = _groups(_WERKZEUG_PBKDF2, kept)
    made = hashlib.pbkdf2_hmac(name, password, salt.encode(), int(rounds or _WERKZEUG_ROUNDS))
    return hmac.compare_digest(made, bytes.fromhex(key))


_KINDS: Final[tuple[tuple[re.Pattern[str], Callable[[str], bool], Callable[[bytes, str], bool]], ...]] = (
    (_BCRYPT, _bcrypt_bearable, _bcrypt_right),
    (_PHC, _phc_bearable, _phc_right),
    (_WERKZEUG_SCRYPT, _werkzeug_scrypt_bearable, _werkzeug_scrypt_right),
    (_WERKZEUG_PBKDF2, _werkzeug_pbkdf2_bearable, _werkzeug_pbkdf2_right),
)
"""How each kind is written, whether its cost is borne, and whether a password is that of a hash."""


def _groups(form: re.Pattern[str], kept: str) -> tuple[str, ...]:
    match = form.fullmatch(kept)
    return () if match is None else match.groups()


def _is_scrypt(password: bytes, salt: bytes, cost: tuple[int, int, int], key: bytes) -> bool:
    n, r, p = cost
    made = hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=2 * _MEMORY, dklen=len(key))
    return hmac.compare_digest(made, key)


def _is_bearable(n: int, r: int, p: int) -> bool:
    """Whether the cost is one that scrypt knows (RFC 7914, section 6) and that we bear."""
    is_known = n > 1 and n & (n - 1) == 0 and r > 0 and p > 0
    return is_known and 128 * n * r <= _MEMORY and 128 * n * r * p <= 4 * _MEMORY


def _plain(text: str) -> bytes:
    """Base64 without its padding, with `.` where passlib writes it for `+`."""
    return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4), validate=True)
