"""Signing in by password, refreshing, signing out, making an account: over real servers, on both databases."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from persons import PASSWORD, Times, account, cheap, person, signed_in
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import select
from test_people_parts import OLD

from control_api.instants import whole_millis
from control_api.people import invitations, sessions, tokens
from control_api.people.passwords import Passwords
from control_api.people.ring import TYPE
from control_api.people.roles import Role
from control_api.people.sessions import Device, Kind
from control_api.site import SITE
from control_api.tables import METADATA, Account, Failures, Session, SigningKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clients import Client, Reply

    from control_api.settings import Settings

NOW = datetime(2026, 3, 1, 20, 15, tzinfo=UTC)


@pytest.fixture
def times() -> Times:
    return Times(NOW)


@pytest.fixture
async def server(settings: Settings, times: Times) -> AsyncIterator[Client]:
    """A server where passwords are cheap and a test sets the clock."""
    async with running(cheap(settings, registration=True), clock=times) as client:
        yield client


async def refreshed(client: Client, token: str, status: int = 200) -> Reply:
    return await client.post("/api/v1/auth/refresh", {"refresh_token": token}, status)


async def try_in(client: Client, name: str, password: str, status: int, address: str = "") -> Reply:
    headers = {"X-Forwarded-For": address} if address else {}
    return await client.post("/api/v1/auth/login", {"username": name, "password": password}, status, headers=headers)


def by_secret(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """A token whose secret is what everybody knows: our public key."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    signature = hmac.digest(secret, ".".join(parts).encode(), hashlib.sha256)
    return ".".join([*parts, base64.urlsafe_b64encode(signature).decode().rstrip("=")])


async def test_who_registers_is_signed_in_and_asks_with_the_token(server: Client) -> None:
    """B45, B46, C60, C71, D33: register, sign in, ask with `Authorization`, refresh, sign out."""
    made = await server.post(
        "/api/v1/auth/register", {"username": "Ada", "email": "ada@x.example", "password": PASSWORD}
    )
    assert made.headers["Cache-Control"] == "no-store"
    assert made.json["account"]["role"] == "viewer"
    assert made.json["account"]["is_admin"] is False
    assert made.json["account"]["created_at"] == "2026-03-01T20:15:00.000Z"
    assert (made.json["token_type"], made.json["expires_in"]) == ("bearer", 1800)
    me = server.known_by(made.json["access_token"])
    assert (await me.get("/api/v1/account")).json["username"] == "Ada"
    pair = await signed_in(server, "ADA@x.example")
    assert pair["account"]["id"] == made.json["account"]["id"]
    assert pair["session_id"] != made.json["session_id"]
    pair = (await refreshed(server, pair["refresh_token"])).json
    here = server.known_by(pair["access_token"])
    await here.ask("POST", "/api/v1/auth/logout", 204)
    await here.get("/api/v1/account", 401)
    await refreshed(server, pair["refresh_token"], 401)
    await me.get("/api/v1/account")


@pytest.mark.parametrize("word", ["username", "email"])
async def test_a_name_or_an_address_is_had_once_in_whatever_case(server: Client, word: str) -> None:
    """C10, C11."""
    given = {"username": "ada", "email": "ada@x.example", "password": PASSWORD}
    await server.post("/api/v1/auth/register", given)
    other = {"username": "bob", "email": "bob@x.example", "password": PASSWORD} | {word: given[word].upper()}
    refused = await server.post("/api/v1/auth/register", other, 409)
    assert [wrong["pointer"] for wrong in refused.json["errors"]] == [f"/{word}"]


