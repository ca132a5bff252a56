"""The journal: what a running process tells people, in words or as one JSON object a line."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

REQUEST: Final[ContextVar[str]] = ContextVar("request")
"""The id of the request that is being answered: every line that is written meanwhile has it, whoever writes it."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_UNSEEN: Final = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""What JSON does not escape, and yet ends lines, turns them round, or is no character."""


class Form(StrEnum):
    """How the journal is written."""

    HUMAN = "human"
    JSON = "json"


class _Json(logging.Formatter):
    """One object a line; what a call gave as `extra` stands beside the text."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
            "text": record.getMessage(),
        }
        if asked := REQUEST.get(""):
            entry["request_id"] = asked
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return _UNSEEN.sub(lambda one: f"\\u{ord(one[0]):04x}", json.dumps(entry, ensure_ascii=False, default=str))


class _Words(logging.Formatter):
    """One line for people. What strangers say stands in it: it neither begins a line nor moves a cursor."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — a method of logging's
        return seen(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802 — the same
        return "\n".join(map(seen, super().formatException(ei).split("\n")))


def seen(text: str) -> str:
    """`text`, in which what has no shape of its own is written as in Python: new lines, ESC, turns of direction."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class _Hand(logging.Handler):
    """Writes to whatever standard error is at the time: bars on a terminal stand aside for a line."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except OSError:
            self.handleError(record)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line is worth people's time: how a stranger's malformed request failed to be parsed is not."""
    return not (record.exc_info and record.exc_info[0] and record.exc_info[0].__module__ == "aiohttp.http_exceptions")


def start(form: Form, level: int = logging.INFO) -> None:
    """Write the journal to standard error in `form`, from now on."""
    hand = _Hand()
    hand.setFormatter(_Json() if form is Form.JSON else _Words("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[hand], force=True)
    logging.getLogger("fastline").setLevel(level)
    logging.getLogger("aiohttp.server").addFilter(_is_news)
