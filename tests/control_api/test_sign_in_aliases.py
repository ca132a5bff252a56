"""Contracts: the addresses of other programs for signing in, with exactly the bodies that they document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from clients import running
from persons import PASSWORD, account, cheap
from test_people_parts import werkzeug_pbkdf2

from control_api.people.roles import Role
from control_api.resources import sign_in, sign_in_aliases
from control_api.site import SITE
from control_api.tables import Account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clients import Client, Reply

    from control_api.settings import Settings

BEARER = "bearer"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Client]:
    async with running(cheap(settings, registration=True)) as client:
        yield client


async def sent(client: Client, fields: Any, status: int) -> Reply:
    data = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    return await client.ask("POST", "/auth/login", status, data=data, headers={"Content-Type": FORM})


async def test_a_phone_signs_in_with_a_name_and_a_password_and_asks_with_the_token(server: Client) -> None:
    """C47, C71, C72: POST /api/login with this very body, then `Authorization: Bearer`; 401 without."""
    await account(server, "user123", typed="securepassword")
    reply = await server.post("/api/login", {"username": "user123", "password": "securepassword"}, 200)
    assert reply.json["token_type"] == BEARER
    assert "Deprecation" not in reply.headers
    phone = server.known_by(reply.json["access_token"])
    assert (await phone.get("/api/v1/account")).json["username"] == "user123"
    await server.get("/api/v1/account", 401)
    await server.post("/api/login", {"username": "user123", "password": "wrong"}, 401)


async def test_people_sign_in_and_are_made_at_the_root_too(server: Client) -> None:
    """C47, C48: POST /login and POST /register, as JSON, and /login as a form."""
    words = {"username": "user123", "password": PASSWORD}
    await server.post("/register", {**words, "email": "user123@example.com"}, 201)
    assert (await server.post("/login", words, 200)).json["token_type"] == BEARER
    data = urlencode(words).encode()
    assert "access_token" in (await server.ask("POST", "/login", data=data, headers={"Content-Type": FORM})).json


async def test_an_account_that_was_hashed_by_werkzeug_signs_in_at_once(server: Client) -> None:
    """C12, C72."""
    name = await account(server, "user123")
    async with server.app[SITE].database.writing() as session:
        (await session.get_one(Account, name)).password = werkzeug_pbkdf2("securepassword")
    await server.post("/api/login", {"username": "user123", "password": "securepassword"}, 200)


async def test_an_account_is_made_at_register(server: Client) -> None:
    """C48, B46."""
    body = {"username": "user123", "email": "user@x.example", "password": "securepassword"}
    reply = await server.post("/api/register", body)
    assert reply.json["account"]["email"] == "user@x.example"
    await server.post("/api/login", {"username": "user@x.example", "password": "securepassword"}, 200)


async def test_sign_up_and_log_in_by_address_in_json_and_as_a_form(server: Client) -> None:
    """D19, D20, D02: the form is that of OAuth 2.0, whose `username` is the address."""
    made = await server.post("/auth/signup", {"email": "ada.l@x.example", "password": PASSWORD})
    assert {"access_token", "token_type"} <= made.json.keys()
    assert (made.json["account"]["username"], made.json["account"]["role"]) == (
        "ada.l",
        "viewer",
    )
    twin = await server.post("/auth/signup", {"email": "ada.l@y.example", "password": PASSWORD})
    assert twin.json["account"]["username"] == "ada.l2"
    by_json = await server.post("/auth/login", {"email": "ada.l@x.example", "password": PASSWORD}, 200)
    fields = {
        "grant_type": "password",
        "username": "ada.l@x.example",
        "password": PASSWORD,
        "scope": "",
        "client_id": "x",
    }
    by_form = await sent(server, fields, 200)
    for reply in (by_json, by_form):
        assert reply.json["token_type"] == BEARER
        assert reply.json["account"]["id"] == made.json["account"]["id"]
        await server.known_by(reply.json["access_token"]).get("/api/v1/account")


FORMS: tuple[tuple[Any, int], ...] = (
    ({"username": "a", "password": "x"}, 401),
    ({"username": "a", "password": "x", "grant_type": "client_credentials"}, 422),
    ({"username": "a", "password": "x", "more": "1"}, 422),
    ([("username", "a"), ("username", "b"), ("password", "x")], 422),
    ({"username": "a\0", "password": "x"}, 422),
    ({"username": "a"}, 422),
    (b"username=%ff&password=x", 400),
    (b"", 422),
)


async def test_forms_that_are_not_as_they_should_be(server: Client) -> None:
    for fields, status in FORMS:
        await sent(server, fields, status)


async def test_a_form_is_taken_there_alone(server: Client) -> None:
    body = urlencode({"username": "a", "password": "x"}).encode()
    for path in ("/api/login", "/api/v1/auth/login", "/auth/signup", "/api/v1/session"):
        await server.ask("POST", path, 415, data=body, headers={"Content-Type": FORM})


@pytest.mark.parametrize("base", ["/api/auth", "/api/v1/auth"])
async def test_the_five_addresses_of_an_authority(server: Client, base: str) -> None:
    """B17, B45, B46, B48, B49, C70: login, register, refresh, logout, with and without the version."""
    given = {"username": "ada", "email": "ada@x.example", "password": PASSWORD}
    await server.post(f"{base}/register", given)
    pair = (await server.post(f"{base}/login", {"email": "ada@x.example", "password": PASSWORD}, 200)).json
    pair = (await server.post(f"{base}/refresh", {"refresh_token": pair["refresh_token"]}, 200)).json
    me = server.known_by(pair["access_token"])
    await me.ask("POST", f"{base}/logout", 204)
    await me.get("/api/v1/account", 401)
    await server.post(f"{base}/social-login", {"id_token": "a.b.c"}, 401)


def test_the_aliases_do_what_the_addresses_of_ours_do() -> None:
    """Only the form of OAuth takes more than the same operation."""
    ours = {operation.handler: operation for operation in sign_in.OPERATIONS}
    for alias in sign_in_aliases.OPERATIONS:
        original = ours[alias.handler]
        assert alias.declared.answers == original.declared.answers
        assert alias.declared.scope == original.declared.scope
        assert issubclass(alias.body_model, original.body_model)
        assert alias.declared.deprecated is None


async def test_no_account_is_there_by_default(settings: Settings) -> None:
    """D02: neither admin with admin123 nor anybody else."""
    async with running(cheap(settings)) as client:
        for password in ("admin", "admin123", "password", "fastline"):
            await client.post("/api/login", {"username": "admin", "password": password}, 401)
        await account(client, "boss", Role.ADMIN)
