from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.model.document import Extension
from aggregator.model.settings import Category
from aggregator.model.source import SourceMeta, SourceState, Validators

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def revisions(bench):
    return {str(feed.key): feed.revision for feed in await bench.store.feeds()}


async def keys(bench):
    return {name: claim.key for name, claim in (await bench.claim()).items()}


async def test_a_first_sync_makes_feeds_for_all_categories_and_sources(bench, make):
    result = await bench.store.sync_sources(
        [make.source("a", category="x/y", title="Given"), make.source("b")],
        (Category(path="x", title="The X"), Category(path="x/y", title="The Y")),
        "Wire",
        T0,
        lambda source, new: T0 + timedelta(seconds=new),
    )
    assert result.added == ("a", "b")
    titles = {str(feed.key): feed.title for feed in await bench.store.feeds()}
    assert titles == {
        "all": "Wire",
        "category/x": "The X",
        "category/x/y": "The Y",
        "source/a": "Given",
        "source/b": "b",
    }
    assert [str(feed.key) for feed in await bench.store.feeds("category")] == ["category/x", "category/x/y"]
    assert await bench.store.next_due_at() == T0 + timedelta(seconds=2)
    assert await bench.store.revision("source/nobody") is None
    assert await bench.store.feed("source/nobody") is None


async def test_a_second_sync_writes_nothing(bench, make):
    sources = [make.source("a", category="x/y"), make.source("b")]
    await bench.sync(*sources)
    await bench.save("a", make.change("one"))
    before = await revisions(bench)
    changes = await bench.store._writer.call(lambda c: c.exec_driver_sql("SELECT total_changes()"))
    bench.clock.step(99)
    result = await bench.sync(*sources)
    after = await bench.store._writer.call(lambda c: c.exec_driver_sql("SELECT total_changes()"))
    # Three statements that touch no row; the count is of rows.
    assert after.scalar() == changes.scalar()
    assert result == type(result)()
    assert await revisions(bench) == before


async def test_a_rename_keeps_items_key_and_state_and_moves_the_feed(bench, make):
    await bench.sync(make.source("old", url="https://a.example/", category="x"))
    await bench.save("old", make.change("one"))
    before = await revisions(bench)
    result = await bench.sync(make.source("new", url="https://a.example/", category="x"))
    assert (result.renamed, result.added, result.removed) == (("new",), (), ())
    assert await bench.titles("source/new") == ["one"]
    assert (await bench.store.revision("source/old"))[1] is True
    assert (await bench.store.feed("source/old")).gone
    assert await bench.titles("source/old") == []
    assert await keys(bench) == {"new": "old"}
    after = await revisions(bench)
    assert after["all"] == before["all"] + 1, "items show their source's name"
    assert after["category/x"] == before["category/x"] + 1
    assert (await bench.store.view_items("all", 1))[0].source_name == "new"


async def test_what_a_source_says_of_itself_follows_it_to_a_new_name(bench, make):
    meta = SourceMeta(
        title="T",
        icon="https://a.example/i.ico",
        authors=("Ann",),
        extensions=(Extension(namespace="urn:n", name="x", text="1"),),
    )
    await bench.sync(make.source("old", url="https://a.example/"))
    await bench.save("old", meta=meta)
    new = (make.source("new", url="https://a.example/"), make.source("old", url="https://b.example/"))
    await bench.sync(new[0])
    await bench.sync(*new)
    for name, said in (("new", meta), ("old", SourceMeta(title="old"))):
        feed = await bench.store.feed(f"source/{name}")
        assert (feed.title, feed.icon, feed.authors, feed.extensions) == (
            said.title,
            said.icon,
            said.authors,
            said.extensions,
        )


async def test_a_new_source_under_a_name_once_used_mints_from_a_key_of_its_own(bench, make):
    await bench.sync(make.source("a", url="https://one.example/"))
    await bench.sync(make.source("b", url="https://one.example/"))
    await bench.sync(
        make.source("b", url="https://one.example/"), make.source("a", url="https://two.example/")
    )
    assert await keys(bench) == {"b": "a", "a": "a~2"}


async def test_two_new_names_for_one_address_are_no_rename(bench, make):
    await bench.sync(make.source("a", url="https://one.example/"))
    result = await bench.sync(
        make.source("b", url="https://one.example/"), make.source("c", url="https://one.example/")
    )
    assert (result.added, result.removed, result.renamed) == (("b", "c"), ("a",), ())


