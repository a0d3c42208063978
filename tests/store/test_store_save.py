from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.errors import StoreError
from aggregator.model.document import (
    Drop,
    Enclosure,
    EntrySource,
    Extension,
    Hints,
    Image,
    Link,
    Person,
    Tag,
)
from aggregator.model.source import SourceError, SourceMeta, SourceState, Validators

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_every_field_of_an_item_comes_back(bench, make):
    await bench.sync(make.source("a", title="Mine"))
    change = make.change(
        "full",
        "<p>正文 😀</p>",
        summary_html="<p>short</p>",
        guid_is_permalink=True,
        published_at=T0 - timedelta(days=1, microseconds=1),
        updated_at=T0,
        sorted_at=datetime(1969, 7, 20, 20, 17, 40, 1, tzinfo=UTC),
        authors=(Person(name="Ann", email="a@x.example"), Person(url="https://x.example/b")),
        contributors=(Person(name="Bo"),),
        tags=(Tag(term="x", scheme="https://s.example/", label="X"),),
        links=(Link(rel="via", href="https://v.example/", title="V"),),
        comments="https://x.example/c",
        enclosures=(Enclosure(url="https://x.example/a.mp3", length_bytes=2**62, duration_s=1.5),),
        image=Image(url="https://x.example/i.png"),
        source=EntrySource(title="S", id="urn:s"),
        language="zh-CN",
        rights="© 我",
        extensions=(
            Extension(
                namespace="urn:n",
                name="outer",
                attributes=(("a", "1"), ("b", "2")),
                children=(Extension(namespace="urn:n", name="inner", text="t"),),
            ),
        ),
        raw=b'{"raw":1}' * 100,
    )
    await bench.save("a", change, meta=SourceMeta(title="Theirs", link="https://a.example/"))
    (shown,) = await bench.store.view_items("all", 10)
    assert shown.item == change.item
    assert (shown.source_name, shown.source_title, shown.source_link) == ("a", "Mine", "https://a.example/")
    record = await bench.store.item(change.item.uid)
    assert record.raw == change.raw
    assert record.feeds == ("all", "source/a")
    assert record.published.item == change.item


async def test_every_field_of_a_state_and_meta_comes_back(bench, make):
    await bench.sync(make.source("a"))
    names = ["last_check_at", "last_ok_at", "last_new_at", "next_check_at", "hold_until_at"]
    names += ["fresh_until_at", "missing_since_at", "retired_at"]
    times = {name: T0 + timedelta(seconds=n, microseconds=n) for n, name in enumerate(names)}
    state = SourceState(
        validators=Validators(url="https://a.example/f", etag='W/"x"', last_modified="whenever"),
        body_sha256=b"\x00" * 32,
        hints=Hints(interval_s=90.0, skip_hours=(1, 2), skip_days=(6,)),
        failures=3,
        error=SourceError(stage="fetch", type="StatusError", message="gone \udcff", transient=False, at=T0),
        moved_url="https://b.example/",
        moved_count=2,
        adopted_url="https://c.example/",
        **times,
    )
    meta = SourceMeta(
        title="T",
        link="https://a.example/",
        description="D",
        language="de",
        image=Image(url="https://a.example/i.png"),
        icon="https://a.example/f.ico",
        rights="R",
        authors=("Ann", "Bo"),
        extensions=(
            Extension(
                namespace="urn:n",
                name="outer",
                attributes=(("a", "1"),),
                children=(Extension(namespace="urn:n", name="inner", text="深"),),
            ),
            Extension(namespace="urn:n", name="empty"),
        ),
    )
    await bench.save("a", state=state, meta=meta)
    (status,) = await bench.store.states()
    assert replace(status.state, error=None) == replace(state, error=None)
    assert status.state.error == replace(state.error, message="gone ?")
    assert status.meta == replace(meta, extensions=())
    feed = await bench.store.feed("source/a")
    assert (feed.title, feed.description, feed.link, feed.language, feed.rights) == (
        "T",
        "D",
        "https://a.example/",
        "de",
        "R",
    )
    assert (feed.image, feed.icon, feed.authors) == (meta.image, meta.icon, meta.authors)
    assert feed.extensions == meta.extensions
    assert (await bench.store.view("source/a", 1))[0] == feed
    whole = await bench.store.feed("all")
    assert (whole.icon, whole.authors, whole.extensions) == (None, (), ())


