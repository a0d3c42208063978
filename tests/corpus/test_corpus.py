"""Whole feeds that real sites published, read through a loopback origin by ``refresh``.

The material is not part of this repository; the tests skip where it is missing.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from aggregator.parse import document
from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real feeds is not here")

NO_FEEDS = ("OPML", "HTML")


def listed() -> list[dict[str, Any]]:
    index = CORPUS / "INDEX.toml"
    return tomllib.loads(index.read_text(encoding="utf-8"))["feed"] if index.is_file() else []


def test_every_item_is_stored_or_counted(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    feeds = listed()
    sources = []
    for n, feed in enumerate(feeds):
        threaded_origin.serve(f"/{n}", (CORPUS / feed["file"]).read_bytes(), content_type="application/xml")
        sources.append({"name": f"s{n}", "url": threaded_origin.url(f"/{n}"), "category": "corpus"})
    program = Program(tmp_path, configuration(sources))
    report = program.refresh()
    failed = {failure["source"]: failure for failure in report["failures"]}
    for n, feed in enumerate(feeds):
        if feed["format"] in NO_FEEDS:
            assert failed[f"s{n}"]["error"] == "NotAFeed", feed["file"]
        else:
            assert f"s{n}" not in failed, (feed["file"], failed[f"s{n}"])

    status = {each["name"]: each for each in json.loads(program.run("status", "--json").stdout)["sources"]}
    with Daemon(program, "serve") as daemon:
        for n, feed in enumerate(feeds):
            if feed["format"] in NO_FEEDS:
                continue
            dropped = 0
            if status[f"s{n}"]["items"] != feed["items"]:
                dropped = len(json.loads(program.run("preview", f"s{n}", "--json").stdout)["dropped"])
            assert status[f"s{n}"]["items"] + dropped == feed["items"], feed["file"]
            for suffix in ("atom", "rss"):
                body = daemon.get(f"/feeds/source/s{n}.{suffix}")[2]
                etree.fromstring(body)
                parsed = feedparser.parse(body)
                assert not parsed.bozo, feed["file"]
                assert len(parsed.entries) == min(50, status[f"s{n}"]["items"]), feed["file"]
            json.loads(daemon.get(f"/feeds/source/s{n}.json")[2])


FEEDS = [pytest.param(feed, id=feed["file"]) for feed in listed() if feed["format"] not in NO_FEEDS]


@pytest.mark.parametrize("feed", FEEDS)
def test_no_character_is_lost(feed: dict[str, Any]) -> None:
    data = (CORPUS / feed["file"]).read_bytes()
    text = json.dumps(document(data, None, None, admitted=True), ensure_ascii=False)
    # One of them holds replacement characters itself: text that its author could not read either.
    if "\ufffd".encode() not in data:
        assert "\ufffd" not in text, text[max(0, text.index("\ufffd") - 60) :][:120]
