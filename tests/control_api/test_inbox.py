"""The inbox: what one is told, what many are, and what of it goes by mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clients import running
from persons import Times, account, cheap, person, signed_in
from postbox import postbox
from sqlmodel import col, func, insert, select, update
from test_verifying import post

from control_api.ids import new_id
from control_api.instants import written
from control_api.notices import telling
from control_api.notices.inbox import MOST_LIVE
from control_api.notices.kinds import Kind, Tone
from control_api.notices.spreading import AT_ONCE
from control_api.notices.telling import tell
from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import Account, Broadcast, BroadcastReceipt, Mail, MailChoice, MailToken, Notice, Profile
from control_api.tidying.rows import rows as tidied

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client

    from control_api.settings import Settings

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
INBOX = "/api/v1/notifications"
SENT = "/api/v1/broadcasts"


async def told(client: Client, who: str, title: str, at: datetime, tone: Tone = Tone.INFO) -> None:
    async with client.app[SITE].database.writing() as session:
        await tell(session, who, Kind.BILLING, title, "what it says", at, "/account", tone=tone)


def words(**texts: str) -> dict[str, Any]:
    return {tag: {"title": text, "text": f"{text} at length"} for tag, text in texts.items()}


async def cast(boss: Client, **more: Any) -> str:
    """Broadcast something; its id."""
    given = {"kind": "service", "words": words(en="All"), "audience": {"everybody": True}, **more}
    made: str = (await boss.post(SENT, given)).json["id"]
    return made


async def titles(client: Client, query: str = "") -> list[str]:
    return [item["title"] for item in (await client.get(f"{INBOX}{query}")).json["items"]]


async def test_an_inbox_is_read_page_by_page_and_marked(settings: Settings) -> None:
    """C20, CX2: type, title, message, link, time and whether it was read; one's own and nobody else's."""
    times = Times(NOW)
    async with running(cheap(settings), clock=times) as client:
        boss = await person(client, "boss", Role.ADMIN)
        ada, eve = await person(client, "ada"), await person(client, "eve")
        hers = (await ada.get("/api/v1/account")).json["id"]
        for number in range(3):
            await told(client, hers, f"own {number}", NOW + timedelta(minutes=2 * number), Tone.WARNING)
        times.now += timedelta(minutes=3)
        everybody = await cast(boss)
        times.now += timedelta(minutes=2)
        in_order = ["own 2", "All", "own 1", "own 0"]
        page = (await ada.get(f"{INBOX}?limit=3")).json
        assert ([item["title"] for item in page["items"]], page["unread"]) == (in_order[:3], 4)
        rest = (await ada.get(page["next"])).json
        assert ([item["title"] for item in rest["items"]], rest["next"]) == (in_order[3:], None)
        own = rest["items"][0]
        assert own == {
            "id": own["id"], "kind": "billing", "type": "warning", "title": "own 0", "message": "what it says",
            "link": "/account", "created_at": written(NOW), "is_read": False, "read_at": None, "is_broadcast": False,
        }  # fmt: skip

        for name in (own["id"], everybody):
            one = f"{INBOX}/{name}"
            await eve.ask("PATCH", one, None if name == everybody else 404, body={"is_read": False})
            assert (await ada.ask("PATCH", one, body={"is_read": True})).json["read_at"] == written(times.now)
            times.now += timedelta(seconds=1)
            assert (await ada.ask("PATCH", one, body={"is_read": True})).json["read_at"] < written(times.now)
        assert await titles(ada, "?unread=true") == ["own 2", "own 1"]
        assert await titles(ada, "?unread=false") == ["All", "own 0"]
        assert (await ada.ask("PATCH", f"{INBOX}/{everybody}", body={"is_read": False})).json["is_read"] is False
        assert (await ada.get(f"{INBOX}:unread")).json == {"unread": 3}
        await ada.ask("DELETE", f"{INBOX}/{everybody}", 204)
        await ada.ask("DELETE", f"{INBOX}/{everybody}", 404)
        assert (await eve.get(f"{INBOX}:unread")).json == {"unread": 1}  # what she has deleted, others have still
        assert (await ada.post(f"{INBOX}:read", None, 200)).json == (await ada.get(f"{INBOX}:unread")).json
        await ada.ask("DELETE", INBOX, 204)
        assert await titles(ada) == []
        assert (await eve.post(f"{INBOX}:read", None, 200)).json == {"unread": 0}
        await eve.ask("DELETE", INBOX, 204)
        assert await titles(eve) == []


async def test_an_inbox_keeps_the_newest_and_no_more(settings: Settings) -> None:
    """And nothing for ever: nor does the outbox, with its codes."""
    async with running(cheap(settings)) as client:
        ada = await account(client, "ada")
        rows = [
            {
                "id": new_id("no"), "account_id": ada, "kind": "news", "tone": "info", "title": str(number),
                "text": "", "link": "", "at": NOW + timedelta(seconds=number),
            }
            for number in range(telling.MOST + 2)
        ]  # fmt: skip
        database = client.app[SITE].database
        async with database.writing() as session:
            await session.exec(insert(Notice), params=rows)
            await tell(session, ada, Kind.NEWS, "t" * 300, "x" * 3000, NOW + timedelta(hours=1))
            await tell(session, "ac_gone", Kind.NEWS, "nobody", "", NOW)
        async with database.reading() as session:
            kept = (await session.exec(select(Notice).order_by(col(Notice.at)))).all()
        assert (len(kept), kept[0].title, len(kept[-1].title), len(kept[-1].text)) == (telling.MOST, "3", 200, 2000)
        old: dict[str, Any] = {"created_at": NOW, "account_id": ada}
        async with database.writing() as session:
            for name, ended in (("ml_1", NOW), ("ml_2", None)):
                mail: dict[str, Any] = {"kind": "account", "form": "verify", "said": {}, "state": "sent", "due_at": NOW}
                session.add(Mail(id=name, ended_at=ended, **mail, **old))
            session.add(MailToken(digest="d", purpose="verify", address="a@b.example", expires_at=NOW, **old))
        done = await tidied(database, client.app[SITE].settings, NOW + timedelta(days=366))
        assert [done[kind] for kind in ("notices", "mails", "codes")] == [telling.MOST, 1, 1]


async def test_a_broadcast_is_one_row_for_whom_it_is_for_while_it_counts(settings: Settings) -> None:
    """C20: to everybody, a role, a plan, or accounts; edited, withdrawn, and its readers counted."""
    times = Times(NOW)
    async with running(cheap(settings), clock=times) as client:
        boss = await person(client, "boss", Role.ADMIN)
        ada, eve = await person(client, "ada"), await person(client, "eve")
        hers = (await ada.get("/api/v1/account")).json["id"]
        await cast(boss, words=words(en="viewers"), audience={"role": "viewer"})
        await cast(boss, words=words(en="free"), audience={"plan": "free"}, type="success", link="/new")
        some = await cast(boss, words=words(en="some"), audience={"accounts": [hers]})
        await cast(boss, words=words(en="later"), from_at=written(NOW + timedelta(hours=1)))
        await cast(boss, words=words(en="brief", es="breve"), until_at=written(NOW + timedelta(minutes=1)))
        assert set(await titles(ada)) == {"viewers", "free", "some", "brief"}
        assert set(await titles(eve)) == {"viewers", "free", "brief"}
        assert set(await titles(boss)) == {"free", "brief"}
        site = client.app[SITE]
        async with site.database.writing() as session:
            assert (await session.exec(select(func.count()).select_from(BroadcastReceipt))).one() == 0
            await session.exec(update(Profile).where(col(Profile.account_id) == hers).values(language="es-AR"))
        site.known.forget(hers)
        assert set(await titles(ada)) == {"viewers", "free", "some", "breve"}
        times.now += timedelta(minutes=1)
        assert set(await titles(ada)) == {"viewers", "free", "some"}

        await ada.ask("PATCH", f"{INBOX}/{some}", body={"is_read": True})
        await eve.ask("PATCH", f"{INBOX}/{some}", 404, body={"is_read": True})
        counted = await boss.get(f"{SENT}/{some}")
        assert (counted.json["reads"], counted.json["accounts"], counted.json["mails"]) == (1, 1, 0)
        tag = {"If-Match": counted.etag}
        edit = {"words": words(en="another")}
        await boss.ask("PATCH", f"{SENT}/{some}", 428, body=edit)
        await boss.ask("PATCH", f"{SENT}/{some}", body=edit, headers=tag)
        await boss.ask("PATCH", f"{SENT}/{some}", 412, body=edit, headers=tag)
        assert "another" in await titles(ada)
        withdrawn = await boss.ask("POST", f"{SENT}/{some}/withdraw")
        assert withdrawn.json["withdrawn_at"] == written(times.now)
        assert "another" not in await titles(ada)
        await boss.ask("PATCH", f"{SENT}/{some}", 409, body=edit, headers={"If-Match": withdrawn.etag})
        listed = (await boss.get(f"{SENT}?live=false")).json["items"]
        assert {row["words"]["en"]["title"] for row in listed} == {"another", "brief"}
        kinds = (await boss.get("/api/v1/events")).json["items"]
        assert [event["type"] for event in kinds if event["subject"] == some] == [
            "broadcast.created", "broadcast.updated", "broadcast.withdrawn",
        ]  # fmt: skip


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"audience": {}}, "/audience"),
    ({"audience": {"everybody": True, "role": "viewer"}}, "/audience"),
    ({"audience": {"plan": "gold"}}, "/audience/plan"),
    ({"audience": {"accounts": ["ac_0199f0c47b1c7d3a9e52c1d4b7a60f38"]}}, "/audience/accounts"),
    ({"link": "//evil.example"}, "/link"),
    ({"link": "javascript:alert(1)"}, "/link"),
    ({"words": {}}, "/words"),
    ({"words": {"EN US": {"title": "a", "text": "b"}}}, "/words/EN US"),
    ({"until_at": "2020-01-01T00:00:00Z"}, "/until_at"),
    ({"kind": "billing"}, "/kind"),
]


async def test_a_broadcast_that_cannot_be_meant_is_refused(client: Client) -> None:
    good = {"kind": "service", "words": words(en="All"), "audience": {"everybody": True}}
    for wrong, pointer in WRONG:
        refused = (await client.post(SENT, {**good, **wrong}, 422)).json
        assert refused["errors"][0]["pointer"].startswith(pointer), (wrong, refused)
    live = {
        "version": 1, "kind": "news", "tone": "info", "words": {}, "link": "", "audience": "everybody", "named": "",
        "from_at": NOW, "until_at": NOW, "is_mailed": False, "mailed_to": "", "mails": 0, "created_by": "",
        "created_at": NOW,
    }  # fmt: skip
    async with client.app[SITE].database.writing() as session:
        await session.exec(insert(Broadcast), params=[{"id": new_id("bc"), **live} for _ in range(MOST_LIVE - 1)])
    await client.post(SENT, good)
    await client.post(SENT, good, 409)
    for path in (INBOX, f"{INBOX}:unread", "/api/v1/account/mail"):
        await client.get(path, 403)  # a key is nobody, whatever it may


async def test_a_broadcast_is_mailed_to_who_wants_it_once_and_to_nobody_by_the_request(
    settings: Settings, tmp_path: Path
) -> None:
    """C20: by mail too, with a way out of it that takes one click (RFC 8058)."""
    async with postbox(tmp_path) as box:
        wanted = cheap(box.settings(settings, public_url="https://api.example"))
        async with running(wanted) as client:
            boss = await person(client, "boss", Role.ADMIN, email="boss@tv.example", email_verified=True)
            site, mail = client.app[SITE], post(client, box)
            await account(client, "ada", email="ada@home.example", email_verified=True)
            await account(client, "eve", email="eve@home.example")  # nobody has proven that address
            await account(client, "bob", email="bob@home.example", email_verified=True)
            bobs = client.known_by((await signed_in(client, "bob"))["access_token"])
            off = await bobs.ask("PATCH", "/api/v1/account/mail", body={"service": False, "news": True})
            assert off.json["wanted"] == {
                "billing": True, "privacy": True, "support": True, "service": False, "news": True
            }  # fmt: skip
            rows = [_account(number) for number in range(AT_ONCE + 5)]
            some = [{"account_id": row["id"], "wanted": {"service": False}, "changed_at": NOW} for row in rows[:-2]]
            async with site.database.writing() as session:
                await session.exec(insert(Account), params=rows)
                await session.exec(insert(MailChoice), params=some)
            name = await cast(boss, mail=True)
            async with site.database.reading() as session:
                assert (await session.exec(select(func.count()).select_from(Mail))).one() == 0
            letters = {one.to: one for one in await mail.sent()}
            assert set(letters) == {"boss@tv.example", "ada@home.example", *(row["email"] for row in rows[-2:])}
            found = (await boss.get(f"{SENT}/{name}")).json
            assert (found["mails"], found["mailed_at"] is None) == (4, False)
            assert await mail.sent() == []


async def test_mail_stays_away_after_one_click(settings: Settings, tmp_path: Path) -> None:
    async with postbox(tmp_path) as box:
        wanted = cheap(box.settings(settings, public_url="https://api.example"))
        async with running(wanted, clock=Times(NOW)) as client:
            boss = await person(client, "boss", Role.ADMIN, email="boss@tv.example", email_verified=True)
            mail = post(client, box)
            ada = await person(client, "ada", email="ada@home.example", email_verified=True)
            bob = await account(client, "bob", email="bob@home.example", email_verified=True)
            bobs = client.known_by((await signed_in(client, "bob"))["access_token"])
            await bobs.ask("PATCH", "/api/v1/account/mail", body={"service": False, "news": True})
            await cast(boss, mail=True, link="/help")
            letters = {one.to: one for one in await mail.sent()}
            letter = letters["ada@home.example"]
            assert "Open: https://tv.example/help" in letter.text
            assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            away = letter.message["List-Unsubscribe"].strip("<>").removeprefix("https://api.example")
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            await client.ask("POST", f"{away[:-3]}xxx", 404, data=b"List-Unsubscribe=One-Click", headers=form)
            for _ in range(2):
                await client.ask("POST", away, 204, data=b"List-Unsubscribe=One-Click", headers=form)
            assert (await ada.get("/api/v1/account/mail")).json["wanted"]["service"] is False
            await cast(boss, mail=True, words=words(en="second"))
            assert [one.to for one in await mail.sent()] == ["boss@tv.example"]
            await cast(boss, mail=True, kind="news", audience={"plan": "free"})
            gone = await cast(boss, mail=True, kind="news", words=words(en="gone"))
            await boss.ask("POST", f"{SENT}/{gone}/withdraw")
            assert [(one.to, one.message["Subject"]) for one in await mail.sent()] == [("bob@home.example", "All")]

            await told(client, bob, "paid", NOW)
            await told(client, (await ada.get("/api/v1/account")).json["id"], "paid", NOW)
            await ada.ask("PATCH", "/api/v1/account/mail", body={"billing": False})
            assert len(await mail.sent()) == 2  # it counts for what is told from then on
            tried = (await boss.post("/api/v1/mails:try", None, 202)).json
            [trial] = await mail.sent()
            assert (trial.to, trial.message["Subject"]) == ("boss@tv.example", "Mail arrives")
            listed = (await boss.get("/api/v1/mails?state=sent&limit=1")).json["items"]
            assert [(row["id"], row["form"], row["attempts"]) for row in listed] == [(tried["id"], "trial", 1)]
            await ada.get("/api/v1/mails", 403)


def _account(number: int) -> dict[str, Any]:
    return {
        "id": new_id("ac"), "username": f"many{number}", "username_folded": f"many{number}",
        "email": f"many{number}@home.example", "email_folded": f"many{number}@home.example", "email_verified": True,
        "role": "viewer", "version": 1, "created_at": NOW,
    }  # fmt: skip
