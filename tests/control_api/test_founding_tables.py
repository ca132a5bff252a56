"""The tables of the founding documents: what they have of people and of films is here, and no password is anywhere.

Rows E26, E27, E28, E30a, E30b, E30c.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING

from clients import Client, running
from persons import cheap
from sqlalchemy import select as selected
from sqlmodel import select

from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import METADATA, Account

if TYPE_CHECKING:
    from control_api.settings import Settings

TYPED = "Ein-Geheimnis über 7 Berge"
WRONG = "Ein-Geheimnis über 8 Berge"
RESET = "Noch-ein Geheimnis, 9 Zwerge"


async def everything(client: Client) -> dict[str, bytes]:
    """All that the database has, by table and column, in one piece each."""
    found: dict[str, bytes] = {}
    async with client.app[SITE].database.reading() as session:
        connection = await session.connection()
        for table in METADATA.sorted_tables:
            for row in (await connection.execute(selected(table))).mappings():
                for column, value in row.items():
                    piece = value if isinstance(value, bytes) else str(value).encode()
                    found[f"{table.name}.{column}"] = found.get(f"{table.name}.{column}", b"") + piece + b"\n"
    return found


async def test_a_user_has_an_id_a_name_and_of_a_password_the_hash_alone(settings: Settings) -> None:
    """E26, E27, E28: after signing up and in, a wrong try and a change, it stands in no column of any table."""
    async with running(cheap(settings, registration=True, tells=False)) as nobody:
        said = {"username": "Ada", "email": "ada@example.org", "password": TYPED}
        await nobody.post("/api/v1/auth/register", said)
        await nobody.post("/api/v1/auth/register", {**said, "email": "other@example.org", "username": "ADA"}, 409)
        await nobody.post("/api/v1/auth/login", {"username": "ada", "password": WRONG}, 401)
        entered = (await nobody.post("/api/v1/auth/login", {"username": "ada", "password": TYPED}, 200)).json
        ada = nobody.known_by(entered["access_token"])
        shown = (await ada.get("/api/v1/account")).json
        assert re.fullmatch(r"ac_[0-9a-f]{32}", shown["id"])
        assert shown["username"] == "Ada"

        async def kept() -> str:
            found = await everything(nobody)
            assert found["account.id"] == shown["id"].encode() + b"\n", "the walk sees what there is"
            assert b"Ada" in found["account.username"]
            for secret in (TYPED, WRONG, RESET):
                plain = secret.encode()
                for spelt in (plain, secret.encode("utf-16-le"), plain.hex().encode(), b64encode(plain), plain[::-1]):
                    places = [name for name, text in found.items() if spelt.lower() in text.lower()]
                    assert places == []
            async with nobody.app[SITE].database.reading() as session:
                row = (await session.exec(select(Account))).one()
            assert row.role == Role.VIEWER
            assert row.password is not None
            assert row.password.startswith("$argon2id$")
            return row.password

        before = await kept()
        await ada.ask("PUT", "/api/v1/account/password", 204, body={"current": TYPED, "password": RESET})
        assert await kept() != before
        await nobody.post("/api/v1/auth/login", {"username": "ada", "password": TYPED}, 401)
        await nobody.post("/api/v1/auth/login", {"username": "ada", "password": RESET}, 200)


async def test_a_film_has_an_id_a_title_and_a_description(client: Client) -> None:
    """E30a, E30b, E30c: as the documents call them; films of one name are told apart."""
    said = {"kind": "movie", "name": "The Third Man", "description": "Vienna, 1949.", "state": "published"}
    made = [(await client.post("/api/v1/titles", said)).json["id"] for _ in range(2)]
    assert made[0] != made[1]
    for path in ("/movies", "/api/movies"):
        listed = (await client.get(path)).json["results"]
        assert sorted(one["id"] for one in listed) == sorted(made)
        for one in made:
            film = (await client.get(f"{path}/{one}")).json["data"]
            assert [film[name] for name in ("id", "title", "description")] == [one, "The Third Man", "Vienna, 1949."]
