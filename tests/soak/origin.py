"""The web that the soak reads, in a process of its own, so that its memory is not counted.

    python -m tests.soak.origin

It prints its port. ``/round/N`` sets the round; every round ``/news.rss`` has one item more, at
``/steady.atom`` one of the same items has another title, ``/list.json`` has a new record whose article is
at ``/article/N``,
``/same.rss`` never changes (304), ``/broken`` is another failure each time.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web

WINDOW = 20


def rss(numbers: range) -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>g{n}</guid><title>News {n}</title><link>http://soak.example/{n}</link>"
        f"<description>&lt;p&gt;{'A sentence of it. ' * 20}&lt;/p&gt;</description></item>"
        for n in reversed(numbers)
    )
    return f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>"


def atom(count: int) -> str:
    entries = "".join(
        f"<entry><id>urn:x:{n}</id><title>Steady {n}, edition {(count + n) // WINDOW}</title>"
        f"<updated>2026-01-01T00:00:{n:02}Z</updated>"
        "<content type='html'>&lt;b&gt;x&lt;/b&gt;</content></entry>"
        for n in range(WINDOW)
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Steady</title>{entries}</feed>"


class Web:
    def __init__(self) -> None:
        self.round = 0

    async def set_round(self, request: web.Request) -> web.Response:
        self.round = int(request.match_info["number"])
        return web.Response()

    async def news(self, request: web.Request) -> web.Response:
        body = rss(range(self.round, self.round + WINDOW))
        return web.Response(text=body, content_type="application/rss+xml")

    async def steady(self, request: web.Request) -> web.Response:
        return web.Response(text=atom(self.round), content_type="application/atom+xml")

    async def same(self, request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"same"':
            return web.Response(status=304, headers={"ETag": '"same"'})
        return web.Response(
            text=rss(range(5)), content_type="application/rss+xml", headers={"ETag": '"same"'}
        )

    async def listing(self, request: web.Request) -> web.Response:
        records = [{"id": n, "title": f"Record {n}"} for n in range(self.round, self.round + WINDOW)]
        return web.Response(text=json.dumps({"records": records}), content_type="application/json")

    async def article(self, request: web.Request) -> web.Response:
        if self.round % 7 == 0:
            return web.Response(status=500)
        return web.Response(
            text="<html><body><div class=a><p>An article.</p></div></body></html>", content_type="text/html"
        )

    async def broken(self, request: web.Request) -> web.StreamResponse:
        kind = self.round % 4
        if kind == 0:
            return web.Response(text="<rss><channel>" + "<a>" * 2000, content_type="application/rss+xml")
        if kind == 1:
            return web.Response(status=503)
        if kind == 2:
            return web.Response(body=b"\x1f\x8bnot", headers={"Content-Encoding": "gzip"})
        assert request.transport is not None
        request.transport.close()
        return web.Response()


async def main() -> None:
    site = Web()
    application = web.Application()
    application.add_routes(
        [
            web.get("/round/{number}", site.set_round),
            web.get("/news.rss", site.news),
            web.get("/steady.atom", site.steady),
            web.get("/same.rss", site.same),
            web.get("/list.json", site.listing),
            web.get("/article/{number}", site.article),
            web.get("/broken", site.broken),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)  # until who started us closes it, also by dying
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
