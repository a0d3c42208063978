"""What belongs into the folder of an export, page by page of the store's items."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from aggregator.export.tree import ExportReport, Tree, Wanted, opened
from aggregator.model.feed import Feed, FeedView, PublishedItem
from aggregator.model.settings import Config
from aggregator.publish import html, opml, pages, paths, posts, render
from aggregator.publish.posts import Heading, Post, PostError, Templates
from aggregator.store.base import Store

PAGE = 200  # items read at once
FEED_FORMATS = ("atom", "rss", "json")
NEWEST_ON_INDEX = 30
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One export: ``feed`` is the key of the only feed to export, None for all."""

    store: Store
    config: Config
    tree: Tree
    feed: str | None
    templates: Templates | None
    generator: str


async def export(
    store: Store,
    config: Config,
    directory: Path,
    *,
    format: str,
    feed: str | None = None,
    templates: Templates | None = None,
    generator: str = "aggregator",
) -> ExportReport:
    """Bring `directory` in line with what is stored; write only what changed.

    `format` is a name in `FORMATS`; `feed` the key of a feed that exists; `templates` file posts in
    another way than the format's own. An item or file that cannot be written is reported and left out.
    Raises ExportError if the folder cannot be used, and StoreError.
    """
    section = f"{format} {feed}" if feed else format
    with opened(directory, section) as tree:
        job = Job(store=store, config=config, tree=tree, feed=feed, templates=templates, generator=generator)
        await FORMATS[format](job)
        return tree.finish()


# Feeds and pages


async def _feeds(job: Job) -> None:
    found = await _wanted_feeds(job)
    for feed in found:
        await _feed(job, feed, FEED_FORMATS)
    _opml(job, found)


async def _html(job: Job) -> None:
    """Pages, and the feeds that they offer: no link of a page leads nowhere."""
    found = await _wanted_feeds(job)
    for feed in found:
        await _feed(job, feed, (*FEED_FORMATS, "html"))
    _opml(job, found)
    settings = job.config.site
    view = html.IndexView(
        feeds=tuple(found),
        items=tuple(await job.store.view_items(job.feed or "all", NEWEST_ON_INDEX)),
        base_url=".",
        site_title=settings.title,
        site_language=settings.language,
    )
    index = Wanted(path="index.html", body=html.index_page(view, static=True))
    job.tree.put([index, Wanted(path="style.css", body=html.STYLE)])


async def _wanted_feeds(job: Job) -> list[Feed]:
    return [feed for feed in await job.store.feeds() if job.feed in (None, str(feed.key))]


async def _feed(job: Job, listed: Feed, formats: Iterable[str]) -> None:
    settings, tree = job.config.site, job.tree
    try:
        names = {name: unquote(paths.feed_path(listed.key, name)).lstrip("/") for name in formats}
    except ValueError as error:
        tree.fail(str(error))
        return
    state = _state(job, listed)
    missing = [name for name, path in names.items() if not tree.keep(path, state)]
    if not missing:
        return
    found = await job.store.view(str(listed.key), settings.feed_items)
    if found is None:
        return
    view = FeedView(
        feed=found[0],
        items=tuple(found[1]),
        base_url=settings.base_url,
        site_title=settings.title,
        site_language=settings.language,
        generator=job.generator,
    )
    state = _state(job, found[0])
    for name in missing:
        if name == "html":
            up = "/".join([".."] * names[name].count("/"))
            body = html.feed_page(replace(view, base_url=up), static=True)
        else:
            body = render.render(name, view).body
        tree.put([Wanted(path=names[name], body=body, revision=state)])


def _state(job: Job, feed: Feed) -> str:
    """Changes whenever the rendering of a feed might: with its revision, and with what all views share."""
    shared = json.dumps([asdict(job.config.site), job.generator], ensure_ascii=False)
    return f"{feed.revision}-{hashlib.sha256(shared.encode()).hexdigest()[:12]}"


def _opml(job: Job, feeds: list[Feed]) -> None:
    settings = job.config.site
    changed_at = max((feed.updated_at for feed in feeds), default=_NEVER)
    body = opml.feeds_opml(feeds, settings.base_url, settings.title, changed_at)
    job.tree.put([Wanted(path="opml", body=body)])


# Posts


async def _jekyll(job: Job) -> None:
    zone: tzinfo = ZoneInfo(job.config.site.timezone) if job.config.site.timezone else UTC
    templates = job.templates or posts.JEKYLL
    publishers: dict[str, Heading] = {}

    def make(entry: PublishedItem, category: tuple[str, ...]) -> Post:
        post = posts.jekyll_post(entry, timezone=zone, category=category, templates=templates)
        one = posts.heading(entry, category=category, templates=templates)
        publishers.setdefault(one.slug, one)  # the newest item's spelling of the name
        return post

    await _posts(job, make)
    site = job.config.site
    made = [
        pages.category_page(each, site_title=site.title, language=site.language)
        for each in publishers.values()
    ]
    made.append(pages.home_page(list(publishers.values()), site_title=site.title, language=site.language))
    job.tree.put([Wanted(path=page.path, body=page.body) for page in made])


async def _hexo(job: Job) -> None:
    templates = job.templates or posts.HEXO
    await _posts(job, lambda entry, category: posts.hexo_post(entry, category=category, templates=templates))


async def _posts(job: Job, make: Callable[[PublishedItem, tuple[str, ...]], Post]) -> None:
    titles = {each.path: each.title for each in job.config.categories}
    of_source = {source.name: _titles(source.category, titles) for source in job.config.sources}
    async for page in _pages(job.store, job.feed or "all"):
        files: list[Wanted] = []
        for entry in page:
            try:
                post = make(entry, of_source.get(entry.source_name, ()))
            except PostError as error:
                job.tree.fail(f"item {entry.item.uid}: {error}")
                continue
            files.append(Wanted(path=post.path, body=post.body))
        job.tree.put(files)


def _titles(path: str, titles: dict[str, str]) -> tuple[str, ...]:
    """The titles along a category path, from the top."""
    parts = path.split("/") if path else []
    ways = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    return tuple(titles.get(way, way.rpartition("/")[2]) for way in ways)


async def _pages(store: Store, key: str) -> AsyncIterator[list[PublishedItem]]:
    """All items of a feed, newest first, a page at a time."""
    page = await store.view_items(key, PAGE)
    while page:
        yield page
        page = await _after(store, key, page)


async def _after(store: Store, key: str, page: list[PublishedItem]) -> list[PublishedItem]:
    """The page that follows `page`, also if its last item was removed from the store meanwhile: that
    must not look like the end, or all older files would be removed."""
    for entry in reversed(page):
        following = await store.view_items(key, PAGE, entry.item.uid)
        if following:
            return following
        record = await store.item(entry.item.uid)
        if record and record.published:
            return []
    return []


FORMATS: dict[str, Callable[[Job], Awaitable[None]]] = {
    "html": _html,
    "jekyll": _jekyll,
    "hexo": _hexo,
    "feeds": _feeds,
}