async def test_of_many_who_want_a_name_at_once_one_gets_it(server: Client) -> None:
    given = {"username": "ada", "password": PASSWORD}
    replies = await asyncio.gather(*(server.post("/api/v1/auth/register", given, None) for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409]


async def test_nobody_makes_an_account_where_that_is_not_allowed(settings: Settings) -> None:
    """D02: registration is closed by default."""
    async with running(cheap(settings)) as client:
        given = {"username": "eve", "password": PASSWORD}
        for path in ("/api/v1/auth/register", "/auth/signup", "/api/register", "/api/auth/register"):
            assert "invitation" in (await client.post(path, given, 403)).json["detail"]
            await client.post(path, {**given, "invitation": "fli_" + "x" * 32}, 403)


async def test_the_first_start_has_a_token_for_one_administrator(settings: Settings, times: Times) -> None:
    """D02: no default password; the token is good once, for a day, as long as nobody has an account."""
    async with running(cheap(settings), clock=times) as client:
        database = client.app[SITE].database
        late, good, other = [await invitations.first(database, NOW - timedelta(hours=hours)) for hours in (25, 0, 0)]
        given: dict[str, Any] = {"username": "boss", "password": PASSWORD}
        await client.post("/api/v1/auth/register", {**given, "invitation": late}, 403)
        made = await client.post("/api/v1/auth/register", {**given, "invitation": good})
        assert made.json["account"]["is_admin"] is True
        await client.post("/api/v1/auth/register", {**given, "username": "eve", "invitation": good}, 403)
        await client.post("/api/v1/auth/register", {**given, "username": "eve", "invitation": other}, 403)
        assert await invitations.first(database, NOW) is None
        boss = client.known_by(made.json["access_token"])
        assert (await boss.get("/api/v1/accounts")).json["items"][0]["username"] == "boss"


async def test_of_many_who_send_the_first_token_one_becomes_administrator(settings: Settings) -> None:
    async with running(cheap(settings)) as client:
        site = client.app[SITE]
        token = await invitations.first(site.database, whole_millis(site.clock()))
        replies = await asyncio.gather(
            *(
                client.post(
                    "/api/v1/auth/register", {"username": f"boss{n}", "password": PASSWORD, "invitation": token}, None
                )
                for n in range(4)
            )
        )
        assert sorted(reply.status for reply in replies) == [201, 403, 403, 403]


async def test_an_unknown_name_is_answered_like_a_wrong_password(server: Client) -> None:
    """B45."""
    await account(server, "ada", email="ada@x.example")
    answers = [
        (await try_in(server, name, "wrong", 401)).json | {"request_id": ""}
        for name in ("ada", "nobody", "ada@x.example", "nobody@x.example", "", "a\u200bda")
    ]
    assert [answer for answer in answers if answer != answers[0]] == []
    bare = await account(server, "bare", typed="x")
    async with server.app[SITE].database.writing() as session:
        (await session.get_one(Account, bare)).password = None
    assert (await try_in(server, "bare", "x", 401)).json | {"request_id": ""} == answers[0]


class Counting(Argon2Hasher):
    """Notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64)
        self.asked: list[str] = []

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.asked.append("hash")
        return super().hash(password, salt=salt)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 — as pwdlib names it
        self.asked.append("verify")
        return super().verify(password, hash)


async def test_an_unknown_name_costs_one_hash_like_a_wrong_password(settings: Settings) -> None:
    hasher = Counting()
    passwords = Passwords(settings, hasher)
    kept = await passwords.make(PASSWORD)
    await passwords.verify("x", None)  # the hash that nobody has is made once
    costs = []
    for hashed in (kept, None, "", "$argon2id$broken"):
        hasher.asked.clear()
        assert not (await passwords.verify("x", hashed)).is_right
        costs.append(list(hasher.asked))
    assert costs == [["verify"]] * 4
    assert (await passwords.verify(PASSWORD, kept)).is_right
    passwords.close()


async def test_more_sign_ins_than_can_wait_are_refused_and_count_for_nothing(settings: Settings) -> None:
    slow = settings.model_copy(update={"password_memory_kib": 65_536, "password_rounds": 10, "password_threads": 1})
    async with running(slow) as client:
        passwords = client.app[SITE].gate.passwords
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(passwords.verify("x", None)) for _ in range(17)]
            await asyncio.sleep(0)
            refused = await try_in(client, "ada", PASSWORD, 503)
            assert refused.headers["Retry-After"] == "2"
            async with client.app[SITE].database.reading() as session:
                rows = (await session.exec(select(Failures))).all()
            assert sum(row.count for row in rows) == 0
            for task in waiting:
                task.cancel()
        await try_in(client, "ada", PASSWORD, 401)


@pytest.mark.parametrize("make", OLD)
async def test_an_account_of_another_program_signs_in_and_its_hash_is_replaced(server: Client, make: Any) -> None:
    """C12, C61, D32."""
    boss = await person(server, "boss", Role.ADMIN)
    await boss.post("/api/v1/accounts", {"username": "old", "password_hash": make("their secret")})
    await try_in(server, "old", "another", 401)
    for _ in range(2):
        await try_in(server, "old", "their secret", 200)
        async with server.app[SITE].database.reading() as session:
            kept = (await session.exec(select(Account.password).where(Account.username == "old"))).one()
        assert kept is not None
        assert kept.startswith("$argon2id$")
    wrong = await boss.post("/api/v1/accounts", {"username": "odd", "password_hash": "md5:1"}, 422)
    assert wrong.json["errors"][0]["pointer"] == "/password_hash"


async def test_a_hash_that_is_cheaper_than_is_wanted_now_is_replaced(settings: Settings) -> None:
    async with running(cheap(settings)) as client:
        await account(client, "ada")
    async with running(cheap(settings, password_rounds=2)) as client:
        await signed_in(client, "ada")
        async with client.app[SITE].database.reading() as session:
            kept = (await session.exec(select(Account.password))).one()
        assert "t=2" in (kept or "")


async def test_guessing_is_slowed_down_and_a_right_password_is_no_guess(settings: Settings, times: Times) -> None:
    """B45: five failures are free, then each wait is twice the one before; 429 with Retry-After."""
    async with running(cheap(settings), clock=times) as client:
        await account(client, "ada")
        for name in ("ada", "nobody"):
            for _ in range(5):
                await try_in(client, name, "wrong", 401)
            assert (await try_in(client, name, PASSWORD, 429)).headers["Retry-After"] == "1"
        times.now += timedelta(seconds=1)
        await try_in(client, "ada", "wrong", 401)
        assert (await try_in(client, "ada", PASSWORD, 429)).headers["Retry-After"] == "2"
        times.now += timedelta(seconds=2)
        await try_in(client, "ada", PASSWORD, 200)
        for _ in range(5):  # a clean sheet
            await try_in(client, "ada", "wrong", 401)


async def test_a_crowd_of_guesses_at_once_does_not_slip_through(server: Client) -> None:
    await account(server, "ada")
    replies = await asyncio.gather(*(try_in(server, "ada", f"guess {n}", None) for n in range(25)))  # type: ignore[arg-type]
    assert sum(reply.status == 401 for reply in replies) == 5
    assert {reply.status for reply in replies} == {401, 429}


async def test_who_guesses_from_one_place_locks_that_place_out_and_not_the_owner(
    settings: Settings, times: Times
) -> None:
    behind = cheap(settings, trusted_proxies=("127.0.0.1/32",))
    behind = type(settings).model_validate(behind.model_dump())
    async with running(behind, clock=times) as client:
        await account(client, "ada")
        for _ in range(8):
            await try_in(client, "ada", "wrong", None, "198.51.100.7")  # type: ignore[arg-type]
        await try_in(client, "ada", PASSWORD, 429, "198.51.100.7")
        await try_in(client, "ada", PASSWORD, 200, "192.0.2.1")


async def test_not_even_a_botnet_locks_an_owner_out_at_home_and_an_administrator_lifts_the_rest(
    settings: Settings, times: Times
) -> None:
    behind = type(settings).model_validate(cheap(settings, trusted_proxies=("127.0.0.1/32",)).model_dump())
    async with running(behind, clock=times) as client:
        boss = await person(client, "boss", Role.ADMIN)
        ada = await account(client, "ada")
        await try_in(client, "ada", PASSWORD, 200, "192.0.2.1")
        for number in range(60):
            await try_in(client, "ada", "wrong", None, f"2001:db8:0:{number:x}::1")  # type: ignore[arg-type]
        locked = await try_in(client, "ada", PASSWORD, 429, "203.0.113.5")
        assert 0 < int(locked.headers["Retry-After"]) <= 900
        await try_in(client, "ada", PASSWORD, 200, "192.0.2.1")
        await boss.ask("POST", f"/api/v1/accounts/{ada}/unlock", 204)
        await try_in(client, "ada", PASSWORD, 200, "203.0.113.5")
        told = (await boss.get(f"/api/v1/audit?subject={ada}")).json["items"][0]
        assert (told["action"], told["before"]["failed"] >= 50, told["after"]) == ("unlocked", True, {"failed": 0})


async def test_one_place_that_tries_many_names_is_slowed_down(server: Client) -> None:
    found = [(await try_in(server, f"name{n}", "wrong", None)).status for n in range(25)]  # type: ignore[arg-type]
    assert found == [401] * 20 + [429] * 5


async def test_a_refresh_token_is_good_once(server: Client, times: Times) -> None:
    """B48: who sends one again after the grace ends the session of everybody who has it."""
    await account(server, "ada")
    first = await signed_in(server, "ada")
    second = (await refreshed(server, first["refresh_token"])).json
    third = (await refreshed(server, second["refresh_token"])).json
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert second["session_id"] == first["session_id"]
    thief = await refreshed(server, first["refresh_token"], 401)
    assert "used before" in thief.json["detail"]
    await refreshed(server, third["refresh_token"], 401)
    for pair in (first, second, third):
        await server.known_by(pair["access_token"]).get("/api/v1/account", 401)
    async with server.app[SITE].database.reading() as session:
        assert (await session.exec(select(Session.revoked_for))).all() == ["reused"]
    times.now += timedelta(seconds=1)
    await signed_in(server, "ada")


async def test_a_client_that_lost_the_answer_gets_the_very_same_one(server: Client, times: Times) -> None:
    """B48."""
    await account(server, "ada")
    first = (await signed_in(server, "ada"))["refresh_token"]
    raced = await asyncio.gather(*(refreshed(server, first) for _ in range(4)))
    tokens_ = {reply.json["refresh_token"] for reply in raced}
    assert len(tokens_) == 1
    times.now += timedelta(seconds=10)
    assert (await refreshed(server, first)).json["refresh_token"] in tokens_
    await refreshed(server, tokens_.pop())
    await refreshed(server, first, 401)  # two turns back, within the grace or not


async def test_the_grace_ends(server: Client, times: Times) -> None:
    await account(server, "ada")
    first = (await signed_in(server, "ada"))["refresh_token"]
    second = (await refreshed(server, first)).json["refresh_token"]
    times.now += timedelta(seconds=11)
    await refreshed(server, first, 401)
    await refreshed(server, second, 401)


async def test_tokens_that_were_made_up_end_nothing(server: Client) -> None:
    await account(server, "ada")
    pair = await signed_in(server, "ada")
    token = pair["refresh_token"]
    second = (await refreshed(server, token)).json
    head, _, secret = token.rpartition(".")
    made_up = "A" if secret[0] != "A" else "B"
    for wrong in (
        "",
        "x",
        f"{head}.{made_up}{secret[1:]}",
        token.replace(".0.", ".1."),
        token.replace(".0.", ".999999."),
    ):
        await refreshed(server, wrong, 401)
    await refreshed(server, second["refresh_token"])


async def test_sessions_end_when_they_are_not_used_and_in_any_case(settings: Settings, times: Times) -> None:
    async with running(cheap(settings, refresh_days=10, session_days=25), clock=times) as client:
        await account(client, "ada")
        token = (await signed_in(client, "ada"))["refresh_token"]
        for _ in range(2):
            times.now += timedelta(days=9)
            token = (await refreshed(client, token)).json["refresh_token"]
        times.now += timedelta(days=7) - timedelta(minutes=10)
        last = (await refreshed(client, token)).json
        assert last["expires_in"] == 600  # no longer than the session
        times.now += timedelta(minutes=10)
        await refreshed(client, last["refresh_token"], 401)
        await client.known_by(last["access_token"]).get("/api/v1/account", 401)
        idle = (await signed_in(client, "ada"))["refresh_token"]
        times.now += timedelta(days=10)
        assert "expired" in (await refreshed(client, idle, 401)).json["detail"]


async def test_an_access_token_ends(server: Client, times: Times) -> None:
    """D31: 30 minutes by default."""
    me = await person(server, "ada")
    times.now += timedelta(minutes=29, seconds=59)
    await me.get("/api/v1/account")
    times.now += timedelta(seconds=1)
    refused = await me.get("/api/v1/account", 401)
    assert "expired" in refused.json["detail"]
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


async def test_tokens_are_signed_by_keys_that_everybody_can_look_up(server: Client) -> None:
    """B103: another program verifies a token with what /.well-known/jwks.json says."""
    ada = await account(server, "ada", Role.EDITOR)
    pair = await signed_in(server, "ada")
    found = (await server.get("/.well-known/jwks.json")).json
    assert all("d" not in key for key in found["keys"])
    opened = jwt.decode(pair["access_token"], KeySet.import_key_set(found), algorithms=["ES256"])
    assert opened.header["typ"] == "at+jwt"
    assert opened.claims == {
        "iss": "fastline", "aud": "fastline-api", "sub": ada, "sid": pair["session_id"], "role": "editor",
        "profile": pair["profile_id"],
        "iat": int(NOW.timestamp()), "nbf": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 1800,
    }  # fmt: skip


async def test_no_token_is_believed_that_was_not_made_so(server: Client, times: Times) -> None:
    """B103, D33: algorithm, key, type, issuer, audience, times and subject are looked at."""
    gate = server.app[SITE].gate
    await account(server, "ada")
    pair = await signed_in(server, "ada")
    opened = await gate.ring.opened(pair["access_token"], times.now)
    assert opened is not None
    header = {"alg": "ES256", "kid": gate.ring._rows[-1].id, "typ": TYPE}
    key = ECKey.import_key(gate.ring._rows[-1].key)
    foreign = ECKey.generate_key("P-256", {"kid": header["kid"]})
    now = int(times.now.timestamp())

    def forged(head: dict[str, str] = header, with_: Any = key, **claims: Any) -> str:
        said = {name: value for name, value in {**opened, **claims}.items() if value is not None}
        return jwt.encode({**head, "alg": "ES256"}, said, with_, algorithms=["ES256"], default_type=None)

    async def status(token: str) -> int:
        return (await server.known_by(token).get("/api/v1/account", None)).status

    assert await status(forged()) == 200
    wrong = {
        "foreign": forged(with_=foreign),
        "by a secret": by_secret({**header, "alg": "HS256"}, opened, key.as_pem(private=False)),
        "none": forged().rsplit(".", 2)[0] + "..",
        "unknown key": forged({**header, "kid": "sk_" + "0" * 32}),
        "no key": forged({"typ": TYPE}),
        "type": forged({**header, "typ": "JWT"}),
        "audience": forged(aud="others"),
        "issuer": forged(iss="https://elsewhere.example"),
        "expired": forged(exp=now),
        "not yet": forged(nbf=now + 1),
        "of the future": forged(iat=now + 1),
        "for ever": forged(exp=None),
        "no audience": forged(aud=None),
        "no session": forged(sid=None),
        "of somebody else": forged(sub="ac_" + "0" * 32),
        "of no session": forged(sid="ss_" + "0" * 32),
        "a list": forged(sid=["x"]),
        "changed": forged()[:-8] + "AAAAAAAA",
    }
    assert {name: await status(token) for name, token in wrong.items()} == dict.fromkeys(wrong, 401)


async def test_keys_are_replaced_and_living_tokens_live_on(settings: Settings, times: Times) -> None:
    """B103, C66: rotation breaks no token, in this process or in another one, and no key is kept for ever."""
    quick = cheap(settings, signing_key_days=1, access_token_minutes=60)

    async def kids(client: Client) -> list[str]:
        return [key["kid"] for key in (await client.get("/.well-known/jwks.json")).json["keys"]]

    async with running(quick, clock=times) as client, running(quick, clock=times) as other:
        await account(client, "ada")
        old = await signed_in(client, "ada")
        before = await kids(client)
        assert len(before) == 1
        times.now += timedelta(days=1) - timedelta(minutes=30)
        old = (await refreshed(client, old["refresh_token"])).json
        times.now += timedelta(minutes=30)
        new = await signed_in(other, "ada")
        for pair in (old, new):
            for server in (client, other):
                await server.known_by(pair["access_token"]).get("/api/v1/account")
        after = await kids(client)
        assert len(after) == 2
        assert before[0] in after
        for _ in range(3):
            times.now += timedelta(days=1)
            await signed_in(client, "ada")
        async with client.app[SITE].database.reading() as session:
            assert len((await session.exec(select(SigningKey))).all()) == 2


async def test_what_proves_somebody_is_nowhere_in_the_database(server: Client) -> None:
    """D11: passwords as slow hashes, tokens, cookies and invitations as digests."""
    boss = await person(server, "boss", Role.ADMIN)
    pair = await signed_in(server, "boss")
    pair2 = (await refreshed(server, pair["refresh_token"])).json
    invited = (await boss.post("/api/v1/invitations", {"role": "editor"}, headers={"Idempotency-Key": "k"})).json
    again = await boss.post("/api/v1/invitations", {"role": "editor"}, headers={"Idempotency-Key": "k"})
    assert again.json["token"] is None
    page = await server.post("/api/v1/session", {"username": "boss", "password": PASSWORD}, 200)
    cookie = page.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    whole = ""
    async with server.app[SITE].database.engine.connect() as connection:
        for table in METADATA.tables.values():
            whole += "".join(map(repr, (await connection.execute(table.select())).all()))
    secrets = [PASSWORD, pair["refresh_token"], pair2["refresh_token"], pair["access_token"], invited["token"], cookie]
    for secret in secrets:
        assert secret.rpartition(".")[2] not in whole
    assert page.json["csrf_token"] not in whole
    assert "boss" in whole


async def test_a_session_that_was_ended_counts_soon_in_every_process(settings: Settings, times: Times) -> None:
    """Another process finds out after `caller_cache_ms`, this one at once."""
    async with running(cheap(settings), clock=times) as client, running(cheap(settings), clock=times) as other:
        me = await person(client, "ada")
        there = other.known_by(me.key)
        await there.get("/api/v1/account")
        await me.ask("POST", "/api/v1/auth/logout", 204)
        await me.get("/api/v1/account", 401)
        await there.get("/api/v1/account")
        times.now += timedelta(milliseconds=settings.caller_cache_ms)
        await there.get("/api/v1/account", 401)


async def test_the_devices_of_a_session_are_told_and_noted_now_and_then(settings: Settings, times: Times) -> None:
    """BX10: device, address, last seen."""
    behind = type(settings).model_validate(cheap(settings, trusted_proxies=("127.0.0.1/32",)).model_dump())
    async with running(behind, clock=times) as client:
        await account(client, "ada")
        sent = {"User-Agent": "Television/9", "X-Forwarded-For": "192.0.2.9"}
        pair = (
            await client.post("/api/v1/auth/login", {"username": "ada", "password": PASSWORD}, 200, headers=sent)
        ).json
        me = client.known_by(pair["access_token"])
        found = (await me.get("/api/v1/account/sessions")).json["items"][0]
        assert (found["device"], found["address"], found["is_this"]) == ("Television/9", "192.0.2.9", True)
        times.now += timedelta(minutes=5)
        await me.get("/api/v1/account", headers={"X-Forwarded-For": "192.0.2.77"})
        found = (await me.get("/api/v1/account/sessions")).json["items"][0]
        assert (found["seen_at"], found["seen_from"]) == ("2026-03-01T20:20:00.000Z", "192.0.2.77")


async def test_whatever_a_program_calls_itself_it_signs_in(server: Client) -> None:
    ada = server.known_by(
        (await server.post("/api/v1/auth/register", {"username": "ada", "password": PASSWORD})).json["access_token"]
    )
    body = json.dumps({"username": "ada", "password": PASSWORD}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.root.port)
    head = (
        f"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    )
    writer.write(head.encode() + b"\r\nConnection: close\r\nUser-Agent: tv \xff" + b"x" * 300 + b"\r\n\r\n" + body)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    device = (await ada.get("/api/v1/account/sessions")).json["items"][0]["device"]
    assert device.startswith("tv ?x")
    assert len(device) == 200


async def test_very_many_sessions_give_way_and_old_ones_are_forgotten(server: Client, times: Times) -> None:
    site = server.app[SITE]
    ada = await account(server, "ada")
    async with site.database.writing() as session:
        row = await session.get_one(Account, ada)
        for _ in range(sessions.MOST + 2):
            times.now += timedelta(seconds=1)
            await sessions.opened(session, site.settings, row, Kind.TOKEN, Device("", "192.0.2.1"), times.now)
    async with site.database.reading() as session:
        rows = (await session.exec(select(Session).order_by(Session.id))).all()
    assert [row.revoked_for for row in rows[:3]] == ["replaced", "replaced", ""]
    times.now += timedelta(days=61)
    await signed_in(server, "ada")
    async with server.app[SITE].database.reading() as session:
        assert len((await session.exec(select(Session))).all()) == 1


TOO_LITTLE_OR_MUCH: tuple[dict[str, Any], ...] = (
    {},
    {"username": "a"},
    {"password": "x"},
    {"username": "a", "email": "b", "password": "x"},
    {"id_token": "x", "password": "x", "username": "y"},
    {"username": "a", "password": "x", "more": 1},
)


async def test_a_sign_in_that_says_too_little_or_too_much_is_refused(client: Client) -> None:
    for body in TOO_LITTLE_OR_MUCH:
        await client.post("/api/v1/auth/login", body, 422)


def test_tokens_are_issued_in_the_name_of_the_station(settings: Settings) -> None:
    assert tokens.issuer(settings) == "fastline"
    assert tokens.issuer(settings.model_copy(update={"public_url": "https://tv.example"})) == "https://tv.example"
