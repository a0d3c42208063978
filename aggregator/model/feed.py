"""Feeds: what is published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aggregator.model.document import Extension, Image
from aggregator.model.item import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedKey:
    """Names a feed: ``kind`` is all, category, source or publisher; ``name`` is "" for all, a path
    such as "finance/cs" for a category, a name for a source. Text form: "all", "category/finance/cs",
    "source/acme"."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" if self.name else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed's row. ``revision`` rises in the transaction that changes its content, at ``updated_at``.
    ``gone`` feeds existed once. ``link`` is the site that a source's feed is about. What a source says
    of itself is in its own feed only; ``authors`` are names. ``extensions`` are read with a single feed,
    not with a list of feeds."""

    key: FeedKey
    title: str
    revision: int
    updated_at: datetime
    description: str = ""
    link: str | None = None
    language: str | None = None
    image: Image | None = None
    rights: str | None = None
    icon: str | None = None
    authors: tuple[str, ...] = ()
    extensions: tuple[Extension, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedItem:
    """An item within a feed, with the name and title of the source that it was read from."""

    item: Item
    source_name: str
    source_title: str
    source_link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """All that a renderer gets. ``items`` newest first. Addresses are absolute, under ``base_url``
    (no slash at its end). ``site_title`` is the operator's; ``generator`` our name and version."""

    feed: Feed
    items: tuple[PublishedItem, ...]
    base_url: str
    site_title: str
    site_language: str | None = None
    generator: str = "aggregator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A published document. ``etag`` is quoted and strong, the digest of exactly ``body``;
    ``last_modified_at`` is the feed's ``updated_at``."""

    body: bytes
    media_type: str
    etag: str
    last_modified_at: datetime
