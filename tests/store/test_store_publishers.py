"""Publishers in the store: rows, feeds and memberships, on real files."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from aggregator.model.item import Publisher
from aggregator.model.source import SourceMeta
from aggregator.store.publishers import free_slugs

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHONGQING = Publisher(name="重庆日报", slug="chongqingribao")
ALSO_CHONGQING = Publisher(name="崇庆日报", slug="chongqingribao")
SEEDS = {
    "中国网财经": "zhongguowangcaijing",
    "荆州日报": "jingzhouribao",
    "解放日报": "jiefangribao",
    "上海证券报·中国证券网": "shanghaizhengquanbao-zhongguozhengquanwang",
}


def of(name, slug=None):
    return Publisher(name=name, slug=slug or name.lower())


async def keys(bench):
    return {feed.title: str(feed.key) for feed in await bench.store.feeds("publisher")}


async def revisions(bench):
    found = {}
    for feed in await bench.store.feeds():
        found[str(feed.key)] = feed.revision
    return found


def risen(before, after):
    return {key for key in before | after if before.get(key) != after.get(key)}


async def test_each_publisher_has_its_feed(bench, make):
    await bench.sync(make.source("wire"))
    changes = [make.change(name, publisher=of(name, slug)) for name, slug in SEEDS.items()]
    saved = await bench.save("wire", *changes, make.change("nobody's"))
    feeds = await bench.store.feeds("publisher")
    assert {feed.title: feed.key.name for feed in feeds} == SEEDS
    assert {(feed.revision, feed.updated_at) for feed in feeds} == {(1, T0)}
    assert {f"publisher/{slug}" for slug in SEEDS.values()} < set(saved.feeds)
    for name, slug in SEEDS.items():
        feed, items = await bench.store.view(f"publisher/{slug}", 10)
        assert (feed.title, [one.item.publisher for one in items]) == (name, [of(name, slug)])
    by_guid = {one.item.guid: one.item.publisher for one in await bench.store.view_items("all", 10)}
    assert by_guid["nobody's"] is None
    assert len(by_guid) == 5


async def test_names_that_share_a_slug_are_kept_apart_for_ever(opened, make):
    async with opened() as bench:
        await bench.sync(make.source("a"))
        await bench.save(
            "a", make.change("1", publisher=CHONGQING), make.change("2", publisher=ALSO_CHONGQING)
        )
        first = await keys(bench)
        assert len(set(first.values())) == 2
        assert sum(key == "publisher/chongqingribao" for key in first.values()) == 1
        assert all(key.startswith("publisher/chongqingribao") for key in first.values())
    async with opened() as bench:
        await bench.sync(make.source("a"))
        await bench.save(
            "a",
            make.change("3", publisher=ALSO_CHONGQING),
            make.change("4", publisher=CHONGQING),
            make.change("5", publisher=of("third", "chongqingribao")),
        )
        second = await keys(bench)
        assert first.items() < second.items()
        assert sorted(await bench.titles(first["重庆日报"])) == ["1", "4"]
        assert sorted(await bench.titles(first["崇庆日报"])) == ["2", "3"]
        assert await bench.titles(second["third"]) == ["5"]
        assert await bench.store.integrity() == []


def test_slugs_stay_short_and_unique_however_many_are_taken():
    given = free_slugs({"a": "x" * 80, "b": "x" * 80, "c": "y"}, {"x" * 80})
    assert given["c"] == "y"
    assert len({*given.values()}) == 3
    assert max(map(len, given.values())) == 80
    hashed = free_slugs({"n": "s"}, {"s"})["n"]
    assert free_slugs({"n": "s"}, {"s", hashed})["n"].startswith(hashed)


async def test_a_publisher_is_in_the_index_while_it_has_items(bench, make):
    await bench.sync(make.source("a"))
    await bench.save(
        "a", *(make.change(f"{n}", publisher=of(f"p{n}"), sorted_at=T0 + timedelta(n)) for n in range(5))
    )
    newest = await bench.store.newest_feeds("publisher", 3)
    assert [feed.title for feed in newest] == ["p4", "p3", "p2"]
    await bench.sync()
    assert await bench.store.newest_feeds("publisher", 3) == []
    assert [str(feed.key) for feed in await bench.store.feeds("all", "source")] == ["all"]


async def test_thousands_of_publishers_cost_rows_not_statements(bench, make):
    await bench.sync(make.source("a"))
    statements = []

    @event.listens_for(bench.store._engine.sync_engine, "before_cursor_execute")
    def count(connection, cursor, statement, parameters, context, many):
        statements.append(statement)

    costs = []
    for start, many in ((0, 2), (10, 2000), (10, 2000)):
        changes = [
            make.change(f"{start}-{n}-{len(costs)}", publisher=of(f"p{start + n}")) for n in range(many)
        ]
        claim = (await bench.claim("a"))["a"]
        statements.clear()
        assert (await bench.store.save(make.outcome(claim, *changes))).new == many
        costs.append(len(statements))
    assert max(costs) < costs[0] + 30, "in chunks of a thousand rows"
    assert len(await bench.store.feeds("publisher")) == 2002


async def test_only_a_publisher_s_own_changes_raise_its_feed(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("1", publisher=of("P")), make.change("2", publisher=of("Q")))
    before = await revisions(bench)
    one = await bench.item_id("a", "1")
    saved = await bench.save("a", make.change("1", "new text", item_id=one, publisher=of("P")))
    assert set(saved.feeds) == risen(before, await revisions(bench)) == {"all", "source/a", "publisher/p"}
    before = await revisions(bench)
    same = make.change("1", "new text", item_id=one, publisher=of("unheard"), same=True)
    await bench.save("a", same)
    assert await revisions(bench) == before, "what is not stored makes no publisher"


async def test_an_item_that_changes_its_publisher_moves(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("1", publisher=of("P")), make.change("2", publisher=of("P")))
    one = await bench.item_id("a", "1")
    before = await revisions(bench)
    later = make.change("1", "x", item_id=one, publisher=of("Q"), sorted_at=T0 + timedelta(days=1))
    saved = await bench.save("a", later)
    assert set(saved.feeds) == {"all", "source/a", "publisher/p", "publisher/q"}
    assert risen(before, await revisions(bench)) == set(saved.feeds)
    assert (await bench.titles("publisher/p"), await bench.titles("publisher/q")) == (["2"], ["1"])
    saved = await bench.save("a", make.change("1", "y", item_id=one))
    assert "publisher/q" in saved.feeds
    assert await bench.titles("publisher/q") == []
    assert (await bench.store.view_items("all", 1, None))[0].item.publisher in (None, of("P"))
    assert (await bench.store.revision("publisher/q")) == (2, False), "empty, not gone"


async def test_what_a_source_is_called_raises_its_publishers_feeds(bench, make):
    await bench.sync(make.source("a"), make.source("b"))
    await bench.save("a", make.change("1", publisher=of("P")))
    await bench.save("b", make.change("2", publisher=of("Q")))
    before = await revisions(bench)
    saved = await bench.save("a", meta=SourceMeta(title="Otherwise"))
    assert set(saved.feeds) == risen(before, await revisions(bench)) == {"all", "source/a", "publisher/p"}
    before = await revisions(bench)
    result = await bench.sync(make.source("a", title="The operator's"), make.source("b"))
    assert "publisher/p" in result.feeds
    assert risen(before, await revisions(bench)) == {"all", "source/a", "publisher/p"}
    before = await revisions(bench)
    await bench.sync(make.source("a", title="The operator's", category="x"), make.source("b"))
    assert "publisher/p" not in risen(before, await revisions(bench)), "no category is shown there"
    before = await revisions(bench)
    renamed = make.source("c", url="https://a.example/feed", title="The operator's", category="x")
    await bench.sync(renamed, make.source("b"))
    assert "publisher/p" in risen(before, await revisions(bench)), "links to the source's feed have changed"
    assert await bench.titles("publisher/p") == ["1"]


async def test_a_removed_source_s_items_leave_their_publishers_and_return_with_it(bench, make):
    both = make.source("a"), make.source("b")
    await bench.sync(*both)
    await bench.save("a", make.change("1", publisher=of("P")), make.change("2", publisher=of("Q")))
    await bench.save("b", make.change("3", publisher=of("P")))
    before = await revisions(bench)
    await bench.sync(both[1])
    assert (await bench.titles("publisher/p"), await bench.titles("publisher/q")) == (["3"], [])
    assert risen(before, await revisions(bench)) == {"all", "source/a", "publisher/p", "publisher/q"}
    assert (await bench.store.revision("publisher/q"))[1] is False, "no sync ends a publisher's feed"
    assert await bench.store.integrity() == []
    before = await revisions(bench)
    await bench.sync(*both)
    assert sorted(await bench.titles("publisher/p")) == ["1", "3"]
    assert await bench.titles("publisher/q") == ["2"]
    assert {"publisher/p", "publisher/q"} < risen(before, await revisions(bench))
    before = await revisions(bench)
    assert (await bench.sync(*both)).feeds == ()
    assert await revisions(bench) == before


async def test_prune_keeps_what_a_publisher_s_feed_shows(bench, make):
    """A rare publisher's items are old ones of a busy source, and still all that its feed has."""
    await bench.sync(make.source("a"))
    busy = [make.change(f"b{n}", publisher=of("Busy"), sorted_at=T0 - timedelta(hours=n)) for n in range(12)]
    rare = [
        make.change(f"r{n}", publisher=of("Rare"), sorted_at=T0 - timedelta(days=9 + n)) for n in range(6)
    ]
    await bench.save("a", *busy, *rare, make.change("n", sorted_at=T0 - timedelta(days=30)))
    before = await revisions(bench)
    assert await bench.store.prune(T0, 5, 4) == 12 - 5 + 6 - 4 + 1
    assert await bench.titles("publisher/busy") == ["b0", "b1", "b2", "b3", "b4"]
    assert await bench.titles("publisher/rare") == ["r0", "r1", "r2", "r3"]
    assert await revisions(bench) == before
    assert await bench.store.prune(T0, 5, 4) == 0
    await bench.sync()
    assert await bench.store.prune(T0, 5, 4) == 4, "no feed shows a removed source's items"


