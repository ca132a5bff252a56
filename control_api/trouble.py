"""Trouble that lasts: said once in the journal, and again only when it has ended or has become another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger


class Trouble:
    """Why something is not done now."""

    def __init__(self, log: Logger, what: str, action: str) -> None:
        """`what` says what is not done, e.g. "webhooks are not sent now"; `action` is what the journal files it by."""
        self._log = log
        self._what = what
        self._action = action
        self._said = ""

    @property
    def lasts(self) -> bool:
        """Whether something was said, and has not ended."""
        return bool(self._said)

    def say(self, why: str) -> None:
        """Tell the journal, unless that was said last."""
        if why != self._said:
            self._log.warning("%s: %s", self._what, why, extra={"action": self._action})
        self._said = why

    def end(self) -> bool:
        """It is done again; whether it was not before."""
        lasted, self._said = self.lasts, ""
        return lasted
