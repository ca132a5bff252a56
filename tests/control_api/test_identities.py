"""ID tokens of issuers that are known here: a real issuer on this machine, with keys that are replaced and go down."""

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
from issuers import AUDIENCE, LocalIssuer, issuing
from joserfc.jwk import RSAKey
from persons import PASSWORD, Times, account, person, signed_in
from sqlmodel import select

from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import Account, Identity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clients import Client, Reply

    from control_api.settings import Settings

NOW = datetime(2026, 3, 1, 20, 15, tzinfo=UTC)


@pytest.fixture
def times() -> Times:
    return Times(NOW)


@pytest.fixture
async def issuer(times: Times) -> AsyncIterator[LocalIssuer]:
    async with issuing(times) as found:
        yield found


@pytest.fixture
async def server(settings: Settings, times: Times, issuer: LocalIssuer) -> AsyncIterator[Client]:
    async with running(issuer.settings(settings, register_new=True, link_email=True), clock=times) as client:
        yield client


async def social(client: Client, body: Any, status: int = 200) -> Reply:
    return await client.post("/api/v1/auth/social-login", body, status)


async def test_a_token_in_firebase_s_shape_is_credentials_as_it_is(server: Client, issuer: LocalIssuer) -> None:
    """B02, B72, B73: `Authorization: Bearer <ID token>`, and an account by (issuer, subject)."""
    me = server.known_by(issuer.firebase())
    found = (await me.get("/api/v1/account")).json
    assert (found["username"], found["email"], found["email_verified"]) == ("ada", "ada@x.example", True)
    assert (found["role"], found["has_password"]) == ("viewer", False)
    later = server.known_by(issuer.firebase(name="Somebody", email=None))
    assert (await later.get("/api/v1/account")).json["id"] == found["id"]
    other = server.known_by(issuer.firebase(sub="another", email="ada2@x.example"))
    assert (await other.get("/api/v1/account")).json["id"] != found["id"]
    async with server.app[SITE].database.reading() as session:
        rows = (await session.exec(select(Identity).order_by(Identity.id))).all()
    assert [(row.issuer, row.subject) for row in rows] == [
        (issuer.root, "aBcDeF0123456789aBcDeF012345"), (issuer.root, "another"),
    ]  # fmt: skip
    here = (await me.get("/api/v1/session")).json
    assert (here["session"], here["csrf_token"]) == (None, None)
    await me.ask("POST", "/api/v1/auth/logout", 409)


async def test_an_id_token_is_changed_for_tokens_of_ours(server: Client, issuer: LocalIssuer) -> None:
    """B02, B45, B47."""
    first = (await social(server, {"id_token": issuer.firebase()})).json
    second = (await server.post("/api/v1/auth/login", {"id_token": issuer.firebase()}, 200)).json
    assert first["account"]["id"] == second["account"]["id"]
    for pair in (first, second):
        await server.known_by(pair["access_token"]).get("/api/v1/account")
    page = await server.post("/api/v1/session", {"id_token": issuer.firebase()}, 200)
    assert page.json["csrf_token"]


async def test_of_many_who_come_at_once_with_one_identity_one_account_is_made(
    server: Client, issuer: LocalIssuer
) -> None:
    token = issuer.firebase()
    replies = await asyncio.gather(*(server.known_by(token).get("/api/v1/account", None) for _ in range(6)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.json["id"] for reply in replies}) == 1
    async with server.app[SITE].database.reading() as session:
        assert len((await session.exec(select(Account))).all()) == 1