async def test_removed_then_back(bench, make):
    await bench.sync(make.source("a", category="x"), make.source("b"))
    await bench.save("a", make.change("one"))
    result = await bench.sync(make.source("b"))
    assert result.removed == ("a",)
    assert await bench.titles("all") == []
    assert await bench.store.item_count() == 1
    assert (await bench.store.revision("source/a"))[1]
    assert (await bench.store.revision("category/x"))[1]
    assert [status.name for status in await bench.store.states()] == ["b"]
    assert set(await bench.claim()) == {"b"}
    gone_at = (await bench.store.revision("source/a"))[0]
    result = await bench.sync(make.source("a", category="x"), make.source("b"))
    assert result.returned == ("a",)
    for key in ("all", "source/a", "category/x"):
        assert await bench.titles(key) == ["one"]
    assert await bench.store.revision("source/a") == (gone_at + 1, False)
    await bench.forget()
    assert await keys(bench) == {"a": "a", "b": "b"}


async def test_a_source_removed_while_it_is_polled_stores_nothing(bench, make):
    await bench.sync(make.source("a"), make.source("b"))
    claim = (await bench.claim("a"))["a"]
    await bench.sync(make.source("b"))
    assert (await bench.store.save(make.outcome(claim, make.change("one")))).lost


async def test_another_category_moves_the_items(bench, make):
    await bench.sync(make.source("a", category="x/y"), make.source("b", category="x/y"))
    await bench.save("a", make.change("one"))
    await bench.save("b", make.change("two"))
    before = await revisions(bench)
    result = await bench.sync(make.source("a", category="x/z"), make.source("b", category="x/y"))
    assert result.changed == ("a",)
    assert await bench.titles("category/x/y") == ["two"]
    assert await bench.titles("category/x/z") == ["one"]
    assert sorted(await bench.titles("category/x")) == ["one", "two"]
    assert (await revisions(bench))["category/x/y"] == before["category/x/y"] + 1


async def test_a_poll_under_way_follows_to_the_new_category(bench, make):
    await bench.sync(make.source("a", category="x"))
    claim = (await bench.claim("a"))["a"]
    await bench.sync(make.source("a", category="z"))
    saved = await bench.store.save(make.outcome(claim, make.change("one")))
    assert saved.feeds == ("all", "category/z", "source/a")


async def test_another_address_drops_what_was_learnt_of_the_old_one_and_keeps_items(bench, make):
    await bench.sync(make.source("a", url="https://one.example/"))
    state = SourceState(
        validators=Validators(url="https://one.example/", etag='"1"'),
        body_sha256=b"x",
        last_check_at=T0,
        last_ok_at=T0,
        next_check_at=T0 + timedelta(days=20),
        hold_until_at=T0 + timedelta(days=20),
        retired_at=T0,
        adopted_url="https://three.example/",
        failures=4,
    )
    await bench.save("a", make.change("one"), state=state)
    claim = (await bench.claim("a")).get("a")
    assert claim is None
    await bench.sync(make.source("a", url="https://two.example/"))
    claim = (await bench.claim("a"))["a"]
    assert claim.state == SourceState(last_check_at=T0, last_ok_at=T0, next_check_at=T0)
    assert claim.source.url == "https://two.example/"
    assert await bench.titles("all") == ["one"]


async def test_a_title_from_the_operator_wins_and_shows_at_once(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("one"), meta=SourceMeta(title="Theirs"))
    before = await revisions(bench)
    await bench.sync(make.source("a", title="Ours"))
    assert (await bench.store.view_items("all", 1))[0].source_title == "Ours"
    after = await revisions(bench)
    assert {key: after[key] - before[key] for key in after} == {"all": 1, "source/a": 1}
    await bench.sync(make.source("a"))
    assert (await bench.store.feed("source/a")).title == "Theirs"


async def test_site_and_category_titles_follow_the_configuration(bench, make):
    await bench.sync(make.source("a", category="x"))
    await bench.sync(make.source("a", category="x"), title="Other")
    assert (await bench.store.feed("all")).title == "Other"


async def test_a_shorter_interval_brings_the_next_check_forward_but_not_before_a_hold(bench, make):
    await bench.sync(make.source("a", every_s=86400), make.source("b", every_s=86400))
    state = SourceState(last_check_at=T0, last_ok_at=T0, next_check_at=T0 + timedelta(days=1))
    await bench.save("a", state=state)
    await bench.save("b", state=replace(state, hold_until_at=T0 + timedelta(hours=9)))
    await bench.sync(make.source("a", every_s=3600), make.source("b", every_s=3600))
    times = [status.state.next_check_at for status in await bench.store.states()]
    assert times == [T0 + timedelta(hours=1), T0 + timedelta(hours=9)]


async def test_a_clock_that_ran_ahead_parks_nobody(bench, make):
    await bench.sync(make.source("a"))
    ahead = T0 + timedelta(days=4000)
    await bench.save("a", state=SourceState(last_check_at=ahead, next_check_at=ahead + timedelta(hours=1)))
    assert await bench.store.due_count(T0) == 0
    await bench.sync(make.source("a"))
    assert await bench.store.due_count(T0) == 0, "it was polled a moment ago"
    assert await bench.store.due_count(T0 + timedelta(hours=1)) == 1
