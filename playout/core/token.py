"""The token that stands in the path of a signed address, and opens one channel or one asset.

Laws. What was signed is read back as it was. A token with any bit changed, of a key that is not there, or signed
with another secret, is refused; so is every other spelling of it. There is one text for one token.

Its bytes are: 1 for its form, 4 for the number of the key, 4 and 4 for `expires` and `ends` in seconds since 1970,
the path that it opens in UTF-8, and the first 16 of HMAC-SHA256 over "fastline stream", a zero byte, and all that. The
text is base64url without padding (RFC 4648 section 5). Numbers are big-endian. RFC 2104 section 5 allows the cut.

A token that says more is of the second form. Before its path stands 1 byte with flags: 1 for 2 bytes with `lines`, and
2 for 1 byte with `bits` and 8 that say for which network it is. Those are the first of HMAC-SHA256 over "fastline
network", a zero byte, all bytes of the token before them, its path, and the network: 4 or 6, and the 4 or 16 bytes of
its address. So nobody reads an address in a token, nor that two tokens are of one household.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from playout.core.networks import prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playout.core.networks import Address

LONGEST: Final = timedelta(days=7)
"""How long after it was signed a token may be good, at most: for so long keys are kept after they were replaced."""
SETTLING: Final = timedelta(seconds=10)
"""How long a new key is known before it signs: by then every origin has read it."""
SECRET: Final = 32
"""Bytes of a secret."""

MOST_LINES: Final = 65_535
"""The finest picture that a token can speak of."""

_FORM: Final = b"\x01"
_FULLER: Final = b"\x02"
_DOMAIN: Final = b"fastline stream\0"
_NETWORK: Final = b"fastline network\0"
_HEAD: Final = 13
_LINES: Final = 1
_BOUND: Final = 2
_DIGEST: Final = 8
_TAG: Final = 16
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{40,300}")
_OPENS: Final = re.compile(r"(live|vod)/[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OnDemand(StrEnum):
    """Whether assets are played on demand by anyone."""

    AUTO = "auto"
    """By anyone, until the first channel is signed: else its films could be had one by one."""
    OPEN = "open"
    SIGNED = "signed"

    def is_signed(self, *, any_channel: bool) -> bool:
        """Whether it takes a token, where `any_channel` is signed or none is."""
        return self is OnDemand.SIGNED or (self is OnDemand.AUTO and any_channel)


@dataclass(frozen=True, slots=True)
class Key:
    """A secret by which tokens are signed."""

    number: int
    """From 1; the highest one signs."""
    secret: bytes = field(repr=False)
    since: datetime
    """From when on it signs, in UTC; it verifies before, too."""
    until: datetime | None = None
    """Until when it verifies, in UTC; None for the newest one."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a token says."""

    opens: str
    """The path that it opens, below the root: `live/<channel>` or `vod/<asset>`."""
    expires: datetime
    """Until when playing may begin, in UTC, in whole seconds."""
    ends: datetime
    """Until when what has begun goes on, in UTC, in whole seconds."""
    lines: int | None = None
    """The finest picture that it opens, in lines; None: whatever there is."""
    bits: int | None = None
    """How many leading bits of the address of who may come with it are said; None: anybody may."""


class Untrue(StrEnum):
    """Why a token is not believed."""

    SHAPELESS = "that is no token"
    UNKNOWN_KEY = "its key is not known here, or no longer"
    FORGED = "its signature is not good"
    ELSEWHERE = "it is for another network than this one: ask for a new one from here"


def channel_path(channel: str) -> str:
    """What the token of a channel opens."""
    return f"live/{channel}"


def asset_path(asset: str) -> str:
    """What the token of an asset on demand opens."""
    return f"vod/{asset}"


def signing(keys: Iterable[Key], now: datetime) -> Key | None:
    """The key that signs at `now`: the newest one that has settled."""
    return max((key for key in keys if key.since <= now), key=lambda key: key.number, default=None)


def verifying(keys: Iterable[Key], now: datetime) -> dict[int, Key]:
    """The keys that verify at `now`, by number."""
    return {key.number: key for key in keys if key.until is None or now < key.until}


def rotated(keys: Iterable[Key], secret: bytes, now: datetime, *, forget: bool = False) -> tuple[Key, ...]:
    """The keys with a new one, and without those by which nothing can be good any more.

    The first one signs at once, and so does one that comes because all others are to be forgotten.
    """
    known = tuple(keys)
    kept = () if forget else tuple(verifying(known, now).values())
    newest = max((key.number for key in known), default=0)
    since = now + SETTLING if kept else now
    until = since + LONGEST
    older = tuple(Key(key.number, key.secret, key.since, until if key.until is None else key.until) for key in kept)
    return (*older, Key(newest + 1, secret, since))