async def test_a_code_is_redeemed_at_the_issuer(settings: Settings, times: Times, issuer: LocalIssuer) -> None:
    """B47: a provider's code, with PKCE."""
    ours = {"client_id": AUDIENCE, "client_secret": "s&cret", "redirect_uris": ["https://tv.example/back"]}
    given = issuer.settings(settings, register_new=True, **ours)
    async with running(given, clock=times) as client:
        verifier = "v" * 43
        wanted = {"redirect_uri": "https://tv.example/back", "code_verifier": verifier}
        body = {"provider": issuer.root, "code": "c0de", **wanted}
        issuer.codes["c0de"] = (wanted, issuer.token(nonce="n"))
        await social(client, {**body, "nonce": "n"})
        basic = "Basic " + base64.b64encode(f"{AUDIENCE}:s%26cret".encode()).decode()
        assert issuer.redeemed[0]["Authorization"] == basic
        assert issuer.redeemed[0]["grant_type"] == "authorization_code"
        await social(client, body, 401)  # a code is good once
        refused = await social(client, {**body, "provider": "https://elsewhere.example"}, 422)
        assert refused.json["errors"][0]["pointer"] == "/provider"
        issuer.is_down = True
        assert "Retry-After" in (await social(client, body, 503)).headers


async def test_a_code_is_redeemed_for_who_has_asked_for_it_alone(
    settings: Settings, times: Times, issuer: LocalIssuer
) -> None:
    """With the verifier of PKCE, and for a page that the settings name; the issuer is not even asked otherwise."""
    given = issuer.settings(settings, register_new=True, client_id=AUDIENCE, redirect_uris="https://tv.example/back")
    async with running(given, clock=times) as client:
        body = {
            "provider": issuer.root, "code": "c0de", "redirect_uri": "https://tv.example/back",
            "code_verifier": "v" * 43,
        }  # fmt: skip
        issuer.codes["c0de"] = ({}, issuer.token())
        await social(client, {name: text for name, text in body.items() if name != "code_verifier"}, 422)
        for wrong in ("", "v" * 42, "v" * 129, "v" * 42 + "!"):
            refused = await social(client, {**body, "code_verifier": wrong}, 422)
            assert refused.json["errors"][0]["pointer"] == "/code_verifier"
        for elsewhere in ("https://tv.example/back/", "https://tv.example", "https://evil.example/back"):
            refused = await social(client, {**body, "redirect_uri": elsewhere}, 422)
            assert refused.json["errors"][0]["pointer"] == "/redirect_uri"
        assert issuer.redeemed == []
        await social(client, body)


async def test_an_account_is_linked_by_an_address_that_both_have_verified(
    settings: Settings, times: Times, issuer: LocalIssuer
) -> None:
    """B47: else who registers somebody's address first would own what they bring."""
    token = issuer.firebase()
    trusted = issuer.settings(settings, link_email=True)
    async with running(trusted, clock=times) as client:
        ada = await account(client, "ada", Role.EDITOR, email="Ada@X.example")
        refused = await social(client, {"id_token": token}, 403)
        assert "identity" in refused.json["detail"]
        async with client.app[SITE].database.writing() as session:
            (await session.get_one(Account, ada)).email_verified = True
        await social(client, {"id_token": issuer.firebase(email_verified=False)}, 403)
        await social(client, {"id_token": issuer.firebase(email_verified="true")}, 403)
        found = (await social(client, {"id_token": token})).json["account"]
        assert (found["id"], found["role"]) == (ada, "editor")
    other = issuer.settings(settings, link_email=False)
    async with running(other, clock=times) as client:
        assert (await social(client, {"id_token": token})).json["account"]["id"] == ada  # known by now
        await social(client, {"id_token": issuer.firebase(sub="another")}, 403)


async def test_nobody_takes_an_address_that_somebody_else_says_is_theirs(server: Client, issuer: LocalIssuer) -> None:
    await account(server, "mallory", email="ada@x.example")
    found = (await social(server, {"id_token": issuer.firebase()})).json["account"]
    assert (found["email"], found["username"]) == (None, "ada")


