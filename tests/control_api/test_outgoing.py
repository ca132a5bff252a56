"""Asking other servers: real ones on loopback, names that change their meaning, and limits that hold."""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from others import HERE, Other, other

from control_api.destinations import NotAllowed, Reach
from control_api.outgoing import LEAST_RATE, Limits, NoAnswer, Outgoing, TooLarge, lookup
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from control_api.outgoing import Resolve

QUICK = Limits(seconds=5, idle_seconds=5)


@asynccontextmanager
async def asking(reach: Reach | None = None, resolve: Resolve | None = None) -> AsyncIterator[Outgoing]:
    made = Outgoing(Reach(HERE) if reach is None else reach, resolve=resolve or lookup)
    try:
        yield made
    finally:
        await made.close()


def names(*answers: Sequence[str]) -> Resolve:
    """A resolver that answers these, one after the other, as who rebinds a name does."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0)

    return resolve


async def hello(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="hello", headers={"Set-Cookie": "a=b"})


async def test_an_answer_comes_whole_when_the_house_allows_its_own_network() -> None:
    async with other(hello) as there, asking() as outgoing:
        found = await outgoing.fetch("POST", there.url("/x?y=1"), headers={"A": "b"}, body=b"body")
        assert (found.status, found.body, found.url) == (200, b"hello", there.url("/x?y=1"))
        method, path, headers, body = there.asked[0]
        assert (method, path, headers["a"], body) == ("POST", "/x?y=1", "b", b"body")
        assert headers["user-agent"].startswith("Fastline/")
        await outgoing.fetch("GET", there.url())
        assert "cookie" not in there.asked[1][2]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "name.example"])
async def test_this_machine_is_not_asked_by_whatever_name(host: str) -> None:
    async with other(hello) as there, asking(Reach(), names(["127.0.0.1"])) as outgoing:
        with pytest.raises(NotAllowed, match="leads to an address that is not asked"):
            await outgoing.fetch("GET", there.url(host=host))
        assert there.asked == []


async def test_systems_that_read_odd_numbers_as_addresses_are_judged_by_what_they_answer() -> None:
    """Should the look of a host ever fool us, the resolver's answer is judged, and the socket after it."""
    async with asking(Reach()) as outgoing:
        with pytest.raises(NotAllowed):
            outgoing._socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
        with pytest.raises(NotAllowed):
            outgoing._socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::ffff:10.0.0.1", 80, 0, 0)))


async def test_a_name_is_looked_up_once_and_the_judged_address_is_the_one_that_is_asked() -> None:
    async with other(hello) as there:
        resolve = names(["127.0.0.1"], ["127.0.0.9"])
        reach = Reach((ip_network("127.0.0.1/32"),))
        async with asking(reach, resolve) as outgoing:
            await outgoing.fetch("GET", there.url(host="name.example"))
            assert there.asked[0][2]["host"] == f"name.example:{there.port}"
            with pytest.raises(NotAllowed):
                await outgoing.fetch("GET", there.url(host="name.example"))
            assert len(there.asked) == 1


async def test_a_name_that_leads_here_and_elsewhere_is_not_asked_at_all() -> None:
    reach = Reach((ip_network("127.0.0.1/32"),))
    async with other(hello) as there, asking(reach, names(["127.0.0.1", "10.0.0.1"])) as outgoing:
        with pytest.raises(NotAllowed):
            await outgoing.fetch("GET", there.url(host="name.example"))
        assert there.asked == []


