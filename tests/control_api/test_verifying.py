"""Codes by mail: an address is proven, a forgotten password is set anew, and nobody learns who has an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clients import running
from persons import PASSWORD, Times, account, cheap, person, signed_in
from postbox import Postbox, postbox
from sqlmodel import col, select, update

from control_api.ids import new_id
from control_api.notices import proofs
from control_api.notices.mailer import Mailer
from control_api.resources.notifications import plans_of
from control_api.site import SITE
from control_api.tables import Identity, Mail, MailToken, Profile

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client, Reply

    from control_api.settings import Settings

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
AUTH = "/api/v1/auth"
NEW = "another long sentence"


@dataclass
class Post:
    """The mailer of a server in a test, turned by hand."""

    mailer: Mailer
    box: Postbox

    async def sent(self) -> list[Any]:
        """What came since it was asked last."""
        before = len(self.box.taken)
        while await self.mailer.once():
            """There is more."""
        return self.box.taken[before:]


def post(client: Client, box: Postbox) -> Post:
    site = client.app[SITE]
    return Post(Mailer(site.settings, site.database, plans_of, site.clock), box)


async def edited(person: Client, **what: Any) -> Reply:
    """Their account, with another name or address."""
    tag = (await person.get("/api/v1/account")).etag
    body = {**what, "current": PASSWORD}
    return await person.ask("PATCH", "/api/v1/account", body=body, headers={"If-Match": tag})


async def test_an_address_is_proven_by_a_code_and_nothing_plays_before(settings: Settings, tmp_path: Path) -> None:
    """B46, C11."""
    times = Times(NOW)
    async with postbox(tmp_path) as box:
        wanted = cheap(box.settings(settings), registration=True, verify_email="required")
        async with running(wanted, clock=times) as client:
            mail = post(client, box)
            given = {"username": "ada", "password": PASSWORD}
            missing = await client.post(f"{AUTH}/register", given, 422)
            assert missing.json["errors"][0]["pointer"] == "/email"
            made = (await client.post(f"{AUTH}/register", {**given, "email": "ada@home.example"})).json
            assert made["account"]["email_verified"] is False
            ada = client.known_by(made["access_token"])
            assert (await ada.post("/api/v1/playback", {}, 403)).json["type"] == "/problems/unverified"

            [first] = await mail.sent()
            assert (first.sender, first.to, first.is_secret) == ("no-reply@tv.example", "ada@home.example", True)
            assert first.message["Subject"] == "Is this your address?"
            assert f"https://tv.example/verify-email#{first.code}" in first.text
            assert "List-Unsubscribe" not in first.message
            async with client.app[SITE].database.reading() as session:
                [kept] = (await session.exec(select(MailToken))).all()
                [row] = (await session.exec(select(Mail))).all()
            assert first.code not in str(kept.model_dump())
            assert (row.state, row.said, row.address) == ("sent", {}, "")

            # a code of nobody, one for another purpose, and one that is over
            await client.post(f"{AUTH}/verify-email", {"token": "x" * 32}, 422)
            await client.post(f"{AUTH}/reset-password", {"token": first.code, "password": NEW}, 422)
            times.now += timedelta(hours=48)
            await client.post(f"{AUTH}/verify-email", {"token": first.code}, 422)

            # whoever asks for another one is told the same, whether there is anybody or not
            answers = [
                await client.post(f"{AUTH}/resend-verification", {"email": address}, 202)
                for address in ("nobody@home.example", "ADA@home.example")
            ]
            assert {(answer.status, answer.body) for answer in answers} == {(202, b"")}
            [second] = await mail.sent()
            assert second.to == "ada@home.example"
            assert second.code != first.code
            ada = client.known_by((await signed_in(client, "ada"))["access_token"])
            await client.post(f"{AUTH}/verify-email", {"token": second.code}, 204)
            await client.post(f"{AUTH}/verify-email", {"token": second.code}, 422)
            assert (await ada.get("/api/v1/account")).json["email_verified"] is True
            await ada.post("/api/v1/playback", {}, 422)  # it is looked at now what is to be played
            await client.post(f"{AUTH}/resend-verification", {"email": "ada@home.example"}, 202)
            assert await mail.sent() == []


async def test_another_address_is_another_proof_and_the_old_one_is_warned(settings: Settings, tmp_path: Path) -> None:
    async with postbox(tmp_path) as box, running(cheap(box.settings(settings))) as client:
        mail = post(client, box)
        ada = await person(client, "ada", email="ada@home.example", email_verified=True)
        assert (await edited(ada, email="ada@work.example")).json["email_verified"] is False
        found = {one.to: one for one in await mail.sent()}
        assert found["ada@home.example"].message["Subject"] == "Your address was changed"
        await edited(ada, email="ada@late.example")
        # a code for an address that was left is good no more
        await client.post(f"{AUTH}/verify-email", {"token": found["ada@work.example"].code}, 422)
        assert [one.to for one in await mail.sent()] == ["ada@late.example"]


async def test_a_forgotten_password_is_set_anew_by_who_reads_the_mail(settings: Settings, tmp_path: Path) -> None:
    """B46: no answer tells whether there is an account, and every session ends."""
    times = Times(NOW)
    async with postbox(tmp_path) as box, running(cheap(box.settings(settings)), clock=times) as client:
        mail, database = post(client, box), client.app[SITE].database
        ada = await account(client, "ada", email="ada@home.example", email_verified=True)
        async with database.writing() as session:
            await session.exec(update(Profile).where(col(Profile.account_id) == ada).values(language="es-MX"))
        here = client.known_by((await signed_in(client, "ada"))["access_token"])

        async def forgot(address: str) -> Reply:
            return await client.post(f"{AUTH}/forgot-password", {"email": address}, 202)

        known, unknown = await forgot("ada@home.example"), await forgot("eve@home.example")
        assert known.body == unknown.body == b""
        assert set(known.headers) == set(unknown.headers)
        [letter] = await mail.sent()
        assert letter.message["Subject"] == "Una contraseña nueva"
        assert letter.message["Content-Language"] == "es"
        assert f"https://tv.example/reset-password#{letter.code}" in letter.html
        async with database.reading() as session:
            states = {row.state: row for row in (await session.exec(select(Mail))).all()}
        assert set(states) == {"sent", "dropped"}
        assert {row.address for row in states.values()} == {""}

        for _ in range(8):  # somebody has guessed at it: whoever reads the mail is not held up by that
            await client.post(f"{AUTH}/login", {"username": "ada", "password": "wrong"}, None)
        short = {"token": letter.code, "password": "short"}
        await client.post(f"{AUTH}/reset-password", short, 422)
        good = {"token": letter.code, "password": NEW}
        await client.post(f"{AUTH}/reset-password", good, 204)
        await client.post(f"{AUTH}/reset-password", good, 422)
        await here.get("/api/v1/account", 401)
        times.now += timedelta(minutes=16)
        here = client.known_by((await signed_in(client, "ada", NEW))["access_token"])
        await client.post(f"{AUTH}/login", {"username": "ada", "password": PASSWORD}, 401)
        told = (await here.get("/api/v1/notifications")).json
        assert (told["items"][0]["title"], told["items"][0]["kind"]) == ("Tu contraseña ha cambiado", "account")
        [warning] = await mail.sent()
        assert warning.to == "ada@home.example"
        assert warning.message["Subject"] == "Tu contraseña ha cambiado"


async def test_who_sets_a_password_at_an_unproven_address_has_the_account_alone(
    settings: Settings, tmp_path: Path
) -> None:
    """Whoever made it with the address of somebody else is let in by nothing any more."""
    times = Times(NOW)
    async with postbox(tmp_path) as box, running(cheap(box.settings(settings, language="es")), clock=times) as client:
        mail, database = post(client, box), client.app[SITE].database
        bob = await account(client, "bob", email="bob@home.example")
        async with database.writing() as session:
            session.add(
                Identity(id=new_id("id"), digest="d", account_id=bob, issuer="https://i", subject="s", created_at=NOW)
            )

        async def forgot(address: str) -> Reply:
            return await client.post(f"{AUTH}/forgot-password", {"email": address}, 202)

        await forgot("bob@home.example")
        [letter] = await mail.sent()
        await client.post(f"{AUTH}/reset-password", {"token": letter.code, "password": NEW}, 204)
        async with database.reading() as session:
            assert (await session.exec(select(Identity))).all() == []
        his = client.known_by((await signed_in(client, "bob", NEW))["access_token"])
        assert (await his.get("/api/v1/account")).json["email_verified"] is True
        told = [one.message["Subject"] for one in [letter, *await mail.sent()]]  # in the language of the station
        assert told == ["Una contraseña nueva", "Tu contraseña ha cambiado"]

        for _ in range(proofs.MOST + 2):
            await forgot("bob@home.example")
        assert len(await mail.sent()) == proofs.MOST
        times.now += timedelta(hours=2)
        await forgot("bob@home.example")
        [letter] = await mail.sent()
        times.now += timedelta(minutes=60)
        await client.post(f"{AUTH}/reset-password", {"token": letter.code, "password": NEW}, 422)


async def test_a_code_counts_when_it_is_mailed_and_not_when_a_server_has_no_time(
    settings: Settings, tmp_path: Path
) -> None:
    times = Times(NOW)
    async with postbox(tmp_path) as box, running(cheap(box.settings(settings)), clock=times) as client:
        mail, database = post(client, box), client.app[SITE].database
        await account(client, "ada", email="ada@home.example", email_verified=True)
        await client.post(f"{AUTH}/forgot-password", {"email": "ada@home.example"}, 202)
        box.refuses = {"ada@home.example": 451}
        for _ in range(proofs.MOST + 1):
            assert await mail.sent() == []
            async with database.writing() as session:
                assert (await session.exec(select(MailToken))).all() == []
                await session.exec(update(Mail).values(due_at=NOW))
        box.refuses = {}
        [letter] = await mail.sent()
        await client.post(f"{AUTH}/reset-password", {"token": letter.code, "password": NEW}, 204)


async def test_an_address_asks_for_so_much_mail_and_no_more(settings: Settings, tmp_path: Path) -> None:
    async with postbox(tmp_path) as box, running(box.settings(settings, rate_letters="2/hour")) as client:
        for _ in range(2):
            await client.post(f"{AUTH}/forgot-password", {"email": "eve@home.example"}, 202)
        asked = await client.post(f"{AUTH}/forgot-password", {"email": "eve@home.example"}, 429)
        assert int(asked.headers["Retry-After"]) > 0
        contact = {"name": "Eve", "email": "eve@home.example", "subject": "Hello", "text": "?"}
        await client.post("/api/v1/contact", contact, 429)
    async with running(settings) as client:  # no mail is sent here, and it is said
        await client.post(f"{AUTH}/forgot-password", {"email": "eve@home.example"}, 409)