async def test_an_issuer_that_is_not_trusted_for_addresses_gives_nobody_one(
    settings: Settings, times: Times, issuer: LocalIssuer
) -> None:
    """Else who comes first with somebody's address would own what the trusted issuer brings."""
    async with issuing(times) as other:
        given = other.settings(settings, register_new=True)
        given = issuer.settings(given, register_new=True, link_email=True)
        async with running(given, clock=times) as client:
            mallory = (await social(client, {"id_token": other.firebase()})).json["account"]
            assert (mallory["email"], mallory["email_verified"]) == (None, False)
            victim = (await social(client, {"id_token": issuer.firebase()})).json["account"]
            assert victim["id"] != mallory["id"]
            assert (victim["email"], victim["email_verified"]) == ("ada@x.example", True)


async def test_addresses_that_only_look_alike_are_of_two_people(server: Client, issuer: LocalIssuer) -> None:
    sam = await account(server, "first", Role.EDITOR, email="sam@x.example", email_verified=True)
    like = (await social(server, {"id_token": issuer.firebase(sub="1", email="\u017fam@x.example")})).json["account"]
    assert (like["id"] == sam, like["email"], like["role"]) == (False, None, "viewer")
    same = (await social(server, {"id_token": issuer.firebase(sub="2", email="SAM@x.example")})).json["account"]
    assert same["id"] == sam


async def test_an_account_may_have_several_identities_and_one_way_in_stays(server: Client, issuer: LocalIssuer) -> None:
    """B73."""
    me = await person(server, "bob")
    for subject in ("one", "two"):
        await me.post("/api/v1/account/identities", {"id_token": issuer.token(sub=subject)})
    await me.post("/api/v1/account/identities", {"id_token": issuer.token(sub="one")}, 409)
    wrong = await me.post("/api/v1/account/identities", {"id_token": issuer.token(aud="x")}, 422)
    assert wrong.json["errors"][0]["pointer"] == "/id_token"
    listed = (await me.get("/api/v1/account/identities")).json["items"]
    assert [item["subject"] for item in listed] == ["one", "two"]
    theirs = server.known_by(issuer.token(sub="two"))
    assert (await theirs.get("/api/v1/account")).json["username"] == "bob"
    await me.ask("DELETE", f"/api/v1/account/identities/{listed[1]['id']}", 204)
    assert (await theirs.get("/api/v1/account")).json["username"] != "bob"  # at once: it is somebody new
    await me.ask("DELETE", f"/api/v1/account/identities/{listed[1]['id']}", 404)
    new = server.known_by((await social(server, {"id_token": issuer.token(sub="three")})).json["access_token"])
    only = (await new.get("/api/v1/account/identities")).json["items"][0]["id"]
    await new.ask("DELETE", f"/api/v1/account/identities/{only}", 409)
    await new.ask("PUT", "/api/v1/account/password", 204, body={"password": PASSWORD})
    await new.ask("DELETE", f"/api/v1/account/identities/{only}", 204)


async def test_a_session_that_was_found_becomes_no_way_in_for_ever(
    server: Client, issuer: LocalIssuer, times: Times
) -> None:
    """What outlasts a session takes the password, or a sign-in of the last minutes; a refreshed one is none."""
    await account(server, "bob", email="bob@x.example", email_verified=True)
    pair = await signed_in(server, "bob")
    times.now += timedelta(minutes=5, milliseconds=1)
    pair = (await server.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}, 200)).json
    found = server.known_by(pair["access_token"])
    link, mine = "/api/v1/account/identities", {"id_token": issuer.token(sub="mallory")}
    assert "current" in (await found.post(link, mine, 403)).json["detail"]
    wrong = await found.post(link, {**mine, "current": "a guess"}, 422)
    assert wrong.json["errors"][0]["pointer"] == "/current"
    tag = {"If-Match": (await found.get("/api/v1/account")).etag}
    for email in ("mallory@x.example", "\u212aob@x.example", "\uff42ob@x.example"):
        await found.ask("PATCH", "/api/v1/account", 403, body={"email": email}, headers=tag)
    await found.ask("PATCH", "/api/v1/account", body={"email": "BOB@x.example", "username": "rob"}, headers=tag)
    for number in range(2):
        await found.post(link, {"id_token": issuer.token(sub=f"own{number}"), "current": PASSWORD})
    theirs = server.known_by(issuer.token(sub="own0"))
    assert (await theirs.get("/api/v1/account")).json["username"] == "rob"
    change = {"current": PASSWORD, "password": "another one", "unlink_identities": True}
    await found.ask("PUT", "/api/v1/account/password", 204, body=change)
    assert (await theirs.get("/api/v1/account")).json["username"] != "rob"
    assert (await found.get(link)).json["items"] == []


