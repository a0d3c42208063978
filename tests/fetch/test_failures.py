"""Everything that can go wrong on the way, as our errors, with words that name it and no secrets."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import aiohttp
import pytest
from aiohttp import http_exceptions
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from aggregator.errors import ConfigError, FetchError, NetworkError, RefusedError
from aggregator.fetch.client import Client
from aggregator.fetch.translate import RAISED, translate
from aggregator.model.http import FetchRequest
from aggregator.model.settings import FetchSettings
from tests.fetch.conftest import Get, MakeClient
from tests.origin import Origin, Request


def subclasses(kind: type[BaseException]) -> set[type[BaseException]]:
    below = {sub for direct in kind.__subclasses__() for sub in subclasses(direct)}
    return {kind} | below


def instance(kind: type[BaseException]) -> BaseException:
    """An exception of any class with secret text in every argument it takes."""
    key = ConnectionKey("secret", 80, False, True, None, None, None)
    info = aiohttp.RequestInfo(URL("http://secret/"), "GET", None, URL("http://secret/"))
    for arguments in (
        (key, OSError(111, "secret")),
        (key, ssl.SSLCertVerificationError(1, "secret")),
        ("secret", key, OSError(111, "secret")),
        (info, ()),
        (b"secret", b"secret", "secret", 80),
        ("secret",),
        (b"secret", 1),
        (),
    ):
        try:
            made = kind(*arguments)
            str(made)
        except (TypeError, AttributeError, ValueError):
            continue
        return made
    raise AssertionError(f"cannot make a {kind}")


LIBRARY = sorted(
    subclasses(aiohttp.ClientError) | subclasses(http_exceptions.HttpProcessingError),
    key=lambda kind: kind.__qualname__,
)


@pytest.mark.parametrize("kind", LIBRARY, ids=lambda kind: kind.__qualname__)
def test_every_exception_of_the_library_is_translated(kind: type[BaseException]) -> None:
    error = instance(kind)
    assert isinstance(error, RAISED)
    ours = translate(error, "example.org:80")
    assert type(ours) in (NetworkError, RefusedError)
    assert isinstance(ours, FetchError)
    assert str(ours).startswith("example.org:80: ")
    assert "secret" not in str(ours)


def test_the_walk_sees_the_library() -> None:
    assert len(LIBRARY) > 25
    assert aiohttp.ClientConnectorCertificateError in LIBRARY


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "in time"),
        (ConnectionResetError(104, "x"), "reset"),
        (OSError(113, "x"), "host cannot be reached"),
        (OSError(99, "x"), "assign requested address"),
        (OSError("odd"), "the connection failed"),
        (ssl.SSLError(1, "x"), "TLS"),
    ],
)
def test_system_errors_are_translated(error: Exception, words: str) -> None:
    assert isinstance(error, RAISED)
    assert words in str(translate(error, "h:1"))


async def test_a_refused_connection(make_client: MakeClient) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        client = await make_client(allow_private=("127.0.0.1",))
        with pytest.raises(NetworkError, match=f"127.0.0.1:{port}: the connection was refused") as caught:
            await client.fetch(FetchRequest(url=f"http://u:secret@127.0.0.1:{port}/?key=secret"))
    assert "secret" not in str(caught.value)


async def test_an_unknown_host(get: Get) -> None:
    with pytest.raises(NetworkError, match=r"nowhere\.invalid:80: the host name cannot be resolved"):
        await get("http://nowhere.invalid/")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "closed the connection without an answer"),
        (b"SSH-2.0-x\r\n\r\n", "not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed|not valid"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", "cut off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "cut off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n", "cut off|not valid"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFF\r\nhello", "cut off"),
    ],
)
async def test_broken_answers(origin: Origin, get: Get, sent: bytes, words: str) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)

    origin.raw("/", answer)
    with pytest.raises(NetworkError, match=words) as caught:
        await get("/")
    assert caught.value.reached or "closed" in str(caught.value)


async def test_a_reset_in_mid_answer(origin: Origin, get: Get) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")
        await writer.drain()
        writer.transport.abort()

    origin.raw("/", answer)
    with pytest.raises(NetworkError):
        await get("/")


async def test_octets_behind_an_answer_do_not_become_the_next(origin: Origin, get: Get) -> None:
    async def smuggle(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")

    origin.raw("/", smuggle)
    origin.serve("/next", b"good")
    with contextlib.suppress(NetworkError):  # refusing the whole is as good
        assert (await get("/")).body == b"ok"
    assert (await get("/next")).body == b"good"


async def test_after_any_failure_the_client_still_works(origin: Origin, get: Get) -> None:
    origin.serve("/cut", b"x" * 100, truncate_at=5)
    origin.serve("/", b"x")
    for _ in range(10):
        with pytest.raises(NetworkError):
            await get("/cut")
    assert (await get("/")).body == b"x"


# TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for localhost, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    directory = tmp_path_factory.mktemp("tls")
    key, cert = directory / "key.pem", directory / "cert.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost",
         "-addext", "keyUsage=critical,digitalSignature,keyCertSign"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    both = directory / "both.pem"
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both


async def test_tls_needs_a_known_certificate(certificate: Path, make_client: MakeClient) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with Origin(tls=context) as secure:
        secure.serve("/", b"safe", etag='"1"')
        request = FetchRequest(url=f"https://localhost:{secure.port}/")
        stranger = await make_client(allow_private=("127.0.0.1",))
        with pytest.raises(NetworkError, match="certificate was not accepted: self-signed") as caught:
            await stranger.fetch(request)
        assert caught.value.reached, "a server answered, though not the one that was wanted"
        friend = await make_client(allow_private=("127.0.0.1",), ca_file=str(certificate.parent / "cert.pem"))
        assert (await friend.fetch(request)).body == b"safe"
        with pytest.raises(NetworkError, match="certificate was not accepted: IP address mismatch"):
            await friend.fetch(FetchRequest(url=secure.url("/")))


async def test_a_secure_address_never_leads_to_an_insecure_one(
    origin: Origin, certificate: Path, make_client: MakeClient
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with Origin(tls=context) as secure:
        client = await make_client(allow_private=("127.0.0.1",), ca_file=str(certificate.parent / "cert.pem"))
        secure.serve("/", redirect=origin.url("/"))
        origin.serve("/", b"plain")
        origin.serve("/up", redirect=f"https://localhost:{secure.port}/")
        with pytest.raises(RefusedError, match="insecure"):
            await client.fetch(FetchRequest(url=f"https://localhost:{secure.port}/"))
        assert origin.count() == 0
        assert (await client.fetch(FetchRequest(url=origin.url("/up")))).body == b"plain"


async def test_plain_http_at_a_tls_address(make_client: MakeClient) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    client = await make_client(allow_private=("127.0.0.1",))
    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NetworkError, match="TLS"):
            await client.fetch(FetchRequest(url=f"https://127.0.0.1:{port}/"))


async def test_a_connection_that_never_gets_ready(origin: Origin, make_client: MakeClient) -> None:
    client = await make_client(connect_timeout_s=0.05)  # the origin waits for a request, not for TLS
    with pytest.raises(NetworkError, match="no connection in time"):
        await client.fetch(FetchRequest(url=f"https://127.0.0.1:{origin.port}/"))


@pytest.mark.parametrize("content", [None, b"no certificate"])
async def test_a_ca_file_that_cannot_be_used(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match="ca_file"):
        async with Client(FetchSettings(ca_file=str(file)), version="1", directory=str(tmp_path)):
            pass
