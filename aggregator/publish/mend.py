"""One bad item must not take a feed down.

Items are trusted, so renderers do not check them. But the libraries below refuse a whole document for
one control character, and a fault upstream of here would then empty the feed. So when a document
fails, and only then, its items are tried one by one: as they are, scrubbed, and at last cut down to
what identifies them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from lxml import etree

from aggregator.model.feed import Feed, FeedView, PublishedItem
from aggregator.model.item import Item

# What lxml, feedgen, orjson and Jinja2 raise for values that they cannot write.
FAULTS = (ValueError, TypeError, OverflowError, etree.LxmlError)

# All but the characters of XML 1.0 (section 2.2); lone surrogates are among them.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_UNTITLED = "Untitled"


def mended(view: FeedView, build: Callable[[FeedView], bytes]) -> bytes:
    """``build(view)``; if that fails, the same of a view whose faulty parts were mended.

    Raises what `build` raises only if it cannot even write the feed's scrubbed head.
    """
    try:
        return build(view)
    except FAULTS:
        head = replace(_scrub(replace(view, items=())), feed=_mended_feed(view))
        return build(replace(head, items=tuple(_mended_item(head, entry, build) for entry in view.items)))


def scrub_text(text: str) -> str:
    """`text` without the characters that XML 1.0 forbids."""
    return _FORBIDDEN.sub("", text)


def _mended_feed(view: FeedView) -> Feed:
    feed: Feed = _scrub(view.feed)
    title = feed.title or scrub_text(view.site_title) or str(feed.key)
    return replace(feed, title=title, authors=tuple(name for name in feed.authors if name))


def _mended_item(head: FeedView, entry: PublishedItem, build: Callable[[FeedView], bytes]) -> PublishedItem:
    for mend in (_unchanged, _scrubbed):
        try:
            candidate = mend(entry)
            build(replace(head, items=(candidate,)))
        except FAULTS:
            continue
        return candidate
    return _minimal(entry, head.feed.updated_at)


def _unchanged(entry: PublishedItem) -> PublishedItem:
    return entry


def _scrubbed(entry: PublishedItem) -> PublishedItem:
    clean: PublishedItem = _scrub(entry)
    return replace(clean, item=replace(clean.item, title=clean.item.title or _UNTITLED))


def _minimal(entry: PublishedItem, default_at: datetime) -> PublishedItem:
    """Id, title, link and one date of an item, each made sure of."""
    item = entry.item
    link = scrub_text(item.link or "")
    at = _usable(item.first_seen_at) or default_at
    return PublishedItem(
        item=Item(
            uid=_usable_uid(item.uid),
            guid=None,
            guid_is_permalink=False,
            link=link if link.startswith(("http://", "https://")) else None,
            title=scrub_text(item.title) or _UNTITLED,
            summary_html="",
            content_html="",
            published_at=None,
            updated_at=None,
            first_seen_at=at,
            sorted_at=at,
        ),
        source_name=scrub_text(entry.source_name) or "unknown",
        source_title=scrub_text(entry.source_title),
    )


def _usable_uid(uid: str) -> str:
    try:
        return str(UUID(uid))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, scrub_text(uid)))


def _usable(at: datetime) -> datetime | None:
    aware: datetime = _scrub(at)
    try:
        return aware.astimezone(UTC)
    except OverflowError:  # at an end of the calendar
        return None


def _scrub(value: Any) -> Any:
    """The same value with every string in it scrubbed, and every naive date taken as UTC."""
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, tuple):
        return tuple(_scrub(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _scrub(getattr(value, field.name)) for field in fields(value)})
    return value