async def test_who_has_no_password_sets_one_just_after_they_have_signed_in_at_the_issuer(
    server: Client, issuer: LocalIssuer, times: Times
) -> None:
    body = {"password": PASSWORD}
    await server.known_by(issuer.token()).ask("PUT", "/api/v1/account/password", 403, body=body)
    old = {"id_token": issuer.token(auth_time=int(NOW.timestamp()) - 301)}  # refreshed, and signed in at before
    late = server.known_by((await social(server, old)).json["access_token"])
    await late.ask("PUT", "/api/v1/account/password", 403, body=body)
    token = {"id_token": issuer.token()}
    times.now += timedelta(minutes=6)
    late = server.known_by((await social(server, token)).json["access_token"])
    await late.ask("PUT", "/api/v1/account/password", 403, body=body)
    new = server.known_by((await social(server, {"id_token": issuer.token()})).json["access_token"])
    await new.ask("PUT", "/api/v1/account/password", 204, body=body)


async def test_who_is_blocked_has_no_other_way_in(server: Client, issuer: LocalIssuer, times: Times) -> None:
    token = issuer.firebase()
    found = (await server.known_by(token).get("/api/v1/account")).json
    async with server.app[SITE].database.writing() as session:
        (await session.get_one(Account, found["id"])).blocked_at = NOW
    times.now += timedelta(seconds=3)
    assert "blocked" in (await server.known_by(token).get("/api/v1/account", 401)).json["detail"]
    await social(server, {"id_token": token}, 403)


def by_secret(issuer: LocalIssuer) -> str:
    """Signed by what everybody knows: the issuer's public key."""
    header = {"alg": "HS256", "kid": issuer.keys[0].kid}
    claims = json.loads(base64.urlsafe_b64decode(issuer.token().split(".")[1] + "=="))
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    signature = hmac.digest(issuer.keys[0].as_pem(private=False), ".".join(parts).encode(), hashlib.sha256)
    return ".".join([*parts, base64.urlsafe_b64encode(signature).decode().rstrip("=")])


async def test_no_id_token_is_believed_that_is_not_for_us_and_good_now(server: Client, issuer: LocalIssuer) -> None:
    """B02, B103: algorithm, key, issuer, audience, times, subject, nonce."""
    now = int(NOW.timestamp())
    good = [
        issuer.token(), issuer.token(aud=["x", AUDIENCE], azp=AUDIENCE), issuer.token(exp=now - 59),
        issuer.token(iat=now + 60), issuer.token(algorithm="PS256"),
    ]  # fmt: skip
    for token in good:
        await social(server, {"id_token": token})
    foreign = RSAKey.generate_key(2048, {"kid": "first"})
    wrong = {
        "foreign": issuer.token(key=foreign),
        "by a secret": by_secret(issuer),
        "none": issuer.token().rsplit(".", 1)[0] + ".",
        "issuer": issuer.token(iss="https://elsewhere.example"),
        "no issuer": issuer.token(iss=None),
        "audience": issuer.token(aud="others"),
        "no audience": issuer.token(aud=None),
        "several": issuer.token(aud=["x", AUDIENCE]),
        "given to others": issuer.token(aud=["x", AUDIENCE], azp="x"),
        "expired": issuer.token(exp=now - 60),
        "for ever": issuer.token(exp=None),
        "of the future": issuer.token(iat=now + 61),
        "never issued": issuer.token(iat=None),
        "not yet": issuer.token(nbf=now + 61),
        "nobody": issuer.token(sub=None),
        "long": issuer.token(sub="x" * 256),
        "no text": issuer.token(sub="\ud800"),
        "with a null": issuer.token(sub="a\0b"),
        "a number": issuer.token(sub=7),
        "no token": "a.b.c",
        "empty": "",
    }
    found = {
        name: (await server.post("/api/v1/auth/social-login", {"id_token": token}, None)).status
        for name, token in wrong.items()
    }
    assert found == dict.fromkeys(wrong, 401)
    for token in wrong.values():
        await server.ask("GET", "/api/v1/account", 401, headers={"Authorization": f"Bearer {token}"})
    await social(server, {"id_token": issuer.token(nonce="n"), "nonce": "n"})
    await social(server, {"id_token": issuer.token(nonce="m"), "nonce": "n"}, 401)
    await social(server, {"id_token": issuer.token(), "nonce": "n"}, 401)