async def test_redirects_are_followed_one_by_one_and_each_is_judged() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        where = {"/a": "/b", "/b": "http://10.0.0.1/", "/c": "http://0x7f.1/", "/d": "ftp://a.example/", "/e": "/f"}
        if request.path in where:
            return web.Response(status=302, headers={"Location": where[request.path]})
        return web.Response(text=request.path)

    async with other(answer) as there, asking() as outgoing:
        for path, words in [("/a", "not asked"), ("/c", "usually written"), ("/d", "begins with https")]:
            with pytest.raises(NotAllowed, match=words):
                await outgoing.fetch("GET", there.url(path))
        found = await outgoing.fetch("GET", there.url("/e"))
        assert (found.body, found.url) == (b"/f", there.url("/f"))
        assert (await outgoing.fetch("GET", there.url("/a"), limits=Limits(redirects=0))).status == 302
        assert (await outgoing.fetch("POST", there.url("/a"), body=b"x")).status == 302


async def test_a_redirect_to_a_name_that_leads_inside_is_not_followed() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": f"http://inside.example:{request.url.port}/"})

    async with other(answer) as there, asking(Reach(HERE), names(["10.0.0.1"])) as outgoing:
        with pytest.raises(NotAllowed, match="leads to an address"):
            await outgoing.fetch("GET", there.url())
        assert len(there.asked) == 1


async def test_credentials_do_not_go_along_to_another_origin() -> None:
    async with other(hello) as second:

        async def answer(request: web.Request) -> web.StreamResponse:
            where = second.url() if request.path == "/away" else "/here" if request.path == "/stay" else ""
            return web.Response(status=302, headers={"Location": where}) if where else web.Response()

        headers = {"Authorization": "Bearer x", "X-Key": "y", "Accept": "text/plain"}
        async with other(answer) as first, asking() as outgoing:
            await outgoing.fetch("GET", first.url("/stay"), headers=headers)
            assert first.asked[-1][2]["authorization"] == "Bearer x"
            await outgoing.fetch("GET", first.url("/away"), headers=headers)
        assert not {"authorization", "x-key"} & second.asked[0][2].keys()
        assert second.asked[0][2]["accept"] == "text/plain"


async def test_redirects_end() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=301, headers={"Location": f"{request.path}x"})

    async with other(answer) as there, asking() as outgoing:
        with pytest.raises(NoAnswer, match="more than 5 times"):
            await outgoing.fetch("GET", there.url())
        assert len(there.asked) == 6


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_body_is_read_up_to_its_limit_as_it_is_after_decompression(*, compressed: bool) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        body = b"\0" * 5_000_000
        if not compressed:
            return web.Response(body=body)
        packed = zlib.compressobj(9, wbits=31)
        return web.Response(body=packed.compress(body) + packed.flush(), headers={"Content-Encoding": "gzip"})

    async with other(answer) as there, asking() as outgoing:
        with pytest.raises(TooLarge, match="larger than 1000000 bytes"):
            await outgoing.fetch("GET", there.url(), limits=Limits(size=1_000_000))
        assert len((await outgoing.fetch("GET", there.url(), limits=Limits(size=5_000_000))).body) == 5_000_000


async def test_a_body_without_an_end_is_cut_at_its_limit_and_its_beginning_can_be_had() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"abcd" * 10_000)

    async with other(answer) as there, asking() as outgoing:
        with pytest.raises(TooLarge):
            await outgoing.fetch("GET", there.url(), limits=Limits(size=300_000))
        async with outgoing.asked("GET", there.url(), limits=QUICK) as reply:
            assert await reply.beginning(6) == b"abcdab"


async def test_a_server_that_says_nothing_more_is_given_up() -> None:
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if request.path == "/some":
            await response.prepare(request)
            await response.write(b"x")
        await never.wait()
        return response

    async with other(answer) as there, asking() as outgoing:
        for path in ("/some", "/none"):
            with pytest.raises(NoAnswer, match="silent for too long"):
                await outgoing.fetch("GET", there.url(path), limits=Limits(idle_seconds=0.1))
            with pytest.raises(NoAnswer, match=r"within 0\.1 seconds"):
                await outgoing.fetch("GET", there.url(path), limits=Limits(seconds=0.1))
        never.set()


