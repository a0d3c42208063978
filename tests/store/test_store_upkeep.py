from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.model.document import Drop
from aggregator.model.item import Publisher
from aggregator.model.source import SourceState
from aggregator.store import upkeep
from aggregator.store.rows import to_us as us

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def of(name):
    return Publisher(name=name, slug=name)


def aged(make, count, prefix="n"):
    return [make.change(f"{prefix}{n}", sorted_at=T0 - timedelta(hours=n)) for n in range(count)]


async def test_prune_keeps_the_newest_of_each_source_and_remembers_the_rest(bench, make):
    await bench.sync(make.source("a"), make.source("b"))
    changes = aged(make, 12)
    await bench.save("a", *changes)
    await bench.save("b", make.change("other", sorted_at=T0 - timedelta(days=9)))
    before = await bench.store.revision("all")
    assert await bench.store.prune(T0, 5, 3) == 7
    assert await bench.store.prune(T0, 5, 3) == 0
    assert await bench.titles("source/a") == ["n0", "n1", "n2", "n3", "n4"]
    assert await bench.titles("source/b") == ["other"]
    assert await bench.store.revision("all") == before, "no feed's window showed them"
    claim = (await bench.claim("a"))["a"]
    known = await bench.store.known(claim.source_id, [a for c in changes for a in c.aliases])
    assert len(known.aliases) == 24
    by_uid = {item.uid: item for item in known.items.values()}
    old = by_uid[changes[11].item.uid]
    assert (old.pruned, old.sorted_at, old.digest) == (
        True,
        T0 - timedelta(hours=11),
        changes[11].item.digest,
    )
    record = await bench.store.item(changes[11].item.uid)
    assert (record.published, record.pruned_at, record.source_name) == (None, T0, "a")


