"""Publishers over HTTP: their feeds, the index, the subscription list, and what a merge leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient, TestServer
from lxml import etree

from aggregator.model.document import Entry, Text
from aggregator.model.item import Alias, Item, ItemChange
from aggregator.model.settings import SiteSettings, StoreSettings
from aggregator.model.source import Outcome, Source
from aggregator.process.admit import AdmitContext, admit
from aggregator.process.publisher import merges
from aggregator.serve import routes
from aggregator.serve.metrics import Metrics
from aggregator.store.database import Database, open_store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE = "http://wire.example"
WIRE = Source(name="wire", url="https://wire.example/feed")


def change(number: int, publisher: str | None) -> ItemChange:
    entry = Entry(title=Text(value=f"Title {number}"), publisher=publisher)
    seen_at = NOW + timedelta(minutes=number)
    context = AdmitContext(
        document_url=None, home_url=None, timezone=None, language=None, now=NOW, first_seen_at=seen_at
    )
    item = admit(entry, uid=str(UUID(int=number)), context=context)
    assert isinstance(item, Item)
    return ItemChange(
        item=item,
        item_id=None,
        aliases=(Alias(kind="guid", hash=number.to_bytes(16, "big")),),
        entry_digest=b"",
        title_hash=None,
        guid_hash=None,
        raw=b"",
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    settings = StoreSettings(path=str(tmp_path / "wire.db"))
    async with await open_store(settings, now=lambda: NOW, role="crawler") as opened:
        await opened.sync_sources([WIRE], [], "Wire", NOW, lambda source, new: NOW)
        yield opened


@pytest.fixture
async def client(store: Database) -> AsyncIterator[TestClient]:
    settings = SiteSettings(title="Wire", base_url=BASE)
    site = routes.Site(
        store=store, settings=settings, metrics=Metrics(), sources=(WIRE,), token=None, now=lambda: NOW
    )
    async with TestClient(TestServer(routes.application(site))) as opened:
        yield opened


async def save(store: Database, *changes: ItemChange) -> None:
    claims = await store.claim_named(
        ["wire"], since=NOW + timedelta(days=9), now=NOW, force=True, due=False, lease_s=60
    )
    for claim in claims:
        saved = await store.save(Outcome(claim=claim, result="fetched", state=claim.state, changes=changes))
        assert (saved.new, saved.error) == (len(changes), "")


async def get(client: TestClient, path: str) -> tuple[int, str]:
    answer = await client.get(path)
    return answer.status, await answer.text()


async def opml_publishers(client: TestClient) -> list[tuple[str | None, str | None]]:
    root = etree.fromstring((await get(client, "/opml"))[1].encode())
    assert [node.get("text") for node in root.findall("body/outline")][-1] == "Publishers"
    return [
        (node.get("text"), node.get("xmlUrl"))
        for node in root.findall("body/outline[@text='Publishers']/outline")
    ]


async def test_a_publisher_has_its_feed_its_page_and_its_entry(client: TestClient, store: Database) -> None:
    await save(store, change(1, "荆州日报"), change(2, "解放日报"), change(3, None))
    for suffix in ("atom", "rss", "json", "html"):
        status, body = await get(client, f"/feeds/publisher/jingzhouribao.{suffix}")
        assert status == 200
        assert "荆州日报" in body
        assert "Title 1" in body
        assert "Title 2" not in body
    index = (await get(client, "/"))[1]
    assert f"{BASE}/feeds/publisher/jiefangribao.atom" in index
    assert "every publisher" not in index
    assert await opml_publishers(client) == [
        ("解放日报", f"{BASE}/feeds/publisher/jiefangribao.atom"),
        ("荆州日报", f"{BASE}/feeds/publisher/jingzhouribao.atom"),
    ]
    assert (await get(client, "/feeds/publisher/nobody.atom"))[0] == 404


async def test_the_index_shows_some_and_the_list_all(
    client: TestClient, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "PUBLISHERS_ON_INDEX", 3)
    await save(store, *(change(n, f"P{n}") for n in range(1, 6)))
    index = (await get(client, "/"))[1]
    assert [n for n in range(1, 6) if f"/feeds/publisher/p{n}.atom" in index] == [3, 4, 5]
    assert "every publisher" in index
    assert [name for name, _ in await opml_publishers(client)] == ["P1", "P2", "P3", "P4", "P5"]


async def test_a_merged_publisher_is_gone(client: TestClient, store: Database) -> None:
    await save(store, change(1, "荆州日报社"), change(2, "荆州日报"))
    assert len(await opml_publishers(client)) == 2
    assert await store.merge_publishers(merges({"荆州日报社 ": "荆州日报"}))
    assert (await get(client, "/feeds/publisher/jingzhouribaoshe.atom"))[0] == 410
    body = (await get(client, "/feeds/publisher/jingzhouribao.atom"))[1]
    assert "Title 1" in body
    assert "荆州日报社" not in (await get(client, "/feeds/all.rss"))[1]
    assert [name for name, _ in await opml_publishers(client)] == ["荆州日报"]
