"""Sending mail: laws of what is written, and a server that takes, refuses, hangs up and is not who it should be."""

from __future__ import annotations

import asyncio
import string
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from clients import running
from hypothesis import given
from hypothesis import strategies as st
from persons import Times, account, cheap
from postbox import FROM, postbox
from pydantic import ValidationError
from sqlmodel import col, select, update
from test_verifying import NOW, post

from control_api import doctor
from control_api.doctor import State
from control_api.notices import outbox
from control_api.notices.hosts import plain
from control_api.notices.kinds import ALWAYS, Kind, is_mailed
from control_api.notices.languages import Language, best
from control_api.notices.mailer import Mailer
from control_api.notices.outbox import Letter
from control_api.notices.smtp import Counter, Parcel, Unreachable, Verdict
from control_api.notices.writing import FORMS, Envelope, whole, written
from control_api.resources.notifications import plans_of
from control_api.settings import Settings
from control_api.site import SITE
from control_api.tables import Mail
from control_api.webhooks.retries import WAITS

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from clients import Client

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
SAID = {
    "title": "T", "text": "X", "name": "ada", "hours": "48", "minutes": "60", "code": "C", "subject": "S",
}  # fmt: skip
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def envelope(link: str = "", **more: Any) -> Envelope:
    return Envelope("ml_1", FROM, "ada@home.example", AT, link, **more)


@hypothesis.settings(max_examples=30)
@given(title=ANY, text=ANY, form=st.sampled_from(sorted(FORMS[Language.EN])), language=st.sampled_from(Language))
def test_what_somebody_types_stands_in_a_mail_as_text(title: str, text: str, form: str, language: Language) -> None:
    """It makes no header, no markup and no link of its own."""
    said = {**SAID, "title": title, "text": text, "subject": title, "name": text}
    made = written(envelope("https://tv.example/x", unsubscribe="https://a.example/u"), form, language, said)
    read: EmailMessage = message_from_bytes(made.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert sorted(name.lower() for name in read) == sorted(
        (
            "from", "to", "subject", "date", "message-id", "auto-submitted", "content-language", "content-type",
            "list-unsubscribe", "list-unsubscribe-post", "mime-version",
        )
    )  # fmt: skip
    assert [str(address) for address in read["To"].addresses] == ["ada@home.example"]
    html = read.get_body(("html",))
    assert html is not None
    page = str(html.get_content())
    assert page.count("<a ") == (1 if FORMS[language][form].action else 0)
    assert page.count("<p") == len(FORMS[language][form].lines) + 1 + page.count("<a ")
    assert "<script" not in page


@pytest.mark.parametrize(
    ("address", "written_as"),
    [
        ("ada@home.example", "ada@home.example"),
        ("ada@m\u00fcnchen.example", "ada@xn--mnchen-3ya.example"),
        ("ada@fa\u00df.de", "ada@xn--fa-hia.de"),  # another one than fass.de, which anybody may own
        ("ada@\u03c2.example", "ada@xn--3xa.example"),
        ("ada@\u2603-.example", "ada@\u2603-.example"),
    ],
)
def test_a_host_is_written_as_itself_and_as_no_other(address: str, written_as: str) -> None:
    assert plain(address) == written_as


def test_every_form_is_there_in_every_language_with_the_same_parts() -> None:
    def parts(words: Any) -> set[str]:
        said = (words.subject, *words.lines)
        return {name for text in said for _, name, _, _ in string.Formatter().parse(text) if name}

    for form, words in FORMS[Language.EN].items():
        for other in FORMS.values():
            assert parts(other[form]) == parts(words)
            assert (len(other[form].lines), bool(other[form].action)) == (len(words.lines), bool(words.action))


def test_a_link_leads_to_the_pages_or_whole_or_nowhere() -> None:
    assert whole("/a", "https://tv.example") == "https://tv.example/a"
    assert whole("https://b.example/c", "") == "https://b.example/c"
    assert (whole("/a", ""), whole("", "https://tv.example"), whole("javascript:x", "https://tv.example")) == ("",) * 3


def test_who_gets_what_by_mail_and_in_which_language() -> None:
    assert [kind for kind in Kind if not is_mailed(kind, {})] == [Kind.NEWS]
    assert {kind for kind in Kind if is_mailed(kind, dict.fromkeys(Kind, False))} == ALWAYS
    assert best(["en", "es", "pt-BR"], "es-MX") == "es"
    assert best(["en", "es", "pt-BR"], "pt-PT") == "pt-BR"
    assert best(["de", "es"], "fr", "es") == "es"
    assert best(["de", "es"], "fr", "en") == "de"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"smtp_host": "mail.example"}, "say from whom"),
        ({"smtp_host": "mail.example", "mail_from": FROM, "smtp_tls": "none", "smtp_user": "x"}, "read the password"),
        ({"mail_from": "nobody"}, "nobody whom mail can be from"),
        ({"mail_from": "a@b.example\r\nBcc: x@y.example"}, "nobody whom mail can be from"),
        ({"verify_email": "required"}, "set smtp_host"),
    ],
)
def test_settings_of_mail_that_cannot_be_meant_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings.model_validate(wrong)


