"""Reading processes that end in the midst of their work: ``python -m tests.crawl.first_apart SCENARIO``."""

from __future__ import annotations

import asyncio
import os
import sys

from aggregator.crawl.first import CROWD, TOGETHER, Firsts
from aggregator.crawl.seats import Seats
from tests.crawl.test_first import BODY, task


class Unpicklable:
    """As the body of a document: ends the process that reads it."""

    data = b"<rss/>"
    content_type = None

    def __reduce__(self):
        return os._exit, (3,)


async def killed() -> None:
    """Documents that wait are read together, and one that kills the process stands alone."""
    seats = Seats()
    seats.present = CROWD
    firsts = Firsts(seats)
    assert await firsts.read(task(BODY)) is not None  # from here on all come this way
    killer = Unpicklable()
    bodies = [BODY, BODY, killer, *[BODY] * (2 * TOGETHER)]
    results = await asyncio.gather(*(firsts.read(task(body)) for body in bodies), return_exceptions=True)
    assert [type(one).__name__ for one in results] == [
        "ReaderDied" if body is killer else "First" for body in bodies
    ]


async def cancelled() -> None:
    """When a crawl is cancelled, the documents that it took along are read here."""
    seats = Seats()
    seats.present = CROWD
    firsts = Firsts(seats)
    assert await firsts.read(task(BODY)) is not None
    crawls = [asyncio.create_task(firsts.read(task(BODY))) for _ in range(2 * TOGETHER)]
    await asyncio.wait(crawls, return_when=asyncio.FIRST_COMPLETED)  # those behind now go together
    ended = sum(crawl.done() for crawl in crawls)
    for crawl in crawls[: ended + 2]:
        crawl.cancel()
    results = await asyncio.gather(*crawls, return_exceptions=True)
    assert None in results
    assert sum(isinstance(one, asyncio.CancelledError) for one in results) == 2
    assert await firsts.read(task(BODY)) is not None


if __name__ == "__main__":
    asyncio.run({"killed": killed, "cancelled": cancelled}[sys.argv[1]]())
