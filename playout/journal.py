"""The journal: what a running process tells people, in words or as one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

REQUEST: Final[ContextVar[str]] = ContextVar("request")
"""The id of the request that is being answered: every line that is written meanwhile has it, whoever writes it."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


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
        return json.dumps(entry, ensure_ascii=False, default=str)


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
    hand.setFormatter(_Json() if form is Form.JSON else logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[hand], force=True)
    logging.getLogger("fastline").setLevel(level)
    logging.getLogger("aiohttp.server").addFilter(_is_news)