async def test_what_was_pruned_comes_back_to_its_publisher(bench, make):
    await bench.sync(make.source("a"))
    await bench.save(
        "a", *(make.change(f"{n}", publisher=of("P"), sorted_at=T0 - timedelta(n)) for n in range(4))
    )
    old = await bench.item_id("a", "3")
    await bench.store.prune(T0, 2, 2)
    await bench.save("a", make.change("3", "changed", item_id=old, publisher=of("Q")))
    assert (await bench.titles("publisher/p"), await bench.titles("publisher/q")) == (["0", "1"], ["3"])


async def test_merging_moves_items_and_ends_the_old_feed(bench, make, path):
    await bench.sync(make.source("a"), make.source("b", category="x"))
    await bench.save("a", make.change("1", publisher=of("Old")), make.change("2", publisher=of("New")))
    await bench.save("b", make.change("3", publisher=of("Older")))
    await bench.sync(make.source("a"))
    aliases = {"Old": of("New"), "Older": of("New"), "Unheard": of("Elsewhere"), "New": of("New")}
    before = await revisions(bench)
    bench.clock.step()
    changed = await bench.store.merge_publishers(aliases)
    assert set(changed) == {"all", "source/a", "publisher/new", "publisher/old", "publisher/older"}
    assert risen(before, await revisions(bench)) == set(changed)
    assert sorted(await bench.titles("publisher/new")) == ["1", "2"]
    assert (await bench.store.revision("publisher/old")) == (2, True)
    assert await keys(bench) == {"New": "publisher/new"}
    await bench.sync(make.source("a"), make.source("b", category="x"))
    assert sorted(await bench.titles("publisher/new")) == ["1", "2", "3"], "a removed source's, too"
    assert {one.item.publisher for one in await bench.store.view_items("all", 9)} == {of("New")}
    before = await revisions(bench)
    for nothing in (aliases, {}, {"Unheard": of("Elsewhere")}):
        assert await bench.store.merge_publishers(nothing) == ()
    assert await revisions(bench) == before
    plain = sqlite3.connect(path)
    assert plain.execute(
        "SELECT count(*) FROM publisher WHERE name IN ('Unheard', 'Elsewhere')"
    ).fetchone() == (0,)
    plain.close()


