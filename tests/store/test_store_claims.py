from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.model.source import SourceState

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

HOLDER = """
import asyncio, sys
from datetime import datetime, UTC
from aggregator.model.settings import StoreSettings
from aggregator.model.source import Source
from aggregator.store.database import open_store

async def main(path):
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    store = await open_store(StoreSettings(path=path), now=lambda: now, role="crawler")
    sources = [Source(name=f"s{n}", url=f"https://s{n}.example/feed") for n in range(4)]
    await store.sync_sources(sources, (), "Wire", now, lambda source, new: now)
    await store.begin_run(now)
    claims = await store.claim_due(now, category=None, limit=9, lease_s=9999, per_host=1)
    print(len(claims), flush=True)
    sys.stdin.read()

asyncio.run(main(sys.argv[1]))
"""


def due(bench, **fields):
    fields = {"category": None, "limit": 99, "lease_s": 600, "per_host": 2, **fields}
    return bench.store.claim_due(fields.pop("now", bench.clock()), **fields)


def named(claims):
    return [claim.source.name for claim in claims]


async def test_the_longest_overdue_comes_first_and_only_once(bench, make):
    await bench.sync(*[make.source(name) for name in "abc"])
    for name, minutes in (("a", -1), ("b", -3), ("c", 1)):
        await bench.save(name, next_check=T0 + timedelta(minutes=minutes))
    assert await bench.store.due_count(T0) == 2
    assert named(await due(bench)) == ["b", "a"]
    assert await bench.store.due_count(T0) == 0
    assert named(await due(bench)) == []
    assert await bench.store.next_due_at() == T0 + timedelta(minutes=1)


async def test_a_lease_ends_with_its_time_or_when_given_back(bench, make):
    await bench.sync(make.source("a"))
    await due(bench, lease_s=60)
    bench.clock.step(59)
    assert await due(bench) == []
    bench.clock.step(1)
    claims = await due(bench)
    assert named(claims) == ["a"]
    await bench.store.release(claims)
    assert named(await due(bench)) == ["a"]


async def test_one_host_gets_no_more_than_its_share_leased_ones_counted(bench, make):
    sources = [make.source(f"s{n}", url=f"https://one.example/{n}") for n in range(5)]
    files = [make.source(f"f{n}", url=f"file:f{n}.xml") for n in range(4)]
    await bench.sync(*sources, make.source("t", url="http://one.example/"), *files)
    first = await due(bench)
    assert sorted(named(first)) == ["f0", "f1", "f2", "f3", "s0", "s1", "t"], "another port is another host"
    assert named(await due(bench)) == []
    await bench.store.release([claim for claim in first if claim.source.name == "s0"])
    assert len(named(await due(bench))) == 1


async def test_a_domain_can_count_as_one_host_with_all_names_below_it(bench, make):
    urls = [
        "https://b_s.example/",
        "http://a.b_s.example:81/",
        "https://c.a.B_S.example./",
        "https://bus.example/",
    ]
    sources = [make.source(f"s{n}", url=url) for n, url in enumerate(urls)]
    other = [make.source("t", url="https://xb_s.example/"), make.source("u", url="file:u.xml")]
    news = [
        make.source("x", url="https://a.新闻.example/"),
        make.source("y", url="https://xn--efvy88h.example/"),
    ]
    await bench.sync(*sources, *other, *news)
    shared = {"per_host": 1, "one_host": ("b_s.example", "xn--efvy88h.example")}
    first = await due(bench, **shared)
    assert sorted(named(first)) == ["s0", "s3", "t", "u", "x"]
    assert named(await due(bench, **shared)) == []
    await bench.store.release([claim for claim in first if claim.source.name in ("s0", "x")])
    assert len(await due(bench, **shared)) == 2
    assert sorted(named(await due(bench, per_host=1))) == ["s1", "s2", "y"], "each its own host, but for that"


async def test_the_limit_comes_after_the_share_of_hosts(bench, make):
    busy = [make.source(f"s{n}", url=f"https://one.example/{n}") for n in range(5)]
    await bench.sync(*busy, make.source("z1"), make.source("z2"))
    assert named(await due(bench, limit=3, per_host=1)) == ["s0", "z1", "z2"]


async def test_categories_are_exact_for_ticks_and_trees_for_people(bench, make):
    await bench.sync(
        make.source("a", category="x"),
        make.source("b", category="x/y"),
        make.source("c", category="xz"),
        make.source("d"),
        make.source("e", category="X"),
    )
    assert await bench.store.due_count(T0, category="x") == 1
    ready, _ = await bench.store.selected(None, category="x", since=T0, now=T0, force=False, due=False)
    assert sorted(ready) == ["a", "b"]
    assert named(await due(bench, category="x")) == ["a"]
    assert named(await due(bench, category="")) == ["d"]


