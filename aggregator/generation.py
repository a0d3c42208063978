"""What crawls by one configuration, from its reading to the next one's. The store, the server and what is
known of hosts outlive it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog

from aggregator import app
from aggregator.crawl.dispatch import Dispatcher
from aggregator.crawl.engine import Engine
from aggregator.crawl.network import Network
from aggregator.crawl.owed import Rounds
from aggregator.errors import CrawlError, StoreError
from aggregator.export.follow import Follower
from aggregator.fetch.politeness import Gate
from aggregator.model.settings import Config
from aggregator.model.source import Outcome, Saved
from aggregator.schedule import Ticks, tick_period_s
from aggregator.serve.metrics import Metrics
from aggregator.store.base import Store

T = TypeVar("T")

log = structlog.get_logger()

GRACE_S = 4.0  # for crawls under way, when told to stop
RELOAD_GRACE_S = 30.0  # when another generation is to follow: what is cut off would be asked for again
PRUNE_EVERY_S = 3600.0
CLEAN_EVERY_S = 3600.0  # what older rules have cleaned: at start, as a rule, and then there is none left
OWED_EVERY_S = 60.0  # between two rounds of asking for owed articles
OVERDUE_EVERY_S = 30.0  # between two looks for items that have waited for their articles long enough


@asynccontextmanager
async def prepared(
    config: Config, store: Store, metrics: Metrics, network: Network
) -> AsyncIterator[Generation]:
    """A generation that has everything it needs, and does nothing yet. Raises ConfigError."""
    gate = Gate.of(config.fetch)
    follower = Follower(config, generator=app.GENERATOR) if config.exports else None
    ending = asyncio.Event()

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

    async with app.engine(
        config,
        store,
        crawled,
        report_article=asked_for_article,
        go_on=lambda: not ending.is_set() and store.outage is None,
        gate=gate,
        network=network,
        crowds=False,
    ) as crawling:
        crawling.desk()  # later, loading what reads documents would hold up those who are served
        yield Generation(config, store, crawling, gate, follower, ending)


class Generation:
    """Ticks, crawls, asks for articles, exports and tidies up by one configuration. ``ending`` is set as
    soon as no further article is to be asked for."""

    def __init__(
        self,
        config: Config,
        store: Store,
        crawling: Engine,
        gate: Gate,
        follower: Follower | None,
        ending: asyncio.Event,
    ) -> None:
        self.config = config
        self._store = store
        self._crawling = crawling
        self._gate = gate
        self._follower = follower
        self._ending = ending
        self._dispatcher = Dispatcher(
            store,
            crawling,
            now=app.utc_now,
            limit=config.fetch.concurrency + app.WAITING,
            per_host=config.fetch.per_host,
            one_host=config.fetch.one_host,
        )
        self._rounds = Rounds(store, crawling, now=app.utc_now)

    @property
    def active(self) -> int:
        """Crawls under way."""
        return self._dispatcher.active

    def inherit(self, other: Generation) -> None:
        """Keep to what hosts asked of ``other``, which has ended."""
        self._gate.inherit(other._gate)

    async def run(self, stop: asyncio.Event, successor: Coroutine[Any, Any, T]) -> T | None:
        """Work until ``stop`` is set, or until ``successor`` gives what is to follow, which is returned. In
        this order it then ends: no new ticks, no new crawls, a grace period for those under way. Raises
        StoreError."""
        async with asyncio.TaskGroup() as group:
            follower = self._follower
            ticks = Ticks(_periods(self.config), self._dispatcher.tick, self._chores())
            following = group.create_task(successor, name="successor")
            ticking = group.create_task(ticks.run(), name="ticks")
            crawls = group.create_task(self._dispatcher.run(RELOAD_GRACE_S), name="dispatcher")
            exports = group.create_task(follower.run(), name="exports") if follower is not None else None
            asking = group.create_task(self._rounds.run(RELOAD_GRACE_S), name="owed articles")
            await app.until(stop, following)
            log.info("daemon.stopping" if stop.is_set() else "daemon.reloading", crawls=self.active)
            self._ending.set()
            following.cancel()
            if exports is not None:
                exports.cancel()
            ticking.cancel()
            self._dispatcher.stop()
            self._rounds.stop()
            settling = group.create_task(_ended(crawls, asking), name="settling")
            await app.until(stop, settling)
            await asyncio.wait({settling}, timeout=GRACE_S)
            self._dispatcher.give_up()
            self._rounds.give_up()
        return None if following.cancelled() else following.result()

    def _chores(self) -> Mapping[str, tuple[float, Callable[[], Awaitable[None]]]]:
        chores = {"prune": (PRUNE_EVERY_S, self._prune), "clean": (CLEAN_EVERY_S, self._clean_again)}
        waits = [source.article.wait_s for source in self.config.sources if source.article is not None]
        # Also where no source asks for articles any more: some items may wait from when one did.
        chores["articles"] = (
            min(max(1.0, min(waits, default=OVERDUE_EVERY_S)), OVERDUE_EVERY_S),
            self._publish_overdue,
        )
        if waits:
            chores["owed"] = (OWED_EVERY_S, self._ask_owed)
        return chores

    async def _prune(self) -> None:
        config, store = self.config, self._store
        try:
            pruned = await store.prune(app.utc_now(), config.store.keep_items, config.site.feed_items)
            await store.housekeeping()
        except StoreError as error:
            # It can wait; where the store is damaged, crawling finds out and ends the program.
            log.error("store.not_pruned", error=str(error))
        else:
            log.info("store.pruned", items=pruned)
            self._changed()

    async def _publish_overdue(self) -> None:
        try:
            if await app.publish_overdue(self.config, self._store):
                self._changed()
        except StoreError as error:
            log.error("store.not_published", error=str(error))

    async def _clean_again(self) -> None:
        try:
            if await self._crawling.clean_again():
                self._changed()
        except StoreError as error:
            log.error("store.not_cleaned_again", error=str(error))

    async def _ask_owed(self) -> None:
        self._rounds.tick()

    def _changed(self) -> None:
        if self._follower is not None:
            self._follower.changed()


async def _ended(*tasks: asyncio.Task[None]) -> None:
    await asyncio.wait(tasks)


def _periods(config: Config) -> Mapping[str, float]:
    """A tick for each category that has sources, as often as its most frequent source needs."""
    periods: dict[str, float] = {}
    for source in config.sources:
        period_s = tick_period_s(source.every_s)
        periods[source.category] = min(period_s, periods.get(source.category, period_s))
    return periods
