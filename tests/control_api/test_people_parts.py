"""The pure parts of people: names, roles, waits, the chain of refresh tokens, old hashes, who is remembered."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from control_api.callers import Caller, Stranger
from control_api.known import Known
from control_api.people import chain, lockout, old_hashes, unproven
from control_api.people.key_sets import FRESH, STALE, UNKNOWN, Held, is_due, is_usable
from control_api.people.lockout import LONGEST, QUIET, Failed, again, counted, wait
from control_api.people.names import Email, Username, folded, from_email
from control_api.people.passwords import NewPassword, is_known
from control_api.people.roles import SCOPES, Role, is_within, scopes_of
from control_api.scopes import Scope
from control_api.signing import Signer

NOW = datetime(2026, 3, 1, 20, 15, tzinfo=UTC)
KEY = Signer(b"k" * 32)
USERNAME: TypeAdapter[str] = TypeAdapter(Username)
EMAIL: TypeAdapter[str] = TypeAdapter(Email)
PASSWORD: TypeAdapter[str] = TypeAdapter(NewPassword)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text(st.characters(codec="ascii")))
def test_case_makes_no_name_another(text: str) -> None:
    assert folded(text.upper()) == folded(text.lower())


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "aDA"), ("STRASSE", "straße"), ("ſam", "Sam"), ("ﬁn", "FIN"), ("é", "e\u0301"), ("Ω", "Ω")],
)
def test_names_that_differ_in_case_or_form_are_one(one: str, other: str) -> None:
    """C10."""
    assert folded(one) == folded(other)


@pytest.mark.parametrize("name", ["ada", "Ada.Lovelace-2", "李小龙", "Ñandú", "9lives"])
def test_good_usernames(name: str) -> None:
    assert USERNAME.validate_python(name) == name


@pytest.mark.parametrize("name", ["", "a@b", "a b", "-a", ".", "a\u200b", "a/b", "x" * 61, "ﷺ" * 20, "a\n"])
def test_bad_usernames(name: str) -> None:
    with pytest.raises(ValidationError):
        USERNAME.validate_python(name)


@pytest.mark.parametrize("email", ["a@b", "ada@example.org", "a+b@x.example", "jürgen@müller.example"])
def test_good_addresses(email: str) -> None:
    assert EMAIL.validate_python(f" {email}") == email


@pytest.mark.parametrize(
    "email", ["@b.c", "a@", "a@b@c.d", "a b@c.d", "a@b..c", "a@.b", "a@b\u0000c", "x" * 65 + "@b.c"]
)
def test_bad_addresses(email: str) -> None:
    with pytest.raises(ValidationError):
        EMAIL.validate_python(email)


@given(st.emails())
def test_a_username_can_be_made_of_every_address(email: str) -> None:
    assert USERNAME.validate_python(from_email(email))


@pytest.mark.parametrize("password", ["short", "password", "PassWord123", "aaaaaaaaaaaa", "x" * 257])
def test_passwords_that_everybody_tries_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        PASSWORD.validate_python(password)


def test_each_role_may_do_what_the_one_before_may_and_an_administrator_everything() -> None:
    """D07, C14."""
    assert list(SCOPES) == list(Role)
    for less, more in zip(list(Role), list(Role)[1:], strict=False):
        assert SCOPES[less] < SCOPES[more]
        assert is_within(less, SCOPES[more])
        assert not is_within(more, SCOPES[less])
    assert SCOPES[Role.ADMIN] == frozenset(Scope)
    assert SCOPES[Role.VIEWER] == {Scope.CATALOG_READ, Scope.PLAYBACK}
    assert scopes_of("unheard of") == frozenset()


def test_only_an_administrator_manages_people() -> None:
    for role in (Role.VIEWER, Role.EDITOR, Role.OPERATOR):
        assert not SCOPES[role] & {Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE, Scope.KEYS_WRITE, Scope.BACKUPS_WRITE}


seconds = st.integers(0, 20_000).map(lambda number: timedelta(seconds=number))


@given(st.integers(0, 50), st.integers(1, 1000), seconds)
def test_nobody_waits_for_longer_than_the_longest(free: int, count: int, later: timedelta) -> None:
    failed = Failed(count, NOW)
    assert timedelta(0) <= wait(free, failed, NOW + later) <= LONGEST
    assert wait(free, failed, NOW + LONGEST) == timedelta(0)
    assert wait(free, failed, NOW - later) <= LONGEST  # whatever the clock does


@given(st.integers(0, 50), st.lists(seconds, max_size=60))
def test_refused_attempts_prolong_nothing(free: int, knocks: list[timedelta]) -> None:
    failed: Failed | None = None
    at = NOW
    for knock in knocks:
        at += knock
        before = wait(free, failed, at)
        if before:  # it is refused, and what is known stays
            assert wait(free, failed, at + before) == timedelta(0)
            continue
        failed = again(failed, at)
    assert wait(free, failed, at + QUIET) == timedelta(0)


def test_waits_grow_and_are_forgotten() -> None:
    failed = Failed(5, NOW)
    assert [wait(5, Failed(5 + more, NOW), NOW).total_seconds() for more in range(12)] == [
        1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900,
    ]  # fmt: skip
    assert wait(6, failed, NOW) == timedelta(0)
    assert again(failed, NOW + QUIET) == Failed(1, NOW + QUIET)
    assert again(failed, NOW).count == 6


def test_an_owner_at_home_is_not_held_up_by_strangers() -> None:
    """Who guesses from elsewhere counts for the name in all strange places, and not for where its owner is."""
    home = {thing.digest for thing in counted("ada", "192.0.2.1", is_usual=True)}
    away = {thing.digest for thing in counted("ada", "198.51.100.7", is_usual=False)}
    assert not home & away
    assert len(away) == 3


@given(st.integers(0, 60))
def test_a_refresh_token_leads_to_every_later_one_and_to_no_earlier(turns: int) -> None:
    link = start = chain.first("ss_" + "0" * 32)
    for _ in range(turns):
        link = link.next(KEY)
    assert start.leads_to(turns, link.digest, KEY)
    assert link.leads_to(turns, link.digest, KEY)
    assert not link.next(KEY).leads_to(turns, link.digest, KEY)
    assert not start.leads_to(turns, chain.first(start.session).digest, KEY)
    assert not chain.Link(start.session, 0, b"f" * 32).leads_to(turns, link.digest, KEY)
    assert turns == 0 or not start.leads_to(turns, link.digest, Signer(b"other" * 7))


def test_a_refresh_token_is_read_as_it_is_written() -> None:
    link = chain.first("ss_" + "a" * 32).next(KEY)
    assert chain.read(link.token) == link
    assert link.secret.hex() not in repr(link)


@pytest.mark.parametrize("text", ["", "flr_", "flr_ss_x.0.y", "x" * 300, "flr_ss_" + "a" * 32 + ".-1." + "A" * 43])
def test_what_is_no_refresh_token(text: str) -> None:
    assert chain.read(text) is None


def test_a_chain_is_not_walked_for_ever() -> None:
    assert not chain.first("ss_" + "a" * 32).leads_to(chain.LONGEST + 1, "x", KEY)


def phc_scrypt(password: str, salt: bytes = b"saltsalt", power: int = 4) -> str:
    key = hashlib.scrypt(password.encode(), salt=salt, n=1 << power, r=8, p=1, dklen=32)
    written = [base64.b64encode(part).decode().rstrip("=") for part in (salt, key)]
    return f"$scrypt$ln={power},r=8,p=1${written[0]}${written[1]}"


def werkzeug_scrypt(password: str, salt: str = "pepperpepper", n: int = 1024) -> str:
    return f"scrypt:{n}:8:1${salt}${hashlib.scrypt(password.encode(), salt=salt.encode(), n=n, r=8, p=1).hex()}"


def werkzeug_pbkdf2(password: str, salt: str = "pepper", rounds: int = 1000, name: str = "sha256") -> str:
    return f"pbkdf2:{name}:{rounds}${salt}${hashlib.pbkdf2_hmac(name, password.encode(), salt.encode(), rounds).hex()}"


def by_bcrypt(password: str) -> str:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()


OLD: list[Any] = [phc_scrypt, werkzeug_scrypt, werkzeug_pbkdf2, by_bcrypt]


@pytest.mark.parametrize("make", OLD)
@pytest.mark.parametrize("password", ["secret words", "пароль", "x" * 100])
def test_hashes_of_other_programs_are_verified(make: Any, password: str) -> None:
    """C12, C61, D32."""
    kept = make(password)
    assert old_hashes.is_old(kept)
    assert is_known(kept)
    assert old_hashes.verify(password, kept)
    assert not old_hashes.verify("y" + password, kept)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [  # test vectors of crypt_blowfish
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("\xff\xff\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e"),
    ],
)
def test_hashes_that_others_published_are_verified(typed: str, kept: str) -> None:
    assert old_hashes.is_old(kept)
    assert old_hashes.verify(typed, kept) == (typed == "U*U")  # the other one is of bytes that are no UTF-8


@pytest.mark.parametrize(
    "kept",
    [
        "", "plain", "$2b$31$" + "a" * 53, "$scrypt$ln=40,r=8,p=1$c2FsdA$" + "A" * 43, "scrypt:1000:8:1$s$" + "0" * 128,
        "scrypt:8388608:8:1$s$" + "0" * 128, "pbkdf2:sha256:99999999$s$" + "0" * 64, "pbkdf2:md5:10$s$" + "0" * 32,
        "pbkdf2:sha256:10$s$" + "0" * 62, "$argon2id$v=19$m=99999999,t=3,p=4$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ",
    ],
)  # fmt: skip
def test_hashes_that_are_none_or_cost_too_much_are_not_known(kept: str) -> None:
    assert not is_known(kept)
    assert not old_hashes.verify("x", kept)


@given(st.text())
def test_whatever_is_sent_as_a_token_claims_something_or_nothing(text: str) -> None:
    assert isinstance(unproven.claims(text), dict)
    assert isinstance(unproven.header(f"{text}.{text}.{text}"), dict)


def test_keys_of_an_issuer_are_asked_for_with_patience() -> None:
    assert is_due(Held(), "a", NOW)
    held = Held(frozenset("a"), NOW, NOW)
    assert not is_due(held, "a", NOW + FRESH - timedelta(seconds=1))
    assert is_due(held, "a", NOW + FRESH)
    assert not is_due(held, "b", NOW + UNKNOWN - timedelta(seconds=1))
    assert is_due(held, "b", NOW + UNKNOWN)
    down = [Held(frozenset("a"), NOW, NOW, failures) for failures in range(1, 12)]
    waits = [
        next(n for n in range(1000) if is_due(one, "b", NOW + timedelta(seconds=n) + timedelta(0)) and n)
        for one in down
    ]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert is_usable(held, NOW + STALE - timedelta(seconds=1))
    assert not is_usable(held, NOW + STALE)
    assert not is_usable(Held(), NOW)


def caller(name: str = "ac_1", session: str = "ss_1", until: datetime | None = None) -> Caller:
    return Caller(name, "ada", frozenset(), session, until, is_person=True)


class Look:
    """What the database would answer."""

    def __init__(self, found: Caller | Stranger | None) -> None:
        self.found = found
        self.times = 0

    async def __call__(self) -> Caller | Stranger | None:
        self.times += 1
        return self.found


async def test_who_is_known_is_looked_up_once_and_again_after_a_while() -> None:
    known, look = Known(timedelta(seconds=3)), Look(caller())
    for later in (0, 1, 2.9):
        assert await known.caller("x", NOW + timedelta(seconds=later), look) == look.found
    assert look.times == 1
    await known.caller("x", NOW + timedelta(seconds=3), look)
    await known.caller("x", NOW - timedelta(seconds=1), look)  # the clock was set back
    assert look.times == 3


async def test_nobody_is_known_by_what_has_changed() -> None:
    for name in ("ac_1", "ss_1"):
        known, look = Known(timedelta(seconds=3)), Look(caller())
        await known.caller("x", NOW, look)
        known.forget("ss_2")
        await known.caller("x", NOW, look)
        assert look.times == 1
        known.forget(name)
        assert len(known) == 0
        await known.caller("x", NOW, look)
        assert look.times == 2


async def test_what_was_read_before_a_change_is_not_remembered_after_it() -> None:
    known = Known(timedelta(seconds=3))

    async def slow() -> Caller:
        found = caller()
        known.forget("ac_1")  # committed while we were reading
        return found

    await known.caller("x", NOW, slow)
    assert len(known) == 0


async def test_nobody_is_known_for_longer_than_their_credentials_are_good() -> None:
    known, look = Known(timedelta(seconds=3)), Look(caller(until=NOW + timedelta(seconds=1)))
    await known.caller("x", NOW, look)
    await known.caller("x", NOW + timedelta(seconds=1), look)
    assert look.times == 2


async def test_strangers_are_not_remembered_and_memory_is_bounded() -> None:
    known = Known(timedelta(seconds=3), most=10)
    await known.caller("x", NOW, Look(Stranger("who?")))
    await known.caller("y", NOW, Look(None))
    assert len(known) == 0
    for number in range(50):
        await known.caller(f"key {number}", NOW, Look(caller(f"ac_{number}", "ss_1")))
    assert len(known) == 10
    again = Look(caller())
    await known.caller("key 49", NOW, again)
    assert again.times == 0
    known.forget("ss_1")
    assert len(known) == 0


async def test_with_no_patience_nobody_is_remembered() -> None:
    known, look = Known(timedelta(0)), Look(caller())
    await known.caller("x", NOW, look)
    await known.caller("x", NOW, look)
    assert (look.times, len(known)) == (2, 0)


def test_what_is_counted_of_a_name_in_all_places_can_be_lifted() -> None:
    assert lockout.named("ada") in counted("ada", "192.0.2.1", is_usual=False)
