"""What older rules have cleaned: found newest first, replaced only as it was read, and no news."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

from aggregator.model.item import Publisher
from aggregator.store import plan
from aggregator.store.base import Recleaned
from aggregator.store.tables import item
from tests.store.conftest import T0

OLD = plan.RULES_VERSION - 1


def made_old(path: str, where: str = "1", version: int = OLD) -> None:
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.execute(f"UPDATE item SET rules_version = {version} WHERE {where}")


def again(one, text: str | None = None, **fields) -> Recleaned:
    return Recleaned(of=one, item=text and replace(one.item, content_html=text), **fields)


async def test_there_is_nothing_to_do_for_what_today_s_rules_have_cleaned(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("1", "text"))
    assert await bench.store.outdated(9) == []
    assert await bench.store.clean_again([]) == 0


async def test_the_last_stored_come_first_and_none_twice(bench, make, path):
    await bench.sync(make.source("a"), make.source("b"))
    for number in range(4):
        await bench.save("ab"[number % 2], make.change(str(number), "text"))
    made_old(path)
    made_old(path, "guid = '3'", version=OLD - 1)
    first = await bench.store.outdated(2)
    assert [one.item.guid for one in first] == ["2", "1"], "those of the newer rules, of these the newest"
    assert await bench.store.clean_again([again(one) for one in first]) == 0
    rest = await bench.store.outdated(9, skip=[first[0].item_id])
    assert [one.item.guid for one in rest] == ["0", "3"]
    assert [one.item.guid for one in await bench.store.outdated(9, skip=[rest[0].item_id])] == ["3"]
    await bench.store.clean_again([again(one) for one in rest])
    assert await bench.store.outdated(9) == []


async def test_what_changes_is_seen_and_is_no_news(bench, make, path, clock):
    await bench.sync(make.source("a", category="x/y"), make.source("b", category="x"))
    await bench.save("a", make.change("1", "old", publisher=Publisher(name="P", slug="p"), updated_at=T0))
    await bench.save("a", make.change("2", "fine"))
    await bench.save("b", make.change("3", "text"))
    made_old(path)
    before = {str(feed.key): feed for feed in await bench.store.feeds()}
    shown = await bench.store.view_items("all", 9)
    seq = (await bench.store.contents("all", 0)).seq
    clock.step(3600)
    done = [again(one, "new" if one.item.guid == "1" else None) for one in await bench.store.outdated(9)]
    assert await bench.store.clean_again(done) == 1

    after = {str(feed.key): feed for feed in await bench.store.feeds()}
    risen = {key for key in before if before[key].revision != after[key].revision}
    assert risen == {"all", "source/a", "category/x", "category/x/y", "publisher/p"}
    assert {after[key].updated_at for key in risen} == {clock()}, "for those who ask by date alone"
    now = await bench.store.view_items("all", 9)
    assert [replace(one.item, content_html="") for one in now] == [
        replace(one.item, content_html="") for one in shown
    ]
    assert [one.item.content_html for one in now] == ["text", "fine", "new"]
    contents = await bench.store.contents("all", seq)
    assert len(contents.changed) == 1, "exports follow"
    record = await bench.store.item(now[-1].item.uid)
    assert (record.trail[0].stage, record.trail[0].reason) == ("admit", "cleaned-again")
    assert record.changed_at == clock()
    assert record.silent_edits == 0


async def test_why_an_item_is_plain_text_stands_in_its_trail(bench, make, path):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("1", "text"))
    made_old(path)
    [one] = await bench.store.outdated(9)
    await bench.store.clean_again([again(one, "plain", note="reading took longer than 10 s")])
    [line] = [line for line in await bench.store.trail("a", 9) if line.stage == "admit"]
    assert (line.reason, line.detail) == ("too-heavy", "reading took longer than 10 s")


async def test_what_a_poll_has_changed_meanwhile_stays(bench, make, path):
    await bench.sync(make.source("a"))
    for number in range(3):
        await bench.save("a", make.change(str(number), "text"))
    made_old(path)
    read = {one.item.guid: one for one in await bench.store.outdated(9)}
    await bench.save("a", make.change("1", "edited", item_id=read["1"].item_id))
    await bench.store.prune(T0, 2, 1)
    revisions = [feed.revision for feed in await bench.store.feeds()]
    assert await bench.store.clean_again([again(read["1"], "of old"), again(read["0"], "of old")]) == 0
    assert [feed.revision for feed in await bench.store.feeds()] == revisions
    assert [one.item.content_html for one in await bench.store.view_items("all", 9)] == ["text", "edited"]
    assert [one.item.guid for one in await bench.store.outdated(9)] == ["2"]


async def test_an_item_that_waits_for_its_article_stays_in_no_feed(bench, make, path):
    await bench.sync(make.source("a"))
    await bench.save("a", replace(make.change("1", "text"), article_url="https://x.example/a"))
    made_old(path)
    [one] = await bench.store.outdated(9)
    assert await bench.store.clean_again([again(one, "new")]) == 1
    assert await bench.titles("all") == []


async def test_looking_costs_nothing_however_many_there_are(bench, path):
    """By the index, in its order: no scan of a table of gigabytes at every start, and no sort."""
    from aggregator.store.again import outdated_query

    sql = str(
        outdated_query(64, [1, 2]).compile(
            dialect=bench.store._engine.dialect, compile_kwargs={"literal_binds": True}
        )
    )
    with closing(sqlite3.connect(path)) as plain:
        steps = [row[3] for row in plain.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert steps[0] == f"SEARCH {item.name} USING INDEX ix_item_rules (rules_version<?)"
    assert not [step for step in steps if "TEMP B-TREE" in step or "SCAN" in step]
