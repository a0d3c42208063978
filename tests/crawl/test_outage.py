"""While nothing can be stored nothing is asked for, not even what had been claimed before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import structlog

from aggregator import app
from aggregator.config import decode
from aggregator.crawl.dispatch import Dispatcher
from aggregator.crawl.engine import Engine
from aggregator.crawl.owed import Rounds
from aggregator.errors import StoreOutage, first_of
from aggregator.model.settings import Config
from aggregator.model.source import Claim, Outcome, Saved
from aggregator.store import patience
from aggregator.store.connect import PAGE_BYTES
from aggregator.store.database import Database
from tests.crawl.test_articles import CONTENT, article
from tests.crawl.test_listing import news, page
from tests.origin import Origin, Response
from tests.program import configuration, rss
from tests.store.test_store_outage import no_reading

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def listed(folder: Path, origin: Origin) -> Config:
    """The configuration of one source whose items wait for their articles."""
    origin.serve("/news", Response(body=page("a").encode(), content_type="text/html"))
    origin.serve("/article/a", article("a"))
    text = news(origin.url("/news"), CONTENT, 'every = "1h"')
    return decode.load(text, file="feeds.toml", directory=str(folder), env={})


async def waiting_item(engine: Engine, claim: Claim) -> Outcome:
    outcome = await engine.read(claim)
    assert [change.article_url is not None for change in outcome.changes] == [True]
    return outcome


async def test_who_waits_for_a_host_does_not_ask_and_gives_its_lease_back(
    tmp_path: Path, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "FIRST_S", 0.001)
    monkeypatch.setattr(patience, "LONGEST_S", 0.001)
    hold = asyncio.Event()
    for name in "ab":
        origin.serve(f"/{name}", rss((name, name)), hold=hold)
    text = configuration([{"name": name, "url": origin.url(f"/{name}")} for name in "ab"])
    text = text.replace('min_gap = "0s"', 'min_gap = "300ms"')
    config = decode.load(text, file="feeds.toml", directory=str(tmp_path), env={})
    saved: asyncio.Queue[str] = asyncio.Queue()

    def report(outcome: Outcome, done: Saved) -> None:
        saved.put_nowait(outcome.claim.source.name)

    async with (
        app.opened(config, "daemon") as store,
        app.engine(config, store, report) as engine,
    ):
        assert isinstance(store, Database)
        await engine.desk().work(0, len, b"")  # imports what reading needs, which takes longer than the gap
        store.patient(True)
        dispatcher = Dispatcher(store, engine, now=app.utc_now, limit=9, per_host=9)
        running = asyncio.create_task(dispatcher.run(grace_s=5))
        driver = (await store._connection.get_raw_connection()).driver_connection
        assert driver is not None

        due = {each.name: each.state.next_check_at for each in await store.states()}
        first = min(due, key=lambda name: str(due[name]))
        other = "b" if first == "a" else "a"
        while await store.due_count(app.utc_now()) < 2:
            pass  # new sources start a tenth of a second apart
        dispatcher.tick("")
        await origin.wait_for(f"/{first}")
        await driver.execute("PRAGMA query_only = ON")
        hold.set()
        async with asyncio.timeout(20):
            while store._writer._queue.empty():  # until the other wants to give its lease back
                await store.item_count()
        assert origin.count(f"/{other}") == 0
        assert dispatcher.active == 2
        await driver.execute("PRAGMA query_only = OFF")

        assert await asyncio.wait_for(saved.get(), 20) == first
        async with asyncio.timeout(20):
            while await store.due_count(app.utc_now()) < 1:
                pass
        dispatcher.tick("")
        assert await asyncio.wait_for(saved.get(), 20) == other
        assert [origin.count(f"/{name}") for name in "ab"] == [1, 1]
        assert await store.item_count() == 2
        dispatcher.stop()
        await running


async def test_rounds_go_on_when_the_store_can_be_read_again(tmp_path: Path, origin: Origin) -> None:
    config = listed(tmp_path, origin)
    async with app.opened(config, "daemon") as store, app.engine(config, store) as engine:
        assert isinstance(store, Database)
        claims = await store.claim_due(FAR, category=None, limit=9, lease_s=60, per_host=9)
        await store.save(await waiting_item(engine, claims[0]))
        store.patient(True)
        rounds = Rounds(store, engine, now=app.utc_now)
        running = asyncio.create_task(rounds.run(grace_s=5))
        with structlog.testing.capture_logs() as logs:
            async with no_reading(store), asyncio.timeout(20):
                rounds.tick()
                while not logs:
                    with pytest.raises(StoreOutage):
                        await store.item_count()
        assert [line["event"] for line in logs] == ["articles.not_looked_for"]
        rounds.tick()
        await origin.wait_for("/article/a")
        rounds.stop()
        await running


async def test_damage_ends_the_rounds(tmp_path: Path, origin: Origin) -> None:
    config = listed(tmp_path, origin)
    async with app.opened(config, "daemon") as store, app.engine(config, store) as engine:
        assert isinstance(store, Database)
        store.patient(True)
        rounds = Rounds(store, engine, now=app.utc_now)
        running = asyncio.create_task(rounds.run(grace_s=5))
        await store.housekeeping()  # folds the log into the file
        await store._reader._engine.dispose()
        with store.path.open("r+b") as file:
            file.seek(PAGE_BYTES)
            file.write(Random(3).randbytes(store.path.stat().st_size - PAGE_BYTES))
        rounds.tick()
        with pytest.raises(ExceptionGroup) as raised:
            await asyncio.wait_for(running, 20)
        assert "damaged" in str(first_of(raised.value))


async def test_polling_needs_no_reading_that_fails_for_a_while(tmp_path: Path, origin: Origin) -> None:
    config = listed(tmp_path, origin)
    saved: asyncio.Queue[str] = asyncio.Queue()

    def report(outcome: Outcome, done: Saved) -> None:
        saved.put_nowait(outcome.result)

    async with app.opened(config, "daemon") as store, app.engine(config, store, report) as engine:
        assert isinstance(store, Database)
        while await store.due_count(app.utc_now()) < 1:
            pass
        store.patient(True)
        dispatcher = Dispatcher(store, engine, now=app.utc_now, limit=9, per_host=9)
        running = asyncio.create_task(dispatcher.run(grace_s=5))
        store._looked_at = None  # it is time to look for what killed processes have left
        async with no_reading(store):
            dispatcher.tick("")
            assert await asyncio.wait_for(saved.get(), 20) == "fetched"
        dispatcher.stop()
        await running