async def test_a_renamed_publisher_gets_a_feed_and_its_old_name_may_come_back(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("1", publisher=of("Old")))
    await bench.store.merge_publishers({"Old": of("Name", "old")})
    renamed = (await keys(bench))["Name"]
    assert renamed.startswith("publisher/old-"), "the old address is the old name's for ever"
    assert await bench.titles(renamed) == ["1"]
    await bench.save("a", make.change("2", publisher=of("Old")))
    assert await bench.store.revision("publisher/old") == (3, False)
    assert (await bench.titles("publisher/old"), await bench.titles(renamed)) == (["2"], ["1"])
    # Undone, and done the other way round.
    await bench.store.merge_publishers({"Name": of("Old", "old")})
    assert sorted(await bench.titles("publisher/old")) == ["1", "2"]
    assert (await bench.store.revision(renamed))[1] is True


async def test_aliases_in_a_circle_are_left_alone(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("1", publisher=of("P")), make.change("2", publisher=of("Q")))
    assert await bench.store.merge_publishers({"P": of("Q"), "Q": of("P")}) == ()


async def test_an_outcome_that_is_refused_leaves_no_publisher(bench, make):
    await bench.sync(make.source("a"))
    bad = make.change("1", publisher=of("P"))
    bad = replace(bad, item=replace(bad.item, guid="\ud800"))
    assert (await bench.save("a", bad)).error
    assert await keys(bench) == {}
    await bench.save("a", make.change("1", publisher=of("P")))
    assert await keys(bench) == {"P": "publisher/p"}


@pytest.mark.parametrize("column", ["slug", "name"])
async def test_a_name_and_a_slug_are_one_publisher_s(bench, make, path, column):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("1", publisher=of("P")))
    plain = sqlite3.connect(path)
    values = {"slug": "other", "name": "other", column: {"slug": "p", "name": "P"}[column]}
    with pytest.raises(sqlite3.IntegrityError):
        plain.execute("INSERT INTO publisher (slug, name) VALUES (:slug, :name)", values)
    plain.close()
