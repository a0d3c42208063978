"""Odd requests, on every route: every answer is plain, ours and the same whoever asks, or a plain refusal."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.origin import ThreadedOrigin
from tests.program import WAIT_S, Daemon, Program, configuration, fetch, rss

FEEDS = ("/feeds/all.atom", "/feeds/category/news.rss", "/feeds/source/acme.json", "/feeds/all.html")
LISTS = ("/opml", "/opml/sources")
PAGES = ("/", "/style.css", "/status", "/healthz", "/readyz", "/metrics")
OTHERS = ("/feeds/all", "/feeds/nothing.atom", "/nothing")
ROUTES = FEEDS + LISTS + PAGES + OTHERS

ODD_HEADERS = {
    "Accept_Language": "xx-evil",
    "Authorization": "Basic ZXZpbA==",
    "Cache_Control": "no-cache",
    "Cookie": "evil=1",
    "If_Match": '"evil"',
    "If_Range": '"evil"',
    "Origin": "http://evil.example",
    "Range": "bytes=0-1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "User_Agent": "<script>evil</script>",
    "X_Forwarded_Prefix": "/evil",
    "X_HTTP_Method_Override": "DELETE",
    "X_Original_URL": "/evil",
}
ODD_PATHS = (
    b"/evil%00",
    b"/evil%0d%0aX-Evil:1",
    b"/%1b[31mevil",
    b"/%ff%feevil",
    b"/..%2f..%2fevil",
    b"/../../evil",
    b"//evil.example/feeds/all.atom",
    b"/feeds/source/%ff.atom?evil",
    b"/feeds/source/%ed%a0%80.atom?evil",
    b"/feeds/source/evil%00.atom",
    b"/feeds/source/evil%2fevil.atom",
    b"/feeds/category/evil/../news.atom",
    b"/feeds/category/.%2e.atom",
    b"/feeds/../status",
    b"/feeds/all%2Eatom",
    b"/feeds/all.atom/",
    b"/feeds/" + b"evil" * 2000,
    b"/" + b"%41" * 2700,
    b"/<script>evil</script>",
)
BROKEN = (
    b"GET /" + b"evil" * 2500 + b" HTTP/1.1\r\nHost: a",
    b"GET /\x1b[31mevil HTTP/1.1\r\nHost: a",
    b"GET /\xff\xfeevil HTTP/1.1\r\nHost: a",
    b"GET /evil\0 HTTP/1.1\r\nHost: a",
    b"GET evil HTTP/1.1\r\nHost: a",
    b"GET http://evil:99999/ HTTP/1.1\r\nHost: a",
    b"GET http://[evil/ HTTP/1.1\r\nHost: a",
    b"GET * HTTP/1.1\r\nHost: a",
    b"GET / HTTP/9.9\r\nHost: evil",
    b"EVIL / HTTP/1.1\r\nHost: a",
    b"get / HTTP/1.1\r\nHost: a",
    b"\x16\x03\x01evil",
    b"PRI * HTTP/2.0",
    b"CONNECT evil:80 HTTP/1.1\r\nHost: a",
    b"OPTIONS * HTTP/1.1\r\nHost: a",
    b"TRACE / HTTP/1.1\r\nHost: a\r\nX: evil",
    b"DELETE /feeds/all.atom HTTP/1.1\r\nHost: a",
    b"POST /feeds/all.atom HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nevil",
    b"GET / HTTP/1.1",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: evil",
    b"GET / HTTP/1.1\r\nHost: a\r\nevil header",
    b"GET / HTTP/1.1\r\nHost: a\r\nevil\x1b: 1",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: \x1b]0;evil\x07",
    b"GET / HTTP/1.1\r\nHost: a\r\n folded: evil",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"evil" * 2500,
    b"GET / HTTP/1.1\r\nHost: a" + b"\r\nX: evil" * 200,
    b"GET / HTTP/1.1\r\nHost: a\r\nExpect: <b>evil</b>",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: evil",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: evil",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with ThreadedOrigin() as origin:
        origin.serve("/acme", rss(("g", "Title")))
        source = {"name": "acme", "url": origin.url("/acme"), "category": "news"}
        program = Program(tmp_path_factory.mktemp("odd"), configuration([source]))
        assert program.refresh()["items"]["new"] == 1
        with Daemon(program, "serve") as daemon:
            yield daemon
        # Nobody fills the log by what he sends, and no bug of ours was found on the way.
        assert [line for line in daemon.lines if line and "serve.listening" not in line] == []


def raw(served: Daemon, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """The answer to octets as they are; the server then hangs up."""
    parts = urlsplit(served.base)
    with socket.create_connection((parts.hostname, parts.port), timeout=WAIT_S) as connection:
        connection.sendall(request)
        got = b""
        while part := connection.recv(65536):
            got += part
    head, _, body = got.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, body


def dressed(headers: dict[str, str]) -> bool:
    policy = headers.get("content-security-policy", "")
    return (
        headers.get("server") == "aggregator"
        and "default-src 'none'" in policy
        and "frame-ancestors 'none'" in policy
        and "script" not in policy
        and headers.get("x-content-type-options") == "nosniff"
        and headers.get("referrer-policy") == "no-referrer"
    )


def compared(answer: tuple[int, dict[str, str], bytes], path: str) -> tuple[int, dict[str, str], bytes]:
    """An answer without what differs by itself: the date, and what is counted."""
    status, headers, body = answer
    differing = {"date", "content-length"} if path == "/metrics" else {"date"}
    kept = {name: value for name, value in headers.items() if name not in differing}
    return status, kept, b"" if path == "/metrics" else body


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_answers_alike_whoever_asks(served: Daemon, path: str) -> None:
    plain = compared(served.get(path), path)
    assert dressed(plain[1])
    assert compared(served.get(path, **ODD_HEADERS), path) == plain
    assert compared(served.get(f"{path}?utm=<script>&evil=%ff#"), path) == plain
    assert b"evil" not in plain[2]
    if path != "/feeds/all":
        assert compared(served.get(path, Accept="evil/evil, text/html"), path) == plain
    varies = {"/feeds/all": "Accept"} | dict.fromkeys(FEEDS + LISTS, "Accept-Encoding")
    assert plain[1].get("vary") == varies.get(path)


@pytest.mark.parametrize("path", ROUTES)
def test_head_is_get_and_other_methods_are_refused(served: Daemon, path: str) -> None:
    status, headers, _ = compared(served.get(path), path)
    assert compared(fetch(served.base + path, {}, "HEAD"), path) == (status, headers, b"")
    refused = fetch(served.base + path, {}, "DELETE")
    assert refused[0] == (404 if path == "/nothing" else 405)
    assert dressed(refused[1])
    assert refused[1].get("allow") == (None if path == "/nothing" else "GET,HEAD")


@pytest.mark.parametrize("path", ROUTES)
def test_a_body_is_refused_everywhere(served: Daemon, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nevil"
    status, headers, body = raw(served, request.encode())
    assert (status, headers["connection"]) == (413, "close")
    assert dressed(headers)
    assert b"evil" not in body


@pytest.mark.parametrize("path", ODD_PATHS, ids=range(len(ODD_PATHS)))
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_an_odd_path_is_not_there(served: Daemon, method: bytes, path: bytes) -> None:
    request = method + b" " + path + b" HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    status, headers, body = raw(served, request)
    assert status == 404
    assert dressed(headers)
    assert (b"404 Not Found" in body) == (method == b"GET")
    assert b"evil" not in body.lower()


@pytest.mark.parametrize("request_", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_request_is_refused_plainly(served: Daemon, request_: bytes) -> None:
    status, headers, body = raw(served, request_ + b"\r\nConnection: close\r\n\r\n")
    assert 400 <= status < 500
    assert dressed(headers)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{status} ".encode() in body
    for told in (b"evil", b"Traceback", b"aiohttp", b"Python"):
        assert told not in body
        assert told not in str(headers).encode()
