"""Cleaning again over a real store, with workers that are killed and with bugs of ours."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import structlog

from aggregator.crawl import again
from aggregator.crawl.crawler import SLOW
from aggregator.crawl.worker import Workers
from aggregator.model.settings import StoreSettings
from aggregator.store.base import Outdated, Recleaned
from aggregator.store.database import Database, open_store
from tests.crawl.test_worker import die, hang
from tests.program import Program, configuration, rss

COUNT = 30


@pytest.fixture
async def store(tmp_path: Path, threaded_origin):
    """Of `COUNT` items that older rules have cleaned; the one of "g3" with markup that is heavy to clean."""
    threaded_origin.serve("/feed", rss(*[(f"g{n}", f"Item {n}") for n in range(COUNT)]))
    program = Program(tmp_path, configuration([{"name": "acme", "url": threaded_origin.url("/feed")}]))
    program.refresh()
    with closing(sqlite3.connect(program.database)) as plain, plain:
        plain.execute("UPDATE item SET content_html = '<p onclick=x>Text</p>', rules_version = 1")
        heavy = "<font size=2><p>" * 5000 + "a &lt; b<script>ran()</script>"
        plain.execute("UPDATE item SET content_html = ? WHERE guid = 'g3'", (heavy,))
    settings = StoreSettings(path=str(program.database))
    from aggregator.app import utc_now

    async with await open_store(settings, now=utc_now, role="crawler") as store:
        yield store


async def contents(store: Database) -> dict[str, str]:
    return {one.item.guid: one.item.content_html for one in await store.view_items("all", COUNT)}


async def inline(size, function, *arguments):
    """As the engine works, but that what is heavy goes nowhere."""
    assert size != SLOW
    return function(*arguments)


@pytest.mark.parametrize(
    ("workers", "call"),
    [(Workers(deadline_s=0.5), hang), (Workers(), die)],
    ids=["takes too long", "kills its reader"],
)
async def test_markup_that_cannot_be_cleaned_becomes_its_words(store, workers: Workers, call) -> None:
    async def work(size, function, *arguments):
        if size == SLOW:
            return await workers.run(call)
        return function(*arguments)

    assert await again.clean_again(store, partial(again.reclean, work=work)) == COUNT
    found = await contents(store)
    assert found.pop("g3") == "<p>a &lt; b</p>"
    assert set(found.values()) == {"<p>Text</p>"}
    assert [line.reason for line in await store.trail("acme", 99)].count("too-heavy") == 1
    assert await store.outdated(9) == []


async def test_an_item_that_a_bug_of_ours_meets_stays_and_stops_no_other(store, monkeypatch) -> None:
    monkeypatch.setattr(again, "BATCH", 4)

    async def attempt(one: Outdated) -> Recleaned | None:
        return None if one.item.guid == "g3" else await again.reclean(one, inline)

    with structlog.testing.capture_logs() as logs:
        assert await again.clean_again(store, attempt) == COUNT - 1
    assert [(line["items"], line["undone"]) for line in logs] == [(COUNT - 1, 1)]
    assert "<script>" in (await contents(store))["g3"]
    assert [one.item.guid for one in await store.outdated(9)] == ["g3"], "for the next time"


async def test_a_bug_that_meets_every_item_ends_it_soon(store, monkeypatch) -> None:
    monkeypatch.setattr(again, "BATCH", 4)
    met = []

    async def attempt(one: Outdated) -> None:
        met.append(one)

    assert await again.clean_again(store, attempt) == 0
    assert len(met) == again.MOST_BUGS < COUNT
