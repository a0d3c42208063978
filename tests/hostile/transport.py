"""Answers that never come, never end, or are no HTTP."""

# ruff: noqa: E501 (a table reads better with a case a line)
from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable

from tests.hostile.case import TURNED, Case, Places, Script, fails, reads, says, served
from tests.origin import RawHandler, Request, Response

BRIEF = {"timeout": "1s"}  # a whole poll's, for what would last for ever
HEAD = "HTTP/1.1 200 OK\nContent-Type: text/xml\n"
WHOLE = HEAD + f"Content-Length: {len(TURNED)}\n\n"
CHUNKED = HEAD + "Transfer-Encoding: chunked\n\n"


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


def dripping(head: str, piece: bytes) -> Script:
    """An octet or so every twentieth of a second, without end: never silent for long, never done."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode().replace(b"\n", b"\r\n"))
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)  # no wait for anything: the drip itself

    return lambda places: answer


def flood(head: str, pieces: Iterable[bytes]) -> Script:
    """As much as the other side takes, without end."""
    one = b"".join(pieces)

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode().replace(b"\n", b"\r\n"))
        while not writer.is_closing():
            writer.write(one)
            await writer.drain()

    return lambda places: answer


def silent(places: Places) -> Response:
    return Response(body=TURNED, hold=asyncio.Event())


def silent_midway(places: Places) -> Response:
    return Response(body=TURNED, hold_body=asyncio.Event())


def reset(places: Places) -> RawHandler:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE.encode().replace(b"\n", b"\r\n") + TURNED[:100])
        await writer.drain()
        plain: socket.socket = writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return answer


SLOW = fails("fetch", "NetworkError", "no whole answer within 1 s|fell silent")
NO_HTTP = fails("fetch", "NetworkError", "not valid HTTP")
CUT = fails("fetch", "NetworkError", "cut off")
SECOND = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"

CASES = (
    Case(name="silent", answer=silent, expect=SLOW, keys=BRIEF),
    Case(name="silent-midway", answer=silent_midway, expect=SLOW, keys=BRIEF),
    Case(name="dripping-head", answer=dripping("HTTP/1.1 200 OK\nX-Slow: ", b"a"), expect=SLOW, keys=BRIEF),
    Case(name="dripping-body", answer=dripping(HEAD + "\n", b" "), expect=SLOW, keys=BRIEF),
    Case(
        name="endless-continue",
        answer=dripping("", b"HTTP/1.1 100 Continue\r\n\r\n"),
        expect=SLOW,
        keys=BRIEF,
    ),
    Case(
        name="endless-body",
        answer=flood(HEAD + "\n<rss><channel>", [b" " * 65536]),
        expect=fails("fetch", "RefusedError", "larger than 1048576 bytes"),
        keys={"max_body": "1MiB"},
    ),
    Case(
        name="endless-chunks",
        answer=flood(CHUNKED, [chunk(b" " * 1000)] * 60),
        expect=fails("fetch", "RefusedError", "larger than 1048576 bytes"),
        keys={"max_body": "1MiB"},
    ),
    Case(
        name="announces-a-terabyte",
        answer=says(HEAD + "Content-Length: 1099511627776\n\n", TURNED),
        expect=fails("fetch", "RefusedError", "on the wire"),
    ),
    Case(name="endless-head", answer=flood("HTTP/1.1 200 OK\n", [b"X-Padding: aaaaaaa\r\n"] * 900),
         expect=fails("fetch", "NetworkError|RefusedError")),
    Case(name="endless-header-line", answer=flood("HTTP/1.1 200 OK\nX-Long: ", [b"a" * 65536]), expect=NO_HTTP),
    Case(
        name="too-many-headers",
        answer=served(headers={f"X-{number}": "y" * 1000 for number in range(70)}),
        expect=fails("fetch", "RefusedError", "headers are larger"),
    ),
    Case(name="no-answer", answer=says(""), expect=fails("fetch", "NetworkError", "without an answer")),
    Case(name="head-cut-off", answer=says("HTTP/1.1 200 OK\nContent-Le"), expect=fails("fetch", "NetworkError")),
    Case(name="reset-midway", answer=reset, expect=fails("fetch", "NetworkError")),
    Case(name="cut-off", answer=says(HEAD + "Content-Length: 5000\n\n", TURNED), expect=CUT),
    Case(name="chunks-cut-off", answer=says(CHUNKED, chunk(TURNED)), expect=CUT),
    Case(name="chunk-cut-off", answer=says(CHUNKED, b"FFFF\r\n", TURNED), expect=CUT),
    Case(name="no-chunk-size", answer=says(CHUNKED, b"ZZ\r\n", TURNED), expect=fails("fetch", "NetworkError")),
    Case(
        name="chunk-size-of-a-hundred-digits",
        answer=says(CHUNKED, b"F" * 100 + b"\r\n", TURNED),
        expect=fails("fetch", "NetworkError"),
    ),
    Case(
        name="chunk-extension-of-a-megabyte",
        answer=says(CHUNKED, chunk(TURNED, b";x=" + b"y" * 1_000_000), b"0\r\n\r\n"),
        expect=reads(2),
    ),
    Case(
        name="endless-chunk-extension",
        answer=flood(CHUNKED + "5;x=", [b"y" * 65536]),
        expect=SLOW,
        keys=BRIEF,
    ),
    Case(
        name="chunks-of-one-octet",
        answer=says(CHUNKED, b"".join(chunk(bytes([octet])) for octet in TURNED) + b"0\r\n\r\n"),
        expect=reads(2),
    ),
    Case(name="shorter-length-than-body", answer=says(HEAD + f"Content-Length: {len(TURNED) - 80}\n\n", TURNED),
         expect=NO_HTTP),
    Case(name="two-lengths", answer=says(HEAD + "Content-Length: 5\nContent-Length: 600\n\n", TURNED), expect=NO_HTTP),
    Case(name="length-and-chunks", answer=says(HEAD + "Content-Length: 3\nTransfer-Encoding: chunked\n\n",
         chunk(TURNED) + b"0\r\n\r\n"), expect=fails("fetch", "NetworkError")),
    Case(name="second-answer-behind-the-first", answer=says(WHOLE, TURNED, SECOND), expect=reads(2)),
    Case(name="negative-length", answer=says(HEAD + "Content-Length: -5\n\n", TURNED), expect=NO_HTTP),
    Case(name="not-http", answer=says("SSH-2.0-OpenSSH\n\n"), expect=NO_HTTP),
    Case(name="tls-at-http", answer=says("", b"\x15\x03\x03\x00\x02\x02\x46" + bytes(5000)), expect=NO_HTTP),
    Case(name="http-0-9", answer=says("", TURNED), expect=NO_HTTP),
    Case(name="status-of-five-digits", answer=says("HTTP/1.1 20000 OK\n\n", TURNED), expect=NO_HTTP),
    Case(name="nul-in-header", answer=says(HEAD + "X-Odd: a\0b\n\n", TURNED), expect=NO_HTTP),
    Case(name="header-folded-and-nameless", answer=says(HEAD + ": none\n\n", TURNED), expect=NO_HTTP),
    Case(
        name="http-at-tls",
        at=lambda places: places.own.replace("http:", "https:"),
        expect=fails("fetch", "NetworkError", "TLS|no connection in time"),
        turned=False,
    ),
    Case(
        name="no-such-host",
        at=lambda places: "http://nonexistent.invalid/feed",
        expect=fails("fetch", "NetworkError", "cannot be resolved"),
        turned=False,
    ),
    Case(
        name="nobody-listens",
        at=lambda places: "http://127.0.0.1:9/feed",
        expect=fails("fetch", "NetworkError", "refused"),
        turned=False,
    ),
)  # fmt: skip
