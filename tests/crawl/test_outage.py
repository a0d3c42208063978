"""While nothing can be stored nothing is asked for, not even what had been claimed before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from aggregator import app
from aggregator.config import decode
from aggregator.crawl.dispatch import Dispatcher
from aggregator.model.source import Outcome, Saved
from aggregator.store import patience
from aggregator.store.database import Database
from tests.origin import Origin
from tests.program import configuration, rss


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
