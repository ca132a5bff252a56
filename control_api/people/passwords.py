"""Passwords: hashed by argon2id in threads of their own, few at a time, and never kept.

Law: to look at a password costs the same whether or not there is a hash to hold it against.
"""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import ARGON2_ENCODED_HASH_REGEX, Argon2Hasher
from pydantic import AfterValidator, Field

from control_api.people import old_hashes
from control_api.problems import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pwdlib.hashers import HasherProtocol

    from control_api.settings import Settings

Result = TypeVar("Result")

SHORTEST: Final = 8
LONGEST: Final = 256
_WAITING: Final = 16
"""How many wait for each thread before more are refused."""
_ARGON2_MEMORY: Final = 1 << 20  # KiB, of a hash that somebody else made
_ARGON2_ROUNDS: Final = 20
_ARGON2_LANES: Final = 16
_KNOWN_BY_ALL: Final = frozenset(
    ("password", "passw0rd", "password1", "password123", "12345678", "123456789", "1234567890", "qwertyui",
     "qwerty123", "qwertyuiop", "iloveyou", "11111111", "00000000", "letmein1", "admin123", "administrator",
     "fastline", "changeme", "welcome1", "baseball", "football", "sunshine", "princess", "trustno1")
)  # fmt: skip


def _good(text: str) -> str:
    """Long enough and not known by all; nobody is told to add a digit (NIST SP 800-63B, section 3.1.1.2)."""
    if text.casefold() in _KNOWN_BY_ALL or len(set(text)) == 1:
        message = "everybody tries this one first: take another"
        raise ValueError(message)
    return text


NewPassword = Annotated[
    str,
    Field(min_length=SHORTEST, max_length=LONGEST, description="Any characters; a long sentence is best."),
    AfterValidator(_good),
]
"""A password that is to be set."""

Password = Annotated[str, Field(max_length=1024)]
"""A password that somebody types: whatever it is, it is right or wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a password that somebody typed."""

    is_right: bool
    better: str | None = None
    """The hash that should replace the one that is kept."""


class Passwords:
    """Makes and verifies hashes."""

    def __init__(self, settings: Settings, hasher: HasherProtocol | None = None) -> None:
        """`hasher` makes hashes and verifies them; without one it is argon2id, at the cost that the settings say."""
        self._hash = PasswordHash((hasher or _argon2(settings),))
        self._pool = ThreadPoolExecutor(settings.password_threads, thread_name_prefix="password")
        self._most = settings.password_threads * (_WAITING + 1)
        self._inside = 0
        self._dummy: str | None = None

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def make(self, password: str) -> str:
        """The hash of a new password. Raises `Problem` when too many wait."""
        return await self._in_thread(lambda: self._hash.hash(_normal(password)))

    async def verify(self, password: str, kept: str | None) -> Verdict:
        """Whether it is the password of this hash; without one it is not, at the same cost.

        Raises `Problem` when too many wait.
        """
        return await self._in_thread(lambda: self._verified(password, kept))

    def _verified(self, password: str, kept: str | None) -> Verdict:
        if kept is None or not is_known(kept):
            if self._dummy is None:
                self._dummy = self._hash.hash("nobody's")
            self._hash.verify(_normal(password), self._dummy)
            return Verdict(is_right=False)
        if not old_hashes.is_old(kept):
            return Verdict(*self._hash.verify_and_update(_normal(password), kept))
        is_right = old_hashes.verify(password, kept)
        fresh = self._hash.hash(_normal(password))  # also of a wrong one, which must cost no less
        return Verdict(is_right, fresh if is_right else None)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        if self._inside >= self._most:
            raise unavailable("too many people sign in at this moment", seconds=2)
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._inside -= 1


def _argon2(settings: Settings) -> Argon2Hasher:
    return Argon2Hasher(time_cost=settings.password_rounds, memory_cost=settings.password_memory_kib)


def is_known(kept: str) -> bool:
    """Whether the hash can be verified, at a cost that is borne."""
    match = ARGON2_ENCODED_HASH_REGEX.fullmatch(kept)
    if match is None or not match["digest"]:
        return old_hashes.is_old(kept)
    memory, rounds, lanes = int(match["memory_cost"]), int(match["time_cost"]), int(match["parallelism"])
    return memory <= _ARGON2_MEMORY and rounds <= _ARGON2_ROUNDS and lanes <= _ARGON2_LANES


def _normal(password: str) -> str:
    """The same password on every keyboard (RFC 8265, section 4.2.1)."""
    return unicodedata.normalize("NFC", password)
