"""Our own network's failures, told from those of servers."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.crawl import feed, listing
from aggregator.crawl.desk import Desk
from aggregator.crawl.engine import Engine
from aggregator.crawl.intake import Site
from aggregator.crawl.network import HOSTS, WITHIN_S, Network
from aggregator.crawl.seats import Seats
from aggregator.fetch.client import Client
from aggregator.model.settings import FetchSettings, StoreSettings
from aggregator.model.source import Select, Source, SourceState
from aggregator.process.cadence import after_network_down
from aggregator.store.base import Store
from aggregator.store.database import open_store
from tests.origin import Origin, Request, Response
from tests.program import rss

NOW = datetime(2026, 8, 20, 10, 0, tzinfo=UTC)
BODY_LIMIT = 2048
LONG_AGO = datetime(2026, 8, 1, tzinfo=UTC)


def test_many_silent_hosts_and_no_answer_are_our_own_network() -> None:
    network = Network()
    assert [network.silent(f"h{n}", 0.0) for n in range(HOSTS + 1)] == [False] * (HOSTS - 1) + [True, True]
    network.answered()
    assert not network.is_ours(0.0)
    assert not any(network.silent("h1", float(n)) for n in range(3 * HOSTS)), "one host is its own trouble"


def test_an_answer_in_their_midst_proves_that_the_network_is_up() -> None:
    network = Network()
    for n in range(3 * HOSTS):
        assert not network.silent(f"h{n}", 0.0)
        if n % (HOSTS - 1) == HOSTS - 2:
            network.answered()


def test_failures_far_apart_are_no_outage() -> None:
    network = Network()
    assert not any(network.silent(f"h{n}", n * WITHIN_S / (HOSTS - 1)) for n in range(5 * HOSTS))


def test_the_end_of_an_outage_is_no_stampede() -> None:
    due = Counter(
        int((after_network_down(f"source-{n}", NOW, 3600.0, 5000) - NOW).total_seconds()) for n in range(5000)
    )
    assert min(due) >= 60
    assert max(due) < 60 + 500
    assert max(due.values()) <= 30
    assert after_network_down("a", NOW, 5.0, 5000) <= NOW + timedelta(seconds=10), (
        "no later than it is polled anyway"
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(StoreSettings(path=str(tmp_path / "s.db")), now=lambda: NOW, role="crawler")
    yield opened
    await opened.close()


@pytest.fixture
async def engine(store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    settings = FetchSettings(min_gap_s=0, allow_private=("127.0.0.0/8",))
    seats = Seats()
    desk = Desk(store, seats, now=lambda: NOW, site=Site())
    async with Client(settings, version="0", directory=str(tmp_path), now=lambda: NOW) as client:
        yield Engine(
            store=store,
            fetch=client.fetch,
            seats=seats,
            desk=lambda: desk,
            crawlers={"feed": feed.crawl, "page": listing.crawl_page},
            now=lambda: NOW,
            min_every_s=1,
            sources=100,
        )


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def state_after(engine: Engine, store: Store, source: Source) -> SourceState:
    [claim] = await store.claim_named(
        [source.name], since=NOW + timedelta(days=1), now=NOW, force=True, due=False, lease_s=60
    )
    await engine.crawl(claim)
    return next(one.state for one in await store.states() if one.name == source.name)


FEED = rss(("a", "A"))
ANSWERS = {
    "feed": Response(body=FEED),
    "missing": Response(status=404),
    "failing": Response(status=500),
    "large": Response(body=FEED + b" " * BODY_LIMIT),
    "loop": Response(status=302, redirect="/f"),
    "no feed": Response(body=b"sorry"),
    "page": Response(body=b"<p>another layout</p>", content_type="text/html"),
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_counters_stand_still_while_our_own_network_is_down(
    engine: Engine, store: Store, origin: Origin, closed_port: int, answer: str
) -> None:
    origin.serve("/f", ANSWERS[answer])
    up = Source(name="up", url=origin.url("/f"), max_body_bytes=BODY_LIMIT)
    if answer == "page":
        up = replace(up, kind="page", select=Select(items="article"), robots=False)
    down = [Source(name=f"d{n}", url=f"http://127.0.0.{n}:{closed_port}/f") for n in range(2, 4 + HOSTS)]
    await store.sync_sources([up, *down], (), "Wire", LONG_AGO, lambda source, new: LONG_AGO)
    states = [await state_after(engine, store, source) for source in down]
    assert [state.failures for state in states] == [1] * (HOSTS - 1) + [0] * (len(down) - HOSTS + 1)
    frozen = states[-1]
    assert frozen.error is not None
    assert frozen.error.message.startswith("our own network seems to be down: ")
    assert frozen.next_check_at is not None
    assert timedelta(seconds=60) <= frozen.next_check_at - NOW <= timedelta(seconds=70)
    await state_after(engine, store, up)  # whatever it says, it was reached
    assert (await state_after(engine, store, down[-1])).failures == 1


async def cut_off(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")


async def no_http(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-x\r\n\r\n")


@pytest.mark.parametrize("path", ["/cut-off", "/no-http", "/slow", "/elsewhere"])
async def test_servers_that_answer_badly_are_no_outage_and_are_backed_off_from(
    engine: Engine, store: Store, closed_port: int, path: str
) -> None:
    async with Origin(host="0.0.0.0") as bad:
        bad.raw("/cut-off", cut_off)
        bad.raw("/no-http", no_http)
        bad.serve("/slow", b"x" * 100, hold_body=asyncio.Event())
        bad.serve("/elsewhere", redirect=f"http://127.0.0.99:{closed_port}/")
        sources = [
            Source(name=f"bad{n}", url=f"http://127.0.0.{n}:{bad.port}{path}", timeout_s=0.2)
            for n in range(2, 4 + HOSTS)
        ]
        await store.sync_sources(sources, (), "Wire", LONG_AGO, lambda source, new: LONG_AGO)
        for failures in (1, 2):
            states = [await state_after(engine, store, source) for source in sources]
            assert [state.failures for state in states] == [failures] * len(states), states[0].error


async def test_what_is_refused_before_anybody_was_asked_proves_nothing(
    engine: Engine, store: Store, closed_port: int
) -> None:
    down = [Source(name=f"d{n}", url=f"http://127.0.0.{n}:{closed_port}/f") for n in range(2, 3 + HOSTS)]
    inside = Source(name="inside", url="http://10.0.0.1/")
    await store.sync_sources([inside, *down], (), "Wire", LONG_AGO, lambda source, new: LONG_AGO)
    for source in down:
        await state_after(engine, store, source)
    refused = await state_after(engine, store, inside)
    assert (refused.failures, refused.error and refused.error.type) == (1, "RefusedError")
    assert (await state_after(engine, store, down[-1])).failures == 0, "still taken to be down"
