"""kill -9 at every statement of a save: afterwards the save has happened whole, or not at all."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)

CHILD = """
import asyncio, importlib.util, sys
from sqlalchemy import event
from aggregator.model.source import SourceState, Validators

path, conftest, stop_at = sys.argv[1:]
spec = importlib.util.spec_from_file_location("makers", conftest)
makers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(makers)
make, T0 = makers.make_value, makers.T0

def stop(point):
    if stop_at in point:
        print(point, flush=True)
        sys.stdin.readline()  # the parent kills us here

async def main():
    store = await makers.open_store(makers.StoreSettings(path=path), now=lambda: T0, role="daemon")
    bench = makers.Bench(store, makers.Clock())
    await bench.sync(make.source("a", category="x"))
    await bench.save("a", make.change("first", "1"))
    item_id = await bench.item_id("a", "first")
    claim = (await bench.claim("a"))["a"]
    engine = store._engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda c, cur, sql, *rest: stop(sql))
    event.listen(engine, "commit", lambda c: stop("COMMIT"))
    state = SourceState(
        validators=Validators(url="https://a.example/feed", etag='"2"'),
        last_check_at=T0, last_ok_at=T0, next_check_at=T0,
    )
    changes = [make.change("first", "2", item_id=item_id), *(make.change(f"n{n}") for n in range(50))]
    await store.save(make.outcome(claim, *changes, state=state))
    stop("SAVED")

asyncio.run(main())
"""

INSIDE = [
    "SELECT source.id",
    "INSERT INTO item",
    "INSERT INTO member",
    "INSERT INTO alias",
    "UPDATE item",
    "INSERT INTO revision",
    "UPDATE source",
    "UPDATE feed",
]


@pytest.mark.parametrize(
    "point", [*(pytest.param(point, marks=pytest.mark.slow) for point in INSIDE), "COMMIT", "SAVED"]
)
async def test_killed(point, path, opened, make, start, request):
    child = start(CHILD, path, str(request.path.parent / "conftest.py"), point)
    assert point in await asyncio.to_thread(child.stdout.readline)
    child.kill()
    await asyncio.to_thread(child.wait)
    async with opened("daemon") as bench:
        assert await bench.store.integrity() == []
        await bench.sync(make.source("a", category="x"))
        saved = point == "SAVED"
        assert await bench.store.item_count() == (51 if saved else 1)
        assert len(await bench.titles("category/x")) == (51 if saved else 1)
        (status,) = await bench.store.states()
        assert (status.state.validators is not None) == saved, "validators vouch for items that are here"
        first = [one for one in await bench.store.view_items("all", 99) if one.item.guid == "first"]
        assert [one.item.content_html for one in first] == ["2" if saved else "1"]
        claims = await bench.store.claim_due(T0, category="x", limit=9, lease_s=60, per_host=1)
        assert [claim.source.name for claim in claims] == ["a"], "the dead one's lease is free at once"