async def test_prune_keeps_what_a_feed_shows(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", *aged(make, 12))
    assert await bench.store.prune(T0, 2, 10) == 2
    assert len(await bench.titles("source/a")) == 10


async def test_prune_works_in_batches_over_many_sources(bench, make, monkeypatch):
    monkeypatch.setattr(upkeep, "PRUNE_BATCH", 7)
    await bench.sync(*[make.source(name) for name in "abc"])
    for name in "abc":
        await bench.save(name, *aged(make, 12, name))
    assert await bench.store.prune(T0, 2, 2) == 30
    assert await bench.store.item_count() == 6


async def test_an_old_item_that_comes_back_is_not_news(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", *aged(make, 12))
    ids = {n: await bench.item_id("a", f"n{n}") for n in (10, 11)}
    await bench.store.prune(T0, 5, 5)
    same = make.change("n10", item_id=ids[10], same=True, aliases=(make.alias("link", "moved"),))
    changed = make.change("n11", "changed", item_id=ids[11], sorted_at=T0 + timedelta(days=1))
    saved = await bench.save("a", same, changed)
    assert (saved.new, saved.updated, saved.unchanged) == (0, 1, 1)
    assert await bench.titles("all") == ["n0", "n1", "n2", "n3", "n4", "n11"], "back in its old place"
    claim = (await bench.claim("a"))["a"]
    known = await bench.store.known(claim.source_id, [make.alias("link", "moved"), *changed.aliases])
    assert known.items[known.aliases[make.alias("link", "moved")]].pruned
    await bench.forget()
    assert await bench.store.prune(T0, 5, 5) == 1
    again = await bench.save("a", replace(changed, item_id=None, aliases=()))
    assert (again.new, again.unchanged) == (0, 1), "the same id is the same item, pruned or not"
    assert await bench.store.item_count() == 5


async def test_ids_are_never_used_again(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", *aged(make, 4))
    newest = await bench.item_id("a", "n0")
    await bench.store.prune(T0, 1, 1)
    await bench.save("a", make.change("later"))
    assert await bench.item_id("a", "later") > newest


async def test_housekeeping_trims_the_trail_to_each_source_s_newest(bench, make, monkeypatch):
    monkeypatch.setattr(upkeep, "TRAIL_A_SOURCE", 5)
    await bench.sync(make.source("a"), make.source("b"))
    drops = tuple(Drop(stage="admit", reason="empty", ref=str(n)) for n in range(9))
    await bench.save("a", drops=drops)
    await bench.save("b", drops=drops[:2])
    await bench.store.housekeeping()
    assert [line.ref for line in await bench.store.trail("a", 99)] == ["8", "7", "6", "5", "4"]
    assert len(await bench.store.trail("b", 99)) == 2
    monkeypatch.setattr(upkeep, "TRAIL_IN_ALL", 3)
    await bench.store.housekeeping()
    assert len(await bench.store.trail("a", 99)) + len(await bench.store.trail("b", 99)) == 3


async def test_integrity_finds_each_kind_of_damage(opened, make, path):
    async with opened() as bench:
        await bench.sync(make.source("a", category="x"))
        await bench.save("a", *aged(make, 8), *(make.change(name, publisher=of(name)) for name in "pqr"))
        assert await bench.store.integrity() == []
        plain = sqlite3.connect(path)
        feed = {key: row for row, key in plain.execute("SELECT id, key FROM feed")}
        for number, key in enumerate(("all", "source/a", "category/x"), 1):
            plain.execute("DELETE FROM member WHERE item_id=? AND feed_id=?", (number, feed[key]))
        number = {guid: row for row, guid in plain.execute("SELECT id, guid FROM item")}
        plain.execute("DELETE FROM member WHERE feed_id = ?", (feed["publisher/p"],))
        plain.execute("INSERT INTO member VALUES (?, ?, ?)", (feed["publisher/p"], us(T0), number["q"]))
        plain.execute("UPDATE item SET publisher_id = 99 WHERE guid = 'r'")
        plain.execute("DELETE FROM alias WHERE item_id = 4")
        plain.execute("INSERT INTO alias VALUES (1, 'guid', x'00', 99)")
        plain.execute("INSERT INTO member VALUES (?, 1, 77)", (feed["all"],))
        plain.execute("UPDATE item SET sorted_at = 5 WHERE id = 5")
        plain.execute(
            "INSERT INTO ledger (item_id, uid, source_id, sorted_at, first_seen_at, pruned_at, "
            "silent_edits, digest, entry_digest) "
            "SELECT id, uid, 1, 1, 1, 1, 0, x'', x'' FROM item WHERE id = 6"
        )
        plain.commit()
        plain.close()
        found = {problem.partition(":")[0] for problem in await bench.store.integrity()}
        assert found == {what for what, _ in upkeep._strays()}


async def missing(bench) -> list[str]:
    return [problem.partition(":")[0] for problem in await bench.store.integrity()]


async def test_an_item_may_be_in_no_feed_while_it_waits_for_its_article_but_not_in_some(opened, make, path):
    async with opened() as bench:
        await bench.sync(make.source("a", category="x"))
        waiting = [replace(make.change(name), article_url="https://x.example/") for name in "vw"]
        await bench.save("a", *waiting, make.change("n"))
        assert await bench.titles("all") == ["n"]
        assert await missing(bench) == []
        number = await bench.item_id("a", "w")
        with closing(sqlite3.connect(path)) as plain, plain:
            (into,) = plain.execute("SELECT id FROM feed WHERE key = 'all'").fetchone()
            plain.execute("INSERT INTO member VALUES (?, ?, ?)", (into, us(T0), number))
        assert await missing(bench) == [
            "item missing in its source's feed",
            "item missing in its category's feed",
        ]
        with closing(sqlite3.connect(path)) as plain, plain:
            plain.execute("DELETE FROM member WHERE item_id = ?", (number,))
            plain.execute("DELETE FROM article_request WHERE item_id = ?", (number,))
            plain.execute("INSERT INTO article_request SELECT 99, 1, NULL, 'x', 0, 0, 0")
        assert (await missing(bench))[0] == "item missing in the feed of all"


async def test_an_item_is_identified_by_its_own_source_s_identities_or_may_be_by_shared_ones(
    opened, make, path
):
    async with opened() as bench:
        await bench.sync(make.source("a"), make.source("b"))
        await bench.save("a", make.change("n"))
        await bench.save("b", make.change("o"))
        number = await bench.item_id("a", "n")
        with closing(sqlite3.connect(path)) as plain, plain:
            (other,) = plain.execute("SELECT id FROM source WHERE name = 'b'").fetchone()
            plain.execute("UPDATE alias SET source_id = ? WHERE item_id = ?", (other, number))
        assert await missing(bench) == ["item without an identity"]
        with closing(sqlite3.connect(path)) as plain, plain:
            plain.execute("INSERT INTO alias SELECT id, 'guid', x'00', NULL FROM source WHERE name = 'b'")
        assert await missing(bench) == ["item without an identity"]
        with closing(sqlite3.connect(path)) as plain, plain:
            plain.execute("INSERT INTO alias SELECT id, 'guid', x'00', NULL FROM source WHERE name = 'a'")
        assert await missing(bench) == []


def seconds(at):
    return None if at is None else (at - T0).total_seconds()


async def test_a_clock_that_is_set_back_delays_nobody_and_hurries_nobody(bench, make):
    """An hour suffices. Every source waits as long from now as it was to wait from its last poll."""
    await bench.sync(*[make.source(name) for name in ("polled", "held", "before", "never")])
    ahead = T0 + timedelta(hours=1)

    def state(last, next_s, hold_s=None):
        held = None if hold_s is None else last + timedelta(seconds=hold_s)
        return SourceState(
            last_check_at=last,
            last_ok_at=last,
            next_check_at=last + timedelta(seconds=next_s),
            hold_until_at=held,
            fresh_until_at=held,
        )

    await bench.save("polled", state=state(ahead, 300))
    await bench.save("held", state=state(ahead, 7200, 7200))
    await bench.save("before", state=state(T0 - timedelta(seconds=100), 300))
    await bench.store.prune(T0, 9, 9)
    found = {one.name: one.state for one in await bench.store.states()}
    assert {name: seconds(one.next_check_at) for name, one in found.items()} == {
        "polled": 300,
        "held": 7200,
        "before": 200,
        "never": 0,
    }
    assert seconds(found["held"].hold_until_at) == seconds(found["held"].fresh_until_at) == 7200
    assert found["polled"].hold_until_at is None
    assert found["polled"].last_check_at == found["polled"].last_ok_at == T0


async def test_a_source_that_was_added_under_a_clock_ahead_is_polled(bench, make, clock):
    clock.step(4000 * 86_400)
    first = clock() + timedelta(seconds=30)
    await bench.store.sync_sources([make.source("a")], [], "Wire", clock(), lambda source, new: first)
    await bench.store.prune(T0, 9, 9)
    assert await bench.store.due_count(T0) == 0
    assert await bench.store.due_count(T0 + timedelta(seconds=30)) == 1


async def test_an_article_that_was_owed_under_a_clock_ahead_is_asked_for(bench, make, clock):
    url = "https://x.example/article"
    await bench.sync(make.source("a"), make.source("b"))
    await bench.save("a", replace(make.change("1", "text"), article_url=url))
    clock.step(4000 * 86_400)
    await bench.save("b", replace(make.change("2", "text"), article_url=url))
    lease = timedelta(minutes=5)
    ids = {one.source.name: one.source_id for one in (await bench.claim()).values()}
    await bench.forget()
    due = await bench.store.next_article(ids["a"], clock())
    owed = await bench.store.take_article(due, clock(), lease=lease)
    again_at = clock() + timedelta(minutes=2)
    await bench.store.article_failed(owed, stage="fetch", reason="article", detail="", again_at=again_at)

    clock.at = T0
    await bench.store.prune(T0, 9, 9)
    for name in "ab":
        clock.at = T0
        assert await bench.store.next_article(ids[name], T0) is None
        clock.step(300)
        due = await bench.store.next_article(ids[name], clock())
        assert await bench.store.take_article(due, clock(), lease=lease) is not None
        assert await bench.store.publish_waiting(ids[name], T0) == 1, (
            "and the item waits no longer than it was to"
        )
