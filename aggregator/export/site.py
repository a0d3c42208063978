"""Feeds and pages as files. A feed's revision tells whether its files are to be made again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from urllib.parse import unquote

from aggregator.export.job import Job, state
from aggregator.export.tree import Wanted
from aggregator.model.feed import Feed
from aggregator.publish import html as pages
from aggregator.publish import opml, paths, render
from aggregator.publish.view import feed_view

FEED_FORMATS = ("atom", "rss", "json")
AT_ONCE = 100  # files that are written together
NEWEST_ON_INDEX = 30
NEWEST_AT_HOME = 5  # of each publisher
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


async def feeds(job: Job) -> dict[str, object]:
    """Every feed in every format, and a list of them."""
    found = await _wanted_feeds(job)
    await _feeds(job, found, FEED_FORMATS)
    _opml(job, found)
    return {}


async def html(job: Job) -> dict[str, object]:
    """Pages, and the feeds that they offer: no link of a page leads nowhere."""
    found = await _wanted_feeds(job)
    await _feeds(job, found, (*FEED_FORMATS, "html"))
    _opml(job, found)
    settings = job.config.site
    # Of a publisher's page the home page shows the newest items: they stand in the page's note.
    notes = {one.path: one.note for one in job.tree.index.pages() if one.note}
    publishers = [
        pages.Newest(feed=feed, markup=notes[path])
        for feed in found
        if feed.key.kind == "publisher" and (path := _path(feed, "html")) in notes
    ]
    index = pages.IndexView(
        feeds=tuple(found),
        items=tuple(await job.store.view_items(job.feed or "all", NEWEST_ON_INDEX)),
        base_url=".",
        site_title=settings.title,
        site_language=settings.language,
        newest=tuple(publishers),
    )
    made = Wanted(path="index.html", body=pages.index_page(index, static=True))
    job.tree.put([made, Wanted(path="style.css", body=pages.STYLE)])
    return {}


async def _wanted_feeds(job: Job) -> list[Feed]:
    return [feed for feed in await job.store.feeds() if job.feed in (None, str(feed.key))]


async def _feeds(job: Job, found: Sequence[Feed], formats: Sequence[str]) -> None:
    made: list[Wanted] = []
    for feed in found:
        made += await _feed(job, feed, formats)
        if len(made) >= AT_ONCE:
            job.tree.put(made)
            made = []
    job.tree.put(made)


async def _feed(job: Job, listed: Feed, formats: Iterable[str]) -> list[Wanted]:
    """Those of a feed's files that are not there."""
    try:
        names = {name: _path(listed, name) for name in formats}
    except ValueError as error:
        job.tree.fail(str(error))
        return []
    revision = _revision(job, listed)
    missing = [name for name, path in names.items() if not job.tree.keep(path, revision)]
    if not missing:
        return []
    found = await job.store.view(str(listed.key), job.config.site.feed_items)
    if found is None:
        return []
    view = feed_view(*found, job.config.site, job.generator)
    revision = _revision(job, found[0])
    made: list[Wanted] = []
    for name in missing:
        note = ""
        if name == "html":
            up = "/".join([".."] * names[name].count("/"))
            body = pages.feed_page(replace(view, base_url=up), static=True)
            if listed.key.kind == "publisher":
                note = pages.newest_of(view.items[:NEWEST_AT_HOME])
        else:
            body = render.render(name, view).body
        made.append(Wanted(path=names[name], body=body, revision=revision, note=note))
    return made


def _path(feed: Feed, name: str) -> str:
    """Where a feed's file goes. Raises ValueError."""
    return unquote(paths.feed_path(feed.key, name)).lstrip("/")


def _revision(job: Job, feed: Feed) -> str:
    """Changes whenever the rendering of a feed might: with its revision, and with what all views share."""
    return f"{feed.revision}-{state([asdict(job.config.site), job.generator])}"


def _opml(job: Job, feeds: list[Feed]) -> None:
    settings = job.config.site
    changed_at = max((feed.updated_at for feed in feeds), default=_NEVER)
    body = opml.feeds_opml(feeds, settings.base_url, settings.title, changed_at)
    job.tree.put([Wanted(path="opml", body=body)])
