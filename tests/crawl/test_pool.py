"""How many crawls run at once, seen by counting them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from aggregator.crawl.pool import Pool, crawl_all
from aggregator.errors import StoreError
from aggregator.model.source import Claim, Source, SourceState
from aggregator.store.base import Owing


def claims(count: int) -> list[Claim]:
    return [
        Claim(
            source_id=n,
            key=str(n),
            token="t",
            source=Source(name=f"s{n}", url="http://x.example/"),
            state=SourceState(),
        )
        for n in range(count)
    ]


async def each(items: list[Claim]) -> AsyncIterator[Claim]:
    for item in items:
        yield item


async def test_as_many_as_allowed_and_no_more() -> None:
    running, most, done = 0, 0, []
    full = asyncio.Event()

    async def crawl(claim: Claim) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            full.set()
        await full.wait()
        running -= 1
        done.append(claim.source.name)

    await crawl_all(each(claims(10)), crawl, 3)
    assert most == 3
    assert len(done) == 10


async def test_a_store_that_takes_nothing_ends_all() -> None:
    cancelled = []

    async def crawl(claim: Claim) -> None:
        if claim.source_id == 1:
            raise StoreError("disk full")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(claim.source_id)
            raise

    with pytest.raises(StoreError, match="disk full"):
        await crawl_all(each(claims(3)), crawl, 5)
    assert set(cancelled) <= {0, 2}


async def test_settling_waits_then_cancels() -> None:
    started = asyncio.Event()
    ended: list[str] = []

    async def crawl(claim: Claim) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(claim.source.name)

    async with Pool(crawl, 2) as pool:
        await pool.start(claims(1)[0])
        await started.wait()
        await pool.settle(0.01)
    assert ended == ["s0"]
    assert pool.free == 2


async def test_what_follows_a_crawl_takes_no_place_among_them() -> None:
    crawled: list[str] = []
    followed: list[str] = []
    all_crawled = asyncio.Event()

    async def crawl(claim: Claim) -> Owing | None:
        crawled.append(claim.source.name)
        if len(crawled) == 4:
            all_crawled.set()
        return Owing(source_id=claim.source_id, source=claim.source) if claim.source_id else None

    async def follow(owing: Owing) -> None:
        await all_crawled.wait()
        followed.append(owing.source.name)

    await crawl_all(each(claims(4)), crawl, 1, follow)
    assert sorted(followed) == ["s1", "s2", "s3"]
