"""Many crawls at once, bounded, owned, and stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from aggregator.errors import StoreError, first_of
from aggregator.model.source import Claim
from aggregator.store.base import Owing

Job = TypeVar("Job", Claim, Owing)  # a source, to be polled or to be asked for articles

LEASE_S = 900.0  # longer than any crawl takes, its wait for its host included
BATCH = 128  # sources claimed at once, at most


class Pool(Generic[Job]):
    """Runs at most ``limit`` crawls. It is the async context that owns their tasks: leaving it waits
    for them; an exception out of one (the store cannot be used) ends all and comes out. What a crawl
    gives, unless it is None, goes to ``then``, which takes no place among the crawls."""

    def __init__(
        self,
        crawl: Callable[[Job], Awaitable[Owing | None]],
        limit: int,
        then: Callable[[Owing], Awaitable[object]] | None = None,
    ) -> None:
        self._crawl: Callable[[Job], Awaitable[Owing | None]] = crawl
        self._then: Callable[[Owing], Awaitable[object]] | None = then
        self._slots = asyncio.Semaphore(limit)
        self._limit = limit
        self._busy = 0
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Pool[Job]:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> bool | None:
        return await self._group.__aexit__(*exception)  # type: ignore[arg-type, func-returns-value]

    @property
    def free(self) -> int:
        return self._limit - self._busy

    async def start(self, job: Job) -> None:
        """Start crawling, as soon as there is a slot."""
        await self._slots.acquire()
        self._busy += 1
        task = self._group.create_task(self._run(job), name=f"crawl {job.source.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.sleep(0)  # one begins a turn: a hundred requests made in the same would hold it up

    async def _run(self, job: Job) -> None:
        try:
            owing = await self._crawl(job)
        finally:
            self._busy -= 1
            self._slots.release()
        if owing is not None and self._then is not None:
            await self._then(owing)

    async def settle(self, grace_s: float) -> None:
        """Give running crawls ``grace_s`` seconds to end, then cancel the rest; they are simply due again."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=grace_s)
        self.give_up()

    def give_up(self) -> None:
        """Cancel what is running; it is simply due again."""
        for task in set(self._tasks):
            task.cancel()


async def crawl_all(
    jobs: AsyncIterator[Job],
    crawl: Callable[[Job], Awaitable[Owing | None]],
    limit: int,
    then: Callable[[Owing], Awaitable[object]] | None = None,
) -> None:
    """Crawl every source that comes, at most ``limit`` at once; return when all, and what comes ``then``,
    have ended. Raises StoreError when the store cannot be used."""
    try:
        async with Pool(crawl, limit, then) as pool:
            async for job in jobs:
                await pool.start(job)
    except* StoreError as group:
        raise first_of(group) from None
