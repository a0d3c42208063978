"""Items as posts: an item that has its file is not read again until it changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from aggregator.export.job import Job, state
from aggregator.export.tree import Wanted
from aggregator.model.feed import PublishedItem
from aggregator.publish import pages, posts
from aggregator.publish.posts import Heading, Post, PostError
from aggregator.store.base import Contents

PAGE = 200  # items read at once

Make = Callable[[PublishedItem, tuple[str, ...]], tuple[Post, str]]


async def jekyll(job: Job) -> dict[str, object]:
    zone: tzinfo = ZoneInfo(job.config.site.timezone) if job.config.site.timezone else UTC

    def make(entry: PublishedItem, category: tuple[str, ...]) -> tuple[Post, str]:
        post = posts.jekyll_post(entry, timezone=zone, category=category, templates=job.templates)
        under = posts.heading(entry, category=category, templates=job.templates)
        return post, json.dumps([under.slug, under.name, under.category], ensure_ascii=False)

    memo = await _posts(job, make)
    _pages(job)
    return memo


async def hexo(job: Job) -> dict[str, object]:
    def make(entry: PublishedItem, category: tuple[str, ...]) -> tuple[Post, str]:
        return posts.hexo_post(entry, category=category, templates=job.templates), ""

    return await _posts(job, make)


async def _posts(job: Job, make: Make) -> dict[str, object]:
    """What is to be noted down for the next run, once this one has come to its end."""
    tree, key = job.tree, job.feed or "all"
    memo = tree.index.memo()
    contents = await job.store.contents(key, memo.get("seq", 0))
    if memo.get("store") != contents.store_id or contents.seq < memo.get("seq", 0):
        # Another store, or an older copy of this one: its numbers say nothing of our files.
        contents = await job.store.contents(key, 0)
        memo = {"store": contents.store_id}
        with tree.index.writing():
            tree.index.disown(tree.index.revisions())
            tree.index.note_down(memo)
    titles = _category_titles(job)
    states = await _states(job, titles)
    _spoil(job, memo.get("states", {}), states)
    made_from = tree.index.revisions()
    wanted = [item_id for item_id in contents.item_ids if _is_to_be_made(item_id, made_from, contents)]
    with tree.index.writing():
        tree.index.disown(made_from.keys() - set(contents.item_ids))
    tree.report.unchanged += len(contents.item_ids) - len(wanted)
    for start in range(0, len(wanted), PAGE):
        found = await job.store.items(wanted[start : start + PAGE])
        files: list[Wanted] = []
        failed: list[int] = []
        for item_id, entry in found.items():
            try:
                post, note = make(entry, titles.get(entry.source_name, ()))
            except PostError as error:
                tree.fail(f"item {entry.item.uid}: {error}")
                failed.append(item_id)
                continue
            files.append(
                Wanted(
                    path=post.path,
                    body=post.body,
                    # As it was when the run began: what changes meanwhile is made again by the next one.
                    revision=str(contents.changed.get(item_id, contents.seq)),
                    item_id=item_id,
                    origin=entry.source_name,
                    note=note,
                )
            )
        tree.put(files)
        with tree.index.writing():
            tree.index.spoil(item_ids=failed)
    return {"store": contents.store_id, "seq": contents.seq, "states": states}


def _is_to_be_made(item_id: int, made_from: Mapping[int, str], contents: Contents) -> bool:
    revision = made_from.get(item_id)
    return not revision or (item_id in contents.changed and revision != str(contents.changed[item_id]))


async def _states(job: Job, titles: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """For each source what its posts depend on beside the items, and under "" what all posts do."""
    states = {"": state([asdict(job.templates), job.config.site.timezone, job.generator])}
    for feed in await job.store.feeds("source"):
        states[feed.key.name] = state([feed.title, titles.get(feed.key.name, ())])
    return states


def _spoil(job: Job, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Have made again what depends on what is different now."""
    with job.tree.index.writing():
        if old.get("") != new[""]:
            job.tree.index.spoil_all()
        else:
            job.tree.index.spoil(origins=[name for name in new if old.get(name) != new[name]])


def _pages(job: Job) -> None:
    """A page for each publisher that a post names, and the home page."""
    site, tree = job.config.site, job.tree
    newest: dict[str, tuple[int, Heading]] = {}  # the newest item's spelling of a name
    for note, item_id in tree.index.notes().items():
        slug, name, category = json.loads(note)
        if slug not in newest or newest[slug][0] < item_id:
            newest[slug] = (item_id, Heading(slug=slug, name=name, category=category))
    publishers = [one for _, one in newest.values()]
    shared = [site.title, site.language, job.generator]
    made: list[Wanted] = []
    for each in publishers:
        revision = state([astuple(each), shared])
        if not tree.keep(pages.category_path(each), revision):
            page = pages.category_page(each, site_title=site.title, language=site.language)
            made.append(Wanted(path=page.path, body=page.body, revision=revision))
    revision = state([sorted(map(astuple, publishers)), shared])
    if not tree.keep(pages.HOME, revision):
        page = pages.home_page(publishers, site_title=site.title, language=site.language)
        made.append(Wanted(path=page.path, body=page.body, revision=revision))
    tree.put(made)


def _category_titles(job: Job) -> dict[str, tuple[str, ...]]:
    """For each source the titles along its category path, from the top."""
    titles = {each.path: each.title for each in job.config.categories}
    return {source.name: _titles(source.category, titles) for source in job.config.sources}


def _titles(path: str, titles: Mapping[str, str]) -> tuple[str, ...]:
    parts = path.split("/") if path else []
    ways = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    return tuple(titles.get(way, way.rpartition("/")[2]) for way in ways)
