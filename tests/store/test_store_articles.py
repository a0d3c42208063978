"""Articles in the store: what an item becomes when its article comes, and where it stands until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from aggregator.model.item import Publisher
from aggregator.model.source import Article
from aggregator.store.base import Due

URL = "https://x.example/article"
LEASE = timedelta(minutes=5)


def of(name, slug=None):
    return Publisher(name=name, slug=slug or name.lower())


async def wait_for_article(bench, make, name="a", key="1", text="teaser", **fields):
    """Store an item that waits, and take its request."""
    await bench.save(name, replace(make.change(key, text, **fields), article_url=URL))
    return await take(bench, name)


async def take(bench, name="a"):
    source_id = (await bench.claim(name))[name].source_id
    await bench.forget()
    due = await bench.store.next_article(source_id, bench.clock())
    return await bench.store.take_article(due, bench.clock(), lease=LEASE)


def came(make, key="1", text="The article.", **fields):
    return make.change(key, text, **fields).item


async def revisions(bench):
    return {str(feed.key): feed.revision for feed in await bench.store.feeds()}


def risen(before, after):
    return {key for key in before | after if before.get(key) != after.get(key)}


async def test_a_publisher_that_only_the_article_names_is_the_item_s(bench, make):
    await bench.sync(make.source("a", category="x"))
    await bench.save("a", make.change("0", publisher=of("Other", "p")))
    owed = await wait_for_article(bench, make)
    before = await revisions(bench)
    await bench.store.save_article(owed, came(make, publisher=of("P")))
    slugs = {feed.title: str(feed.key) for feed in await bench.store.feeds("publisher")}
    assert slugs["Other"] == "publisher/p"
    assert slugs["P"].startswith("publisher/p-"), "a slug is for ever, and one publisher's"
    assert await bench.titles(slugs["P"]) == ["1"]
    assert (await bench.store.view_items("source/a", 1))[0].item.publisher.name == "P"
    assert risen(before, await revisions(bench)) == {"all", "source/a", "category/x", slugs["P"]}
    assert (await bench.store.revision(slugs["P"])) == (1, False)


async def test_an_article_s_publisher_moves_an_item_that_was_published_without(bench, make):
    await bench.sync(make.source("a"))
    owed = await wait_for_article(bench, make, publisher=of("Old"))
    assert await bench.store.publish_waiting(owed.source_id, bench.clock()) == 1
    assert await bench.titles("publisher/old") == ["1"]
    await bench.save("a", make.change("2", publisher=of("New")), make.change("3", publisher=of("Third")))
    before = await revisions(bench)
    bench.clock.step()
    await bench.store.save_article(owed, came(make, publisher=of("New")))
    assert risen(before, await revisions(bench)) == {"all", "source/a", "publisher/old", "publisher/new"}
    assert await bench.titles("publisher/old") == []
    assert sorted(await bench.titles("publisher/new")) == ["1", "2"]
    assert (await bench.store.feed("publisher/old")).updated_at == bench.clock()


async def test_an_edit_that_names_no_publisher_keeps_the_article_s(bench, make):
    await bench.sync(make.source("a"))
    owed = await wait_for_article(bench, make)
    await bench.store.save_article(owed, came(make, publisher=of("P")))
    edit = make.change("1", "edited", item_id=owed.known.item_id)
    before = await revisions(bench)
    saved = await bench.save("a", replace(edit, keeps_content=True, keeps_publisher=True))
    assert set(saved.feeds) == risen(before, await revisions(bench)) == {"all", "source/a", "publisher/p"}
    assert await bench.titles("publisher/p") == ["1"]
    assert (await bench.store.view_items("all", 1))[0].item.publisher == of("P")
    named = make.change("1", "edited again", item_id=owed.known.item_id, publisher=of("Q"))
    await bench.save("a", replace(named, keeps_content=True, keeps_publisher=True))
    assert (await bench.titles("publisher/p"), await bench.titles("publisher/q")) == ([], ["1"])


async def edited(bench, make, rule, text, *, summary="", item_id):
    edit = make.change("1", text, item_id=item_id, summary_html=summary, title="Corrected")
    assert (await bench.save("a", replace(edit, **{rule: True}))).updated == 1
    (shown,) = await bench.store.view_items("all", 1)
    return shown.item.content_html, shown.item.summary_html


@pytest.mark.parametrize("rule", ["keeps_content", "keeps_longer"])
async def test_beside_an_article_the_feed_s_text_is_the_summary_and_follows_it(bench, make, rule):
    await bench.sync(make.source("a"))
    owed = await wait_for_article(bench, make)
    long = "The article, which is long. " * 3
    await bench.store.save_article(owed, came(make, text=long, summary_html="teaser"))
    edit = partial(edited, bench, make, rule, item_id=owed.known.item_id)
    assert await edit("new teaser") == (long, "new teaser")
    assert await edit("its text", summary="its summary") == (long, "its summary")
    assert await edit("") == (long, "")
    assert await edit(long) == (long, "")


@pytest.mark.parametrize("rule", ["keeps_content", "keeps_longer"])
async def test_an_edit_of_an_item_whose_article_is_owed_is_like_any_other(bench, make, rule):
    await bench.sync(make.source("a"))
    owed = await wait_for_article(bench, make, text="A long teaser, of many words, is corrected.")
    await bench.store.publish_waiting(owed.source_id, bench.clock())
    edit = partial(edited, bench, make, rule, item_id=owed.known.item_id)
    assert await edit("Shorter.", summary="Short.") == ("Shorter.", "Short.")


async def test_without_an_article_a_text_comes_with_the_edit(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("1"))
    edit = partial(edited, bench, make, "keeps_content", item_id=await bench.item_id("a", "1"))
    assert await edit("Text.", summary="Short.") == ("Text.", "Short.")


@pytest.mark.parametrize("after", [{"category": "y"}, {"name": "b"}, {"category": "y", "article": Article()}])
async def test_a_source_that_moves_takes_items_along_but_those_that_wait(bench, make, after):
    before = {"name": "a", "category": "x", "url": URL}
    await bench.sync(make.source(**before))
    await bench.save("a", make.change("0", publisher=of("P")))
    owed = await wait_for_article(bench, make, publisher=of("P"))
    await bench.sync(make.source(**before | after))
    own = ("all", f"source/{after.get('name', 'a')}", f"category/{after.get('category', 'x')}")
    for key in (*own, "publisher/p"):
        assert await bench.titles(key) == ["0"]
    await bench.store.save_article(owed, came(make, publisher=of("P")))
    for key in (*own, "publisher/p"):
        assert sorted(await bench.titles(key)) == ["0", "1"]


async def test_a_source_that_comes_back_publishes_what_has_waited_long_enough(bench, make):
    source = make.source("a", article=Article(wait_s=100))
    await bench.sync(source)
    await wait_for_article(bench, make, key="old", publisher=of("P"))
    bench.clock.step(60)
    await wait_for_article(bench, make, key="young", publisher=of("P"))
    await bench.sync()
    bench.clock.step(50)
    await bench.sync(source)
    for key in ("all", "source/a", "publisher/p"):
        assert await bench.titles(key) == ["old"]
    assert await bench.store.integrity() == []
    await bench.sync()
    await bench.sync(replace(source, article=None))
    assert sorted(await bench.titles("all")) == ["old", "young"]


async def test_who_answers_after_the_lease_changes_nothing(bench, make):
    await bench.sync(make.source("a"))
    late = await wait_for_article(bench, make)
    bench.clock.step(400)
    again = await take(bench)
    await bench.store.article_failed(late, stage="fetch", reason="article", detail="late", again_at=None)
    assert await bench.titles("all") == []
    await bench.store.save_article(again, came(make, publisher=of("P")))
    await bench.store.save_article(late, came(make, text="Late.", publisher=of("Q")))
    (shown,) = await bench.store.view_items("all", 1)
    assert (shown.item.content_html, shown.item.publisher) == ("The article.", of("P"))


async def test_an_article_is_given_to_one_alone(bench, make):
    await bench.sync(make.source("a"))
    owed = await wait_for_article(bench, make)
    due = Due(request_id=owed.request_id, source_id=owed.source_id, url=owed.url)
    assert await bench.store.next_article(owed.source_id, bench.clock()) is None
    assert await bench.store.take_article(due, bench.clock(), lease=LEASE) is None
    bench.clock.step(400)
    assert await bench.store.next_article(owed.source_id, bench.clock()) == due
    assert (await bench.store.take_article(due, bench.clock(), lease=LEASE)).tries == 2


@pytest.mark.parametrize("published", [False, True])
async def test_an_edit_under_way_is_not_overwritten_and_its_article_asked_for_again(bench, make, published):
    await bench.sync(make.source("a"))
    owed = await wait_for_article(bench, make)
    if published:
        await bench.store.publish_waiting(owed.source_id, bench.clock())
    edit = make.change("1", "a corrected teaser", item_id=owed.known.item_id, title="Corrected", raw=b"new")
    assert (await bench.save("a", replace(edit, keeps_content=True))).updated == 1
    before = await revisions(bench)
    assert await bench.store.save_article(owed, came(make, title="As it was")) is False
    assert risen(before, await revisions(bench)) == set()
    assert await bench.titles("all") == (["1"] if published else [])
    record = await bench.store.item(edit.item.uid)
    assert (record.published.item.title, record.published.item.content_html) == (
        "Corrected",
        "a corrected teaser",
    )
    again = await take(bench)
    assert (again.raw, again.tries) == (b"new", 2), "at once, without waiting for the lease"
    assert await bench.store.save_article(again, came(make, title="Corrected")) is True
    (shown,) = await bench.store.view_items("all", 1)
    assert (shown.item.title, shown.item.content_html) == ("Corrected", "The article.")
    assert await bench.store.owed_count() == 0


async def test_an_edit_of_another_item_is_none_of_the_article_s_business(bench, make):
    await bench.sync(make.source("a"))
    await bench.save("a", make.change("0"))
    owed = await wait_for_article(bench, make)
    await bench.save("a", make.change("0", "edited", item_id=await bench.item_id("a", "0")))
    assert await bench.store.save_article(owed, came(make)) is True
