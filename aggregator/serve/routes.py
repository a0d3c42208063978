"""Every address that we answer. `Site` holds what the handlers share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from aiohttp import web

from aggregator.model.feed import FeedKey, Rendered
from aggregator.model.settings import SiteSettings
from aggregator.model.source import Source
from aggregator.process.health import health
from aggregator.publish import html, opml, paths, render
from aggregator.publish.view import feed_view, size_of
from aggregator.serve.app import guarded, page
from aggregator.serve.cache import Cache
from aggregator.serve.compress import ENCODERS
from aggregator.serve.conditional import choose_encoding, http_date, last_modified, not_modified
from aggregator.serve.metrics import CONTENT_TYPE, Metrics
from aggregator.serve.renderings import Make, Renderings
from aggregator.serve.slices import sliced
from aggregator.store.base import Store

CACHE_CONTROL = "public, max-age=60"
NEWEST_ON_INDEX = 30
PUBLISHERS_ON_INDEX = 200  # there may be thousands
ROW_BYTES = 500  # about what a feed or a source takes in a list of them


@dataclass(slots=True, kw_only=True)
class Site:
    """``active`` tells how many crawls are under way; ``generator`` our name and version. ``settings``,
    ``sources`` and ``token`` (None: everybody may see everything) are of the configuration in force:
    `reloaded` replaces them, and a handler that needs one twice looks once."""

    store: Store
    settings: SiteSettings
    metrics: Metrics
    sources: tuple[Source, ...]
    token: str | None = field(repr=False)
    now: Callable[[], datetime]
    active: Callable[[], int] = lambda: 0
    generator: str = "aggregator"
    read_at: datetime = field(init=False)
    refusal: str = field(default="", init=False)  # what became of a newer configuration

    def __post_init__(self) -> None:
        self.reloaded(self.settings, self.sources, self.token)

    def reloaded(self, settings: SiteSettings, sources: tuple[Source, ...], token: str | None) -> None:
        """Another configuration is in force."""
        self.settings, self.sources, self.token, self.refusal = settings, sources, token, ""
        self.read_at = self.now()
        self.metrics.reload_success.set(1)
        self.metrics.reload_at.set(self.read_at.timestamp())

    def refused(self, problems: int) -> None:
        """The configuration was read again, and has so many problems."""
        self.refusal = (
            f"the configuration was read again at {self.now():%Y-%m-%d %H:%M} UTC and refused, problems: "
            f"{problems} (the log names them); that of {self.read_at:%Y-%m-%d %H:%M} UTC stays in force"
        )
        self.metrics.reload_success.set(0)


def application(site: Site) -> web.Application:
    """The routes, wrapped in what is true of every answer."""
    app = web.Application(middlewares=[guarded(site.metrics, lambda: site.token)])
    handlers = Handlers(site)
    app.router.add_get("/", handlers.index)
    app.router.add_get("/style.css", handlers.style)
    app.router.add_get("/feeds/{path:.+}", handlers.feed)
    app.router.add_get("/opml", handlers.feeds_opml)
    app.router.add_get("/opml/sources", handlers.sources_opml)
    app.router.add_get("/status", handlers.status)
    app.router.add_get("/healthz", handlers.alive)
    app.router.add_get("/readyz", handlers.ready)
    app.router.add_get("/metrics", handlers.metrics)
    return app


class Handlers:
    """One method a route."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._renderings = Renderings(Cache())

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """A feed in a format; without a suffix, a 303 to the format that the client prefers."""
        found = paths.parse_path(request.rel_url.raw_path)
        if found is None:
            raise web.HTTPNotFound
        key, format_name = found
        revision = await self._site.store.revision(str(key))
        if revision is None:
            raise web.HTTPNotFound
        if revision[1]:
            raise web.HTTPGone
        if format_name is None:
            # Of the base address only the path, since we may be asked under other names, too.
            root = urlsplit(self._site.settings.base_url).path
            target = root + paths.feed_path(key, render.negotiate(_all(request, "Accept")))
            return web.Response(
                status=303, text="303: See Other\n", headers={"Location": target, "Vary": "Accept"}
            )
        settings = self._site.settings
        return await self._send(
            request,
            (str(key), format_name),
            (revision[0], settings),
            lambda: self._rendered(key, format_name, settings),
        )

    async def _rendered(self, key: FeedKey, format_name: str, settings: SiteSettings) -> Rendered:
        found = await self._site.store.view(str(key), settings.feed_items)
        if found is None:
            raise web.HTTPNotFound
        view = feed_view(*found, settings, self._site.generator)
        return await self._renderings.made(size_of(view), lambda: render.render(format_name, view))

    async def _send(
        self, request: web.Request, key: tuple[str, str], revision: object, make: Make
    ) -> web.Response:
        """Answer with a rendering: cached for its revision, compressed if asked, 304 if known."""
        wanted = choose_encoding(_all(request, "Accept-Encoding"), tuple(ENCODERS))
        rendered, encoding = await self._renderings.get(key, revision, wanted, make)
        headers = {
            "ETag": rendered.etag,
            "Last-Modified": http_date(last_modified(rendered.last_modified_at, self._site.now())),
            "Cache-Control": CACHE_CONTROL,
            "Vary": "Accept-Encoding",
        }
        if not_modified(
            if_none_match=_all(request, "If-None-Match"),
            if_modified_since=request.headers.get("If-Modified-Since"),
            etag=rendered.etag,
            changed_at=rendered.last_modified_at,
        ):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = rendered.media_type
        if encoding != "identity":
            headers["Content-Encoding"] = encoding
        return web.Response(body=sliced(rendered.body), headers=headers)

    async def index(self, request: web.Request) -> web.StreamResponse:
        """Feeds by category, the publishers and the newest items, how to subscribe."""
        store, settings = self._site.store, self._site.settings
        publishers = await store.newest_feeds("publisher", PUBLISHERS_ON_INDEX + 1)
        others = await store.feeds("all", "category", "source")
        view = html.IndexView(
            feeds=(*others, *publishers[:PUBLISHERS_ON_INDEX]),
            more_publishers=len(publishers) > PUBLISHERS_ON_INDEX,
            items=tuple(await store.view_items("all", NEWEST_ON_INDEX)),
            base_url=settings.base_url,
            site_title=settings.title,
            site_language=settings.language,
        )
        return page(await self._renderings.made(len(view.feeds) * ROW_BYTES, lambda: html.index_page(view)))

    async def style(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=html.STYLE, content_type="text/css", charset="utf-8")

    async def feeds_opml(self, request: web.Request) -> web.StreamResponse:
        """Our feeds as a subscription list. It changes when a feed does, which `all` always notices."""
        revision = await self._site.store.revision("all")
        settings = self._site.settings
        return await self._send(
            request, ("/opml", "opml"), (revision, settings), lambda: self._feeds_list(settings)
        )

    async def _feeds_list(self, settings: SiteSettings) -> Rendered:
        feeds = await self._site.store.feeds()
        changed_at = max((feed.updated_at for feed in feeds), default=self._site.now())
        body = await self._renderings.made(
            len(feeds) * ROW_BYTES,
            lambda: opml.feeds_opml(feeds, settings.base_url, settings.title, changed_at),
        )
        return Rendered(
            body=body, media_type=opml.MEDIA_TYPE, etag=render.etag_of(body), last_modified_at=changed_at
        )

    async def sources_opml(self, request: web.Request) -> web.StreamResponse:
        """Our sources as a subscription list. Nothing counts its changes; its own digest tells them."""
        settings = self._site.settings
        by_name = {source.name: source for source in self._site.sources}
        rows = [
            (by_name[each.name], each.title, each.meta.link)
            for each in await self._site.store.states()
            if each.name in by_name
        ]
        body = await self._renderings.made(
            len(rows) * ROW_BYTES, lambda: opml.sources_opml(rows, settings.title)
        )
        # Last modified: since when this process has known it so.
        rendered = Rendered(
            body=body,
            media_type=opml.MEDIA_TYPE,
            etag=render.etag_of(body),
            last_modified_at=self._site.now(),
        )

        async def made() -> Rendered:
            return rendered

        return await self._send(request, ("/opml/sources", "opml"), rendered.etag, made)

    async def status(self, request: web.Request) -> web.StreamResponse:
        """The health of every source, for people."""
        now, settings = self._site.now(), self._site.settings
        rows = [
            html.StatusRow(
                name=each.name,
                title=each.title,
                category=each.category,
                health=health(each.state, now),
                items=each.item_count,
                last_ok_at=each.state.last_ok_at,
                last_new_at=each.state.last_new_at,
                next_check_at=each.state.next_check_at,
                failures=each.state.failures,
                error=f"{each.state.error.stage}: {each.state.error.message}" if each.state.error else "",
            )
            for each in await self._site.store.states()
        ]
        notices = [each for each in (self._outage(), self._site.refusal) if each]
        body = await self._renderings.made(
            len(rows) * ROW_BYTES,
            lambda: html.status_page(
                rows,
                site_title=settings.title,
                base_url=settings.base_url,
                language=settings.language,
                notices=notices,
            ),
        )
        return page(body)

    async def alive(self, request: web.Request) -> web.StreamResponse:
        """The process answers."""
        return web.Response(text="ok\n")

    async def ready(self, request: web.Request) -> web.StreamResponse:
        """The store can be read, so that feeds can be served; StoreError becomes 503. One that can only
        be read is no reason to send readers elsewhere, but is told."""
        await self._site.store.revision("all")
        notice = self._outage()
        return web.Response(text=f"ready, but: {notice}\n" if notice else "ready\n")

    def _outage(self) -> str:
        outage = self._site.store.outage
        if outage is None:
            return ""
        since = f"{outage.since_at:%Y-%m-%d %H:%M} UTC"
        return f"nothing can be stored since {since}, and nothing is polled until it can: {outage.reason}"

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """Prometheus metrics; what is counted in the store is counted now."""
        metrics, store = self._site.metrics, self._site.store
        metrics.backlog.set(await store.due_count(self._site.now()))
        metrics.stored.set(await store.item_count())
        metrics.owed.set(await store.owed_count())
        metrics.active.set(self._site.active())
        metrics.outage.set(store.outage is not None)
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE})


def _all(request: web.Request, name: str) -> str | None:
    """A header that is a list, of which several lines are one (RFC 9110 section 5.3)."""
    found = request.headers.getall(name, None)
    return None if found is None else ", ".join(found)
