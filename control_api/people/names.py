"""Names and addresses of people: how they may be written, and when two of them are the same.

Law: folding twice is folding once, and names that differ in case or in the form of their letters fold to one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, Field

LONGEST: Final = 60
_FOLDED: Final = 240
_EMAIL: Final = 254  # RFC 5321, section 4.5.3.1.3: a path of 256 bytes with its brackets
_LOCAL: Final = 64
_DOMAIN: Final = re.compile(r"[^\s@.]+(\.[^\s@.]+)*")
_FREE: Final = "-._"


def folded(text: str) -> str:
    """The form in which names are compared (Unicode Standard, section 3.13, D146)."""
    before, after = "", text
    while before != after:  # compatibility and case undo each other's work now and then
        before, after = after, unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", after).casefold())
    return after


def is_one_address(one: str, other: str) -> bool:
    """Whether mail to both reaches the same person: they differ in the case of ASCII letters alone.

    Much more is folded together so that nobody takes a name that looks like another. That says nothing of who reads
    the mail: `\u017fam@` and `sam@` fold to one, and may be two people.
    """
    return one.encode().lower() == other.encode().lower()  # of bytes, `lower` knows ASCII alone


def _username(text: str) -> str:
    name = unicodedata.normalize("NFC", text)
    if not all(letter.isalnum() or unicodedata.category(letter) in ("Mn", "Mc") or letter in _FREE for letter in name):
        message = "a username has letters, digits, and - . _ between them"
        raise ValueError(message)
    if not name[:1].isalnum() or len(folded(name)) > _FOLDED:
        message = "a username begins with a letter or a digit"
        raise ValueError(message)
    return name


def _email(text: str) -> str:
    address = unicodedata.normalize("NFC", text.strip())
    local, at, domain = address.rpartition("@")
    is_clean = not any(letter.isspace() or unicodedata.category(letter)[0] == "C" for letter in address)
    if not at or not local or "@" in local or len(local) > _LOCAL or not _DOMAIN.fullmatch(domain) or not is_clean:
        message = "that is no e-mail address: write one like ada@example.org"
        raise ValueError(message)
    return address


Username = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST, description="One name in whatever case.", examples=["ada"]),
    AfterValidator(_username),
]
"""A name to sign in with, as its owner writes it."""

Email = Annotated[
    str,
    Field(min_length=3, max_length=_EMAIL, description="An e-mail address.", examples=["ada@example.org"]),
    AfterValidator(_email),
]
"""An e-mail address, as its owner writes it."""


def from_email(email: str) -> str:
    """A username for who gave an e-mail address alone."""
    local = "".join(
        letter
        for letter in unicodedata.normalize("NFC", email.partition("@")[0])
        if letter.isalnum() or letter in _FREE
    )
    return local.lstrip(_FREE)[: LONGEST - 8] or "member"
