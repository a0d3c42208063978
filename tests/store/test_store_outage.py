"""A store that takes nothing for a while: what waits for it, what fails, and what comes of it in the end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from aggregator.errors import StoreBusy, StoreOutage
from aggregator.store import connect, patience

LARGE = "x" * 500_000


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(patience, "FIRST_S", 0.001)
    monkeypatch.setattr(patience, "LONGEST_S", 0.002)


@asynccontextmanager
async def no_writing(store):
    """Nothing can be written within, as with a file system that is read-only; reading goes on."""
    driver = (await store._connection.get_raw_connection()).driver_connection
    await driver.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        await driver.execute("PRAGMA query_only = OFF")


@asynccontextmanager
async def no_reading(store):
    """No connection can be opened within: the file is elsewhere. The one that writes goes on."""
    await store._reader._engine.dispose()
    moved = store.path.rename(store.path.with_name("moved"))
    store.path.mkdir()
    try:
        yield
    finally:
        store.path.rmdir()
        moved.rename(store.path)


async def begun(store):
    """Returns when the store has noticed."""
    async with asyncio.timeout(20):
        while store.outage is None:
            await store.item_count()
    return store.outage


def test_the_pause_doubles_up_to_a_minute(monkeypatch):
    monkeypatch.undo()
    full, busy = StoreOutage("full"), StoreBusy("held")
    assert [patience.pause_s(tries, full) for tries in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert patience.pause_s(10**6, full) == 60
    assert {patience.pause_s(tries, busy) for tries in range(1, 99)} == {1}, "to look costs nothing"


async def test_what_is_saved_waits_in_order_and_is_stored_once(bench, make, clock):
    await bench.sync(make.source("a"), make.source("b"))
    claims = await bench.claim()
    bench.store.patient(True)
    began = clock()
    async with no_writing(bench.store):
        saves = [
            asyncio.create_task(bench.store.save(make.outcome(claim, make.change(name, LARGE))))
            for name, claim in claims.items()
        ]
        outage = await begun(bench.store)
        assert outage.since_at == began
        assert "cannot be opened or written" in outage.reason
        assert await bench.titles("all") == [], "reading goes on"
        clock.step(7200)
    assert [(await one).new for one in saves] == [1, 1]
    assert bench.store.outage is None
    assert sorted(await bench.titles("all")) == ["a", "b"]
    assert (await bench.store.feed("all")).updated_at == clock(), "changed when it could be seen"


async def test_a_lease_counts_from_when_it_could_be_written(bench, make, clock):
    await bench.sync(make.source("a"))
    bench.store.patient(True)
    async with no_writing(bench.store):
        asked = clock()
        claiming = asyncio.create_task(
            bench.store.claim_due(asked, category=None, limit=9, lease_s=60, per_host=9)
        )
        await begun(bench.store)
        clock.step(7200)
    assert [claim.source.name for claim in await claiming] == ["a"]
    assert (await bench.store.states())[0].leased_until_at == clock() + timedelta(seconds=60)
    await bench.forget()


async def test_who_only_counts_does_not_wait(bench, make, clock, opened):
    await bench.sync(make.source("a"), make.source("b"))
    async with opened() as other:
        await other.sync(make.source("a"), make.source("b"))
        await other.claim("a")
        other.store._owner.vanish()  # as if it had been killed
    bench.store.patient(True)
    async with no_writing(bench.store):
        claiming = asyncio.create_task(bench.claim("b"))
        await begun(bench.store)
        clock.step(60)
        assert await asyncio.wait_for(bench.store.due_count(clock()), 10) == 1
    assert len(await claiming) == 1
    await bench.forget()


async def test_without_patience_it_fails_at_once(bench, make):
    await bench.sync(make.source("a"))
    claim = (await bench.claim())["a"]
    async with no_writing(bench.store):
        with pytest.raises(StoreOutage):
            await bench.store.save(make.outcome(claim, make.change("one")))
        assert bench.store.outage is None
    assert (await bench.store.save(make.outcome(claim, make.change("one")))).new == 1


async def test_closing_ends_the_waiting(opened, make):
    async with opened() as bench:
        await bench.sync(make.source("a"), make.source("b"))
        claims = await bench.claim()
        bench.store.patient(True)
        driver = (await bench.store._connection.get_raw_connection()).driver_connection
        await driver.execute("PRAGMA query_only = ON")
        saves = [
            asyncio.create_task(bench.store.save(make.outcome(claim, make.change(name))))
            for name, claim in claims.items()
        ]
        await begun(bench.store)
        await asyncio.wait_for(bench.store.close(), 10)
        for one in saves:
            with pytest.raises(StoreOutage):
                await one
        assert bench.store.outage is None


async def test_an_outage_lasts_until_nobody_waits(clock):
    lasting = patience.Patience(clock)
    lasting.set(True)
    room = {"a": False, "b": False}

    async def work(name: str) -> str:
        await asyncio.sleep(0)
        if not room[name]:
            raise StoreOutage(name)
        return name

    one, two = [asyncio.create_task(lasting.lasting(lambda name=name: work(name))) for name in room]
    for _ in range(9):
        await asyncio.sleep(0)
    assert lasting.outage is not None
    room["b"] = True
    assert await two == "b"
    assert lasting.outage is not None, "the other still waits"
    assert await lasting.lasting(lambda: work("b")) == "b"
    assert lasting.outage is not None, "what works is no news"
    room["a"] = True
    assert await one == "a"
    assert lasting.outage is None


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
print("free", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(connect, "BUSY_S", 0.05)
    monkeypatch.setattr(connect, "BUSY_AGAIN_S", 0.01)


async def said(child, text):
    assert (await asyncio.to_thread(child.stdout.readline)).strip() == text


async def test_a_patient_store_waits_for_who_holds_the_database(short, opened, make, start, path, clock):
    async with opened() as bench:
        await bench.sync(make.source("a"), make.source("b"))
        claims = await bench.claim()
        bench.store.patient(True)
        child = start(HOLD, path)
        await said(child, "held")
        save = asyncio.create_task(bench.store.save(make.outcome(claims["a"], make.change("1"))))
        assert "another process has held the database" in (await begun(bench.store)).reason
        assert await bench.titles("all") == [], "reading goes on"
        child.stdin.write("\n")
        child.stdin.flush()
        assert (await save).new == 1
        assert bench.store.outage is None
        assert await bench.titles("all") == ["1"]
        await bench.forget()


async def test_without_patience_who_holds_it_is_told(short, opened, make, start, path):
    async with opened() as bench:
        await bench.sync(make.source("a"))
        claim = (await bench.claim())["a"]
        await said(start(HOLD, path), "held")
        with pytest.raises(StoreBusy, match="another process has held the database for too long"):
            await bench.store.save(make.outcome(claim, make.change("1")))
        assert bench.store.outage is None


async def test_closing_ends_the_waiting_for_who_holds_it_soon(short, monkeypatch, opened, make, start, path):
    async with opened() as bench:
        await bench.sync(make.source("a"), make.source("b"))
        claims = await bench.claim()
        bench.store.patient(True)
        await said(start(HOLD, path), "held")
        saves = [asyncio.create_task(bench.store.save(make.outcome(claim))) for claim in claims.values()]
        calls = [asyncio.create_task(bench.store.end_run()) for _ in range(20)]
        await begun(bench.store)
        monkeypatch.setattr(connect, "BUSY_S", 3600.0)  # no try may be as long as the first was
        await asyncio.wait_for(bench.store.close(), 20)
        for one in (*saves, *calls):
            with pytest.raises(StoreBusy):
                await one


async def test_claiming_needs_no_reading_that_fails_for_a_while(opened, make, clock):
    async with opened() as bench:
        await bench.sync(make.source("a"))
        async with no_reading(bench.store):
            with pytest.raises(StoreOutage):
                await bench.store.item_count()
            claims = await bench.store.claim_due(clock(), category=None, limit=9, lease_s=60, per_host=9)
        assert [claim.source.name for claim in claims] == ["a"]
        await bench.store.release(claims)


async def test_no_empty_database_takes_the_place_of_one_that_has_vanished(opened):
    async with opened() as bench:
        await bench.store._reader._engine.dispose()
        moved = bench.store.path.rename(bench.store.path.with_name("moved"))
        with pytest.raises(StoreOutage):
            await bench.store.item_count()
        assert not bench.store.path.exists()
        moved.rename(bench.store.path)
        assert await bench.store.item_count() == 0
