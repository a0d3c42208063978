"""One crawl from claim to commit, against a real origin and a real store."""

from __future__ import annotations

from asyncio import StreamWriter
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.crawl import bounds, feed
from aggregator.crawl.crawler import CrawlContext, Crawled, find
from aggregator.crawl.desk import Desk
from aggregator.crawl.engine import Engine
from aggregator.crawl.intake import Site
from aggregator.crawl.seats import Seat, Seats
from aggregator.fetch.client import Client
from aggregator.model.document import Document, Entry, Text
from aggregator.model.settings import FetchSettings, StoreSettings
from aggregator.model.source import Claim, Outcome, Saved, Source
from aggregator.store.base import Store
from aggregator.store.database import open_store
from tests.origin import Origin, Request
from tests.program import rss

NOW = datetime(2026, 8, 20, 10, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


async def broken(context: CrawlContext) -> Crawled:
    raise KeyError("a bug of ours")


async def made_up(context: CrawlContext) -> Crawled:
    """A third party's crawler: entries from anywhere."""
    entry = Entry(guid="x", title=Text(value="Made up"), link="http://made.example/up")
    return Crawled(url="http://made.example/", status=200, document=Document(format="own", entries=(entry,)))


CRAWLERS = {"feed": feed.crawl, "broken": broken, "made-up": made_up}


class Unstorable(Engine):
    """Makes outcomes that no store can take."""

    async def _outcome(self, claim: Claim, seat: Seat) -> Outcome:
        return replace(await Engine._outcome(self, claim, seat), changes=(None,))  # type: ignore[arg-type]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(StoreSettings(path=str(tmp_path / "s.db")), now=clock, role="crawler")
    yield opened
    await opened.close()


@pytest.fixture
async def engine(store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    settings = FetchSettings(min_gap_s=0, allow_private=("127.0.0.0/8",))
    seats = Seats()
    desk = Desk(store, seats, now=clock, site=Site())
    async with Client(settings, version="0", directory=str(tmp_path), now=clock) as client:
        yield Engine(
            store=store,
            fetch=client.fetch,
            seats=seats,
            desk=lambda: desk,
            crawlers=dict(CRAWLERS),
            now=clock,
            min_every_s=1,
        )


async def claim(store: Store, *sources: Source) -> list[Claim]:
    await store.sync_sources(sources, (), "Wire", NOW, lambda source, new: NOW)
    since = datetime(2026, 8, 21, tzinfo=UTC)  # whatever was polled before is polled again
    return await store.claim_named(
        [source.name for source in sources], since=since, now=NOW, force=True, due=False, lease_s=60
    )


async def crawl(engine: Engine, store: Store, source: Source) -> tuple[Outcome, Saved]:
    [claimed] = await claim(store, source)
    return await engine.crawl(claimed)


async def test_an_unchanged_body_is_not_read_again(engine: Engine, store: Store, origin: Origin) -> None:
    origin.serve("/f", rss(("a", "A")))
    source = Source(name="acme", url=origin.url("/f"))
    assert (await crawl(engine, store, source))[1].new == 1
    outcome, saved = await crawl(engine, store, source)
    assert (outcome.result, outcome.meta, saved.new) == ("unchanged", None, 0)


@pytest.mark.parametrize("end", [b"<item><guid isPermaLink='false'>b", b"</item><item><guid", b"</channel>"])
async def test_nothing_vouches_for_a_feed_that_was_cut_off(
    engine: Engine, store: Store, origin: Origin, end: bytes
) -> None:
    """Where only the end of the connection ends an answer: within an item, between two, behind the last."""
    whole = rss(("a", "A"), ("b", "B"))
    at = whole.index(end) + (len(end) if end != b"</item><item><guid" else len(b"</item>"))

    async def cut_off(request: Request, writer: StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nETag: "1"\r\n\r\n' + whole[:at])

    origin.raw("/f", cut_off)
    source = Source(name="acme", url=origin.url("/f"))
    outcome, saved = await crawl(engine, store, source)
    assert (outcome.result, saved.new) == ("fetched", 2 if end == b"</channel>" else 1)
    assert (outcome.state.validators, outcome.state.body_sha256) == (None, None)
    origin.serve("/f", whole, etag='"1"')
    assert (await crawl(engine, store, source))[0].result == "fetched", "asked for without conditions"
    assert len(await store.view_items("source/acme", 10)) == 2
    assert (await crawl(engine, store, source))[0].result == "not_modified"


async def test_a_bug_is_pinned_to_its_source(engine: Engine, store: Store) -> None:
    outcome, saved = await crawl(engine, store, Source(name="odd", url="http://127.0.0.1/", kind="broken"))
    assert outcome.result == "failed"
    assert outcome.state.error is not None
    assert (outcome.state.error.stage, outcome.state.error.type) == ("bug", "BugError")
    assert "KeyError" in outcome.state.error.message
    assert not saved.error
    [status] = await store.states()
    assert status.state.error is not None


async def test_a_bug_while_saving_is_pinned_too(engine: Engine, store: Store, origin: Origin) -> None:
    origin.serve("/f", rss(("a", "A")))
    [claimed] = await claim(store, Source(name="acme", url=origin.url("/f")))
    odd = Unstorable(**{each.name: getattr(engine, each.name) for each in fields(engine)})
    outcome, saved = await odd.crawl(claimed)
    assert (outcome.result, saved.error) == ("failed", "")
    [status] = await store.states()
    assert status.state.error is not None
    assert status.state.error.stage == "bug"


async def test_any_crawler_may_stand_in(engine: Engine, store: Store) -> None:
    _outcome, saved = await crawl(engine, store, Source(name="own", url="http://127.0.0.1/", kind="made-up"))
    assert saved.new == 1
    [item] = await store.view_items("source/own", 10)
    assert item.item.title == "Made up"


async def test_entries_beyond_the_limit_are_counted(
    engine: Engine, store: Store, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_ENTRIES", 3)
    origin.serve("/f", rss(*((f"g{n}", f"T{n}") for n in range(5))))
    outcome, saved = await crawl(engine, store, Source(name="acme", url=origin.url("/f")))
    assert saved.new == 3
    assert [drop.reason for drop in outcome.drops] == ["too-many"] * 2


async def test_headers_stay_with_their_server(engine: Engine, store: Store, origin: Origin) -> None:
    """An adopted address on another server must not get what the operator meant for the first."""
    async with Origin(host="127.0.0.2") as other:
        other.serve("/f", rss(("a", "A")))
        origin.serve("/f", redirect=other.url("/f"), status=301)
        source = Source(name="acme", url=origin.url("/f"), headers={"Authorization": "Bearer s3cret"})
        for _ in range(5):
            await crawl(engine, store, source)
        assert origin.count("/f") == 3, "the new address is asked at once after three polls"
        assert origin.seen("/f")[0].headers["authorization"] == "Bearer s3cret"
        assert len(other.seen("/f")) == 5
        assert not [request for request in other.seen("/f") if "authorization" in request.headers]


async def test_another_feed_is_followed_and_never_adopted(
    engine: Engine, store: Store, origin: Origin
) -> None:
    async with Origin(host="127.0.0.2") as parked:
        source = Source(name="acme", url=origin.url("/f"))
        origin.serve("/f", rss(("a", "A")))
        await crawl(engine, store, source)
        parked.serve("/f", rss(("buy", "This domain is for sale")))
        origin.serve("/f", redirect=parked.url("/f"), status=301)
        for _ in range(4):
            await crawl(engine, store, source)
        assert (origin.count("/f"), parked.count("/f")) == (5, 4), "the configured address is always asked"
        moved = parked.url("/moved")
        parked.serve("/moved", rss(("a", "A"), ("b", "B")))
        origin.serve("/f", redirect=moved, status=301)
        for _ in range(4):
            await crawl(engine, store, source)
        assert origin.count("/f") == 8, "what has our items is the same feed, and adopted after three polls"


async def test_a_heavy_entry_is_cleaned_apart(engine: Engine, store: Store, origin: Origin) -> None:
    heavy = "&lt;p&gt;" + "&lt;b&gt;x&lt;/b&gt; " * 12_000
    origin.serve("/f", rss(("a", "A"), ("b", "B")).replace(b"Text of A.", heavy.encode()))
    _outcome, saved = await crawl(engine, store, Source(name="acme", url=origin.url("/f")))
    assert saved.new == 2
    items = await store.view_items("source/acme", 10)
    assert [each.item.title for each in items] == ["A", "B"]
    assert "<b>x</b>" in items[0].item.content_html


def test_a_crawler_that_is_not_there_is_told() -> None:
    assert find("tests.program:rss") is rss
    for kind in ("no_such_module:crawl", "tests.program:nothing", "tests.program:ROOT"):
        with pytest.raises(LookupError):
            find(kind)
