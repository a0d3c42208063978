"""The web server that is read from: as little work a request as Python allows, so that it is never what
is measured. Every answer is prepared beforehand; a request costs one look at its bytes.

    python -m tests.bench.server --feeds 1000 --seed 1

It prints its port when it is ready. ``/feed/N`` are the feeds; ``/mode?validators=0|1&added=0|1`` switches
(validators or none, whether 5 % of the feeds have one new item), ``/counts`` says what was asked for since
the last ``/mode``, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import json
import sys
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import cast
from urllib.parse import parse_qs, urlsplit

from tests.bench import content

NEWS_EVERY = 20  # one feed in twenty has news
OLD, NEW = formatdate(1_714_600_000, usegmt=True), formatdate(1_714_690_000, usegmt=True)


@dataclass(frozen=True, slots=True)
class Page:
    """One version of a feed, and its heads but for their last line, Date."""

    etag: bytes
    modified: bytes
    body: bytes
    head_validated: bytes
    head_bare: bytes
    head_304: bytes


def page(feed: int, added: int, seed: int) -> Page:
    body = content.document(feed, added, seed)
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    modified = NEW if added else OLD
    kind = "application/atom+xml" if content.is_atom(feed) else "application/rss+xml"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    validators = f"ETag: {etag}\r\nLast-Modified: {modified}\r\n"
    return Page(
        etag=etag.encode(),
        modified=modified.encode(),
        body=body,
        head_validated=(head + validators).encode(),
        head_bare=head.encode(),
        head_304=f"HTTP/1.1 304 Not Modified\r\n{validators}".encode(),
    )


@dataclass(slots=True)
class Site:
    """All feeds in their versions, which of these are served, and what was asked."""

    before: list[Page]
    after: list[Page]
    validators: bool = True
    added: bool = False
    statuses: dict[int, int] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    connections: int = 0
    date: bytes = b""

    def answer(self, path: str, etag: bytes | None, since: bytes | None) -> tuple[bytes, bytes]:
        """Head and body for a request."""
        if not path.startswith("/feed/"):
            return self._control(path)
        try:
            feed = int(path[6:])
            found = (self.after if self.added else self.before)[feed]
        except (ValueError, IndexError):
            self._count(404, -1)
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" + self.date, b""
        if not self.validators:
            self._count(200, feed)
            return found.head_bare + self.date, found.body
        # RFC 9110 section 13.2.2: If-Modified-Since counts only without If-None-Match.
        if found.etag == etag if etag is not None else found.modified == since:
            self._count(304, feed)
            return found.head_304 + self.date, b""
        self._count(200, feed)
        return found.head_validated + self.date, found.body

    def _count(self, status: int, feed: int) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.asked.add(feed)

    def _control(self, path: str) -> tuple[bytes, bytes]:
        parts = urlsplit(path)
        if parts.path == "/mode":
            query = parse_qs(parts.query)
            self.validators, self.added = (query[name] == ["1"] for name in ("validators", "added"))
            self.statuses, self.asked, self.connections = {}, set(), 0
        body = json.dumps(
            {"statuses": self.statuses, "feeds": len(self.asked), "connections": self.connections}
        ).encode()
        return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n".encode() + self.date, body


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and pipelining, GET without a body; enough for honest clients."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass
        self._site.connections += 1

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while True:
            request, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                return
            self._rest = rest
            self._respond(request)

    def _respond(self, request: bytes) -> None:
        start, *lines = request.split(b"\r\n")
        etag = since = None
        close = False
        for line in lines:
            name, _, value = line.partition(b":")
            match name.lower():
                case b"if-none-match":
                    etag = value.strip()
                case b"if-modified-since":
                    since = value.strip()
                case b"connection":
                    close = value.strip().lower() == b"close"
        head, body = self._site.answer(start.split(b" ")[1].decode(), etag, since)
        self._transport.writelines((head, b"\r\n", body))
        if close:
            self._transport.close()


async def serve(site: Site) -> None:
    loop = asyncio.get_running_loop()

    def tell_time() -> None:
        site.date = f"Date: {formatdate(usegmt=True)}\r\n".encode()
        loop.call_later(1.0, tell_time)

    tell_time()
    server = await loop.create_server(lambda: Connection(site), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Until the harness closes our standard input, also by dying.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="The web server of the benchmark.")
    parser.add_argument("--feeds", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    before = [page(feed, 0, options.seed) for feed in range(options.feeds)]
    after = [
        page(feed, 1, options.seed) if feed % NEWS_EVERY == 0 else before[feed]
        for feed in range(options.feeds)
    ]
    gc.freeze()
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(Site(before, after)))
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(Site(before, after)))


if __name__ == "__main__":
    main()
