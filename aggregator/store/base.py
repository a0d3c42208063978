"""What a store can do, as the rest of the program sees it: use cases, not a query language.

Every method may raise `StoreError` (`StoreBusy` when another process holds the database for longer
than the waiting time). All datetimes are aware UTC. Feeds are named by the text form of `FeedKey`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from aggregator.model.feed import Feed, PublishedItem
from aggregator.model.item import Alias, Item, Known, KnownItem, Publisher
from aggregator.model.settings import Category
from aggregator.model.source import Claim, Outcome, Saved, Source, SourceMeta, SourceState

FirstCheck = Callable[[Source, int], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What bringing the store in line with the configuration changed: names of sources (``renamed``
    are new names), and keys of feeds whose content changed or that are gone."""

    added: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A source chosen by name or category. ``reason`` tells why it is not polled now: "retired",
    "held" (Retry-After), "fresh" (max-age and the like), "leased" (another crawl is at it), "done"
    (polled since the run began), "waiting" (not due); "" when it is. ``until_at`` is when that ends."""

    name: str
    reason: str = ""
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One configured source, for people."""

    name: str
    category: str
    kind: str
    url: str
    title: str
    state: SourceState
    meta: SourceMeta
    item_count: int
    leased_until_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEntry:
    """One line of the trail: what happened to an item or entry, when, and why."""

    at: datetime
    source_name: str
    uid: str | None
    stage: str
    reason: str
    ref: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRecord:
    """Everything kept about one item. ``published`` is None when it was pruned. ``raw`` is the
    uncleaned entry as the change had it. ``feeds`` are the feeds it is in."""

    uid: str
    source_name: str
    published: PublishedItem | None
    raw: bytes | None
    first_seen_at: datetime
    changed_at: datetime | None
    pruned_at: datetime | None
    silent_edits: int
    feeds: tuple[str, ...]
    trail: tuple[TrailEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An article whose time has come. It is nobody's yet: others may see the same."""

    request_id: int
    source_id: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An article that is still to be asked for: ``tries`` counts this one, ``raw`` is the packed entry of
    the item, ``known`` the item as it is stored."""

    request_id: int
    source_id: int
    uid: str
    url: str
    tries: int
    raw: bytes
    known: KnownItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """An item that older rules have cleaned, as it is stored, and the commit that last changed it."""

    item_id: int
    seq: int
    item: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Recleaned:
    """What became of an outdated item: ``item`` is None where nothing published changed. ``note`` is why
    only its plain text was kept, or ""."""

    of: Outdated
    item: Item | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The items of a feed, newest first, by numbers that ``store_id`` tells from those of other stores;
    and those items, of any feed, that have changed after a commit, each with the commit that last changed
    it. ``seq`` is the newest commit."""

    store_id: int
    seq: int
    item_ids: Sequence[int]
    changed: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """A source that has articles to be asked for now. Nothing of it is leased: each request is."""

    source_id: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which the store takes nothing: since when, and why."""

    since_at: datetime
    reason: str


class ArticleRequests(Protocol):
    """What remembers the articles that are owed, until they have come or are given up."""

    async def publish_waiting(self, source_id: int, before: datetime) -> int:
        """Publishes the items that have waited for their article since ``before`` or longer; how many.
        Their articles stay owed."""

    async def next_article(self, source_id: int, now: datetime) -> Due | None:
        """The one of the source's articles to be asked for first: the oldest, in document order, of those
        whose time has come."""

    async def take_article(self, due: Due, now: datetime, *, lease: timedelta) -> Owed | None:
        """The article, if its time has still come: nobody else is given it within ``lease``, after which it
        counts as lost in a crash. None when somebody else was faster."""

    async def save_article(self, owed: Owed, item: Item) -> bool:
        """Stores an item as its article makes it and publishes it; the article is not owed any more. Nothing
        is stored, and False given, where somebody else has taken the request meanwhile, or where the item's
        entry has changed: its article may have, too, and is to be asked for again, now."""

    async def article_failed(
        self,
        owed: Owed,
        *,
        stage: str,
        reason: str,
        detail: str,
        again_at: datetime | None,
        counted: bool = True,
    ) -> None:
        """Puts the request off until ``again_at``; None gives it up: that is noted in the trail, and the
        item is published without its article. Not ``counted``: nobody was asked, so it was no try."""


class Store(ArticleRequests, Protocol):
    """An open store."""

    async def close(self) -> None:
        """Stores what is queued, gives back leases, closes. Safe to call twice."""

    @property
    def outage(self) -> Outage | None:
        """What keeps the store from taking anything just now. Only a patient one has outages."""

    def patient(self, patient: bool) -> None:
        """Whether writing waits while the disk is full, read-only or failing, or another process holds the
        database, instead of raising `StoreOutage`. At first a store is not patient."""

    # Configuration

    async def sync_sources(
        self,
        sources: Sequence[Source],
        categories: Sequence[Category],
        site_title: str,
        now: datetime,
        first_check: FirstCheck,
    ) -> SyncResult:
        """Brings sources and feeds in line with the configuration; writes nothing when they are.

        ``first_check`` gives a new source's first poll: the source, and how many new ones there are.
        A source whose name is gone while its address stands under a new name was renamed: it keeps
        its items. One that is gone keeps its items too, outside all feeds, until it comes back.
        """

    async def merge_publishers(self, aliases: Mapping[str, Publisher]) -> tuple[str, ...]:
        """Renames and merges publishers: every item of a name becomes one of the publisher that it maps
        to, whose feed rises, and the name's own feed is gone. Keys of the feeds that changed; writes
        nothing when nothing of these names is stored. Where a publisher maps to another it must map to
        the last one, as `process.publisher.merges` gives it.
        """

    # Claims

    async def claim_due(
        self,
        now: datetime,
        *,
        category: str | None,
        limit: int,
        lease_s: float,
        per_host: int,
        one_host: Sequence[str] = (),
    ) -> list[Claim]:
        """Leases sources that are due, the longest overdue first, of exactly ``category`` ("" for
        none, None for any), so that at most ``per_host`` of one host and port are leased at once. The
        domains of ``one_host`` each count as one host, with all names below them and whatever port."""

    async def selected(
        self,
        names: Sequence[str] | None,
        *,
        category: str | None,
        since: datetime,
        now: datetime,
        force: bool,
        due: bool,
        one_host: Sequence[str] = (),
    ) -> tuple[list[str], list[Selected]]:
        """The sources of ``names`` (None: all) within ``category`` (descendants included; None: any)
        that may be polled, hosts in turn, and those to skip with the reason, by name.

        ``since`` is from `begin_run`. ``force`` overrides "fresh" only; ``due`` adds the schedule's
        word."""

    async def claim_named(
        self,
        names: Sequence[str],
        *,
        since: datetime,
        now: datetime,
        force: bool,
        due: bool,
        lease_s: float,
    ) -> list[Claim]:
        """Leases those of ``names`` that may be polled, by the same rules as `selected`, in order."""

    async def release(self, claims: Iterable[Claim]) -> None:
        """Gives leases back unused; those sources are as due as before."""

    async def begin_run(self, now: datetime) -> datetime:
        """Registers a crawl run of this process; the start of the oldest run that still lives. What
        was polled since then need not be polled again by this one."""

    async def end_run(self) -> None:
        """Ends this process's run, and frees the leases that it has not used."""

    # Crawling

    async def hold_host(self, host: str, until: datetime) -> None:
        """Keeps that a host and port ("example.org:443") told us to wait; a longer wait stays."""

    async def held_hosts(self, now: datetime) -> dict[str, datetime]:
        """Hosts and ports that told us to wait for longer than now, and until when."""

    async def known(self, source_id: int, aliases: Iterable[Alias]) -> Known:
        """What is remembered under these identities of the source."""

    async def save(self, outcome: Outcome) -> Saved:
        """Commits one crawl: state, validators, items, releasing the lease. Returns when durable.

        One outcome that cannot be stored gives `Saved.error` and is recorded against its source;
        `StoreError` means that the store takes none. Cancelling the caller does not undo the save.
        """

    async def owing(self, now: datetime) -> list[Owing]:
        """The sources with articles whose time has come, the longest overdue first. Without those that
        are being polled, that ask for no articles any more, or whose own server failed us at the last
        poll or asked us to wait."""

    async def owed_count(self) -> int:
        """How many articles of configured sources are still to be asked for, now or later."""

    async def waiting_sources(self) -> list[tuple[int, str]]:
        """Id and name of the sources that have items waiting for their articles."""

    # Reading

    async def feed(self, key: str) -> Feed | None: ...

    async def feeds(self, *kinds: str) -> list[Feed]:
        """Feeds of these kinds (none: of all) that are not gone, by key; without their extensions."""

    async def newest_feeds(self, kind: str, limit: int) -> list[Feed]:
        """The feeds of a kind, not gone, that have the newest items, newest first; none without items."""

    async def revision(self, key: str) -> tuple[int, bool] | None:
        """A feed's revision and whether it is gone; None when it never was. Cheap."""

    async def view(self, key: str, limit: int) -> tuple[Feed, list[PublishedItem]] | None:
        """A feed and its newest items, of one moment."""

    async def view_items(self, key: str, limit: int, before: str | None = None) -> list[PublishedItem]:
        """A feed's items, newest first; with ``before`` (a uid) those that follow that item."""

    async def contents(self, key: str, since: int) -> Contents:
        """What a feed holds, and what has changed since the commit ``since`` (0: ever), of one moment."""

    async def items(self, ids: Sequence[int]) -> dict[int, PublishedItem]:
        """Items by the numbers that `contents` gives; those pruned meanwhile are missing. At most 900."""

    async def item(self, uid: str) -> ItemRecord | None: ...

    async def trail(self, source_name: str, limit: int) -> list[TrailEntry]:
        """The newest lines of a source's trail."""

    async def states(self) -> list[SourceStatus]:
        """Configured sources, by name; of what they say of themselves all but extensions."""

    async def item_count(self) -> int: ...

    async def due_count(self, now: datetime, *, category: str | None = None) -> int:
        """How many sources `claim_due` could give, if hosts did not matter."""

    async def next_due_at(self) -> datetime | None:
        """When the first source falls due that nobody is polling; may lie in the past."""

    # Upkeep

    async def prune(self, now: datetime, keep_items: int, feed_items: int) -> int:
        """Removes all but each source's newest ``keep_items``, keeping what any feed's window of
        ``feed_items`` shows, a publisher's too; how many went. Their identities stay. Before that it rights
        the times of a clock that ran ahead."""

    async def housekeeping(self) -> None:
        """Trims the trail and folds the write-ahead log back."""

    async def outdated(self, limit: int, skip: Collection[int] = ()) -> list[Outdated]:
        """Items that older rules have cleaned, the last stored first, but for those numbered in ``skip``.
        Costs nothing where there are none."""

    async def clean_again(self, done: Sequence[Recleaned]) -> int:
        """Stores what became of outdated items, but for those that have changed since; how many now differ
        in what is published. Their feeds rise; nothing moves in them, and no date of an item changes."""

    async def integrity(self) -> list[str]:
        """What is wrong with the stored data; empty when nothing is. Reads everything."""