async def test_keys_are_kept_and_new_ones_are_found(server: Client, issuer: LocalIssuer, times: Times) -> None:
    await asyncio.gather(*(social(server, {"id_token": issuer.token()}) for _ in range(5)))
    assert issuer.asked == {"discovery": 1, "keys": 1}
    issuer.rotate("second", is_rsa=False)
    await social(server, {"id_token": issuer.token()}, 401)  # it was asked a moment ago
    times.now += timedelta(seconds=30)
    await social(server, {"id_token": issuer.token()})
    assert issuer.asked["keys"] == 2
    await social(server, {"id_token": issuer.token(key=issuer.keys[1])})
    foreign = RSAKey.generate_key(2048, {"kid": "made up"})
    for _ in range(20):
        await social(server, {"id_token": issuer.token(key=foreign)}, 401)
    assert issuer.asked["keys"] == 2
    issuer.keys.pop()
    times.now += timedelta(hours=1)
    await social(server, {"id_token": issuer.token()})
    assert issuer.asked["keys"] == 3


async def test_an_issuer_that_is_down_is_asked_with_patience_and_its_keys_are_good_for_a_day(
    server: Client, issuer: LocalIssuer, times: Times
) -> None:
    issuer.is_down = True
    token = issuer.token(exp=int((NOW + timedelta(days=9)).timestamp()))
    assert "Retry-After" in (await social(server, {"id_token": token}, 503)).headers
    assert (await server.known_by(token).get("/api/v1/account", 503)).json["type"] == "/problems/unavailable"
    assert issuer.asked["discovery"] == 1
    issuer.is_down = False
    times.now += timedelta(seconds=1)
    await social(server, {"id_token": token})
    issuer.is_down = True
    times.now += timedelta(hours=23)
    for _ in range(5):
        await social(server, {"id_token": token})
    assert issuer.asked["discovery"] == 3
    times.now += timedelta(hours=1)
    await social(server, {"id_token": token}, 503)


async def test_a_list_of_key_sets_is_asked_in_place_of_discovery(
    settings: Settings, times: Times, issuer: LocalIssuer
) -> None:
    """B39: issuer, audience, and a list of URLs of keys."""
    given = issuer.settings(settings, register_new=True, jwks=[f"{issuer.root}/keys"])
    async with running(given, clock=times) as client:
        await social(client, {"id_token": issuer.token()})
    assert issuer.asked == {"keys": 1}


async def test_an_issuer_in_a_network_that_is_not_asked_is_not_asked(
    settings: Settings, times: Times, issuer: LocalIssuer
) -> None:
    given = issuer.settings(settings).model_copy(update={"outgoing_allow": ()})
    async with running(given, clock=times) as client:
        await social(client, {"id_token": issuer.token()}, 503)
    assert not issuer.asked


async def test_tokens_of_ours_and_of_issuers_are_told_apart(server: Client, issuer: LocalIssuer) -> None:
    await account(server, "ada")
    ours = (await signed_in(server, "ada"))["access_token"]
    await social(server, {"id_token": ours}, 401)
    await server.known_by(issuer.token(iss="fastline")).get("/api/v1/account", 401)
