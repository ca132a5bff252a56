"""The server that mail is sent by: one connection for some mails, in a thread, and never for longer than is said.

Law: nothing is said to a server that was to be spoken to in secret before it has proven who it is.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from control_api.settings import Settings

AT_ONCE: Final = 20
"""Mails of one connection."""
_WORKING: Final = 60.0  # seconds, after which no further mail is begun
_REFUSED: Final = 500  # RFC 5321, section 4.2.1: from here on it is for good
_SHOWN: Final = 280


class Verdict(Enum):
    """What became of a mail."""

    SENT = "sent"
    AGAIN = "again"
    NEVER = "never"
    """The server will never take it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    verdict: Verdict
    words: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail, ready to be sent."""

    id: str
    sender: str
    address: str
    message: EmailMessage
    digest: str = ""
    """Of the code that is in it; empty where there is none."""


class Unreachable(Exception):
    """The server cannot be spoken to as it must be; the words say why, and hold no password."""


def hard_limit(settings: Settings) -> float:
    """After how many seconds a connection is cut, whatever the server does."""
    return _WORKING + 4 * settings.smtp_seconds


class _Heard(smtplib.SMTP):
    """Speaks with a server over a socket that is known from the moment at which it is connected.

    The library hears the first words of a server before it says that there is a socket, and waits for each byte of
    them as if it were the first.
    """

    def __init__(self, counter: Counter, settings: Settings, context: ssl.SSLContext) -> None:
        self._counter = counter
        self._context = context if settings.smtp_tls == "implicit" else None
        super().__init__(settings.smtp_host, settings.smtp_port, timeout=settings.smtp_seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # as the library's own kinds do
        plain = socket.create_connection((host, port), timeout)
        found = plain if self._context is None else self._context.wrap_socket(plain, server_hostname=host)
        self._counter.hear(found)
        return found


class Counter:
    """Where mail is handed in: speaks with the server, in whatever thread it is called."""

    def __init__(self, settings: Settings, limit: float | None = None) -> None:
        """`limit` is after how many seconds it is over whatever the server does, without one as `hard_limit` says."""
        self._settings = settings
        self._limit = hard_limit(settings) if limit is None else limit
        self._socket: socket.socket | None = None

    def hear(self, found: socket.socket) -> None:
        """Know the socket, to be able to cut it."""
        self._socket = found

    def look(self) -> str:
        """What the server calls itself, after signing in. Raises `Unreachable`."""
        with self._watched():
            server = self._open()
            try:
                return (server.ehlo_resp or b"").decode("utf-8", "replace").partition("\n")[0]
            finally:
                _close(server)

    def send(self, parcels: Sequence[Parcel]) -> dict[str, Outcome]:
        """Send what can be sent; what was not begun has no outcome. Raises `Unreachable`."""
        with self._watched():
            return self._sent(parcels)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        watch = threading.Timer(self._limit, self.cut)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()
            self._socket = None

    def cut(self) -> None:
        """Have whoever speaks to the server hear nothing more."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _sent(self, parcels: Sequence[Parcel]) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        server, until = self._open(), time.monotonic() + _WORKING
        try:
            for parcel in parcels:
                if time.monotonic() > until:
                    break
                try:
                    server.send_message(parcel.message, parcel.sender, [parcel.address])
                except smtplib.SMTPServerDisconnected as error:
                    outcomes[parcel.id] = Outcome(Verdict.AGAIN, _words(error))
                    break
                except smtplib.SMTPException as error:
                    outcomes[parcel.id] = refused(error)
                except OSError as error:
                    outcomes[parcel.id] = Outcome(Verdict.AGAIN, _words(error))
                    break
                except Exception as error:  # noqa: BLE001 — what the library trips over must not hold up the others
                    outcomes[parcel.id] = Outcome(Verdict.NEVER, _words(error))
                else:
                    outcomes[parcel.id] = Outcome(Verdict.SENT)
        finally:
            _close(server)
        return outcomes

    def _open(self) -> smtplib.SMTP:
        """A server that has proven who it is, and knows who we are."""
        said = self._settings
        try:
            context = ssl.create_default_context(cafile=said.smtp_ca or None)
            server = _Heard(self, said, context)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_words(error)) from error
        try:
            server.ehlo_or_helo_if_needed()
            if said.smtp_tls == "starttls":
                server.starttls(context=context)
                if server.sock is not None:
                    self.hear(server.sock)
                server.ehlo()
            if said.smtp_user:
                server.login(said.smtp_user, said.smtp_password.get_secret_value())
        except (OSError, smtplib.SMTPException) as error:
            _close(server)
            raise Unreachable(_words(error)) from error
        return server


def refused(error: smtplib.SMTPException) -> Outcome:
    """What it means that the server has not taken one mail."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()), (0, b""))
        return _by_code(code, words)
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, error.smtp_error)
    # no such address can be written to by this server: one beyond ASCII where it knows no SMTPUTF8
    never = isinstance(error, smtplib.SMTPNotSupportedError)
    return Outcome(Verdict.NEVER if never else Verdict.AGAIN, _words(error))


def _by_code(code: int, words: bytes | str) -> Outcome:
    told = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    verdict = Verdict.NEVER if code >= _REFUSED else Verdict.AGAIN
    return Outcome(verdict, _short(f"{code} {told}"))


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):  # a server may repeat there what it was sent
        return f"{error.smtp_code} it does not let smtp_user in with that password"
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, error.smtp_error).words
    return _short(f"{type(error).__name__}: {error}")


def _short(text: str) -> str:
    """One line that a row and a journal can hold."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_SHOWN]


def _close(server: smtplib.SMTP) -> None:
    with contextlib.suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()
