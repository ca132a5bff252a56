"""Help, legal texts with their versions, and tickets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clients import running
from hypothesis import given
from hypothesis import strategies as st
from persons import Times, cheap, person
from postbox import postbox
from sqlmodel import col, func, select
from test_verifying import post

from control_api.help_pages import tickets
from control_api.help_pages.tickets import TicketState
from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import AuditEntry, Ticket
from control_api.tidying.rows import rows

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client, Reply

    from control_api.settings import Settings

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
ARTICLES = "/api/v1/help-articles"
LEGAL = "/api/v1/legal-texts"
OWN = "/api/v1/tickets"
STAFF = "/api/v1/support-tickets"


def article(slug: str, language: str = "en", **more: Any) -> dict[str, Any]:
    said = {"slug": slug, "language": language, "title": f"{slug} in {language}", "text": f"# About {slug}"}
    return {**said, "published": True, **more}


async def patch(client: Client, path: str, tag: str, status: int = 200, **body: Any) -> Reply:
    return await client.ask("PATCH", path, status, body=body, headers={"If-Match": tag})


async def test_help_is_found_in_the_language_that_is_asked_for_or_in_that_of_the_station(client: Client) -> None:
    """BX13: help and FAQ; who writes sees drafts, and everybody what is published, as Markdown."""
    world = client.known_by(None)
    made = {}
    for given_ in (
        article("sign-in", position=2, category="account"),
        article("sign-in", "es", position=2, category="account"),
        article("devices", position=1, category="account", text="Any <b>TV</b> does."),
        article("why-ads", section="faq", text="Because 100% of films cost money."),
        article("secret", published=False),
    ):
        made[given_["title"]] = await client.post(ARTICLES, given_)
    await client.post(ARTICLES, article("devices"), 409)
    await client.post(ARTICLES, article("No Slug"), 422)

    async def slugs(query: str) -> list[str]:
        return [
            item["slug"] + ":" + item["language"] for item in (await world.get(f"/api/v1/help{query}")).json["items"]
        ]

    assert await slugs("") == ["why-ads:en", "devices:en", "sign-in:en"]
    assert await slugs("?language=es&section=help") == ["devices:en", "sign-in:es"]
    assert await slugs("?language=fr&category=account") == ["devices:en", "sign-in:en"]
    assert await slugs("?q=100%25") == ["why-ads:en"]
    assert await slugs("?q=TV&limit=1") == ["devices:en"]
    shown = await world.get("/api/v1/help/sign-in?language=es-MX")
    assert (shown.json["language"], shown.json["text"]) == ("es", "# About sign-in")
    assert (await world.get("/api/v1/help/devices")).json[
        "text"
    ] == "Any <b>TV</b> does."  # nobody makes HTML of it here
    await world.get("/api/v1/help/secret", 404)

    draft = made["secret in en"]
    path = f"{ARTICLES}/{draft.json['id']}"
    published = await patch(client, path, draft.etag, published=True, title="No secret")
    assert (await world.get("/api/v1/help/secret")).json["title"] == "No secret"
    await patch(client, path, draft.etag, 412, title="late")
    await patch(client, path, published.etag, 409, slug="devices")
    await patch(client, path, published.etag, published=False)
    await world.get("/api/v1/help/secret", 404)
    assert len((await client.get(f"{ARTICLES}?published=false&language=en&section=help")).json["items"]) == 1
    await client.ask("DELETE", path, 204)
    await client.get(path, 404)


def legal(kind: str = "terms", **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "words": {"en": {"title": "Terms", "text": "one"}, "es": {"title": "T", "text": "uno"}},
        **more,
    }


async def published(boss: Client, **more: Any) -> Reply:
    draft = await boss.post(LEGAL, legal(**more))
    path = f"{LEGAL}/{draft.json['id']}/publish"
    return await boss.ask("POST", path, headers={"If-Match": draft.etag})


async def test_one_version_is_in_force_and_the_others_can_be_read(settings: Settings) -> None:
    """BX13: versions, one in force for each kind, and who has agreed to which."""
    async with running(cheap(settings)) as client:
        boss, ada = await person(client, "boss", Role.EDITOR), await person(client, "ada")
        await client.get("/api/v1/legal/terms", 404)
        draft = await boss.post(LEGAL, legal())
        path = f"{LEGAL}/{draft.json['id']}"
        await client.get("/api/v1/legal/terms", 404)
        edited = await patch(boss, path, draft.etag, words={"en": {"title": "Terms", "text": "first"}})
        await boss.ask("POST", f"{path}/publish", 412, headers={"If-Match": draft.etag})
        first = await boss.ask("POST", f"{path}/publish", headers={"If-Match": edited.etag})
        assert first.json["number"] == 1
        await patch(boss, path, first.etag, 409, note="late")
        await boss.ask("DELETE", path, 409)
        assert (await published(boss, kind="privacy")).json["number"] == 1

        async def due() -> list[tuple[str, int]]:
            found = (await ada.get("/api/v1/account")).json["consents_due"]
            return [(one["kind"], one["number"]) for one in found]

        async def agree(kind: str, number: int, status: int = 200, language: str = "en") -> Reply:
            body = {"number": number, "language": language}
            return await ada.post(f"/api/v1/legal/{kind}/consent", body, status)

        assert await due() == [("privacy", 1), ("terms", 1)]
        await agree("terms", 1, 409, "es")  # it is not there in it
        agreed = await agree("terms", 1)
        assert (await agree("terms", 1)).json == agreed.json
        await agree("privacy", 1)
        assert await due() == []
        await published(boss, note="a comma", asks=False)
        assert await due() == []
        assert (await published(boss, words={"en": {"title": "Terms", "text": "third"}})).json["number"] == 3
        assert await due() == [("terms", 3)]
        await agree("terms", 1, 409)
        await agree("terms", 3)
        own = (await ada.get("/api/v1/account/consents")).json["items"]
        assert {(one["kind"], one["number"]) for one in own} == {("terms", 1), ("terms", 3), ("privacy", 1)}
        now = (await client.get("/api/v1/legal/terms?language=es")).json
        assert (now["number"], now["language"], now["text"]) == (3, "en", "third")
        assert (await client.get("/api/v1/legal/terms/versions/1")).json["text"] == "first"
        assert (await client.get("/api/v1/legal/terms/versions/2?language=es-AR")).json["text"] == "uno"
        versions = (await client.get("/api/v1/legal/terms/versions")).json["items"]
        assert [(one["number"], one["asks"]) for one in versions] == [(3, True), (2, False), (1, True)]
        await client.get("/api/v1/legal/terms/versions/4", 404)
        assert len((await boss.get(f"{LEGAL}?kind=terms")).json["items"]) == 3


async def test_a_ticket_is_asked_answered_and_closed(settings: Settings, tmp_path: Path) -> None:
    """BX13: tickets of one's own, answered by staff, who are told by the list of events and tell by inbox and mail."""
    times = Times(NOW)
    async with postbox(tmp_path) as box, running(cheap(box.settings(settings)), clock=times) as client:
        mail = post(client, box)
        boss, eve = await person(client, "boss", Role.ADMIN), await person(client, "eve")
        ada = await person(client, "ada", email="ada@home.example", email_verified=True)
        asked = {"subject": "No sound\r\nBcc: x@y.example", "text": "On my TV.", "category": "playback"}
        ticket = (await ada.post(OWN, asked)).json
        path, staff = f"{OWN}/{ticket['id']}", f"{STAFF}/{ticket['id']}"
        await eve.get(path, 404)
        await eve.post(f"{path}/replies", {"text": "mine"}, 404)
        await ada.get(STAFF, 403)
        waiting = (await boss.get(f"{STAFF}?state=open")).json["items"]
        assert [one["id"] for one in waiting] == [ticket["id"]]

        await boss.post(f"{staff}/replies", {"text": "she is right", "is_note": True})
        await boss.post(f"{staff}/replies", {"text": "Turn it up."})
        read = (await ada.get(path)).json
        assert (read["state"], [entry["text"] for entry in read["entries"]]) == (
            "answered",
            ["On my TV.", "Turn it up."],
        )
        assert len((await boss.get(staff)).json["entries"]) == 3
        [letter] = await mail.sent()
        assert letter.to == "ada@home.example"
        assert "Bcc" not in letter.message
        assert letter.message["Subject"] == "We have answered you: No sound Bcc: x@y.example"
        assert (await ada.get("/api/v1/notifications")).json["items"][0]["link"] == f"/support/{ticket['id']}"

        times.now += timedelta(minutes=1)
        assert (await ada.post(f"{path}/replies", {"text": "It is loud now."})).json["state"] == "open"
        whole = await boss.get(staff)
        hers = (await ada.get("/api/v1/account")).json["id"]
        await patch(boss, staff, whole.etag, 422, assignee_id=hers)
        his = (await boss.get("/api/v1/account")).json["id"]
        assigned = await patch(boss, staff, whole.etag, assignee_id=his)
        assert [one["id"] for one in (await boss.get(f"{STAFF}?assignee={his}&account={hers}")).json["items"]] == [
            ticket["id"]
        ]
        await patch(boss, staff, whole.etag, 412, state="closed")
        await patch(boss, staff, assigned.etag, state="answered", assignee_id=None)
        for _ in range(2):
            assert (await ada.ask("POST", f"{path}/close")).json["state"] == "closed"
        told = [
            event["type"]
            for event in (await boss.get("/api/v1/events")).json["items"]
            if event["subject"] == ticket["id"]
        ]
        assert told == [
            "ticket.created", "ticket.updated", "ticket.answered", "ticket.replied", "ticket.updated",
            "ticket.updated", "ticket.updated",
        ]  # fmt: skip
        async with client.app[SITE].database.reading() as session:
            entries = (await session.exec(select(AuditEntry).where(col(AuditEntry.kind) == "ticket"))).all()
        assert "TV" not in str([entry.model_dump() for entry in entries])  # nothing of what anybody has said


