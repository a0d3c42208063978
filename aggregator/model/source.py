"""Sources: what is read, and what is remembered of each between two polls."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from aggregator.model.document import Drop, Extension, Hints, Image
from aggregator.model.item import Alias, ItemChange

RETRY_AFTER_ON = (429, 503)
RetryAfterScope = Literal["host", "url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """Where an item and its fields are found. On a page: CSS selectors, with ``@attribute`` behind one for
    an attribute's value instead of the text; relative to the item, "" being the item itself. In an API's
    JSON: JMESPath expressions on the record, or texts with ``{expression}`` in them. None: not given."""

    items: str
    id: str | None = None
    title: str | None = None
    link: str | None = None
    published: str | None = None
    updated: str | None = None
    summary: str | None = None
    content: str | None = None
    author: str | None = None
    publisher: str | None = None
    tags: str | None = None
    image: str | None = None
    article: str | None = None  # the address of an item's article, where that is not its link


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How a listing goes on: ``next`` finds the following page's address (a selector or JMESPath), or
    ``parameter`` is a query parameter that counts from ``start`` by ``step``. At most ``limit`` pages
    are read a poll, and none after one without items."""

    limit: int = 1
    next: str | None = None
    parameter: str | None = None
    start: int = 1
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """How the article of a new item is asked for: ``content`` is the selector of its text in a page, or the
    JMESPath of it in JSON, or None: its text is found without one, and taken if it is better than the
    feed's. ``remove`` are selectors of what goes from it. At most ``limit`` articles are asked for a
    poll, the others at later ones; an item is published without its article after ``wait_s``."""

    content: str | None = None
    remove: tuple[str, ...] = ()
    wait_s: float = 600.0
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """What is taken out of an item's texts before they are cleaned: CSS selectors of what goes
    (``remove``) and of what leaves its text behind (``unwrap``), texts to ``replace`` (old, new), and
    whether elements that show nothing go as well."""

    remove: tuple[str, ...] = ()
    unwrap: tuple[str, ...] = ()
    replace: tuple[tuple[str, str], ...] = ()
    drop_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One configured source. ``name`` is unique and appears in URLs. ``category`` is a path such as
    "finance/cs/news", or "" for none. ``every_s`` is the shortest and ``max_every_s`` the longest
    time between two polls that we choose ourselves. ``retry_after_on`` are the statuses whose Retry-After
    is obeyed, ``retry_after_scope`` is who then waits: all who ask that host and port, or whoever asked
    for that address. ``headers`` may hold secrets: never log them."""

    name: str
    url: str
    kind: str = "feed"
    category: str = ""
    title: str | None = None
    every_s: float = 3600.0
    max_every_s: float = 28800.0
    timeout_s: float = 30.0
    max_body_bytes: int = 15 * 1024 * 1024
    retry_after_on: tuple[int, ...] = RETRY_AFTER_ON
    retry_after_scope: RetryAfterScope = "host"
    timezone: str | None = None
    language: str | None = None
    select: Select | None = None  # kinds page and api
    paging: Paging = Paging()
    body: str | None = None  # what is posted; None for a GET
    article: Article | None = None
    full_text: bool = False  # articles are asked for, and there is no selector of their text
    clean: Clean | None = None
    robots: bool = True  # whether robots.txt is asked about pages
    publisher: tuple[str, ...] = ("select",)  # where its name is looked for, in this order
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def local_articles(self) -> bool:
        """Whether articles are files of the operator, because the template of their addresses says so.
        A listing that comes from elsewhere never has any."""
        template = (self.select.article if self.select else None) or ""
        return template.startswith("file:") and self.url.startswith("file:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to ask "changed since?" with: opaque, sent back exactly as received, and
    only to ``url``, which gave them (RFC 9110 section 13.1)."""

    url: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceError:
    """The last failure of a source, for `status`. ``type`` is the error's class name."""

    stage: str
    type: str
    message: str
    transient: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is remembered of a source between polls. The default is that of one never polled.

    ``failures`` counts failures in a row. ``hold_until_at`` is Retry-After: never to be overridden.
    ``fresh_until_at`` is the server's or publisher's own word that nothing changes before (max-age,
    Expires, ttl, skip hours). ``moved_url``/``moved_count`` count equal permanent redirects in a row.
    ``missing_since_at`` is the first of the 404s in a row. ``retired_at`` is set by 410.
    """

    validators: Validators | None = None
    body_sha256: bytes | None = None
    hints: Hints = Hints()
    last_check_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    next_check_at: datetime | None = None
    hold_until_at: datetime | None = None
    fresh_until_at: datetime | None = None
    failures: int = 0
    error: SourceError | None = None
    moved_url: str | None = None
    moved_count: int = 0
    adopted_url: str | None = None
    missing_since_at: datetime | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMeta:
    """What a source's document says of itself, trusted (plain text, absolute addresses).
    ``extensions`` can be long, and come back from the store with the source's feed only."""

    title: str = ""
    link: str | None = None
    description: str = ""
    language: str | None = None
    image: Image | None = None
    icon: str | None = None
    rights: str | None = None
    authors: tuple[str, ...] = ()
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A leased source. ``token`` fences the lease: a save with an outlived token is refused.
    ``key`` is the source's immutable key, from which item ids are minted. ``anew``: what is stored was read
    by other rules of the configuration."""

    source_id: int
    key: str
    token: str
    source: Source
    state: SourceState
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One finished crawl, to be committed at once: state, validators and items together.

    ``result`` is one of "fetched", "not_modified", "unchanged", "failed", and "held": nothing was asked,
    because the host had told us to wait.
    ``changes`` are in document order. ``unchanged`` counts known entries without change.
    ``shared_aliases`` are identities found to mean several items. ``meta`` is None when nothing was
    parsed. ``elapsed_s`` is for metrics only.
    """

    claim: Claim
    result: str
    state: SourceState
    meta: SourceMeta | None = None
    changes: tuple[ItemChange, ...] = ()
    shared_aliases: tuple[Alias, ...] = ()
    unchanged: int = 0
    drops: tuple[Drop, ...] = ()
    status: int | None = None
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a commit did. ``lost`` is True when the lease had passed to another process and nothing
    was stored. ``feeds`` are the keys, in text form, of the feeds whose content changed.
    ``unchanged`` counts changes that turned out to be none, ``drops`` what only the store could see."""

    new: int = 0
    updated: int = 0
    feeds: tuple[str, ...] = ()
    lost: bool = False
    error: str = ""
    unchanged: int = 0
    drops: tuple[Drop, ...] = ()
