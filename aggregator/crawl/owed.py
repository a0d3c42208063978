"""Owed articles between polls: what a poll has left over must not wait for the next one, which may be
hours away. The daemon asks in rounds, each source for no more than a poll would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from aggregator.crawl.engine import Engine
from aggregator.crawl.pool import Pool
from aggregator.errors import StoreOutage
from aggregator.store.base import Owing, Store

log = structlog.get_logger()


class Rounds:
    """Asks for articles that are owed, round by round, until told to stop. A round is one tick: what it
    leaves over, by the sources' limits, is for the next one. All sources begin, and wait for their turns
    at their hosts (`turns`)."""

    def __init__(self, store: Store, engine: Engine, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._engine = engine
        self._now = now
        self._pool = Pool(self._follow, max(1, engine.sources))
        self._busy: set[int] = set()
        self._wake = asyncio.Event()
        self._stopping = False

    def tick(self) -> None:
        """Begin a round soon; several ticks in a row are one."""
        self._wake.set()

    def stop(self) -> None:
        """Begin no more; `run` then ends within its grace period."""
        self._stopping = True
        self._wake.set()

    def give_up(self) -> None:
        """After `stop`: end now, whatever is left of the grace period."""
        self._pool.give_up()

    async def run(self, grace_s: float) -> None:
        """Work until `stop`. Raises StoreError when the store cannot be used any more. A request that is
        given up when the grace is over is owed again when its lease has passed."""
        async with self._pool:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._stopping:
                    break
                await self._round()
            await self._pool.settle(grace_s)

    async def _round(self) -> None:
        if self._store.outage is not None:
            return
        try:
            owing = await self._store.owing(self._now())
        except StoreOutage as error:
            log.warning("articles.not_looked_for", error=str(error))  # the next round does
            return
        for one in owing:
            if one.source_id not in self._busy:
                self._busy.add(one.source_id)
                await self._pool.start(one)

    async def _follow(self, one: Owing) -> None:
        try:
            await self._engine.follow(one)
        except StoreOutage:
            log.info("articles.put_off", source=one.source.name)  # owed as before, when the lease has passed
        finally:
            self._busy.remove(one.source_id)
