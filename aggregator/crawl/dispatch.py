"""The daemon's side of crawling: a tick names a category, its due sources are claimed and crawled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from aggregator.crawl.engine import Engine
from aggregator.crawl.pool import BATCH, LEASE_S, Pool
from aggregator.errors import StoreOutage
from aggregator.model.source import Claim
from aggregator.store.base import Owing, Store

log = structlog.get_logger()

RUN = timedelta(minutes=15)


class Dispatcher:
    """Claims and crawls what is due, category by category, until told to stop.

    Nothing waits for a whole batch: crawls end on their own, and a category that had more due than
    could be claimed is looked at again as soon as one of its crawls has ended.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        *,
        now: Callable[[], datetime],
        limit: int,
        per_host: int,
        one_host: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._engine = engine
        self._now = now
        self._per_host = per_host
        self._one_host = one_host
        self._pool = Pool(self._crawl, limit, self._follow)
        self._ticked: set[str] = set()
        self._unfinished: set[str] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._run_since: datetime | None = None
        self._running = 0

    @property
    def active(self) -> int:
        """Crawls under way."""
        return self._running

    def tick(self, category: str) -> None:
        """Look at a category soon; several ticks in a row are one."""
        self._ticked.add(category)
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; `run` then ends within its grace period."""
        self._stopping = True
        self._wake.set()

    def give_up(self) -> None:
        """After `stop`: end now, whatever is left of the grace period."""
        self._pool.give_up()

    async def run(self, grace_s: float) -> None:
        """Work until `stop`. Raises StoreError when the store cannot be used any more. While a patient
        store takes nothing, nothing is claimed, since claiming is writing."""
        async with self._pool:
            while not self._stopping:
                await self._wake.wait()
                self._wake.clear()
                while self._ticked and not self._stopping:
                    await self._claim(self._ticked.pop())
                await self._rest()
            await self._pool.settle(grace_s)
        if self._run_since is not None:
            await self._store.end_run()

    async def _claim(self, category: str) -> None:
        self._unfinished.discard(category)
        if not self._pool.free:
            self._unfinished.add(category)
            return
        if not await self._is_due(category):
            return
        await self._begin_run()
        claims = await self._store.claim_due(
            self._now(),
            category=category,
            limit=min(BATCH, self._pool.free),
            lease_s=LEASE_S,
            per_host=self._per_host,
            one_host=self._one_host,
        )
        if claims:
            self._unfinished.add(category)
        self._running += len(claims)
        for claim in claims:
            await self._pool.start(claim)

    async def _is_due(self, category: str) -> bool:
        try:
            return await self._store.due_count(self._now(), category=category) > 0
        except StoreOutage:
            return True  # it cannot even be read: claiming waits, and says so

    async def _crawl(self, claim: Claim) -> Owing | None:
        try:
            return await self._engine.poll(claim)
        except StoreOutage:
            # It did not ask, since nothing can be stored; its source is due again as soon as this can.
            await self._store.release([claim])
            return None
        finally:
            self._running -= 1
            if self._unfinished:
                self._ticked |= self._unfinished
                self._wake.set()
            elif not self._running:
                self._wake.set()

    async def _follow(self, owing: Owing) -> None:
        try:
            await self._engine.follow(owing)
        except StoreOutage:
            log.info("articles.put_off", source=owing.source.name)  # owed as before

    async def _begin_run(self) -> None:
        """A refresh beside us counts as done what was polled since our run began. Where something is
        always under way, the run begins anew now and then, so that this does not reach back for days."""
        now = self._now()
        if self._run_since is None or abs(now - self._run_since) >= RUN:
            await self._store.begin_run(now)
            self._run_since = now

    async def _rest(self) -> None:
        """Between busy spells the run is closed."""
        if self._run_since is not None and not self._running and not self._ticked:
            await self._store.end_run()
            self._run_since = None
