"""People of tests: accounts, and clients who are signed in as them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from clients import Client

from control_api.instants import whole_millis
from control_api.people import accounts
from control_api.people.accounts import Wanted
from control_api.people.roles import Role
from control_api.site import SITE

if TYPE_CHECKING:
    from control_api.settings import Settings

PASSWORD = "correct horse battery"  # noqa: S105
CHEAP = {"password_memory_kib": 64, "password_rounds": 1}
"""Settings with which a password takes no time."""


def cheap(settings: Settings, **more: Any) -> Settings:
    """The same settings, with passwords that take no time."""
    return settings.model_copy(update={**CHEAP, **more})


async def account(client: Client, name: str, role: Role = Role.VIEWER, **more: Any) -> str:
    """Make an account in the database of the server itself; its id."""
    site = client.app[SITE]
    password = await site.gate.passwords.make(more.pop("typed", PASSWORD))
    wanted = Wanted(**{"username": name, "email": None, "role": role, "password": password, **more})
    async with site.database.writing() as session:
        return (await accounts.made(session, wanted, whole_millis(site.clock()))).id


async def signed_in(client: Client, name: str, password: str = PASSWORD) -> dict[str, Any]:
    """The tokens of a new session."""
    found: dict[str, Any] = (
        await client.post("/api/v1/auth/login", {"username": name, "password": password}, 200)
    ).json
    return found


async def person(client: Client, name: str, role: Role = Role.VIEWER, **more: Any) -> Client:
    """A client that is signed in as a new account."""
    await account(client, name, role, **more)
    return client.known_by((await signed_in(client, name))["access_token"])


@dataclass
class Times:
    """A clock that tests set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Page:
    """A browser's page: it keeps a cookie, and sends Origin with its changes."""

    client: Client
    cookie: str = ""
    token: str = ""

    @property
    def origin(self) -> str:
        return str(self.client.root.origin())

    async def sign_in(self, name: str, password: str = PASSWORD) -> None:
        reply = await self.client.post(
            "/api/v1/session", {"username": name, "password": password}, 200, headers=self.headers(proven=False)
        )
        self.cookie = reply.headers["Set-Cookie"].partition(";")[0]
        self.token = reply.json["csrf_token"]

    def headers(self, *, proven: bool = True) -> dict[str, str]:
        found = {"Origin": self.origin}
        found |= {"Cookie": self.cookie} if self.cookie else {}
        return {**found, "X-CSRF-Token": self.token} if proven else found