def sign(said: Pass, key: Key, viewer: Address | None = None) -> str:
    """The token; `viewer` is who may come with it, where it says so.

    Raises `ValueError` for a path that no token opens, and for what it has no room for.
    """
    if not _OPENS.fullmatch(said.opens):
        message = f"{said.opens[:80]!r} is not the path of a channel or of an asset"
        raise ValueError(message)
    try:
        numbers = b"".join(
            number.to_bytes(4, "big") for number in (key.number, *map(_seconds, (said.expires, said.ends)))
        )
    except OverflowError as error:
        message = "a token says instants from 1970 to 2106"
        raise ValueError(message) from error
    opens = said.opens.encode()
    if said.lines is None and said.bits is None:
        whole = _FORM + numbers + opens
    else:
        whole = _bound(_FULLER + numbers + _limits(said), said, key, viewer) + opens
    return urlsafe_b64encode(whole + _tag(key, whole)).rstrip(b"=").decode()


def read(text: str, keys: Mapping[int, Key], viewer: Address | None = None) -> Pass | Untrue:
    """What a token says, when one of `keys` has signed it, and it is for `viewer`, who comes with it.

    Whether it is still good is for who knows the time.
    """
    data = _decoded(text)
    whole, tag = data[:-_TAG], data[-_TAG:]
    if len(whole) <= _HEAD or whole[:1] not in (_FORM, _FULLER):
        return Untrue.SHAPELESS
    key = keys.get(int.from_bytes(whole[1:5], "big"))
    if key is None:
        return Untrue.UNKNOWN_KEY
    if not hmac.compare_digest(tag, _tag(key, whole)):
        return Untrue.FORGED
    said = Pass("", _instant(whole[5:9]), _instant(whole[9:13]))
    return _fuller(whole, said, key, viewer) if whole[:1] == _FULLER else replace(said, opens=whole[_HEAD:].decode())


def _decoded(text: str) -> bytes:
    """The bytes of a token; none where it is not spelled as we spell it."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if _TEXT.fullmatch(text) else b""
    except NotBase64:
        return b""
    return data if urlsafe_b64encode(data).rstrip(b"=") == text.encode() else b""


def _limits(said: Pass) -> bytes:
    """The flags, and what they say is there, up to for which network it is."""
    flags = (_LINES if said.lines is not None else 0) | (_BOUND if said.bits is not None else 0)
    found = bytes((flags,))
    try:
        found += b"" if said.lines is None else said.lines.to_bytes(2, "big")
        return found + (b"" if said.bits is None else said.bits.to_bytes(1, "big"))
    except OverflowError as error:
        message = f"a token says lines up to {MOST_LINES}, and bits up to 128"
        raise ValueError(message) from error


def _bound(head: bytes, said: Pass, key: Key, viewer: Address | None) -> bytes:
    """The same, with for which network it is, where it is for one. Raises `ValueError`."""
    if said.bits is None:
        return head
    digest = _network(head, said.opens.encode(), key, (said.bits, viewer))
    if digest is None:
        message = f"there is no network of {said.bits} bits in which {viewer} is"
        raise ValueError(message)
    return head + digest


def _network(head: bytes, opens: bytes, key: Key, of: tuple[int, Address | None]) -> bytes | None:
    """By what a network is known in one token, and in no other; None: there is none of so many bits."""
    bits, viewer = of
    where = None if viewer is None else prefix(viewer, bits)
    return None if where is None else hmac.digest(key.secret, _NETWORK + head + opens + where, sha256)[:_DIGEST]


def _fuller(whole: bytes, said: Pass, key: Key, viewer: Address | None) -> Pass | Untrue:
    """What a token of the second form says, which is signed: so it has the shape that `sign` gave it."""
    flags, at = whole[_HEAD], _HEAD + 1
    lines, bits, digest = None, None, b""
    if flags & _LINES:
        lines, at = int.from_bytes(whole[at : at + 2], "big"), at + 2
    head = whole[:at]
    if flags & _BOUND:
        bits, head, digest, at = whole[at], whole[: at + 1], whole[at + 1 : at + 1 + _DIGEST], at + 1 + _DIGEST
    opens = whole[at:]
    if bits is not None:
        known = _network(head, opens, key, (bits, viewer))
        if known is None or not hmac.compare_digest(known, digest):
            return Untrue.ELSEWHERE
    return replace(said, opens=opens.decode(), lines=lines, bits=bits)


def _tag(key: Key, whole: bytes) -> bytes:
    return hmac.digest(key.secret, _DOMAIN + whole, sha256)[:_TAG]


def _seconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(seconds=1)


def _instant(data: bytes) -> datetime:
    return _EPOCH + timedelta(seconds=int.from_bytes(data, "big"))
