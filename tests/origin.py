"""A scripted web server on the loopback interface, because fetching is only tested by real answers.

It speaks HTTP/1.1 over plain asyncio streams, so that a test can also break the protocol: cut an answer
off, lie about its length, or take the connection over. Every request is recorded; nothing here sleeps.

    origin.serve("/feed.xml", RSS, etag='"v1"')                     # answers 304 by itself
    origin.serve("/old", redirect=origin.url("/new"), status=301)
    origin.serve("/flaky", [Response(status=503), Response(body=RSS)])  # one after the other; the last stays
    origin.serve("/who", lambda request: Response(body=request.headers["user-agent"].encode()))
    origin.serve("/slow", RSS, hold=event)                          # answers once the event is set
    origin.raw("/odd", handler)                                     # async handler(request, writer)
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http
import ssl
import threading
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

WAIT_S = 20.0  # how long a test may wait for an event before it fails

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it arrived. ``path`` is the target with its query; header names are lower case.
    ``index`` numbers the requests of an origin from 0, in order of arrival."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. ``hold`` delays it until the event is set; ``truncate_at`` sends that many octets of the
    body (as encoded) and closes; ``hold_body`` sends head and first half, then waits.

    With ``conditional``, a request whose validators match ``etag`` or ``last_modified`` gets a 304.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = "application/xml"
    etag: str | None = None
    last_modified: str | None = None
    conditional: bool = True
    encoding: str | None = None
    redirect: str | None = None
    chunked: bool = False
    truncate_at: int | None = None
    close: bool = False
    hold: asyncio.Event | None = None
    hold_body: asyncio.Event | None = None


Answer = Response | Callable[[Request], Response | Awaitable[Response]]
RawHandler = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def packed(body: bytes, encoding: str | None) -> bytes:
    """``body`` in a content coding: gzip, deflate (zlib), raw-deflate, br or zstd."""
    match encoding:
        case None | "identity":
            return body
        case "gzip" | "x-gzip":
            return gzip.compress(body, mtime=0)
        case "deflate":
            return zlib.compress(body)
        case "raw-deflate":
            squeeze = zlib.compressobj(wbits=-15)
            return squeeze.compress(body) + squeeze.flush()
        case "br":
            import brotli

            return bytes(brotli.compress(body))
        case "zstd":
            from backports import zstd

            return bytes(zstd.compress(body))
    raise ValueError(f"no such coding: {encoding}")


class Origin:
    """The server. Use as an async context manager, or `start` and `stop`."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self.connections = 0
        self.port = 0
        self.host = host
        self._tls = tls
        self._scripts: dict[str, list[Answer]] = {}
        self._raw: dict[str, RawHandler] = {}
        self._arrival = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> Origin:
        self._server = await asyncio.start_server(self._connected, self.host, 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Origin:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def base(self) -> str:
        """The address without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def url(self, path: str) -> str:
        return self.base + path

    def serve(self, path: str, body: bytes | str | Answer | Sequence[Answer] = b"", **response: Any) -> None:
        """Script a path, in place of what it had. A path without query answers for every query.

        ``body`` is the body of one lasting answer (``response`` are fields of `Response`), or a
        `Response`, a function from `Request` to `Response`, or a list of these, the last of which stays.
        """
        self._raw.pop(path, None)
        if isinstance(body, str):
            body = body.encode()
        if isinstance(body, bytes):
            if response.get("redirect") is not None:
                response.setdefault("status", 302)
            self._scripts[path] = [Response(body=body, **response)]
            return
        if response:
            raise TypeError("fields go with a body of bytes or text only")
        self._scripts[path] = list(body) if isinstance(body, Sequence) else [body]

    def raw(self, path: str, handler: RawHandler) -> None:
        """Give the connection to ``handler`` once the request is read; it is closed afterwards."""
        self._raw[path] = handler

    def count(self, path: str | None = None) -> int:
        """How many requests arrived, for a path (with or without its query) or in all."""
        return len(self.seen(path))

    def seen(self, path: str | None = None) -> list[Request]:
        """The requests for a path, in order of arrival."""
        return [r for r in self.requests if path is None or path in (r.path, r.path.partition("?")[0])]

    async def wait_for(self, path: str | None = None, count: int = 1) -> list[Request]:
        """Wait until ``count`` requests for the path have arrived; TimeoutError after 20 seconds."""
        async with asyncio.timeout(WAIT_S), self._arrival:
            await self._arrival.wait_for(lambda: self.count(path) >= count)
        return self.seen(path)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False when the connection is over."""
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            request = Request(method=method, path=path, headers=headers, body=body, index=len(self.requests))
            async with self._arrival:
                self.requests.append(request)
                self._arrival.notify_all()
            handler = self._raw.get(path) or self._raw.get(path.partition("?")[0])
            if handler is not None:
                await handler(request, writer)
                await writer.drain()
                return False
            return await self._answer(request, writer)
        finally:
            self.in_flight -= 1

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        response = await self._scripted(request)
        if response.hold is not None:
            await response.hold.wait()
        status, body = response.status, packed(response.body, response.encoding)
        if status == 200 and response.conditional and _unchanged(request, response):
            status, body = 304, b""
        writer.write(_head(response, status, len(body)))
        if request.method == "HEAD" or status in (204, 304):
            await writer.drain()
            return not response.close
        sent = body if response.truncate_at is None else body[: response.truncate_at]
        if response.hold_body is not None:
            half = len(sent) // 2
            writer.write(_framed(sent[:half], response.chunked))
            await writer.drain()
            await response.hold_body.wait()
            sent = sent[half:]
        writer.write(_framed(sent, response.chunked))
        if response.chunked and response.truncate_at is None:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return response.truncate_at is None and not response.close

    async def _scripted(self, request: Request) -> Response:
        answers = self._scripts.get(request.path) or self._scripts.get(request.path.partition("?")[0])
        if not answers:
            return Response(body=b"nothing here", status=404, content_type="text/plain")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Response):
            return answer
        made = answer(request)
        return made if isinstance(made, Response) else await made


