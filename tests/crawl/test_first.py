"""First documents read in other processes: only in a crowd, and with the same result as here."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from aggregator.crawl.crawler import Body, Crawled
from aggregator.crawl.desk import Desk
from aggregator.crawl.first import CROWD, Firsts, Task, read_first
from aggregator.crawl.intake import Site
from aggregator.crawl.seats import Seats
from aggregator.errors import NotAFeed
from aggregator.model.source import Claim, Source, SourceState
from tests.program import ROOT, rss

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


@pytest.mark.parametrize("scenario", ["killed", "cancelled"])
def test_reading_processes_that_end_in_the_midst(scenario: str) -> None:
    """In a process of its own: of a reading process that was killed, pipes stay until the collector comes."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.crawl.first_apart", scenario]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
