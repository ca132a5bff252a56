"""The pure parts of webhooks, and duties: signatures by the standard's own library, waits, and who does what."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from clusters import migrated
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select
from standardwebhooks import Webhook as Oracle
from standardwebhooks.webhooks import WebhookVerificationError

from control_api import duties
from control_api.database import Database
from control_api.duties import Duty
from control_api.signing import Signer
from control_api.tables import Duty as Held
from control_api.trouble import Trouble
from control_api.webhooks import secrets
from control_api.webhooks.retries import WAITS, Outcome, Verdict, next_at, wait
from playout.clock import system_clock

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIGNER = Signer(b"s" * 32)
SPAN = timedelta(seconds=30)
ATTEMPTS = len(WAITS) + 1


@given(st.text(max_size=200), st.integers(1, 1000))
def test_signatures_are_those_of_the_standard(text: str, generation: int) -> None:
    key, former = (secrets.secret(SIGNER, "wh_1", number) for number in (generation, generation - 1))
    body = text.encode("utf-8", "replace")
    headers = secrets.headers([key, former], "ev_1", system_clock(), b'{"t":"' + body.hex().encode() + b'"}')
    for each in (key, former):
        Oracle(secrets.shown(each)).verify(b'{"t":"' + body.hex().encode() + b'"}', headers)
    with pytest.raises(WebhookVerificationError):
        Oracle(secrets.shown(secrets.secret(SIGNER, "wh_1", generation + 1))).verify(b"{}", headers)


def test_no_two_webhooks_generations_or_installations_have_the_same_secret() -> None:
    found = {
        secrets.secret(signer, webhook, generation)
        for signer in (SIGNER, Signer(b"t" * 32))
        for webhook in ("wh_1", "wh_2", "wh_11")
        for generation in (1, 2, 12)
    }
    assert len(found) == 18
    assert all(len(secret) == 32 for secret in found)


@given(st.text(max_size=40), st.integers(1, ATTEMPTS + 3))
def test_waits_follow_from_the_delivery_and_the_attempt_alone(delivery: str, attempt: int) -> None:
    found = wait(delivery, attempt)
    assert found == wait(delivery, attempt)
    if attempt >= ATTEMPTS:
        assert found is None
    else:
        assert found is not None
        assert WAITS[attempt - 1] <= found <= WAITS[attempt - 1] * 1.2


def test_waits_grow_and_are_spread() -> None:
    assert sorted(WAITS) == list(WAITS)
    assert timedelta(days=2) < sum(WAITS, timedelta()) < timedelta(days=4)
    assert len({wait(f"dl_{number}", 3) for number in range(100)}) == 100


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("", 5, 6),
        ("3", 5, 6),
        ("120", 120, 120),
        ("99999999999999999999", 86_400, 86_400),
        ("soon", 5, 6),
        ("-5", 5, 6),
        ("٣", 5, 6),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), 7200, 7200),
        (format_datetime(NOW - timedelta(hours=2), usegmt=True), 5, 6),
        ("Sat, 21 Nov 2026 14:00:00", 5, 6),
        (format_datetime(NOW + timedelta(days=20), usegmt=True), 86_400, 86_400),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 5, 6),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 86_400, 86_400),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 5, 6),
        ("Mon, 01 Jan 2027 00:00:00 +99999999999999999999", 5, 6),
    ],
)
def test_a_receiver_may_ask_for_more_time_up_to_a_day(header: str, least: int, most: int) -> None:
    found = next_at("dl_1", 1, Outcome(503, "", again_after=header), NOW)
    assert found is not None
    assert timedelta(seconds=least) <= found - NOW <= timedelta(seconds=most)


DATES = st.from_regex(
    r"(Mon, )?-?\d{1,25} (Jan|Dez|Dec) -?\d{1,25} \d{1,25}:\d{1,3}(:\d{1,25})? [+-]\d{1,25}", fullmatch=True
)


@given(st.text(max_size=60) | DATES)
def test_whatever_stands_in_retry_after_there_is_a_next_time(header: str) -> None:
    found = next_at("dl_1", 1, Outcome(503, "", again_after=header), NOW)
    assert found is not None
    assert NOW < found <= NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, Verdict.TAKEN) for status in (200, 201, 202, 204, 299)),
        *((status, Verdict.AGAIN) for status in (None, 100, 301, 302, 400, 401, 404, 429, 500, 503)),
        (410, Verdict.GONE),
    ],
)
def test_what_an_answer_means(status: int | None, verdict: Verdict) -> None:
    assert Outcome(status, "").verdict is verdict


async def test_one_has_a_duty_until_it_is_silent_or_lays_it_down(database: Database) -> None:
    async def takes(who: str, seconds: float) -> bool:
        return await duties.take(database, "air", who, NOW + timedelta(seconds=seconds), SPAN)

    assert await takes("a", 0)
    assert not await takes("b", 1)
    assert await takes("a", 20)
    assert not await takes("b", 40), "it was held on until 50"
    assert await takes("b", 50)
    assert not await takes("a", 51)
    await duties.lay_down(database, "air", "a")
    assert not await takes("a", 52), "only who has it lays it down"
    await duties.lay_down(database, "air", "b")
    assert await takes("a", 53)


async def test_a_clock_that_was_wrong_blocks_no_duty(database: Database) -> None:
    assert await duties.take(database, "air", "a", NOW + timedelta(days=365), SPAN)
    assert await duties.take(database, "air", "b", NOW, SPAN)


async def test_of_many_that_try_at_once_one_has_the_duty(database_url: str) -> None:
    many = [Database(database_url, connections=1) for _ in range(6)]
    found = await asyncio.gather(*(duties.take(one, "air", f"p{number}", NOW, SPAN) for number, one in enumerate(many)))
    assert found.count(True) == 1
    for one in many:
        await one.close()


async def test_a_duty_is_held_for_half_of_its_span_without_asking_and_laid_down_once(database: Database) -> None:
    one, other = (Duty(database, "air", who, SPAN) for who in ("a", "b"))

    async def until() -> datetime:
        async with database.reading() as session:
            return (await session.exec(select(Held.until))).one()

    assert await one.holds(NOW)
    assert not await other.holds(NOW)
    assert await one.holds(NOW + SPAN / 3)
    assert await until() == NOW + SPAN
    assert await one.holds(NOW + SPAN / 2)
    assert await until() == NOW + SPAN / 2 + SPAN
    assert await one.take(NOW + SPAN / 2 + SPAN / 3)
    assert await until() == NOW + SPAN / 2 + SPAN / 3 + SPAN
    await other.lay_down()
    assert not await other.holds(NOW + SPAN)
    await one.lay_down()
    assert await other.holds(NOW + SPAN)
    await one.lay_down()
    assert not await one.holds(NOW + SPAN)


async def test_a_duty_is_laid_down_quietly_where_the_database_does_not_answer(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    migrated(f"sqlite+aiosqlite:///{path}")
    database = Database(f"sqlite+aiosqlite:///{path}", patience_ms=100)
    duty = Duty(database, "air", "a", SPAN)
    assert await duty.take(NOW)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        await duty.lay_down()
        other.execute("ROLLBACK")
    other.close()
    await database.close()


def test_trouble_is_said_once_until_it_ends_or_is_another(caplog: pytest.LogCaptureFixture) -> None:
    trouble = Trouble(logging.getLogger("fastline.tests"), "nothing is done", "undone")
    with caplog.at_level(logging.INFO, "fastline.tests"):
        for why in ("down", "down", "full", "full", "down"):
            trouble.say(why)
        assert (trouble.lasts, trouble.end(), trouble.end(), trouble.lasts) == (True, True, False, False)
        trouble.say("down")
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == ["down", "full", "down", "down"]
    assert {(record.levelname, record.action) for record in caplog.records} == {("WARNING", "undone")}  # type: ignore[attr-defined]
