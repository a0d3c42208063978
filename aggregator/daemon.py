"""The long-running process: ticks, crawls and serves until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from aggregator import app
from aggregator.crawl.dispatch import Dispatcher
from aggregator.crawl.owed import Rounds
from aggregator.errors import ConfigError, CrawlError, Problem, StoreError
from aggregator.export.follow import Follower
from aggregator.model.settings import Config
from aggregator.model.source import Outcome, Saved
from aggregator.schedule import Ticks, tick_period_s
from aggregator.serve import listen
from aggregator.serve.bounds import Bounds
from aggregator.serve.metrics import Metrics
from aggregator.serve.routes import Site, application
from aggregator.store.base import Store

log = structlog.get_logger()

GRACE_S = 4.0  # for crawls under way, when told to stop
PRUNE_EVERY_S = 3600.0
OWED_EVERY_S = 60.0  # between two rounds of asking for owed articles
OVERDUE_EVERY_S = 30.0  # between two looks for items that have waited for their articles long enough


async def run(config: Config, stop: asyncio.Event) -> None:
    """Schedule and serve until ``stop`` is set. In this order it then stops: no new ticks, no new
    crawls, a grace period for those under way, the writer, HTTP, the store. Raises StoreError; not while
    the disk is full or the like: this is waited for, unless it must stop."""
    metrics = Metrics()
    follower = Follower(config, generator=app.GENERATOR) if config.exports else None

    def changed() -> None:
        if follower is not None:
            follower.changed()

    def crawled(outcome: Outcome, saved: Saved) -> None:
        metrics.crawled(outcome, saved)
        if outcome.result == "fetched":
            changed()

    def asked_for_article(failure: CrawlError | None) -> None:
        metrics.asked_for_article(failure)
        changed()

    async with (
        app.opened(config, "daemon") as store,
        app.engine(
            config,
            store,
            crawled,
            report_article=asked_for_article,
            go_on=lambda: not stop.is_set() and store.outage is None,
        ) as crawling,
    ):
        store.patient(True)
        dispatcher = Dispatcher(
            store,
            crawling,
            now=app.utc_now,
            limit=config.fetch.concurrency + app.WAITING,
            per_host=config.fetch.per_host,
        )

        rounds = Rounds(store, crawling, now=app.utc_now)

        async def prune() -> None:
            try:
                pruned = await store.prune(app.utc_now(), config.store.keep_items, config.site.feed_items)
                await store.housekeeping()
            except StoreError as error:
                # It can wait; where the store is damaged, crawling finds out and ends the program.
                log.error("store.not_pruned", error=str(error))
            else:
                log.info("store.pruned", items=pruned)
                changed()

        async def publish_overdue() -> None:
            try:
                if await app.publish_overdue(config, store):
                    changed()
            except StoreError as error:
                log.error("store.not_published", error=str(error))

        async def ask_owed() -> None:
            rounds.tick()

        chores = {"prune": (PRUNE_EVERY_S, prune)}
        waits = [source.article.wait_s for source in config.sources if source.article is not None]
        # Also where no source asks for articles any more: some items may wait from when one did.
        chores["articles"] = (
            min(max(1.0, min(waits, default=OVERDUE_EVERY_S)), OVERDUE_EVERY_S),
            publish_overdue,
        )
        if waits:
            chores["owed"] = (OWED_EVERY_S, ask_owed)
        ticks = Ticks(_periods(config), dispatcher.tick, chores)
        async with listening(config, store, metrics, lambda: dispatcher.active), asyncio.TaskGroup() as group:
            ticking = group.create_task(ticks.run(), name="ticks")
            crawls = group.create_task(dispatcher.run(GRACE_S), name="dispatcher")
            exports = group.create_task(follower.run(), name="exports") if follower is not None else None
            asking = group.create_task(rounds.run(GRACE_S), name="owed articles")
            await app.until(stop, ticking, crawls, asking)
            log.info("daemon.stopping", crawls=dispatcher.active)
            if exports is not None:
                exports.cancel()
            ticking.cancel()
            store.patient(False)
            dispatcher.stop()
            rounds.stop()
    log.info("daemon.stopped")


async def serve(config: Config, stop: asyncio.Event) -> None:
    """Serve what is stored until ``stop`` is set; crawl nothing."""
    async with app.opened(config, "reader") as store, listening(config, store, Metrics(), lambda: 0):
        await stop.wait()


def _periods(config: Config) -> Mapping[str, float]:
    """A tick for each category that has sources, as often as its most frequent source needs."""
    periods: dict[str, float] = {}
    for source in config.sources:
        period_s = tick_period_s(source.every_s)
        periods[source.category] = min(period_s, periods.get(source.category, period_s))
    return periods


@asynccontextmanager
async def listening(
    config: Config, store: Store, metrics: Metrics, active: Callable[[], int]
) -> AsyncIterator[None]:
    """The HTTP server, from listening to closed. Raises ConfigError when the address is taken."""
    site = Site(
        store=store,
        settings=config.site,
        metrics=metrics,
        sources=config.sources,
        active=active,
        now=app.utc_now,
        generator=app.GENERATOR,
    )
    host, port = config.server.host, config.server.port
    async with AsyncExitStack() as stack:
        try:
            port = await stack.enter_async_context(
                listen.listening(application(site), host, port, bounds=Bounds(), cut=metrics.cut)
            )
        except OSError as error:
            text = f"cannot listen on {host}:{port}: {error.strerror}"
            problem = Problem(file=config.file, line=0, where="server: listen", text=text)
            raise ConfigError((problem,)) from error
        log.info(
            "serve.listening", address=f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        )
        yield
