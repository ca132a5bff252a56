from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from aiohttp.http_exceptions import BadHttpMessage

from playout import journal

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    hands, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = hands, level
    logging.getLogger("fastline").setLevel(logging.NOTSET)


def test_json_is_one_object_a_line_with_all_that_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    journal.start(journal.Form.JSON)
    logging.getLogger("fastline.x").warning("häuser: %d\nof them", 3, extra={"action": "alarm", "where": "store"})
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert entry.pop("at").endswith("+00:00")
    assert entry == {
        "level": "warning", "logger": "fastline.x", "action": "alarm", "where": "store", "text": "häuser: 3\nof them",
    }  # fmt: skip


def test_json_keeps_the_trace_of_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    journal.start(journal.Form.JSON)
    try:
        int("broken")
    except ValueError:
        logging.getLogger("fastline").exception("it ended")
    assert "ValueError: invalid literal" in json.loads(capsys.readouterr().err)["trace"]


def test_words_are_for_people_and_others_are_heard_only_when_they_warn(capsys: pytest.CaptureFixture[str]) -> None:
    journal.start(journal.Form.HUMAN)
    logging.getLogger("aiohttp.access").info("GET /")
    logging.getLogger("fastline").info("on air")
    assert capsys.readouterr().err.splitlines()[0].endswith(" on air")


def test_a_strangers_malformed_request_is_no_news_and_a_failure_of_ours_is(capsys: pytest.CaptureFixture[str]) -> None:
    journal.start(journal.Form.HUMAN)
    for failure in (BadHttpMessage("Missing 'Host' header"), ValueError("ours")):
        logging.getLogger("aiohttp.server").error("Error handling request", exc_info=failure)
    said = capsys.readouterr().err
    assert "ValueError: ours" in said
    assert "Missing" not in said


FORGED = "GET /x\n23:59:59 login of admin\r\x1b[2J\x9b1m\u2028\u202egpj.exe \ud800"


def test_what_strangers_say_makes_no_line_of_its_own_and_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    journal.start(journal.Form.HUMAN)
    logging.getLogger("fastline").info("%s 404", FORGED)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r" GET /x\n23:59:59 login of admin\r\x1b[2J\x9b1m\u2028\u202egpj.exe \ud800 404")
    logging.getLogger("fastline").error("it ended, ähem", exc_info=ValueError(FORGED))
    said = capsys.readouterr().err
    assert " it ended, ähem\n" in said
    assert "ValueError: GET /x\n" in said
    assert all(line.isprintable() for line in said.splitlines())


def test_json_stays_on_its_line_whatever_strangers_say(capsys: pytest.CaptureFixture[str]) -> None:
    journal.start(journal.Form.JSON)
    logging.getLogger("fastline").info("%s", FORGED)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert json.loads(line)["text"] == FORGED
