"""A server for mail in tests: it speaks SMTP with TLS and a password, takes mail, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import base64
import email.policy
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.settings import Settings

USER, WORD = "station", "mail-pass-1"
FROM = "Channel One <no-reply@tv.example>"


@dataclass
class Taken:
    """A mail that was taken."""

    sender: str
    to: str
    message: EmailMessage
    is_secret: bool

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())

    @property
    def code(self) -> str:
        """What stands behind the sign in the link."""
        return self.text.partition("#")[2].split()[0]


@dataclass
class Postbox:
    """The server, and what came."""

    tls: ssl.SSLContext
    certificate: Path
    implicit: bool = False
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    """By address: with which code it is refused."""
    hangs_up: int = 0
    """How many connections are to be cut off at DATA."""
    talks: set[asyncio.Task[Any] | None] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, mail: Taken) -> None:
        self.taken.append(mail)
        self._news.set()

    async def came(self, count: int) -> None:
        """Wait for so many."""
        while len(self.taken) < count:
            self._news.clear()
            await self._news.wait()

    def settings(self, settings: Settings, **more: Any) -> Settings:
        """The same settings, with mail by this server."""
        said = {
            "smtp_host": "127.0.0.1", "smtp_port": self.port, "smtp_ca": str(self.certificate), "smtp_user": USER,
            "smtp_tls": "implicit" if self.implicit else "starttls", "smtp_password": WORD, "smtp_seconds": 5,
            "mail_from": FROM, "app_url": "https://tv.example", "mail_poll_ms": 20, "mail_per_minute": 60_000,
            "rate_letters": "1000/minute",
        }  # fmt: skip
        whole = settings.model_dump() | said | more
        return type(settings).model_validate({name: _plain(value) for name, value in whole.items()})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talks.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError):
            await _Talk(self, reader, writer).run()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _plain(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


class _Talk:
    """One connection (RFC 5321)."""

    def __init__(self, box: Postbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.box, self.reader, self.writer = box, reader, writer
        self.is_secret, self.is_known = box.implicit, False
        self.sender = self.to = ""

    async def say(self, *lines: str) -> None:
        for line in lines:
            self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def run(self) -> None:
        await self.say("220 box ESMTP")
        while line := (await self.reader.readuntil(b"\r\n")).decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                await self.say("221 bye")
                return
            if not await getattr(self, f"on_{verb.lower()}")(rest):
                return

    async def on_ehlo(self, _rest: str) -> bool:
        more = ["250-AUTH PLAIN"] if self.is_secret else ["250-STARTTLS"]
        await self.say("250-box", *more, "250-SMTPUTF8", "250 8BITMIME")
        return True

    async def on_starttls(self, _rest: str) -> bool:
        await self.say("220 go on")
        await self.writer.start_tls(self.box.tls)
        self.is_secret = True
        return True

    async def on_auth(self, rest: str) -> bool:
        assert self.is_secret, "the password came in the clear"
        said = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        self.is_known = said[1:] == [USER, WORD]
        await self.say("235 in" if self.is_known else f"535 not {said[-1]}")
        return True

    async def on_mail(self, rest: str) -> bool:
        assert self.is_known
        self.sender = rest[rest.index("<") + 1 : rest.index(">")]
        await self.say("250 ok")
        return True

    async def on_rcpt(self, rest: str) -> bool:
        self.to = rest[rest.index("<") + 1 : rest.index(">")]
        code = self.box.refuses.get(self.to)
        await self.say("250 ok" if code is None else f"{code} nobody of that name")
        return True

    async def on_rset(self, _rest: str) -> bool:
        await self.say("250 ok")
        return True

    async def on_data(self, _rest: str) -> bool:
        if self.box.hangs_up:
            self.box.hangs_up -= 1
            return False
        await self.say("354 go on")
        whole = await self.reader.readuntil(b"\r\n.\r\n")
        body = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in whole[:-5].split(b"\r\n"))
        message: Any = BytesParser(policy=email.policy.default).parsebytes(body)
        self.box.take(Taken(self.sender, self.to, message, self.is_secret))
        await self.say("250 taken")
        return True


@asynccontextmanager
async def postbox(folder: Path, *, implicit: bool = False) -> AsyncIterator[Postbox]:
    """A server on a free port of this machine, with a certificate of its own."""
    both = certificate(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(both)
    box = Postbox(tls, both, implicit)
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0, ssl=tls if implicit else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*(talk for talk in box.talks if talk is not None))


def certificate(folder: Path) -> Path:
    """A key and its certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "box")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = system_clock()
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "box.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + built.public_bytes(Encoding.PEM))
    return path
