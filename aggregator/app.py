"""Builds, opens and closes the whole. This module owns the clock; the parts are handed it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import structlog

from aggregator import __version__
from aggregator.crawl.crawler import Crawler, Fetch, find
from aggregator.crawl.engine import Engine
from aggregator.crawl.holds import remembering
from aggregator.crawl.network import Network
from aggregator.crawl.pool import BATCH, LEASE_S, crawl_all
from aggregator.crawl.seats import Seats
from aggregator.errors import ConfigError, CrawlError, Problem, StoreOutage
from aggregator.fetch.client import Client
from aggregator.fetch.politeness import Gate
from aggregator.model.document import counted
from aggregator.model.settings import Config, Export
from aggregator.model.source import Claim, Outcome, Saved, Source, SourceState
from aggregator.process.cadence import first_check
from aggregator.store.base import ArticleRequests, Owing, SourceStatus, Store, SyncResult
from aggregator.store.database import open_store

if TYPE_CHECKING:
    from aggregator.crawl.articles import Articles
    from aggregator.crawl.desk import Desk
    from aggregator.crawl.intake import Site
    from aggregator.crawl.preview import Preview
    from aggregator.export import ExportReport

log = structlog.get_logger()

WAITING = 64  # crawls under way beyond those that may ask: they wait for their hosts, or to be read
GENERATOR = f"aggregator {__version__}"
RESULTS = ("fetched", "not_modified", "unchanged", "failed", "skipped")


def utc_now() -> datetime:
    return datetime.now(UTC)


def crawlers(config: Config) -> dict[str, Crawler]:
    """Every kind in use with its crawler. Raises ConfigError for those that cannot be imported."""
    found: dict[str, Crawler] = {}
    problems: list[Problem] = []
    for source in config.sources:
        if source.kind in found:
            continue
        try:
            found[source.kind] = find(source.kind)
        except LookupError as error:
            where = f'source "{source.name}": kind'
            problems.append(Problem(file=config.file, line=0, where=where, text=str(error)))
    if problems:
        raise ConfigError(tuple(problems))
    return found


@asynccontextmanager
async def opened(config: Config, role: Literal["crawler", "daemon", "reader"]) -> AsyncIterator[Store]:
    """The store, open, and in step with the configuration ("reader" leaves that to the daemon).
    Raises StoreError."""
    store: Store = await open_store(config.store, now=utc_now, role=role)
    try:
        if role != "reader":
            await in_step(config, store)
        yield store
    finally:
        await store.close()


async def in_step(config: Config, store: Store) -> SyncResult:
    """Bring the store in step with the configuration. Raises StoreError."""
    now = utc_now()
    result = await store.sync_sources(
        config.sources,
        config.categories,
        config.site.title,
        now=now,
        first_check=lambda source, new: first_check(source.name, now, source.every_s, new),
    )
    if config.publisher_aliases:
        from aggregator.process import publisher

        await store.merge_publishers(publisher.merges(config.publisher_aliases, config.publisher_slugs))
    return result


@asynccontextmanager
async def engine(
    config: Config,
    store: Store | None,
    report: Callable[[Outcome, Saved], None] | None = None,
    *,
    owed: ArticleRequests | None = None,
    report_article: Callable[[CrawlError | None], None] = lambda failure: None,
    go_on: Callable[[], bool] = lambda: True,
    gate: Gate | None = None,
    network: Network | None = None,
    crowds: bool = True,
) -> AsyncIterator[Engine]:
    """What crawls, with its one HTTP client. ``owed`` remembers articles where it is not the store;
    ``go_on``: whether to ask for one more article; ``gate`` and ``network`` are given where what they
    know must outlive this engine; ``crowds``: crawls that end sometime may all wait for one host. Raises
    ConfigError."""
    requests = owed or store
    seats = Seats()

    @cache
    def desk() -> Desk:
        from aggregator.crawl.desk import Desk

        return Desk(store, seats, now=utc_now, site=_site(config))

    @cache
    def articles() -> Articles:
        from aggregator.crawl.articles import Articles

        assert requests is not None
        return Articles(
            store=requests,
            fetch=fetch,
            work=desk().work,
            now=utc_now,
            context=desk().context,
            line=client.line,
            go_on=go_on,
            report=report_article,
        )

    def allowed() -> None:
        """Nothing is fetched that could not be stored."""
        if store is not None and store.outage is not None:
            raise StoreOutage(store.outage.reason)

    async with Client(
        config.fetch,
        version=__version__,
        directory=config.directory,
        now=utc_now,
        allowed=allowed,
        gate=gate,
        crowds=crowds,
    ) as client:
        fetch: Fetch = client.fetch
        if store is not None:
            for host, until in (await store.held_hosts(utc_now())).items():
                client.hold(host, until)
            fetch = remembering(client.fetch, store, utc_now)
        yield Engine(
            store=store,
            fetch=fetch,
            seats=seats,
            desk=desk,
            crawlers=crawlers(config),
            now=utc_now,
            min_every_s=config.fetch.min_every_s,
            sources=len(config.sources),
            report=report or (lambda outcome, saved: None),
            articles=articles if requests is not None else None,
            network=network or Network(),
        )


def _site(config: Config) -> Site:
    from aggregator.crawl.intake import Site
    from aggregator.process import publisher

    return Site(
        timezone=config.site.timezone,
        publisher_aliases=publisher.normal_aliases(config.publisher_aliases),
        publisher_slugs=publisher.normal_slugs(config.publisher_slugs),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which sources a refresh is for: by name (all when empty), within a category, only those due."""

    names: tuple[str, ...] = ()
    category: str | None = None
    due: bool = False
    force: bool = False


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a refresh has done so far."""

    selected: int = 0
    results: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RESULTS, 0))
    items: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("new", "updated", "unchanged", "dropped"), 0)
    )
    failures: list[dict[str, object]] = field(default_factory=list)

    def add(self, outcome: Outcome, saved: Saved) -> None:
        name, error = outcome.claim.source.name, outcome.state.error
        if saved.lost:
            self.results["skipped"] += 1
            return
        if saved.error:
            self.fail(name, "store", "StoreError", saved.error, False)
            return
        if outcome.result == "failed" and error is not None:
            self.fail(name, error.stage, error.type, error.message, error.transient)
            return
        if outcome.result == "held":
            self.results["skipped"] += 1
            return
        self.results[outcome.result] += 1
        self.items["new"] += saved.new
        self.items["updated"] += saved.updated
        self.items["unchanged"] += outcome.unchanged + saved.unchanged
        self.items["dropped"] += counted(outcome.drops) + counted(saved.drops)

    def fail(self, source: str, stage: str, error: str, message: str, transient: bool) -> None:
        self.results["failed"] += 1
        self.failures.append(
            {"source": source, "stage": stage, "error": error, "message": message, "transient": transient}
        )

    def report(self, elapsed_s: float) -> dict[str, Any]:
        """The form of ``refresh --json``."""
        return {
            "sources": {"selected": self.selected, **self.results},
            "items": self.items,
            "failures": self.failures,
            "elapsed_s": round(elapsed_s, 3),
        }


async def refresh(config: Config, selection: Selection, on_progress: Callable[[Tally], None]) -> Tally:
    """Crawl once what is selected. Raises StoreError and ConfigError."""
    tally = Tally()

    def report(outcome: Outcome, saved: Saved) -> None:
        tally.add(outcome, saved)
        on_progress(tally)

    async with opened(config, "crawler") as store, engine(config, store, report) as crawling:
        since = await store.begin_run(utc_now())
        try:
            ready, skipped = await store.selected(
                selection.names or None,
                category=selection.category,
                since=since,
                now=utc_now(),
                force=selection.force,
                due=selection.due,
                one_host=config.fetch.one_host,
            )
            tally.selected = len(ready) + len(skipped)
            tally.results["skipped"] = len(skipped)
            for each in skipped:
                until = each.until_at.isoformat(timespec="seconds") if each.until_at else None
                log.info("refresh.skipped", source=each.name, reason=each.reason, until=until)
            on_progress(tally)
            limit = config.fetch.concurrency + WAITING
            claims = _claims(store, ready, since, selection)
            await crawl_all(claims, crawling.poll, limit, crawling.follow)
            done = sum(tally.results.values())
            tally.results["skipped"] += max(0, tally.selected - done)  # taken by another process meanwhile
            # Who polls a source asks for its articles. Those that nobody polls now have some due, too.
            unpolled = {each.name for each in skipped if each.reason in ("fresh", "waiting")}
            await crawl_all(_owing(store, unpolled), crawling.follow, max(1, len(unpolled)))
            await publish_overdue(config, store)
            await crawling.clean_again()
        finally:
            await store.end_run()
    return tally


async def _owing(store: Store, names: Collection[str]) -> AsyncIterator[Owing]:
    for one in await store.owing(utc_now()) if names else ():
        if one.source.name in names:
            yield one


async def publish_overdue(config: Config, store: Store) -> int:
    """Publish the items that have waited for their articles as long as their source lets them, whether
    the source is polled or not; and all of a source that asks for no articles any more. How many."""
    in_all = 0
    by_name = {source.name: source for source in config.sources}
    now = utc_now()
    for source_id, name in await store.waiting_sources():
        article = by_name[name].article if name in by_name else None
        wait_s = article.wait_s if article is not None else 0.0
        published = await store.publish_waiting(source_id, now - timedelta(seconds=wait_s))
        in_all += published
        if published:
            log.info("articles.overdue", source=name, published=published)
    return in_all


async def _claims(
    store: Store, names: Sequence[str], since: datetime, selection: Selection
) -> AsyncIterator[Claim]:
    """Leases in batches, so that what another process takes meanwhile is not taken twice."""
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        claims = await store.claim_named(
            batch,
            since=since,
            now=utc_now(),
            force=selection.force,
            due=selection.due,
            lease_s=LEASE_S,
        )
        for claim in claims:
            yield claim


async def preview(config: Config, source: Source, *, items: int, articles: int) -> Preview:
    """Crawl one source as if for the first time, with at most so many ``articles`` of its first ``items``,
    and store nothing."""
    from aggregator.crawl.preview import Asked, Preview, bounded

    claim = Claim(source_id=0, key=source.name, token="", source=source, state=SourceState())
    asked = Asked()
    async with engine(config, None, owed=asked) as crawling:
        outcome = await crawling.read(claim)
        if source.article is not None:
            asked.owe(outcome.changes[:items])
            await crawling.follow(bounded(claim.source_id, source, articles))
    return Preview(outcome=outcome, articles=asked.answers)


async def statuses(config: Config) -> list[SourceStatus]:
    """Every configured source, by name. Raises StoreError."""
    async with opened(config, "crawler") as store:
        return await store.states()


async def opml_list(config: Config, *, feeds: bool) -> bytes:
    """Our feeds, or our sources, as an OPML document."""
    from aggregator.publish import opml

    async with opened(config, "crawler") as store:
        if feeds:
            rows = await store.feeds()
            changed_at = max((feed.updated_at for feed in rows), default=utc_now())
            return opml.feeds_opml(rows, config.site.base_url, config.site.title, changed_at)
        by_name = {source.name: source for source in config.sources}
        sources = [(by_name[each.name], each.title, each.meta.link) for each in await store.states()]
        return opml.sources_opml(sources, config.site.title)


async def export_files(config: Config, wanted: Export) -> ExportReport:
    """Write what is stored into a folder. Raises ExportError, also for an unknown feed or a bad template,
    and StoreError."""
    from aggregator import export

    async with opened(config, "crawler") as store:
        return await export.export(store, config, wanted, generator=GENERATOR)


async def until(stop: asyncio.Event, *tasks: asyncio.Task[Any]) -> None:
    """Return when told to stop, or as soon as one of the tasks has ended."""
    waiting = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
