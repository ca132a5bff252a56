"""Laws of the token in a signed address (rows B06, B87, B107, D04, D34, DX3)."""

from __future__ import annotations

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.core.networks import Address, prefix
from playout.core.token import (
    LONGEST,
    SETTLING,
    Key,
    OnDemand,
    Pass,
    Untrue,
    asset_path,
    channel_path,
    read,
    rotated,
    sign,
    signing,
    verifying,
)

NOW = datetime(2026, 11, 21, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", fullmatch=True)
paths = st.builds(lambda kind, name: kind(name), st.sampled_from([channel_path, asset_path]), names)
instants = st.integers(0, (1 << 32) - 1).map(
    lambda second: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
)
passes = st.builds(Pass, paths, instants, instants, st.none() | st.integers(0, 65_535))
viewers = st.builds(IPv4Address, st.integers(0, (1 << 32) - 1)) | st.builds(IPv6Address, st.integers(0, (1 << 128) - 1))
secrets = st.binary(min_size=16, max_size=40)
keys = st.builds(Key, st.integers(1, (1 << 32) - 1), secrets, st.just(NOW))


@given(passes, keys)
def test_what_was_signed_is_read_back(said: Pass, key: Key) -> None:
    token = sign(said, key)
    assert read(token, {key.number: key}) == said
    assert token.isascii()
    assert not set(token) & set("/?#%+=. ")
    assert len(token) <= 300


@given(passes, keys, viewers, st.data())
def test_one_for_a_network_is_good_there_and_nowhere_else(
    said: Pass, key: Key, viewer: Address, data: st.DataObject
) -> None:
    bits, known = data.draw(st.integers(1, viewer.max_prefixlen)), {key.number: key}
    said = replace(said, bits=bits)
    token = sign(said, key, viewer)
    assert len(token) <= 300
    flip = data.draw(st.integers(0, viewer.max_prefixlen - 1))
    other = type(viewer)(int(viewer) ^ 1 << viewer.max_prefixlen - 1 - flip)
    assert read(token, known, viewer) == said
    assert read(token, known, other) == (said if flip >= bits else Untrue.ELSEWHERE)
    assert (prefix(other, bits) == prefix(viewer, bits)) is (flip >= bits)
    elsewhere = IPv6Address(int(viewer)) if viewer.version == 4 else IPv4Address(int(viewer) >> 96)
    assert read(token, known, elsewhere) is read(token, known) is Untrue.ELSEWHERE
    later = sign(replace(said, expires=NOW), key, viewer)
    assert (_decoded(later)[-40:] == _decoded(token)[-40:]) is (said.expires == NOW), "nothing tells they are one"
    assert viewer.packed not in _decoded(token) or viewer.packed in _decoded(token)[:13] + said.opens.encode()


@given(passes, keys, viewers, st.data())
def test_a_function_at_the_edge_reads_it_as_the_page_on_delivery_says(
    said: Pass, key: Key, viewer: Address, data: st.DataObject
) -> None:
    said = replace(said, bits=data.draw(st.none() | st.integers(1, viewer.max_prefixlen)))
    token = _decoded(sign(said, key, viewer))
    whole, tag = token[:-16], token[-16:]
    assert hmac.digest(key.secret, b"fastline stream\0" + whole, "sha256")[:16] == tag
    number, expires, ends = struct.unpack(">III", whole[1:13])
    assert number == key.number
    rest, flags, lines, bits = whole[13:], 0, None, None
    if whole[0] == 2:
        flags, rest = rest[0], rest[1:]
    if flags & 1:
        lines, rest = int.from_bytes(rest[:2], "big"), rest[2:]
    if flags & 2:
        bits, digest, rest = rest[0], rest[1:9], rest[9:]
        network = ip_network((viewer, bits), strict=False).network_address
        before = whole[: len(whole) - len(rest) - 8] + rest
        meant = b"fastline network\0" + before + bytes([viewer.version]) + network.packed
        assert hmac.digest(key.secret, meant, "sha256")[:8] == digest
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    instants = [epoch + timedelta(seconds=second) for second in (expires, ends)]
    assert Pass(rest.decode(), instants[0], instants[1], lines, bits) == said


@given(passes, keys, viewers, st.data())
def test_any_flipped_bit_is_refused(said: Pass, key: Key, viewer: Address, data: st.DataObject) -> None:
    said = replace(said, bits=data.draw(st.none() | st.integers(1, viewer.max_prefixlen)))
    whole = bytearray(_decoded(sign(said, key, viewer)))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    forged = read(urlsafe_b64encode(whole).rstrip(b"=").decode(), {key.number: key}, viewer)
    assert isinstance(forged, Untrue)


@given(passes, keys, st.data())
def test_any_other_spelling_is_refused(said: Pass, key: Key, data: st.DataObject) -> None:
    token = sign(said, key)
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    for other in (token[:at] + letter + token[at + 1 :], token[:at] + letter + token[at:], token[:at], token + "="):
        assert other == token or isinstance(read(other, {key.number: key}), Untrue)


@given(passes, keys, secrets)
def test_a_token_of_another_installation_is_refused(said: Pass, key: Key, secret: bytes) -> None:
    token = sign(said, key)
    assert read(token, {}) is Untrue.UNKNOWN_KEY
    other = {key.number: replace(key, secret=secret)}
    assert read(token, other) == (said if secret == key.secret else Untrue.FORGED)


@given(st.text(max_size=400), keys)
def test_no_text_breaks_the_reader(text: str, key: Key) -> None:
    assert isinstance(read(text, {key.number: key}), Untrue)


@given(st.binary(max_size=60), keys)
def test_nothing_but_a_path_of_ours_is_opened(tail: bytes, key: Key) -> None:
    found = read(urlsafe_b64encode(b"\x01" + tail).rstrip(b"=").decode(), {key.number: key})
    assert isinstance(found, Untrue)


@pytest.mark.parametrize("opens", ["", "live/", "live/a/b", "media/a", "vod/../x", "live/.hidden", "live/" + "a" * 129])
def test_a_token_opens_a_channel_or_an_asset_and_nothing_else(opens: str) -> None:
    with pytest.raises(ValueError, match="is not the path of a channel or of an asset"):
        sign(Pass(opens, NOW, NOW), Key(1, b"s" * 32, NOW))


@pytest.mark.parametrize("instant", [datetime(1969, 12, 31, tzinfo=UTC), datetime(2107, 1, 1, tzinfo=UTC)])
def test_instants_beyond_its_room_are_refused(instant: datetime) -> None:
    with pytest.raises(ValueError, match="from 1970 to 2106"):
        sign(Pass("live/films", NOW, instant), Key(1, b"s" * 32, NOW))


@pytest.mark.parametrize(
    ("lines", "bits", "viewer", "words"),
    [
        (65_536, None, None, "lines up to 65535"),
        (-1, None, None, "lines up to 65535"),
        (None, 256, "192.0.2.1", "bits up to 128"),
        (None, 0, "192.0.2.1", "no network of 0 bits in which 192.0.2.1 is"),
        (None, 33, "192.0.2.1", "no network of 33 bits"),
        (None, 24, None, "no network of 24 bits in which None is"),
    ],
)
def test_what_it_has_no_room_for_is_refused(
    lines: int | None, bits: int | None, viewer: str | None, words: str
) -> None:
    who = None if viewer is None else IPv4Address(viewer)
    with pytest.raises(ValueError, match=words):
        sign(Pass("live/films", NOW, NOW, lines, bits), Key(1, b"s" * 32, NOW), who)


def test_a_secret_is_never_shown() -> None:
    assert "secret" not in repr(Key(1, b"secret" * 6, NOW))


@given(st.lists(st.tuples(st.integers(0, 400 * 3600), st.booleans()), max_size=8), st.integers(0, 60))
def test_whatever_was_signed_within_its_life_is_still_verified(steps: list[tuple[int, bool]], later: int) -> None:
    """Rotations at any time: a token is verified until it ends, unless somebody has the keys forgotten."""
    now, ring = NOW, rotated((), b"0" * 32, NOW)
    signed: list[tuple[Key, datetime]] = []
    for number, (wait, forget) in enumerate(steps):
        now += timedelta(seconds=wait)
        ring = rotated(ring, bytes([number]) * 32, now, forget=forget)
        signed = [] if forget else signed
        for at in (now, now + SETTLING, now + timedelta(seconds=later)):
            key = signing(ring, at)
            assert key is not None, "somebody always signs"
            signed.append((key, at))
        assert len({key.number for key in ring}) == len(ring)
        for key, at in signed:
            if now < at + LONGEST:
                assert verifying(ring, now)[key.number].secret == key.secret
        assert all(key.until is None or key.until > now for key in ring), "what can verify nothing is dropped"


def test_a_new_key_settles_before_it_signs() -> None:
    first = rotated((), b"1" * 32, NOW)
    assert signing(first, NOW) == first[0], "the first one has nobody to wait for"
    both = rotated(first, b"2" * 32, NOW + HOUR)
    assert [key.number for key in both] == [1, 2]
    before, after = signing(both, NOW + HOUR), signing(both, NOW + HOUR + SETTLING)
    assert before is not None
    assert after is not None
    assert (before.number, after.number) == (1, 2)
    assert set(verifying(both, NOW + HOUR)) == {1, 2}
    assert set(verifying(both, NOW + HOUR + SETTLING + LONGEST)) == {2}
    leaked = rotated(both, b"3" * 32, NOW + HOUR, forget=True)
    assert [(key.number, key.since) for key in leaked] == [(3, NOW + HOUR)]


@pytest.mark.parametrize(
    ("wanted", "any_channel", "signed"),
    [
        (OnDemand.AUTO, False, False),
        (OnDemand.AUTO, True, True),
        (OnDemand.OPEN, True, False),
        (OnDemand.SIGNED, False, True),
    ],
)
def test_on_demand_closes_with_the_first_channel(wanted: OnDemand, any_channel: bool, signed: bool) -> None:  # noqa: FBT001 — a table
    assert wanted.is_signed(any_channel=any_channel) is signed


def _decoded(token: str) -> bytes:
    return urlsafe_b64decode(token + "=" * (-len(token) % 4))
