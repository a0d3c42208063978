"""What a busy daemon has long done is no reason for a ``refresh`` beside it to leave it out."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.crawl.crawler import CrawlContext, Crawled
from aggregator.crawl.desk import Desk
from aggregator.crawl.dispatch import Dispatcher
from aggregator.crawl.engine import Engine
from aggregator.crawl.intake import Site
from aggregator.crawl.seats import Seats
from aggregator.fetch.client import Client
from aggregator.model.settings import FetchSettings, StoreSettings
from aggregator.model.source import Source
from aggregator.store.database import open_store

T0 = datetime(2026, 8, 20, 10, 0, tzinfo=UTC)


class Scene:
    """A daemon with two categories: "endless" always has a crawl under way, "news" has short ones."""

    def __init__(self) -> None:
        self.now = T0
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.end = asyncio.Event()

    def clock(self) -> datetime:
        return self.now

    async def crawl(self, context: CrawlContext) -> Crawled:
        self.begun.put_nowait(context.source.name)
        if context.source.category == "endless":
            await self.end.wait()
        return Crawled(url=context.source.url, status=304, document=None, not_modified=True)


async def test_a_run_that_never_ends_begins_anew(tmp_path: Path) -> None:
    scene = Scene()
    settings = StoreSettings(path=str(tmp_path / "s.db"))
    sources = [
        Source(name="slow", url="http://a.example/", kind="own", category="endless", every_s=60),
        Source(name="quick", url="http://b.example/", kind="own", category="news", every_s=60),
    ]
    async with AsyncExitStack() as stack:
        daemon, beside = [
            await stack.enter_async_context(await open_store(settings, now=scene.clock, role=role))
            for role in ("daemon", "crawler")
        ]
        for store in (daemon, beside):
            await store.sync_sources(sources, (), "Wire", T0, lambda source, new: T0)
        client = await stack.enter_async_context(
            Client(FetchSettings(), version="0", directory=str(tmp_path), now=scene.clock)
        )
        saved: asyncio.Queue[str] = asyncio.Queue()
        seats = Seats()
        engine = Engine(
            store=daemon,
            fetch=client.fetch,
            seats=seats,
            desk=lambda: Desk(daemon, seats, now=scene.clock, site=Site()),
            crawlers={"own": scene.crawl},
            now=scene.clock,
            min_every_s=1,
            report=lambda outcome, done: saved.put_nowait(outcome.claim.source.name),
        )
        dispatcher = Dispatcher(daemon, engine, now=scene.clock, limit=10, per_host=2)
        task = asyncio.create_task(dispatcher.run(grace_s=5))
        dispatcher.tick("endless")
        assert await scene.begun.get() == "slow"

        async def since() -> datetime:
            found = await beside.begin_run(scene.now)
            await beside.end_run()
            return found

        for minutes, expected in ((5, 0), (10, 0), (20, 20), (30, 20), (120, 120)):
            scene.now = T0 + timedelta(minutes=minutes)
            dispatcher.tick("news")
            assert await asyncio.wait_for(scene.begun.get(), 20) == "quick"
            assert await asyncio.wait_for(saved.get(), 20) == "quick"
            assert await since() == T0 + timedelta(minutes=expected)

        scene.end.set()
        assert await asyncio.wait_for(saved.get(), 20) == "slow", "its lease was not taken from it"
        assert (await daemon.states())[1].state.last_check_at == scene.now
        dispatcher.stop()
        await task