def parcel(name: str, address: str) -> Parcel:
    message = written(Envelope(name, FROM, address, AT), "trial", Language.EN, SAID)
    return Parcel(name, "no-reply@tv.example", address, message)


async def test_a_server_proves_who_it_is_before_anything_is_said_to_it(tmp_path: Path) -> None:
    plain = last = Settings(media=tmp_path)
    for implicit in (False, True):
        async with postbox(tmp_path, implicit=implicit) as box:
            good = box.settings(plain)
            some = [parcel("a", "ada@home.example"), parcel("b", "gone@home.example"), parcel("c", "sam@home.example")]
            some.append(parcel("d", "\u00e9ve@home.example"))
            box.refuses = {"gone@home.example": 550, "sam@home.example": 451}
            outcomes = await asyncio.to_thread(Counter(good).send, some)
            verdicts = [outcomes[one.id].verdict for one in some]
            assert verdicts == [Verdict.SENT, Verdict.NEVER, Verdict.AGAIN, Verdict.SENT]
            assert outcomes["b"].words == "550 nobody of that name"
            assert [one.to for one in box.taken] == ["ada@home.example", "\u00e9ve@home.example"]
            assert all(one.is_secret for one in box.taken)
            assert (await asyncio.to_thread(doctor.mail, good)).state == doctor.State.OK

            box.hangs_up = 1
            outcomes = await asyncio.to_thread(Counter(good).send, some[:2])
            assert {name: one.verdict for name, one in outcomes.items()} == {"a": Verdict.AGAIN}

            came = len(box.taken)
            strange = box.settings(plain, smtp_ca="")
            with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
                await asyncio.to_thread(Counter(strange).send, some)
            wrong = box.settings(plain, smtp_password="of-nobody")  # noqa: S106
            with pytest.raises(Unreachable, match="does not let smtp_user in") as refused:
                await asyncio.to_thread(Counter(wrong).send, some)
            assert "of-nobody" not in str(refused.value)
            found = await asyncio.to_thread(doctor.mail, wrong)
            assert (found.state, "of-nobody" in found.text) == (State.FAULT, False)
            assert len(box.taken) == came
            last = good
    assert doctor.mail(plain).state is State.OK
    assert doctor.mail(last).state is State.FAULT  # it is gone by now


async def test_a_server_that_lets_its_words_drip_is_cut_off(tmp_path: Path) -> None:
    """Each byte comes in time, and the line never ends."""
    done = asyncio.Event()

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        done.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = Settings(media=tmp_path, smtp_host="127.0.0.1", smtp_port=port, mail_from=FROM, smtp_seconds=0.5)
    with pytest.raises(Unreachable):
        await asyncio.to_thread(Counter(settings, limit=0.3).send, [parcel("a", "ada@home.example")])
    await done.wait()
    server.close()
    await server.wait_closed()


async def rows(client: Client) -> list[Mail]:
    async with client.app[SITE].database.reading() as session:
        return list((await session.exec(select(Mail).order_by(col(Mail.id)))).all())