async def test_an_item_belongs_to_all_its_source_and_every_ancestor_category(bench, make):
    await bench.sync(make.source("a", category="x/y/z"), make.source("b", category="x"))
    saved = await bench.save("a", make.change("one"))
    assert saved.feeds == ("all", "category/x", "category/x/y", "category/x/y/z", "source/a")
    assert saved.new == 1
    for key in saved.feeds:
        assert await bench.titles(key) == ["one"]
    assert await bench.titles("source/b") == []


async def test_equal_times_keep_document_order_and_pages_join_without_gap(bench, make):
    await bench.sync(make.source("a"))
    names = [f"n{n}" for n in range(9)]
    await bench.save("a", *[make.change(name) for name in names])
    assert await bench.titles("all") == names
    paged: list[str] = []
    before = None
    while page := await bench.store.view_items("all", 4, before):
        paged += [one.item.guid for one in page]
        before = page[-1].item.uid
    assert paged == names
    assert await bench.store.view_items("all", 4, "no such uid") == []


async def test_known_gives_items_by_alias_and_none_for_shared(bench, make):
    await bench.sync(make.source("a"), make.source("b"))
    await bench.save("a", make.change("one"), make.change("two"))
    claim = (await bench.claim("a"))["a"]
    asked = [make.alias("guid", "one"), make.alias("link", "two"), make.alias("text", "one")]
    known = await bench.store.known(claim.source_id, asked)
    assert set(known.aliases) == set(asked[:2])
    item = known.items[known.aliases[asked[0]]]
    assert item.uid == make.change("one").item.uid
    assert (item.guid_hash, item.title_hash) == (make.change("one").guid_hash, make.change("one").title_hash)
    assert (item.pruned, item.silent_edits, item.sorted_at) == (False, 0, T0)
    await bench.store.save(
        make.outcome(claim, shared_aliases=(asked[0], make.alias("text", "new and shared at once")))
    )
    known = await bench.store.known(claim.source_id, [*asked, make.alias("text", "new and shared at once")])
    assert known.aliases[asked[0]] is None
    assert known.aliases[make.alias("text", "new and shared at once")] is None
    other = (await bench.claim("b"))["b"]
    assert (await bench.store.known(other.source_id, asked)).aliases == {}
    assert (await bench.store.known(other.source_id, [])).aliases == {}


async def test_known_takes_more_aliases_than_one_statement_does(bench, make):
    await bench.sync(make.source("a"))
    changes = [make.change(f"n{n}") for n in range(2000)]
    await bench.save("a", *changes)
    claim = (await bench.claim("a"))["a"]
    known = await bench.store.known(claim.source_id, [a for c in changes for a in c.aliases])
    assert len(known.aliases) == 4000
    assert len(known.items) == 2000


async def test_an_update_changes_content_but_never_the_place(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("old", sorted_at=T0 - timedelta(hours=1)), make.change("new"))
    before = await bench.store.feed("all")
    item_id = await bench.item_id("a", "old")
    bench.clock.step()
    saved = await bench.save(
        "a", make.change("old", "changed", item_id=item_id, sorted_at=T0 + timedelta(hours=5), uid="other")
    )
    assert (saved.new, saved.updated) == (0, 1)
    assert await bench.titles("all") == ["new", "old"]
    shown = (await bench.store.view_items("all", 5))[1]
    assert shown.item.content_html == "changed"
    assert shown.item.uid == make.change("old").item.uid
    after = await bench.store.feed("all")
    assert after.revision == before.revision + 1
    assert after.updated_at == bench.clock()
    assert [line.reason for line in await bench.store.trail("a", 10)] == ["updated"]


