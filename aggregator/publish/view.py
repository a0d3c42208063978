"""What every format says alike: ids, dates, names and the origin of an item, decided once.

Dates are cut to whole seconds in all formats, so that one item never has two times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from html import unescape
from uuid import UUID, uuid5

from aggregator.model.document import EntrySource, Person
from aggregator.model.feed import Feed, FeedKey, FeedView, PublishedItem
from aggregator.model.item import Item
from aggregator.model.settings import SiteSettings
from aggregator.publish.paths import feed_url

# Fixed for ever: every feed id that readers have stored is made from it.
_FEED_IDS = UUID("5d2f6c0a-9b1e-4c57-8f0e-3a6b7d41c298")

# Quotes are matched as wholes, since an attribute value may hold ">"; possessive, so linear.
_TAG = re.compile(r"""<!--.*?-->|<(?:[^"'<>]|"[^"]*"|'[^']*')*+>""", re.DOTALL)


def feed_view(feed: Feed, items: Sequence[PublishedItem], site: SiteSettings, generator: str) -> FeedView:
    """What renderers are given, for a feed of this site."""
    return FeedView(
        feed=feed,
        items=tuple(items),
        base_url=site.base_url,
        site_title=site.title,
        site_language=site.language,
        generator=generator,
    )


def size_of(view: FeedView) -> int:
    """About how many octets a rendering of ``view`` has, from its texts."""
    return sum(
        len(each.item.content_html) + len(each.item.summary_html) + len(each.item.title)
        for each in view.items
    )


@lru_cache(maxsize=4096)
def feed_id(key: FeedKey) -> str:
    """The permanent ``urn:uuid:`` of a feed. It depends on the key alone, so it outlives every move
    of the site to another address."""
    return f"urn:uuid:{uuid5(_FEED_IDS, str(key))}"


def item_id(item: Item) -> str:
    return f"urn:uuid:{item.uid}"


def whole_seconds(at: datetime) -> datetime:
    """`at` in UTC without its fraction. `at` must be aware."""
    return at.astimezone(UTC).replace(microsecond=0)


def published_at(item: Item) -> datetime | None:
    return whole_seconds(item.published_at) if item.published_at else None


def updated_at(item: Item) -> datetime:
    """When the item last changed: never before it was published, and never unknown."""
    published, updated = item.published_at, item.updated_at
    if updated and (published is None or updated >= published):
        return whole_seconds(updated)
    return whole_seconds(published or item.first_seen_at)


def rfc3339(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def texts(item: Item) -> tuple[str, str]:
    """(summary, content) as HTML. An item with one text has it as content, so summary is then ""."""
    if item.content_html:
        return item.summary_html, item.content_html
    return "", item.summary_html


def plain_text(html: str) -> str:
    """The words of trusted HTML on one line. Not a sanitiser: the result is text, not HTML."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def person_name(person: Person) -> str:
    """A name to show; formats that demand a name get the address of a nameless person."""
    return person.name or person.email or person.url


def authors(view: FeedView) -> tuple[str, ...]:
    """Who the feed is by, never nobody: those that a source names, the source, or the operator's site."""
    return view.feed.authors or ((view.feed.title if view.feed.key.kind == "source" else view.site_title),)


def language(view: FeedView) -> str | None:
    return view.feed.language or view.site_language


def home_url(view: FeedView) -> str:
    """The page for people that the feed is about: a source's site, otherwise ours."""
    return view.feed.link or f"{view.base_url}/"


def self_url(view: FeedView, suffix: str) -> str:
    return feed_url(view.base_url, view.feed.key, suffix)


def origin(view: FeedView, entry: PublishedItem, suffix: str) -> EntrySource | None:
    """The feed that an item comes from, for ``atom:source`` and RSS ``source``; None if it is this one.

    What the upstream entry named itself comes first: the first publisher is the one to be credited
    (RFC 4287 section 4.2.11). Otherwise, in a feed of many sources, it is our feed of that source.
    """
    if entry.item.source:
        return entry.item.source
    if view.feed.key.kind == "source":
        return None
    key = FeedKey(kind="source", name=entry.source_name)
    return EntrySource(
        title=entry.source_title,
        url=feed_url(view.base_url, key, suffix),
        link=entry.source_link or "",
        id=feed_id(key),
    )