async def put(client: Client, *addresses: str) -> None:
    site = client.app[SITE]
    async with site.database.writing() as session:
        for address in addresses:
            letter = Letter("ticket", Kind.SUPPORT, {"subject": "S", "text": "T", "language": "es"}, address=address)
            outbox.put(session, letter, site.clock())


async def test_mail_that_is_not_taken_is_tried_again_and_given_up_after_days(
    settings: Settings, tmp_path: Path
) -> None:
    times = Times(NOW)
    async with postbox(tmp_path) as box, running(cheap(box.settings(settings)), clock=times) as client:
        mail = post(client, box)
        box.refuses = {"never@home.example": 550, "late@home.example": 451}
        await put(client, "never@home.example", "late@home.example", "now@home.example")
        assert [one.message["Subject"] for one in await mail.sent()] == ["Re: S"]
        never, late, now = await rows(client)
        assert [row.state for row in (never, late, now)] == ["failed", "open", "sent"]
        assert (never.error, never.said, never.address) == ("550 nobody of that name", {}, "")
        assert NOW + WAITS[0] <= late.due_at <= NOW + WAITS[0] * 1.2
        assert await mail.sent() == []
        async with client.app[SITE].database.writing() as session:  # but for the last two times
            await session.exec(update(Mail).where(col(Mail.state) == "open").values(attempts=len(WAITS) - 1))
        for _ in range(2):
            times.now += timedelta(days=1)
            assert await mail.sent() == []
        assert [(row.state, row.attempts) for row in await rows(client)][1] == ("failed", len(WAITS) + 1)

        # what no server and no library can make anything of holds up nobody
        odd = [
            'x"<>,;\\@home.example',
            "a@,.example",
            "(a@[b",
            "a..b@-.example",
            "=?utf-8?q?a?=@x.example",
            "a@\u00df\u200d",
        ]
        await put(client, *odd, "even@home.example")
        assert "even@home.example" in [one.to for one in await mail.sent()]
        assert "open" not in [row.state for row in await rows(client)]
        box.taken[1:] = []

        # one process at a time: another one does nothing, and takes over when it is time
        await put(client, "next@home.example")
        site = client.app[SITE]
        other = Mailer(site.settings, site.database, plans_of, times)
        assert await other.once() is False
        times.now += timedelta(hours=1)
        assert await other.once() is True
        assert await mail.sent() == []
        assert [one.to for one in box.taken] == ["now@home.example", "next@home.example"]


async def test_mail_waits_for_a_server_that_is_away_and_none_is_written_where_none_is_sent(
    settings: Settings, tmp_path: Path
) -> None:
    times = Times(NOW)
    async with postbox(tmp_path) as box:
        away = cheap(box.settings(settings))
    async with running(away, clock=times) as client:
        await put(client, "ada@home.example")
        mail = post(client, box)
        with pytest.raises(Unreachable):
            await mail.sent()
        [row] = await rows(client)
        assert (row.state, row.attempts, row.error != "") == ("open", 1, True)
    async with running(cheap(settings), clock=times) as client:
        await put(client, "bob@home.example")
        assert len(await rows(client)) == 1


async def test_so_much_is_sent_in_a_minute_and_no_more(settings: Settings, tmp_path: Path) -> None:
    async with postbox(tmp_path) as box, running(cheap(box.settings(settings, mail_per_minute=2))) as client:
        await put(client, *(f"a{number}@home.example" for number in range(5)))
        assert len(await post(client, box).sent()) == 2


async def test_mail_is_sent_by_the_process_that_tells(settings: Settings, tmp_path: Path) -> None:
    async with postbox(tmp_path) as box, running(cheap(box.settings(settings, tells=True))) as client:
        await account(client, "ada", email="ada@home.example", email_verified=True)
        await client.post("/api/v1/auth/forgot-password", {"email": "ada@home.example"}, 202)
        async with asyncio.timeout(20):
            await box.came(1)
        assert [one.to for one in box.taken] == ["ada@home.example"]