async def test_updates_that_keep_content_and_others_are_one_commit(bench, make):
    await bench.sync(make.source("a"))
    long, short, same = ("A long article, not a teaser.", "Short.", "Own.")
    texts = {"kept": long, "teaser": long, "own": same, "grew": short, "plain": same}
    await bench.save("a", *(make.change(name, text) for name, text in texts.items()))
    rules = {"kept": {"keeps_content": True}, "plain": {}}
    changes = []
    for name in texts:
        change = make.change(name, "Changed.", item_id=await bench.item_id("a", name))
        changes.append(replace(change, **rules.get(name, {"keeps_longer": True})))
    assert (await bench.save("a", *changes)).updated == 5
    shown = await bench.store.view_items("all", 9)
    assert {one.item.content_html for one in shown if one.item.guid in ("kept", "teaser")} == {long}
    assert [one.item.content_html for one in shown].count("Changed.") == 3


async def test_silent_edits_end_at_twenty_and_others_do_not(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("one"))
    item_id = await bench.item_id("a", "one")
    results = [
        await bench.save("a", make.change("one", f"it is {n}", item_id=item_id, silent=True))
        for n in range(22)
    ]
    assert [saved.updated for saved in results] == [1] * 20 + [0] * 2
    assert [saved.unchanged for saved in results] == [0] * 20 + [1] * 2
    assert results[-1].feeds == ()
    saved = await bench.save("a", make.change("one", "said so", item_id=item_id))
    assert saved.updated == 1


async def test_an_item_that_only_grew_an_identity_raises_no_feed(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("one", "text"))
    revision = await bench.store.revision("all")
    item_id = await bench.item_id("a", "one")
    grown = make.change("one", "text", item_id=item_id, aliases=(make.alias("guid", "second"),), same=True)
    saved = await bench.save("a", grown)
    assert (saved.new, saved.updated, saved.unchanged, saved.feeds) == (0, 0, 1, ())
    assert await bench.store.revision("all") == revision
    assert await bench.item_id("a", "second") == item_id


async def test_an_uid_that_is_stored_already_is_that_item(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("one", "text", sorted_at=T0 - timedelta(days=3)))
    saved = await bench.save("a", make.change("one", "newer", aliases=(make.alias("guid", "again"),)))
    assert (saved.new, saved.updated) == (0, 1)
    assert len(await bench.store.view_items("all", 9)) == 1
    assert (await bench.store.view_items("all", 9))[0].item.sorted_at == T0 - timedelta(days=3)


async def test_one_uid_twice_in_an_outcome_is_stored_once_and_counted(bench, make):
    await bench.sync(make.source("a"))
    saved = await bench.save("a", make.change("one", "first"), make.change("one", "second"))
    assert saved.new == 1
    assert [(drop.stage, drop.reason) for drop in saved.drops] == [("store", "repeated")]
    assert (await bench.store.view_items("all", 9))[0].item.content_html == "first"


async def test_a_not_modified_outcome_touches_no_feed(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("one"))
    revisions = {feed.key: feed.revision for feed in await bench.store.feeds()}
    saved = await bench.save("a", meta=None)
    assert saved.feeds == ()
    saved = await bench.save("a")
    assert saved.feeds == ()
    assert {feed.key: feed.revision for feed in await bench.store.feeds()} == revisions


async def test_what_a_source_says_of_itself_raises_the_feeds_that_show_it(bench, make):
    await bench.sync(make.source("a", category="x"), make.source("b", title="Fixed"))
    assert (await bench.save("a", meta=SourceMeta(title="New"))).feeds == ("all", "category/x", "source/a")
    assert (await bench.save("a", meta=SourceMeta(title="New", rights="R"))).feeds == ("source/a",)
    assert (await bench.save("b", meta=SourceMeta(title="Ignored"))).feeds == ()
    assert (await bench.store.feed("source/b")).title == "Fixed"


async def test_icon_authors_and_extensions_raise_the_source_s_own_feed_alone(bench, make):
    await bench.sync(make.source("a", category="x"))
    meta = SourceMeta(title="New")
    await bench.save("a", make.change("one"), meta=meta)
    element = Extension(namespace="urn:n", name="x", text="1")
    for change in (
        {"icon": "https://a.example/i.ico"},
        {"authors": ("Ann",)},
        {"extensions": (element,)},
        {"extensions": (element, replace(element, text="2"))},
        {"extensions": ()},
    ):
        meta = replace(meta, **change)
        before = (await bench.store.revision("source/a"))[0]
        assert (await bench.save("a", meta=meta)).feeds == ("source/a",)
        assert (await bench.save("a", meta=meta)).feeds == ()
        feed = await bench.store.feed("source/a")
        assert feed.revision == before + 1
        assert (feed.icon, feed.authors, feed.extensions) == (meta.icon, meta.authors, meta.extensions)


