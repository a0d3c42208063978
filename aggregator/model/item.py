"""What we keep: trusted items, made by `process.admit` and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from aggregator.model.document import (
    Drop,
    Enclosure,
    EntrySource,
    Extension,
    Image,
    Link,
    Person,
    Tag,
)
from aggregator.model.pickles import quickly_pickled


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who published an item, whichever source it came through. ``name`` is one normalised line: two
    spellings of a name are one publisher. ``slug`` is what its name suggests for addresses
    (``[a-z0-9-]``, not empty); the store keeps slugs unique."""

    name: str
    slug: str


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A trusted item. Promises, so that renderers never check:

    - ``uid`` is a UUID in canonical text form; ``title`` is non-empty plain text;
    - ``link`` and every other address is absolute http(s), or None / absent;
    - ``content_html`` and ``summary_html`` are allow-listed HTML with absolute addresses, or "";
      an item with one text only has it in ``content_html``;
    - no string holds a character that XML 1.0 forbids; every date is real and not absurd;
    - ``sorted_at`` places the item in feeds and never changes after the item was first stored;
    - ``digest`` covers what is published, without dates and counters that change by themselves.
    """

    uid: str
    guid: str | None
    guid_is_permalink: bool
    link: str | None
    title: str
    summary_html: str
    content_html: str
    published_at: datetime | None
    updated_at: datetime | None
    first_seen_at: datetime
    sorted_at: datetime
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    tags: tuple[Tag, ...] = ()
    links: tuple[Link, ...] = ()
    comments: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    image: Image | None = None
    source: EntrySource | None = None
    language: str | None = None
    rights: str | None = None
    extensions: tuple[Extension, ...] = ()
    publisher: Publisher | None = None
    digest: bytes = b""


class Alias(NamedTuple):
    """One identity that an entry showed: ``kind`` is "guid", "link" or "text", ``hash`` 16 bytes.

    A tuple, because a look-up hashes it and there are four for every entry of every poll.
    """

    kind: str
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """What the store remembers of an item, enough to tell new, updated and unchanged apart.

    ``item_id`` is the store's integer. ``guid_hash`` and ``title_hash`` are those of the entry as
    last stored (None where it had none). ``entry_digest`` is that of the uncleaned entry.
    ``pruned`` items have left the store but are still known.
    """

    item_id: int
    uid: str
    guid_hash: bytes | None
    title_hash: bytes | None
    entry_digest: bytes
    digest: bytes
    first_seen_at: datetime
    sorted_at: datetime
    updated_at: datetime | None
    silent_edits: int
    pruned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The part of a source's memory that a document's entries touch.

    ``aliases`` maps an alias to an item id, or to None where several items have shown it ("shared":
    it identifies nothing any more). ``items`` holds every item id that occurs there.
    """

    aliases: dict[Alias, int | None]
    items: dict[int, KnownItem]


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """One item to be stored. ``item_id`` is None for a new one. ``aliases`` are all identities the
    entry showed that the item does not have yet. ``raw`` is the uncleaned entry as
    `process.raw` packs it. ``silent`` marks an update whose entry did not say that it was updated.
    ``same`` marks a known item whose content is as stored (or that was pruned): only its identities are
    recorded. ``notes`` tell which parts of the entry were left out of the item, and why.
    ``article_url``: the item is new, and published when its article, still to be asked for, has come.
    ``keeps_content``: the stored content came from an article, unless that is still owed, and stays.
    ``keeps_longer``: it may have, and stays if it is clearly longer. Beside a content that stays the
    entry's text is the summary. ``keeps_publisher``: the stored publisher may have been named by an
    article, and stays where the entry names none."""

    item: Item
    item_id: int | None
    aliases: tuple[Alias, ...]
    entry_digest: bytes
    title_hash: bytes | None
    guid_hash: bytes | None
    raw: bytes
    silent: bool = False
    same: bool = False
    notes: tuple[Drop, ...] = ()
    article_url: str | None = None
    keeps_content: bool = False
    keeps_longer: bool = False
    keeps_publisher: bool = False
