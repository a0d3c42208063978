"""First documents read in other processes: only in a crowd, and with the same result as here."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime

import pytest

from aggregator.crawl.crawler import Body, Crawled
from aggregator.crawl.desk import Desk
from aggregator.crawl.first import CROWD, TOGETHER, Firsts, Task, read_first
from aggregator.crawl.intake import Site
from aggregator.crawl.seats import Seats
from aggregator.errors import NotAFeed
from aggregator.model.source import Claim, Source, SourceState
from tests.program import rss

NOW = datetime(2026, 8, 20, 10, 0, tzinfo=UTC)
URL = "http://site.example/feed"
SOURCE = Source(name="acme", url=URL, headers={"Authorization": "Bearer s3cret"})
BODY = Body(data=rss(("a", "A"), ("b", "B &amp; C"), ("a", "A")), content_type="text/xml")


def task(body: Body) -> Task:
    return Task(body, URL, SOURCE, "acme", Site(), NOW)


async def test_the_result_is_that_of_reading_here() -> None:
    seats = Seats()
    claim = Claim(source_id=0, key="acme", token="", source=SOURCE, state=SourceState())
    desk = Desk(None, seats, now=lambda: NOW, site=Site())
    with seats.seat() as seat:
        document, _meta, here = await desk.take(claim, seat, Crawled(url=URL, status=200, body=BODY))
    seats.present = CROWD
    there = await Firsts(seats).read(task(BODY))
    assert there is not None
    assert there.taken == here
    assert len(here.changes) == 2
    assert (there.document.title, there.document.entries) == (document.title, ())


async def test_without_a_crowd_no_process_is_started() -> None:
    seats = Seats()
    seats.present = CROWD - 1
    assert await Firsts(seats).read(task(BODY)) is None


async def test_what_is_no_feed_is_told() -> None:
    seats = Seats()
    seats.present = CROWD
    page = Body(data=b"<!DOCTYPE html><html><body>Hello</body></html>", content_type="text/html")
    with pytest.raises(NotAFeed):
        await Firsts(seats).read(task(page))


@pytest.mark.parametrize("data", [b"<rss><channel><item><title>x", BODY.data.replace(b"</rss>", b"")])
async def test_what_is_broken_takes_the_usual_way(data: bytes) -> None:
    seats = Seats()
    seats.present = CROWD
    assert await Firsts(seats).read(task(Body(data=data, content_type=None))) is None


def test_an_entry_that_may_take_its_time_takes_the_usual_way() -> None:
    markup = "&lt;p&gt;" + "&lt;b&gt;x&lt;/b&gt; " * 12_000
    heavy = Body(data=BODY.data.replace(b"Text of A.", markup.encode()), content_type="text/xml")
    assert read_first(task(BODY)) is not None
    assert read_first(task(heavy)) is None


class Unpicklable:
    """As the body of a document: ends the process that reads it."""

    data = b"<rss/>"
    content_type = None

    def __reduce__(self):
        return os._exit, (3,)


async def test_documents_that_wait_are_read_together_and_one_that_kills_the_process_stands_alone() -> None:
    seats = Seats()
    seats.present = CROWD
    firsts = Firsts(seats)
    assert await firsts.read(task(BODY)) is not None  # from here on all come this way
    killer = Unpicklable()
    bodies = [BODY, BODY, killer, *[BODY] * (2 * TOGETHER)]
    results = await asyncio.gather(*(firsts.read(task(body)) for body in bodies), return_exceptions=True)
    assert [type(one).__name__ for one in results] == [
        "ParseError" if body is killer else "First" for body in bodies
    ]


async def test_when_a_crawl_is_cancelled_the_documents_it_took_along_are_read_here() -> None:
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