async def test_drops_are_on_the_trail_scrubbed(bench, make):
    await bench.sync(make.source("a"))
    await bench.save(
        "a", drops=(Drop(stage="admit", reason="empty", ref="x\ud800", detail="\udfff"),), meta=None
    )
    (line,) = await bench.store.trail("a", 5)
    assert (line.stage, line.reason, line.ref, line.detail) == ("admit", "empty", "x?", "?")


async def test_updated_at_never_goes_backwards(bench, make):
    await bench.sync(make.source("a"))
    bench.clock.step(1000)
    await bench.save("a", make.change("one"))
    first = await bench.store.feed("all")
    bench.clock.step(-5000)
    await bench.save("a", make.change("two"))
    second = await bench.store.feed("all")
    assert second.revision == first.revision + 1
    assert second.updated_at == first.updated_at


async def test_outcomes_saved_together_are_one_commit(bench, make):
    sources = [make.source(f"s{n}") for n in range(30)]
    await bench.sync(*sources)
    before = (await bench.store.revision("all"))[0]
    claims = await bench.claim()
    saved = await asyncio.gather(
        *(bench.store.save(make.outcome(claim, make.change(name))) for name, claim in claims.items())
    )
    assert sum(one.new for one in saved) == 30
    # The first is alone; the others were queued while it was looked at, and share commits.
    assert (await bench.store.revision("all"))[0] - before <= 3


async def test_an_outlived_token_stores_nothing(bench, make):
    await bench.sync(make.source("a"))
    old = (await bench.claim("a", lease_s=10))["a"]
    bench.clock.step(11)
    new = (await bench.claim("a"))["a"]
    lost = await bench.store.save(make.outcome(old, make.change("late")))
    assert lost.lost
    assert await bench.store.item_count() == 0
    assert (await bench.store.save(make.outcome(new, make.change("good")))).new == 1
    assert (await bench.store.save(make.outcome(new, make.change("twice")))).lost
    assert await bench.titles("all") == ["good"]


async def test_one_claim_saved_twice_in_a_group_counts_once(bench, make):
    await bench.sync(make.source("a"), make.source("b"))
    claims = await bench.claim()
    results = await asyncio.gather(
        bench.store.save(make.outcome(claims["b"])),
        bench.store.save(make.outcome(claims["a"], make.change("one"))),
        bench.store.save(make.outcome(claims["a"], make.change("two"))),
    )
    assert [one.lost for one in results] == [False, False, True]


def _forbid(path: str, title: str) -> None:
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.execute(
            f"CREATE TRIGGER forbid BEFORE INSERT ON item WHEN NEW.title = '{title}' "
            "BEGIN SELECT RAISE(ABORT, 'forbidden by the test'); END"
        )
    plain.close()


async def test_an_outcome_that_cannot_be_stored_is_pinned_and_the_others_are_stored(bench, make, path):
    await bench.sync(*[make.source(name) for name in "abcd"])
    _forbid(path, "Title of bad")
    claims = await bench.claim()
    state = SourceState(
        validators=Validators(url="https://b.example/feed", etag='"new"'),
        body_sha256=b"x",
        last_check_at=T0,
        next_check_at=T0 + timedelta(hours=1),
    )
    results = await asyncio.gather(
        bench.store.save(make.outcome(claims["a"], make.change("a1"))),
        bench.store.save(make.outcome(claims["b"], make.change("b1"), make.change("bad"), state=state)),
        bench.store.save(make.outcome(claims["c"], make.change("c1"))),
        bench.store.save(make.outcome(claims["d"], make.change("d1"))),
    )
    assert [one.new for one in results] == [1, 0, 1, 1]
    assert "forbidden by the test" in results[1].error
    assert sorted(await bench.titles("all")) == ["a1", "c1", "d1"]
    status = (await bench.store.states())[1]
    assert status.state.error.stage == "store"
    assert status.state.failures == 1
    assert status.state.validators is None, "validators without their items would lose them for good"
    assert status.state.body_sha256 is None
    assert status.state.next_check_at == T0 + timedelta(hours=1)
    assert status.leased_until_at is None