async def test_who_has_no_account_asks_by_a_form_and_is_answered_by_mail(settings: Settings, tmp_path: Path) -> None:
    times = Times(NOW)
    async with postbox(tmp_path) as box, running(cheap(box.settings(settings)), clock=times) as client:
        mail, boss = post(client, box), await person(client, "boss", Role.EDITOR)
        form = {"name": "Sam", "email": "sam@home.example", "subject": "Hola", "text": "¿?", "language": "es-ES"}
        await client.post("/api/v1/contact", {**form, "email": "sam"}, 422)
        asked = (await client.post("/api/v1/contact", form, 202)).json
        assert await mail.sent() == []  # the address may be anybody's
        noted = (await boss.post(f"{STAFF}/{asked['id']}/replies", {"text": "?", "is_note": True})).json
        answered = (await boss.post(f"{STAFF}/{asked['id']}/replies", {"text": "Sí."})).json
        assert (noted["is_mailed"], answered["is_mailed"]) == (None, True)
        [letter] = await mail.sent()
        assert (letter.to, letter.message["Subject"]) == ("sam@home.example", "Re: Hola")
        assert "Sí." in letter.text
        ada = await person(client, "ada")
        last = (await ada.post(OWN, {"subject": "s", "text": "t"})).json["id"]
        for _ in range(tickets.MOST_OPEN - 1):
            await ada.post(OWN, {"subject": "s", "text": "t"})
        await ada.post(OWN, {"subject": "s", "text": "t"}, 409)
        pages = (await ada.get(f"{OWN}?limit=15")).json
        assert (len(pages["items"]), len((await ada.get(pages["next"])).json["items"])) == (15, 5)
        await ada.ask("POST", f"{OWN}/{last}/close")
        await ada.post(OWN, {"subject": "s", "text": "t"})

        # what was closed long ago goes, and what was not stays
        site = client.app[SITE]
        done = await rows(site.database, site.settings, NOW + timedelta(days=1096))
        assert done["questions"] == 1
        async with site.database.reading() as session:
            assert (await session.exec(select(func.count()).select_from(Ticket))).one() == tickets.MOST_OPEN + 1


async def test_staff_learns_that_an_answer_reaches_nobody_where_no_mail_is_sent(client: Client) -> None:
    form = {"name": "Sam", "email": "sam@home.example", "subject": "s", "text": "t"}
    asked = (await client.post("/api/v1/contact", form, 202)).json["id"]
    told = (await client.post(f"{STAFF}/{asked}/replies", {"text": "Yes."})).json
    assert (told["is_mailed"], told["state"]) == (False, "answered")


@given(st.lists(st.sampled_from([state.value for state in TicketState]), max_size=8))
def test_a_ticket_is_closed_since_it_was_and_no_longer(states: list[str]) -> None:
    row = Ticket(id="tk_1", subject="s", state="open", created_at=NOW, touched_at=NOW)
    since: datetime | None = None
    for number, state in enumerate(states, 1):
        at = NOW + timedelta(minutes=number)
        tickets.move(row, state, at)
        since = (since or at) if state == "closed" else None
        assert (row.state, row.closed_at, row.touched_at, row.version) == (state, since, at, number + 1)