def _unchanged(request: Request, response: Response) -> bool:
    """RFC 9110 section 13.2.2: If-None-Match wins over If-Modified-Since where both are sent."""
    asked = request.headers.get("if-none-match")
    if asked is not None:
        return response.etag is not None and response.etag in asked
    since = request.headers.get("if-modified-since")
    return since is not None and since == response.last_modified


def _head(response: Response, status: int, length: int) -> bytes:
    reason = http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else "Odd"
    headers: dict[str, str] = {}
    if response.content_type is not None and status not in (204, 304):
        headers["Content-Type"] = response.content_type
    if response.etag is not None:
        headers["ETag"] = response.etag
    if response.last_modified is not None:
        headers["Last-Modified"] = response.last_modified
    if response.redirect is not None:
        headers["Location"] = response.redirect
    if status not in (204, 304):
        if response.encoding is not None:
            headers["Content-Encoding"] = response.encoding.removeprefix("raw-")
        if response.chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(length)
    if response.close:
        headers["Connection"] = "close"
    headers.update(response.headers)
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _framed(data: bytes, chunked: bool) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data) if chunked and data else data


class ThreadedOrigin:
    """An `Origin` on a loop and thread of its own, for tests that run the program as another process.

    ``requests``, ``serve``, ``url`` and so on are those of the origin; ``event`` makes an event for
    ``hold``, and ``set`` sets it from this side.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="origin", daemon=True)
        self.origin = Origin(host=host)

    def __enter__(self) -> ThreadedOrigin:
        self._thread.start()
        self._run(self.origin.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self.origin.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        self._loop.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.origin, name)

    def wait_for(self, path: str | None = None, count: int = 1) -> list[Request]:
        return self._run(self.origin.wait_for(path, count))

    def event(self) -> asyncio.Event:
        return asyncio.Event()

    def set(self, event: asyncio.Event) -> None:
        self._loop.call_soon_threadsafe(event.set)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)