async def test_a_value_that_cannot_be_bound_is_pinned(bench, make):
    await bench.sync(make.source("a"), make.source("b"))
    claims = await bench.claim()
    huge = make.change("huge", enclosures=(Enclosure(url="https://x.example/", length_bytes=2**70),))
    torn = make.change("torn", "\ud800")
    results = await asyncio.gather(
        bench.store.save(make.outcome(claims["a"], huge)), bench.store.save(make.outcome(claims["b"], torn))
    )
    assert all(one.error for one in results)
    assert await bench.store.item_count() == 0


async def test_a_store_that_takes_nothing_says_so_to_all_and_recovers(bench, make, path):
    await bench.sync(make.source("a"), make.source("b"))
    claims = await bench.claim()
    pages = await bench.store._writer.call(lambda c: c.exec_driver_sql("PRAGMA page_count"))
    count = pages.scalar()
    await bench.store._writer.call(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {count}"))
    large = "x" * 500_000
    results = await asyncio.gather(
        *(bench.store.save(make.outcome(c, make.change(n, large))) for n, c in claims.items()),
        return_exceptions=True,
    )
    assert [type(one).__mro__[1] for one in results] == [StoreError, StoreError]
    assert "full" in str(results[0])
    await bench.store._writer.call(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1000000"))
    again = [await bench.store.save(make.outcome(c, make.change(n, large))) for n, c in claims.items()]
    assert [one.new for one in again] == [1, 1]


async def test_a_cancelled_caller_does_not_undo_its_save(opened, make):
    async with opened() as bench:
        await bench.sync(make.source("a"), make.source("b"))
        claims = await bench.claim()
        waiting = asyncio.create_task(bench.store.save(make.outcome(claims["a"], make.change("one"))))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await bench.store.save(make.outcome(claims["b"], make.change("two")))).new == 1
        assert sorted(await bench.titles("all")) == ["one", "two"]


async def test_close_stores_what_is_queued_and_then_refuses(opened, make):
    async with opened() as bench:
        await bench.sync(*[make.source(f"s{n}") for n in range(5)])
        claims = await bench.claim()
        saves = [
            asyncio.create_task(bench.store.save(make.outcome(c, make.change(n)))) for n, c in claims.items()
        ]
        await asyncio.sleep(0)
        closing = asyncio.create_task(bench.store.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert [(await one).new for one in saves] == [1] * 5
        for refused in (bench.store.save(make.outcome(claims["s0"])), bench.store.item_count()):
            with pytest.raises(StoreError):
                await refused
        with pytest.raises(StoreError):
            await bench.store.revision("all")
    async with opened() as bench:
        assert await bench.store.item_count() == 5


async def test_a_bug_in_the_store_reaches_its_caller_and_the_writer_lives(bench, make):
    async def broken(connection):
        raise KeyError("bug")

    with pytest.raises(KeyError):
        await bench.store._writer.call(broken)
    await bench.sync(make.source("a"))
    assert (await bench.save("a", make.change("one"))).new == 1


async def test_a_reader_that_was_cancelled_leaves_its_connection_usable(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", *[make.change(f"n{n}", "x" * 1000) for n in range(50)])
    for turns in range(12):
        reading = asyncio.create_task(bench.store.view("all", 50))
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait({reading})
    feed, items = await bench.store.view("all", 50)
    assert len(items) == 50
    await bench.save("a", make.change("later"))
    assert (await bench.store.view("all", 50))[0].revision == feed.revision + 1


async def test_no_two_changes_of_a_feed_have_the_same_second(bench, make, clock):
    await bench.sync(make.source("a"))
    seconds = []
    clock.at = T0 + timedelta(hours=1)
    for number in range(3):
        await bench.save("a", make.change(f"i{number}"))
        seconds.append((await bench.store.feed("all")).updated_at)
        clock.step(0.2)
    hour = T0 + timedelta(hours=1)
    assert seconds == [hour, hour + timedelta(seconds=1), hour + timedelta(seconds=1)], "one ahead at most"
    clock.at = hour - timedelta(minutes=5)
    await bench.save("a", make.change("late"))
    assert (await bench.store.feed("all")).updated_at == seconds[-1], "never back"