async def test_a_server_that_sends_a_little_now_and_then_is_not_waited_for() -> None:
    async def drips(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not gone.is_set():
            await response.write(b"x")
            with suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), 0.02)
        return response

    async def pours(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(20):
            await response.write(bytes(1 << 20))
        return response

    gone, limits = asyncio.Event(), Limits(seconds=60, idle_seconds=30, size=1 << 30)
    async with asking() as outgoing:
        async with other(drips) as there:
            with pytest.raises(NoAnswer, match="sends less than 32768 bytes a second"):
                await outgoing.fetch(
                    "GET", there.url(), limits=replace(limits, least_rate=LEAST_RATE, rate_seconds=0.2)
                )
            gone.set()
        async with other(pours) as there:
            found = await outgoing.fetch("GET", there.url(), limits=replace(limits, least_rate=1, rate_seconds=0))
            assert len(found.body) == 20 << 20


async def test_what_the_block_raises_goes_its_way() -> None:
    async with other(hello) as there, asking() as outgoing:
        with pytest.raises(TimeoutError):
            async with outgoing.asked("GET", there.url(), limits=QUICK):
                raise TimeoutError
        with pytest.raises(asyncio.CancelledError):
            async with outgoing.asked("GET", there.url(), limits=QUICK):
                raise asyncio.CancelledError


async def test_why_there_is_no_answer_is_said() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        writer.close()

    async def gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def said(url: str) -> str:
        with pytest.raises(NoAnswer) as failure:
            await outgoing.fetch("GET", url, limits=QUICK)
        return str(failure.value)

    async with asking(Reach(HERE), unknown) as outgoing, other(hello) as there:
        assert await said("http://name.example/") == "its name cannot be resolved"
        assert await said(Other(1025).url()) == "it cannot be reached: Connection refused"
        assert await said(there.url().replace("http", "https")) == "it does not speak TLS as it should"
        for answering, words in ((garbage, "it does not speak HTTP as it should"), (gone, "it broke off")):
            server = await asyncio.start_server(answering, "127.0.0.1", 0)
            async with server:
                assert await said(Other(server.sockets[0].getsockname()[1]).url()) == words


async def test_the_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with other(hello) as there, asking() as outgoing, other(hello) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.setenv("HTTP_PROXY", proxy.url())
        await outgoing.fetch("GET", there.url())
        assert proxy.asked == []


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key for name.example, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "name.example")])
    now = system_clock()
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("name.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + built.public_bytes(Encoding.PEM))
    return path


@asynccontextmanager
async def secure(certificate: Path, where: str = "") -> AsyncIterator[int]:
    """A server over TLS that says hello, or redirects; its port."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": where}) if where else web.Response(text="hello")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_certificate_must_be_of_somebody_who_is_believed_and_of_that_name(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    reach = Reach(HERE)
    resolve = names(*[["127.0.0.1"]] * 3)
    believing, doubting = Outgoing(reach, resolve=resolve, tls=trusting), Outgoing(reach, resolve=resolve)
    async with secure(certificate) as port:
        found = await believing.fetch("GET", f"https://name.example:{port}/", limits=QUICK)
        assert found.body == b"hello"
        for outgoing, host in ((doubting, "name.example"), (believing, "other.example")):
            with pytest.raises(NoAnswer, match="its certificate is not good"):
                await outgoing.fetch("GET", f"https://{host}:{port}/", limits=QUICK)
    await believing.close()
    await doubting.close()


async def test_nothing_is_redirected_from_https_to_http(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    outgoing = Outgoing(Reach(HERE), resolve=names(["127.0.0.1"]), tls=trusting)
    async with other(hello) as there, secure(certificate, there.url()) as port:
        with pytest.raises(NotAllowed, match="from https to what anybody on the way can read"):
            await outgoing.fetch("GET", f"https://name.example:{port}/", limits=QUICK)
        assert there.asked == []
    await outgoing.close()