async def test_selected_tells_why_and_until_when_and_claim_named_agrees(bench, make):
    names = ["done", "fresh", "held", "leased", "new", "old", "retired", "waiting"]
    await bench.sync(*[make.source(name) for name in names])
    old = SourceState(last_check_at=T0 - HOUR, next_check_at=T0 - HOUR)
    states = {
        "done": replace(old, last_check_at=T0 + timedelta(seconds=1)),
        "fresh": replace(old, fresh_until_at=T0 + HOUR),
        "held": replace(old, hold_until_at=T0 + HOUR, fresh_until_at=T0 + HOUR),
        "old": old,
        "retired": replace(old, retired_at=T0 - HOUR),
        "waiting": replace(old, next_check_at=T0 + HOUR),
    }
    for name, state in states.items():
        await bench.save(name, state=state)
    await bench.claim("leased", lease_s=60)
    now = T0 + timedelta(seconds=2)

    async def ask(chosen=None, **fields):
        fields = {"since": T0, "now": now, "force": False, "due": False, **fields}
        ready, skipped = await bench.store.selected(chosen, category=None, **fields)
        claims = await bench.store.claim_named(names, lease_s=60, **fields)
        await bench.store.release(claims)
        assert sorted(ready) == sorted(named(claims))
        return sorted(ready), {one.name: (one.reason, one.until_at) for one in skipped}

    ready, skipped = await ask()
    assert ready == ["new", "old", "waiting"]
    assert skipped == {
        "done": ("done", None),
        "fresh": ("fresh", T0 + HOUR),
        "held": ("held", T0 + HOUR),
        "leased": ("leased", T0 + timedelta(seconds=60)),
        "retired": ("retired", None),
    }
    assert (await ask(due=True))[0] == ["new", "old"]
    assert (await ask(force=True))[0] == ["fresh", "new", "old", "waiting"]
    assert (await ask(since=T0 + HOUR))[0] == ["done", "new", "old", "waiting"]
    assert (
        await bench.store.selected(
            ["old", "unheard of"], category=None, since=T0, now=now, force=False, due=False
        )
    )[0] == ["old"]


async def test_two_processes_share_sources_without_overlap(opened, make):
    sources = [make.source(f"s{n}") for n in range(40)]
    async with opened() as one, opened() as two:
        await one.sync(*sources)
        await two.sync(*sources)
        taken: list[str] = []

        async def crawl(bench):
            since = await bench.store.begin_run(T0)
            ready, _ = await bench.store.selected(
                None, category=None, since=since, now=T0, force=False, due=False
            )
            for start in range(0, len(ready), 3):
                for claim in await bench.store.claim_named(
                    ready[start : start + 3], since=since, now=T0, force=False, due=False, lease_s=60
                ):
                    taken.append(claim.source.name)
                    await bench.store.save(make.outcome(claim, make.change(claim.source.name)))

        await asyncio.gather(crawl(one), crawl(two))
        assert sorted(taken) == sorted(source.name for source in sources)
        assert await one.store.item_count() == 40


async def test_a_run_counts_from_the_oldest_run_that_lives(opened, make):
    async with opened() as one, opened() as two:
        await one.sync(make.source("a"))
        assert await one.store.begin_run(T0) == T0
        assert await two.store.begin_run(T0 + HOUR) == T0
        await one.store.end_run()
        async with opened() as three:
            assert await three.store.begin_run(T0 + 2 * HOUR) == T0 + HOUR
        await two.store.end_run()
        assert await one.store.begin_run(T0 + 3 * HOUR) == T0 + 3 * HOUR


async def test_sources_of_another_process_s_configuration_are_left_to_it(opened, make):
    async with opened() as one, opened() as two:
        await one.sync(make.source("a"))
        await two.sync(make.source("a"), make.source("b"), make.source("c"))
        assert named(await due(one, limit=1)) == ["a"]
        assert named(await due(one, limit=1)) == []
        assert sorted(named(await due(two))) == ["b", "c"]


async def test_a_killed_process_blocks_nobody(opened, path, make, start):
    child = start(HOLDER, path)
    assert await asyncio.to_thread(child.stdout.readline) == "4\n"
    async with opened() as bench:
        await bench.sync(*[make.source(f"s{n}") for n in range(4)])
        assert await due(bench) == []
        assert await bench.store.begin_run(T0 + HOUR) == T0
        await bench.store.end_run()
        child.kill()
        await asyncio.to_thread(child.wait)
        assert await bench.store.begin_run(T0 + HOUR) == T0 + HOUR
        assert len(await due(bench)) == 4


async def test_leases_of_a_closed_store_are_free(opened, make):
    async with opened() as one:
        await one.sync(make.source("a"))
        assert len(await due(one)) == 1
    async with opened() as two:
        await two.sync(make.source("a"))
        assert len(await due(two)) == 1
